//! One pass over folded text for everything that is a fixed text.
//!
//! An Aho-Corasick automaton of the standard kind, walked with overlaps: no text hides another, whatever their order. Up
//! to a budget it is a DFA, one look-up a byte; a table beyond the processor's caches gains nothing over a contiguous
//! NFA, whose table is a tenth of it. What limits a DFA's walk is the wait for each look-up, so long texts are walked in
//! [`LANES`] places at once: a state says no more than the last few bytes do, and a lane that starts as many bytes earlier
//! as the longest text has comes into the right one. Matches are noted with their state and taken afterwards, lane by
//! lane, hence in the order of the text.
//!
//! Who wants a text wants it as a literal, as a word (looked at on the spot) or as a mark that it occurs at all. Marks of
//! a text are given at its first occurrence only, so that many regexes that need the same text cost no more for each
//! occurrence of it.
//! Memory of a scan: a few bytes for each pattern that occurs and each match state met in a block of the text; a slot for
//! every pattern is kept with the automaton and used again.

use super::words::Edges;
use super::{Key, Occurrence, PatternId, Scan};
use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::{contiguous, noncontiguous};
use aho_corasick::{Anchored, MatchKind, StartKind, dfa};
use regex_automata::util::pool::Pool;
use std::collections::{BTreeSet, HashMap};
use std::ops::{ControlFlow, Range};
use std::panic::{RefUnwindSafe, UnwindSafe};

/// Places of a text that are walked at once.
const LANES: usize = 4;
/// Bytes that are walked before what was met is taken.
const BLOCK: usize = 64 << 10;
/// Shortest lane, in bytes.
const LANE: usize = 64;

/// How a text is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    /// Every occurrence is counted.
    Literal,
    /// Every occurrence between word boundaries is counted.
    Word,
    /// It is enough that it occurs.
    Mark,
}

/// Somebody who wants a text.
#[derive(Debug, Clone, Copy)]
struct User {
    key: Key,
    want: Want,
}

/// Texts, each once, with those who want them.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    texts: Vec<String>,
    users: Vec<Vec<User>>,
    known: HashMap<String, usize>,
}

impl Wanted {
    /// Wants a folded text that is not empty.
    pub(super) fn add(&mut self, text: &str, key: Key, want: Want) {
        let at = match self.known.get(text) {
            Some(&at) => at,
            None => {
                self.texts.push(text.to_string());
                self.users.push(Vec::new());
                self.known.insert(text.to_string(), self.texts.len() - 1);
                self.texts.len() - 1
            }
        };
        if let Some(users) = self.users.get_mut(at) {
            users.push(User { key, want });
        }
    }

    /// How many texts there are.
    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    /// Bytes of all texts together.
    pub(super) fn bytes(&self) -> usize {
        self.texts.iter().map(String::len).sum()
    }
}

#[derive(Debug)]
enum Machine {
    Dense(Box<dfa::DFA>),
    Sparse(Box<contiguous::NFA>),
    /// No automaton: each text is looked for on its own.
    OneByOne(Vec<String>),
}

type MakeScratch = Box<dyn Fn() -> Scratch + Send + Sync + UnwindSafe + RefUnwindSafe>;

/// The automaton of all fixed texts of a set.
#[derive(Debug)]
pub(super) struct Literals {
    machine: Machine,
    texts: usize,
    states: usize,
    longest: usize,
    edges: Vec<Edges>,
    /// Those who want the text of a number are `users[starts[number]..starts[number + 1]]`.
    starts: Vec<u32>,
    /// Those who want a mark come last: of the text of a number from `users[marks[number]]` on.
    marks: Vec<u32>,
    users: Vec<User>,
    scratches: Pool<Scratch, MakeScratch>,
}

/// What a scan works with.
#[derive(Debug, Default)]
struct Scratch {
    /// For each key 0, or one more than its place in `seen`; [`MARKED`] where that is all.
    slots: Vec<u32>,
    seen: Vec<Seen>,
    marked: Vec<Key>,
    /// Whether the marks of the text of a number were given.
    given: Vec<bool>,
    /// The numbers of these texts.
    texts_given: Vec<usize>,
    met: [Vec<(u32, StateID)>; LANES],
}

const MARKED: u32 = u32::MAX;

#[derive(Debug, Clone, Copy)]
struct Seen {
    key: Key,
    total: u64,
    /// One past the last occurrence that was counted.
    end: usize,
}

