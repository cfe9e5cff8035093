//! From text to a typed policy set: syntax, names, directories, types, stages, lints.

pub mod syntax;
