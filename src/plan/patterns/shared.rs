//! Regexes without an atom, together: one lazy automaton says in one pass which of them may occur in a text.
//!
//! A lazy DFA of many patterns, all matches, built state by state as texts need them and kept within a budget. Where it
//! does not get along (its states are thrown away too often), it gives up and every regex runs on its own. What it cannot
//! do is left out of its regexes beforehand: boundaries of words of any script become nothing, so that it finds what they
//! would have forbidden, too; who needs to know runs the regex itself. Regexes that match nothing at all everywhere are
//! not in it. Every thread starts with states that an ordinary text needs.

use super::Key;
use super::regexes::amount;
use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::{Compiler, Config, NFA, WhichCaptures};
use regex_automata::util::pool::Pool;
use regex_automata::{Input, MatchKind};
use regex_syntax::hir::{Hir, HirKind, Look, Repetition};
use std::panic::{RefUnwindSafe, UnwindSafe};

/// How often the states may be thrown away in a search before it must prove useful, and what is useful.
const CLEARS: usize = 3;
const BYTES_A_STATE: usize = 10;

/// Ordinary text, for the states that most texts need.
const ORDINARY: &str = "Dear Ms. Smith, thank you for your letter of 14 March 2024. Please find attached the invoice \
    no. 2024-00317 (EUR 1,234.56, due 30.04.2024). Call +44 20 7946 0958 or write to info@example.org, see \
    https://www.example.org/a?b=1&c=2. Größe, façade, naïve; 10:45 — «so», “yes”. Kind regards / Mit freundlichen Grüßen, \
    ACME Ltd. [1] <2> {3} #4 *5* 6% 7_8 9\\0 ~ it's = x";

type MakeCache = Box<dyn Fn() -> Cache + Send + Sync + UnwindSafe + RefUnwindSafe>;

/// Regexes of one form.
#[derive(Debug)]
pub(super) struct Shared {
    dfa: DFA,
    keys: Vec<Key>,
    caches: Pool<Cache, MakeCache>,
    bytes: usize,
}

impl Shared {
    /// Builds the automaton of relaxed regexes. `bytes` bounds the automaton, `cache_bytes` its lazy states. An error has
    /// the first regex for which there is no room, and why in words.
    pub(super) fn new(
        members: Vec<(Key, Hir)>,
        bytes: usize,
        cache_bytes: usize,
    ) -> Result<Option<Shared>, (Key, String)> {
        let Some(&(last, _)) = members.last() else { return Ok(None) };
        let (keys, regexes): (Vec<Key>, Vec<Hir>) = members.into_iter().unzip();
        let nfa = match compiler(bytes).build_many_from_hir(&regexes) {
            Ok(nfa) => nfa,
            Err(_) => return Err(first_without_room(&keys, &regexes, bytes).unwrap_or((last, reason(bytes)))),
        };
        let config = DFA::config()
            .match_kind(MatchKind::All)
            .cache_capacity(cache_bytes)
            .skip_cache_capacity_check(true)
            .minimum_cache_clear_count(Some(CLEARS))
            .minimum_bytes_per_state(Some(BYTES_A_STATE));
        let built = DFA::builder().configure(config).build_from_nfa(nfa);
        let dfa = built.map_err(|error| (last, error.to_string()))?;
        let mut warm = dfa.create_cache();
        // Giving up on this text is no reason not to try others.
        let _ = walk(&dfa, &mut warm, ORDINARY, |_| {});
        let bytes = dfa.get_nfa().memory_usage() + dfa.memory_usage() + warm.memory_usage();
        let make: MakeCache = Box::new(move || warm.clone());
        Ok(Some(Shared { dfa, keys, caches: Pool::new(make), bytes }))
    }

    /// How many regexes there are.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// States of the automaton of which lazy states are sets.
    pub(super) fn states(&self) -> usize {
        self.dfa.get_nfa().states().len()
    }

    /// Bytes of the automaton and of the states it starts with.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The keys of the regexes that may occur in a text, sorted; `None` where it gives up.
    pub(super) fn scan(&self, text: &str) -> Option<Box<[Key]>> {
        let mut cache = self.caches.get();
        let mut keys = Vec::new();
        let complete = walk(&self.dfa, &mut cache, text, |pattern| {
            keys.extend(self.keys.get(pattern));
        });
        keys.sort_unstable();
        keys.dedup();
        complete.then(|| keys.into())
    }
}

