//! What text is searched for, compiled: one automaton for all literals of a set, and regexes one by one.
//!
//! Literals and words (of clauses, lists and dictionaries) are folded by the code that folds surfaces and go into one
//! Aho-Corasick automaton of the standard kind, searched with overlaps: no pattern hides another, whatever their order.
//! One pass over a text finds all of them, in time linear in the text and in what is found. Regexes are automata
//! without backtracking and run only when a clause asks. Every automaton has a size limit; over it, [`Patterns::new`]
//! names the pattern. Memory of a scan: a few numbers for each pattern that is found, not for each match.

use crate::language::hir::Pattern;
use crate::message::surface::{Form, Surface, fold, normalise};
use aho_corasick::{AhoCorasick, MatchKind};
use regex_automata::meta::Regex;
use regex_automata::{Input, util::syntax};
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

/// Bytes a regex may take compiled; the check refuses larger ones.
pub const REGEX_BYTES: usize = 10 << 20;
/// Bytes that lazily built states of a regex may take while it runs.
const REGEX_CACHE_BYTES: usize = 4 << 20;
/// Bytes the automaton of all literals may take.
pub const LITERAL_AUTOMATON_BYTES: usize = 1 << 30;
/// Places kept of one pattern in one text; all occurrences are counted.
pub const PLACES_KEPT: usize = 20;

/// Bytes that the walks of one regex over one text may add up to, beside [`WALKS`] times the text.
const WALK_BYTES: usize = 16 << 20;
/// See [`WALK_BYTES`].
const WALKS: usize = 64;

/// A pattern of a set, by position in its [`Patterns`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PatternId(pub u32);

impl PatternId {
    fn index(self) -> usize {
        self.0 as usize
    }
}

/// What was found of one pattern in one text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hits {
    /// Occurrences that do not overlap each other.
    pub total: u64,
    /// The first [`PLACES_KEPT`] of them, as byte ranges of the form that was searched.
    pub places: Vec<Range<usize>>,
    /// Whether the search gave up before the end of the text: there may be more.
    pub gave_up: bool,
    /// One past the last accepted occurrence.
    end: usize,
}

impl Hits {
    fn add(&mut self, range: Range<usize>) {
        // Occurrences of one pattern do not overlap: `aa` stands once in `aaa`.
        if self.total > 0 && range.start < self.end {
            return;
        }
        self.total += 1;
        self.end = range.end;
        if self.places.len() < PLACES_KEPT {
            self.places.push(range);
        }
    }
}

/// What the one pass over a text found: patterns that occur, with their hits.
#[derive(Debug, Default)]
pub struct Scan {
    hits: HashMap<PatternId, Hits>,
}

impl Scan {
    /// What was found of a literal or a word.
    pub fn hits(&self, pattern: PatternId) -> Option<&Hits> {
        self.hits.get(&pattern)
    }

    /// Every pattern that was found.
    pub fn iter(&self) -> impl Iterator<Item = (PatternId, &Hits)> {
        self.hits.iter().map(|(&pattern, hits)| (pattern, hits))
    }

    /// How many patterns were found.
    pub fn len(&self) -> usize {
        self.hits.len()
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.hits.is_empty()
    }
}

/// How one pattern is searched.
#[derive(Debug)]
enum Compiled {
    /// In the automaton of all literals.
    Literal,
    /// A literal without characters: it is everywhere.
    Empty,
    /// On its own.
    Regex {
        regex: Box<Regex>,
        form: Form,
    },
    Prefix(String),
    Suffix(String),
}

/// A pattern that is too large, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooLarge {
    /// Which; `None` is the automaton of all literals.
    pub pattern: Option<PatternId>,
    /// Why, in words.
    pub reason: String,
}

/// Collects the patterns of a set, each once.
#[derive(Debug, Default)]
pub struct PatternTable {
    all: Vec<Pattern>,
    known: HashMap<Pattern, PatternId>,
}

