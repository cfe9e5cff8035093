//! The normalised surface: the one form in which all text of a message is searched.
//!
//! A surface is made from text or from HTML and holds two forms of it. `cased` is the text in Unicode NFKC, without
//! characters nobody sees (all default-ignorable ones: zero-width characters, soft hyphens, variation selectors) and
//! with every run of white space as one blank. `folded` is that with full case folding on top. Patterns and literals
//! go through [`fold`] or [`normalise`], the same code, so that both sides of a comparison agree.
//!
//! Each form carries a run-length map back to bytes of the source. Cost: a byte loop over ASCII, some tens of
//! nanoseconds per other character. Memory: the text twice and 12 bytes for each run; a run is as long as bytes map
//! one to one, so plain text needs two a line (for CR LF) and the worst text one a character. It cannot fail: any
//! text has a surface, and offsets beyond 4 GiB saturate, far above every limit on messages.

use super::html;
use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use icu_normalizer::{ComposingNormalizer, ComposingNormalizerBorrowed};
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup};
use icu_properties::{
    CodePointMapData, CodePointMapDataBorrowed, CodePointSetData, CodePointSetDataBorrowed,
};
use std::ops::Range;
use std::sync::LazyLock;

const NFKC: ComposingNormalizerBorrowed<'static> = ComposingNormalizer::new_nfkc();
const CASE: CaseMapperBorrowed<'static> = CaseMapper::new();
const IGNORABLE: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<DefaultIgnorableCodePoint>();
const CATEGORY: CodePointMapDataBorrowed<'static, GeneralCategory> =
    CodePointMapData::<GeneralCategory>::new();

/// Characters normalised as one piece at most. A longer heap of combining marks is cut there, so that no text can
/// make the sorting of marks expensive.
const SEGMENT_CHARS: usize = 1_024;

/// How far one look-ahead for text that is already normalised goes, in bytes.
const CLEAN_WINDOW: usize = 16 << 10;

/// Which of the two forms of a surface is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Form {
    /// Case folded: `contains`, word searches, `/…/i`.
    Folded,
    /// With its case kept: `matches`.
    Cased,
}

/// The normalised forms of one text, with the way back to its bytes.
#[derive(Debug, Clone, Default)]
pub struct Surface {
    cased: Mapped,
    folded: Mapped,
    /// From the visible text to the HTML it was made from, if it was.
    beneath: Option<OffsetMap>,
    source_len: usize,
}

impl Surface {
    /// The surface of a text. Offsets go back to bytes of `text`.
    pub fn from_text(text: &str) -> Surface {
        let mut surface = Surface { source_len: text.len(), ..Surface::default() };
        Builder::new(text, &mut surface.cased, &mut surface.folded).run();
        surface
    }

    /// The surface of the visible text of an HTML document (see [`html::visible_text`]). Offsets go back to bytes of
    /// `source`.
    pub fn from_html(source: &str) -> Surface {
        Surface::from_visible(html::visible_text(source))
    }

    /// The surface of visible text that is already at hand. Offsets go back to bytes of the HTML source.
    pub fn from_visible(visible: html::VisibleText) -> Surface {
        let mut surface = Surface::from_text(&visible.text);
        surface.source_len = visible.source_len;
        surface.beneath = Some(visible.map);
        surface
    }

    /// The text of a form.
    pub fn text(&self, form: Form) -> &str {
        &self.form(form).text
    }

    /// The case-folded text.
    pub fn folded(&self) -> &str {
        &self.folded.text
    }

    /// The text with its case kept.
    pub fn cased(&self) -> &str {
        &self.cased.text
    }

    /// Whether there is nothing to search.
    pub fn is_empty(&self) -> bool {
        self.cased.text.is_empty()
    }

    /// Bytes held in memory by both forms and their maps.
    pub fn memory(&self) -> usize {
        let runs = self.cased.map.runs.len() + self.folded.map.runs.len();
        let beneath = self.beneath.as_ref().map_or(0, |map| map.runs.len());
        self.cased.text.len() + self.folded.text.len() + (runs + beneath) * size_of::<Run>()
    }

