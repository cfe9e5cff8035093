//! Items that policies speak of.

use super::{Expr, Literal, TextTemplate, VariableId, Weekday};
use crate::base::source::{Span, Spanned};
use crate::base::table::{AddressTable, NetworkTable, TextList};
use crate::language::schema::types::Type;
use crate::language::syntax::ast;
use std::sync::Arc;

/// `criterion c(a: attachment) = …`.
#[derive(Debug, Clone)]
pub struct Criterion {
    /// Its name.
    pub name: Arc<str>,
    /// Its one place.
    pub parameter: Option<(VariableId, Type)>,
    /// What it says; of type `Bool`.
    pub body: Expr,
    /// Where it is written.
    pub span: Span,
}

/// `dictionary d { … }`.
#[derive(Debug, Clone)]
pub struct Dictionary {
    /// Its name.
    pub name: Arc<str>,
    /// Its entries; those of files included.
    pub entries: Vec<DictionaryEntry>,
    /// Where it is written.
    pub span: Span,
}

/// An entry of a dictionary.
#[derive(Debug, Clone)]
pub struct DictionaryEntry {
    /// A text or a regex.
    pub pattern: Pattern,
    /// Its weight.
    pub weight: i64,
    /// How many occurrences count at most.
    pub at_most: Option<u32>,
    /// Where it is written.
    pub span: Span,
}

/// What a text is searched for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the line above each variant shows its fields in use")]
pub enum Pattern {
    /// A substring of the folded surface; `text` as written.
    Literal { text: Arc<str> },
    /// The same between word boundaries.
    Word { text: Arc<str> },
    /// A regular expression over the cased surface, or the folded one with `caseless`. Compiles within the limit.
    Regex { pattern: Arc<str>, caseless: bool, dot_all: bool },
    /// A glob over the whole folded text: `*`, `?`, `[…]`.
    Glob { text: Arc<str> },
    /// The folded text starts with it.
    Prefix { text: Arc<str> },
    /// The folded text ends with it.
    Suffix { text: Arc<str> },
}

/// `detector d { … }`.
#[derive(Debug, Clone)]
pub struct Detector {
    /// Its name.
    pub name: Arc<str>,
    /// What it finds, for people.
    pub because: Option<Arc<str>>,
    /// Candidates: regexes over the cased surface.
    pub patterns: Vec<Pattern>,
    /// All must hold of a candidate.
    pub checks: Vec<Check>,
    /// At least one word (any of all lists) must stand within so many characters; each `near` clause must hold.
    pub near: Vec<Near>,
    /// Lines in which it must be found.
    pub yes: Vec<Spanned<Arc<str>>>,
    /// Lines in which it must not be found.
    pub no: Vec<Spanned<Arc<str>>>,
    /// Where it is written.
    pub span: Span,
}

/// `near "visa", "cvv" within 100 characters`.
#[derive(Debug, Clone)]
pub struct Near {
    /// Words and patterns, those of dictionaries included.
    pub patterns: Vec<Pattern>,
    /// Characters of the surface between the two.
    pub within: u32,
}

/// A check of a detector's candidate, after blanks, dots and dashes are dropped from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Check {
    /// Luhn's formula (ISO/IEC 7812-1, annex B).
    Luhn,
    /// A card issuer's prefix with a length that issuer uses.
    CardIssuer,
    /// IBAN: country, its length, mod 97 (ISO 13616, ISO 7064).
    Iban,
    /// BIC: an ISO 3166 country in its place (ISO 9362).
    Bic,
    /// US routing number: prefix range and weights 3, 7, 1.
    Aba,
    /// US social security number: ranges never given out.
    Ssn,
    /// UK national insurance number: prefixes never given out.
    Nino,
    /// UK NHS number: mod 11.
    Nhs,
    /// German tax identification number: digit rule and ISO 7064 mod 11, 10.
    SteuerId,
    /// French INSEE number: mod 97, Corsica included.
    Insee,
    /// Machine readable zone or passport number with its check digit (ICAO 9303).
    Mrz,
    /// Enough different characters to be a secret.
    Entropy,
}

/// `list l { … }`.
#[derive(Debug, Clone)]
pub struct List {
    /// Its name.
    pub name: Arc<str>,
    /// Its entries, those of files included.
    pub entries: ListEntries,
    /// Where it is written.
    pub span: Span,
}

/// The entries of a list; all of one sort, but addresses and domains may stand together. Shared with the plan: there may
/// be millions.
#[derive(Debug, Clone)]
pub enum ListEntries {
    /// Addresses and domains; their numbers are 0.
    Addresses(Arc<AddressTable>),
    /// Networks.
    Networks(Arc<NetworkTable>),
    /// Texts, as written, in the order of the source.
    Texts(Arc<TextList>),
}

/// `calendar c { … }`.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// Its name.
    pub name: Arc<str>,
    /// Its zone; `None` is the site's.
    pub timezone: Option<String>,
    /// When it is open: day, from and to in minutes from midnight, end exclusive.
    pub open: Vec<(Weekday, u16, u16)>,
    /// Days on which it is not: inclusive ranges.
    pub closed: Vec<(jiff::civil::Date, jiff::civil::Date)>,
    /// Where it is written.
    pub span: Span,
}

/// `template t { … }`.
#[derive(Debug, Clone)]
pub struct Template {
    /// Its name.
    pub name: Arc<str>,
    /// The subject of a notification.
    pub subject: Option<TextTemplate>,
    /// The plain text.
    pub text: Option<TextTemplate>,
    /// The HTML.
    pub html: Option<TextTemplate>,
    /// Where it is written.
    pub span: Span,
}

/// `folder f { … }`.
#[derive(Debug, Clone)]
pub struct Folder {
    /// Its name.
    pub name: Arc<str>,
    /// Seconds after which what is in it is deleted; `None` keeps it.
    pub keep: Option<i64>,
    /// Where it is written; `None` for the two that are always there.
    pub span: Option<Span>,
}

/// `verification v { … }`, `certificates c { … }`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which of the two.
    pub kind: ast::SettingsKind,
    /// Its name.
    pub name: Arc<str>,
    /// Word and values.
    pub values: Vec<(Arc<str>, Vec<Literal>)>,
    /// Where it is written.
    pub span: Span,
}
