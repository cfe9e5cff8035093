//! Asks a test's expectations of a decision and of what would leave.
//!
//! An expectation without `for` holds for every recipient (a notification: for the message). What leaves is made only
//! where an expectation looks at it, once for each group. Every failure says expected, got and why.

use super::engine::{Decision, Engine};
use super::outcome::{self, Approver, Fate, Group};
use super::perform;
use super::record::{GroupRecord, PolicyRecord, PolicyResult};
use super::words;
use crate::base::address::Address;
use crate::base::source::{Span, Spanned};
use crate::language::hir::{Addressee, Expectation, Expected, ExpectedDisposition, TemplateId};
use crate::message::Message;
use crate::message::surface::fold;
use crate::plan::{Case, Evaluator};
use std::collections::HashMap;
use std::sync::Arc;

/// Texts of a message are shown up to so many characters in a failure.
const SHOWN_CHARS: usize = 400;

/// An expectation that did not hold.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The expectation, or the test where something else failed.
    pub span: Span,
    /// For which recipient.
    pub recipient: Option<String>,
    /// What was expected, in words.
    pub expected: String,
    /// What came, in words.
    pub got: String,
    /// Why it came so, line by line, from the decision record.
    pub why: Vec<String>,
}

impl Failure {
    /// A failure that is not about one expectation.
    pub fn general(span: Span, expected: &str, got: &str) -> Failure {
        Failure { span, recipient: None, expected: expected.into(), got: got.into(), why: Vec::new() }
    }
}

/// What came instead, and why.
struct Instead {
    got: String,
    why: Vec<String>,
}

impl Instead {
    fn new(got: impl Into<String>) -> Instead {
        Instead { got: got.into(), why: Vec::new() }
    }
}

/// One group as an expectation sees it.
#[derive(Clone, Copy)]
struct Seen<'d> {
    index: usize,
    group: &'d Group,
    record: &'d GroupRecord,
    recipient: usize,
}

/// Asks expectations of one decision.
pub struct Check<'a, 'd> {
    engine: &'a Engine,
    case: Case<'a>,
    decision: &'d Decision,
    leaving: HashMap<usize, Arc<Message>>,
}

impl<'a, 'd> Check<'a, 'd> {
    /// Over a decision of a case.
    pub fn new(engine: &'a Engine, case: Case<'a>, decision: &'d Decision) -> Check<'a, 'd> {
        Check { engine, case, decision, leaving: HashMap::new() }
    }

    /// The failures of one expectation, at most one for each recipient.
    pub fn expectation(&mut self, expected: &Spanned<Expected>) -> Vec<Failure> {
        let words = self.engine.hir().sources.slice(expected.span).split_whitespace();
        let words = words.skip_while(|word| *word == "expect").collect::<Vec<_>>().join(" ");
        let fail = |recipient: Option<String>, instead: Instead| Failure {
            span: expected.span,
            recipient,
            expected: words.clone(),
            got: instead.got,
            why: instead.why,
        };
        let wanted = &expected.node;
        if let Expectation::Notify { .. } | Expectation::NotNotify(_) = wanted.what {
            let recipient = wanted.recipient.as_ref();
            let position = recipient.map(|address| self.position(address));
            return match position {
                Some(None) => vec![fail(recipient.map(ToString::to_string), no_recipient(&self.case))],
                position => self
                    .notified(&wanted.what, position.flatten())
                    .err()
                    .map(|instead| fail(recipient.map(ToString::to_string), instead))
                    .into_iter()
                    .collect(),
            };
        }
        let recipients: Vec<usize> = match &wanted.recipient {
            Some(address) => match self.position(address) {
                Some(position) => vec![position],
                None => return vec![fail(Some(address.to_string()), no_recipient(&self.case))],
            },
            None => (0..self.case.envelope.recipients.len()).collect(),
        };
        let several = self.case.envelope.recipients.len() > 1;
        let mut failures = Vec::new();
        for recipient in recipients {
            let Some(seen) = self.seen(recipient) else { continue };
            if let Err(instead) = self.holds(&wanted.what, seen) {
                let shown = several.then(|| self.address(recipient));
                failures.push(fail(shown, instead));
            }
        }
        failures
    }

