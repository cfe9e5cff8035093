//! Text to syntax tree, with recovery at items, clauses and entries.
//!
//! [`parse`] always gives a tree. What could not be parsed is a `Bad` node in it, and then [`Parsed::diagnostics`] has
//! errors: a set is made of a tree only where there are none.
//!
//! A sound file costs one pass over its bytes (limits, texts, braces) and one parse. Where that parse leaves
//! something over, the text is repaired and marked line by line and parsed a second time, so that each mistake is
//! found by itself; each is then explained by parsing its slice alone. All of it is linear in the file; nesting is
//! bounded before the grammar recurses.

pub mod ast;
mod build;
pub mod codes;
mod expected;
mod explain;
mod grammar;
mod mends;
mod offsets;
mod recover;
mod shapes;
pub(crate) mod tokens;
pub(crate) mod words;

use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::limits::SourceLimits;
use crate::base::source::{SourceId, Span};
use pest::Parser;
use recover::Plan;
use tokens::Tokens;

/// What [`parse`] gives.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// The tree; with `Bad` nodes where something could not be parsed.
    pub file: ast::File,
    /// What is wrong with the writing. Without errors in it, no node is `Bad`.
    pub diagnostics: Diagnostics,
}

/// Parses one policy file. Never fails: see [`Parsed`].
pub fn parse(source: SourceId, text: &str, limits: &SourceLimits) -> Parsed {
    if text.len() > limits.file_bytes {
        return refused(source, too_large(source, text.len(), limits));
    }
    let tokens = tokens::tokens(source, text, limits);
    if tokens.stopped {
        return Parsed { file: empty(source, text.len()), diagnostics: tokens.faults };
    }
    let balanced = recover::balanced(text, &tokens.tokens);
    if balanced && tokens.faults.is_empty() {
        let attempt = attempt(source, text, &tokens, Plan::default(), limits);
        if attempt.sound {
            return attempt.parsed;
        }
        let recovered = recovered(source, text, &tokens, balanced, limits);
        return if recovered.diagnostics.has_errors() { recovered } else { attempt.parsed };
    }
    recovered(source, text, &tokens, balanced, limits)
}

/// Parses one policy file from its bytes: what is not UTF-8 is an error at the first bad byte.
pub fn parse_bytes(source: SourceId, bytes: &[u8], limits: &SourceLimits) -> Parsed {
    if bytes.len() > limits.file_bytes {
        return refused(source, too_large(source, bytes.len(), limits));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => parse(source, text, limits),
        Err(error) => {
            let at = error.valid_up_to();
            let line = bytes.iter().take(at).filter(|&&byte| byte == b'\n').count() + 1;
            let message = format!("the file is not UTF-8: line {line} has a byte that is none");
            let span = Span::new(source, at, at + 1);
            let error = Diagnostic::error(codes::NOT_UTF8, span, message)
                .help("save the file as UTF-8; every editor can");
            refused(source, error)
        }
    }
}

fn too_large(source: SourceId, length: usize, limits: &SourceLimits) -> Diagnostic {
    let message = format!("the file has {length} bytes, more than the {} that are read", limits.file_bytes);
    Diagnostic::error(codes::TOO_LARGE, Span::new(source, 0, 0), message)
        .help("split it into several files, or keep long lists in files of their own: `list l { from \"file.txt\" }`")
}

fn refused(source: SourceId, error: Diagnostic) -> Parsed {
    let mut diagnostics = Diagnostics::default();
    diagnostics.push(error);
    Parsed { file: empty(source, 0), diagnostics }
}

fn empty(source: SourceId, length: usize) -> ast::File {
    ast::File { items: Vec::new(), comments: Vec::new(), span: Span::new(source, 0, length) }
}

/// The better of what braces by counting and braces by indentation make of a file.
fn recovered(source: SourceId, text: &str, tokens: &Tokens, balanced: bool, limits: &SourceLimits) -> Parsed {
    let plan = recover::plan(source, text, tokens, true);
    // Two mistakes that make up for each other in number are two all the same.
    let made_up_for = plan.made_up_for();
    let by_indentation = || attempt(source, text, tokens, plan, limits).parsed;
    if !balanced {
        return by_indentation();
    }
    let by_counting =
        attempt(source, text, tokens, recover::plan(source, text, tokens, false), limits).parsed;
    if by_counting.diagnostics.len() <= 1 && made_up_for == 0 {
        return by_counting;
    }
    let by_indentation = by_indentation();
    let findings = by_indentation.diagnostics.len();
    if findings < by_counting.diagnostics.len() + made_up_for + usize::from(made_up_for > 0) {
        by_indentation
    } else {
        by_counting
    }
}

struct Attempt {
    parsed: Parsed,
    /// Whether every part of the text was taken.
    sound: bool,
}

/// One parse of the text as a plan repairs it.
fn attempt(source: SourceId, text: &str, tokens: &Tokens, plan: Plan, limits: &SourceLimits) -> Attempt {
    let (repaired, offsets) = offsets::Offsets::apply(text, &plan.repairs, &tokens.comments);
    let mut diagnostics = tokens.faults.clone();
    diagnostics.extend(plan.errors);
    let mut builder = build::Builder::new(source, &repaired, &offsets);
    let mut file = match grammar::Grammar::parse(grammar::Rule::file, &repaired) {
        Ok(mut pairs) => pairs.next().map(|pair| builder.file(pair)),
        Err(_) => None,
    };
    if file.is_none() {
        diagnostics.push(
            Diagnostic::error(codes::EXPECTED, Span::new(source, 0, 0), "this file cannot be understood")
                .help("look for braces and quotes that have no partner"),
        );
    }
    let unparsed = std::mem::take(&mut builder.unparsed);
    diagnostics.extend(std::mem::take(&mut builder.diagnostics));
    let explainer =
        explain::Explainer { source, text: &repaired, offsets: &offsets, said: &plan.said, limits };
    explainer.explain(&unparsed, &mut diagnostics);
    let diagnostics = bounded(diagnostics);
    let mut file = file.take().unwrap_or_else(|| empty(source, text.len()));
    file.comments = comments(source, text, tokens);
    Attempt { parsed: Parsed { file, diagnostics }, sound: unparsed.is_empty() }
}

/// The first of too many findings.
fn bounded(diagnostics: Diagnostics) -> Diagnostics {
    if diagnostics.len() <= tokens::FAULTS {
        return diagnostics;
    }
    let mut first = Diagnostics::default();
    let sorted = diagnostics.sorted();
    for finding in sorted.iter().take(tokens::FAULTS) {
        first.push((*finding).clone());
    }
    if let Some(next) = sorted.get(tokens::FAULTS) {
        let message = format!("there are {} more errors", sorted.len() - tokens::FAULTS);
        first.push(
            Diagnostic::error(codes::TOO_MANY_ERRORS, next.primary.span, message).help("mend the first ones"),
        );
    }
    first
}

fn comments(source: SourceId, text: &str, tokens: &Tokens) -> Vec<ast::Comment> {
    tokens
        .comments
        .iter()
        .map(|&(start, end)| {
            let before = text.get(..start).unwrap_or("");
            let line = before.rfind('\n').map_or(before, |newline| before.get(newline + 1..).unwrap_or(""));
            let own_line = line.chars().all(|character| matches!(character, ' ' | '\t' | '\u{feff}'));
            ast::Comment { span: Span::new(source, start, end), own_line }
        })
        .collect()
}
