//! The typed policy set: names resolved, types checked, stages inferred, parameters filled in.
//!
//! [`Hir`] has no public constructor: only [`super::check`] makes one, and only from a set without errors. Everything
//! behind this room works on it and never sees a syntax tree. Library policies appear once for each application, with
//! their arguments in place; criteria stay shared and are called.

use super::schema::facts::{Fact, Field, Function, Stage};
use super::schema::types::{Enumeration, Type};
use super::syntax::ast;
use crate::base::address::{Address, DomainPattern};
use crate::base::source::{SourceMap, Span, Spanned};
use jiff::Timestamp;
use std::sync::Arc;

pub use super::syntax::ast::{
    Attach, BodyPlace, CalendarEvent, CompareOperator, CopyForm, Manager, Quantifier, Side, SubjectPosition,
    Weekday,
};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);
        impl $name {
            /// The position in the vector of its kind.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// A directory, by position in [`Hir::directories`].
    DirectoryId
    /// A policy as applied somewhere, by position in [`Hir::policies`].
    PolicyId
    /// A criterion, by position in [`Hir::criteria`].
    CriterionId
    /// A dictionary, by position in [`Hir::dictionaries`].
    DictionaryId
    /// A detector, by position in [`Hir::detectors`].
    DetectorId
    /// A list, by position in [`Hir::lists`].
    ListId
    /// A calendar, by position in [`Hir::calendars`].
    CalendarId
    /// A template, by position in [`Hir::templates`].
    TemplateId
    /// A folder, by position in [`Hir::folders`].
    FolderId
    /// Settings of the security manager, by position in [`Hir::settings`].
    SettingsId
    /// What a quantifier or a criterion binds; unique in one expression tree.
    VariableId
}

/// A typed policy set without errors.
#[derive(Debug)]
pub struct Hir {
    /// The texts it was made of.
    pub sources: Arc<SourceMap>,
    /// Who we are.
    pub site: Site,
    /// The directory tree; parents stand before their children.
    pub directories: Vec<Directory>,
    /// Every policy as applied, in the order of `use`, then of the source.
    pub policies: Vec<Policy>,
    /// Criteria; a criterion calls only earlier ones.
    pub criteria: Vec<Criterion>,
    /// Dictionaries.
    pub dictionaries: Vec<Dictionary>,
    /// Detectors.
    pub detectors: Vec<Detector>,
    /// Lists.
    pub lists: Vec<List>,
    /// Calendars.
    pub calendars: Vec<Calendar>,
    /// Templates.
    pub templates: Vec<Template>,
    /// Quarantine folders of the set; `unscannable` and `unreturnable` are always there.
    pub folders: Vec<Folder>,
    /// `verification` and `certificates` items.
    pub settings: Vec<Settings>,
    /// Tests of the set's own files.
    pub tests: Vec<Test>,
    /// Keeps others from making one.
    pub(in crate::language) _checked: Checked,
}

impl Hir {
    /// Whether a directory is `ancestor` or lies somewhere below it.
    pub fn is_below(&self, directory: DirectoryId, ancestor: DirectoryId) -> bool {
        let mut next = Some(directory);
        while let Some(at) = next {
            if at == ancestor {
                return true;
            }
            next = self.directories.get(at.index()).and_then(|directory| directory.parent);
        }
        false
    }
}

/// A token that only this room can make.
#[derive(Debug)]
pub struct Checked(pub(in crate::language) ());

/// `site`.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// Its domains.
    pub domains: Vec<DomainPattern>,
    /// Its networks.
    pub networks: Vec<ipnet::IpNet>,
    /// Who answers for it; lookups of generated mail use it.
    pub postmaster: Option<Address>,
    /// The zone of times without one; `None` is UTC. Names are valid in the time zone database.
    pub timezone: Option<String>,
    /// The order of managers' effects, all five.
    pub order: Vec<Manager>,
}

