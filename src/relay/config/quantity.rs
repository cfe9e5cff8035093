//! Durations, sizes, shares and ceilings, with their units.

use super::codes;
use super::reader::{Found, Reader, shown};
use super::value::{Value, whole};
use crate::base::diagnostic::Diagnostic;
use crate::language::suggest;
use std::fmt;
use std::time::Duration;
use toml::de::DeValue;

/// Units of time with their milliseconds, the short form first.
const TIMES: &[(&[&str], u64)] = &[
    (&["ms", "millisecond", "milliseconds"], 1),
    (&["s", "sec", "second", "seconds"], 1_000),
    (&["m", "min", "minute", "minutes"], 60_000),
    (&["h", "hour", "hours"], 3_600_000),
    (&["d", "day", "days"], 86_400_000),
    (&["w", "week", "weeks"], 604_800_000),
];

/// Units of size with their bytes; as in policies, they are powers of ten.
const SIZES: &[(&[&str], u64)] = &[
    (&["B", "byte", "bytes"], 1),
    (&["KB", "kB"], 1_000),
    (&["MB"], 1_000_000),
    (&["GB"], 1_000_000_000),
    (&["TB"], 1_000_000_000_000),
];

/// Ten years in milliseconds: more was not meant.
const LONGEST: u64 = 3_653 * 86_400_000;
/// An exabyte: there is no such disk.
const LARGEST: u64 = 1_000_000_000_000_000_000;

/// What is wrong with a quantity.
enum Wrong {
    /// It is no number with a unit.
    Form,
    /// A number without its unit.
    NoUnit(String),
    /// A unit that is not known.
    Unit(String),
    /// It is nothing, or more than can be meant.
    Range,
}

/// A row of numbers with units, such as `1h 30m`, in the smallest unit.
fn quantity(text: &str, units: &[(&[&str], u64)], most: u64) -> Result<u64, Wrong> {
    let mut rest = text.trim();
    let mut total: u64 = 0;
    if rest.is_empty() {
        return Err(Wrong::Form);
    }
    while !rest.is_empty() {
        let (number, behind) = split(rest, |character| character.is_ascii_digit() || character == '_');
        let digits: String = number.chars().filter(|character| *character != '_').collect();
        if digits.is_empty() {
            return Err(Wrong::Form);
        }
        let number = digits.parse::<u64>().map_err(|_| Wrong::Range)?;
        let (unit, behind) = split(behind.trim_start(), char::is_alphabetic);
        if unit.is_empty() {
            return Err(if behind.trim().is_empty() { Wrong::NoUnit(digits) } else { Wrong::Form });
        }
        let factor = units.iter().find(|(names, _)| names.contains(&unit)).map(|(_, factor)| *factor);
        let factor = factor.ok_or_else(|| Wrong::Unit(unit.to_string()))?;
        let part = number.checked_mul(factor).ok_or(Wrong::Range)?;
        total = total.checked_add(part).filter(|total| *total <= most).ok_or(Wrong::Range)?;
        rest = behind.trim_start();
    }
    if total == 0 { Err(Wrong::Range) } else { Ok(total) }
}

fn split(text: &str, is_in: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|character| !is_in(character)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// Reads a quantity of some units; `usual` is the unit offered where there is none.
fn read_quantity<T: Value>(
    found: &Found<'_>,
    units: &[(&[&str], u64)],
    usual: &str,
    most: u64,
    reader: &mut Reader,
) -> Option<u64> {
    let key = found.key;
    // A bare number is the mistake that is made most.
    let written = match found.value {
        DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
        _ => reader.text::<T>(found)?,
    };
    let wrong = match quantity(written, units, most) {
        Ok(total) => return Some(total),
        Err(wrong) => wrong,
    };
    let short: Vec<&str> = units.iter().filter_map(|(names, _)| names.first().copied()).collect();
    let finding = match wrong {
        Wrong::Form if written.trim().is_empty() => Diagnostic::error(
            codes::FORM,
            found.span,
            format!("`{key}` is empty"),
        )
        .help(format!("it is {}, such as `{}`", T::kind(), T::example())),
        Wrong::Form => {
            Diagnostic::error(codes::FORM, found.span, format!("`{key}` cannot be `{}`", shown(written)))
                .help(format!("it is {}, such as `{}`", T::kind(), T::example()))
        }
        Wrong::NoUnit(number) => {
            let mended = format!("\"{number}{usual}\"");
            Diagnostic::error(codes::UNIT, found.span, format!("`{key} = {}` has no unit", shown(written)))
                .help(format!("write `{key} = {mended}`; units are {}", suggest::listed(&short)))
                .fix(found.span, mended, "add a unit")
        }
        Wrong::Unit(unit) => {
            let finding =
                Diagnostic::error(codes::UNIT, found.span, format!("there is no unit `{}`", shown(&unit)));
            let names = units.iter().flat_map(|(names, _)| names.iter().copied());
            let names: Vec<&str> = names.collect();
            match suggest::closest(&shown(&unit), &names) {
                Some(near) => {
                    finding.help(format!("did you mean `{near}`? Units are {}", suggest::listed(&short)))
                }
                None => finding.help(format!("units are {}", suggest::listed(&short))),
            }
        }
        Wrong::Range => {
            Diagnostic::error(codes::RANGE, found.span, format!("`{key}` cannot be `{}`", shown(written)))
                .help(format!(
                    "it is {}, more than nothing and less than {}",
                    T::kind(),
                    bound_in_words(most)
                ))
        }
    };
    reader.push(finding);
    None
}

/// The most that a quantity can be, in words.
fn bound_in_words(most: u64) -> &'static str {
    if most == LONGEST { "ten years" } else { "an exabyte" }
}

