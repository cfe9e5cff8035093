//! The choice of atoms: texts of which every match of a regex has at least one.
//!
//! A regex runs over a text only where one of its atoms was found by the one pass for all literals, so atoms must be
//! *sound* (no match without one of them) and should be *rare*. They are read off the parsed regex from the inside out:
//!
//! - A part that matches few texts is known exactly: `gr[ae]y` is `gray` or `grey`. Parts that stand one behind the other
//!   are joined as long as the texts stay few ([`PRODUCT`]) and short ([`LENGTH`]); where they do not, the run is broken and
//!   what was gathered is one candidate: `AKIA[0-9A-Z]{16}` gives `akia`.
//! - Of a concatenation any one candidate is enough, so the best is taken: of `https?://[a-z]+\.example\.zip` it is
//!   `.example.zip`. Of an alternation every branch must have one, and the union of them is the candidate.
//! - What may be left out (`x*`, `(…)?`) and what matches much (`\w`, `.`) has none. Look-around takes no text; it is read
//!   as nothing, which leaves the atoms sound.
//!
//! The worth of a candidate is that of its worst text less a little for every doubling of their number. A text is worth
//! the sum of its characters: frequent letters and digits little, a blank or a repeated character least, others more. Below
//! [`USABLE`] (about three letters) it would be found in most texts; then the regex has no atom and is one of those that
//! share a lazy automaton.
//!
//! Atoms are searched in *folded* text. A caseless regex matches folded text itself, so its literals stand there as they
//! are; members of classes that no folded text has (`A` of `[Aa]`) drop out. A regex with case matches *cased* text, and
//! what it matches must be found in the folded form of the same text. Folding goes character by character, but then
//! composes anew: `J` with a caron has no character of its own and `ǰ` has. So only characters are taken that neither
//! change nor are changed by what stands beside them ([`keeps_apart`]), and where it is not known what follows, one that
//! may compose with a mark when folded is left off at the end. `ß`, `İ`, marks and the like break the run.

use crate::message::surface::{Form, fold, keeps_apart, normalise};
use regex_syntax::hir::{Class, ClassUnicode, Hir, HirKind, Repetition};

/// Texts that one run may come to.
const PRODUCT: usize = 64;
/// Texts of one candidate.
const UNION: usize = 512;
/// Characters of an atom; what is longer is cut, since it is rare enough.
const LENGTH: usize = 16;
/// Members a class may have to be spelt out.
const CLASS: usize = 128;
/// Times a repeated part is spelt out.
const TIMES: u32 = 16;
/// What a candidate must be worth.
pub(super) const USABLE: u32 = 7;

/// Folded texts of which every match of a regex, run on a form of a text, has one in the folded form of that text.
/// `None`: none that are worth searching for. As deep as the regex is nested, which its parser bounds.
pub(super) fn required(regex: &Hir, form: Form) -> Option<Vec<String>> {
    let known = know(regex, form);
    let exact = known.exact.as_deref().and_then(candidate);
    let best = better(known.best, exact)?;
    (best.worth >= USABLE).then_some(best.texts)
}

/// The part of a folded text that stands in the folded form of any text whose cased form holds what it was folded from,
/// whatever is around it; `None` where it is not worth searching for.
pub(super) fn required_of_literal(text: &str) -> Option<Vec<String>> {
    let mut run = Run::new();
    for character in text.chars() {
        run.push(pieces(&[character], Form::Cased));
    }
    let known = run.finish();
    let best = better(known.best, known.exact.as_deref().and_then(candidate))?;
    (best.worth >= USABLE).then_some(best.texts)
}

/// One of the texts that a part matches, folded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Piece {
    text: String,
    /// The last character may read otherwise in folded text, for what follows it.
    open: bool,
}

/// Texts of which a match has one.
#[derive(Debug, Clone)]
struct Candidate {
    texts: Vec<String>,
    worth: u32,
}

/// What is known of the texts that a part of a regex matches.
#[derive(Debug, Default)]
struct Known {
    /// All of them, where they are few.
    exact: Option<Vec<Piece>>,
    /// The best that is found inside of them.
    best: Option<Candidate>,
}

