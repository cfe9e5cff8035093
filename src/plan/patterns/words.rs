//! Where a word ends.

use std::ops::Range;

/// Whether a range of a text stands between word boundaries: where its edge is a character of a word, its neighbour is
/// none. Between characters of scripts that write no blanks (Han, Thai, …) there is always a boundary.
pub fn is_word(text: &str, range: Range<usize>) -> bool {
    let inside = text.get(range.clone()).unwrap_or_default();
    let before = text.get(..range.start).and_then(|head| head.chars().next_back());
    let after = text.get(range.end..).and_then(|tail| tail.chars().next());
    parted(before, inside.chars().next()) && parted(inside.chars().next_back(), after)
}

/// The ends of a literal that join what stands beside them. Known beforehand, they spare the scan a look at the literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edges {
    start: bool,
    end: bool,
}

impl Edges {
    /// The ends of a literal.
    pub(super) fn of(literal: &str) -> Edges {
        Edges {
            start: literal.chars().next().is_some_and(joins),
            end: literal.chars().next_back().is_some_and(joins),
        }
    }

    /// Whether an occurrence of the literal is a word; as [`is_word`] says.
    pub(super) fn part(self, text: &str, range: &Range<usize>) -> bool {
        let bytes = text.as_bytes();
        let before = || match range.start.checked_sub(1).and_then(|at| bytes.get(at)) {
            None => false,
            Some(byte) if byte.is_ascii() => is_ascii_word(*byte),
            Some(_) => text.get(..range.start).and_then(|head| head.chars().next_back()).is_some_and(joins),
        };
        let after = || match bytes.get(range.end) {
            None => false,
            Some(byte) if byte.is_ascii() => is_ascii_word(*byte),
            Some(_) => text.get(range.end..).and_then(|tail| tail.chars().next()).is_some_and(joins),
        };
        !(self.start && before() || self.end && after())
    }
}

fn is_ascii_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

fn joins(character: char) -> bool {
    is_word_character(character) && !writes_no_blanks(character)
}

fn parted(left: Option<char>, right: Option<char>) -> bool {
    let (Some(left), Some(right)) = (left, right) else { return true };
    !(joins(left) && joins(right))
}

fn is_word_character(character: char) -> bool {
    character == '_' || character.is_alphanumeric() || matches!(u32::from(character), 0x300..=0x36F)
}

fn writes_no_blanks(character: char) -> bool {
    matches!(u32::from(character),
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF
        | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}
