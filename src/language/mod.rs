//! From text to a typed policy set: syntax, names, directories, types, stages, lints.
//!
//! Sources are handed in; nothing here does I/O. The result is either a [`hir::Hir`] or diagnostics with at least one
//! error, never both and never neither.

pub mod codes;
pub mod hir;
pub mod lint;
pub mod schema;
pub mod stdlib;
pub mod syntax;
