//! Values of the language at run time, with the two ways of having none.
//!
//! A question gives a value, several, a range of numbers, absence, or not knowing. Absence is part of a message (no such
//! header); not knowing is a limit of ours (an encrypted part, a scanner that is down) and always carries its causes.
//! Texts and trees are borrowed from the message or shared; copying a value is cheap.

use super::truth::{Causes, Truth};
use crate::base::address::{Address, DomainPattern};
use crate::language::hir::{CompareOperator, Literal};
use crate::message::surface::fold;
use crate::message::{AttachmentId, PartId, SurfaceId, TextTree};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::cmp::Ordering;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

/// A part of a message as policies see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartReference {
    /// The subject.
    Subject,
    /// A text part of the body, with its text.
    Body(PartId, SurfaceId),
    /// An attachment.
    Attachment(AttachmentId),
}

/// A set of values of an enumeration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags {
    /// One bit for each value, by position.
    pub bits: u64,
    /// Whether there is any, those without a position included.
    pub any: bool,
}

/// One value.
#[derive(Debug, Clone)]
pub enum Value<'a> {
    /// A condition.
    Bool(bool),
    /// A whole number.
    Number(i64),
    /// Bytes.
    Size(i64),
    /// Seconds.
    Duration(i64),
    /// Minutes from midnight, in the site's zone.
    TimeOfDay(u16),
    /// A day, in the site's zone.
    Date(Date),
    /// A point in time.
    Moment(Timestamp),
    /// A text.
    Text(Arc<str>),
    /// An address, with its text as it was given.
    Address(Address, Arc<str>),
    /// `<>`
    NullAddress,
    /// A mailbox: display name, address where it is one, and the whole as text.
    Mailbox {
        /// The display name.
        display_name: Option<Arc<str>>,
        /// The address, where it can be read as one.
        address: Option<Address>,
        /// The address as written.
        text: Arc<str>,
        /// Only some readers take it for the author's: it stands in one of several From fields, or is one of
        /// [`crate::message::Message::from_other_readings`].
        other_reading: bool,
    },
    /// A domain.
    Domain(Arc<str>),
    /// A domain or what is below one, as a policy writes it.
    DomainPattern(DomainPattern),
    /// An IP address.
    Ip(IpAddr),
    /// A network.
    Network(ipnet::IpNet),
    /// A value of an enumeration, by position.
    Enum(u16),
    /// Values of an enumeration.
    Flags(Flags),
    /// Text of a message.
    Surfaces(&'a TextTree),
    /// One text of a message.
    Surface(SurfaceId),
    /// An attachment.
    Attachment(AttachmentId),
    /// A part.
    Part(PartReference),
    /// A link, by position.
    Link(usize),
}

