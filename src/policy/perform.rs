//! Carries a decision out on the text: the copy that leaves for each group, notifications, copies, delivery reports.
//!
//! Everything is bytes in memory; sending them is another's work. What is held leaves nothing. Cost: one pass over the
//! message for each group that is edited. Failure: where a change cannot be made the message does not leave, and
//! [`Processed::held`] says why; the engine foresees that, so it is a second guard.

use super::engine::{Decision, Notification};
use super::outcome::{Edit, Fate, OnProtected, Outcome, Rendered};
use super::return_rule::Going;
use crate::language::hir::{Attach, BodyPlace, Conversion, CopyForm, Hir, SubjectPosition};
use crate::message::compose::{self, DeliveryReport, Original, ReportAction, ReportedRecipient, Stamp};
use crate::message::edit::{EditError, Edits, FooterPlace, NewFile, Notice};
use crate::message::{Message, edit, html};
use crate::plan::Case;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The status code of what a policy refuses (RFC 3463: delivery not authorised, message refused).
const REFUSED: &str = "5.7.1";

/// A group's copy of the message.
#[derive(Debug, Clone)]
pub struct Processed {
    /// Its bytes; those of the message as received where nothing is changed.
    pub bytes: Vec<u8>,
    /// What could not be done and does no harm, in words.
    pub notes: Vec<String>,
    /// Why it may not leave, in words.
    pub held: Option<String>,
}

/// What kind of message leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LeavingKind {
    /// The message itself.
    Message,
    /// A notification.
    Notification,
    /// A copy for somebody else.
    Copy,
    /// A delivery report for the sender.
    Report,
}

impl LeavingKind {
    /// The kind in one word.
    pub fn name(self) -> &'static str {
        match self {
            LeavingKind::Message => "message",
            LeavingKind::Notification => "notification",
            LeavingKind::Copy => "copy",
            LeavingKind::Report => "report",
        }
    }
}

/// A message that leaves.
#[derive(Debug, Clone)]
pub struct Leaving {
    /// What it is.
    pub kind: LeavingKind,
    /// The group it is of (position in [`Decision::groups`]); `None` for a notification.
    pub group: Option<usize>,
    /// The envelope sender; empty is `<>`.
    pub sender: String,
    /// The envelope recipients.
    pub recipients: Vec<String>,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What could not be done and does no harm, in words.
    pub notes: Vec<String>,
}

impl Leaving {
    /// A file name for the `number`-th message of a run and the `index`-th that leaves of it: `000012-1-message.eml`.
    pub fn file_name(&self, number: u64, index: usize) -> String {
        format!("{number:06}-{}-{}.eml", index + 1, self.kind.name())
    }
}

/// The copy of a message with an outcome's edits made.
pub fn processed(message: &Message, outcome: &Outcome) -> Processed {
    let mut refused: BTreeSet<String> = BTreeSet::new();
    let mut notes = Vec::new();
    if outcome.edits.iter().any(|applied| applied.edit == Edit::Decrypt) {
        notes.push("nothing is decrypted here".to_string());
    }
    loop {
        match edits(message, outcome, &refused).apply() {
            Ok(bytes) => return Processed { bytes, notes, held: None },
            Err(EditError::Field(name)) if refused.insert(name.to_lowercase()) => {
                notes.push(EditError::Field(name).to_string());
            }
            Err(error) => {
                let bytes = message.bytes().to_vec();
                return Processed { bytes, notes, held: Some(error.to_string()) };
            }
        }
    }
}

