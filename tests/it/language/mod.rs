//! The language: syntax, format and what follows.

mod check;
pub(crate) mod mutants;
mod syntax;
mod syntax_mutants;