/// A directory of the tree.
#[derive(Debug, Clone)]
pub struct Directory {
    /// Its own number.
    pub id: DirectoryId,
    /// Its dotted path.
    pub path: Arc<str>,
    /// The directory it lies in.
    pub parent: Option<DirectoryId>,
    /// Domain entries.
    pub domains: Vec<DomainPattern>,
    /// User entries, those of list files included.
    pub users: Vec<Address>,
    /// Groups that are asked of a directory service.
    pub groups: Vec<Group>,
    /// Exceptions written here, in source order.
    pub exceptions: Vec<Exception>,
    /// Where it is opened first.
    pub span: Span,
}

/// `group ldap "…"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// `ldap`
    pub service: Arc<str>,
    /// Its query.
    pub query: Arc<str>,
    /// Where it is written.
    pub span: Span,
}

/// `except p, q when E`: for addresses below the directory, `policies` do not trigger where `when` holds.
#[derive(Debug, Clone)]
pub struct Exception {
    /// Names of policies (a library policy applied twice has one name).
    pub policies: Vec<Arc<str>>,
    /// Where they do not trigger.
    pub when: Expr,
    /// Where it is written.
    pub span: Span,
}

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

/// The entries of a list; all of one sort, but addresses and domains may stand together.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the line above each variant shows its fields in use")]
pub enum ListEntries {
    /// Addresses and domains.
    Addresses { addresses: Vec<Address>, domains: Vec<DomainPattern> },
    /// Networks.
    Networks(Vec<ipnet::IpNet>),
    /// Texts, as written.
    Texts(Vec<Arc<str>>),
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

/// A typed expression.
#[derive(Debug, Clone)]
pub struct Expr {
    /// What it says.
    pub kind: ExprKind,
    /// Its type.
    pub ty: Type,
    /// Where it is written.
    pub span: Span,
}

/// A constant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Literal {
    /// Of type `Bool`
    Bool(bool),
    /// Of type `Number`
    Number(i64),
    /// Of type `Size`, bytes
    Size(u64),
    /// Of type `Duration`, seconds
    Duration(i64),
    /// Of type `TimeOfDay`, minutes from midnight
    TimeOfDay(u16),
    /// Of type `Date`
    Date(jiff::civil::Date),
    /// Of type `Moment`
    Moment(Timestamp),
    /// Of type `Text`
    Text(Arc<str>),
    /// Of type `Address`
    Address(Address),
    /// `<>`, of type `Address`
    NullAddress,
    /// Of type `Domain`
    Domain(DomainPattern),
    /// Of type `Network`
    Network(ipnet::IpNet),
    /// A value of an enumeration, by position in its values
    Enum(Enumeration, u16),
}

/// What a typed expression says. Evaluation gives a value, absence, or not knowing; see the charter's sections on
/// absence and on what is undecided.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the line above each variant shows its fields in use")]
pub enum ExprKind {
    /// A constant.
    Literal(Literal),
    /// A fact.
    Fact(Fact),
    /// A field of what `owner` gives; of several values (`from.display_name`) those of all that have it.
    Field { owner: Box<Expr>, field: Field },
    /// What a quantifier or criterion binds.
    Variable(VariableId),
    /// The values of all fields of a name: of type `Many(Text)` where a quantifier ranges over them, else the first
    /// (`Optional(Text)`).
    Header { name: TextTemplate },
    /// A function.
    Call { function: Function, arguments: Vec<Expr> },
    /// `count([every] p in s)`
    Count { every: bool, matcher: Matcher, subject: Box<Expr> },
    /// `score(d in s [at most n])`
    Score { dictionary: DictionaryId, subject: Box<Expr>, at_most: Option<u32> },
    /// `rate(k) over t`: messages of that key in so many seconds, this one included.
    Rate { key: Box<Expr>, seconds: i64 },
    /// `(v or default)`: the default where `v` is absent.
    Default { value: Box<Expr>, default: Box<Expr> },
    /// Negation.
    Not(Box<Expr>),
    /// All hold.
    And(Vec<Expr>),
    /// One holds.
    Or(Vec<Expr>),
    /// A comparison of two of one type.
    Compare { operator: CompareOperator, left: Box<Expr>, right: Box<Expr> },
    /// Membership; `outside` is `Not` around it.
    In { item: Box<Expr>, set: Set },
    /// The outside is asked whether it knows `item`.
    InService { item: Box<Expr>, service: Service, query: Arc<str> },
    /// Text is searched; an address or a domain as it is written in the form in which it compares.
    Match { subject: Box<Expr>, matcher: Matcher },
    /// An enumerated value: `priority is low`, `message.unscannable is encrypted`.
    IsValue { subject: Box<Expr>, enumeration: Enumeration, value: u16 },
    /// A set of values is not empty: `message is unscannable`.
    IsAny { subject: Box<Expr> },
    /// `x is absent`; of several values or causes: there is none. `sender == <>` is written so as well.
    IsAbsent(Box<Expr>),
    /// Display name or domain look like, but are not, those of the directory's people.
    LooksLike { subject: Box<Expr>, directory: DirectoryId },
    /// A quantifier over several values; `condition` speaks of `variable`.
    Quantified { quantifier: Quantifier, over: Box<Expr>, variable: VariableId, condition: Box<Expr> },
    /// A criterion, with what stands in its place.
    Criterion { criterion: CriterionId, argument: Option<Box<Expr>> },
}

