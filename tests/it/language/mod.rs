//! The language: syntax, format and what follows.

mod syntax;