    /// The bytes of the source that a byte range of a form was made from. Always within the source; on character
    /// boundaries of it. An empty range gives an empty range.
    pub fn origin_of(&self, form: Form, range: Range<usize>) -> Range<usize> {
        let mapped = self.form(form);
        let start = mapped.text.floor_char_boundary(range.start);
        let end = mapped.text.ceil_char_boundary(range.end.max(range.start));
        let origin = mapped.map.origin(start..end);
        let origin = match &self.beneath {
            Some(beneath) => beneath.origin(origin),
            None => origin,
        };
        let end = origin.end.min(self.source_len);
        origin.start.min(end)..end
    }

    /// Up to `chars` characters of a form before a byte range, the range itself, and as many after it.
    pub fn context(&self, form: Form, range: Range<usize>, chars: usize) -> (&str, &str, &str) {
        let text = self.text(form);
        let start = text.floor_char_boundary(range.start);
        let end = text.ceil_char_boundary(range.end.max(range.start));
        let (head, rest) = text.split_at_checked(start).unwrap_or((text, ""));
        let (matched, tail) = rest.split_at_checked(end.saturating_sub(start)).unwrap_or((rest, ""));
        let before = match chars {
            0 => head.len(),
            _ => head.char_indices().rev().nth(chars - 1).map_or(0, |(at, _)| at),
        };
        let after = tail.char_indices().nth(chars).map_or(tail.len(), |(at, _)| at);
        (head.get(before..).unwrap_or(""), matched, tail.get(..after).unwrap_or(""))
    }

    fn form(&self, form: Form) -> &Mapped {
        match form {
            Form::Folded => &self.folded,
            Form::Cased => &self.cased,
        }
    }
}

/// A literal in the form in which folded text is searched.
pub fn fold(text: &str) -> String {
    if is_plain_ascii(text) {
        return text.to_ascii_lowercase();
    }
    let (mut cased, mut folded) = (Mapped::default(), Mapped::default());
    Builder::new(text, &mut cased, &mut folded).run();
    folded.text
}

/// Whether a text is ASCII with no white space but lone blanks between words: only its case is folded.
fn is_plain_ascii(text: &str) -> bool {
    let mut after_blank = true;
    for &byte in text.as_bytes() {
        let is_blank = byte == b' ';
        if !byte.is_ascii()
            || (is_blank && after_blank)
            || (!is_blank && byte.is_ascii_whitespace())
            || byte == 0x0b
        {
            return false;
        }
        after_blank = is_blank;
    }
    !after_blank
}

/// A literal in the form in which cased text is searched.
pub fn normalise(text: &str) -> String {
    let (mut cased, mut folded) = (Mapped::default(), Mapped::default());
    Builder::new(text, &mut cased, &mut folded).run();
    cased.text
}

/// Whether a character neither changes what stands before it nor is changed by it, and is folded as one character at
/// most: no mark, no piece of a syllable, nothing that is dropped or read otherwise.
pub fn keeps_apart(character: char) -> bool {
    character.is_ascii() || class(character) == 0
}

/// A text with its map.
#[derive(Debug, Clone, Default)]
struct Mapped {
    text: String,
    map: OffsetMap,
}

/// From byte offsets of a made text to byte ranges of the text it was made from, in runs.
#[derive(Debug, Clone, Default)]
pub struct OffsetMap {
    runs: Vec<Run>,
}

/// One run: from `out` to the next run's `out`. Bytes map one to one from `source` on, or (`source_end` given) the
/// whole run was made from the whole of `source..source_end`.
#[derive(Debug, Clone, Copy)]
struct Run {
    out: u32,
    source: u32,
    source_end: u32,
}

/// As `source_end`: bytes map one to one.
const LINEAR: u32 = u32::MAX;

impl OffsetMap {
    /// Says that the bytes from `out` on, `len` of them, are those of the source from `source` on.
    pub(super) fn push_linear(&mut self, out: usize, source: usize) {
        let (out, source) = (narrow(out), narrow(source));
        if let Some(last) = self.runs.last()
            && last.source_end == LINEAR
            && u64::from(last.source) + u64::from(out - last.out.min(out)) == u64::from(source)
        {
            return;
        }
        self.runs.push(Run { out, source, source_end: LINEAR });
    }

