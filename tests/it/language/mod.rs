//! The language: syntax, format and what follows.

pub(crate) mod mutants;
mod syntax;
mod syntax_mutants;
