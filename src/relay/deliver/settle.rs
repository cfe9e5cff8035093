//! What an attempt to deliver a copy changes: who is done, when the others are tried again, and whom it is told.
//!
//! A failure for good, or one for now that has lasted too long, goes back to the sender as a delivery status notification
//! (RFC 3464) where the sender has asked for nothing else (RFC 3461, 4.1). What has no sender lies among the dead letters:
//! nothing is returned to `<>`, so no report is ever answered by one.

use super::retry;
use crate::language::hir::Hir;
use crate::message::compose::{self, DeliveryReport, Original, ReportAction, ReportedRecipient, Stamp};
use crate::relay::config::retry::Retry;
use crate::relay::intake::admission;
use crate::relay::smtp::command::{Notify, Returns};
use crate::relay::store::{Arrival, Change, Copy, CopyKind, Event, NewCopy, Recipient, State};
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// What an attempt came to for a recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The next host has it.
    Delivered {
        /// What it said.
        words: String,
        /// It does not report on its own (RFC 3461, 5.2.1), so we do.
        report: bool,
    },
    /// It did not go now.
    Delayed(Trouble),
    /// It never will.
    Failed(Trouble),
}

/// Why it did not go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The status code (RFC 3463): `4.4.1`.
    pub status: String,
    /// The next host's reply, or our own words.
    pub words: String,
    /// The next host, where one was reached.
    pub host: Option<String>,
}

/// An attempt.
#[derive(Debug)]
pub struct Attempt<'a> {
    /// The copy.
    pub copy: &'a Copy,
    /// How its message came.
    pub arrival: &'a Arrival,
    /// Its content.
    pub content: &'a Arc<[u8]>,
    /// What it came to for each recipient that was tried.
    pub outcomes: &'a [(Recipient, Outcome)],
    /// When.
    pub now: Timestamp,
    /// Any number.
    pub chance: u32,
}

/// Who writes reports.
#[derive(Debug, Clone)]
pub struct Reporter {
    /// The site's postmaster.
    pub postmaster: String,
    /// How this server calls itself.
    pub host: String,
}

impl Reporter {
    /// The reporter of a site on a host.
    pub fn of(hir: &Hir, host: &str) -> Reporter {
        let postmaster = admission::postmaster(hir);
        let postmaster = postmaster.map_or_else(|| format!("postmaster@{host}"), |it| it.text.to_string());
        Reporter { postmaster, host: host.to_string() }
    }
}

/// A delivery status notification that is to be sent.
#[derive(Debug, Clone)]
pub struct Report {
    /// To whom.
    pub to: Recipient,
    /// Its content.
    pub content: Vec<u8>,
}

/// What an attempt changes.
#[derive(Debug, Clone, Default)]
pub struct Settled {
    /// The changes.
    pub changes: Vec<Change>,
    /// What the sender is told.
    pub reports: Vec<Report>,
    /// When the copy is tried again; `None`: it is done.
    pub again: Option<Timestamp>,
}