    /// Says that what is made from `out` on was made from the range `source` as a whole.
    pub(super) fn push_whole(&mut self, out: usize, source: Range<usize>) {
        self.runs.push(Run {
            out: narrow(out),
            source: narrow(source.start),
            source_end: narrow(source.end),
        });
    }

    /// Adds this map to another, its output moved by `out` and its source by `source`.
    pub(super) fn append_to(&self, other: &mut OffsetMap, out: usize, source: usize) {
        for run in &self.runs {
            let start = run.source as usize + source;
            if run.source_end == LINEAR {
                other.push_linear(run.out as usize + out, start);
            } else {
                other.push_whole(run.out as usize + out, start..run.source_end as usize + source);
            }
        }
    }

    /// The source range of a byte range.
    pub(super) fn origin(&self, range: Range<usize>) -> Range<usize> {
        let Some(start) = self.at(range.start) else { return 0..0 };
        if range.is_empty() {
            return start.start..start.start;
        }
        let Some(last) = self.at(range.end - 1) else { return start };
        start.start.min(last.start)..start.end.max(last.end)
    }

    fn at(&self, out: usize) -> Option<Range<usize>> {
        let index = self.runs.partition_point(|run| run.out as usize <= out).checked_sub(1)?;
        let run = self.runs.get(index)?;
        let source = run.source as usize;
        if run.source_end == LINEAR {
            let at = source + (out - run.out as usize);
            return Some(at..at + 1);
        }
        Some(source..run.source_end as usize)
    }
}

fn narrow(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(LINEAR - 1).min(LINEAR - 1)
}

/// Makes both forms in one pass.
struct Builder<'a> {
    source: &'a str,
    cased: &'a mut Mapped,
    folded: &'a mut Mapped,
    /// A run of white space that has been read and not yet written.
    blank: Option<Range<usize>>,
    /// Up to here the source is known to be in NFKC.
    clean_until: usize,
    /// Segments made lately, by a hash of what they were made from.
    recent: Vec<Made>,
}

/// Whether eight ASCII characters (the first lowest) are words with lone blanks between them; gives whether the last is
/// a blank.
fn only_words(eight: u64, after_blank: bool) -> Option<bool> {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = LOW << 7;
    // The high bit of each character that is a bound or more; no character has it, so no sum reaches the next.
    let at_least = |bound: u64| (eight + LOW * (0x80 - bound)) & HIGH;
    let space = at_least(0x20) & !at_least(0x21);
    let white = at_least(0x09) & !at_least(0x0e);
    let follows_blank = space << 8 | u64::from(after_blank) << 7;
    (white == 0 && space & follows_blank == 0).then_some(space >> 63 == 1)
}

/// Segments that are remembered, and the longest of them in bytes.
const RECENT: usize = 512;
const LONGEST_RECENT: usize = 32;

/// A segment with its two forms.
#[derive(Debug, Clone, Default)]
struct Made {
    piece: String,
    cased: String,
    folded: String,
}

impl Made {
    fn of(piece: &str) -> Made {
        let seen = visible(piece);
        let cased = settle(&seen, |text| visible(&NFKC.normalize(text)));
        let folded = settle(&cased, |text| visible(&NFKC.normalize(&CASE.fold_string(text))));
        Made { piece: piece.to_owned(), cased, folded }
    }
}

impl<'a> Builder<'a> {
    fn new(source: &'a str, cased: &'a mut Mapped, folded: &'a mut Mapped) -> Builder<'a> {
        cased.text.reserve(source.len());
        folded.text.reserve(source.len());
        Builder { source, cased, folded, blank: None, clean_until: 0, recent: Vec::new() }
    }

    fn run(mut self) {
        let bytes = self.source.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            at = self.ascii(at);
            if at < bytes.len() {
                at = self.segment(at);
            }
        }
        self.flush_blank();
    }