fn know(part: &Hir, form: Form) -> Known {
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => Known { exact: Some(vec![nothing()]), best: None },
        HirKind::Literal(literal) => {
            let mut run = Run::new();
            match std::str::from_utf8(&literal.0) {
                Ok(text) => {
                    text.chars().for_each(|character| run.push(pieces(&[character], form)));
                }
                Err(_) => run.stop(None),
            }
            run.finish()
        }
        HirKind::Class(Class::Unicode(class)) => Known { exact: members(class, form), best: None },
        HirKind::Class(Class::Bytes(class)) => {
            Known { exact: class.to_unicode_class().and_then(|class| members(&class, form)), best: None }
        }
        HirKind::Repetition(repetition) => repeated(repetition, form),
        HirKind::Capture(capture) => know(&capture.sub, form),
        HirKind::Concat(parts) => {
            let mut run = Run::new();
            for part in parts {
                let known = know(part, form);
                match known.exact {
                    Some(exact) => run.push(Some(exact)),
                    None => run.stop(known.best),
                }
            }
            run.finish()
        }
        HirKind::Alternation(branches) => alternatives(branches, form),
    }
}

fn repeated(repetition: &Repetition, form: Form) -> Known {
    let inner = know(&repetition.sub, form);
    if repetition.min == 0 {
        let exact = match (repetition.max, inner.exact) {
            (Some(1), Some(mut exact)) if exact.len() < PRODUCT => {
                exact.push(nothing());
                Some(exact)
            }
            _ => None,
        };
        return Known { exact, best: None };
    }
    let Some(exact) = inner.exact else { return inner };
    let mut run = Run::new();
    for _ in 0..repetition.min.min(TIMES) {
        run.push(Some(exact.clone()));
    }
    if repetition.max != Some(repetition.min) || repetition.min > TIMES {
        run.stop(None);
    }
    run.finish()
}

fn alternatives(branches: &[Hir], form: Form) -> Known {
    let mut exact = Some(Vec::new());
    let mut best = Some(Candidate { texts: Vec::new(), worth: u32::MAX });
    for branch in branches {
        let known = know(branch, form);
        let of_branch = better(known.best, known.exact.as_deref().and_then(candidate));
        best = match (best, of_branch) {
            (Some(mut all), Some(one)) if all.texts.len() + one.texts.len() <= UNION => {
                all.texts.extend(one.texts);
                Some(all)
            }
            _ => None,
        };
        exact = match (exact, known.exact) {
            (Some(mut all), Some(one)) if all.len() + one.len() <= PRODUCT => {
                all.extend(one);
                Some(all)
            }
            _ => None,
        };
        if best.is_none() && exact.is_none() {
            break;
        }
    }
    let best = best.and_then(|candidate| weighed(candidate.texts));
    Known { exact: exact.map(without_doubles), best }
}

/// Parts that stand one behind the other.
struct Run {
    texts: Vec<Piece>,
    best: Option<Candidate>,
    /// Whether all of it is in `texts`.
    whole: bool,
}

impl Run {
    fn new() -> Run {
        Run { texts: vec![nothing()], best: None, whole: true }
    }

    /// Adds a part by the texts it matches; `None`: they are not known.
    fn push(&mut self, part: Option<Vec<Piece>>) {
        let Some(part) = part else { return self.stop(None) };
        let longest = |texts: &[Piece]| texts.iter().map(|piece| piece.text.len()).max().unwrap_or(0);
        let fits = self.texts.len() * part.len() <= PRODUCT
            && longest(&self.texts) + longest(&part) <= LENGTH * char::MAX_LEN_UTF8;
        if !fits {
            self.stop(None);
            self.texts = part;
            return;
        }
        let joined =
            self.texts.iter().flat_map(|head| part.iter().map(|tail| head.followed_by(tail))).collect();
        self.texts = without_doubles(joined);
    }

    /// Ends the run at a part of which no more is known than a candidate.
    fn stop(&mut self, inside: Option<Candidate>) {
        let gathered = candidate(&self.texts);
        self.best = better(better(self.best.take(), gathered), inside);
        self.texts = vec![nothing()];
        self.whole = false;
    }