    fn position(&self, address: &Address) -> Option<usize> {
        self.case.envelope.recipients.iter().position(|recipient| recipient.address == *address)
    }

    fn address(&self, recipient: usize) -> String {
        self.case
            .envelope
            .recipients
            .get(recipient)
            .map_or_else(String::new, |known| known.address.to_string())
    }

    fn seen(&self, recipient: usize) -> Option<Seen<'d>> {
        let groups = &self.decision.groups;
        let index = groups.iter().position(|group| group.recipients.contains(&recipient))?;
        let (group, record) = (groups.get(index)?, self.decision.record.as_ref()?.groups.get(index)?);
        Some(Seen { index, group, record, recipient })
    }

    fn holds(&mut self, what: &Expectation, seen: Seen<'d>) -> Result<(), Instead> {
        let outcome = &seen.group.outcome;
        match what {
            Expectation::Disposition(expected) => {
                if self.is_fate(expected, &outcome.fate) {
                    return Ok(());
                }
                Err(Instead { got: words::outcome(seen.record), why: self.why_outcome(seen) })
            }
            Expectation::Fired(names) => {
                self.results(names, seen, "trigger", |r| r == PolicyResult::Triggered)
            }
            Expectation::NotFired(names) => {
                self.results(names, seen, "not trigger", |r| r != PolicyResult::Triggered)
            }
            Expectation::Undecided(names) => {
                self.results(names, seen, "be undecided", |r| r == PolicyResult::Undecided)
            }
            Expectation::Notify { .. } | Expectation::NotNotify(_) => Ok(()),
            Expectation::Subject(_)
            | Expectation::Header { .. }
            | Expectation::BodyContains(_)
            | Expectation::NotBodyContains(_)
            | Expectation::Attachment(_)
            | Expectation::NotAttachment(_) => self.leaving_holds(what, seen),
            Expectation::Tag(tag) => is(outcome.tags.iter().any(|known| **known == **tag), || {
                if outcome.tags.is_empty() {
                    "no tag".into()
                } else {
                    format!("tags {}", outcome.tags.join(", "))
                }
            }),
            Expectation::Severity(severity) => is(outcome.severity == Some(*severity), || {
                outcome
                    .severity
                    .map_or("no severity".into(), |s| format!("severity {}", outcome::severity_name(s)))
            }),
            Expectation::Priority(priority) => {
                let chosen = outcome.priority.as_ref().map(|chosen| chosen.value);
                is(chosen == Some(*priority), || {
                    chosen.map_or("no priority set".into(), |p| {
                        format!("priority {}", outcome::priority_name(p))
                    })
                })
            }
            Expectation::CopyTo(address) => {
                let copies = self.decision.copies.iter().filter(|copy| copy.group == seen.index);
                let all: Vec<String> = copies.clone().map(|copy| copy.to.to_string()).collect();
                is(
                    self.decision.copies.iter().any(|copy| copy.to == *address && self.is_copied(copy, seen)),
                    || {
                        if all.is_empty() {
                            "no copy".into()
                        } else {
                            format!("copies to {}", all.join(", "))
                        }
                    },
                )
            }
            Expectation::Redirect(address) => {
                let to =
                    outcome.redirect.as_ref().map(|chosen| chosen.value.to.as_slice()).unwrap_or_default();
                is(to.contains(address), || shown("redirect", outcome.redirect.as_ref().map(|c| &c.value)))
            }
            Expectation::Route(via) => {
                let route = outcome.route.as_ref().map(|chosen| &chosen.value);
                is(route.is_some_and(|route| route.via == **via), || shown("route", route))
            }
            Expectation::Encrypt => is(outcome.encrypt.is_some(), || "not to be encrypted".into()),
            Expectation::Sign => is(outcome.sign.is_some(), || "not to be signed".into()),
        }
    }

    /// A copy as received goes once for the message, so it counts for every recipient whose policy wants it.
    fn is_copied(&self, copy: &super::engine::OutgoingCopy, seen: Seen<'_>) -> bool {
        copy.group == seen.index || copy.form == crate::language::hir::CopyForm::Original
    }

    fn is_fate(&self, expected: &ExpectedDisposition, fate: &Fate) -> bool {
        let hir = self.engine.hir();
        match (expected, fate) {
            (ExpectedDisposition::Deliver, Fate::Deliver) | (ExpectedDisposition::Drop, Fate::Drop) => true,
            (ExpectedDisposition::DeferUntil(None), Fate::Defer { .. }) => true,
            (ExpectedDisposition::DeferUntil(Some(moment)), Fate::Defer { until, .. }) => {
                let mut evaluator = Evaluator::new(self.engine.plan(), self.case);
                evaluator.moment(moment, self.case.received) == Some(*until)
            }
            (ExpectedDisposition::DeferFor(seconds), Fate::Defer { until, .. }) => {
                super::effects::later(self.case.received, *seconds) == *until
            }
            (ExpectedDisposition::Quarantine(folder), Fate::Quarantine { folder: name }) => {
                folder.is_none_or(|id| hir.folders.get(id.index()).is_some_and(|known| known.name == *name))
            }
            (ExpectedDisposition::Return(wanted), Fate::Return { text } | Fate::Reject { text })
                if matches!(fate, Fate::Return { .. }) || !self.all_rejected() =>
            {
                wanted.as_ref().is_none_or(|wanted| **wanted == **text)
            }
            (ExpectedDisposition::Reject(wanted), Fate::Reject { text }) => {
                wanted.as_ref().is_none_or(|wanted| **wanted == **text)
            }
            (ExpectedDisposition::Approve(wanted), Fate::Approve { by, .. }) => {
                wanted.as_ref().is_none_or(|wanted| *by == Approver::Address(wanted.clone()))
            }
            _ => false,
        }
    }

    /// A refusal for some recipients only is performed as a return, and may be expected as one.
    fn all_rejected(&self) -> bool {
        self.decision.groups.iter().all(|group| matches!(group.outcome.fate, Fate::Reject { .. }))
    }

    /// Whether each named policy has a wanted result for the recipient, on either side.
    fn results(
        &self,
        names: &[Arc<str>],
        seen: Seen<'_>,
        verb: &str,
        wanted: impl Fn(PolicyResult) -> bool,
    ) -> Result<(), Instead> {
        let negative = !wanted(PolicyResult::Triggered) && wanted(PolicyResult::NotTriggered);
        for name in names {
            let results: Vec<PolicyResult> = self
                .decision
                .judged
                .iter()
                .filter(|judged| judged.recipient == seen.recipient)
                .filter(|judged| self.is_named(judged.policy, name))
                .map(|judged| judged.result)
                .collect();
            let fine = match negative {
                true => results.iter().all(|&result| wanted(result)),
                false => results.iter().any(|&result| wanted(result)),
            };
            if fine {
                continue;
            }
            let got = match results.first() {
                Some(first) => {
                    let shown = results.iter().find(|&&result| !wanted(result)).unwrap_or(first);
                    format!("{name} was to {verb} and is {}", shown.words())
                }
                None => {
                    format!("{name} was to {verb} and holds neither for the sender nor for the recipient")
                }
            };
            let entries = self.entries(seen).filter(|entry| *entry.policy == **name);
            return Err(Instead { got, why: entries.flat_map(words::policy).collect() });
        }
        Ok(())
    }

    fn is_named(&self, policy: crate::language::hir::PolicyId, name: &str) -> bool {
        self.engine.hir().policies.get(policy.index()).is_some_and(|policy| *policy.name == *name)
    }

    /// The record's entries that hold for the recipient.
    fn entries<'s>(&self, seen: Seen<'s>) -> impl Iterator<Item = &'s PolicyRecord> {
        let address = self.address(seen.recipient);
        seen.record
            .policies
            .iter()
            .filter(move |entry| entry.recipients.is_empty() || entry.recipients.contains(&address))
    }

    /// The policies that had a say in the disposition; where none had, what became of each.
    fn why_outcome(&self, seen: Seen<'_>) -> Vec<String> {
        let says =
            |entry: &&PolicyRecord| matches!(entry.result, PolicyResult::Triggered | PolicyResult::Undecided);
        let said: Vec<String> = self.entries(seen).filter(says).flat_map(words::policy).collect();
        if said.is_empty() { self.entries(seen).flat_map(words::policy).collect() } else { said }
    }

    fn notified(&self, what: &Expectation, recipient: Option<usize>) -> Result<(), Instead> {
        let of_recipient = |known: &&super::engine::Notification| {
            recipient.is_none_or(|recipient| known.recipients.contains(&recipient))
        };
        let all: Vec<_> = self.decision.notifications.iter().filter(of_recipient).collect();
        let told = || match all.is_empty() {
            true => "no notification".to_string(),
            false => all.iter().map(|known| self.notice_words(known)).collect::<Vec<_>>().join("; "),
        };
        match what {
            Expectation::Notify { to, template } => {
                let wanted = self.addressees(to, recipient);
                if wanted.is_empty() {
                    return Err(Instead::new("there is nobody to tell: the sender is `<>`"));
                }
                let by_template =
                    |known: TemplateId| template.as_ref().is_none_or(|template| *template == known);
                let all_told = wanted.iter().all(|address| {
                    all.iter().any(|known| known.to == *address && by_template(known.template))
                });
                if all_told { Ok(()) } else { Err(Instead { got: told(), why: self.why_notices(recipient) }) }
            }
            Expectation::NotNotify(None) if !all.is_empty() => Err(Instead::new(told())),
            Expectation::NotNotify(Some(to)) => {
                let unwanted = self.addressees(to, recipient);
                let is_told = all.iter().any(|known| unwanted.contains(&known.to));
                if is_told { Err(Instead::new(told())) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    fn why_notices(&self, recipient: Option<usize>) -> Vec<String> {
        let hir = self.engine.hir();
        let notifies = |entry: &&PolicyRecord| {
            hir.policies.iter().any(|policy| {
                let tells = |action: &Spanned<crate::language::hir::Action>| {
                    matches!(action.node, crate::language::hir::Action::Notify { .. })
                };
                *policy.name == *entry.policy && policy.actions.iter().any(tells)
            })
        };
        let seen: Vec<Seen<'_>> = match recipient {
            Some(recipient) => self.seen(recipient).into_iter().collect(),
            None => (0..self.case.envelope.recipients.len()).filter_map(|at| self.seen(at)).collect(),
        };
        let mut lines: Vec<String> = Vec::new();
        for line in seen.iter().flat_map(|&seen| self.entries(seen).filter(notifies)).flat_map(words::policy)
        {
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        lines
    }

    fn addressees(&self, to: &Addressee, recipient: Option<usize>) -> Vec<Address> {
        let recipients = &self.case.envelope.recipients;
        match to {
            Addressee::Sender => self.case.envelope.sender.iter().cloned().collect(),
            Addressee::Postmaster => self.engine.hir().site.postmaster.iter().cloned().collect(),
            Addressee::Address(address) => vec![address.clone()],
            Addressee::Recipient => match recipient {
                Some(at) => recipients.get(at).map(|known| known.address.clone()).into_iter().collect(),
                None => recipients.iter().map(|known| known.address.clone()).collect(),
            },
        }
    }

    fn notice_words(&self, known: &super::engine::Notification) -> String {
        let template = self.engine.hir().templates.get(known.template.index());
        format!("notify {} using {}", known.to, template.map_or("", |template| &*template.name))
    }

    fn leaving_holds(&mut self, what: &Expectation, seen: Seen<'d>) -> Result<(), Instead> {
        let Some(message) = self.leaving(seen) else {
            let got = format!("nothing leaves: {}", words::outcome(seen.record));
            return Err(Instead { got, why: self.why_outcome(seen) });
        };
        match what {
            Expectation::Subject(wanted) => {
                let subject = message.subject();
                is(subject == Some(wanted), || {
                    subject.map_or("no subject".into(), |subject| format!("subject {}", short(subject)))
                })
            }
            Expectation::Header { name, value } => {
                let values: Vec<&str> = message.headers().all(name).map(|header| header.value()).collect();
                let fine = match value {
                    Some(value) => values.iter().any(|known| known.trim() == value.trim()),
                    None => values.is_empty(),
                };
                is(fine, || match values.is_empty() {
                    true => format!("no header {}", words::quoted(name)),
                    false => format!("header {} {}", words::quoted(name), quoted_list(&values)),
                })
            }
            Expectation::BodyContains(text) | Expectation::NotBodyContains(text) => {
                let folded = fold(text);
                let bodies = body_texts(&message);
                let contains = bodies.iter().any(|body| body.contains(&folded));
                let wanted = matches!(what, Expectation::BodyContains(_));
                is(contains == wanted, || format!("body {}", short(&bodies.join(" | "))))
            }
            Expectation::Attachment(name) | Expectation::NotAttachment(name) => {
                let names: Vec<&str> = message.attachments().iter().filter_map(|a| a.name()).collect();
                let wanted = matches!(what, Expectation::Attachment(_));
                is(names.iter().any(|known| *known == &**name) == wanted, || match names.is_empty() {
                    true => "no attachment with a name".into(),
                    false => format!("attachments {}", quoted_list(&names)),
                })
            }
            _ => Ok(()),
        }
    }

    /// What leaves for the group; `None` where it is not delivered.
    fn leaving(&mut self, seen: Seen<'_>) -> Option<Arc<Message>> {
        if seen.group.outcome.fate != Fate::Deliver {
            return None;
        }
        if let Some(known) = self.leaving.get(&seen.index) {
            return Some(known.clone());
        }
        let made = perform::processed(self.case.message, &seen.group.outcome);
        let message = Arc::new(Message::parse(made.bytes, self.case.message.limits()));
        self.leaving.insert(seen.index, message.clone());
        Some(message)
    }
}

fn body_texts(message: &Message) -> Vec<String> {
    let bodies = message.body().leaves().into_iter().filter_map(|id| message.surface(id));
    bodies.map(|surfaced| surfaced.surface.folded().to_string()).collect()
}

fn is(holds: bool, got: impl FnOnce() -> String) -> Result<(), Instead> {
    if holds { Ok(()) } else { Err(Instead::new(got())) }
}

fn no_recipient(case: &Case<'_>) -> Instead {
    let all: Vec<String> = case.envelope.recipients.iter().map(|known| known.address.to_string()).collect();
    Instead::new(format!("no such recipient; the envelope has {}", all.join(", ")))
}

fn shown<V: super::combine::Value>(name: &str, value: Option<&V>) -> String {
    value.map_or_else(|| format!("no {name}"), |value| format!("{name} {}", value.words()))
}

/// The beginning of a text, in quotes.
fn short(text: &str) -> String {
    words::quoted(&text.chars().take(SHOWN_CHARS).collect::<String>())
}

fn quoted_list(values: &[&str]) -> String {
    values.iter().map(|value| short(value)).collect::<Vec<_>>().join(", ")
}
