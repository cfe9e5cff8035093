//! What patterns cost, measured while messages are judged. Nothing is measured unless somebody asks.

use crate::language::hir::DetectorId;
use crate::plan::patterns::PatternId;
use std::collections::BTreeMap;

/// What one pattern or detector cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PatternCost {
    /// Texts in which it was searched itself, since it might occur.
    pub searched: u64,
    /// Bytes of these texts.
    pub bytes: u64,
    /// Texts in which it occurred.
    pub occurred: u64,
}

/// What the searches of messages cost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchCosts {
    /// Texts that the one pass went over.
    pub scans: u64,
    /// Bytes of these texts.
    pub scanned_bytes: u64,
    /// Texts that a lazy automaton of regexes went over.
    pub regex_scans: u64,
    /// Of these, where it gave up, so that every regex was searched itself.
    pub gave_up: u64,
    /// For each pattern that occurred or was searched itself.
    pub patterns: BTreeMap<PatternId, PatternCost>,
    /// For each detector that was searched for.
    pub detectors: BTreeMap<DetectorId, PatternCost>,
}

impl SearchCosts {
    /// Adds what other messages cost.
    pub fn add(&mut self, other: &SearchCosts) {
        self.scans += other.scans;
        self.scanned_bytes += other.scanned_bytes;
        self.regex_scans += other.regex_scans;
        self.gave_up += other.gave_up;
        for (&pattern, cost) in &other.patterns {
            self.patterns.entry(pattern).or_default().add(cost);
        }
        for (&detector, cost) in &other.detectors {
            self.detectors.entry(detector).or_default().add(cost);
        }
    }
}

impl PatternCost {
    fn add(&mut self, other: &PatternCost) {
        self.searched += other.searched;
        self.bytes += other.bytes;
        self.occurred += other.occurred;
    }

    /// Notes one search of a text of so many bytes.
    pub(super) fn note(&mut self, bytes: usize, occurred: bool) {
        self.searched += 1;
        self.bytes += bytes as u64;
        self.occurred += u64::from(occurred);
    }
}