impl PatternTable {
    /// The number of a pattern, a new one where it is not known yet.
    pub fn intern(&mut self, pattern: &Pattern) -> PatternId {
        if let Some(&id) = self.known.get(pattern) {
            return id;
        }
        let id = PatternId(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        self.all.push(pattern.clone());
        self.known.insert(pattern.clone(), id);
        id
    }

    /// The number of a pattern that is known.
    pub fn find(&self, pattern: &Pattern) -> Option<PatternId> {
        self.known.get(pattern).copied()
    }

    /// How many patterns there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The pattern of a number.
    pub fn get(&self, id: PatternId) -> Option<&Pattern> {
        self.all.get(id.index())
    }
}

/// All patterns of a set, ready to search.
#[derive(Debug)]
pub struct Patterns {
    table: PatternTable,
    compiled: Vec<Compiled>,
    literals: Option<AhoCorasick>,
    /// For each pattern of the automaton, who wants it: as a literal, as a word (`true`).
    wanted: Vec<Vec<(PatternId, bool)>>,
}

impl Patterns {
    /// Compiles a table; gives it back where patterns of it are too large.
    pub fn new(table: PatternTable) -> Result<Patterns, (PatternTable, Vec<TooLarge>)> {
        let mut errors = Vec::new();
        let mut compiled = Vec::with_capacity(table.all.len());
        let mut texts: Vec<String> = Vec::new();
        let mut wanted: Vec<Vec<(PatternId, bool)>> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for (at, pattern) in table.all.iter().enumerate() {
            let id = PatternId(u32::try_from(at).unwrap_or(u32::MAX));
            match pattern {
                Pattern::Literal { text } | Pattern::Word { text } => {
                    let folded = fold(text);
                    if folded.is_empty() {
                        compiled.push(Compiled::Empty);
                        continue;
                    }
                    let place = *places.entry(folded).or_insert_with_key(|folded| {
                        texts.push(folded.clone());
                        wanted.push(Vec::new());
                        texts.len() - 1
                    });
                    if let Some(wanted) = wanted.get_mut(place) {
                        wanted.push((id, matches!(pattern, Pattern::Word { .. })));
                    }
                    compiled.push(Compiled::Literal);
                }
                Pattern::Prefix { text } => compiled.push(Compiled::Prefix(fold(text))),
                Pattern::Suffix { text } => compiled.push(Compiled::Suffix(fold(text))),
                Pattern::Regex { pattern, caseless, dot_all } => {
                    let form = if *caseless { Form::Folded } else { Form::Cased };
                    match regex(&in_form(pattern, form), *caseless, *dot_all) {
                        Ok(regex) => compiled.push(Compiled::Regex { regex: Box::new(regex), form }),
                        Err(reason) => {
                            compiled.push(Compiled::Empty);
                            errors.push(TooLarge { pattern: Some(id), reason });
                        }
                    }
                }
                Pattern::Glob { text } => match regex(&glob_to_regex(text), false, true) {
                    Ok(regex) => {
                        compiled.push(Compiled::Regex { regex: Box::new(regex), form: Form::Folded })
                    }
                    Err(reason) => {
                        compiled.push(Compiled::Empty);
                        errors.push(TooLarge { pattern: Some(id), reason });
                    }
                },
            }
        }
        let literals = match automaton(&texts) {
            Ok(literals) => literals,
            Err(reason) => {
                errors.push(TooLarge { pattern: None, reason });
                None
            }
        };
        if errors.is_empty() {
            Ok(Patterns { table, compiled, literals, wanted })
        } else {
            Err((table, errors))
        }
    }

    /// The table it was made of.
    pub fn table(&self) -> &PatternTable {
        &self.table
    }

    /// Whether a pattern is found by [`Patterns::scan`]; others are searched one by one with [`Patterns::search`].
    pub fn is_scanned(&self, pattern: PatternId) -> bool {
        matches!(self.compiled.get(pattern.index()), Some(Compiled::Literal))
    }

    /// The form of a surface in which a pattern is searched.
    pub fn form(&self, pattern: PatternId) -> Form {
        match self.compiled.get(pattern.index()) {
            Some(Compiled::Regex { form, .. }) => *form,
            _ => Form::Folded,
        }
    }

    /// One pass over a folded text for all literals and words.
    pub fn scan(&self, folded: &str) -> Scan {
        let mut scan = Scan::default();
        let Some(literals) = &self.literals else { return scan };
        for found in literals.find_overlapping_iter(folded) {
            let range = found.start()..found.end();
            for &(pattern, word) in self.wanted.get(found.pattern().as_usize()).into_iter().flatten() {
                if !word || is_word(folded, range.clone()) {
                    scan.hits.entry(pattern).or_default().add(range.clone());
                }
            }
        }
        scan
    }