/// What a question gives.
#[derive(Debug, Clone)]
pub enum Computed<'a> {
    /// A value. With causes: text of which more could not be read.
    Known(Value<'a>, Option<Causes>),
    /// A number that is at least and at most so much; an open end is `None`.
    Range {
        /// At least.
        low: Option<i64>,
        /// At most.
        high: Option<i64>,
        /// Why it is not known better.
        causes: Causes,
    },
    /// Several values. With causes: there may be more.
    Many(Rc<[Value<'a>]>, Option<Causes>),
    /// There is none.
    Absent,
    /// It is not known.
    Unknown(Causes),
}

impl<'a> Computed<'a> {
    /// A value that is fully known.
    pub fn known(value: Value<'a>) -> Computed<'a> {
        Computed::Known(value, None)
    }

    /// A text, or absence.
    pub fn text(text: Option<&str>) -> Computed<'a> {
        text.map_or(Computed::Absent, |text| Computed::known(Value::Text(text.into())))
    }

    /// Absence, or not knowing where what could not be read may hold it.
    pub fn absent_unless(unread: Option<Causes>) -> Computed<'a> {
        unread.map_or(Computed::Absent, Computed::Unknown)
    }

    /// Several values.
    pub fn many(values: Vec<Value<'a>>, unread: Option<Causes>) -> Computed<'a> {
        Computed::Many(values.into(), unread)
    }

    /// The values at hand, and why there may be more.
    pub fn values(&self) -> (&[Value<'a>], Option<&Causes>) {
        match self {
            Computed::Known(value, unread) => (std::slice::from_ref(value), unread.as_ref()),
            Computed::Many(values, unread) => (values, unread.as_ref()),
            Computed::Range { causes, .. } | Computed::Unknown(causes) => (&[], Some(causes)),
            Computed::Absent => (&[], None),
        }
    }

    /// The first value at hand.
    pub fn first(&self) -> Option<&Value<'a>> {
        self.values().0.first()
    }
}

impl<'a> Value<'a> {
    /// The number a comparison by size uses.
    pub fn number(&self) -> Option<i64> {
        match self {
            Value::Number(number) | Value::Size(number) | Value::Duration(number) => Some(*number),
            Value::Enum(position) => Some(i64::from(*position)),
            Value::TimeOfDay(minutes) => Some(i64::from(*minutes)),
            _ => None,
        }
    }

    /// The address of an address or a mailbox.
    pub fn address(&self) -> Option<&Address> {
        match self {
            Value::Address(address, _) => Some(address),
            Value::Mailbox { address, .. } => address.as_ref(),
            _ => None,
        }
    }

    /// Whether it is a mailbox that only some readers see.
    pub fn is_other_reading(&self) -> bool {
        matches!(self, Value::Mailbox { other_reading: true, .. })
    }

    /// A mailbox without its display name; anything else as it is.
    pub fn without_name(self) -> Value<'a> {
        match self {
            Value::Mailbox { address, text, other_reading, .. } => {
                Value::Mailbox { display_name: None, address, text, other_reading }
            }
            other => other,
        }
    }

    /// The domain of an address, a mailbox or a domain.
    pub fn domain(&self) -> Option<&str> {
        match self {
            Value::Domain(domain) => Some(domain),
            other => other.address().map(|address| &*address.domain),
        }
    }
}

/// A constant as a value.
pub fn constant<'a>(literal: &Literal) -> Value<'a> {
    match literal {
        Literal::Bool(holds) => Value::Bool(*holds),
        Literal::Number(number) => Value::Number(*number),
        Literal::Size(bytes) => Value::Size(i64::try_from(*bytes).unwrap_or(i64::MAX)),
        Literal::Duration(seconds) => Value::Duration(*seconds),
        Literal::TimeOfDay(minutes) => Value::TimeOfDay(*minutes),
        Literal::Date(day) => Value::Date(*day),
        Literal::Moment(at) => Value::Moment(*at),
        Literal::Text(text) => Value::Text(text.clone()),
        Literal::Address(address) => Value::Address(address.clone(), address.to_string().into()),
        Literal::NullAddress => Value::NullAddress,
        Literal::Domain(pattern) => Value::DomainPattern(pattern.clone()),
        Literal::Network(network) => Value::Network(*network),
        Literal::Enum(_, position) => Value::Enum(*position),
    }
}

/// Whether two values compare so; `None` for what does not compare. Texts compare on their folded surface.
pub fn compare(operator: CompareOperator, left: &Value, right: &Value, zone: &TimeZone) -> Option<bool> {
    match operator {
        CompareOperator::Equal => equal(left, right, zone),
        // Something absent compares with nothing, so neither does it here.
        CompareOperator::NotEqual => match (left, right) {
            (Value::NullAddress, Value::NullAddress) => Some(false),
            (Value::NullAddress, _) => None,
            _ => equal(left, right, zone).map(|equal| !equal),
        },
        CompareOperator::Less => order(left, right, zone).map(Ordering::is_lt),
        CompareOperator::LessOrEqual => order(left, right, zone).map(Ordering::is_le),
        CompareOperator::Greater => order(left, right, zone).map(Ordering::is_gt),
        CompareOperator::GreaterOrEqual => order(left, right, zone).map(Ordering::is_ge),
    }
}

fn equal(left: &Value, right: &Value, zone: &TimeZone) -> Option<bool> {
    Some(match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Text(left), Value::Text(right)) => left == right || fold(left) == fold(right),
        (Value::NullAddress, Value::NullAddress) => true,
        (Value::NullAddress, _) | (_, Value::NullAddress) => false,
        (Value::DomainPattern(pattern), other) | (other, Value::DomainPattern(pattern)) => match other {
            Value::DomainPattern(other) => pattern == other,
            other => other.domain().is_some_and(|domain| pattern.matches(domain)),
        },
        (Value::Domain(left), Value::Domain(right)) => left == right,
        (Value::Ip(left), Value::Ip(right)) => left == right,
        (Value::Network(network), Value::Ip(ip)) | (Value::Ip(ip), Value::Network(network)) => {
            network.contains(ip)
        }
        (Value::Network(left), Value::Network(right)) => left == right,
        (Value::Flags(flags), Value::Enum(position)) | (Value::Enum(position), Value::Flags(flags)) => {
            flags.bits.checked_shr(u32::from(*position)).is_some_and(|bits| bits & 1 == 1)
        }
        (Value::Text(text), other) | (other, Value::Text(text)) if other.address().is_some() => {
            Address::parse(text).as_ref() == other.address()
        }
        (Value::Text(text), Value::Domain(domain)) | (Value::Domain(domain), Value::Text(text)) => {
            fold(text) == fold(domain)
        }
        (Value::Attachment(left), Value::Attachment(right)) => left == right,
        (Value::Part(left), Value::Part(right)) => left == right,
        (Value::Link(left), Value::Link(right)) => left == right,
        (left, right) => match (left.address(), right.address()) {
            (Some(left), Some(right)) => left == right,
            _ => order(left, right, zone)?.is_eq(),
        },
    })
}

