//! The language: syntax, format and what follows.

mod check;
mod check_mutants;
mod check_rules;
mod diagnostics;
mod editors;
mod format;
pub(crate) mod generate;
mod lint;
mod list_files;
mod mistakes;
pub(crate) mod mutants;
mod syntax;
mod syntax_hostile;
mod syntax_mutants;
