//! The abstract syntax tree: what was written, with places, before any name has a meaning.
//!
//! Spelling is not kept in the tree; whoever needs it (the formatter, diagnostics) slices the source by span. Comments
//! stand beside the tree in [`File::comments`], ordered by place. What could not be parsed is a `Bad` node: a tree
//! with one never becomes a typed set, since its [`Parsed`](super::Parsed) carries errors.

use crate::base::source::{Span, Spanned};
use std::sync::Arc;

/// One policy file.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// Items in source order.
    pub items: Vec<Item>,
    /// Comments in source order.
    pub comments: Vec<Comment>,
    /// The whole text.
    pub span: Span,
}

/// A `#` comment, without its line end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// From the `#` to the last byte of the line.
    pub span: Span,
    /// Whether nothing but blanks stands before it on its line.
    pub own_line: bool,
}

/// A name as written.
pub type Name = Spanned<Arc<str>>;

/// `std::dlp::card_number`, `partners.bank`, `message.size`: modules, then dotted segments (at least one).
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// `std`, `dlp`; empty for most references.
    pub modules: Vec<Name>,
    /// The dotted segments.
    pub segments: Vec<Name>,
    /// The whole.
    pub span: Span,
}

/// A top-level item.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// `use …`
    Use(Use),
    /// `site { … }`
    Site(Site),
    /// `directory d { … }`
    Directory(Directory),
    /// A policy outside directories: applied by `apply`.
    Policy(Policy),
    /// `criterion c(a: attachment) = …`
    Criterion(Criterion),
    /// `dictionary d { … }`
    Dictionary(Dictionary),
    /// `detector d { … }`
    Detector(Detector),
    /// `list l { … }`
    List(List),
    /// `calendar c { … }`
    Calendar(Calendar),
    /// `template t { … }`
    Template(Template),
    /// `folder f { … }`
    Folder(Folder),
    /// `verification v { … }` and `certificates c { … }`: settings of the security manager.
    Settings(Settings),
    /// `test "…" { … }`
    Test(Test),
    /// What no item could be made of.
    Bad(Span),
}

/// `use std::dlp::{a, b}`, `use "words.mfp"`, `use "words.mfp"::{a}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Use {
    /// Where the names come from.
    pub from: UseFrom,
    /// The names taken; `None` takes all (only of a file).
    pub names: Option<Vec<Name>>,
    /// The whole item.
    pub span: Span,
}

/// The origin of imported names.
#[derive(Debug, Clone, PartialEq)]
pub enum UseFrom {
    /// `std::dlp`
    Module(Vec<Name>),
    /// `"words.mfp"`, relative to the file it is written in.
    File(Spanned<String>),
}

/// `site { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Its clauses.
    pub clauses: Vec<SiteClause>,
    /// The whole item.
    pub span: Span,
}

/// A clause of `site`.
#[derive(Debug, Clone, PartialEq)]
pub enum SiteClause {
    /// `domains @a.example, @*.a.example`
    Domains(Vec<Expr>, Span),
    /// `networks 10.0.0.0/8`
    Networks(Vec<Expr>, Span),
    /// `postmaster p@a.example`
    Postmaster(Expr, Span),
    /// `timezone "Europe/Berlin"`
    Timezone(TextLiteral, Span),
    /// `order access, format, virus, security, content`
    Order(Vec<Name>, Span),
    /// What no clause could be made of.
    Bad(Span),
}

/// `directory sales { … }`; the same path may be opened several times.
#[derive(Debug, Clone, PartialEq)]
pub struct Directory {
    /// Its name, or a dotted path from the place it is opened at.
    pub path: Reference,
    /// What it holds.
    pub entries: Vec<DirectoryEntry>,
    /// The whole item.
    pub span: Span,
}

/// An entry of a directory.
#[derive(Debug, Clone, PartialEq)]
pub enum DirectoryEntry {
    /// `domain @a.example, @*.a.example`
    Domain(Vec<Expr>, Span),
    /// `user anna@a.example`
    User(Vec<Expr>, Span),
    /// `list "people/sales.txt"` (a text) or `list staff` (a reference)
    List(Vec<Expr>, Span),
    /// `group ldap "cn=sales,…"`
    Group {
        /// `ldap`
        service: Name,
        /// Its query.
        query: TextLiteral,
        /// The whole entry.
        span: Span,
    },
    /// A policy of this directory.
    Policy(Policy),
    /// `apply p(folder: virus) to recipients`
    Apply(Apply),
    /// `except p, q when …`
    Except {
        /// The policies.
        policies: Vec<Reference>,
        /// Where they do not trigger.
        when: Expr,
        /// The whole entry.
        span: Span,
    },
    /// A sub-directory.
    Directory(Directory),
    /// What no entry could be made of.
    Bad(Span),
}

/// `apply p(folder: virus) to recipients [mandatory | off | observe | overrides …]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Apply {
    /// The policy.
    pub policy: Reference,
    /// Its arguments by name.
    pub arguments: Vec<(Name, Expr)>,
    /// On which side.
    pub side: Spanned<Side>,
    /// As after a policy's name.
    pub modifiers: Vec<Modifier>,
    /// The whole entry.
    pub span: Span,
}

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
