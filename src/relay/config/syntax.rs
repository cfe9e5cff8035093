//! The text as TOML: every place where it is none, and what can still be read beside them.

use super::codes;
use super::reader::{Reader, shown};
use crate::base::diagnostic::{Diagnostic, Label};
use crate::base::source::Span;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use toml::de::{DeTable, Error};

/// Places that are no TOML, of which more are not looked at: each needs its line.
const LOOKED_AT: usize = 500;
/// How often a text is read again without the lines that are no TOML: behind some of them nothing is read.
const ROUNDS: usize = 20;
/// Bytes of a text that is read again; larger ones would take long.
const READ_AGAIN_BYTES: usize = 64 << 10;

/// What of a text is TOML.
pub(super) struct Parsed<'t> {
    /// The text; lines that are no TOML are blank, so that every place is where it was.
    pub(super) text: Cow<'t, str>,
    /// Lines, counted from 0, that are no TOML.
    broken: BTreeSet<usize>,
}

/// Looks for the places of a text where it is no TOML and tells of them. `None` where nothing else can be said of it.
pub(super) fn parse<'t>(text: &'t str, reader: &mut Reader) -> Option<Parsed<'t>> {
    let mut parsed = Parsed { text: Cow::Borrowed(text), broken: BTreeSet::new() };
    let mut is_heading_broken = false;
    for _ in 0..ROUNDS {
        let (_, errors) = DeTable::parse_recoverable(&parsed.text);
        let mut to_blank = BTreeMap::new();
        let mut is_below_doubled = None;
        for error in errors.iter().take(LOOKED_AT) {
            let range = error.span().unwrap_or(0..0);
            let range = range.start.min(text.len())..range.end.min(text.len());
            let line = Line::of(text, range.start);
            // One mistake of a line leads to others, and so does a section that is there already.
            let is_doubled = error.message().starts_with("duplicate key");
            let follows =
                is_below_doubled == Some(line.section(text)) && is_doubled && !line.is_heading(text);
            if line.is_heading(text) {
                is_heading_broken |= !is_doubled;
                is_below_doubled = is_doubled.then(|| line.section(text));
            }
            if !is_doubled && line.is_plain(text) && !line.text(&parsed.text).trim().is_empty() {
                to_blank.insert(line.number, line);
            }
            if !follows && parsed.broken.insert(line.number) {
                reader.push(finding(text, error, reader.span(range)));
            }
        }
        if to_blank.is_empty() || text.len() > READ_AGAIN_BYTES {
            break;
        }
        parsed.text =
            Cow::Owned(to_blank.values().fold(parsed.text.to_string(), |text, line| line.blank(&text)));
    }
    (!is_heading_broken).then_some(parsed)
}

fn finding(text: &str, error: &Error, span: Span) -> Diagnostic {
    let words = error.message().lines().next().unwrap_or("").trim();
    let written = text.get(span.range()).unwrap_or("").trim();
    if words.starts_with("duplicate key") {
        let finding =
            Diagnostic::error(codes::DUPLICATE, span, format!("`{}` is there already", shown(written)));
        return finding.help(
            "take one of them out; a section that there may be several of is written `[[…]]` each time",
        );
    }
    if words.starts_with("string values must be quoted") && !written.is_empty() {
        let mended = toml::Value::String(written.to_string()).to_string();
        return Diagnostic::error(codes::SYNTAX, span, format!("`{}` stands without quotes", shown(written)))
            .help(format!("write `{}`; only numbers, `true` and `false` stand without", shown(&mended)))
            .fix(span, mended, "put it in quotes");
    }
    if words.starts_with("key with no value") {
        return Diagnostic::error(codes::SYNTAX, span, "there is no `=` behind the key")
            .help("a line is `key = value`; a section begins with `[name]`, a comment with `#`");
    }
    Diagnostic::error(codes::SYNTAX, span, format!("this is not TOML: {}", shown(words))).help(
        "a line is `key = value`, text stands in `\"…\"`, lists in `[…]`; a section begins with `[name]`",
    )
}

impl Parsed<'_> {
    /// Leaves out what is only wrong because the text is no TOML elsewhere: what was missed, and what the broken lines
    /// became.
    pub(super) fn leave_out_what_follows(&self, reader: &mut Reader) {
        if self.broken.is_empty() {
            return;
        }
        let alone = [codes::UNKNOWN_KEY, codes::KIND, codes::WORD, codes::UNIT, codes::RANGE, codes::FORM];
        let is_broken = |label: &Label| {
            let line = Line::of(&self.text, label.span.start as usize);
            self.broken.contains(&line.number)
        };
        reader.retain(|finding| match finding.code {
            codes::SYNTAX | codes::TOO_MANY => true,
            // Of what is there twice, this is the one that the text itself says.
            codes::DUPLICATE => is_broken(&finding.primary),
            code => alone.contains(&code) && !is_broken(&finding.primary),
        });
    }
}

/// A line of a text.
#[derive(Debug, Clone, Copy)]
struct Line {
    /// Counted from 0.
    number: usize,
    start: usize,
    end: usize,
}

impl Line {
    /// The line of an offset.
    fn of(text: &str, offset: usize) -> Line {
        let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
        let number = memchr::memchr_iter(b'\n', before).count();
        let start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let behind = text.as_bytes().get(start..).unwrap_or_default();
        Line { number, start, end: start + memchr::memchr(b'\n', behind).unwrap_or(behind.len()) }
    }

    fn text(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or("")
    }

    fn is_heading(self, text: &str) -> bool {
        self.text(text).trim_start().starts_with('[')
    }

    /// Whether the line can be left out without breaking those after it.
    fn is_plain(self, text: &str) -> bool {
        !self.text(text).contains(['[', ']', '{', '}'])
            && !self.text(text).contains("\"\"\"")
            && !self.text(text).contains("'''")
    }

    /// Where the section of the line begins.
    fn section(self, text: &str) -> usize {
        let before = text.get(..self.end).unwrap_or("");
        if before.starts_with('[') && !before.contains("\n[") {
            0
        } else {
            before.rfind("\n[").map_or(0, |at| at + 1)
        }
    }

    /// The text with blanks in place of the line.
    fn blank(self, text: &str) -> String {
        let blanks = " ".repeat(self.end - self.start);
        let (before, behind) = (text.get(..self.start).unwrap_or(""), text.get(self.end..).unwrap_or(""));
        format!("{before}{blanks}{behind}")
    }
}
