//! The patterns of a set, each once.

use super::PatternId;
use crate::language::hir::{DetectorId, Pattern};
use std::collections::HashMap;

/// A pattern that is too large, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooLarge {
    /// Which; without it and without a detector, all fixed texts together.
    pub pattern: Option<PatternId>,
    /// The detector whose pattern it is.
    pub detector: Option<DetectorId>,
    /// Why, in words.
    pub reason: String,
}

/// What a detector needs of a text, for the scan to say whether it is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guard {
    /// Regexes on cased text, one of which every find matches: pattern, caseless, `.` matches line breaks.
    pub candidates: Vec<(String, bool, bool)>,
    /// Of each of these, one must occur.
    pub near: Vec<Vec<Pattern>>,
}

/// Collects the patterns of a set, each once.
#[derive(Debug, Default)]
pub struct PatternTable {
    all: Vec<Pattern>,
    known: HashMap<Pattern, PatternId>,
    guards: Vec<Guard>,
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

    /// Says what the detectors of the set need, by their numbers.
    pub fn guard(&mut self, guards: Vec<Guard>) {
        self.guards = guards;
    }

    /// The number of a pattern that is known.
    pub fn find(&self, pattern: &Pattern) -> Option<PatternId> {
        self.known.get(pattern).copied()
    }

    /// The pattern of a number.
    pub fn get(&self, id: PatternId) -> Option<&Pattern> {
        self.all.get(id.index())
    }

    /// All patterns with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (PatternId, &Pattern)> {
        (0..).map(PatternId).zip(&self.all)
    }

    /// How many patterns there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn guards(&self) -> &[Guard] {
        &self.guards
    }
}