    /// Whether any occurrence of any pattern is accepted. `accept` is asked of every one, also of those that overlap,
    /// with the form it was found in; the first that is accepted ends the search.
    pub(super) fn any_place(
        &self,
        surface: &Surface,
        mut accept: impl FnMut(Form, &Range<usize>) -> bool,
    ) -> bool {
        let folded = surface.folded();
        if let Some(literals) = &self.literals {
            for found in literals.find_overlapping_iter(folded) {
                let range = found.start()..found.end();
                let wanted = self.wanted.get(found.pattern().as_usize()).into_iter().flatten();
                let stands = wanted.into_iter().any(|&(_, word)| !word || is_word(folded, range.clone()));
                if stands && accept(Form::Folded, &range) {
                    return true;
                }
            }
        }
        (0_u32..).zip(&self.compiled).any(|(at, compiled)| match compiled {
            Compiled::Literal => false,
            Compiled::Regex { regex, form } => {
                let text = surface.text(*form);
                let mut budget = Budget::new(regex_may_run_on(self.table.get(PatternId(at))), text);
                let mut found = regex.find_iter(text).take_while(|found| budget.pays_from(found.end()));
                found.any(|found| accept(*form, &found.range()))
            }
            Compiled::Empty | Compiled::Prefix(_) | Compiled::Suffix(_) => {
                let hits = self.search(PatternId(at), surface);
                hits.places.iter().any(|place| accept(Form::Folded, place))
            }
        })
    }