impl Literals {
    /// Builds the automaton; `keys`: how many keys there are, `dense_bytes`: what a DFA may take. An error says why not,
    /// in words.
    pub(super) fn new(
        wanted: Wanted,
        keys: usize,
        dense_bytes: usize,
        one_by_one: bool,
    ) -> Result<Literals, String> {
        let Wanted { texts, mut users, .. } = wanted;
        let (states, row) = table_size(&texts);
        let longest = texts.iter().map(String::len).max().unwrap_or(0);
        let edges = texts.iter().map(|text| Edges::of(text)).collect();
        let count = texts.len();
        let machine = if one_by_one || texts.is_empty() {
            Machine::OneByOne(texts)
        } else {
            machine(&texts, states.saturating_mul(row) <= dense_bytes)?
        };
        let (mut starts, mut marks) = (vec![0], Vec::with_capacity(count));
        let amount = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        for of_text in &mut users {
            of_text.sort_by_key(|user| user.want == Want::Mark);
            let counted = of_text.partition_point(|user| user.want != Want::Mark);
            let start = starts.last().copied().unwrap_or(0);
            marks.push(amount(counted).saturating_add(start));
            starts.push(amount(of_text.len()).saturating_add(start));
        }
        let make: MakeScratch = Box::new(move || Scratch {
            slots: vec![0; keys],
            given: vec![false; count],
            ..Scratch::default()
        });
        let users = users.into_iter().flatten().collect();
        let scratches = Pool::new(make);
        Ok(Literals { machine, texts: count, states, longest, edges, starts, marks, users, scratches })
    }

    /// How many texts there are.
    pub(super) fn texts(&self) -> usize {
        self.texts
    }