/// The edits of an outcome, without header fields that were refused.
fn edits<'m>(message: &'m Message, outcome: &'m Outcome, refused: &BTreeSet<String>) -> Edits<'m> {
    let mut edits = Edits::new(message);
    let mut replacement: Option<&Rendered> = None;
    for applied in &outcome.edits {
        edits = match &applied.edit {
            Edit::AddHeader { name, .. } | Edit::SetHeader { name, .. } | Edit::RemoveHeader { name }
                if refused.contains(&name.to_lowercase()) =>
            {
                edits
            }
            Edit::AddHeader { name, value } => edits.add_header(name, value),
            Edit::SetHeader { name, value } => edits.set_header(name, value),
            Edit::RemoveHeader { name } => edits.remove_header(name),
            Edit::Subject { position: SubjectPosition::Prefix, text } => edits.subject_prefix(text),
            Edit::Subject { position: SubjectPosition::Suffix, text } => edits.subject_suffix(text),
            Edit::Body { place, content, protected } => {
                let (notice, protected) = (notice(content), on_protected(protected));
                match place {
                    BodyPlace::Banner => edits.banner(notice, protected),
                    BodyPlace::Bottom => edits.footer(notice, FooterPlace::Bottom, protected),
                    BodyPlace::AboveQuote => edits.footer(notice, FooterPlace::AboveQuote, protected),
                }
            }
            Edit::Attach { name, content, protected } => {
                edits.attach(new_file(name, content), on_protected(protected))
            }
            Edit::Strip { attachments, replacement: text } => {
                replacement = replacement.or(text.as_ref());
                edits.strip(|id| attachments.contains(&id))
            }
            Edit::Convert(Conversion::UuencodeToMime) => edits.convert_uuencode(),
            Edit::Decrypt => edits,
        };
    }
    match replacement {
        Some(text) => edits.strip_notice(move |_| notice(text).text),
        None => edits,
    }
}

fn on_protected(protected: &OnProtected) -> edit::OnProtected {
    match protected {
        OnProtected::Wrap => edit::OnProtected::Wrap,
        OnProtected::Skip => edit::OnProtected::Skip,
        OnProtected::Return(_) => edit::OnProtected::Return,
    }
}

fn notice(content: &Rendered) -> Notice {
    let of_html =
        || content.html.as_deref().map(|source| html::visible_text(source).text).unwrap_or_default();
    Notice { text: content.text.clone().unwrap_or_else(of_html), html: content.html.clone() }
}

fn new_file(name: &str, content: &Rendered) -> NewFile {
    let lower = name.to_ascii_lowercase();
    let wants_html = lower.ends_with(".html") || lower.ends_with(".htm") || content.text.is_none();
    let (media_type, text) = match content.html.as_ref().filter(|_| wants_html) {
        Some(html) => ("text/html; charset=utf-8", html.clone()),
        None => ("text/plain; charset=utf-8", notice(content).text),
    };
    NewFile { name: name.to_string(), media_type: media_type.to_string(), content: text.into_bytes() }
}

/// Everything that leaves by a decision: copies of the message, then reports, copies for others, notifications.
pub fn leaving(hir: &Hir, case: &Case<'_>, decision: &Decision) -> Vec<Leaving> {
    let mut all = Vec::new();
    let address =
        |recipient: &usize| case.envelope.recipients.get(*recipient).map(|known| known.text.to_string());
    for (index, group) in decision.groups.iter().enumerate() {
        let recipients: Vec<String> = group.recipients.iter().filter_map(address).collect();
        match &group.outcome.fate {
            Fate::Deliver => all.extend(delivered(case, &group.outcome, index, recipients)),
            // What the session can still refuse is refused there, and the sender's own server tells the sender.
            Fate::Return { .. } | Fate::Reject { .. } if group.outcome.going == Some(Going::InSession) => {}
            Fate::Return { text } | Fate::Reject { text } => {
                all.extend(report(hir, case, index, &recipients, text));
            }
            Fate::Defer { .. } | Fate::Quarantine { .. } | Fate::Approve { .. } | Fate::Drop => {}
        }
    }
    for copy in &decision.copies {
        let Some(group) = decision.groups.get(copy.group) else { continue };
        let processed = match copy.form {
            CopyForm::Original => as_received(case.message),
            CopyForm::Processed => processed(case.message, &group.outcome),
        };
        all.push(Leaving {
            kind: LeavingKind::Copy,
            group: Some(copy.group),
            sender: case.envelope.sender_text.to_string(),
            recipients: vec![copy.to.to_string()],
            bytes: processed.bytes,
            notes: processed.notes,
        });
    }
    all.extend(decision.notifications.iter().enumerate().map(|(at, told)| notification(hir, case, told, at)));
    all
}

