//! Detectors: patterns whose candidates must pass checks, stand on their own, and have a word nearby where asked.
//!
//! Candidates are found by regex on the cased surface. A candidate that fails is tried shorter, and then the search
//! goes on one character behind its start, so that digits before or behind a number do not hide it; finds may overlap
//! where there are checks, but none lies within another. What is found stands on its own: not inside a longer number
//! or word, not inside a URL and, where slashes or underscores part it, not inside a path or name. A text with marks
//! on its letters and digits or with rows of single digits is searched without them, too ([`super::plainer`]).
//!
//! Cost: a candidate that passes its checks costs its length and, where words are wanted nearby, the windows on its sides
//! in which they are looked for. These windows and the tries with failed candidates are paid from a budget of
//! [`RETRY_FACTOR`] times the text and a mebibyte; beyond it the search leaps over candidates and says that it gave up,
//! which leaves open what it did not find. What the regexes look at has a budget of its own ([`Budget`]).

use super::checks::{normalised, passes};
use super::patterns::{
    self, Budget, Guard, PatternTable, Patterns, SearchOptions, escape, find_from, longest_match,
};
use super::plainer::Plainer;
use crate::base::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::language::hir::{Check, Detector, Near, Pattern};
use crate::message::surface::{Form, Surface, normalise};
use regex_automata::meta::Regex;
use regex_automata::{Anchored, Input};
use std::collections::BTreeSet;
use std::ops::Range;

/// A detector's own line that it judges otherwise.
pub const LINE: Code = Code("mfp::detector::line");
/// A detector's pattern that cannot be compiled within its limit.
pub const PATTERN: Code = Code("mfp::detector::pattern");

/// How many times the length of a text may be searched again for candidates that failed and for words nearby.
const RETRY_FACTOR: usize = 64;
/// Values kept distinct in one text; what is beyond counts no more.
pub const VALUES_KEPT: usize = 100_000;
/// How far back the start of a URL is looked for, in bytes.
const URL_BYTES: usize = 2_048;

/// Something a detector found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Found {
    /// Where, as bytes of the cased text.
    pub range: Range<usize>,
    /// The value in the form in which values are counted: without blanks, dots and dashes, in upper case.
    pub value: String,
}

/// What a detector found in one text.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// Occurrences.
    pub total: u64,
    /// The first of them.
    pub places: Vec<Range<usize>>,
    /// Distinct values, at most [`VALUES_KEPT`].
    pub values: BTreeSet<String>,
    /// Whether not everything could be tried: there may be more.
    pub gave_up: bool,
}

/// A detector ready to search.
#[derive(Debug)]
pub struct CompiledDetector {
    /// Each with the bytes of its longest match.
    regexes: Vec<(Regex, usize)>,
    checks: Vec<Check>,
    near: Vec<CompiledNear>,
}

#[derive(Debug)]
struct CompiledNear {
    patterns: Patterns,
    within: usize,
    longest: usize,
}

impl CompiledDetector {
    /// Compiles a detector; an error says in words which pattern is too large or malformed.
    pub fn new(detector: &Detector) -> Result<CompiledDetector, String> {
        let regexes = detector.patterns.iter().map(candidate_regex).collect::<Result<Vec<_>, String>>()?;
        let near = detector.near.iter().map(CompiledNear::new).collect::<Result<Vec<_>, _>>()?;
        Ok(CompiledDetector { regexes, checks: detector.checks.clone(), near })
    }

    /// Bytes of its regexes and of the words it wants nearby.
    pub fn bytes(&self) -> usize {
        let regexes = self.regexes.iter().map(|(regex, _)| regex.memory_usage());
        regexes.chain(self.near.iter().map(|near| near.patterns.bytes())).sum()
    }

    /// Whether checks tell what is found from what looks like it.
    pub(super) fn has_checks(&self) -> bool {
        !self.checks.is_empty()
    }

    /// All that is found in a cased text, by place; what lies within another find is left out.
    pub fn find(&self, cased: &str) -> Vec<Found> {
        let mut found = Vec::new();
        let _gave_up = self.for_each(cased, |one| found.push(one));
        found
    }