    /// Searches a text for a pattern that is not in the one pass.
    pub fn search(&self, pattern: PatternId, surface: &Surface) -> Hits {
        let mut hits = Hits::default();
        match self.compiled.get(pattern.index()) {
            Some(Compiled::Regex { regex, form }) => {
                let text = surface.text(*form);
                let mut budget = Budget::new(regex_may_run_on(self.table.get(pattern)), text);
                for found in regex.find_iter(text) {
                    if !budget.pays_from(found.end()) {
                        hits.gave_up = true;
                        break;
                    }
                    // An empty match finds nothing that people could be shown, but it is a match.
                    hits.total += 1;
                    if hits.places.len() < PLACES_KEPT {
                        hits.places.push(found.range());
                    }
                }
            }
            Some(Compiled::Prefix(text)) if surface.folded().starts_with(text.as_str()) => {
                hits.add(0..text.len());
            }
            Some(Compiled::Suffix(text)) if surface.folded().ends_with(text.as_str()) => {
                let end = surface.folded().len();
                hits.add(end.saturating_sub(text.len())..end);
            }
            Some(Compiled::Empty) => hits.add(0..0),
            Some(Compiled::Prefix(_) | Compiled::Suffix(_) | Compiled::Literal) | None => {}
        }
        hits
    }
}

impl Patterns {
    /// The different texts that a pattern matches, folded; at most `most`.
    pub fn values(&self, pattern: PatternId, surface: &Surface, most: usize) -> BTreeSet<String> {
        match (self.compiled.get(pattern.index()), self.table.get(pattern)) {
            (Some(Compiled::Regex { regex, form }), _) => {
                let text = surface.text(*form);
                let mut values = BTreeSet::new();
                let mut budget = Budget::new(regex_may_run_on(self.table.get(pattern)), text);
                for found in regex.find_iter(text) {
                    if values.len() >= most || !budget.pays_from(found.end()) {
                        break;
                    }
                    values.insert(fold(text.get(found.range()).unwrap_or_default()));
                }
                values
            }
            (
                Some(_),
                Some(
                    Pattern::Literal { text }
                    | Pattern::Word { text }
                    | Pattern::Prefix { text }
                    | Pattern::Suffix { text },
                ),
            ) => BTreeSet::from([fold(text)]),
            _ => BTreeSet::new(),
        }
    }
}

fn automaton(texts: &[String]) -> Result<Option<AhoCorasick>, String> {
    if texts.is_empty() {
        return Ok(None);
    }
    let built = AhoCorasick::builder()
        .match_kind(MatchKind::Standard)
        .build(texts)
        .map_err(|error| format!("the automaton of all words and phrases cannot be built: {error}"))?;
    if built.memory_usage() > LITERAL_AUTOMATON_BYTES {
        let (taken, limit) = (built.memory_usage() >> 20, LITERAL_AUTOMATON_BYTES >> 20);
        return Err(format!(
            "the automaton of all words and phrases takes {taken} MiB, more than the limit of {limit} MiB"
        ));
    }
    Ok(Some(built))
}

/// Compiles a regex within [`REGEX_BYTES`]; an error says why not, in words.
pub fn regex(pattern: &str, caseless: bool, dot_all: bool) -> Result<Regex, String> {
    let config = Regex::config()
        .nfa_size_limit(Some(REGEX_BYTES))
        .onepass_size_limit(Some(REGEX_CACHE_BYTES))
        .dfa_size_limit(Some(REGEX_CACHE_BYTES))
        .hybrid_cache_capacity(REGEX_CACHE_BYTES);
    Regex::builder()
        .configure(config)
        .syntax(syntax::Config::new().case_insensitive(caseless).dot_matches_new_line(dot_all))
        .build(pattern)
        .map_err(|error| match (error.size_limit(), error.syntax_error()) {
            (Some(limit), _) => format!("the compiled pattern is larger than {} MiB", limit >> 20),
            (None, Some(error)) => error.to_string(),
            (None, None) => error.to_string(),
        })
}

/// A regex as it must be written to meet a normalised surface: characters beyond ASCII become what the surface has in
/// their place (`ß` is `ss` in folded text, a full-width letter is a plain one). Classes stay as they are.
fn in_form(pattern: &str, form: Form) -> String {
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
pub(super) fn escape(text: &str) -> String {
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
fn glob_to_regex(glob: &str) -> String {
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
    regex(&class, false, true).ok().map(|_| (class, after))
}

/// Whether a range of a text stands between word boundaries: where its edge is a character of a word, its neighbour is
/// none. Between characters of scripts that write no blanks (Han, Thai, …) there is always a boundary.
pub fn is_word(text: &str, range: Range<usize>) -> bool {
    let inside = text.get(range.clone()).unwrap_or_default();
    let before = text.get(..range.start).and_then(|head| head.chars().next_back());
    let after = text.get(range.end..).and_then(|tail| tail.chars().next());
    parted(before, inside.chars().next()) && parted(inside.chars().next_back(), after)
}

fn parted(left: Option<char>, right: Option<char>) -> bool {
    let (Some(left), Some(right)) = (left, right) else { return true };
    !(is_word_character(left) && is_word_character(right))
        || writes_no_blanks(left)
        || writes_no_blanks(right)
}

fn is_word_character(character: char) -> bool {
    character == '_' || character.is_alphanumeric() || matches!(u32::from(character), 0x300..=0x36F)
}

fn writes_no_blanks(character: char) -> bool {
    matches!(u32::from(character),
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF
        | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

/// The leftmost match that starts at or after a place.
pub(super) fn find_from(regex: &Regex, text: &str, from: usize) -> Option<Range<usize>> {
    regex.search(&Input::new(text).range(from..text.len())).map(|found| found.range())
}

/// Whether a regex may look on to the end of the text for each of its matches. One with a longest match looks no further
/// than that, and all its matches together cost one pass.
pub(super) fn regex_may_run_on(pattern: Option<&Pattern>) -> bool {
    let Some(Pattern::Regex { pattern, .. }) = pattern else { return false };
    syntax::parse(pattern).map_or(true, |parsed| parsed.properties().maximum_len().is_none())
}

/// What the walks of a regex over a text may cost, so that no sender can make a search quadratic.
pub(super) struct Budget {
    /// `None` where each walk is short.
    left: Option<usize>,
    length: usize,
}

impl Budget {
    pub(super) fn new(may_run_on: bool, text: &str) -> Budget {
        let length = text.len();
        let left = may_run_on.then(|| length.saturating_mul(WALKS).saturating_add(WALK_BYTES));
        Budget { left, length }
    }

    /// Pays for a walk from an offset on; false where nothing is left for it.
    pub(super) fn pays_from(&mut self, end: usize) -> bool {
        let Some(left) = &mut self.left else { return true };
        let cost = self.length.saturating_sub(end) + 1;
        let enough = *left >= cost;
        *left = left.saturating_sub(cost);
        enough
    }
}