fn order(left: &Value, right: &Value, zone: &TimeZone) -> Option<Ordering> {
    let time_of = |at: &Timestamp| {
        let time = zone.to_datetime(*at).time();
        i64::from(time.hour()) * 60 + i64::from(time.minute())
    };
    match (left, right) {
        (Value::Moment(left), Value::Moment(right)) => Some(left.cmp(right)),
        (Value::Date(left), Value::Date(right)) => Some(left.cmp(right)),
        (Value::Moment(at), Value::Date(day)) => Some(zone.to_datetime(*at).date().cmp(day)),
        (Value::Date(day), Value::Moment(at)) => Some(day.cmp(&zone.to_datetime(*at).date())),
        (Value::Moment(at), Value::TimeOfDay(minutes)) => Some(time_of(at).cmp(&i64::from(*minutes))),
        (Value::TimeOfDay(minutes), Value::Moment(at)) => Some(i64::from(*minutes).cmp(&time_of(at))),
        (Value::Text(left), Value::Text(right)) => Some(fold(left).cmp(&fold(right))),
        (left, right) => Some(left.number()?.cmp(&right.number()?)),
    }
}

/// A number of which only bounds may be known, for a comparison.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// At least.
    pub low: Option<i64>,
    /// At most.
    pub high: Option<i64>,
    /// Why it is not known better.
    pub causes: Option<Causes>,
}

impl Bounds {
    /// The bounds of a computed number; `None` for what is no number.
    pub fn of(computed: &Computed) -> Option<Bounds> {
        match computed {
            Computed::Known(value, _) => {
                let number = Some(value.number()?);
                Some(Bounds { low: number, high: number, causes: None })
            }
            Computed::Range { low, high, causes } => {
                Some(Bounds { low: *low, high: *high, causes: Some(causes.clone()) })
            }
            _ => None,
        }
    }

    /// Whether two numbers compare so, as far as their bounds tell.
    pub fn compare(&self, operator: CompareOperator, other: &Bounds) -> Truth {
        let decided = match operator {
            CompareOperator::Less => self.less(other),
            CompareOperator::LessOrEqual => other.less(self).map(|less| !less),
            CompareOperator::Greater => other.less(self),
            CompareOperator::GreaterOrEqual => self.less(other).map(|less| !less),
            CompareOperator::Equal => self.equal(other),
            CompareOperator::NotEqual => self.equal(other).map(|equal| !equal),
        };
        match decided {
            Some(decided) => Truth::from_bool(decided),
            None => {
                let causes = self.causes.clone().unwrap_or_default();
                Truth::Unknown(causes.union(&other.causes.clone().unwrap_or_default()))
            }
        }
    }

    fn less(&self, other: &Bounds) -> Option<bool> {
        if matches!((self.high, other.low), (Some(high), Some(low)) if high < low) {
            return Some(true);
        }
        matches!((self.low, other.high), (Some(low), Some(high)) if low >= high).then_some(false)
    }

    fn equal(&self, other: &Bounds) -> Option<bool> {
        if self.less(other) == Some(true) || other.less(self) == Some(true) {
            return Some(false);
        }
        let exact = |bounds: &Bounds| bounds.low.filter(|_| bounds.low == bounds.high);
        match (exact(self), exact(other)) {
            (Some(left), Some(right)) => Some(left == right),
            _ => None,
        }
    }
}
