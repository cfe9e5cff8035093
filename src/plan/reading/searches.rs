//! What texts are searched for, and by which automata.

use crate::language::hir::DetectorId;
use crate::plan::ir::{Node, NodeId, Sought};
use crate::plan::patterns::{AutomatonStatistics, PatternId, ServedBy, Serves};
use crate::plan::{Plan, patterns_of};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What texts are searched for, and what that takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Searches {
    /// The automata of several patterns.
    pub automata: Vec<AutomatonStatistics>,
    /// The texts that are searched, by name.
    pub texts: Vec<SearchedText>,
    /// Regexes and globs that run on their own, where something says that they may occur.
    pub regexes: usize,
    /// Patterns for which every text is searched on their own.
    pub alone: usize,
    /// Detectors.
    pub detectors: usize,
    /// Bytes of the regexes of `regexes` and `alone`, and of the detectors.
    pub regex_bytes: usize,
}

/// A text that is searched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SearchedText {
    /// The text as policies write it.
    pub text: String,
    /// Words and phrases that it is searched for.
    pub words: usize,
    /// Regexes, globs, starts and ends.
    pub regexes: usize,
    /// Detectors.
    pub detectors: usize,
    /// The automata that read it, by position.
    pub automata: Vec<usize>,
}

impl Searches {
    /// Bytes of all automata, regexes and detectors.
    pub fn bytes(&self) -> usize {
        self.automata.iter().map(|automaton| automaton.bytes).sum::<usize>() + self.regex_bytes
    }
}

/// What a text is searched for.
#[derive(Default)]
struct Wanted {
    patterns: BTreeSet<PatternId>,
    detectors: BTreeSet<DetectorId>,
}

impl Plan {
    /// What texts are searched for.
    pub(super) fn searches(&self) -> Searches {
        let statistics = self.patterns().statistics();
        let mut texts: BTreeMap<String, Wanted> = BTreeMap::new();
        for at in 0..self.graph().len() {
            let node = NodeId(u32::try_from(at).unwrap_or(u32::MAX));
            let dictionary;
            let (subject, sought) = match self.graph().node(node) {
                Node::Match { subject, sought } | Node::Count { subject, sought, .. } => (*subject, sought),
                Node::Score { subject, dictionary: scored, .. } => {
                    dictionary = Sought::Dictionary(*scored);
                    (*subject, &dictionary)
                }
                _ => continue,
            };
            let wanted = texts.entry(self.describe(subject)).or_default();
            wanted.patterns.extend(patterns_of(self.hir(), self.patterns().table(), sought));
            if let Sought::Detector(detector) = sought {
                wanted.detectors.insert(*detector);
            }
        }
        let detector_bytes = self.detectors.iter().map(|detector| detector.bytes()).sum::<usize>();
        Searches {
            texts: texts
                .into_iter()
                .map(|(text, wanted)| self.searched_text(text, &wanted, &statistics.automata))
                .collect(),
            regexes: statistics.with_atoms + statistics.shared,
            alone: statistics.alone,
            detectors: self.detectors.len(),
            regex_bytes: statistics.regex_bytes + detector_bytes,
            automata: statistics.automata,
        }
    }

    fn searched_text(&self, text: String, wanted: &Wanted, automata: &[AutomatonStatistics]) -> SearchedText {
        let is_word = |pattern: &&PatternId| self.patterns().is_scanned(**pattern);
        let words = wanted.patterns.iter().filter(is_word).count();
        let of_patterns = wanted.patterns.iter().filter_map(|&pattern| {
            Some(match self.patterns().served_by(pattern) {
                ServedBy::Scan | ServedBy::Atoms => Serves::Texts,
                ServedBy::SharedRegexes { form, .. } => Serves::Regexes(form),
                ServedBy::Itself => return None,
            })
        });
        let of_detectors = wanted.detectors.iter().flat_map(|&detector| self.patterns().serving(detector));
        let serving: Vec<Serves> = of_patterns.chain(of_detectors).collect();
        SearchedText {
            text,
            words,
            regexes: wanted.patterns.len() - words,
            detectors: wanted.detectors.len(),
            automata: (0..automata.len())
                .filter(|&at| automata.get(at).is_some_and(|one| serving.contains(&one.serves)))
                .collect(),
        }
    }
}