    /// What is found in a cased text, counted.
    pub fn findings(&self, cased: &str) -> Findings {
        let mut findings = Findings::default();
        let gave_up = self.for_each(cased, |found| {
            findings.total += 1;
            if findings.places.len() < patterns::PLACES_KEPT {
                findings.places.push(found.range);
            }
            if findings.values.len() < VALUES_KEPT {
                findings.values.insert(found.value);
            }
        });
        findings.gave_up = gave_up || findings.values.len() >= VALUES_KEPT;
        findings
    }

    /// Gives every find, and whether not everything could be tried.
    fn for_each(&self, cased: &str, mut take: impl FnMut(Found)) -> bool {
        let plainer = Plainer::of(cased, !self.checks.is_empty());
        if let ([(regex, longest)], None) = (self.regexes.as_slice(), &plainer) {
            return self.search(regex, *longest, cased, take);
        }
        let mut gave_up = false;
        let mut all = Vec::new();
        for (regex, longest) in &self.regexes {
            gave_up |= self.search(regex, *longest, cased, |found| all.push(found));
            if let Some(plainer) = &plainer {
                gave_up |= self.search(regex, *longest, plainer.text(), |Found { range, value }| {
                    all.push(Found { range: plainer.origin(range), value });
                });
            }
        }
        all.sort_by_key(|found| (found.range.start, std::cmp::Reverse(found.range.end)));
        let mut covered = 0;
        for found in all {
            if found.range.end > covered {
                covered = found.range.end;
                take(found);
            }
        }
        gave_up
    }

    /// Gives what one pattern finds in a text, and whether not everything could be tried.
    fn search(&self, regex: &Regex, longest: usize, text: &str, mut take: impl FnMut(Found)) -> bool {
        let mut search = Search::new(self, text, longest);
        while let Some(found) = search.next(regex) {
            take(found);
        }
        search.gave_up
    }

    /// The value of a candidate that starts on its own and passes all else but the words wanted nearby.
    fn passing(&self, cased: &str, range: &Range<usize>) -> Option<String> {
        if range.is_empty() || !ends_alone(cased, range) {
            return None;
        }
        let candidate = cased.get(range.clone())?;
        if !self.checks.is_empty() && is_in_path(cased, range, candidate) {
            return None;
        }
        let value = normalised(candidate);
        let checked = self.checks.iter().all(|&check| passes(check, &value));
        (checked && !in_url(cased, range)).then(|| value.to_uppercase())
    }
}

/// What finds the candidates of a pattern, compiled, and the bytes of the longest.
fn candidate_regex(pattern: &Pattern) -> Result<(Regex, usize), String> {
    let (regex, caseless, dot_all) = candidate_source(pattern)?;
    let longest = longest_match(&regex, caseless, dot_all);
    Ok((patterns::regex(&regex, caseless, dot_all)?, longest))
}

/// What finds the candidates of a pattern in cased text: a regex, whether it is caseless, whether `.` matches line breaks.
fn candidate_source(pattern: &Pattern) -> Result<(String, bool, bool), String> {
    Ok(match pattern {
        Pattern::Regex { pattern, caseless, dot_all } => (pattern.to_string(), *caseless, *dot_all),
        Pattern::Literal { text } | Pattern::Word { text } => (escape(&normalise(text)), true, false),
        Pattern::Prefix { text } => (format!(r"\A{}", escape(&normalise(text))), true, false),
        Pattern::Suffix { text } => (format!(r"{}\z", escape(&normalise(text))), true, false),
        Pattern::Glob { text } => return Err(format!("a glob (`{text}`) gives no candidates")),
    })
}

/// Whether detectors with or without checks look for candidates in another reading of a text, too, so that no scan of
/// the text itself rules them out.
pub(super) fn reads_otherwise(cased: &str, has_checks: bool) -> bool {
    Plainer::of(cased, has_checks).is_some()
}

/// What must be in a text so that a detector may find something in it, as it is read itself.
pub(super) fn guard(detector: &Detector) -> Guard {
    let candidates = detector.patterns.iter().filter_map(|pattern| candidate_source(pattern).ok()).collect();
    Guard { candidates, near: detector.near.iter().map(|near| near.patterns.clone()).collect() }
}