/// Gives the pattern numbers of match states, some of them more than once; false where the walk gave up.
fn walk(dfa: &DFA, cache: &mut Cache, text: &str, mut take: impl FnMut(usize)) -> bool {
    let input = Input::new(text);
    let Ok(mut state) = dfa.start_state_forward(cache, &input) else { return false };
    cache.search_start(0);
    // The match state met last: it comes again and again where a match goes on.
    let mut last: Option<(LazyStateID, usize)> = None;
    for (at, &byte) in text.as_bytes().iter().enumerate() {
        let quick = if state.is_tagged() { None } else { Some(dfa.next_state_untagged(cache, state, byte)) };
        state = match quick {
            Some(known) if !known.is_unknown() => known,
            _ => {
                cache.search_update(at);
                let Ok(made) = dfa.next_state(cache, state, byte) else {
                    cache.search_finish(at);
                    return false;
                };
                made
            }
        };
        if !state.is_tagged() {
            continue;
        }
        if state.is_match() {
            // Numbers of states are given anew when all were thrown away.
            let met = Some((state, cache.clear_count()));
            if met != last {
                last = met;
                for index in 0..dfa.match_len(cache, state) {
                    take(dfa.match_pattern(cache, state, index).as_usize());
                }
            }
        } else if state.is_dead() {
            cache.search_finish(at);
            return true;
        } else if state.is_quit() {
            cache.search_finish(at);
            return false;
        }
    }
    cache.search_finish(text.len());
    let Ok(state) = dfa.next_eoi_state(cache, state) else { return false };
    if state.is_match() {
        for index in 0..dfa.match_len(cache, state) {
            take(dfa.match_pattern(cache, state, index).as_usize());
        }
    }
    true
}

fn compiler(bytes: usize) -> Compiler {
    let mut compiler = NFA::compiler();
    compiler.configure(Config::new().which_captures(WhichCaptures::None).nfa_size_limit(Some(bytes)));
    compiler
}

fn reason(bytes: usize) -> String {
    format!(
        "the regexes that need no fixed text of three letters or more take more than {} together",
        amount(bytes)
    )
}

fn first_without_room(keys: &[Key], regexes: &[Hir], bytes: usize) -> Option<(Key, String)> {
    let mut taken = 0_usize;
    for (&key, regex) in keys.iter().zip(regexes) {
        match compiler(bytes).build_from_hir(regex) {
            Ok(nfa) => taken = taken.saturating_add(nfa.memory_usage()),
            Err(_) => return Some((key, reason(bytes))),
        }
        if taken > bytes {
            return Some((key, reason(bytes)));
        }
    }
    None
}

/// A regex that the lazy automaton can do and that occurs wherever the other one does, and whether it is the same one.
/// `None`: it may match nothing, so there is no text without it. As deep as the regex is nested, which its parser bounds.
pub(super) fn relaxed(regex: &Hir) -> Option<(Hir, bool)> {
    let same = !regex.properties().look_set().contains_word_unicode();
    let relaxed = if same { regex.clone() } else { without_boundaries(regex) };
    relaxed.properties().minimum_len().is_some_and(|least| least > 0).then_some((relaxed, same))
}

fn without_boundaries(part: &Hir) -> Hir {
    let all = |parts: &[Hir]| parts.iter().map(without_boundaries).collect();
    match part.kind() {
        HirKind::Look(
            Look::WordUnicode
            | Look::WordUnicodeNegate
            | Look::WordStartUnicode
            | Look::WordEndUnicode
            | Look::WordStartHalfUnicode
            | Look::WordEndHalfUnicode,
        ) => Hir::empty(),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => part.clone(),
        HirKind::Repetition(repetition) => {
            Hir::repetition(Repetition { sub: Box::new(without_boundaries(&repetition.sub)), ..*repetition })
        }
        HirKind::Capture(capture) => without_boundaries(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(all(parts)),
        HirKind::Alternation(parts) => Hir::alternation(all(parts)),
    }
}
