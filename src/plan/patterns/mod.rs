//! What text is searched for, compiled for one pass.
//!
//! Everything that is a fixed text (literals, words, starts and ends of texts, entries of lists and dictionaries) is folded
//! by the code that folds surfaces and goes into one automaton ([`literals`]), and so do *atoms*: texts without which a
//! regex, a glob or a detector cannot match ([`atoms`]). One pass over the folded form of a text, linear in the text and
//! in what is found, says which literals and words occur and how often, and of which regexes an atom occurs. Only those
//! regexes run, on the form they are written for. Regexes without an atom share one lazy automaton for each form
//! ([`shared`]), and those of which it finds nothing do not run either. So a text costs one pass, another one for each form
//! in which regexes without atoms are asked, and what occurs.
//!
//! Every automaton has a budget ([`SearchBudgets`]); beyond it [`Patterns::with`] names the pattern. Memory of a scan: a few
//! numbers for each pattern that is found, not for each match; places are found again when somebody asks for them.

mod atoms;
mod budgets;
mod compile;
mod literals;
mod regexes;
mod shared;
mod table;
mod words;

pub use budgets::{AutomatonStatistics, SearchBudgets, SearchOptions, SearchStatistics, ServedBy, Serves};
pub use regexes::{Budget, REGEX_BYTES, escape, find_from, longest_match, regex};
pub use table::{Guard, PatternTable, TooLarge};
pub use words::is_word;

use crate::language::hir::{DetectorId, Pattern};
use crate::message::surface::{Form, Surface, fold};
use literals::{Literals, after_first, next};
use regex_automata::meta::Regex;
use shared::Shared;
use std::collections::BTreeSet;
use std::ops::{ControlFlow, Range};

/// Places kept of one pattern in one text; all occurrences are counted.
pub const PLACES_KEPT: usize = 20;

/// A pattern of a set, by position in its [`Patterns`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PatternId(pub u32);

impl PatternId {
    fn index(self) -> usize {
        self.0 as usize
    }
}

/// Something that a scan can mark: a pattern by its number, or behind all patterns a condition of a detector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(u32);

impl Key {
    fn index(self) -> usize {
        self.0 as usize
    }

    /// The pattern of that number; conditions of detectors have numbers that no pattern has.
    pub fn pattern(self) -> PatternId {
        PatternId(self.0)
    }
}

impl From<PatternId> for Key {
    fn from(pattern: PatternId) -> Key {
        Key(pattern.0)
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
}

impl Hits {
    fn add(&mut self, range: Range<usize>) {
        self.total += 1;
        if self.places.len() < PLACES_KEPT {
            self.places.push(range);
        }
    }
}

/// A literal or a word that occurs in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrence {
    /// Which.
    pub pattern: PatternId,
    /// How often; occurrences do not overlap each other.
    pub total: u64,
}

/// What the one pass over a text found.
#[derive(Debug, Clone, Default)]
pub struct Scan {
    found: Box<[Occurrence]>,
    marked: Box<[Key]>,
}

impl Scan {
    /// The literals and words that occur, each once, by number.
    pub fn occurrences(&self) -> &[Occurrence] {
        &self.found
    }

    /// How often a literal or a word occurs.
    pub fn total(&self, pattern: PatternId) -> u64 {
        let at = self.found.binary_search_by_key(&pattern, |found| found.pattern);
        at.ok().and_then(|at| self.found.get(at)).map_or(0, |found| found.total)
    }

    /// What else has a text of its own in the searched one, each once, by number.
    pub fn marked(&self) -> &[Key] {
        &self.marked
    }
}

/// How one pattern is searched.
#[derive(Debug)]
enum Compiled {
    /// In the automaton of all literals.
    Scanned,
    /// A literal without characters: it is everywhere.
    Empty,
    /// On its own, where something says that it may occur.
    Regex {
        regex: Box<Regex>,
        form: Form,
        /// Bytes of its longest match.
        longest: usize,
        service: Service,
    },
    Prefix(Box<str>),
    Suffix(Box<str>),
}

/// What says that a regex may occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    /// One of its atoms.
    Atoms,
    /// The lazy automaton of its form; `exact`: where it says so, the regex does occur.
    Shared { exact: bool },
    /// Nothing: it always runs.
    Alone,
}

/// What must be in a text so that a detector can find something.
#[derive(Debug, Default)]
struct Conditions {
    /// Each must be marked: by the one pass, or (`true`) else by the lazy automaton of cased text.
    all: Vec<(Key, bool)>,
}