struct Search<'a> {
    detector: &'a CompiledDetector,
    cased: &'a str,
    from: usize,
    /// One past the last find: what lies within it is no find of its own.
    covered: usize,
    budget: usize,
    walks: Budget,
    gave_up: bool,
}

impl<'a> Search<'a> {
    fn new(detector: &'a CompiledDetector, cased: &'a str, longest: usize) -> Search<'a> {
        let budget = cased.len().saturating_mul(RETRY_FACTOR).saturating_add(1 << 20);
        let walks = Budget::new(longest, cased);
        Search { detector, cased, from: 0, covered: 0, budget, walks, gave_up: false }
    }

    /// The next candidate from an offset on.
    fn walk(&mut self, regex: &Regex, from: usize) -> Option<Range<usize>> {
        if !self.walks.pays_from(from) {
            self.gave_up = true;
            return None;
        }
        find_from(regex, self.cased, from)
    }

    fn next(&mut self, regex: &Regex) -> Option<Found> {
        while self.from <= self.cased.len() {
            let candidate = self.walk(regex, self.from)?;
            self.from = self.after_first(candidate.start);
            let accepted = self.longest_accepted(regex, &candidate);
            if self.budget == 0 {
                self.gave_up = true;
                self.from = self.from.max(candidate.end);
            }
            let Some((range, value)) = accepted else { continue };
            if range.end <= self.covered {
                continue;
            }
            self.covered = range.end;
            if self.detector.checks.is_empty() {
                // Nothing failed, so nothing can be hidden: occurrences stand one behind the other.
                self.from = self.from.max(range.end);
                return Some(Found { range, value });
            }
            let (range, value) = self.plainer_inside(regex, range, value);
            return Some(Found { range, value });
        }
        None
    }

    /// A candidate inside an accepted one that is parted into fewer groups: of `6 7 4111111111111111` the card behind the
    /// digits, though all of it passes by chance.
    fn plainer_inside(
        &mut self,
        regex: &Regex,
        range: Range<usize>,
        value: String,
    ) -> (Range<usize>, String) {
        let most = groups_of(self.cased, &range);
        let mut at = self.after_first(range.start);
        while most > 1 && self.budget > 0 {
            let Some(candidate) = self.walk(regex, at).filter(|found| found.start < range.end) else {
                break;
            };
            at = self.after_first(candidate.start);
            if let Some((inner, inner_value)) = self.longest_accepted(regex, &candidate)
                && inner.end <= range.end
                && inner_value.len() < value.len()
                && groups_of(self.cased, &inner) < most
            {
                return (inner, inner_value);
            }
        }
        (range, value)
    }

    /// The candidate, or the longest shorter one with the same start, that is accepted.
    fn longest_accepted(&mut self, regex: &Regex, range: &Range<usize>) -> Option<(Range<usize>, String)> {
        if !starts_alone(self.cased, range) {
            return None;
        }
        let mut candidate = range.clone();
        loop {
            if let Some(value) = self.accept(&candidate) {
                return Some((candidate, value));
            }
            if !self.pays(candidate.len().max(1)) {
                return None;
            }
            let end = self.shorter_end(&candidate)?;
            let shorter = Input::new(self.cased).range(candidate.start..end).anchored(Anchored::Yes);
            candidate = regex.search(&shorter)?.range();
        }
    }

    /// The last place before the end of a candidate where a shorter one would stand on its own. What ends between them
    /// would be refused, so that nothing is lost by not trying it.
    fn shorter_end(&self, candidate: &Range<usize>) -> Option<usize> {
        let text = self.cased.get(candidate.clone())?;
        let mut ends = text.char_indices().rev().map(|(at, _)| candidate.start + at);
        ends.find(|&end| end == candidate.start || ends_alone(self.cased, &(candidate.start..end)))
            .filter(|&end| end > candidate.start)
    }

    /// The value of a candidate that starts on its own and passes all else.
    fn accept(&mut self, range: &Range<usize>) -> Option<String> {
        let detector = self.detector;
        let value = detector.passing(self.cased, range)?;
        detector.near.iter().all(|near| self.has_near(near, range)).then_some(value)
    }

    /// Whether a word stands near a candidate, as far as the budget pays for a look.
    fn has_near(&mut self, near: &CompiledNear, range: &Range<usize>) -> bool {
        [Toward::End, Toward::Start].into_iter().any(|side| {
            let window = near.window(self.cased, range, side);
            self.pays(window.len())
                && near.found(window, side).unwrap_or_else(|| {
                    self.gave_up = true;
                    false
                })
        })
    }

    /// Pays from the budget; where it has not as much left, the search gives up.
    fn pays(&mut self, bytes: usize) -> bool {
        let enough = self.budget >= bytes;
        self.gave_up |= !enough;
        self.budget = self.budget.saturating_sub(bytes);
        enough
    }

    fn after_first(&self, start: usize) -> usize {
        let next = self.cased.get(start..).and_then(|rest| rest.chars().next());
        start + next.map_or(1, char::len_utf8)
    }
}