    fn finish(mut self) -> Known {
        if self.whole {
            return Known { exact: Some(self.texts), best: self.best };
        }
        self.stop(None);
        Known { exact: None, best: self.best }
    }
}

impl Piece {
    fn followed_by(&self, tail: &Piece) -> Piece {
        let open = if tail.text.is_empty() { self.open } else { tail.open };
        Piece { text: format!("{}{}", self.text, tail.text), open }
    }

    /// What surely stands in folded text: without an open end, and not too long.
    fn sure(&self) -> &str {
        let mut chars = self.text.char_indices();
        let cut = match chars.nth(LENGTH) {
            Some((at, _)) => at,
            None if self.open => self.text.char_indices().next_back().map_or(0, |(at, _)| at),
            None => self.text.len(),
        };
        self.text.get(..cut).unwrap_or_default()
    }
}

fn nothing() -> Piece {
    Piece { text: String::new(), open: false }
}

fn without_doubles(mut texts: Vec<Piece>) -> Vec<Piece> {
    // Of two that differ in their end alone the open one says less.
    texts.sort_by(|a, b| a.text.cmp(&b.text).then(b.open.cmp(&a.open)));
    texts.dedup_by(|a, b| a.text == b.text);
    texts
}

fn candidate(texts: &[Piece]) -> Option<Candidate> {
    weighed(texts.iter().map(|piece| piece.sure().to_string()).collect())
}

fn weighed(mut texts: Vec<String>) -> Option<Candidate> {
    texts.sort_unstable();
    texts.dedup();
    let least = texts.iter().map(|text| worth(text)).min().filter(|&worth| worth > 0)?;
    let many = texts.len().checked_ilog2().unwrap_or(0);
    Some(Candidate { texts, worth: least.saturating_sub(many) })
}

fn better(a: Option<Candidate>, b: Option<Candidate>) -> Option<Candidate> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.worth > a.worth { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// How rare a text is; 0 for none.
fn worth(text: &str) -> u32 {
    let mut before = None;
    text.chars()
        .map(|character| {
            let again = before.replace(character) == Some(character);
            match character {
                _ if again => 1,
                ' ' => 1,
                'e' | 't' | 'a' | 'o' | 'i' | 'n' | 's' | 'h' | 'r' | 'd' | 'l' | '0'..='9' => 2,
                character if character.is_ascii() => 3,
                _ => 4,
            }
        })
        .sum()
}

/// The members of a class, folded; `None` where they are many or one of them cannot be told in folded text.
fn members(class: &ClassUnicode, form: Form) -> Option<Vec<Piece>> {
    let count: usize = class.ranges().iter().map(regex_syntax::hir::ClassUnicodeRange::len).sum();
    if count > CLASS {
        return None;
    }
    let all: Vec<char> = class.ranges().iter().flat_map(|range| range.start()..=range.end()).collect();
    pieces(&all, form).filter(|pieces| !pieces.is_empty() && pieces.len() <= PRODUCT)
}

/// What characters are in folded text, each once. Those that the form never has are left out.
fn pieces(characters: &[char], form: Form) -> Option<Vec<Piece>> {
    let mut all = Vec::with_capacity(characters.len());
    for &character in characters {
        if character.is_ascii_graphic() || character == ' ' {
            match form {
                Form::Folded if character.is_ascii_uppercase() => continue,
                Form::Folded => all.push(Piece { text: character.to_string(), open: false }),
                // The letters that with a mark are one character in lower case alone: ẖ, ǰ, ẗ, ẘ, ẙ.
                Form::Cased => all.push(Piece {
                    text: character.to_ascii_lowercase().to_string(),
                    open: matches!(character, 'H' | 'J' | 'T' | 'W' | 'Y'),
                }),
            }
            continue;
        }
        let alone = character.to_string();
        let folded = fold(&alone);
        match form {
            // A character that folding changes is in no folded text.
            Form::Folded if folded != alone => {}
            Form::Folded => all.push(Piece { text: alone, open: false }),
            Form::Cased if normalise(&alone) != alone => {}
            Form::Cased if keeps_apart(character) && folded.chars().count() == 1 => {
                all.push(Piece { text: folded, open: !character.is_ascii() });
            }
            Form::Cased => return None,
        }
    }
    Some(without_doubles(all))
}
