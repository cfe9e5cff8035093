//! What searching may take, and what it takes.

use super::{Compiled, Patterns, REGEX_BYTES};
use crate::language::hir::DetectorId;
use crate::message::surface::Form;
use serde::Serialize;
use std::fmt;

/// What the automata of a set may take. Beyond a budget is an error that names the pattern; only beyond
/// [`SearchBudgets::dense_bytes`] another automaton is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchBudgets {
    /// Fixed texts of one set, atoms included.
    pub literals: usize,
    /// Bytes of their automaton.
    pub literal_bytes: usize,
    /// Bytes of the table up to which it is a DFA.
    pub dense_bytes: usize,
    /// Bytes of one regex.
    pub regex_bytes: usize,
    /// Bytes of the automaton of all regexes of one form without an atom.
    pub shared_bytes: usize,
    /// Bytes of its lazy states, for each thread that searches.
    pub shared_cache_bytes: usize,
}

impl SearchBudgets {
    /// What sets get.
    pub const DEFAULT: SearchBudgets = SearchBudgets {
        literals: 2_000_000,
        literal_bytes: 512 << 20,
        dense_bytes: 16 << 20,
        regex_bytes: REGEX_BYTES,
        shared_bytes: 64 << 20,
        shared_cache_bytes: 4 << 20,
    };
}

impl Default for SearchBudgets {
    fn default() -> SearchBudgets {
        SearchBudgets::DEFAULT
    }
}

/// How patterns are compiled. What is switched off changes what a search costs and nothing of what it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchOptions {
    /// Regexes run only where a scan says that they may occur.
    pub prefilter: bool,
    /// Every pattern is searched on its own.
    pub one_by_one: bool,
    /// What it may take.
    pub budgets: SearchBudgets,
}

impl Default for SearchOptions {
    fn default() -> SearchOptions {
        SearchOptions { prefilter: true, one_by_one: false, budgets: SearchBudgets::DEFAULT }
    }
}

/// What says whether a pattern may occur in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServedBy {
    /// The one pass finds and counts it.
    Scan,
    /// The one pass finds a text without which it does not occur; then it is searched itself.
    Atoms,
    /// The lazy automaton of the regexes without such a text finds that it may occur or (`exact`) does.
    #[expect(missing_docs, reason = "the line above shows the fields in use")]
    SharedRegexes { form: Form, exact: bool },
    /// It is searched itself in every text.
    Itself,
}

impl fmt::Display for ServedBy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            ServedBy::Scan => "found in the one pass over folded text",
            ServedBy::Atoms => "searched where a text that it needs was found",
            ServedBy::SharedRegexes { form: Form::Folded, .. } => {
                "found by the regex automaton of folded text"
            }
            ServedBy::SharedRegexes { form: Form::Cased, .. } => "found by the regex automaton of cased text",
            ServedBy::Itself => "searched in every text on its own",
        })
    }
}

/// What an automaton of several patterns finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Serves {
    /// Words, phrases, and texts without which regexes and detectors find nothing.
    Texts,
    /// Which regexes without such a text may occur in texts of a form.
    Regexes(Form),
}

/// One automaton.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AutomatonStatistics {
    /// What it finds.
    #[serde(skip)]
    pub serves: Serves,
    /// The same in words.
    pub purpose: &'static str,
    /// What it is, in words: a DFA, a contiguous NFA, a lazy DFA, or none (`one by one`).
    pub kind: &'static str,
    /// Texts or regexes in it.
    pub patterns: usize,
    /// Its states; of a lazy automaton those that its own are sets of.
    pub states: usize,
    /// Bytes it takes; of a lazy automaton with the states it starts with.
    pub bytes: usize,
}

/// What a set is searched by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchStatistics {
    /// Its automata of several patterns.
    pub automata: Vec<AutomatonStatistics>,
    /// Patterns, each counted once whoever asks for it.
    pub patterns: usize,
    /// Of these: literals and words, which the one pass finds.
    pub scanned: usize,
    /// Regexes, globs, starts and ends that run where a text that they need was found.
    pub with_atoms: usize,
    /// Regexes that share a lazy automaton.
    pub shared: usize,
    /// Patterns that are searched in every text on their own.
    pub alone: usize,
    /// Bytes of the regexes that are searched on their own, beside the lazy states of each.
    pub regex_bytes: usize,
}

impl Patterns {
    /// What the set is searched by.
    pub fn statistics(&self) -> SearchStatistics {
        let mut statistics =
            SearchStatistics { patterns: self.compiled.len(), ..SearchStatistics::default() };
        for (pattern, _) in self.table.iter() {
            *match self.served_by(pattern) {
                ServedBy::Scan => &mut statistics.scanned,
                ServedBy::Atoms => &mut statistics.with_atoms,
                ServedBy::SharedRegexes { .. } => &mut statistics.shared,
                ServedBy::Itself => &mut statistics.alone,
            } += 1;
        }
        statistics.regex_bytes = self.compiled.iter().map(Compiled::bytes).sum();
        if self.literals.texts() > 0 {
            statistics.automata.push(AutomatonStatistics {
                serves: Serves::Texts,
                purpose: "words, phrases, and texts without which a regular expression or detector finds nothing",
                kind: self.literals.kind(),
                patterns: self.literals.texts(),
                states: self.literals.states(),
                bytes: self.literals.bytes(),
            });
        }
        let shared = [
            (&self.folded, Form::Folded, "other regular expressions with `i`, and `like`"),
            (&self.cased, Form::Cased, "other regular expressions without `i`, and other detectors"),
        ];
        for (shared, form, purpose) in shared {
            let Some(shared) = shared else { continue };
            statistics.automata.push(AutomatonStatistics {
                serves: Serves::Regexes(form),
                purpose,
                kind: "lazy DFA",
                patterns: shared.len(),
                states: shared.states(),
                bytes: shared.bytes(),
            });
        }
        statistics
    }

    /// Bytes of all automata and regexes.
    pub fn bytes(&self) -> usize {
        let statistics = self.statistics();
        statistics.automata.iter().map(|automaton| automaton.bytes).sum::<usize>() + statistics.regex_bytes
    }

    /// The automata that say whether a detector may find something.
    pub fn serving(&self, detector: DetectorId) -> impl Iterator<Item = Serves> {
        self.conditions(detector).iter().flat_map(|&(_, shared)| {
            [Some(Serves::Texts), shared.then_some(Serves::Regexes(Form::Cased))].into_iter().flatten()
        })
    }
}

impl Compiled {
    fn bytes(&self) -> usize {
        match self {
            Compiled::Regex { regex, .. } => regex.memory_usage(),
            Compiled::Prefix(text) | Compiled::Suffix(text) => text.len(),
            Compiled::Scanned | Compiled::Empty => 0,
        }
    }
}
