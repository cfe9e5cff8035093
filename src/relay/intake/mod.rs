//! A received message becomes what is kept of it and what its sender is told.
//!
//! [`Intake::judge`] asks the policy engine and turns the decision into copies: what leaves is queued with its edits made,
//! what is held is kept as received, what is returned is a report. Mail that is written here is judged as well, as mail of
//! the postmaster that goes out, and nobody is told of that in turn ([`generated`]). [`admission`] is what is asked before
//! there is a content.
//!
//! Nothing here reads a clock, a socket or a disk; who calls keeps the [`Change`] and answers only when it is safe. Cost: a
//! judgement, and a copy of the message for each outcome that edits it. Failure: what cannot be judged for now is put off
//! with a 4xx and nothing of it is kept; so is a message whose judging panics.

pub mod admission;
pub mod answers;
mod generated;
mod outcomes;
pub mod recipients;
pub mod trace;

use crate::base::limits::MessageLimits;
use crate::message::envelope::{Envelope, Session};
use crate::message::{Header, Message};
use crate::plan::Case;
use crate::policy::engine::{Asked, Decision, Detail, Engine, Judging, PolicyKey};
use crate::policy::outcome::{Fate, Group};
use crate::policy::record::PolicyResult;
use crate::policy::return_rule::Going;
use crate::relay::smtp::command::{MailFrom, RcptTo};
use crate::relay::smtp::reply::{Enhanced, Reply};
use crate::relay::smtp::server::Received;
use crate::relay::store::{Accepted, Arrival, Change, Copy, CopyKind, Event, Parameters, QueueId, Recipient};
use answers::Answers;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What judging takes beside a policy set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Bounds of a message.
    pub limits: MessageLimits,
    /// What is answered to questions about the outside.
    pub answers: Answers,
    /// Who knows the site's recipients.
    pub known: recipients::Known,
}

/// Judges what comes in. Shared between threads; one for each policy set.
#[derive(Debug)]
pub struct Intake {
    engine: Arc<Engine>,
    settings: Settings,
}

/// A message that has come in, and how.
#[derive(Debug)]
pub struct Incoming {
    /// The name it gets.
    pub id: QueueId,
    /// The message.
    pub received: Received,
    /// The connection it came over.
    pub session: Session,
    /// Which listener it came in by.
    pub listener: Arc<str>,
    /// `Received` fields from which on it is taken to go round in a circle (RFC 5321, 6.3).
    pub max_hops: u32,
    /// When.
    pub now: Timestamp,
}

/// What becomes of a message that has come in.
#[derive(Debug)]
pub enum Ruling {
    /// It is not taken, and nothing of it is kept.
    Refused(Reply),
    /// It is taken once this is kept.
    Taken(Box<Accepted>, Vec<Change>),
}

impl Intake {
    /// An intake by a policy set.
    pub fn new(engine: Arc<Engine>, settings: Settings) -> Intake {
        Intake { engine, settings }
    }

    /// The policy set's engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Judges a message.
    pub fn judge(&self, incoming: Incoming) -> Ruling {
        let name = incoming.id.clone();
        self.guarded(&name, || self.judge_one(incoming)).unwrap_or_else(|| {
            Ruling::Refused(Reply::new(451, Enhanced(4, 3, 0), "a mistake here; try again later"))
        })
    }

    fn judge_one(&self, incoming: Incoming) -> Ruling {
        let Incoming { id, received, session, listener, max_hops, now } = incoming;
        let Received { from, to, content, .. } = received;
        let content: Arc<[u8]> = content.into();
        let message = Message::parse(content.clone(), &self.settings.limits);
        if hops(&message) > usize::try_from(max_hops).unwrap_or(usize::MAX) {
            let text = "this message has gone through too many servers and seems to go round in a circle";
            return Ruling::Refused(Reply::new(554, Enhanced(5, 4, 6), text));
        }
        let envelope = self.envelope(&from, &to);
        let case = Case {
            message: &message,
            envelope: &envelope,
            session: &session,
            received: now,
            lookups: &self.settings.answers,
        };
        let judging = Judging { asked: Asked::AtContent, ..Judging::default() };
        let decision = match self.engine.decide(case, &judging, Detail::Hits) {
            Ok(decision) => decision,
            Err(missing) => {
                let places: Vec<String> = missing.iter().map(|question| question.place()).collect();
                tracing::warn!(message = %id, "put off: nobody answers for {}", places.join(", "));
                return Ruling::Refused(put_off());
            }
        };
        if let Some(refusal) = refusal(&decision.groups) {
            return Ruling::Refused(refusal);
        }
        let arrival = Arrival {
            id,
            received: now,
            sender: from.text.clone(),
            recipients: kept_recipients(&envelope, &to),
            session: session.clone(),
            listener,
            parameters: parameters(&from),
            subject: message.subject().map(str::to_string),
            message_id: message.message_id().map(str::to_string),
        };
        self.accept(case, &decision, arrival, content)
    }

    fn accept(&self, case: Case<'_>, decision: &Decision, arrival: Arrival, content: Arc<[u8]>) -> Ruling {
        let made = outcomes::copies(self, case, decision, &arrival, &BTreeSet::new());
        let record = decision.record.as_ref().and_then(|record| serde_json::to_string(record).ok());
        let accepted_text = format!(
            "from <{}> for {}, {} octets",
            arrival.sender,
            Recipient::names(&arrival.recipients),
            content.len()
        );
        let mut changes = vec![event(&arrival, "accepted", accepted_text)];
        changes.extend(made.events.into_iter().map(|(what, text)| event(&arrival, what, text)));
        Ruling::Taken(Box::new(Accepted { arrival, content, copies: made.copies, record }), changes)
    }

