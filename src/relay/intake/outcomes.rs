//! A decision as copies that are kept.
//!
//! What leaves has its edits made; what is held is kept as received, so that it can be judged again. Where something
//! would have to be done that cannot be done (a change that fails, encryption without the means), the copy is held in
//! `unscannable` rather than let go.

use super::{Intake, generated, triggered};
use crate::language::hir::{Hir, PolicyId, Priority};
use crate::plan::Case;
use crate::policy::combine::Value;
use crate::policy::engine::{Decision, PolicyKey};
use crate::policy::outcome::{self, Fate, Group, Outcome};
use crate::policy::perform::{self, Leaving, LeavingKind};
use crate::policy::return_rule::Going;
use crate::relay::store::{Arrival, CopyKind, Judged, NewCopy, Recipient, State, Way};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The folder for what waits until somebody approves it.
pub const APPROVAL: &str = "approval";

/// Priorities of MT-PRIORITY (RFC 6710) that stand for the words of the language.
const HIGH: i8 = 4;
const LOW: i8 = -4;

/// What is kept of a decision.
#[derive(Debug, Clone, Default)]
pub struct Made {
    /// The copies.
    pub copies: Vec<NewCopy>,
    /// What happened, in one word and in words.
    pub events: Vec<(&'static str, String)>,
}

/// The copies of a message by a decision. `past`: what it was released past already.
pub(super) fn copies(
    intake: &Intake,
    case: Case<'_>,
    decision: &Decision,
    arrival: &Arrival,
    past: &BTreeSet<PolicyKey>,
) -> Made {
    let hir = intake.engine.hir();
    let done = triggered(&intake.engine, decision);
    let context = Context { hir, case, arrival, past, done };
    let mut made = Made::default();
    let mut leaving: Vec<Leaving> = perform::leaving(hir, &case, decision);
    for (at, group) in decision.groups.iter().enumerate() {
        let own = leaving.iter().position(|one| one.group == Some(at) && one.kind == LeavingKind::Message);
        let own = own.map(|position| leaving.remove(position));
        context.of_group(group, own, &mut made);
    }
    for one in leaving {
        let kind = match one.kind {
            LeavingKind::Message => CopyKind::Message,
            LeavingKind::Copy => CopyKind::Copy,
            LeavingKind::Notification => CopyKind::Notification,
            LeavingKind::Report => CopyKind::Report,
        };
        match kind {
            CopyKind::Message | CopyKind::Copy => made.copies.push(context.leaves(kind, one)),
            CopyKind::Report if !context.is_wanted(decision, one.group) => {}
            CopyKind::Notification | CopyKind::Report => {
                let recipients = one.recipients.iter().map(|to| plain(to)).collect();
                let judged =
                    generated::judge(intake, kind, recipients, one.bytes.into(), arrival.received, &[]);
                made.copies.extend(judged.copies);
                made.events.extend(judged.events);
            }
        }
    }
    made
}

struct Context<'a> {
    hir: &'a Hir,
    case: Case<'a>,
    arrival: &'a Arrival,
    past: &'a BTreeSet<PolicyKey>,
    done: Vec<PolicyKey>,
}