/// How many groups of letters and digits a range has.
fn groups_of(cased: &str, range: &Range<usize>) -> usize {
    let text = cased.get(range.clone()).unwrap_or_default();
    text.split(|character: char| !character.is_alphanumeric()).filter(|group| !group.is_empty()).count()
}

/// Whether a candidate starts no longer number or word before it. Only digits and letters with case join: in scripts that
/// write no blanks or join particles to numbers, a letter beside a number says nothing.
fn starts_alone(cased: &str, range: &Range<usize>) -> bool {
    let mut before = cased.get(..range.start).unwrap_or_default().chars().rev();
    let first = cased.get(range.clone()).unwrap_or_default().chars().next();
    let (neighbour, beyond) = (before.next(), before.next());
    // `0.4111…` is a fraction of a longer number.
    let fraction =
        neighbour == Some('.') && beyond.is_some_and(char::is_numeric) && first.is_some_and(char::is_numeric);
    !fraction && !joined(neighbour, first)
}

/// Whether no longer number or word goes on behind a candidate.
fn ends_alone(cased: &str, range: &Range<usize>) -> bool {
    let last = cased.get(range.clone()).unwrap_or_default().chars().next_back();
    !joined(last, cased.get(range.end..).unwrap_or_default().chars().next())
}

fn joined(left: Option<char>, right: Option<char>) -> bool {
    let joins =
        |character: char| character.is_numeric() || character.is_lowercase() || character.is_uppercase();
    left.is_some_and(joins) && right.is_some_and(joins)
}

/// Whether a candidate that slashes or underscores part is a piece of a path or of a longer name: of
/// `/a/4111/1111/1111/1111` and `scan_4111_1111_1111_1111`.
fn is_in_path(cased: &str, range: &Range<usize>, candidate: &str) -> bool {
    let parts = |character: char| matches!(character, '/' | '_');
    let goes_on = |character: char| parts(character) || character == '\\';
    candidate.contains(parts)
        && (cased.get(..range.start).is_some_and(|head| head.ends_with(goes_on))
            || cased.get(range.end..).is_some_and(|tail| tail.starts_with(goes_on)))
}

/// Whether a candidate starts inside a URL: the run of characters before it, back to a blank, a quote or a bracket,
/// has a scheme or starts with `www.`.
fn in_url(cased: &str, range: &Range<usize>) -> bool {
    let mut floor = range.start.saturating_sub(URL_BYTES);
    while !cased.is_char_boundary(floor) {
        floor += 1;
    }
    let head = cased.get(floor..range.start).unwrap_or_default();
    let ends_url = |character: char| {
        character.is_whitespace() || matches!(character, '"' | '\'' | '<' | '>' | '(' | ')')
    };
    let token = head.rsplit(ends_url).next().unwrap_or_default();
    token.contains("://") || token.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www."))
}

impl CompiledNear {
    fn new(near: &Near) -> Result<CompiledNear, String> {
        let mut table = PatternTable::default();
        for pattern in &near.patterns {
            table.intern(pattern);
        }
        let longest = near
            .patterns
            .iter()
            .map(|pattern| match pattern {
                Pattern::Literal { text }
                | Pattern::Word { text }
                | Pattern::Glob { text }
                | Pattern::Prefix { text }
                | Pattern::Suffix { text } => text.chars().count(),
                // How long a match of a regex is nobody can tell; this is room for a phrase.
                Pattern::Regex { .. } => 64,
            })
            .max()
            .unwrap_or(0);
        // What stands near a candidate is asked of few and short texts.
        let options = SearchOptions { prefilter: false, ..SearchOptions::default() };
        let patterns = Patterns::with(table, &options).map_err(|(_, errors)| {
            errors.into_iter().next().map_or_else(String::new, |error| error.reason)
        })?;
        Ok(CompiledNear { patterns, within: near.within as usize, longest })
    }

