//! Typed expressions.

use super::{
    CalendarId, CompareOperator, CriterionId, DetectorId, DictionaryId, DirectoryId, ListId, Pattern,
    Quantifier, TextTemplate, VariableId,
};
use crate::base::address::{Address, DomainPattern};
use crate::base::source::Span;
use crate::language::schema::facts::{Fact, Field, Function};
use crate::language::schema::types::{Enumeration, Type};
use jiff::Timestamp;
use std::sync::Arc;

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

/// What a typed expression says. Evaluation gives a value, absence, or not knowing; the reference speaks of
/// absence under Expressions.
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
    /// (`Optional(Text)`); of one occurrence that alone (`Optional(Text)`).
    Header { name: TextTemplate, occurrence: Occurrence },
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

/// Which of the header fields of one name are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Occurrence {
    /// All.
    Every,
    /// The one of that number: 1 is the topmost, the one added last.
    Number(u32),
    /// The one at the bottom.
    Last,
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