/// More than nothing and at most ten years.
impl Value for Duration {
    fn kind() -> String {
        "a duration".to_string()
    }

    fn example() -> String {
        "\"5m\"".to_string()
    }

    fn read(found: &Found<'_>, reader: &mut Reader) -> Option<Duration> {
        read_quantity::<Duration>(found, TIMES, "s", LONGEST, reader).map(Duration::from_millis)
    }
}

/// A duration as people write it: `1h 30m`.
pub fn words(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut parts = Vec::new();
    for (names, factor) in TIMES.iter().rev().filter(|(names, _)| *names.first().unwrap_or(&"") != "w") {
        if rest >= *factor {
            parts.push(format!("{}{}", rest / factor, names.first().unwrap_or(&"")));
            rest %= factor;
        }
    }
    if parts.is_empty() { "0s".to_string() } else { parts.join(" ") }
}

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(u64);

impl Size {
    /// A size of so many bytes.
    pub const fn of(bytes: u64) -> Size {
        Size(bytes)
    }

    /// In bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole =
            SIZES.iter().rev().find(|(_, factor)| self.0 >= *factor && self.0.is_multiple_of(*factor));
        match whole {
            Some((names, factor)) => write!(f, "{} {}", self.0 / factor, names.first().unwrap_or(&"B")),
            None => write!(f, "{} B", self.0),
        }
    }
}

impl Value for Size {
    fn kind() -> String {
        "a size".to_string()
    }

    fn example() -> String {
        "\"50 MB\"".to_string()
    }

    fn read(found: &Found<'_>, reader: &mut Reader) -> Option<Size> {
        read_quantity::<Size>(found, SIZES, " MB", LARGEST, reader).map(Size)
    }
}

/// How many at most; there may be no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ceiling(Option<u32>);

impl Ceiling {
    /// So many at most; `None` is no bound.
    pub const fn of(most: Option<u32>) -> Ceiling {
        Ceiling(most)
    }

    /// How many at most; `None` where there is no bound.
    pub const fn most(self) -> Option<u32> {
        self.0
    }

    /// Whether so many, with the one that is asked for, are within.
    pub fn allows(self, count: u32) -> bool {
        self.0.is_none_or(|most| count <= most)
    }
}

impl Value for Ceiling {
    fn kind() -> String {
        "a number from 1, or `unlimited`".to_string()
    }

    fn example() -> String {
        "100".to_string()
    }

    fn read(found: &Found<'_>, reader: &mut Reader) -> Option<Ceiling> {
        match found.value.as_str() {
            Some("unlimited") => Some(Ceiling(None)),
            Some(other) => {
                let message = format!("`{}` cannot be `{}`", found.key, shown(other));
                let finding = Diagnostic::error(codes::WORD, found.span, message);
                reader.push(finding.help(format!("it is {}", Ceiling::kind())));
                None
            }
            None => {
                let most = whole::<Ceiling>(found, u64::from(u32::MAX), reader)?;
                u32::try_from(most).ok().map(|most| Ceiling(Some(most)))
            }
        }
    }
}

/// After how long; it may be never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct After(Option<Duration>);

impl After {
    /// After so long; `None` is never.
    pub const fn of(duration: Option<Duration>) -> After {
        After(duration)
    }

    /// After how long; `None` is never.
    pub const fn duration(self) -> Option<Duration> {
        self.0
    }
}

impl Value for After {
    fn kind() -> String {
        "a duration, or `never`".to_string()
    }

    fn example() -> String {
        "\"4h\"".to_string()
    }

    fn read(found: &Found<'_>, reader: &mut Reader) -> Option<After> {
        match found.value.as_str() {
            Some("never") => Some(After(None)),
            _ => read_quantity::<After>(found, TIMES, "h", LONGEST, reader)
                .map(|millis| After(Some(Duration::from_millis(millis)))),
        }
    }
}

/// A share of a whole, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Percent(u8);

impl Percent {
    /// From 0 to 100.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Value for Percent {
    fn kind() -> String {
        "a percentage from 0% to 100%".to_string()
    }

    fn example() -> String {
        "\"10%\"".to_string()
    }

    fn read(found: &Found<'_>, reader: &mut Reader) -> Option<Percent> {
        let text = reader.text::<Percent>(found)?;
        let number = text.trim().strip_suffix('%').and_then(|number| number.trim_end().parse::<u8>().ok());
        let percent = number.filter(|number| *number <= 100).map(Percent);
        if percent.is_none() {
            let message = format!("`{}` cannot be `{}`", found.key, shown(text));
            let help = format!("it is {}, such as `{}`", Percent::kind(), Percent::example());
            reader.wrong_form(found, message, help);
        }
        percent
    }
}
