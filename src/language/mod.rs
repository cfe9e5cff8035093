//! From text to a typed policy set: syntax, names, directories, types, stages, lints.
//!
//! Sources are handed in; nothing here does I/O. The result is either a [`hir::Hir`] or diagnostics with at least one
//! error, never both and never neither. The way of a set: [`modules`] loads and parses its files, [`scope`] says what
//! names stand for, `check` types everything and puts it in its place, [`lint`] looks at what came out.

mod allow;
mod check;
pub mod codes;
pub mod format;
pub mod hir;
pub mod lint;
pub mod modules;
pub mod schema;
pub(crate) mod scope;
pub mod stdlib;
pub mod suggest;
pub mod syntax;

use crate::base::diagnostic::Diagnostics;
use crate::base::limits::SourceLimits;
use crate::base::source::{SourceId, SourceMap};
use modules::Sources;
use std::sync::Arc;

/// What checking a set gives.
#[derive(Debug)]
pub struct Checked {
    /// All texts of the set, those of list files and of library modules included.
    pub map: Arc<SourceMap>,
    /// The typed set; there is one exactly where [`Checked::diagnostics`] has no error.
    pub hir: Option<Arc<hir::Hir>>,
    /// Everything that was found.
    pub diagnostics: Diagnostics,
    /// The detectors in which nothing is wrong, whatever else is: their `yes` and `no` lines can run.
    pub detectors: Vec<hir::Detector>,
    /// The syntax trees of the set's own files, in the order in which their content adds up.
    pub files: Vec<(SourceId, syntax::ast::File)>,
}

/// Checks the set whose main file is `main`, a path in the set's folder. All errors of all files are found in one run.
pub fn check(main: &str, sources: &mut dyn Sources, limits: &SourceLimits) -> Checked {
    check::run(main, sources, limits)
}
