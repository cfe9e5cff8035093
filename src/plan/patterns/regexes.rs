//! Regexes and globs: how they are written for normalised text, compiled, and what their walks may cost.

use crate::message::surface::{Form, fold, normalise};
use regex_automata::meta::Regex;
use regex_automata::{Input, util::syntax};
use regex_syntax::hir::Hir;
use std::ops::Range;

/// Bytes a regex may take compiled; the check refuses larger ones.
pub const REGEX_BYTES: usize = 10 << 20;
/// Bytes that lazily built states of a regex may take while it runs.
const REGEX_CACHE_BYTES: usize = 4 << 20;
/// Bytes that the walks of one regex over one text may add up to, beside [`WALKS`] times the text.
const WALK_BYTES: usize = 16 << 20;
/// See [`WALK_BYTES`].
const WALKS: usize = 64;
/// Bytes of each walk that are free. They cost at most so many times the text, and regexes whose matches are short never
/// run out of their budget.
const FREE_BYTES: usize = 128;

/// Compiles a regex within [`REGEX_BYTES`]; an error says why not, in words.
pub fn regex(pattern: &str, caseless: bool, dot_all: bool) -> Result<Regex, String> {
    compile(&parse(pattern, caseless, dot_all)?, REGEX_BYTES)
}

/// Parses a regex; an error says why not, in words.
pub(super) fn parse(pattern: &str, caseless: bool, dot_all: bool) -> Result<Hir, String> {
    let config = syntax::Config::new().case_insensitive(caseless).dot_matches_new_line(dot_all);
    syntax::parse_with(pattern, &config).map_err(|error| error.to_string())
}

/// Compiles a parsed regex within so many bytes; an error says why not, in words.
pub(super) fn compile(parsed: &Hir, bytes: usize) -> Result<Regex, String> {
    let config = Regex::config()
        .nfa_size_limit(Some(bytes))
        .onepass_size_limit(Some(REGEX_CACHE_BYTES))
        .dfa_size_limit(Some(REGEX_CACHE_BYTES))
        .hybrid_cache_capacity(REGEX_CACHE_BYTES);
    Regex::builder().configure(config).build_from_hir(parsed).map_err(|error| match error.size_limit() {
        Some(limit) => format!("the compiled pattern is larger than {}", amount(limit)),
        None => error.to_string(),
    })
}

/// Bytes in words.
pub(super) fn amount(bytes: usize) -> String {
    match bytes {
        0..=0x3ff => format!("{bytes} bytes"),
        0x400..=0xf_ffff => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

/// A regex as it must be written to meet a normalised surface: characters beyond ASCII become what the surface has in
/// their place (`ß` is `ss` in folded text, a full-width letter is a plain one). Classes stay as they are.
pub(super) fn in_form(pattern: &str, form: Form) -> String {
    if pattern.is_ascii() {
        return pattern.to_string();
    }
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut class_depth = 0_u32;
    let mut escaped = false;
    for character in pattern.chars() {
        if !character.is_ascii() && class_depth == 0 && !escaped {
            let text = character.to_string();
            let made = if form == Form::Folded { fold(&text) } else { normalise(&text) };
            match made.chars().count() {
                1 => out.push_str(&made),
                _ => out.push_str(&format!("(?:{})", escape(&made))),
            }
            continue;
        }
        match character {
            _ if escaped => {}
            '[' => class_depth += 1,
            ']' => class_depth = class_depth.saturating_sub(1),
            _ => {}
        }
        escaped = character == '\\' && !escaped;
        out.push(character);
    }
    out
}

/// A text as a regex that means just it.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii_punctuation() {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

/// A glob as a regex over the whole of a folded text: `*` any text, `?` one character, `[a-z]` and `[!a-z]` one of a
/// class. An unclosed `[` means itself.
pub(super) fn glob_to_regex(glob: &str) -> String {
    let folded = fold(glob);
    let mut out = String::from(r"\A(?:");
    let mut rest = folded.as_str();
    while let Some(character) = rest.chars().next() {
        let tail = rest.get(character.len_utf8()..).unwrap_or_default();
        rest = match character {
            '*' => {
                out.push_str(".*");
                tail
            }
            '?' => {
                out.push('.');
                tail
            }
            '[' => match glob_class(tail) {
                Some((class, after)) => {
                    out.push_str(&class);
                    after
                }
                None => {
                    out.push_str(r"\[");
                    tail
                }
            },
            other => {
                out.push_str(&escape(other.encode_utf8(&mut [0; 4])));
                tail
            }
        };
    }
    out.push_str(r")\z");
    out
}

/// The class that starts behind a `[`, as a regex, and what follows it.
fn glob_class(tail: &str) -> Option<(String, &str)> {
    let (negated, body) = match tail.strip_prefix(['!', '^']) {
        Some(body) => (true, body),
        None => (false, tail),
    };
    // A `]` that comes first is a member.
    let close = body.char_indices().skip(1).find(|&(_, character)| character == ']').map(|(at, _)| at)?;
    let (members, after) = (body.get(..close)?, body.get(close + 1..)?);
    let mut class = String::from(if negated { "[^" } else { "[" });
    for character in members.chars() {
        if character.is_ascii_punctuation() && character != '-' {
            class.push('\\');
        }
        class.push(character);
    }
    class.push(']');
    // A range written backwards is no class: the glob then means the characters.
    parse(&class, false, true).ok().map(|_| (class, after))
}

/// The leftmost match that starts at or after a place.
pub fn find_from(regex: &Regex, text: &str, from: usize) -> Option<Range<usize>> {
    regex.search(&Input::new(text).range(from..text.len())).map(|found| found.range())
}

/// The bytes of the longest match of a regex: it looks no further behind the start of one. `usize::MAX` where there is
/// no longest match, so that it may look on to the end of the text.
pub fn longest_match(pattern: &str, caseless: bool, dot_all: bool) -> usize {
    parse(pattern, caseless, dot_all).map_or(usize::MAX, |parsed| longest(&parsed))
}

/// The same of a parsed regex.
pub(super) fn longest(parsed: &Hir) -> usize {
    parsed.properties().maximum_len().unwrap_or(usize::MAX)
}

/// What the walks of a regex over a text may cost, so that no sender can make a search cost much more than the text is
/// long. A walk may look beyond the match that it finds: up to the longest match, or to the end of the text.
pub struct Budget {
    left: usize,
    length: usize,
    longest: usize,
}

impl Budget {
    /// The budget for one text of a regex with that longest match.
    pub fn new(longest: usize, text: &str) -> Budget {
        let length = text.len();
        Budget { left: length.saturating_mul(WALKS).saturating_add(WALK_BYTES), length, longest }
    }

    /// Pays for a walk from an offset on, where walks overlap; false where nothing is left for it.
    pub fn pays_from(&mut self, from: usize) -> bool {
        self.pays(self.longest.min(self.length.saturating_sub(from)))
    }

    /// Pays for what the walk to a match looked at behind it, where matches stand one behind the other; false where nothing
    /// is left for it.
    pub fn pays_behind(&mut self, found: &Range<usize>) -> bool {
        let rest = self.length.saturating_sub(found.end);
        self.pays(self.longest.saturating_sub(found.len()).min(rest))
    }

    fn pays(&mut self, bytes: usize) -> bool {
        let cost = bytes.saturating_sub(FREE_BYTES);
        let enough = self.left >= cost;
        self.left = self.left.saturating_sub(cost);
        enough
    }
}