    /// The text before or behind a candidate in which a word may stand near enough.
    fn window<'t>(&self, cased: &'t str, range: &Range<usize>, candidate: Toward) -> &'t str {
        // One character more, so that a word at the edge of the window shows its boundary.
        let reach = self.within + self.longest + 1;
        match candidate {
            Toward::End => {
                let head = cased.get(..range.start).unwrap_or_default();
                let start = head.char_indices().rev().nth(reach - 1).map_or(0, |(at, _)| at);
                head.get(start..).unwrap_or_default()
            }
            Toward::Start => {
                let tail = cased.get(range.end..).unwrap_or_default();
                let end = tail.char_indices().nth(reach).map_or(tail.len(), |(at, _)| at);
                tail.get(..end).unwrap_or_default()
            }
        }
    }

    /// Whether a word ends or starts near enough to that side of a window where the candidate stands; `None` where the
    /// search for it gave up.
    fn found(&self, window: &str, candidate: Toward) -> Option<bool> {
        if window.is_empty() {
            return Some(false);
        }
        let surface = Surface::from_text(window);
        let [folded, cased] = [Form::Folded, Form::Cased].map(|form| {
            let text = surface.text(form);
            match candidate {
                Toward::Start => text.char_indices().nth(self.within).map_or(text.len(), |(at, _)| at),
                Toward::End if self.within == 0 => text.len(),
                Toward::End => text.char_indices().rev().nth(self.within - 1).map_or(0, |(at, _)| at),
            }
        });
        self.patterns.any_place(&surface, |form, place| {
            let edge = if form == Form::Folded { folded } else { cased };
            match candidate {
                Toward::Start => place.start <= edge,
                Toward::End => place.end >= edge,
            }
        })
    }
}

/// The side of a window at which the candidate stands.
#[derive(Clone, Copy)]
enum Toward {
    Start,
    End,
}

/// All that a detector finds in a text as it might stand in a message. A detector that does not compile finds nothing;
/// [`self_test`] names it.
pub fn detect(detector: &Detector, text: &str) -> Vec<Found> {
    CompiledDetector::new(detector).map(|compiled| compiled.find(&normalise(text))).unwrap_or_default()
}

/// Runs the `yes` and `no` lines of detectors.
pub fn self_test(detectors: &[Detector]) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    for detector in detectors {
        test_detector(detector, &mut diagnostics);
    }
    diagnostics
}

fn test_detector(detector: &Detector, diagnostics: &mut Diagnostics) {
    let name = &detector.name;
    let compiled = match CompiledDetector::new(detector) {
        Ok(compiled) => compiled,
        Err(reason) => {
            let message = format!("detector `{name}` cannot be compiled: {reason}");
            diagnostics.push(
                Diagnostic::error(PATTERN, detector.span, message)
                    .help("write a simpler pattern, or bound its repetitions"),
            );
            return;
        }
    };
    for line in &detector.yes {
        if compiled.find(&normalise(&line.node)).is_empty() {
            diagnostics.push(
                Diagnostic::error(LINE, line.span, format!("detector `{name}` does not find its `yes` line"))
                    .label("nothing is found here")
                    .also(detector.span, "by this detector")
                    .help("mend the pattern or its checks, or move the line to `no`"),
            );
        }
    }
    for line in &detector.no {
        let text = normalise(&line.node);
        if let Some(found) = compiled.find(&text).first() {
            let shown: String = text.get(found.range.clone()).unwrap_or_default().chars().take(60).collect();
            diagnostics.push(
                Diagnostic::error(
                    LINE,
                    line.span,
                    format!("detector `{name}` finds `{shown}` in its `no` line"),
                )
                .label("this should not be found")
                .also(detector.span, "by this detector")
                .help("narrow the pattern or add a check, or move the line to `yes`"),
            );
        }
    }
}
