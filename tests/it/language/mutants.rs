//! Mutants of a policy file: a token deleted, doubled or replaced; and how well their first error tells where.
//!
//! [`judge`] takes what checks a text as a closure, so that the same measure serves the parser alone and a whole set.

use mailfw::base::diagnostic::{Diagnostic, Diagnostics, Level};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

/// The places of tokens in a text, as a reader sees them: words, literals, signs, whole texts and single quotes, and
/// the pieces of dotted and colon-joined runs.
pub(crate) fn tokens(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            b' ' | b'\n' | b'\t' | b'\r' => at += 1,
            b'#' => at += text[at..].find('\n').unwrap_or(text.len() - at),
            b'"' => {
                let mark = if text[at..].starts_with("\"\"\"") { "\"\"\"" } else { "\"" };
                let inner = text[at + mark.len()..].find(mark).expect("texts of sound files are closed");
                at += inner + 2 * mark.len();
                tokens.extend([start..at, start..start + mark.len(), at - mark.len()..at]);
            }
            b'/' if text[at + 1..].split('\n').next().is_some_and(|line| line.contains('/')) => {
                at += 2 + text[at + 1..].find('/').unwrap();
                tokens.extend([start..at, start..start + 1, at - 1..at]);
            }
            byte if b"(){}[],=<>!?".contains(&byte) => {
                at += 1;
                tokens.push(start..at);
            }
            _ => {
                while at < bytes.len() && !b" \n\t\r\"(){}[],=<>!?#".contains(&bytes[at]) {
                    at += 1;
                }
                tokens.push(start..at);
                pieces(&text[start..at], start, &mut tokens);
            }
        }
    }
    tokens
}

/// The words and separators of a run, if it has several.
fn pieces(run: &str, start: usize, tokens: &mut Vec<Range<usize>>) {
    let mut found = Vec::new();
    let mut from = 0;
    for (at, character) in run.char_indices() {
        if character.is_alphanumeric() || character == '_' {
            continue;
        }
        if from < at {
            found.push(start + from..start + at);
        }
        found.push(start + at..start + at + character.len_utf8());
        from = at + character.len_utf8();
    }
    if from < run.len() {
        found.push(start + from..start + run.len());
    }
    if found.len() > 1 {
        tokens.extend(found);
    }
}

/// How mutants were judged.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    /// Mutants in which nothing is wrong.
    pub(crate) accepted: usize,
    /// By lines between the edit and the first error.
    pub(crate) distances: BTreeMap<usize, usize>,
    /// By number of errors.
    pub(crate) errors: BTreeMap<usize, usize>,
    /// Mutants whose first error is more than a line away, or that have more than three errors: what was edited and
    /// what was said.
    pub(crate) poor: Vec<String>,
}

impl fmt::Display for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "accepted: {}", self.accepted)?;
        for (distance, count) in &self.distances {
            writeln!(f, "first error {distance} lines away: {count}")?;
        }
        for (errors, count) in &self.errors {
            writeln!(f, "{errors} errors: {count}")?;
        }
        Ok(())
    }
}

/// Judges the mutants that an edit makes of each token.
pub(crate) fn judge(
    text: &str,
    edit: impl Fn(&str) -> String,
    check: impl Fn(&str) -> Diagnostics,
    into: &mut Histogram,
) {
    for token in tokens(text) {
        let mutant = format!("{}{}{}", &text[..token.start], edit(&text[token.clone()]), &text[token.end..]);
        let found = check(&mutant);
        let errors: Vec<&Diagnostic> =
            found.sorted().into_iter().filter(|finding| finding.level == Level::Error).collect();
        let Some(first) = errors.first() else {
            into.accepted += 1;
            continue;
        };
        let place = line(&mutant, first.primary.span.start as usize);
        let (from, to) = (line(&mutant, token.start), line(&mutant, mutant.len() - (text.len() - token.end)));
        let distance = from.saturating_sub(place).max(place.saturating_sub(to));
        *into.distances.entry(distance).or_default() += 1;
        *into.errors.entry(errors.len()).or_default() += 1;
        if distance > 1 || errors.len() > 3 {
            let said: Vec<String> = errors
                .iter()
                .map(|error| {
                    format!("{}: {}", line(&mutant, error.primary.span.start as usize) + 1, error.message)
                })
                .collect();
            into.poor.push(format!("line {}: `{}`: {said:?}", line(text, token.start) + 1, &text[token]));
        }
    }
}

/// The line of an offset, from 0.
pub(crate) fn line(text: &str, at: usize) -> usize {
    text[..at.min(text.len())].matches('\n').count()
}