    /// What it is, in words.
    pub(super) fn kind(&self) -> &'static str {
        match &self.machine {
            Machine::Dense(_) => "Aho-Corasick DFA",
            Machine::Sparse(_) => "Aho-Corasick contiguous NFA",
            Machine::OneByOne(texts) if texts.is_empty() => "none",
            Machine::OneByOne(_) => "one by one",
        }
    }

    /// States of the automaton.
    pub(super) fn states(&self) -> usize {
        self.states
    }

    /// Bytes of the automaton and of what says who wants what.
    pub(super) fn bytes(&self) -> usize {
        let machine = match &self.machine {
            Machine::Dense(dfa) => dfa.memory_usage(),
            Machine::Sparse(nfa) => nfa.memory_usage(),
            Machine::OneByOne(texts) => texts.iter().map(String::len).sum(),
        };
        machine
            + size_of_val(self.edges.as_slice())
            + size_of_val(self.starts.as_slice())
            + size_of_val(self.marks.as_slice())
            + size_of_val(self.users.as_slice())
    }

    /// One pass over a folded text.
    pub(super) fn scan(&self, folded: &str) -> Scan {
        if folded.is_empty() || self.texts == 0 {
            return Scan::default();
        }
        let mut scratch = self.scratches.get();
        match &self.machine {
            Machine::Dense(dfa) => self.walk(dfa.as_ref(), folded, LANES, &mut scratch),
            Machine::Sparse(nfa) => self.walk(nfa.as_ref(), folded, 1, &mut scratch),
            Machine::OneByOne(texts) => {
                for (number, text) in texts.iter().enumerate() {
                    let mut from = 0;
                    while let Some(range) = next(folded, text, from) {
                        from = after_first(folded, range.start);
                        self.take(number, folded, range, &mut scratch);
                    }
                }
            }
        }
        scratch.finish()
    }

    /// Gives every occurrence of every text that somebody wants counted, with its wanters, until told to stop.
    pub(super) fn each_occurrence(
        &self,
        folded: &str,
        mut take: impl FnMut(Key, Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        match &self.machine {
            Machine::Dense(dfa) => self.each(dfa.as_ref(), folded, &mut take),
            Machine::Sparse(nfa) => self.each(nfa.as_ref(), folded, &mut take),
            Machine::OneByOne(texts) => {
                for (number, text) in texts.iter().enumerate() {
                    let mut from = 0;
                    while let Some(range) = next(folded, text, from) {
                        from = after_first(folded, range.start);
                        self.give(number, folded, range, &mut take)?;
                    }
                }
                ControlFlow::Continue(())
            }
        }
    }

    fn each<A: Automaton>(
        &self,
        automaton: &A,
        folded: &str,
        take: &mut impl FnMut(Key, Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let Ok(mut state) = automaton.start_state(Anchored::No) else { return ControlFlow::Continue(()) };
        for (at, &byte) in folded.as_bytes().iter().enumerate() {
            state = automaton.next_state(Anchored::No, state, byte);
            if automaton.is_match(state) {
                for index in 0..automaton.match_len(state) {
                    let number = automaton.match_pattern(state, index);
                    let range = (at + 1).saturating_sub(automaton.pattern_len(number))..at + 1;
                    self.give(number.as_usize(), folded, range, take)?;
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn give(
        &self,
        number: usize,
        folded: &str,
        range: Range<usize>,
        take: &mut impl FnMut(Key, Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        for user in self.counters_of(number) {
            if user.want != Want::Word || self.is_word(number, folded, &range) {
                take(user.key, range.clone())?;
            }
        }
        ControlFlow::Continue(())
    }

    fn walk<A: Automaton>(&self, automaton: &A, folded: &str, lanes: usize, scratch: &mut Scratch) {
        let Ok(start) = automaton.start_state(Anchored::No) else { return };
        let bytes = folded.as_bytes();
        let (mut state, mut from) = (start, 0);
        while from < bytes.len() {
            let to = bytes.len().min(from + BLOCK);
            let block = bytes.get(from..to).unwrap_or_default();
            let lane = block.len() / LANES;
            let in_lanes = lanes == LANES && lane >= LANE.max(2 * self.longest);
            scratch.met.iter_mut().for_each(Vec::clear);
            state = if in_lanes {
                walk_lanes(automaton, state, start, block, self.longest, &mut scratch.met)
            } else {
                let [met, ..] = &mut scratch.met;
                walk_lane(automaton, state, block, 0, met)
            };
            let step = if in_lanes { lane } else { 0 };
            for number in 0..LANES {
                let Some(met) = scratch.met.get_mut(number).map(std::mem::take) else { continue };
                for &(at, state) in &met {
                    let end = from + number * step + at as usize + 1;
                    for index in 0..automaton.match_len(state) {
                        let text = automaton.match_pattern(state, index);
                        let range = end.saturating_sub(automaton.pattern_len(text))..end;
                        self.take(text.as_usize(), folded, range, scratch);
                    }
                }
                if let Some(place) = scratch.met.get_mut(number) {
                    *place = met;
                }
            }
            from = to;
        }
    }

    fn take(&self, number: usize, folded: &str, range: Range<usize>, scratch: &mut Scratch) {
        if scratch.is_first(number) {
            self.markers_of(number).iter().for_each(|user| scratch.mark(user.key));
        }
        for user in self.counters_of(number) {
            if user.want != Want::Word || self.is_word(number, folded, &range) {
                scratch.count(user.key, &range);
            }
        }
    }

    /// Those who want the occurrences of a text counted.
    fn counters_of(&self, number: usize) -> &[User] {
        self.users_between(self.starts.get(number), self.marks.get(number))
    }

    /// Those who want a mark that a text occurs.
    fn markers_of(&self, number: usize) -> &[User] {
        self.users_between(self.marks.get(number), self.starts.get(number + 1))
    }

    fn users_between(&self, start: Option<&u32>, end: Option<&u32>) -> &[User] {
        let [start, end] = [start, end].map(|at| at.map_or(0, |&at| at as usize));
        self.users.get(start..end).unwrap_or_default()
    }

    fn is_word(&self, number: usize, folded: &str, range: &Range<usize>) -> bool {
        self.edges.get(number).is_none_or(|edges| edges.part(folded, range))
    }
}

impl Scratch {
    /// Whether the text of a number is met for the first time.
    fn is_first(&mut self, number: usize) -> bool {
        let Some(given) = self.given.get_mut(number).filter(|given| !**given) else { return false };
        *given = true;
        self.texts_given.push(number);
        true
    }

    fn mark(&mut self, key: Key) {
        if let Some(slot) = self.slots.get_mut(key.index()).filter(|slot| **slot == 0) {
            *slot = MARKED;
            self.marked.push(key);
        }
    }

    fn count(&mut self, key: Key, range: &Range<usize>) {
        let Some(slot) = self.slots.get_mut(key.index()) else { return };
        if *slot == 0 {
            self.seen.push(Seen { key, total: 1, end: range.end });
            *slot = u32::try_from(self.seen.len()).unwrap_or(MARKED);
            return;
        }
        // Occurrences of one pattern do not overlap: `aa` stands once in `aaa`.
        if let Some(seen) = self.seen.get_mut(*slot as usize - 1).filter(|seen| range.start >= seen.end) {
            seen.total += 1;
            seen.end = range.end;
        }
    }

    /// What was found, and everything as it was before.
    fn finish(&mut self) -> Scan {
        for key in self.seen.iter().map(|seen| seen.key).chain(self.marked.iter().copied()) {
            if let Some(slot) = self.slots.get_mut(key.index()) {
                *slot = 0;
            }
        }
        for number in self.texts_given.drain(..) {
            if let Some(given) = self.given.get_mut(number) {
                *given = false;
            }
        }
        self.marked.sort_unstable();
        self.seen.sort_unstable_by_key(|seen| seen.key);
        let found =
            self.seen.iter().map(|seen| Occurrence { pattern: PatternId(seen.key.0), total: seen.total });
        let scan = Scan { found: found.collect(), marked: self.marked.as_slice().into() };
        self.marked.clear();
        self.seen.clear();
        scan
    }
}

fn machine(texts: &[String], dense: bool) -> Result<Machine, String> {
    let why = |error: aho_corasick::BuildError| {
        format!("the automaton of all words and phrases cannot be built: {error}")
    };
    let nfa = noncontiguous::NFA::builder()
        .match_kind(MatchKind::Standard)
        .prefilter(false)
        .build(texts)
        .map_err(why)?;
    if dense {
        let mut builder = dfa::DFA::builder();
        builder.prefilter(false).start_kind(StartKind::Unanchored);
        return Ok(Machine::Dense(Box::new(builder.build_from_noncontiguous(&nfa).map_err(why)?)));
    }
    let mut builder = contiguous::NFA::builder();
    let sparse = builder.prefilter(false).build_from_noncontiguous(&nfa).map_err(why)?;
    Ok(Machine::Sparse(Box::new(sparse)))
}

/// How many states a DFA of the texts has, and the bytes of each: the nodes of their tree, and a row of a power of two of
/// classes of bytes.
fn table_size(texts: &[String]) -> (usize, usize) {
    let mut sorted: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
    sorted.sort_unstable();
    let mut states = 3;
    let mut before: &[u8] = &[];
    for text in sorted {
        let shared = before.iter().zip(text).take_while(|(a, b)| a == b).count();
        states += text.len() - shared;
        before = text;
    }
    let bytes: BTreeSet<u8> = texts.iter().flat_map(|text| text.bytes()).collect();
    // Bytes that no text has are one class for each gap between those that one has.
    let gaps =
        (0..=255_u8).filter(|byte| !bytes.contains(byte) && (*byte == 0 || bytes.contains(&(byte - 1))));
    let classes = bytes.len() + gaps.count();
    (states, classes.next_power_of_two() * size_of::<u32>())
}

/// Walks over a block from a state on and notes where match states are met; gives the last state.
fn walk_lane<A: Automaton>(
    automaton: &A,
    mut state: StateID,
    block: &[u8],
    from: u32,
    met: &mut Vec<(u32, StateID)>,
) -> StateID {
    for (at, &byte) in (from..).zip(block) {
        state = automaton.next_state(Anchored::No, state, byte);
        if automaton.is_match(state) {
            met.push((at, state));
        }
    }
    state
}

/// The same in all lanes at once; offsets count from the start of each lane.
fn walk_lanes<A: Automaton>(
    automaton: &A,
    first: StateID,
    start: StateID,
    block: &[u8],
    longest: usize,
    met: &mut [Vec<(u32, StateID)>; LANES],
) -> StateID {
    let lane = block.len() / LANES;
    let (bytes0, rest) = block.split_at_checked(lane).unwrap_or_default();
    let (bytes1, rest) = rest.split_at_checked(lane).unwrap_or_default();
    let (bytes2, bytes3) = rest.split_at_checked(lane).unwrap_or_default();
    let (bytes3, tail) = bytes3.split_at_checked(lane).unwrap_or_default();
    let arrive = |before: &[u8]| {
        let from = before.len().saturating_sub(longest);
        let before = before.get(from..).unwrap_or_default();
        before.iter().fold(start, |state, &byte| automaton.next_state(Anchored::No, state, byte))
    };
    let (mut state0, mut state1, mut state2, mut state3) =
        (first, arrive(bytes0), arrive(bytes1), arrive(bytes2));
    let [met0, met1, met2, met3] = met;
    let bytes = bytes0.iter().zip(bytes1).zip(bytes2).zip(bytes3);
    for (at, (((&byte0, &byte1), &byte2), &byte3)) in (0..).zip(bytes) {
        state0 = automaton.next_state(Anchored::No, state0, byte0);
        state1 = automaton.next_state(Anchored::No, state1, byte1);
        state2 = automaton.next_state(Anchored::No, state2, byte2);
        state3 = automaton.next_state(Anchored::No, state3, byte3);
        if automaton.is_match(state0) {
            met0.push((at, state0));
        }
        if automaton.is_match(state1) {
            met1.push((at, state1));
        }
        if automaton.is_match(state2) {
            met2.push((at, state2));
        }
        if automaton.is_match(state3) {
            met3.push((at, state3));
        }
    }
    walk_lane(automaton, state3, tail, u32::try_from(lane).unwrap_or(u32::MAX), met3)
}

/// The first occurrence of a text from an offset on.
pub(super) fn next(folded: &str, text: &str, from: usize) -> Option<Range<usize>> {
    let at = folded.get(from..)?.find(text)? + from;
    Some(at..at + text.len())
}

/// The offset behind the character at an offset.
pub(super) fn after_first(folded: &str, at: usize) -> usize {
    at + folded.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
}
