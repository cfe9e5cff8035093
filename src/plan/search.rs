//! Searching and counting in the text of one message.
//!
//! Text is a tree of surfaces: what adds up, and alternatives of one letter. Every surface is scanned once for all
//! literals of the set, and regexes and detectors run on it once when first asked; the results are kept for as long as
//! the message is judged. Counting follows the tree: sums (of different values: unions) over what adds up, the largest
//! of alternatives. Cost of a count: the surfaces of the subject times the patterns that occur in them.

use super::detectors::{CompiledDetector, Findings, VALUES_KEPT};
use super::ir::Sought;
use super::patterns::{Hits, PatternId, Patterns, Scan};
use super::verdict::{CONTEXT_CHARS, MatchEvidence, TEXT_CHARS};
use crate::language::hir::{DetectorId, Hir, ListId, Pattern};
use crate::message::surface::{Form, Surface, fold};
use crate::message::{Message, Source, SurfaceId, TextTree};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

/// The entries of a dictionary or a list, by what can be looked up in a scan and what runs on its own.
#[derive(Debug, Default)]
pub struct EntryTable {
    entries: Vec<Entry>,
    scanned: HashMap<PatternId, Vec<usize>>,
    single: Vec<usize>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    pattern: PatternId,
    weight: i64,
    at_most: Option<u32>,
}

impl EntryTable {
    /// A table of patterns with weights and how often each counts at most.
    pub fn new(
        entries: impl IntoIterator<Item = (PatternId, i64, Option<u32>)>,
        patterns: &Patterns,
    ) -> EntryTable {
        let mut table = EntryTable::default();
        for (at, (pattern, weight, at_most)) in entries.into_iter().enumerate() {
            table.entries.push(Entry { pattern, weight, at_most });
            if patterns.is_scanned(pattern) {
                table.scanned.entry(pattern).or_default().push(at);
            } else {
                table.single.push(at);
            }
        }
        table
    }

    /// Whether an entry adds, and whether one takes away.
    pub fn signs(&self) -> (bool, bool) {
        (self.entries.iter().any(|entry| entry.weight > 0), self.entries.iter().any(|entry| entry.weight < 0))
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

/// One text that is searched: a surface of the message, or a text of its own such as a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Leaf {
    /// Of the message.
    Surface(SurfaceId),
    /// By position among the searcher's own.
    Own(u32),
}

/// What is searched.
#[derive(Debug, Clone)]
pub enum Subject<'a> {
    /// Text of the message.
    Tree(&'a TextTree),
    /// Texts of their own; they add up, equal ones too.
    Texts(Vec<Leaf>),
}

impl Subject<'_> {
    /// Every text in it, each once.
    pub fn leaves(&self) -> Vec<Leaf> {
        match self {
            Subject::Tree(tree) => tree.leaves().into_iter().map(Leaf::Surface).collect(),
            Subject::Texts(leaves) => {
                let mut seen = HashSet::new();
                leaves.iter().copied().filter(|leaf| seen.insert(*leaf)).collect()
            }
        }
    }

    /// Folds over the tree: `add` for what adds up, `choose` for alternatives.
    fn fold<T>(
        &self,
        leaf: &mut impl FnMut(Leaf) -> T,
        add: &impl Fn(Vec<T>) -> T,
        choose: &impl Fn(Vec<T>) -> T,
    ) -> T {
        match self {
            Subject::Tree(tree) => fold_tree(tree, leaf, add, choose),
            Subject::Texts(leaves) => add(leaves.iter().map(|&one| leaf(one)).collect()),
        }
    }
}

/// As deep as messages are nested, which their limits bound.
fn fold_tree<T>(
    tree: &TextTree,
    leaf: &mut impl FnMut(Leaf) -> T,
    add: &impl Fn(Vec<T>) -> T,
    choose: &impl Fn(Vec<T>) -> T,
) -> T {
    match tree {
        TextTree::Leaf(id) => leaf(Leaf::Surface(*id)),
        TextTree::All(inner) => add(inner.iter().map(|tree| fold_tree(tree, leaf, add, choose)).collect()),
        TextTree::Alternative(inner) => {
            choose(inner.iter().map(|tree| fold_tree(tree, leaf, add, choose)).collect())
        }
    }
}

