//! Text to syntax tree, with recovery at items and clauses.
//!
//! [`parse`] always gives a tree. What could not be parsed is a `Bad` node in it, and then [`Parsed::diagnostics`] has
//! errors: a set is made of a tree only where there are none.

pub mod ast;
mod build;
pub mod codes;
mod grammar;
mod offsets;

use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::limits::SourceLimits;
use crate::base::source::{SourceId, Span};
use pest::Parser;

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
    let _ = limits;
    let (_, offsets) = offsets::Offsets::apply(text, &[], &[]);
    let mut builder = build::Builder::new(source, text, &offsets);
    let empty = ast::File { items: vec![], comments: vec![], span: Span::new(source, 0, text.len()) };
    match grammar::Grammar::parse(grammar::Rule::file, text) {
        Ok(mut pairs) => {
            let file = pairs.next().map_or(empty, |pair| builder.file(pair));
            for bad in std::mem::take(&mut builder.unparsed) {
                builder.diagnostics.push(Diagnostic::error(
                    codes::EXPECTED,
                    Span::new(source, bad.start, bad.end),
                    "this cannot be understood",
                ));
            }
            Parsed { file, diagnostics: builder.diagnostics }
        }
        Err(_) => Parsed { file: empty, diagnostics: Diagnostics::default() },
    }
}
