//! Tests in the language.

use super::{Expr, Moment, Name, Reference, TextLiteral};
use crate::base::source::{Span, Spanned};

/// `test "…" { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// What it shows.
    pub name: Spanned<String>,
    /// Its clauses.
    pub clauses: Vec<TestClause>,
    /// The whole item.
    pub span: Span,
}

/// A clause of a test, with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct TestClause {
    /// What it says.
    pub kind: TestClauseKind,
    /// The whole clause.
    pub span: Span,
}

/// What a clause of a test says.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the line above each variant shows its fields in use")]
pub enum TestClauseKind {
    /// `at 2026-11-24 10:00 "Europe/Berlin"`
    At(Expr),
    /// `from a@b.example`: envelope sender and header.
    From(Expr),
    /// `to …`: envelope recipients and header.
    To(Vec<Expr>),
    /// `cc …`: envelope recipients and header.
    Cc(Vec<Expr>),
    /// `sender a@b.example` or `sender <>`: the envelope alone.
    Sender(Expr),
    /// `recipient …`: the envelope alone (instead of To and Cc).
    Recipient(Vec<Expr>),
    /// `header "X" "v"`
    Header(TextLiteral, TextLiteral),
    /// `subject "…"`
    Subject(TextLiteral),
    /// `body "…"`, `body html "…"`
    Body { html: bool, text: TextLiteral },
    /// `attach "name" from "file"` or `attach "name" containing "text"`
    Attach { name: TextLiteral, from_file: bool, content: TextLiteral },
    /// `message "file.eml"`
    Message(Spanned<String>),
    /// `client 192.0.2.1`, then `name "…"`, `helo "…"`, `user "…"`, `tls`
    Client {
        ip: Expr,
        name: Option<TextLiteral>,
        helo: Option<TextLiteral>,
        user: Option<TextLiteral>,
        tls: bool,
    },
    /// `given virus "Eicar"`, `given spf fail`, `given virus timeout`, `given dnsbl "zone"`, `given rate sender 12`: a
    /// lookup's name and its answer.
    Given { lookup: Name, values: Vec<Expr> },
    /// `expect [for r] …`
    Expect { recipient: Option<Expr>, expectation: Expectation },
    /// What no clause could be made of.
    Bad,
}

/// What a test expects.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the line above each variant shows its fields in use")]
pub enum Expectation {
    /// A disposition. Texts of `return` and `reject` may be left out: then any.
    Disposition(ExpectedDisposition),
    /// `fired p, q`
    Fired(Vec<Reference>),
    /// `not fired p, q`
    NotFired(Vec<Reference>),
    /// `undecided p, q`
    Undecided(Vec<Reference>),
    /// `notify sender using t`
    Notify { to: Expr, template: Option<Reference> },
    /// `not notify sender`, `not notify`
    NotNotify(Option<Expr>),
    /// `subject "…"`
    Subject(TextLiteral),
    /// `header "X" "v"`, `header "X" absent`
    Header { name: TextLiteral, value: Option<TextLiteral> },
    /// `body contains "…"` on what leaves
    BodyContains(TextLiteral),
    /// `not body contains "…"`
    NotBodyContains(TextLiteral),
    /// `attachment "name"`: it leaves
    Attachment(TextLiteral),
    /// `not attachment "name"`: it does not leave
    NotAttachment(TextLiteral),
    /// `tag "x"`
    Tag(TextLiteral),
    /// `severity high`
    Severity(Name),
    /// `priority low`
    Priority(Name),
    /// `copy to a@b.example`
    CopyTo(Expr),
    /// `redirect to a@b.example`
    Redirect(Expr),
    /// `route via "host"`
    Route(TextLiteral),
    /// `encrypt`, `sign`
    Encrypt,
    /// See [`Expectation::Encrypt`].
    Sign,
}

/// A disposition as expected.
#[derive(Debug, Clone, PartialEq)]
pub enum ExpectedDisposition {
    /// `deliver`
    Deliver,
    /// `defer until 2026-11-24 18:00`, `defer`
    DeferUntil(Option<Moment>),
    /// `defer for 2 hours`
    DeferFor(Expr),
    /// `quarantine in dlp`, `quarantine`
    Quarantine(Option<Reference>),
    /// `return ["…"]`
    Return(Option<TextLiteral>),
    /// `reject ["…"]`
    Reject(Option<TextLiteral>),
    /// `drop`
    Drop,
    /// `approve [by a@b.example]`
    Approve(Option<Expr>),
}
