//! Expressions and texts with expressions in them.

use super::{Name, Reference};
use crate::base::source::{Span, Spanned};
use std::sync::Arc;

/// `"text {expression}"` or `"""block"""`, escapes resolved and block indentation removed.
#[derive(Debug, Clone, PartialEq)]
pub struct TextLiteral {
    /// Texts and interpolated expressions in order; adjacent texts are joined; no part for the empty text.
    pub parts: Vec<TextPart>,
    /// The whole, quotes included.
    pub span: Span,
}

impl TextLiteral {
    /// The text, if nothing is interpolated.
    pub fn plain(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [TextPart::Text(text)] => Some(text),
            _ => None,
        }
    }
}

/// A part of a text literal.
#[derive(Debug, Clone, PartialEq)]
pub enum TextPart {
    /// As is.
    Text(String),
    /// `{expression}`
    Value(Box<Expr>),
}

/// An expression with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it says.
    pub kind: ExprKind,
    /// The whole.
    pub span: Span,
}

/// What an expression says. `x outside s` is `Not(In)` only after checking; `x is not n`, `x not in s` and
/// `x not contains t` are written `not x …`.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the line above each variant shows its fields in use")]
pub enum ExprKind {
    /// `true`, `false`
    Bool(bool),
    /// `3`, `-2`
    Number(i64),
    /// `10 MB`, in bytes
    Size(u64),
    /// `30 days`, in seconds
    Duration(i64),
    /// `100 characters`
    Characters(i64),
    /// `08:00`, in minutes from midnight
    TimeOfDay(u16),
    /// `2026-12-25`
    Date { year: i16, month: i8, day: i8 },
    /// `2026-11-24 18:00 "Europe/Berlin"`: date, minutes from midnight, zone
    DateTime { year: i16, month: i8, day: i8, minutes: u16, zone: Option<TextLiteral> },
    /// `anna@acme.example`, as written
    Address(Arc<str>),
    /// `<>`
    NullAddress,
    /// `@acme.example` (`subdomains` false), `@*.acme.example` (true), without `@` and `*.`
    Domain { name: Arc<str>, subdomains: bool },
    /// `10.0.0.0/8`, `2001:db8::1`, as written
    Network(Arc<str>),
    /// `"…"`
    Text(TextLiteral),
    /// `/…/i`: pattern without slashes (`\/` kept as `/`), flags
    Regex { pattern: Arc<str>, flags: Arc<str> },
    /// `[a, b]`
    List(Vec<Expr>),
    /// A name or a path
    Name(Reference),
    /// `f(a, b)`
    Call { function: Name, arguments: Vec<Expr> },
    /// `count(p in s)`, `count(every p in s)`
    Count { every: bool, pattern: Box<Expr>, subject: Box<Expr> },
    /// `score(d in s [at most N])`
    Score { dictionary: Box<Expr>, subject: Box<Expr>, at_most: Option<Box<Expr>> },
    /// `rate(sender) over 1 hour`
    Rate { key: Box<Expr>, over: Box<Expr> },
    /// `(e)`
    Paren(Box<Expr>),
    /// `not e`
    Not(Box<Expr>),
    /// `a and b and c`
    And(Vec<Expr>),
    /// `a or b or c`; over a value that may be absent, a default
    Or(Vec<Expr>),
    /// `a <= b`
    Compare { operator: CompareOperator, left: Box<Expr>, right: Box<Expr> },
    /// `a in s`, `a outside s`
    In { item: Box<Expr>, outside: bool, set: Box<Expr> },
    /// `client in dnsbl "zone"`, `sender in group ldap "query"`: a service that is asked
    InService { item: Box<Expr>, service: Vec<Name>, query: TextLiteral },
    /// `s contains t`, `s contains word t`, `s matches r`, `s like g`, `s starts with t`, `s ends with t`
    Match { subject: Box<Expr>, operator: Spanned<MatchOperator>, pattern: Box<Expr> },
    /// `x is n`; `x is absent`
    Is { subject: Box<Expr>, name: Reference },
    /// `from looks like executives`
    LooksLike { subject: Box<Expr>, directory: Reference },
    /// `any attachment where …`; `any recipient in s` is kept as [`ExprKind::QuantifiedTerm`]. `arguments` where `over`
    /// is a function, as in `any header("Received") where …`; else empty.
    Quantified {
        quantifier: Spanned<Quantifier>,
        over: Reference,
        arguments: Vec<Expr>,
        variable: Option<Name>,
        condition: Box<Expr>,
    },
    /// `any recipient`, `any header("Received")` as the subject of a comparison
    QuantifiedTerm { quantifier: Spanned<Quantifier>, over: Reference, arguments: Vec<Expr> },
    /// What no expression could be made of.
    Bad,
}

/// `any`, `no`, `every`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quantifier {
    /// At least one.
    Any,
    /// None.
    No,
    /// All (true where there are none).
    Every,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum CompareOperator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// How a text is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MatchOperator {
    /// `contains`
    Contains,
    /// `contains word`
    ContainsWord,
    /// `matches`
    Matches,
    /// `like`
    Like,
    /// `starts with`
    StartsWith,
    /// `ends with`
    EndsWith,
}
