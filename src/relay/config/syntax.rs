//! The text as TOML: every place where it is none, and what can still be read beside them.

use super::codes;
use super::reader::{Reader, shown};
use crate::base::diagnostic::Diagnostic;
use toml::Spanned;
use toml::de::DeTable;

/// Places that are no TOML, of which more are not looked at: each needs its line.
const LOOKED_AT: usize = 500;

/// What could be read.
pub(super) struct Parsed<'t> {
    /// The keys and sections.
    pub(super) table: Spanned<DeTable<'t>>,
    /// Lines, counted from 0, that are no TOML.
    broken: Vec<usize>,
}

/// Reads a text; tells of every place where it is no TOML. `None` where nothing else can be said of it.
pub(super) fn parse<'t>(text: &'t str, reader: &mut Reader) -> Option<Parsed<'t>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut broken: Vec<usize> = Vec::new();
    let mut is_heading_broken = false;
    for error in errors.iter().take(LOOKED_AT) {
        let range = error.span().unwrap_or(0..0);
        let range = range.start.min(text.len())..range.end.min(text.len());
        let (line, start) = line_of(text, range.start);
        is_heading_broken |= text.get(start..).is_some_and(|rest| rest.trim_start().starts_with('['));
        // One mistake of a line leads to others.
        if broken.contains(&line) {
            continue;
        }
        broken.push(line);
        let words = error.message().lines().next().unwrap_or("").trim();
        let span = reader.span(range);
        reader.push(match words.strip_prefix("duplicate key") {
            Some(_) => Diagnostic::error(codes::DUPLICATE, span, "the key is there already")
                .help("take one of them out; a section that there may be several of is written `[[…]]` each time"),
            None => Diagnostic::error(codes::SYNTAX, span, format!("this is not TOML: {}", shown(words)))
                .help("a line is `key = value`, text stands in `\"…\"`, lists in `[…]`; a section begins with `[name]`"),
        });
    }
    (!is_heading_broken).then_some(Parsed { table, broken })
}

impl Parsed<'_> {
    /// Leaves out what is only wrong because the text is no TOML elsewhere: what was missed, and what the broken lines
    /// became.
    pub(super) fn leave_out_what_follows(&self, text: &str, reader: &mut Reader) {
        if self.broken.is_empty() {
            return;
        }
        let alone = [codes::UNKNOWN_KEY, codes::KIND, codes::WORD, codes::UNIT, codes::RANGE, codes::FORM];
        reader.retain(|finding| {
            let (line, _) = line_of(text, finding.primary.span.start as usize);
            let is_syntax = matches!(finding.code, codes::SYNTAX | codes::DUPLICATE | codes::TOO_MANY);
            is_syntax || (alone.contains(&finding.code) && !self.broken.contains(&line))
        });
    }
}

/// The line of an offset, counted from 0, and where it begins.
fn line_of(text: &str, offset: usize) -> (usize, usize) {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    let line = memchr::memchr_iter(b'\n', before).count();
    let start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    (line, start)
}