struct OwnText {
    surface: Surface,
    place: Arc<str>,
}

/// Searches the text of one message and keeps what it finds.
pub struct Searcher<'a> {
    message: &'a Message,
    tables: Tables<'a>,
    own: Vec<OwnText>,
    known: HashMap<Arc<str>, HashMap<Arc<str>, u32>>,
    scans: HashMap<Leaf, Rc<Scan>>,
    hits: HashMap<(Leaf, PatternId), Rc<Hits>>,
    findings: HashMap<(Leaf, DetectorId), Rc<Findings>>,
}

impl<'a> Searcher<'a> {
    /// A searcher that has found nothing yet.
    pub fn new(message: &'a Message, tables: Tables<'a>) -> Searcher<'a> {
        Searcher {
            message,
            tables,
            own: Vec::new(),
            known: HashMap::new(),
            scans: HashMap::new(),
            hits: HashMap::new(),
            findings: HashMap::new(),
        }
    }

    /// A text that is no surface of the message, with its place in words.
    pub fn own(&mut self, text: &Arc<str>, place: &str) -> Leaf {
        if let Some(&at) = self.known.get(place).and_then(|texts| texts.get(text)) {
            return Leaf::Own(at);
        }
        let place: Arc<str> = place.into();
        let at = u32::try_from(self.own.len()).unwrap_or(u32::MAX);
        self.own.push(OwnText { surface: Surface::from_text(text), place: place.clone() });
        self.known.entry(place).or_default().insert(text.clone(), at);
        Leaf::Own(at)
    }

    /// Whether something sought occurs in a subject.
    pub fn occurs(&mut self, subject: &Subject, sought: &Sought) -> bool {
        subject.leaves().into_iter().any(|leaf| self.occurs_in(leaf, sought))
    }

    /// Occurrences in a subject.
    pub fn count_every(&mut self, subject: &Subject, sought: &Sought) -> u64 {
        subject.fold(
            &mut |leaf| self.total(leaf, sought),
            &|counts| counts.into_iter().fold(0, u64::saturating_add),
            &|counts| counts.into_iter().max().unwrap_or(0),
        )
    }

    /// Whether a search that was made in a subject gave up before the end, so that what it counted is the least.
    pub fn gave_up(&mut self, subject: &Subject, sought: &Sought) -> bool {
        subject.leaves().into_iter().any(|leaf| match sought {
            Sought::Detector(detector) => self.detected(leaf, *detector).gave_up,
            Sought::Patterns(patterns) => patterns.iter().any(|&pattern| self.single_gave_up(leaf, pattern)),
            Sought::Dictionary(_) | Sought::List(_) => {
                self.table(sought).is_some_and(|table| self.table_gave_up(leaf, table))
            }
        })
    }

    /// The same of a score.
    pub fn score_gave_up(&mut self, subject: &Subject, table: &'a EntryTable) -> bool {
        subject.leaves().into_iter().any(|leaf| self.table_gave_up(leaf, table))
    }

    fn table_gave_up(&mut self, leaf: Leaf, table: &EntryTable) -> bool {
        let entries = table.single.iter().filter_map(|&at| table.entries.get(at));
        entries.into_iter().any(|entry| self.single_gave_up(leaf, entry.pattern))
    }

    fn single_gave_up(&mut self, leaf: Leaf, pattern: PatternId) -> bool {
        !self.tables.patterns.is_scanned(pattern) && self.single(leaf, pattern).gave_up
    }

    /// Different values in a subject.
    pub fn count_different(&mut self, subject: &Subject, sought: &Sought) -> u64 {
        let values = subject.fold(
            &mut |leaf| self.values(leaf, sought),
            &|sets| {
                sets.into_iter().fold(BTreeSet::new(), |mut all: BTreeSet<String>, set| {
                    if all.is_empty() {
                        return set;
                    }
                    all.extend(set);
                    all
                })
            },
            &|sets| sets.into_iter().max_by_key(BTreeSet::len).unwrap_or_default(),
        );
        values.len() as u64
    }

    /// The weights of a table's entries in a subject, each entry counted at most so often as it says, or as `at_most`
    /// does. Of alternatives the one with the highest score counts.
    pub fn score(&mut self, subject: &Subject, table: &'a EntryTable, at_most: Option<u32>) -> i64 {
        let weigh = |counts: &HashMap<usize, u64>| {
            counts.iter().fold(0_i64, |sum, (&at, &count)| {
                let Some(entry) = table.entries.get(at) else { return sum };
                let most = [entry.at_most, at_most].into_iter().flatten().min().map_or(u64::MAX, u64::from);
                let count = i64::try_from(count.min(most)).unwrap_or(i64::MAX);
                sum.saturating_add(entry.weight.saturating_mul(count))
            })
        };
        let counts = subject.fold(
            &mut |leaf| self.entry_counts(leaf, table),
            &|all| {
                all.into_iter().fold(HashMap::new(), |mut sum: HashMap<usize, u64>, counts| {
                    for (at, count) in counts {
                        let known = sum.entry(at).or_default();
                        *known = known.saturating_add(count);
                    }
                    sum
                })
            },
            &|all| all.into_iter().max_by_key(&weigh).unwrap_or_default(),
        );
        weigh(&counts)
    }

    /// What was found, with its places, at most `most` of them.
    pub fn evidence(&mut self, subject: &Subject, sought: &Sought, most: usize) -> Vec<MatchEvidence> {
        let mut evidence = Vec::new();
        for leaf in subject.leaves() {
            if evidence.len() >= most {
                break;
            }
            for (name, form, range) in self.places(leaf, sought, most - evidence.len()) {
                evidence.extend(self.show(leaf, form, range, name));
            }
        }
        evidence
    }

    fn surface(&self, leaf: Leaf) -> Option<&Surface> {
        match leaf {
            Leaf::Surface(id) => self.message.surface(id).map(|surfaced| &surfaced.surface),
            Leaf::Own(at) => self.own.get(at as usize).map(|own| &own.surface),
        }
    }

    fn scan(&mut self, leaf: Leaf) -> Rc<Scan> {
        if let Some(scan) = self.scans.get(&leaf) {
            return scan.clone();
        }
        let patterns = self.tables.patterns;
        let scan =
            Rc::new(self.surface(leaf).map(|surface| patterns.scan(surface.folded())).unwrap_or_default());
        self.scans.insert(leaf, scan.clone());
        scan
    }

    /// Every literal and word of the set that occurs in a text.
    pub fn occurring_in(&mut self, leaf: Leaf) -> Vec<PatternId> {
        self.scan(leaf).iter().map(|(pattern, _)| pattern).collect()
    }

    fn single(&mut self, leaf: Leaf, pattern: PatternId) -> Rc<Hits> {
        if let Some(hits) = self.hits.get(&(leaf, pattern)) {
            return hits.clone();
        }
        let patterns = self.tables.patterns;
        let hits =
            Rc::new(self.surface(leaf).map(|surface| patterns.search(pattern, surface)).unwrap_or_default());
        self.hits.insert((leaf, pattern), hits.clone());
        hits
    }

    fn detected(&mut self, leaf: Leaf, detector: DetectorId) -> Rc<Findings> {
        if let Some(findings) = self.findings.get(&(leaf, detector)) {
            return findings.clone();
        }
        let compiled = self.tables.detectors.get(detector.index());
        let findings = match (compiled, self.surface(leaf)) {
            (Some(compiled), Some(surface)) => compiled.findings(surface.cased()),
            _ => Findings::default(),
        };
        let findings = Rc::new(findings);
        self.findings.insert((leaf, detector), findings.clone());
        findings
    }

    fn hit_total(&mut self, leaf: Leaf, pattern: PatternId) -> u64 {
        if self.tables.patterns.is_scanned(pattern) {
            return self.scan(leaf).hits(pattern).map_or(0, |hits| hits.total);
        }
        self.single(leaf, pattern).total
    }

    fn table(&self, sought: &Sought) -> Option<&'a EntryTable> {
        match sought {
            Sought::Dictionary(id) => self.tables.dictionaries.get(id.index()),
            Sought::List(ListId(at)) => self.tables.lists.get(*at as usize),
            Sought::Patterns(_) | Sought::Detector(_) => None,
        }
    }

    fn occurs_in(&mut self, leaf: Leaf, sought: &Sought) -> bool {
        match sought {
            Sought::Patterns(patterns) => patterns.iter().any(|&pattern| self.hit_total(leaf, pattern) > 0),
            Sought::Detector(detector) => self.detected(leaf, *detector).total > 0,
            Sought::Dictionary(_) | Sought::List(_) => {
                let Some(table) = self.table(sought) else { return false };
                let scan = self.scan(leaf);
                scan.iter().any(|(pattern, _)| table.scanned.contains_key(&pattern))
                    || table
                        .single
                        .iter()
                        .filter_map(|&at| table.entries.get(at))
                        .any(|entry| self.single(leaf, entry.pattern).total > 0)
            }
        }
    }

    /// The patterns of what is sought that occur.
    fn occurring(&mut self, leaf: Leaf, sought: &Sought) -> Vec<(PatternId, u64)> {
        match sought {
            Sought::Patterns(patterns) => {
                let totals: Vec<_> =
                    patterns.iter().map(|&pattern| (pattern, self.hit_total(leaf, pattern))).collect();
                totals.into_iter().filter(|&(_, total)| total > 0).collect()
            }
            Sought::Detector(_) => Vec::new(),
            Sought::Dictionary(_) | Sought::List(_) => {
                let Some(table) = self.table(sought) else { return Vec::new() };
                let mut found: Vec<(PatternId, u64)> = self
                    .entry_counts(leaf, table)
                    .into_iter()
                    .filter_map(|(at, count)| table.entries.get(at).map(|entry| (entry.pattern, count)))
                    .collect();
                found.sort_unstable();
                found.dedup();
                found
            }
        }
    }

    fn entry_counts(&mut self, leaf: Leaf, table: &EntryTable) -> HashMap<usize, u64> {
        let mut counts = HashMap::new();
        let scan = self.scan(leaf);
        // Whichever is shorter is walked: what occurs, or what is sought.
        if scan.len() <= table.scanned.len() {
            for (pattern, hits) in scan.iter() {
                for &at in table.scanned.get(&pattern).into_iter().flatten() {
                    counts.insert(at, hits.total);
                }
            }
        } else {
            for (pattern, entries) in &table.scanned {
                if let Some(hits) = scan.hits(*pattern) {
                    counts.extend(entries.iter().map(|&at| (at, hits.total)));
                }
            }
        }
        for &at in &table.single {
            let Some(entry) = table.entries.get(at) else { continue };
            let total = self.single(leaf, entry.pattern).total;
            if total > 0 {
                counts.insert(at, total);
            }
        }
        counts
    }

    fn total(&mut self, leaf: Leaf, sought: &Sought) -> u64 {
        if let Sought::Detector(detector) = sought {
            return self.detected(leaf, *detector).total;
        }
        self.occurring(leaf, sought).into_iter().map(|(_, total)| total).fold(0, u64::saturating_add)
    }

    fn values(&mut self, leaf: Leaf, sought: &Sought) -> BTreeSet<String> {
        if let Sought::Detector(detector) = sought {
            return self.detected(leaf, *detector).values.clone();
        }
        let patterns = self.tables.patterns;
        let mut values = BTreeSet::new();
        for (pattern, _) in self.occurring(leaf, sought) {
            if let Some(surface) = self.surface(leaf) {
                let most = VALUES_KEPT.saturating_sub(values.len());
                values.extend(patterns.values(pattern, surface, most));
            }
        }
        values
    }

    fn places(&mut self, leaf: Leaf, sought: &Sought, most: usize) -> Vec<(String, Form, Range<usize>)> {
        if let Sought::Detector(detector) = sought {
            let name = self.tables.hir.detectors.get(detector.index()).map_or("", |detector| &detector.name);
            let found = self.detected(leaf, *detector);
            let places = found.places.iter().take(most);
            return places.map(|range| (name.to_string(), Form::Cased, range.clone())).collect();
        }
        let patterns = self.tables.patterns;
        let mut places = Vec::new();
        for (pattern, _) in self.occurring(leaf, sought) {
            let name = patterns.table().get(pattern).map(written).unwrap_or_default();
            let form = patterns.form(pattern);
            let found: Vec<Range<usize>> = if patterns.is_scanned(pattern) {
                self.scan(leaf).hits(pattern).map(|hits| hits.places.clone()).unwrap_or_default()
            } else {
                self.single(leaf, pattern).places.clone()
            };
            places.extend(found.into_iter().map(|range| (name.clone(), form, range)));
        }
        places.sort_by_key(|(_, _, range)| range.start);
        places.truncate(most);
        places
    }

    fn show(&self, leaf: Leaf, form: Form, range: Range<usize>, pattern: String) -> Option<MatchEvidence> {
        let surface = self.surface(leaf)?;
        let (place, part) = self.place(leaf)?;
        let origin = surface.origin_of(form, range.clone());
        // People want the text as it is written, not folded; the two forms share their source.
        let (form, range) = match form {
            Form::Cased => (form, range),
            Form::Folded => {
                cased_range(surface, &range, &origin).map_or((form, range), |range| (Form::Cased, range))
            }
        };
        let (before, text, after) = surface.context(form, range, CONTEXT_CHARS);
        Some(MatchEvidence {
            text: text.chars().take(TEXT_CHARS).collect(),
            place,
            part,
            offset: origin.start,
            length: origin.len(),
            before: before.to_string(),
            after: after.to_string(),
            pattern,
        })
    }

    fn place(&self, leaf: Leaf) -> Option<(String, Option<String>)> {
        match leaf {
            Leaf::Own(at) => self.own.get(at as usize).map(|own| (own.place.to_string(), None)),
            Leaf::Surface(id) => {
                let surfaced = self.message.surface(id)?;
                let part = match surfaced.source {
                    Source::Subject(_) => None,
                    Source::Part(part) => Some(part),
                    Source::Attachment(attachment) => {
                        self.message.attachment(attachment).and_then(|attachment| attachment.part())
                    }
                };
                let part = part.and_then(|part| self.message.part(part)).map(|part| part.path().to_string());
                Some((surfaced.name.clone(), part))
            }
        }
    }
}

