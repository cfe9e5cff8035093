//! Searching and counting in the text of one message.
//!
//! Text is a tree of surfaces: what adds up, and alternatives of one letter. A text is scanned once for all fixed texts of
//! the set when somebody first asks about it, and once for the regexes of a form that no fixed text announces; regexes and
//! detectors run on it where these scans say that they may occur. The results are kept for as long as the message is
//! judged. Counting follows the tree: sums (of different values: unions) over what adds up, the largest of alternatives.
//! Cost of a question: the surfaces of the subject times the smaller of what occurs in them and what is sought.

mod costs;
mod evidence;
mod subject;
mod tables;

pub use costs::{PatternCost, SearchCosts};
pub use evidence::written;
pub use subject::{Leaf, Subject};
pub use tables::{EntryTable, Tables, entry_tables};

use super::detectors::{CompiledDetector, Findings, VALUES_KEPT, reads_otherwise};
use super::ir::Sought;
use super::patterns::{Hits, Key, PatternId, Scan, ServedBy};
use super::verdict::MatchEvidence;
use crate::language::hir::{DetectorId, ListId};
use crate::message::Message;
use crate::message::surface::{Form, Surface};
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

/// Patterns that are asked for one after the other, whatever occurs.
const FEW: usize = 4;

struct OwnText {
    surface: Surface,
    place: Arc<str>,
}

/// What is known of one text.
#[derive(Default)]
struct Known {
    scan: Option<Rc<Scan>>,
    /// The places of all that the scan found, by pattern; found when the first of them is explained.
    places: Option<Rc<[Placed]>>,
    /// Of folded and of cased text.
    regexes: [Option<Named>; 2],
    /// By pattern.
    singles: Vec<(PatternId, Single)>,
    findings: Vec<(DetectorId, Rc<Findings>)>,
    /// Whether detectors without and with checks have another reading of it.
    otherwise: [Option<bool>; 2],
}

/// A pattern and where it is.
type Placed = (PatternId, Range<usize>);

/// Keys that a lazy automaton names in a text; `None` where it gave up.
type Named = Rc<Option<Box<[Key]>>>;

/// What is known of a pattern that was searched itself.
#[derive(Clone)]
enum Single {
    Occurs(bool),
    Counted(Rc<Hits>),
}

/// Whether a pattern that the scan does not count occurs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chance {
    No,
    Perhaps,
    Yes,
}

/// Searches the text of one message and keeps what it finds.
pub struct Searcher<'a> {
    message: &'a Message,
    tables: Tables<'a>,
    own: Vec<OwnText>,
    own_by_text: HashMap<Arc<str>, HashMap<Arc<str>, u32>>,
    known: [Vec<Known>; 2],
    costs: Option<Box<SearchCosts>>,
}