    /// Takes ASCII from `at` on and gives the offset of what must go through [`Builder::segment`]: a character beyond
    /// ASCII, or the ASCII character before it where it joins that.
    fn ascii(&mut self, at: usize) -> usize {
        let rest = self.source.as_bytes().get(at..).unwrap_or_default();
        let ascii_len = encoding_rs::Encoding::ascii_valid_up_to(rest);
        let mut end = at + ascii_len;
        let joins = self.source.get(end..).and_then(|tail| tail.chars().next()).is_some_and(joins_backward);
        if joins && ascii_len > 0 {
            end -= 1;
        }
        let mut from = at;
        while from < end {
            from = self.ascii_words(from, end);
            from = self.ascii_blanks(from, end);
        }
        end
    }

    /// Writes ASCII from `from` on up to white space that is not one lone blank or line feed; gives where it stopped.
    fn ascii_words(&mut self, from: usize, end: usize) -> usize {
        let bytes = self.source.as_bytes().get(from..end).unwrap_or_default();
        let mut len = 0;
        let mut after_blank = true;
        let (eights, _) = bytes.as_chunks::<8>();
        for eight in eights {
            let Some(ends_blank) = only_words(u64::from_le_bytes(*eight), after_blank) else { break };
            after_blank = ends_blank;
            len += eight.len();
        }
        for &byte in bytes.get(len..).unwrap_or_default() {
            if byte == b' ' {
                if after_blank {
                    break;
                }
                after_blank = true;
            } else if byte.is_ascii_whitespace() || byte == 0x0b {
                break;
            } else {
                after_blank = false;
            }
            len += 1;
        }
        // A blank at the end may go on as a longer run, which only the other loop knows how to write.
        if len > 0 && after_blank {
            len -= 1;
        }
        if len > 0 {
            self.flush_blank();
            let taken = self.source.get(from..from + len).unwrap_or_default();
            self.cased.map.push_linear(self.cased.text.len(), from);
            self.cased.text.push_str(taken);
            self.folded.map.push_linear(self.folded.text.len(), from);
            let folded_from = self.folded.text.len();
            self.folded.text.push_str(taken);
            if let Some(added) = self.folded.text.get_mut(folded_from..) {
                added.make_ascii_lowercase();
            }
        }
        from + len
    }

    fn ascii_blanks(&mut self, from: usize, end: usize) -> usize {
        let bytes = self.source.as_bytes().get(from..end).unwrap_or_default();
        let len = bytes.iter().take_while(|&&byte| byte.is_ascii_whitespace() || byte == 0x0b).count();
        if len > 0 {
            self.add_blank(from..from + len);
        }
        from + len
    }

    /// Takes one segment from `at` on, a character with all that joins it, and then plain characters as long as they
    /// follow. Gives where it stopped.
    fn segment(&mut self, at: usize) -> usize {
        let rest = self.source.get(at..).unwrap_or_default();
        let mut chars = rest.char_indices();
        let Some((_, first)) = chars.next() else { return self.source.len() };
        let mut end = self.source.len();
        let mut alone = true;
        for (count, (offset, next)) in chars.enumerate() {
            if !joins_backward(next) || count >= SEGMENT_CHARS {
                end = at + offset;
                break;
            }
            alone = false;
        }
        if alone && is_plain(first) && self.is_clean(at, end) {
            self.single(first, at..end);
            return self.plain(end);
        }
        if self.recent.is_empty() {
            self.recent.resize(RECENT, Made::default());
        }
        self.whole(at..end);
        end
    }

    /// Takes characters beyond ASCII from `from` on that are plain, in NFKC, and not joined by what follows.
    fn plain(&mut self, from: usize) -> usize {
        let clean = self.source.get(from..self.clean_until).unwrap_or_default();
        let mut chars = clean.char_indices().peekable();
        while let Some((offset, character)) = chars.next() {
            // The last character before the end of what is known may be joined by the next.
            let Some(&(end, next)) = chars.peek() else { return from + offset };
            if character.is_ascii() || !is_plain(character) || joins_backward(next) {
                return from + offset;
            }
            self.single(character, from + offset..from + end);
        }
        from
    }

    /// Whether the source between two offsets is in NFKC already; looks ahead so that the question is cheap.
    fn is_clean(&mut self, at: usize, end: usize) -> bool {
        if end <= self.clean_until {
            return true;
        }
        if at < self.clean_until {
            return NFKC.is_normalized(self.source.get(at..end).unwrap_or_default());
        }
        let window_end = self.source.floor_char_boundary(at.saturating_add(CLEAN_WINDOW)).max(end);
        let (clean, _) = NFKC.split_normalized(self.source.get(at..window_end).unwrap_or_default());
        self.clean_until = at + clean.len();
        end <= self.clean_until
    }