/// The cased text that has the same source as a folded one. Both forms run along the source, so it is found by halving.
fn cased_range(surface: &Surface, folded: &Range<usize>, origin: &Range<usize>) -> Option<Range<usize>> {
    let cased = surface.cased();
    let boundary = |mut at: usize| {
        while at < cased.len() && !cased.is_char_boundary(at) {
            at += 1;
        }
        at.min(cased.len())
    };
    let first_from = |source: usize| {
        let (mut low, mut high) = (0, cased.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let at = boundary(middle);
            let next = boundary(at + 1);
            if at < cased.len() && surface.origin_of(Form::Cased, at..next).start < source {
                low = at + 1;
            } else {
                high = middle;
            }
        }
        boundary(low)
    };
    let (start, end) = (first_from(origin.start), first_from(origin.end));
    let text = cased.get(start..end)?;
    let sought = surface.folded().get(folded.clone())?;
    // A match may end before blanks that the cased range takes in.
    let trimmed = if sought.ends_with(' ') { text } else { text.trim_end() };
    (fold(trimmed) == sought).then(|| start..start + trimmed.len())
}

/// A pattern as its author wrote it.
pub fn written(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Literal { text } => format!("\"{text}\""),
        Pattern::Word { text } => format!("word \"{text}\""),
        Pattern::Regex { pattern, caseless, dot_all } => {
            let flags = [("i", *caseless), ("s", *dot_all)];
            let flags: String = flags.into_iter().filter(|&(_, set)| set).map(|(flag, _)| flag).collect();
            format!("/{pattern}/{flags}")
        }
        Pattern::Glob { text } => format!("like \"{text}\""),
        Pattern::Prefix { text } => format!("starts with \"{text}\""),
        Pattern::Suffix { text } => format!("ends with \"{text}\""),
    }
}
