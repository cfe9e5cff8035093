//! What a set brings to every search.

use crate::language::hir::{Hir, ListId};
use crate::plan::detectors::CompiledDetector;
use crate::plan::lower::list_patterns;
use crate::plan::patterns::{PatternId, PatternTable, Patterns};
use std::collections::BTreeSet;

/// The entries of a dictionary or a list, by pattern.
#[derive(Debug, Default)]
pub struct EntryTable {
    /// Each pattern once, sorted.
    patterns: Vec<PatternId>,
    /// Sorted by pattern.
    entries: Vec<Entry>,
}

/// An entry with its weight and how often it counts at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) pattern: PatternId,
    pub(super) weight: i64,
    pub(super) at_most: Option<u32>,
}

impl EntryTable {
    /// A table of patterns with weights and how often each counts at most.
    pub fn new(entries: impl IntoIterator<Item = (PatternId, i64, Option<u32>)>) -> EntryTable {
        let entries = entries.into_iter();
        let mut entries: Vec<Entry> =
            entries.map(|(pattern, weight, at_most)| Entry { pattern, weight, at_most }).collect();
        entries.sort_by_key(|entry| entry.pattern);
        let mut patterns: Vec<PatternId> = entries.iter().map(|entry| entry.pattern).collect();
        patterns.dedup();
        EntryTable { patterns, entries }
    }

    /// Its patterns, each once, sorted.
    pub fn patterns(&self) -> &[PatternId] {
        &self.patterns
    }

    /// Bytes it takes.
    pub fn bytes(&self) -> usize {
        size_of_val(self.patterns.as_slice()) + size_of_val(self.entries.as_slice())
    }

    /// Whether an entry adds, and whether one takes away.
    pub fn signs(&self) -> (bool, bool) {
        (self.entries.iter().any(|entry| entry.weight > 0), self.entries.iter().any(|entry| entry.weight < 0))
    }

    /// What patterns with their counts are worth: an entry counts at most so often as it says, or as `at_most` does.
    pub(super) fn worth(&self, counts: &[(PatternId, u64)], at_most: Option<u32>) -> i64 {
        counts.iter().fold(0_i64, |sum, &(pattern, count)| {
            let from = self.entries.partition_point(|entry| entry.pattern < pattern);
            let entries = self.entries.get(from..).unwrap_or_default();
            entries.iter().take_while(|entry| entry.pattern == pattern).fold(sum, |sum, entry| {
                let most = [entry.at_most, at_most].into_iter().flatten().min().map_or(u64::MAX, u64::from);
                let count = i64::try_from(count.min(most)).unwrap_or(i64::MAX);
                sum.saturating_add(entry.weight.saturating_mul(count))
            })
        })
    }
}

/// What a set brings to every search.
#[derive(Debug, Clone, Copy)]
pub struct Tables<'a> {
    /// The set.
    pub hir: &'a Hir,
    /// Its patterns.
    pub patterns: &'a Patterns,
    /// Its dictionaries.
    pub dictionaries: &'a [EntryTable],
    /// Its lists.
    pub lists: &'a [EntryTable],
    /// Its detectors.
    pub detectors: &'a [CompiledDetector],
}

/// Tables of all dictionaries and lists of a set; entries that are searched nowhere are in none.
pub fn entry_tables(
    hir: &Hir,
    searched: &BTreeSet<ListId>,
    patterns: &PatternTable,
) -> (Vec<EntryTable>, Vec<EntryTable>) {
    let dictionaries = hir.dictionaries.iter().map(|dictionary| {
        let entries = dictionary.entries.iter();
        EntryTable::new(
            entries.filter_map(|entry| Some((patterns.find(&entry.pattern)?, entry.weight, entry.at_most))),
        )
    });
    let lists = (0..).map(ListId).zip(&hir.lists).map(|(id, list)| {
        let texts = searched.contains(&id).then(|| list_patterns(&list.entries));
        let texts = texts.into_iter().flatten();
        EntryTable::new(texts.filter_map(|pattern| Some((patterns.find(&pattern)?, 1, None))))
    });
    (dictionaries.collect(), lists.collect())
}