fn delivered(case: &Case<'_>, outcome: &Outcome, group: usize, recipients: Vec<String>) -> Option<Leaving> {
    let mut processed = processed(case.message, outcome);
    if processed.held.is_some() {
        return None;
    }
    for (asked, what) in [(&outcome.sign, "signed"), (&outcome.encrypt, "encrypted")] {
        if asked.is_some() {
            processed.notes.push(format!("it is {what} on departure, which is not shown here"));
        }
    }
    let instead = outcome.redirect.as_ref();
    Some(Leaving {
        kind: LeavingKind::Message,
        group: Some(group),
        sender: case.envelope.sender_text.to_string(),
        recipients: instead
            .map_or(recipients, |chosen| chosen.value.to.iter().map(ToString::to_string).collect()),
        bytes: processed.bytes,
        notes: processed.notes,
    })
}

fn as_received(message: &Message) -> Processed {
    Processed { bytes: message.bytes().to_vec(), notes: Vec::new(), held: None }
}

/// A delivery report to the sender; none to `<>`.
fn report(hir: &Hir, case: &Case<'_>, group: usize, recipients: &[String], text: &str) -> Option<Leaving> {
    let to = case.envelope.sender.as_ref()?.to_string();
    let diagnostic = format!("550 {REFUSED} {text}");
    let reported: Vec<ReportedRecipient<'_>> = recipients
        .iter()
        .map(|address| ReportedRecipient {
            address,
            original: None,
            remote: None,
            action: ReportAction::Failed,
            status: REFUSED,
            diagnostic: &diagnostic,
        })
        .collect();
    let host = site_domain(hir);
    let people = format!("Your message was not delivered to:\n\n{}\n\n{text}\n", recipients.join("\n"));
    let written = DeliveryReport {
        from: &postmaster(hir),
        to: &to,
        subject: "Your message was not delivered",
        text: &people,
        reporting_host: &host,
        arrival: Some(case.received),
        envelope_id: None,
        recipients: &reported,
        original: Original::Headers(case.message.bytes()),
        in_reply_to: case.message.message_id(),
    };
    Some(Leaving {
        kind: LeavingKind::Report,
        group: Some(group),
        sender: String::new(),
        recipients: vec![to.clone()],
        bytes: compose::delivery_report(&written, &stamp(hir, case, &format!("report-{group}"))),
        notes: Vec::new(),
    })
}

/// A notification as a message; its envelope has the empty sender, so that nothing answers it.
pub fn notification(hir: &Hir, case: &Case<'_>, told: &Notification, index: usize) -> Leaving {
    let to = told.to.to_string();
    let default = format!("About a message: {}", case.message.subject().unwrap_or("without subject"));
    let written = compose::Notification {
        from: &postmaster(hir),
        to: std::slice::from_ref(&to),
        subject: told.content.subject.as_deref().unwrap_or(&default),
        text: told.content.text.as_deref(),
        html: told.content.html.as_deref(),
        original: match told.attach {
            None => Original::Nothing,
            Some(Attach::Headers) => Original::Headers(case.message.bytes()),
            Some(Attach::Original) => Original::Whole(case.message.bytes()),
        },
        in_reply_to: case.message.message_id(),
    };
    Leaving {
        kind: LeavingKind::Notification,
        group: None,
        sender: String::new(),
        bytes: compose::notification(&written, &stamp(hir, case, &format!("notification-{index}"))),
        recipients: vec![to],
        notes: Vec::new(),
    }
}

/// Time, message id and boundaries of a message that is written about another: the same for the same message.
fn stamp(hir: &Hir, case: &Case<'_>, what: &str) -> Stamp {
    let mut digest = Sha256::new();
    digest.update(case.message.bytes());
    digest.update(what.as_bytes());
    let seed = HEXLOWER.encode(digest.finalize().as_slice());
    let local: String = seed.chars().take(32).collect();
    Stamp { date: case.received, message_id: format!("{local}@{}", site_domain(hir)), seed }
}

fn site_domain(hir: &Hir) -> String {
    let exact = hir.site.domains.iter().find(|pattern| !pattern.subdomains);
    exact
        .or(hir.site.domains.first())
        .map_or_else(|| "localhost".into(), |pattern| pattern.domain.to_string())
}

fn postmaster(hir: &Hir) -> String {
    match &hir.site.postmaster {
        Some(address) => address.to_string(),
        None => format!("postmaster@{}", site_domain(hir)),
    }
}
