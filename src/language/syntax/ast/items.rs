//! Items that policies speak of: criteria, dictionaries, detectors, lists, calendars, templates, folders, settings.

use super::{Expr, Name, TextLiteral};
use crate::base::source::{Span, Spanned};

/// `criterion c(a: attachment) = …`.
#[derive(Debug, Clone, PartialEq)]
pub struct Criterion {
    /// Its name.
    pub name: Name,
    /// Its one place, if it has one: name and type.
    pub parameter: Option<(Name, Name)>,
    /// What it says.
    pub body: Expr,
    /// The whole item.
    pub span: Span,
}

/// `dictionary d { "word" weight 3 … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Dictionary {
    /// Its name.
    pub name: Name,
    /// Its entries.
    pub entries: Vec<DictionaryEntry>,
    /// The whole item.
    pub span: Span,
}

/// One entry: `[word] "text" | /regex/ [weight N] [at most N]`, or `list "file.txt"`.
#[derive(Debug, Clone, PartialEq)]
pub struct DictionaryEntry {
    /// `word`: matched as by `contains word`.
    pub word: bool,
    /// A text or a regex; with `list`, the path of a file with one text a line.
    pub pattern: Expr,
    /// Whether `pattern` names a file.
    pub list: bool,
    /// Its weight (default 1).
    pub weight: Option<Expr>,
    /// How many occurrences count at most.
    pub at_most: Option<Expr>,
    /// The whole entry; `Bad` entries have an empty text as pattern and an error beside them.
    pub span: Span,
}

/// `detector d { pattern … check … near … yes … no … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Detector {
    /// Its name.
    pub name: Name,
    /// Its clauses.
    pub clauses: Vec<DetectorClause>,
    /// The whole item.
    pub span: Span,
}

/// A clause of a detector.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the line above each variant shows its fields in use")]
pub enum DetectorClause {
    /// `because "…"`: what it finds, for people.
    Because(TextLiteral, Span),
    /// `pattern /…/`
    Pattern(Expr, Span),
    /// `check luhn`
    Check(Name, Span),
    /// `near "visa", "cvv" within 100 characters`; a dictionary may stand for the words.
    Near { words: Vec<Expr>, within: Expr, span: Span },
    /// `yes "…"`: a line in which it must be found.
    Yes(TextLiteral, Span),
    /// `no "…"`: a line in which it must not be found.
    No(TextLiteral, Span),
    /// What no clause could be made of.
    Bad(Span),
}

/// `list l { a@b.example @c.example "text" from "file.txt" }`.
#[derive(Debug, Clone, PartialEq)]
pub struct List {
    /// Its name.
    pub name: Name,
    /// Its entries: addresses, domains, networks or texts; a [`ListEntry::File`] reads more.
    pub entries: Vec<ListEntry>,
    /// The whole item.
    pub span: Span,
}

/// An entry of a list.
#[derive(Debug, Clone, PartialEq)]
pub enum ListEntry {
    /// One value.
    Value(Expr),
    /// `from "file.txt"`: one value a line, `#` comments.
    File(Spanned<String>),
    /// What no entry could be made of.
    Bad(Span),
}

/// `calendar office { timezone … open … closed … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    /// Its name.
    pub name: Name,
    /// Its clauses.
    pub clauses: Vec<CalendarClause>,
    /// The whole item.
    pub span: Span,
}

/// A clause of a calendar.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the line above each variant shows its fields in use")]
#[expect(clippy::large_enum_variant, reason = "calendars are few and have few clauses")]
pub enum CalendarClause {
    /// `timezone "Europe/Berlin"`
    Timezone(TextLiteral, Span),
    /// `open mon..fri, sun 08:00..18:00`: weekday ranges (inclusive), then times (end exclusive).
    Open { days: Vec<(Spanned<Weekday>, Spanned<Weekday>)>, from: Expr, to: Expr, span: Span },
    /// `closed 2026-12-25, 2027-12-24..2028-01-01`: dates and inclusive ranges of dates.
    Closed(Vec<(Expr, Option<Expr>)>, Span),
    /// What no clause could be made of.
    Bad(Span),
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// `template t { subject … text … html … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// Its name.
    pub name: Name,
    /// Its clauses.
    pub clauses: Vec<TemplateClause>,
    /// The whole item.
    pub span: Span,
}

/// A clause of a template.
#[derive(Debug, Clone, PartialEq)]
pub enum TemplateClause {
    /// `subject "…"`
    Subject(TextLiteral, Span),
    /// `text "…"`
    Text(TextLiteral, Span),
    /// `html "…"`
    Html(TextLiteral, Span),
    /// What no clause could be made of.
    Bad(Span),
}

/// `folder dlp { keep 30 days }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Folder {
    /// Its name.
    pub name: Name,
    /// Its clauses.
    pub clauses: Vec<FolderClause>,
    /// The whole item.
    pub span: Span,
}

/// A clause of a folder.
#[derive(Debug, Clone, PartialEq)]
pub enum FolderClause {
    /// `keep 30 days`
    Keep(Expr, Span),
    /// What no clause could be made of.
    Bad(Span),
}

/// Which settings item it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SettingsKind {
    /// How signatures are verified.
    Verification,
    /// What is asked of certificates.
    Certificates,
}

/// `verification v { level full … }`, `certificates c { minimum 2048 … }`: a word, then its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Which of the two.
    pub kind: SettingsKind,
    /// Its name.
    pub name: Name,
    /// Word, values (comma separated) and place.
    pub clauses: Vec<(Name, Vec<Expr>, Span)>,
    /// The whole item.
    pub span: Span,
}
