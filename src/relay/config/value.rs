//! Values that keys take: texts, numbers, paths, and lists of them.

use super::codes;
use super::declare::Word;
use super::reader::{Found, Reader, shown};
use crate::base::diagnostic::Diagnostic;
use crate::base::source::Spanned;
use std::path::PathBuf;

/// What can stand at a key.
pub trait Value: Sized {
    /// What is taken, in words: `a number from 1`.
    fn kind() -> String;

    /// One, as it is written.
    fn example() -> String;

    /// The words that are taken, where words are.
    fn words() -> &'static [Word] {
        &[]
    }

    /// What it is where the key is left out and no default is declared; `None` where it must be there.
    fn absent() -> Option<Self> {
        None
    }

    /// Reads what was found; `None` where it is wrong, which is then told.
    fn read(found: &Found<'_>, reader: &mut Reader) -> Option<Self>;
}

/// Some words as a kind: "one of `a`, `b`".
pub fn one_of(words: &[Word]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{}`", word.word)).collect();
    format!("one of {}", words.join(", "))
}

impl Value for bool {
    fn kind() -> String {
        "`true` or `false`".to_string()
    }

    fn example() -> String {
        "true".to_string()
    }

    fn read(found: &Found<'_>, reader: &mut Reader) -> Option<bool> {
        let value = found.value.as_bool();
        if value.is_none() {
            reader.wrong_kind::<bool>(found);
        }
        value
    }
}

/// A whole number from 1 to `most`; tells where it is none.
pub fn whole<T: Value>(found: &Found<'_>, most: u64, reader: &mut Reader) -> Option<u64> {
    let Some(number) = found.value.as_integer() else {
        reader.wrong_kind::<T>(found);
        return None;
    };
    let value = i128::from_str_radix(number.as_str(), number.radix()).ok();
    let value = value.and_then(|value| u64::try_from(value).ok()).filter(|value| (1..=most).contains(value));
    if value.is_none() {
        let message = format!("`{}` cannot be {}", found.key, shown(&number.to_string()));
        reader
            .push(Diagnostic::error(codes::RANGE, found.span, message).help(format!("it is {}", T::kind())));
    }
    value
}

macro_rules! numbers {
    ($($number:ty, $most:expr, $kind:expr, $example:literal;)+) => {$(
        impl Value for $number {
            fn kind() -> String {
                $kind.to_string()
            }

            fn example() -> String {
                $example.to_string()
            }

            fn read(found: &Found<'_>, reader: &mut Reader) -> Option<$number> {
                <$number>::try_from(whole::<$number>(found, $most, reader)?).ok()
            }
        }
    )+};
}

/// Numbers of things, such as connections: more than this was not meant.
const MANY: u64 = 1_000_000_000;

numbers! {
    u16, u64::from(u16::MAX), "a number from 1", "25";
    u32, MANY, "a number from 1", "100";
}

/// A text that is not empty and stands on one line.
impl Value for String {
    fn kind() -> String {
        "a text".to_string()
    }

    fn example() -> String {
        "\"mailfw\"".to_string()
    }

    fn read(found: &Found<'_>, reader: &mut Reader) -> Option<String> {
        let text = reader.text::<String>(found)?;
        if text.trim().is_empty() || text.chars().any(char::is_control) {
            let what = if text.trim().is_empty() { "is empty" } else { "has control characters in it" };
            reader.wrong_form(
                found,
                format!("`{}` {what}", found.key),
                "write a text on one line, or leave the key out".to_string(),
            );
            return None;
        }
        Some(text.to_string())
    }
}

/// A path; a relative one is taken from the folder of the configuration.
impl Value for PathBuf {
    fn kind() -> String {
        "a path".to_string()
    }

    fn example() -> String {
        "\"/etc/mailfw/policies\"".to_string()
    }

    fn read(found: &Found<'_>, reader: &mut Reader) -> Option<PathBuf> {
        reader.text::<PathBuf>(found)?;
        let text = String::read(found, reader)?;
        Some(reader.path(&text))
    }
}

impl<T: Value> Value for Option<T> {
    fn kind() -> String {
        T::kind()
    }

    fn example() -> String {
        T::example()
    }

    fn words() -> &'static [Word] {
        T::words()
    }

    fn absent() -> Option<Option<T>> {
        Some(None)
    }

    fn read(found: &Found<'_>, reader: &mut Reader) -> Option<Option<T>> {
        T::read(found, reader).map(Some)
    }
}

impl<T: Value> Value for Spanned<T> {
    fn kind() -> String {
        T::kind()
    }

    fn example() -> String {
        T::example()
    }

    fn words() -> &'static [Word] {
        T::words()
    }

    fn read(found: &Found<'_>, reader: &mut Reader) -> Option<Spanned<T>> {
        T::read(found, reader).map(|node| Spanned::new(node, found.span))
    }
}

/// Several, in brackets; one can stand without.
impl<T: Value> Value for Vec<T> {
    fn kind() -> String {
        format!("{}, or several in `[…]`", T::kind())
    }

    fn example() -> String {
        format!("[{}]", T::example())
    }

    fn words() -> &'static [Word] {
        T::words()
    }

    fn read(found: &Found<'_>, reader: &mut Reader) -> Option<Vec<T>> {
        let Some(items) = found.value.as_array() else {
            return T::read(found, reader).map(|item| vec![item]);
        };
        // Every wrong one is told.
        let read: Vec<Option<T>> = items
            .iter()
            .map(|item| {
                let span = reader.span(item.span());
                T::read(&found.with(item.get_ref(), span), reader)
            })
            .collect();
        read.into_iter().collect()
    }
}
