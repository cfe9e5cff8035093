//! Policies: modifiers, clauses, actions, dispositions.

use super::{Expr, Name, Reference, TextLiteral};
use crate::base::source::{Span, Spanned};

/// Whose policy it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Looked up from the sender.
    Senders,
    /// Looked up from each recipient.
    Recipients,
    /// Both; triggered on both it acts once.
    Both,
}

/// The manager a policy belongs to, in their default order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Manager {
    /// Who, where, size, priority, time.
    Access,
    /// Conversions.
    Format,
    /// Scanners.
    Virus,
    /// Encryption and signatures.
    Security,
    /// Words and patterns.
    Content,
}

/// `content policy p(x: folder?) for senders overrides q mandatory from 2026-12-01 until 2027-01-15 { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Its manager.
    pub manager: Spanned<Manager>,
    /// Its name, unique in the set.
    pub name: Name,
    /// Parameters; only of policies outside directories.
    pub parameters: Vec<Parameter>,
    /// `for senders`; absent outside directories.
    pub side: Option<Spanned<Side>>,
    /// Modifiers in source order.
    pub modifiers: Vec<Modifier>,
    /// Clauses in source order.
    pub clauses: Vec<Clause>,
    /// From the manager's word to the closing brace.
    pub span: Span,
}

/// `folder: folder?`, `limit: size = 10 MB`.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: Name,
    /// The name of its type.
    pub kind: Name,
    /// `?`: may be left out without a default; uses then say what holds instead.
    pub optional: bool,
    /// Its default.
    pub default: Option<Expr>,
    /// The whole.
    pub span: Span,
}

/// What may stand after a policy's name.
#[derive(Debug, Clone, PartialEq)]
pub enum Modifier {
    /// `overrides p, q`
    Overrides(Vec<Reference>, Span),
    /// `mandatory`
    Mandatory(Span),
    /// `off`
    Off(Span),
    /// `observe`
    Observe(Span),
    /// `from 2026-12-01`
    From(Expr, Span),
    /// `until 2027-01-15`
    Until(Expr, Span),
}

/// A clause of a policy.
#[derive(Debug, Clone, PartialEq)]
pub enum Clause {
    /// `because "…"`
    Because(TextLiteral, Span),
    /// `when …`
    When(Expr, Span),
    /// `unless …`
    Unless(Expr, Span),
    /// Any effect but the disposition.
    Action(Action, Span),
    /// `then …`
    Then(Disposition, Span),
    /// What no clause could be made of.
    Bad(Span),
}

/// An effect, without its place (see [`Clause::Action`]).
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the line above each variant shows its fields in use")]
pub enum Action {
    /// `annotate header "X" "v"`
    AnnotateHeader { name: TextLiteral, value: TextLiteral },
    /// `annotate subject prefix "[EXT] "`, `… suffix " (external)"`
    AnnotateSubject { position: Spanned<SubjectPosition>, text: TextLiteral },
    /// `annotate banner|footer using t|"…" [at bottom|above quote] [or wrap|skip|return ["…"]]`
    AnnotateBody { place: BodyPlace, content: Content, protected: Option<Spanned<OnProtected>> },
    /// `annotate attachment "note.txt" using t|"…" [or wrap|skip|return]`
    AnnotateAttachment { name: TextLiteral, content: Content, protected: Option<Spanned<OnProtected>> },
    /// `notify sender, a@b.example using t [attach original|headers]`
    Notify { to: Vec<Expr>, template: Reference, attach: Option<Spanned<Attach>> },
    /// `strip attachments where … [using t|"…"]`
    Strip { condition: Expr, replacement: Option<Content> },
    /// `convert uuencode to mime`
    Convert { from: Name, to: Name },
    /// `set header "X" "v"`
    SetHeader { name: TextLiteral, value: TextLiteral },
    /// `remove header "X"`
    RemoveHeader { name: TextLiteral },
    /// `tag "dlp"`
    Tag { text: TextLiteral },
    /// `severity high`
    Severity { level: Name },
    /// `copy to a@b.example [original|processed]`
    CopyTo { to: Vec<Expr>, form: Option<Spanned<CopyForm>> },
    /// `redirect to a@b.example`
    Redirect { to: Expr },
    /// `route via "host:25" [require tls]`
    Route { via: TextLiteral, require_tls: bool },
    /// `set priority low`
    SetPriority { level: Name },
    /// `encrypt [using c] [otherwise …]`
    Encrypt { using: Option<Reference>, otherwise: Option<Box<Spanned<Disposition>>> },
    /// `sign [using c] [otherwise …]`
    Sign { using: Option<Reference>, otherwise: Option<Box<Spanned<Disposition>>> },
    /// `decrypt`
    Decrypt,
}

/// `prefix` or `suffix`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SubjectPosition {
    /// Before the subject.
    Prefix,
    /// After it.
    Suffix,
}

/// Where a text goes into the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BodyPlace {
    /// `banner`: at the top.
    Banner,
    /// `footer [at bottom]`
    Bottom,
    /// `footer above quote`
    AboveQuote,
}

/// What happens to a signed or encrypted message that an annotation would break.
#[derive(Debug, Clone, PartialEq)]
pub enum OnProtected {
    /// Put the original whole into a new message that carries the annotation.
    Wrap,
    /// Leave the message as it is.
    Skip,
    /// Return the message to its sender.
    Return(Option<TextLiteral>),
}

/// A template by name, or a text on the spot.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// `using disclaimer`
    Template(Reference),
    /// `"…"`
    Text(TextLiteral),
}

/// What a notification carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Attach {
    /// The message as received.
    Original,
    /// Its header section.
    Headers,
}

/// Which form of the message is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CopyForm {
    /// As received.
    Original,
    /// As it leaves.
    Processed,
}

/// What becomes of the message, without its place.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the line above each variant shows its fields in use")]
pub enum Disposition {
    /// `deliver`
    Deliver,
    /// `defer until office closes`
    DeferUntil(Moment),
    /// `defer for 2 hours`
    DeferFor(Expr),
    /// `quarantine in dlp [else …]`; `else` where the folder is a parameter that may be left out.
    Quarantine { folder: Reference, otherwise: Option<Box<Spanned<Disposition>>> },
    /// `return "…"`
    Return(TextLiteral),
    /// `reject "…"`
    Reject(TextLiteral),
    /// `drop`
    Drop,
    /// `approve by boss@a.example [within 2 days else drop]`
    Approve { by: Expr, within: Option<Expr>, otherwise: Option<Box<Spanned<Disposition>>> },
}

/// A point in time that a message waits for.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the line above each variant shows its fields in use")]
pub enum Moment {
    /// `office closes`, `office opens`
    Calendar { calendar: Reference, event: Spanned<CalendarEvent> },
    /// `2026-11-24 18:00 "Europe/Berlin"`, or `18:00`: the next such time.
    At(Expr),
}

/// The two events of a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CalendarEvent {
    /// Its next opening.
    Opens,
    /// Its next closing.
    Closes,
}