/// All patterns of a set, ready to search.
#[derive(Debug)]
pub struct Patterns {
    table: PatternTable,
    compiled: Vec<Compiled>,
    literals: Literals,
    /// Of regexes without atoms: on folded and on cased text.
    folded: Option<Shared>,
    cased: Option<Shared>,
    /// The patterns that no scan for literals can rule out, sorted.
    unscanned: Vec<PatternId>,
    detectors: Vec<Conditions>,
}

impl Patterns {
    /// Compiles a table with all that makes it quick; gives it back where patterns of it are too large.
    pub fn new(table: PatternTable) -> Result<Patterns, (PatternTable, Vec<TooLarge>)> {
        Patterns::with(table, &SearchOptions::default())
    }

    /// The same within these budgets, and with what makes it quick or without.
    pub fn with(
        table: PatternTable,
        options: &SearchOptions,
    ) -> Result<Patterns, (PatternTable, Vec<TooLarge>)> {
        compile::compile(table, options)
    }

    /// The table it was made of.
    pub fn table(&self) -> &PatternTable {
        &self.table
    }

    /// Whether a pattern is found and counted by [`Patterns::scan`]; others are searched with [`Patterns::search`].
    pub fn is_scanned(&self, pattern: PatternId) -> bool {
        matches!(self.compiled.get(pattern.index()), Some(Compiled::Scanned))
    }

    /// The form of a surface in which a pattern is searched.
    pub fn form(&self, pattern: PatternId) -> Form {
        match self.compiled.get(pattern.index()) {
            Some(Compiled::Regex { form, .. }) => *form,
            _ => Form::Folded,
        }
    }

    /// One pass over a folded text for all literals and words, and for what must occur so that others may.
    pub fn scan(&self, folded: &str) -> Scan {
        self.literals.scan(folded)
    }

    /// Of the regexes that no fixed text announces: those that may occur in a text of that form, sorted. `None`: any
    /// may.
    pub fn scan_for_regexes(&self, form: Form, text: &str) -> Option<Box<[Key]>> {
        match self.shared(form) {
            Some(shared) => shared.scan(text),
            None => Some(Box::default()),
        }
    }

    fn shared(&self, form: Form) -> Option<&Shared> {
        match form {
            Form::Folded => self.folded.as_ref(),
            Form::Cased => self.cased.as_ref(),
        }
    }

    /// What says whether a pattern may occur.
    pub fn served_by(&self, pattern: PatternId) -> ServedBy {
        let in_scan = self.unscanned.binary_search(&pattern).is_err();
        match self.compiled.get(pattern.index()) {
            Some(Compiled::Scanned) => ServedBy::Scan,
            Some(Compiled::Prefix(_) | Compiled::Suffix(_)) if in_scan => ServedBy::Atoms,
            Some(Compiled::Regex { service: Service::Atoms, .. }) => ServedBy::Atoms,
            Some(Compiled::Regex { service: Service::Shared { exact }, form, .. }) => {
                ServedBy::SharedRegexes { form: *form, exact: *exact }
            }
            Some(Compiled::Regex { service: Service::Alone, .. } | Compiled::Empty)
            | Some(Compiled::Prefix(_) | Compiled::Suffix(_))
            | None => ServedBy::Itself,
        }
    }

    /// The patterns that [`Patterns::scan`] neither counts nor marks, sorted.
    pub fn unscanned(&self) -> &[PatternId] {
        &self.unscanned
    }

    /// What must be in a text so that a detector can find something in it: each key marked by [`Patterns::scan`], or
    /// (`true`) else named by [`Patterns::scan_for_regexes`] of its cased form.
    pub fn conditions(&self, detector: DetectorId) -> &[(Key, bool)] {
        self.detectors.get(detector.index()).map_or(&[], |conditions| &conditions.all)
    }

    /// Whether a pattern occurs in a text at all; to be asked of those that may.
    pub fn occurs(&self, pattern: PatternId, surface: &Surface) -> bool {
        match self.compiled.get(pattern.index()) {
            Some(Compiled::Regex { regex, form, .. }) => regex.is_match(surface.text(*form)),
            _ => self.search(pattern, surface).total > 0,
        }
    }