/// What is searched for.
#[derive(Debug, Clone)]
pub enum Matcher {
    /// One pattern.
    Pattern(Pattern),
    /// Any of several.
    AnyOf(Vec<Pattern>),
    /// Any entry.
    Dictionary(DictionaryId),
    /// What it detects.
    Detector(DetectorId),
    /// Any text of the list.
    List(ListId),
}

/// A set that something can be in.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the line above each variant shows its fields in use")]
pub enum Set {
    /// The site's domains, or of a client its networks.
    Site,
    /// Who has a home in it or below it.
    Directory(DirectoryId),
    /// Addresses and domains on the spot.
    Addresses { addresses: Vec<Address>, domains: Vec<DomainPattern> },
    /// Networks on the spot.
    Networks(Vec<ipnet::IpNet>),
    /// A list.
    List(ListId),
    /// A calendar's open hours.
    Calendar(CalendarId),
    /// Values on the spot, compared like `==`.
    Values(Vec<Literal>),
    /// Several values of the message: `sender in to`.
    Many(Box<Expr>),
}

/// A service that membership is asked of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// A DNS block list.
    Dnsbl,
    /// A group of a directory service.
    LdapGroup,
}

/// `test "…" { … }`.
#[derive(Debug, Clone)]
pub struct Test {
    /// What it shows.
    pub name: Arc<str>,
    /// Where it is written.
    pub span: Span,
    /// The message and its envelope.
    pub input: TestInput,
    /// What is expected, in source order.
    pub expectations: Vec<Spanned<Expected>>,
}

/// The message of a test.
#[derive(Debug, Clone, Default)]
pub struct TestInput {
    /// The clock and `received`.
    pub at: Option<Timestamp>,
    /// `from`: envelope and header. Text as written for the header.
    pub from: Option<TestAddress>,
    /// `to`
    pub to: Vec<TestAddress>,
    /// `cc`
    pub cc: Vec<TestAddress>,
    /// `sender`: `Some(None)` is `<>`.
    pub sender: Option<Option<TestAddress>>,
    /// `recipient`: the envelope alone.
    pub recipients: Vec<TestAddress>,
    /// `header`
    pub headers: Vec<(Arc<str>, Arc<str>)>,
    /// `subject`
    pub subject: Option<Arc<str>>,
    /// `body`
    pub body: Option<Arc<str>>,
    /// `body html`
    pub body_html: Option<Arc<str>>,
    /// `attach`
    pub attachments: Vec<TestAttachment>,
    /// `message "file"`: its bytes.
    pub message: Option<Arc<[u8]>>,
    /// `client`
    pub client: Option<TestClient>,
    /// `given`
    pub given: Vec<Spanned<Given>>,
}

/// An address of a test: as written, and as it compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestAddress {
    /// As written.
    pub text: Arc<str>,
    /// As it compares.
    pub address: Address,
}

