//! Text to syntax tree, with recovery at items and clauses.

pub mod ast;