    /// Writes one character that is its own NFKC.
    fn single(&mut self, character: char, source: Range<usize>) {
        if character.is_whitespace() {
            self.add_blank(source);
            return;
        }
        self.flush_blank();
        self.cased.map.push_linear(self.cased.text.len(), source.start);
        self.cased.text.push(character);
        let folded = CASE.simple_fold(character);
        if folded.len_utf8() == character.len_utf8() {
            self.folded.map.push_linear(self.folded.text.len(), source.start);
        } else {
            self.folded.map.push_whole(self.folded.text.len(), source);
        }
        self.folded.text.push(folded);
    }

    /// Writes a segment that changes, or may.
    fn whole(&mut self, source: Range<usize>) {
        let piece = self.source.get(source.clone()).unwrap_or_default();
        // The same few segments come again and again, and making one costs as much as a thousand plain letters.
        let hash =
            piece.bytes().fold(0_usize, |hash, byte| hash.wrapping_mul(31).wrapping_add(usize::from(byte)));
        let slot = hash % RECENT;
        let known = self.recent.get_mut(slot).map(std::mem::take).filter(|known| known.piece == piece);
        let made = known.unwrap_or_else(|| Made::of(piece));
        self.write(&made, piece, source);
        if let Some(free) = self.recent.get_mut(slot).filter(|_| piece.len() <= LONGEST_RECENT) {
            *free = made;
        }
    }

    fn write(&mut self, Made { cased, folded, .. }: &Made, piece: &str, source: Range<usize>) {
        if cased.is_empty() {
            return;
        }
        if cased.chars().all(char::is_whitespace) {
            self.add_blank(source);
            return;
        }
        // White space inside a segment (a lone accent is a blank with a mark in NFKC) is written in place: both forms
        // have it at the same spot, because folding touches no white space.
        if cased.starts_with(char::is_whitespace) {
            self.add_blank(source.start..source.start + piece.chars().next().map_or(0, char::len_utf8));
        }
        self.flush_blank();
        append_piece(self.cased, cased.trim_start(), piece, source.clone());
        append_piece(self.folded, folded.trim_start(), piece, source.clone());
        if cased.ends_with(char::is_whitespace) {
            self.add_blank(source.end..source.end);
        }
    }

    fn add_blank(&mut self, source: Range<usize>) {
        self.blank = Some(match self.blank.take() {
            Some(blank) => blank.start..source.end,
            None => source,
        });
    }

    fn flush_blank(&mut self) {
        let Some(source) = self.blank.take() else { return };
        for mapped in [&mut *self.cased, &mut *self.folded] {
            if source.len() == 1 {
                mapped.map.push_linear(mapped.text.len(), source.start);
            } else {
                mapped.map.push_whole(mapped.text.len(), source.clone());
            }
            mapped.text.push(' ');
        }
    }
}

/// Writes a normalised piece with its white space as blanks; a blank at its end is left to the caller.
fn append_piece(mapped: &mut Mapped, made: &str, piece: &str, source: Range<usize>) {
    let made = made.trim_end();
    if made == piece {
        mapped.map.push_linear(mapped.text.len(), source.start);
    } else {
        mapped.map.push_whole(mapped.text.len(), source);
    }
    let mut words = made.split(char::is_whitespace).filter(|word| !word.is_empty());
    mapped.text.push_str(words.next().unwrap_or_default());
    for word in words {
        mapped.text.push(' ');
        mapped.text.push_str(word);
    }
}

/// Applies a mapping until it changes nothing more; all mappings used here settle in two or three rounds.
fn settle(text: &str, map: impl Fn(&str) -> String) -> String {
    let mut made = map(text);
    for _ in 0..3 {
        let again = map(&made);
        if again == made {
            break;
        }
        made = again;
    }
    made
}

