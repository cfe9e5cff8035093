//! A typed policy set lowered to one graph of questions, and the reference interpreter over it.
//!
//! [`Plan::new`] lowers a set once: equal questions of all policies become one node, all literals of the set one
//! automaton. An [`Evaluator`] judges one message: what depends on the message alone is asked once, what depends on the
//! recipient once for each. Whatever the outside knows comes in with the [`Case`]; nothing here reads a file, a clock or
//! a network. Cost: a scan of each text of the message that any policy asks about, plus what regexes and detectors that
//! are reached cost; memory: the results for one message. It cannot fail on a message: what could not be read makes
//! truths unknown, with their causes.

pub mod calendar;
pub mod checks;
pub mod detectors;
pub mod directory;
pub mod interpret;
pub mod lookalike;
pub mod lookup;
pub mod patterns;
pub mod text;
pub mod truth;
pub mod verdict;

pub use directory::DirectoryIndex;
pub use interpret::{Case, Evaluator, Who};
pub use lookup::{Answer, Answers, Lookups, Question};
pub use text::{Escape, TextContext};
pub use truth::{Cause, CauseKind, CauseSet, Causes, Truth};
pub use verdict::{ClauseKind, ClauseResult, Evidence, MatchEvidence, Outcome, Verdict};

use crate::base::diagnostic::Diagnostics;
use crate::language::hir::Hir;
use std::sync::Arc;

/// A policy set ready to judge messages.
#[derive(Debug)]
pub struct Plan {
    hir: Arc<Hir>,
    directories: DirectoryIndex,
}

impl Plan {
    /// Lowers a set. A pattern or the automaton of all literals beyond its limit is a diagnostic at its place.
    pub fn new(hir: Arc<Hir>) -> Result<Plan, Diagnostics> {
        let directories = DirectoryIndex::new(&hir.directories);
        Ok(Plan { hir, directories })
    }

    /// The set it was made of.
    pub fn hir(&self) -> &Hir {
        &self.hir
    }

    /// Where addresses are at home.
    pub fn directory_index(&self) -> &DirectoryIndex {
        &self.directories
    }
}