impl Context<'_> {
    fn of_group(&self, group: &Group, leaving: Option<Leaving>, made: &mut Made) {
        let outcome = &group.outcome;
        let named = self.named(group);
        match &outcome.fate {
            Fate::Deliver => match (leaving, missing_means(outcome)) {
                (Some(leaving), None) => {
                    let mut copy = self.leaves(CopyKind::Message, leaving);
                    copy.way = way(outcome, self.arrival);
                    copy.judged = self.judged(outcome, None);
                    made.copies.push(copy);
                }
                (_, means) => {
                    let failed = || perform::processed(self.case.message, outcome).held;
                    let why = means.or_else(failed).unwrap_or_default();
                    self.hold(group, outcome::UNSCANNABLE, why, made);
                }
            },
            Fate::Defer { until, judge_again: true } => {
                let state = State::Deferred { until: *until, judge_again: true };
                made.copies.push(self.as_received(group, state, "it cannot be decided for now".to_string()));
            }
            Fate::Defer { until, .. } => {
                let processed = perform::processed(self.case.message, outcome);
                match processed.held.or(missing_means(outcome)) {
                    Some(why) => self.hold(group, outcome::UNSCANNABLE, why, made),
                    None => {
                        let state = State::Deferred { until: *until, judge_again: false };
                        let mut copy = self.as_received(group, state, outcome.fate.words());
                        copy.content = self.changed(processed.bytes);
                        made.events.push(("deferred", format!("for {named}: {}", outcome.fate.words())));
                        made.copies.push(copy);
                    }
                }
            }
            Fate::Quarantine { folder } => {
                let why = self.by_words(outcome);
                self.hold(group, folder, why, made);
            }
            Fate::Approve { .. } => self.hold(group, APPROVAL, outcome.fate.words(), made),
            Fate::Return { text } | Fate::Reject { text } => {
                let how = match outcome.going {
                    Some(Going::InSession) => "refused",
                    _ => "returned",
                };
                made.events.push((how, format!("for {named}: {text}")));
            }
            Fate::Drop => {
                made.events.push(("dropped", format!("for {named}: {}", self.by_words(outcome))));
            }
        }
    }

    fn hold(&self, group: &Group, folder: &str, why: String, made: &mut Made) {
        let keep = self.hir.folders.iter().find(|known| *known.name == *folder).and_then(|known| known.keep);
        let received = self.arrival.received;
        let until = keep.map(|seconds| later(received, seconds));
        made.events.push(("held", format!("for {} in {folder}: {why}", self.named(group))));
        let state = State::Held { folder: folder.into(), until };
        made.copies.push(self.as_received(group, state, why));
    }

    /// A copy of a group with the content as it was received.
    fn as_received(&self, group: &Group, state: State, why: String) -> NewCopy {
        NewCopy {
            kind: CopyKind::Message,
            sender: self.arrival.sender.clone(),
            recipients: self.recipients(group),
            content: None,
            state,
            way: way(&group.outcome, self.arrival),
            judged: self.judged(&group.outcome, Some(why)),
        }
    }

    fn leaves(&self, kind: CopyKind, leaving: Leaving) -> NewCopy {
        let known = |to: &String| {
            self.arrival.recipients.iter().find(|known| *known.address == **to && kind == CopyKind::Message)
        };
        NewCopy {
            kind,
            sender: leaving.sender.into(),
            recipients: leaving
                .recipients
                .iter()
                .map(|to| known(to).cloned().unwrap_or_else(|| plain(to)))
                .collect(),
            content: self.changed(leaving.bytes),
            state: State::Queued { due: self.arrival.received },
            way: Way::default(),
            judged: Judged { done: self.done.clone(), ..Judged::default() },
        }
    }

    /// The content where it differs from what was received.
    fn changed(&self, bytes: Vec<u8>) -> Option<Arc<[u8]>> {
        (bytes != self.case.message.bytes()).then(|| bytes.into())
    }

    fn judged(&self, outcome: &Outcome, why: Option<String>) -> Judged {
        Judged {
            held_by: outcome.held_by.iter().filter_map(|&policy| self.key(policy)).collect(),
            past: self.past.iter().cloned().collect(),
            done: self.done.clone(),
            why,
            tags: outcome.tags.clone(),
            severity: outcome.severity.map(|severity| outcome::severity_name(severity).into()),
        }
    }

    fn key(&self, policy: PolicyId) -> Option<PolicyKey> {
        self.hir.policies.get(policy.index()).map(|policy| PolicyKey::of(self.hir, policy))
    }

    fn by_words(&self, outcome: &Outcome) -> String {
        match outcome.by.and_then(|(policy, _)| self.key(policy)) {
            Some(key) => format!("policy {} of {} ({})", key.policy, key.directory, outcome.reason.name()),
            None => outcome.reason.name().to_string(),
        }
    }

    fn recipients(&self, group: &Group) -> Vec<Recipient> {
        group.recipients.iter().filter_map(|&at| self.arrival.recipients.get(at)).cloned().collect()
    }

    fn named(&self, group: &Group) -> String {
        Recipient::names(&self.recipients(group))
    }

    /// Whether the sender wants to hear of any recipient of a group that could not be delivered to (RFC 3461, 4.1).
    fn is_wanted(&self, decision: &Decision, group: Option<usize>) -> bool {
        let group = group.and_then(|at| decision.groups.get(at));
        group.is_none_or(|group| {
            self.recipients(group).iter().any(|to| to.notify.is_none_or(|notify| notify.failure))
        })
    }
}

/// What an outcome asks for that nobody is there to do.
pub(super) fn missing_means(outcome: &Outcome) -> Option<String> {
    match (&outcome.encrypt, &outcome.sign) {
        (Some(_), _) => {
            Some("it is to leave encrypted, and there is no certificate or key to do it with".into())
        }
        (None, Some(_)) => Some("it is to leave signed, and there is no key to do it with".into()),
        (None, None) => None,
    }
}

fn way(outcome: &Outcome, arrival: &Arrival) -> Way {
    let priority = match outcome.priority.as_ref().map(|chosen| chosen.value) {
        Some(Priority::High) => HIGH,
        Some(Priority::Normal) => 0,
        Some(Priority::Low) => LOW,
        None => arrival.parameters.priority.unwrap_or(0),
    };
    let route = outcome.route.as_ref().map(|chosen| &chosen.value);
    Way {
        priority,
        via: route.map(|route| route.via.as_str().into()),
        require_tls: route.is_some_and(|route| route.require_tls),
        suspended: false,
    }
}

/// A recipient of whom the sender said no more.
pub(super) fn plain(address: &str) -> Recipient {
    Recipient { address: address.into(), notify: None, original: None }
}

fn later(moment: Timestamp, seconds: i64) -> Timestamp {
    moment.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(moment)
}
