//! The plainer reading of a text for detectors: without marks on ASCII characters, and with rows of single digits as
//! one number.
//!
//! A line below every digit, or a blank behind it, leaves a number as readable as it was and hides it from a pattern.
//! The surface keeps both, since in words they mean something; so candidates are looked for in this reading besides. It
//! can only add finds. A row has at least [`ROW`] digits that stand alone, parted by the same blank, dot, dash, slash or
//! underscore. All of it becomes one number: in a longer row of single digits there is no shorter number, as in a table
//! of them. Cost: one pass over the text; most texts have neither and are not copied.

use super::checks::is_separator;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};
use icu_properties::{CodePointMapData, CodePointMapDataBorrowed};
use std::ops::Range;

/// Single digits from which on a row of them may be one number.
pub const ROW: usize = 12;

const CATEGORY: CodePointMapDataBorrowed<'static, GeneralCategory> =
    CodePointMapData::<GeneralCategory>::new();

/// A text without what hides candidates, with the way back.
#[derive(Debug)]
pub(super) struct Plainer {
    text: String,
    /// From an offset of `text` on, so many bytes of the other are missing before it.
    missing: Vec<(usize, usize)>,
}

impl Plainer {
    /// The plainer reading of a cased text; `None` where it is the text itself. Rows of digits are joined only where
    /// checks tell a number from any row.
    pub(super) fn of(cased: &str, join_rows: bool) -> Option<Plainer> {
        let unmarked = Plainer::without(cased, |cut| marks(cased, cut));
        if !join_rows {
            return unmarked;
        }
        let base = unmarked.as_ref().map_or(cased, |plainer| plainer.text.as_str());
        let Some(joined) = Plainer::without(base, |cut| row_separators(base, cut)) else { return unmarked };
        match unmarked {
            Some(unmarked) => Some(joined.after(&unmarked)),
            None => Some(joined),
        }
    }

    /// The text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The bytes of the other text that a range was made from, with the marks on its last character.
    pub(super) fn origin(&self, range: Range<usize>) -> Range<usize> {
        self.at(range.start)..self.at(range.end)
    }

    fn at(&self, offset: usize) -> usize {
        let known = self.missing.partition_point(|&(from, _)| from <= offset);
        let missing =
            known.checked_sub(1).and_then(|last| self.missing.get(last)).map_or(0, |&(_, bytes)| bytes);
        offset + missing
    }

    /// A text without the ranges that are cut, ascending; `None` where none is.
    fn without(text: &str, cuts: impl FnOnce(&mut dyn FnMut(Range<usize>))) -> Option<Plainer> {
        let (mut plain, mut missing) = (String::new(), Vec::new());
        let (mut done, mut gone) = (0, 0);
        cuts(&mut |cut: Range<usize>| {
            plain.push_str(text.get(done..cut.start).unwrap_or_default());
            gone += cut.len();
            done = cut.end;
            missing.push((plain.len(), gone));
        });
        if missing.is_empty() {
            return None;
        }
        plain.push_str(text.get(done..).unwrap_or_default());
        Some(Plainer { text: plain, missing })
    }

    /// This reading of another reading, as one.
    fn after(self, first: &Plainer) -> Plainer {
        let mut offsets: Vec<usize> = self.missing.iter().map(|&(from, _)| from).collect();
        // Where the first cut something, in offsets of this text: the offset from which on that lies before it.
        offsets.extend(first.missing.iter().map(|&(from, _)| {
            let gone = self.missing.partition_point(|&(own, bytes)| own + bytes <= from);
            from - gone.checked_sub(1).and_then(|last| self.missing.get(last)).map_or(0, |&(_, bytes)| bytes)
        }));
        offsets.sort_unstable();
        offsets.dedup();
        let missing = offsets.into_iter().map(|from| (from, first.at(self.at(from)) - from)).collect();
        Plainer { text: self.text, missing }
    }
}

/// Gives the marks that stand on ASCII characters.
fn marks(text: &str, cut: &mut dyn FnMut(Range<usize>)) {
    if text.is_ascii() {
        return;
    }
    let mut on_ascii = false;
    for (at, character) in text.char_indices() {
        if character.is_ascii() {
            on_ascii = true;
        } else if !GeneralCategoryGroup::Mark.contains(CATEGORY.get(character)) {
            on_ascii = false;
        } else if on_ascii {
            cut(at..at + character.len_utf8());
        }
    }
}

/// Gives the separators in rows of single digits.
fn row_separators(text: &str, cut: &mut dyn FnMut(Range<usize>)) {
    if !may_have_row(text) {
        return;
    }
    let mut row: Vec<Range<usize>> = Vec::new();
    let mut separator = None;
    let mut before = Before::Other { joins: false };
    let mut chars = text.char_indices().peekable();
    while let Some((at, character)) = chars.next() {
        let alone = character.is_ascii_digit()
            && chars.peek().is_none_or(|(_, next)| !next.is_alphanumeric())
            && !matches!(before, Before::Other { joins: true } | Before::Digit);
        if alone {
            if !matches!(before, Before::Separator) {
                flush(&mut row, &mut separator, cut);
            }
            before = Before::Digit;
            continue;
        }
        let separates = is_separator(character) || matches!(character, '/' | '_');
        if separates && matches!(before, Before::Digit) {
            if separator.is_some_and(|known| known != character) {
                flush(&mut row, &mut separator, cut);
            }
            separator = Some(character);
            row.push(at..at + character.len_utf8());
            before = Before::Separator;
            continue;
        }
        if matches!(before, Before::Separator) {
            // The last separator has no digit behind it.
            row.pop();
        }
        flush(&mut row, &mut separator, cut);
        before = Before::Other { joins: character.is_alphanumeric() };
    }
    if matches!(before, Before::Separator) {
        row.pop();
    }
    flush(&mut row, &mut separator, cut);
}

/// Whether there are enough digits without a digit beside them; most texts have not.
fn may_have_row(text: &str) -> bool {
    let single = |bytes: &[u8]| matches!(bytes, [a, b, c] if b.is_ascii_digit() && !a.is_ascii_digit() && !c.is_ascii_digit());
    // The first and the last have a neighbour on one side only.
    text.as_bytes().windows(3).filter(|bytes| single(bytes)).take(ROW - 2).count() == ROW - 2
}

/// What stands before a character.
enum Before {
    /// A digit that stands alone.
    Digit,
    /// A separator behind one.
    Separator,
    /// Anything else; letters and digits join what follows.
    Other { joins: bool },
}

fn flush(row: &mut Vec<Range<usize>>, separator: &mut Option<char>, cut: &mut dyn FnMut(Range<usize>)) {
    // Between so many digits there is one separator less.
    if row.len() + 1 >= ROW {
        row.iter().cloned().for_each(cut);
    }
    row.clear();
    *separator = None;
}
