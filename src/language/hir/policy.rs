//! Policies as applied, and what they do.

use super::{
    Attach, BodyPlace, CalendarEvent, CalendarId, CopyForm, DirectoryId, Expr, FolderId, Manager, PolicyId,
    SettingsId, Side, SubjectPosition, TemplateId, VariableId,
};
use crate::base::address::Address;
use crate::base::source::{Span, Spanned};
use crate::language::schema::facts::Stage;
use jiff::Timestamp;
use std::sync::Arc;

/// How a policy runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// It acts.
    On,
    /// It runs and is reported, but acts on nothing.
    Observe,
    /// It never runs.
    Off,
}

/// A policy as applied in a directory.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Its own number.
    pub id: PolicyId,
    /// Its name. Two applications of one library policy share it; the deeper replaces the other.
    pub name: Arc<str>,
    /// Where it holds.
    pub directory: DirectoryId,
    /// On which side.
    pub side: Side,
    /// Its manager.
    pub manager: Manager,
    /// How it runs.
    pub mode: Mode,
    /// Deeper directories may neither override nor except it, nor win a conflict against it.
    pub mandatory: bool,
    /// It runs from then on.
    pub active_from: Option<Timestamp>,
    /// It runs before then.
    pub active_until: Option<Timestamp>,
    /// Names of the policies it removes for the addresses below.
    pub overrides: Vec<Arc<str>>,
    /// Its reason, for people.
    pub because: Option<TextTemplate>,
    /// All must hold.
    pub whens: Vec<Expr>,
    /// None may hold.
    pub unlesses: Vec<Expr>,
    /// What it does besides, in source order.
    pub actions: Vec<Spanned<Action>>,
    /// What becomes of the message.
    pub disposition: Option<Spanned<Disposition>>,
    /// The earliest stage at which its criteria can be decided.
    pub stage: Stage,
    /// Whether its criteria differ between recipients.
    pub per_recipient: bool,
    /// Its name where it is written.
    pub name_span: Span,
    /// The whole policy; for one applied by `apply`, the policy in its library.
    pub span: Span,
    /// Where it is applied (the same as `span` for a policy written in its directory).
    pub applied_span: Span,
}

/// An effect.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the line above each variant shows its fields in use")]
pub enum Action {
    /// Add a header field.
    AnnotateHeader { name: TextTemplate, value: TextTemplate },
    /// Change the subject.
    AnnotateSubject { position: SubjectPosition, text: TextTemplate },
    /// Banner or footer.
    AnnotateBody { place: BodyPlace, content: Content, protected: OnProtected },
    /// Add an attachment.
    AnnotateAttachment { name: TextTemplate, content: Content, protected: OnProtected },
    /// Send a notification; each addressee is an expression of type address (or many).
    Notify { to: Vec<Expr>, template: TemplateId, attach: Option<Attach> },
    /// Replace attachments; `variable` is the attachment in `condition`.
    Strip { variable: VariableId, condition: Expr, replacement: Option<Content> },
    /// Convert content.
    Convert(Conversion),
    /// Set a header field (replaces all of that name).
    SetHeader { name: TextTemplate, value: TextTemplate },
    /// Remove all header fields of a name.
    RemoveHeader { name: TextTemplate },
    /// Tag the message for people and logs.
    Tag { text: TextTemplate },
    /// Severity for people and logs.
    Severity { level: Severity },
    /// Send a copy.
    CopyTo { to: Vec<Expr>, form: CopyForm },
    /// Send to somebody else instead.
    Redirect { to: Expr },
    /// Send over a given host.
    Route { via: TextTemplate, require_tls: bool },
    /// Set the queue's priority.
    SetPriority { level: Priority },
    /// Encrypt on departure.
    Encrypt { using: Option<SettingsId>, otherwise: Option<Box<Spanned<Disposition>>> },
    /// Sign on departure.
    Sign { using: Option<SettingsId>, otherwise: Option<Box<Spanned<Disposition>>> },
    /// Decrypt on arrival.
    Decrypt,
}

/// What a body annotation does to a signed or encrypted message.
#[derive(Debug, Clone)]
pub enum OnProtected {
    /// Put the original whole into a new message.
    Wrap,
    /// Leave it as it is.
    Skip,
    /// Return it.
    Return(Option<TextTemplate>),
}

/// A conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Conversion {
    /// uuencoded files in texts become MIME parts.
    UuencodeToMime,
}

/// A severity; of several the highest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

/// A priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Priority {
    Low,
    Normal,
    High,
}

/// What becomes of the message.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the line above each variant shows its fields in use")]
pub enum Disposition {
    /// It continues.
    Deliver,
    /// It waits for a moment.
    DeferUntil(Moment),
    /// It waits for so many seconds.
    DeferFor(i64),
    /// It is held in a folder.
    Quarantine(FolderId),
    /// It is held until somebody releases it; after `within` seconds `otherwise` holds.
    Approve { by: Approver, within: Option<i64>, otherwise: Option<Box<Spanned<Disposition>>> },
    /// A delivery status notification goes to the sender.
    Return(TextTemplate),
    /// It is refused in the session; where that is too late, returned.
    Reject(TextTemplate),
    /// It is gone.
    Drop,
}

/// Who releases a message.
#[derive(Debug, Clone)]
pub enum Approver {
    /// One address.
    Address(Address),
    /// Everybody of a directory.
    Directory(DirectoryId),
}

/// What a message waits for.
#[derive(Debug, Clone)]
pub enum Moment {
    /// The next opening or closing of a calendar.
    Calendar(CalendarId, CalendarEvent),
    /// A point in time.
    At(Timestamp),
    /// The next such time of day (minutes from midnight, the site's zone).
    TimeOfDay(u16),
}

/// A template by name, or a text on the spot.
#[derive(Debug, Clone)]
pub enum Content {
    /// By name.
    Template(TemplateId),
    /// On the spot.
    Text(TextTemplate),
}

/// A text with typed interpolations.
#[derive(Debug, Clone)]
pub struct TextTemplate {
    /// Texts and values in order.
    pub parts: Vec<TemplatePart>,
    /// Where it is written.
    pub span: Span,
}

/// A part of a text.
#[derive(Debug, Clone)]
pub enum TemplatePart {
    /// As is.
    Text(Arc<str>),
    /// A value; it is data wherever it is put.
    Value(Expr),
}