    /// All occurrences of one pattern in a text.
    pub fn search(&self, pattern: PatternId, surface: &Surface) -> Hits {
        let mut hits = Hits::default();
        let folded = surface.folded();
        match self.compiled.get(pattern.index()) {
            Some(Compiled::Scanned) => match self.table.get(pattern) {
                Some(Pattern::Word { text }) => each(folded, &fold(text), true, |range| hits.add(range)),
                Some(Pattern::Literal { text }) => each(folded, &fold(text), false, |range| hits.add(range)),
                _ => {}
            },
            Some(Compiled::Regex { regex, form, longest, .. }) => {
                let text = surface.text(*form);
                let mut budget = Budget::new(*longest, text);
                for found in regex.find_iter(text) {
                    if !budget.pays_behind(&found.range()) {
                        hits.gave_up = true;
                        break;
                    }
                    // An empty match finds nothing that people could be shown, but it is a match.
                    hits.add(found.range());
                }
            }
            Some(Compiled::Prefix(text)) if folded.starts_with(&**text) => hits.add(0..text.len()),
            Some(Compiled::Suffix(text)) if folded.ends_with(&**text) => {
                hits.add(folded.len().saturating_sub(text.len())..folded.len());
            }
            Some(Compiled::Empty) => hits.add(0..0),
            Some(Compiled::Prefix(_) | Compiled::Suffix(_)) | None => {}
        }
        hits
    }

    /// The first [`PLACES_KEPT`] places of each of some literals and words, sorted by number; one pass over the text.
    pub fn places(&self, scanned: &[PatternId], surface: &Surface) -> Vec<(PatternId, Range<usize>)> {
        let mut places = Vec::new();
        let mut seen = vec![(0_usize, 0_usize); scanned.len()];
        if scanned.is_empty() {
            return places;
        }
        let _ = self.literals.each_occurrence(surface.folded(), |key, range| {
            let pattern = key.pattern();
            if let Ok(at) = scanned.binary_search(&pattern)
                && let Some((kept, end)) = seen.get_mut(at)
                && *kept < PLACES_KEPT
                && range.start >= *end
            {
                *kept += 1;
                *end = range.end;
                places.push((pattern, range));
            }
            ControlFlow::Continue(())
        });
        places
    }

    /// Whether any occurrence of any pattern is accepted; `None` where a search gave up before. `accept` is asked of every
    /// one, of literals and words also of those that overlap, with the form it was found in; the first that is accepted ends
    /// the search.
    pub fn any_place(
        &self,
        surface: &Surface,
        mut accept: impl FnMut(Form, &Range<usize>) -> bool,
    ) -> Option<bool> {
        let in_scan =
            self.literals.each_occurrence(surface.folded(), |_, range| match accept(Form::Folded, &range) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            });
        if in_scan.is_break() {
            return Some(true);
        }
        let mut gave_up = false;
        let found = (0_u32..).map(PatternId).zip(&self.compiled).any(|(pattern, compiled)| match compiled {
            Compiled::Scanned => false,
            Compiled::Regex { regex, form, longest, .. } => {
                let text = surface.text(*form);
                let mut budget = Budget::new(*longest, text);
                let mut affordable = regex.find_iter(text).map(|found| found.range()).take_while(|found| {
                    let pays = budget.pays_behind(found);
                    gave_up |= !pays;
                    pays
                });
                affordable.any(|found| accept(*form, &found))
            }
            Compiled::Empty | Compiled::Prefix(_) | Compiled::Suffix(_) => {
                self.search(pattern, surface).places.iter().any(|place| accept(Form::Folded, place))
            }
        });
        (found || !gave_up).then_some(found)
    }

    /// The different texts that a pattern matches, folded; at most `most`.
    pub fn values(&self, pattern: PatternId, surface: &Surface, most: usize) -> BTreeSet<String> {
        match (self.compiled.get(pattern.index()), self.table.get(pattern)) {
            (Some(Compiled::Regex { regex, form, longest, .. }), _) => {
                let text = surface.text(*form);
                let mut values = BTreeSet::new();
                let mut budget = Budget::new(*longest, text);
                for found in regex.find_iter(text) {
                    if values.len() >= most || !budget.pays_behind(&found.range()) {
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

/// Gives the occurrences of one folded text that do not overlap each other.
fn each(folded: &str, text: &str, word: bool, mut take: impl FnMut(Range<usize>)) {
    let mut from = 0;
    while let Some(range) = next(folded, text, from).filter(|_| !text.is_empty()) {
        if word && !is_word(folded, range.clone()) {
            from = after_first(folded, range.start);
        } else {
            from = range.end;
            take(range);
        }
    }
}