/// An attachment of a test.
#[derive(Debug, Clone)]
pub struct TestAttachment {
    /// Its file name.
    pub name: Arc<str>,
    /// Its bytes.
    pub content: Arc<[u8]>,
}

/// The session of a test.
#[derive(Debug, Clone)]
pub struct TestClient {
    /// Its address.
    pub ip: std::net::IpAddr,
    /// Its verified name.
    pub name: Option<Arc<str>>,
    /// What it calls itself.
    pub helo: Option<Arc<str>>,
    /// Who it authenticated as.
    pub user: Option<Arc<str>>,
    /// Whether the session is encrypted.
    pub tls: bool,
}

/// A given answer of a lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// `given virus "Eicar"` (found), `given virus clean` (`None`)
    Virus(Option<Arc<str>>),
    /// `given virus timeout`
    VirusTimeout,
    /// `given spf fail`: position in the enumeration's values
    Spf(u16),
    /// `given dkim pass`
    Dkim(u16),
    /// `given dmarc fail`
    Dmarc(u16),
    /// `given signature valid`
    Signature(u16),
    /// `given dnsbl "zone"`: the client is listed
    Dnsbl(Arc<str>),
    /// `given dnsbl "zone" timeout`
    DnsblTimeout(Arc<str>),
    /// `given group "query" a@b.example, …`: members
    Group(Arc<str>, Vec<Address>),
    /// `given group "query" timeout`
    GroupTimeout(Arc<str>),
    /// `given attribute a@b.example "department" "Sales"`
    Attribute(Address, Arc<str>, Arc<str>),
    /// `given rate 12`: what every rate gives
    Rate(i64),
}

/// An expectation, for all recipients or one.
#[derive(Debug, Clone)]
pub struct Expected {
    /// One recipient.
    pub recipient: Option<Address>,
    /// What is expected.
    pub what: Expectation,
}

/// What is expected.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the line above each variant shows its fields in use")]
pub enum Expectation {
    /// A disposition.
    Disposition(ExpectedDisposition),
    /// All of these triggered.
    Fired(Vec<Arc<str>>),
    /// None of these triggered.
    NotFired(Vec<Arc<str>>),
    /// All of these are undecided.
    Undecided(Vec<Arc<str>>),
    /// A notification goes out.
    Notify { to: Addressee, template: Option<TemplateId> },
    /// None does (to that addressee).
    NotNotify(Option<Addressee>),
    /// The subject of what leaves.
    Subject(Arc<str>),
    /// A header field of what leaves; `None`: absent.
    Header { name: Arc<str>, value: Option<Arc<str>> },
    /// The body of what leaves contains it.
    BodyContains(Arc<str>),
    /// It does not.
    NotBodyContains(Arc<str>),
    /// An attachment of that name leaves.
    Attachment(Arc<str>),
    /// None of that name does.
    NotAttachment(Arc<str>),
    /// A tag.
    Tag(Arc<str>),
    /// The severity.
    Severity(Severity),
    /// The queue's priority.
    Priority(Priority),
    /// A copy goes there.
    CopyTo(Address),
    /// It is redirected there.
    Redirect(Address),
    /// It is routed there.
    Route(Arc<str>),
    /// It is to be encrypted.
    Encrypt,
    /// It is to be signed.
    Sign,
}

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addressee {
    /// The envelope sender.
    Sender,
    /// Each recipient.
    Recipient,
    /// The site's postmaster.
    Postmaster,
    /// An address.
    Address(Address),
}

/// A disposition as expected.
#[derive(Debug, Clone)]
pub enum ExpectedDisposition {
    /// `deliver`
    Deliver,
    /// `defer`, `defer until …`
    DeferUntil(Option<Moment>),
    /// `defer for …`, seconds
    DeferFor(i64),
    /// `quarantine`, `quarantine in f`
    Quarantine(Option<FolderId>),
    /// `return`, with its text
    Return(Option<Arc<str>>),
    /// `reject`, with its text
    Reject(Option<Arc<str>>),
    /// `drop`
    Drop,
    /// `approve`, by whom
    Approve(Option<Address>),
}