    /// The copies of a report that this server writes about a delivery.
    pub fn report(&self, to: Recipient, content: Vec<u8>, now: Timestamp) -> Made {
        generated::judge(self, CopyKind::Report, vec![to], content.into(), now, &[])
    }

    /// Judges, and survives a mistake in it: nothing that is kept hangs on a thread that is gone.
    fn guarded<T>(&self, what: &dyn std::fmt::Display, judge: impl FnOnce() -> T) -> Option<T> {
        let judged = catch_unwind(AssertUnwindSafe(judge));
        judged.inspect_err(|_| tracing::error!(message = %what, "judging met a mistake of mailfw's own")).ok()
    }

    /// Judges a kept copy again by this policy set, past what it was released past: the copies that take its place, and
    /// what happened in words. `None` where it cannot be judged for now.
    pub fn judge_again(
        &self,
        copy: &Copy,
        arrival: &Arrival,
        content: Arc<[u8]>,
        now: Timestamp,
    ) -> Option<Made> {
        self.guarded(&copy.id, || self.judge_copy(copy, arrival, content, now)).flatten()
    }

    fn judge_copy(&self, copy: &Copy, arrival: &Arrival, content: Arc<[u8]>, now: Timestamp) -> Option<Made> {
        if matches!(copy.kind, CopyKind::Notification | CopyKind::Report) {
            return Some(generated::judge_again(self, copy, content, now));
        }
        let message = Message::parse(content, &self.settings.limits);
        let recipients = copy.recipients.iter();
        let recipients =
            recipients.filter_map(|to| crate::message::envelope::Recipient::parse(&to.address)).collect();
        let sender = crate::base::address::Address::parse(&copy.sender);
        let envelope = Envelope { sender, sender_text: copy.sender.clone(), recipients };
        let session = &arrival.session;
        let lookups = &self.settings.answers;
        let case =
            Case { message: &message, envelope: &envelope, session, received: arrival.received, lookups };
        let past: BTreeSet<PolicyKey> = copy.judged.past.iter().cloned().collect();
        let done = copy.judged.done.iter().cloned().collect();
        let judging = Judging { past: past.clone(), done, now: Some(now), asked: Asked::Over };
        let decision = self.engine.decide(case, &judging, Detail::Hits).ok()?;
        let here = Arrival { recipients: copy.recipients.clone(), ..arrival.clone() };
        Some(outcomes::copies(self, case, &decision, &here, &past))
    }

    /// The envelope as policies see it. `<postmaster>` without a domain is the site's.
    fn envelope(&self, from: &MailFrom, to: &[RcptTo]) -> Envelope {
        let recipients = to.iter().filter_map(|to| match &to.recipient {
            Some(recipient) => Some(recipient.clone()),
            None => admission::postmaster(self.engine.hir()),
        });
        Envelope {
            sender: from.sender.clone(),
            sender_text: from.text.clone(),
            recipients: recipients.collect(),
        }
    }
}

pub use outcomes::Made;

fn event(arrival: &Arrival, what: &str, text: String) -> Change {
    Change::Event(Event { message: arrival.id.clone(), at: arrival.received, what: what.into(), text })
}

fn put_off() -> Reply {
    Reply::new(451, Enhanced(4, 7, 1), "this cannot be decided now; try again later")
}

/// The reply that refuses a message, where nothing of it is to be taken. Where some recipients cannot be decided for now
/// nobody gets it yet: the sender comes again with all of them.
fn refusal(groups: &[Group]) -> Option<Reply> {
    if groups.iter().any(|group| matches!(group.outcome.fate, Fate::Defer { judge_again: true, .. })) {
        return Some(put_off());
    }
    let refused = |group: &Group| group.outcome.going == Some(Going::InSession);
    if groups.is_empty() || !groups.iter().all(refused) {
        return None;
    }
    let texts = groups.iter().find_map(|group| match &group.outcome.fate {
        Fate::Return { text } | Fate::Reject { text } => Some(text.as_str()),
        _ => None,
    });
    Some(Reply::new(550, Enhanced(5, 7, 1), texts.unwrap_or("refused by policy")))
}

/// How many servers a message came through.
fn hops(message: &Message) -> usize {
    message.headers().all("Received").filter(|field: &&Header| !field.value().trim().is_empty()).count()
}

fn parameters(from: &MailFrom) -> Parameters {
    Parameters {
        eight_bit: from.eight_bit,
        utf8: from.utf8,
        returns: from.returns,
        envelope_id: from.envelope_id.clone(),
        priority: from.priority,
    }
}

/// The recipients with what the sender wants to hear of each.
fn kept_recipients(envelope: &Envelope, to: &[RcptTo]) -> Vec<Recipient> {
    let both = envelope.recipients.iter().zip(to);
    both.map(|(recipient, to)| Recipient {
        address: recipient.text.clone(),
        notify: to.notify,
        original: to.original.clone(),
    })
    .collect()
}

/// The policies that have had a say, by the names that stay.
fn triggered(engine: &Engine, decision: &Decision) -> Vec<PolicyKey> {
    let hir = engine.hir();
    let acted = decision.judged.iter().filter(|one| one.result == PolicyResult::Triggered && !one.observed);
    let keys: BTreeSet<PolicyKey> = acted
        .filter_map(|one| hir.policies.get(one.policy.index()))
        .map(|policy| PolicyKey::of(hir, policy))
        .collect();
    keys.into_iter().collect()
}
