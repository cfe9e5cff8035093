//! The language: syntax, format and what follows.

mod check;
mod check_mutants;
mod check_rules;
mod format;
pub(crate) mod generate;
pub(crate) mod mutants;
mod syntax;
mod syntax_mutants;