/// What people see of a text: nothing of what is ignorable, digits of every script as the ten of ASCII, the blank Braille
/// pattern as a blank.
fn visible(text: &str) -> String {
    let as_seen = |character| {
        if character == BLANK_BRAILLE { ' ' } else { ascii_digit(character).unwrap_or(character) }
    };
    text.chars().filter(|&character| !IGNORABLE.contains(character)).map(as_seen).collect()
}

const BLANK_BRAILLE: char = '\u{2800}';

/// The first of each run of decimal digits. Unicode gives them in runs of ten, from zero on (section 4.6); runs that
/// touch make one, which is parted by tens.
static DIGITS: LazyLock<Vec<(u32, u32)>> = LazyLock::new(|| {
    CATEGORY
        .iter_ranges_for_value(GeneralCategory::DecimalNumber)
        .map(|range| (*range.start(), *range.end()))
        .collect()
});

/// The ASCII digit of the same value.
fn ascii_digit(character: char) -> Option<char> {
    let code = u32::from(character);
    let at = DIGITS.partition_point(|&(first, _)| first <= code).checked_sub(1)?;
    let (first, last) = *DIGITS.get(at)?;
    if code > last { None } else { char::from_digit((code - first) % 10, 10) }
}

/// Whether a character may change together with the one before it: marks, jamo that continue a syllable (also in
/// their compatibility and half-width forms), half-width voiced sound marks, and what is dropped.
fn joins_backward(character: char) -> bool {
    !character.is_ascii() && class(character) & JOINS != 0
}

/// Whether a character on its own, if it is in NFKC, needs no more than simple case folding.
fn is_plain(character: char) -> bool {
    class(character) & SPECIAL == 0
}

const JOINS: u8 = 1;
const SPECIAL: u8 = 2;

/// The classes of the basic plane, looked up once; others are rare in mail.
static CLASSES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    (0..=0xffff_u32).map(|code| char::from_u32(code).map_or(SPECIAL, compute_class)).collect()
});

fn class(character: char) -> u8 {
    CLASSES.get(character as usize).copied().unwrap_or_else(|| compute_class(character))
}

fn compute_class(character: char) -> u8 {
    let is_jamo = matches!(u32::from(character),
        0x1100..=0x11FF | 0x3131..=0x318E | 0xA960..=0xA97F | 0xD7B0..=0xD7FF | 0xFF9E..=0xFF9F | 0xFFA0..=0xFFDC);
    let is_ignorable = IGNORABLE.contains(character);
    let joins = is_jamo || is_ignorable || GeneralCategoryGroup::Mark.contains(CATEGORY.get(character));
    let is_read_otherwise = character == BLANK_BRAILLE || ascii_digit(character).is_some();
    let special = is_ignorable || is_read_otherwise || needs_full_folding(character);
    (if joins { JOINS } else { 0 }) | (if special { SPECIAL } else { 0 })
}

/// Whether full case folding may give more than one character.
fn needs_full_folding(character: char) -> bool {
    matches!(u32::from(character),
        0xDF | 0x130 | 0x149 | 0x1F0 | 0x390 | 0x3B0 | 0x587 | 0x1E96..=0x1E9E | 0x1F00..=0x1FFF | 0xFB00..=0xFB17)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same, a character at a time.
    fn one_by_one(eight: &[u8; 8], mut after_blank: bool) -> Option<bool> {
        for &byte in eight {
            if byte.is_ascii_whitespace() || byte == 0x0b {
                if byte != b' ' || after_blank {
                    return None;
                }
                after_blank = true;
            } else {
                after_blank = false;
            }
        }
        Some(after_blank)
    }

    #[test]
    fn eight_characters_are_words_where_each_of_them_says_so() {
        for place in 0..8 {
            for byte in 0..0x80_u8 {
                for next in [b'a', b' ', 0x7f, 0x00, b'\n'] {
                    let mut eight = *b"ab cd ef";
                    eight[place] = byte;
                    eight[(place + 1) % 8] = next;
                    for after_blank in [false, true] {
                        let together = only_words(u64::from_le_bytes(eight), after_blank);
                        assert_eq!(together, one_by_one(&eight, after_blank), "{eight:?} {after_blank}");
                    }
                }
            }
        }
    }
}