/// Settles an attempt.
pub fn settle(attempt: &Attempt<'_>, retry: &Retry, reporter: &Reporter) -> Settled {
    let copy = attempt.copy;
    let over = retry::is_over(retry, copy.received, attempt.now);
    let late = !over && !copy.delay_told && retry::is_late(retry, copy.received, attempt.now);
    let (mut done, mut failed, mut delayed, mut delivered) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (recipient, outcome) in attempt.outcomes {
        match outcome {
            Outcome::Delivered { words, report } => {
                done.push(recipient.address.clone());
                delivered.push((recipient, words, *report));
            }
            Outcome::Failed(trouble) => failed.push((recipient, trouble.clone())),
            Outcome::Delayed(trouble) if over => failed.push((recipient, given_up(trouble))),
            Outcome::Delayed(trouble) => delayed.push((recipient, trouble.clone())),
        }
    }
    let mut settled = Settled::default();
    for (recipient, words, _) in &delivered {
        settled.event(attempt, "delivered", format!("to <{}>: {words}", recipient.address));
    }
    for (recipient, trouble) in &failed {
        settled.event(attempt, "failed", format!("for <{}>: {}", recipient.address, trouble.line()));
    }
    for (recipient, trouble) in &delayed {
        settled.event(attempt, "delayed", format!("for <{}>: {}", recipient.address, trouble.line()));
    }
    let confirmed: Vec<(&Recipient, Trouble)> = delivered
        .iter()
        .filter(|(recipient, _, report)| *report && recipient.notify.is_some_and(|notify| notify.success))
        .map(|(recipient, words, _)| (*recipient, Trouble::of_success(words)))
        .collect();
    settled.report(attempt, reporter, ReportAction::Relayed, &confirmed);
    let mut stays = false;
    if copy.sender.is_empty() && !failed.is_empty() {
        stays = settled.bury(attempt, &failed);
    } else {
        let told: Vec<_> =
            failed.iter().filter(|(to, _)| wants(to, |notify| notify.failure)).cloned().collect();
        settled.report(attempt, reporter, ReportAction::Failed, &told);
    }
    if !stays {
        done.extend(failed.iter().map(|(recipient, _)| recipient.address.clone()));
    }
    if !done.is_empty() {
        settled.changes.push(Change::Done { copy: copy.id.clone(), recipients: done });
    }
    if let Some((_, trouble)) = delayed.first() {
        let due = retry::next(retry, copy.attempts + 1, attempt.now, attempt.chance);
        settled.again = Some(due);
        let told: Vec<_> =
            delayed.iter().filter(|(to, _)| late && wants(to, |notify| notify.delay)).cloned().collect();
        settled.report(attempt, reporter, ReportAction::Delayed, &told);
        settled.changes.push(Change::Tried {
            copy: copy.id.clone(),
            due,
            last: trouble.line(),
            delay_told: copy.delay_told || late,
        });
    }
    settled
}

/// Whether a sender wants to hear of something; who said nothing hears of failures and delays (RFC 3461, 4.1).
fn wants(recipient: &Recipient, what: impl Fn(Notify) -> bool) -> bool {
    recipient.notify.is_none_or(what)
}

fn given_up(trouble: &Trouble) -> Trouble {
    Trouble {
        status: "4.4.7".to_string(),
        words: format!("given up, since it could not be delivered for too long; at last: {}", trouble.words),
        host: trouble.host.clone(),
    }
}

impl Trouble {
    /// The trouble in one line.
    pub fn line(&self) -> String {
        match &self.host {
            Some(host) => format!("{host} said: {}", self.words),
            None => self.words.clone(),
        }
    }

    fn of_success(words: &str) -> Trouble {
        Trouble { status: "2.0.0".to_string(), words: words.to_string(), host: None }
    }
}

impl Settled {
    fn event(&mut self, attempt: &Attempt<'_>, what: &str, text: String) {
        let message = attempt.copy.id.message.clone();
        self.changes.push(Change::Event(Event { message, at: attempt.now, what: what.into(), text }));
    }

    /// What has no sender to go back to is kept for people to look at: the copy itself where nobody else is to get it,
    /// which is said, else a copy of it.
    fn bury(&mut self, attempt: &Attempt<'_>, failed: &[(&Recipient, Trouble)]) -> bool {
        let copy = attempt.copy;
        let why = failed.first().map(|(_, trouble)| trouble.line()).unwrap_or_default();
        let state = State::Dead { why };
        self.event(attempt, "dead", "it has no sender to go back to".to_string());
        if failed.len() == copy.recipients.len() {
            self.changes.push(Change::Move { copy: copy.id.clone(), state });
            return true;
        }
        let buried = NewCopy {
            kind: copy.kind,
            sender: copy.sender.clone(),
            recipients: failed.iter().map(|(recipient, _)| (*recipient).clone()).collect(),
            content: Some(attempt.content.clone()),
            state,
            way: copy.way.clone(),
            judged: copy.judged.clone(),
        };
        self.changes.push(Change::Add { message: copy.id.message.clone(), copies: vec![buried] });
        false
    }