impl<'a> Searcher<'a> {
    /// A searcher that has found nothing yet.
    pub fn new(message: &'a Message, tables: Tables<'a>) -> Searcher<'a> {
        Searcher {
            message,
            tables,
            own: Vec::new(),
            own_by_text: HashMap::new(),
            known: [Vec::new(), Vec::new()],
            costs: None,
        }
    }

    /// From now on measures what patterns cost.
    pub fn measure(&mut self) {
        self.costs.get_or_insert_default();
    }

    /// What patterns cost since [`Searcher::measure`].
    pub fn costs(&self) -> Option<&SearchCosts> {
        self.costs.as_deref()
    }

    /// A text that is no surface of the message, with its place in words.
    pub fn own(&mut self, text: &Arc<str>, place: &str) -> Leaf {
        if let Some(&at) = self.own_by_text.get(place).and_then(|texts| texts.get(text)) {
            return Leaf::Own(at);
        }
        let place: Arc<str> = place.into();
        let at = u32::try_from(self.own.len()).unwrap_or(u32::MAX);
        self.own.push(OwnText { surface: Surface::from_text(text), place: place.clone() });
        self.own_by_text.entry(place).or_default().insert(text.clone(), at);
        Leaf::Own(at)
    }

    /// The literals and words of the whole set that occur in a text, with their counts, and the keys of what else may
    /// occur in it. The text is scanned once.
    pub fn scan(&mut self, leaf: Leaf) -> Rc<Scan> {
        if let Some(scan) = &self.known(leaf).scan {
            return scan.clone();
        }
        let patterns = self.tables.patterns;
        let folded = self.surface(leaf).map_or("", Surface::folded);
        let (scan, bytes) = (Rc::new(patterns.scan(folded)), folded.len());
        self.known(leaf).scan = Some(scan.clone());
        if let Some(costs) = &mut self.costs {
            costs.scans += 1;
            costs.scanned_bytes += bytes as u64;
            for found in scan.occurrences() {
                costs.patterns.entry(found.pattern).or_default().occurred += 1;
            }
        }
        scan
    }

    /// Adds to `found` those of sorted patterns that occur in a subject, each once, sorted. All are answered from one scan
    /// of each text; only regexes that may occur are searched themselves.
    pub fn occurring(&mut self, subject: &Subject, among: &[PatternId], found: &mut Vec<PatternId>) {
        let before = found.len();
        for leaf in subject.leaves() {
            for pattern in self.candidates(leaf, among) {
                if self.occurs_itself(leaf, pattern) {
                    found.push(pattern);
                }
            }
        }
        let mut new = found.split_off(before);
        new.sort_unstable();
        new.dedup();
        found.append(&mut new);
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
            _ => self.any_gave_up(leaf, self.sought_patterns(sought)),
        })
    }

    /// The same of a score.
    pub fn score_gave_up(&mut self, subject: &Subject, table: &'a EntryTable) -> bool {
        subject.leaves().into_iter().any(|leaf| self.any_gave_up(leaf, table.patterns()))
    }

    fn any_gave_up(&mut self, leaf: Leaf, patterns: &[PatternId]) -> bool {
        self.candidates(leaf, patterns).into_iter().any(|pattern| {
            // A search that gave up found something before.
            !self.tables.patterns.is_scanned(pattern)
                && self.occurs_itself(leaf, pattern)
                && self.hits(leaf, pattern).gave_up
        })
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
        let counts = subject.fold(
            &mut |leaf| self.occurrences(leaf, table.patterns()),
            &|all| {
                let mut sum: Vec<(PatternId, u64)> = all.into_iter().flatten().collect();
                sum.sort_unstable();
                sum.dedup_by(|next, known| {
                    let same = next.0 == known.0;
                    if same {
                        known.1 = known.1.saturating_add(next.1);
                    }
                    same
                });
                sum
            },
            &|all| all.into_iter().max_by_key(|counts| table.worth(counts, at_most)).unwrap_or_default(),
        );
        table.worth(&counts, at_most)
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

    fn known(&mut self, leaf: Leaf) -> &mut Known {
        let [surfaces, own] = &mut self.known;
        let (all, at) = match leaf {
            Leaf::Surface(id) => (surfaces, id.index()),
            Leaf::Own(at) => (own, at as usize),
        };
        if all.len() <= at {
            all.resize_with(at + 1, Known::default);
        }
        #[expect(clippy::indexing_slicing, reason = "it was made as long the line before")]
        &mut all[at]
    }

    /// The patterns sought, sorted.
    fn sought_patterns<'s>(&self, sought: &'s Sought) -> &'s [PatternId]
    where
        'a: 's,
    {
        match sought {
            Sought::Patterns(patterns) => patterns,
            Sought::Dictionary(id) => {
                self.tables.dictionaries.get(id.index()).map_or(&[], EntryTable::patterns)
            }
            Sought::List(ListId(at)) => self.tables.lists.get(*at as usize).map_or(&[], EntryTable::patterns),
            Sought::Detector(_) => &[],
        }
    }

    /// Those of sorted patterns that may occur in a text, in their order where they are few.
    fn candidates(&mut self, leaf: Leaf, among: &[PatternId]) -> Vec<PatternId> {
        if among.len() <= FEW {
            return among.iter().copied().filter(|&one| self.chance(leaf, one) != Chance::No).collect();
        }
        let scan = self.scan(leaf);
        let mut candidates = Vec::new();
        common(scan.occurrences(), |found| found.pattern, among, &mut candidates);
        common(scan.marked(), |key| key.pattern(), among, &mut candidates);
        let mut unscanned = Vec::new();
        common(self.tables.patterns.unscanned(), |&pattern| pattern, among, &mut unscanned);
        candidates.extend(unscanned.into_iter().filter(|&one| self.chance(leaf, one) != Chance::No));
        candidates.sort_unstable();
        candidates
    }

    /// Whether a pattern occurs in a text, as far as the scans of it say.
    fn chance(&mut self, leaf: Leaf, pattern: PatternId) -> Chance {
        match self.tables.patterns.served_by(pattern) {
            ServedBy::Scan if self.scan(leaf).total(pattern) > 0 => Chance::Yes,
            ServedBy::Atoms if self.scan(leaf).marked().binary_search(&pattern.into()).is_ok() => {
                Chance::Perhaps
            }
            ServedBy::Scan | ServedBy::Atoms => Chance::No,
            ServedBy::SharedRegexes { form, exact } => match &*self.regexes(leaf, form) {
                Some(keys) if keys.binary_search(&pattern.into()).is_err() => Chance::No,
                Some(_) if exact => Chance::Yes,
                _ => Chance::Perhaps,
            },
            ServedBy::Itself => Chance::Perhaps,
        }
    }

    fn regexes(&mut self, leaf: Leaf, form: Form) -> Named {
        let at = usize::from(form == Form::Cased);
        if let Some(Some(keys)) = self.known(leaf).regexes.get(at) {
            return keys.clone();
        }
        let patterns = self.tables.patterns;
        let found = self.surface(leaf).map(|surface| patterns.scan_for_regexes(form, surface.text(form)));
        let keys = Rc::new(found.unwrap_or_default());
        if let Some(costs) = &mut self.costs {
            costs.regex_scans += 1;
            costs.gave_up += u64::from(keys.is_none());
        }
        if let Some(known) = self.known(leaf).regexes.get_mut(at) {
            *known = Some(keys.clone());
        }
        keys
    }

    /// Whether a pattern occurs in a text.
    fn occurs_itself(&mut self, leaf: Leaf, pattern: PatternId) -> bool {
        match self.chance(leaf, pattern) {
            Chance::No => return false,
            Chance::Yes => return true,
            Chance::Perhaps => {}
        }
        let known = &self.known(leaf).singles;
        if let Ok(at) = known.binary_search_by_key(&pattern, |(one, _)| *one) {
            return match known.get(at) {
                Some((_, Single::Occurs(occurs))) => *occurs,
                Some((_, Single::Counted(hits))) => hits.total > 0,
                None => false,
            };
        }
        let patterns = self.tables.patterns;
        let surface = self.surface(leaf);
        let bytes = surface.map_or(0, |surface| surface.text(patterns.form(pattern)).len());
        let occurs = surface.is_some_and(|surface| patterns.occurs(pattern, surface));
        self.keep(leaf, pattern, Single::Occurs(occurs), bytes, occurs);
        occurs
    }

    /// All occurrences in a text of a pattern that the scan does not count.
    fn hits(&mut self, leaf: Leaf, pattern: PatternId) -> Rc<Hits> {
        if self.chance(leaf, pattern) == Chance::No {
            return Rc::default();
        }
        let known = &self.known(leaf).singles;
        if let Ok(at) = known.binary_search_by_key(&pattern, |(one, _)| *one) {
            match known.get(at) {
                Some((_, Single::Counted(hits))) => return hits.clone(),
                Some((_, Single::Occurs(false))) => return Rc::default(),
                _ => {}
            }
        }
        let patterns = self.tables.patterns;
        let surface = self.surface(leaf);
        let bytes = surface.map_or(0, |surface| surface.text(patterns.form(pattern)).len());
        let hits = Rc::new(surface.map(|surface| patterns.search(pattern, surface)).unwrap_or_default());
        self.keep(leaf, pattern, Single::Counted(hits.clone()), bytes, hits.total > 0);
        hits
    }

    fn keep(&mut self, leaf: Leaf, pattern: PatternId, single: Single, bytes: usize, occurred: bool) {
        let singles = &mut self.known(leaf).singles;
        let first = match singles.binary_search_by_key(&pattern, |(one, _)| *one) {
            Ok(at) => {
                if let Some((_, known)) = singles.get_mut(at) {
                    *known = single;
                }
                false
            }
            Err(at) => {
                singles.insert(at, (pattern, single));
                true
            }
        };
        if let Some(costs) = &mut self.costs {
            costs.patterns.entry(pattern).or_default().note(bytes, first && occurred);
        }
    }

    fn detected(&mut self, leaf: Leaf, detector: DetectorId) -> Rc<Findings> {
        let known = &self.known(leaf).findings;
        if let Some((_, findings)) = known.iter().find(|(one, _)| *one == detector) {
            return findings.clone();
        }
        let compiled = self.tables.detectors.get(detector.index());
        let has_checks = compiled.is_some_and(CompiledDetector::has_checks);
        let may_find = self.may_detect(leaf, detector) || self.reads_otherwise(leaf, has_checks);
        let cased = self.surface(leaf).map_or("", Surface::cased);
        let findings = match compiled {
            Some(compiled) if may_find => compiled.findings(cased),
            _ => Findings::default(),
        };
        let bytes = cased.len();
        if may_find && let Some(costs) = &mut self.costs {
            costs.detectors.entry(detector).or_default().note(bytes, findings.total > 0);
        }
        let findings = Rc::new(findings);
        self.known(leaf).findings.push((detector, findings.clone()));
        findings
    }

    /// Whether detectors have another reading of a text.
    fn reads_otherwise(&mut self, leaf: Leaf, has_checks: bool) -> bool {
        let at = usize::from(has_checks);
        if let Some(Some(otherwise)) = self.known(leaf).otherwise.get(at) {
            return *otherwise;
        }
        let otherwise =
            self.surface(leaf).is_some_and(|surface| reads_otherwise(surface.cased(), has_checks));
        if let Some(known) = self.known(leaf).otherwise.get_mut(at) {
            *known = Some(otherwise);
        }
        otherwise
    }

    /// Whether all is in a text that a detector needs, as the text is read itself.
    fn may_detect(&mut self, leaf: Leaf, detector: DetectorId) -> bool {
        self.tables.patterns.conditions(detector).iter().all(|&(key, shared)| {
            self.scan(leaf).marked().binary_search(&key).is_ok()
                || shared
                    && self
                        .regexes(leaf, Form::Cased)
                        .as_ref()
                        .as_ref()
                        .is_none_or(|keys| keys.binary_search(&key).is_ok())
        })
    }

    fn occurs_in(&mut self, leaf: Leaf, sought: &Sought) -> bool {
        match sought {
            Sought::Detector(detector) => self.detected(leaf, *detector).total > 0,
            Sought::Patterns(patterns) if patterns.len() <= FEW => {
                patterns.iter().any(|&pattern| self.occurs_itself(leaf, pattern))
            }
            _ => {
                let candidates = self.candidates(leaf, self.sought_patterns(sought));
                candidates.into_iter().any(|pattern| self.occurs_itself(leaf, pattern))
            }
        }
    }

    /// Those of sorted patterns that occur in a text, and how often.
    fn occurrences(&mut self, leaf: Leaf, among: &[PatternId]) -> Vec<(PatternId, u64)> {
        let candidates = self.candidates(leaf, among);
        let counted = candidates.into_iter().map(|pattern| {
            let total = match self.tables.patterns.is_scanned(pattern) {
                true => self.scan(leaf).total(pattern),
                false => self.hits(leaf, pattern).total,
            };
            (pattern, total)
        });
        counted.filter(|&(_, total)| total > 0).collect()
    }

    fn total(&mut self, leaf: Leaf, sought: &Sought) -> u64 {
        if let Sought::Detector(detector) = sought {
            return self.detected(leaf, *detector).total;
        }
        let found = self.occurrences(leaf, self.sought_patterns(sought));
        found.into_iter().map(|(_, total)| total).fold(0, u64::saturating_add)
    }

    fn values(&mut self, leaf: Leaf, sought: &Sought) -> BTreeSet<String> {
        if let Sought::Detector(detector) = sought {
            return self.detected(leaf, *detector).values.clone();
        }
        let patterns = self.tables.patterns;
        let mut values = BTreeSet::new();
        for (pattern, _) in self.occurrences(leaf, self.sought_patterns(sought)) {
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
        let found = self.occurrences(leaf, self.sought_patterns(sought));
        let (scanned, single): (Vec<PatternId>, Vec<PatternId>) =
            found.into_iter().map(|(pattern, _)| pattern).partition(|&pattern| patterns.is_scanned(pattern));
        let mut places = Vec::new();
        for pattern in scanned {
            let all = self.scanned_places(leaf);
            let from = all.partition_point(|(one, _)| *one < pattern);
            let of_pattern =
                all.get(from..).unwrap_or_default().iter().take_while(|(one, _)| *one == pattern);
            places.extend(of_pattern.cloned());
        }
        for pattern in single {
            places.extend(self.hits(leaf, pattern).places.iter().map(|place| (pattern, place.clone())));
        }
        places.sort_by_key(|(pattern, range)| (range.start, *pattern));
        places.truncate(most);
        let named = places.into_iter().map(|(pattern, range)| {
            (patterns.table().get(pattern).map(written).unwrap_or_default(), patterns.form(pattern), range)
        });
        named.collect()
    }

    /// The first places of everything that the scan of a text found, by pattern.
    fn scanned_places(&mut self, leaf: Leaf) -> Rc<[Placed]> {
        if let Some(places) = &self.known(leaf).places {
            return places.clone();
        }
        let occurring: Vec<PatternId> =
            self.scan(leaf).occurrences().iter().map(|found| found.pattern).collect();
        let patterns = self.tables.patterns;
        let mut places =
            self.surface(leaf).map(|surface| patterns.places(&occurring, surface)).unwrap_or_default();
        places.sort_by_key(|(pattern, _)| *pattern);
        let places: Rc<[_]> = places.into();
        self.known(leaf).places = Some(places.clone());
        places
    }
}

/// Adds what two sorted sets share: the larger is searched for what the smaller has.
fn common<T>(some: &[T], id: impl Fn(&T) -> PatternId, others: &[PatternId], shared: &mut Vec<PatternId>) {
    if some.len() <= others.len() {
        shared.extend(some.iter().map(id).filter(|one| others.binary_search(one).is_ok()));
    } else {
        let has = |one: &&PatternId| some.binary_search_by_key(*one, &id).is_ok();
        shared.extend(others.iter().filter(has).copied());
    }
}