    fn report(
        &mut self,
        attempt: &Attempt<'_>,
        reporter: &Reporter,
        action: ReportAction,
        recipients: &[(&Recipient, Trouble)],
    ) {
        let copy = attempt.copy;
        if recipients.is_empty() || copy.sender.is_empty() || copy.kind == CopyKind::Copy {
            return;
        }
        let lines: Vec<String> = recipients.iter().map(|(to, trouble)| people_line(to, trouble)).collect();
        let (subject, first) = subject_and_words(action);
        let text =
            format!("This is {}, a mail server.\n\n{first}\n\n{}\n", reporter.host, lines.join("\n\n"));
        let diagnostics: Vec<String> = recipients.iter().map(|(_, trouble)| trouble.words.clone()).collect();
        let originals: Vec<Option<String>> =
            recipients.iter().map(|(to, _)| to.original.as_deref().map(decoded)).collect();
        let reported: Vec<ReportedRecipient<'_>> = recipients
            .iter()
            .zip(&diagnostics)
            .zip(&originals)
            .map(|(((to, trouble), diagnostic), original)| ReportedRecipient {
                address: &to.address,
                original: original.as_deref(),
                remote: trouble.host.as_deref(),
                action,
                status: &trouble.status,
                diagnostic,
            })
            .collect();
        let full =
            attempt.arrival.parameters.returns == Some(Returns::Full) && action == ReportAction::Failed;
        let envelope_id = attempt.arrival.parameters.envelope_id.as_deref().map(decoded);
        let written = DeliveryReport {
            from: &format!("Mail delivery <{}>", reporter.postmaster),
            to: &copy.sender,
            subject,
            text: &text,
            reporting_host: &reporter.host,
            arrival: Some(attempt.arrival.received),
            envelope_id: envelope_id.as_deref(),
            recipients: &reported,
            original: match full {
                true => Original::Whole(attempt.content),
                false => Original::Headers(attempt.content),
            },
            in_reply_to: attempt.arrival.message_id.as_deref(),
        };
        let content = compose::delivery_report(&written, &stamp(attempt, reporter, subject));
        let to = Recipient { address: copy.sender.clone(), notify: Some(Notify::default()), original: None };
        self.reports.push(Report { to, content });
    }
}

fn subject_and_words(action: ReportAction) -> (&'static str, &'static str) {
    match action {
        ReportAction::Delayed => (
            "Your message is delayed",
            "Your message could not be delivered yet. It is still tried; you need not send it again.",
        ),
        ReportAction::Failed => (
            "Your message was not delivered",
            "Your message could not be delivered to the recipients below, and is not tried any more.",
        ),
        _ => (
            "Your message was handed on",
            "Your message was handed to the server below, which gives no reports itself.",
        ),
    }
}

fn people_line(to: &Recipient, trouble: &Trouble) -> String {
    format!("<{}>\n    {}", to.address, trouble.line())
}

/// What xtext stands for (RFC 3461, 4).
fn decoded(xtext: &str) -> String {
    let mut bytes = Vec::with_capacity(xtext.len());
    let mut rest = xtext.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.filter(|_| first == b'+').and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn stamp(attempt: &Attempt<'_>, reporter: &Reporter, what: &str) -> Stamp {
    let mut digest = Sha256::new();
    digest.update(attempt.copy.id.to_string());
    digest.update(attempt.now.to_string());
    digest.update(what);
    let seed = HEXLOWER.encode(digest.finalize().as_slice());
    let local: String = seed.chars().take(32).collect();
    Stamp { date: attempt.now, message_id: format!("{local}@{}", reporter.host), seed }
}
