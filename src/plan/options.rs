//! Which optimisations a plan is made with.
//!
//! All of them change what a message costs and none what becomes of it; tests switch each off and compare.

use super::patterns::{SearchBudgets, SearchOptions};

/// What a plan may use. The default uses everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanOptions {
    /// Decisions run as native code, where the host allows it; else the interpreter walks the graph.
    pub jit: bool,
    /// Questions about one subject are answered together.
    pub groups: bool,
    /// A policy is looked at only where a question that it needs does not fail.
    pub wake: bool,
    /// Conditions that several policies share are answered once.
    pub share: bool,
    /// Regexes run only where a literal they need occurs.
    pub prefilter: bool,
    /// Every pattern is searched on its own, without any automaton of several: slow, and plainly right.
    pub naive_search: bool,
    /// What the automata that search may take.
    pub budgets: SearchBudgets,
}

impl PlanOptions {
    /// Everything that makes it quick.
    pub const ALL: PlanOptions = PlanOptions {
        jit: true,
        groups: true,
        wake: true,
        share: true,
        prefilter: true,
        naive_search: false,
        budgets: SearchBudgets::DEFAULT,
    };
    /// Nothing of it.
    pub const NONE: PlanOptions = PlanOptions {
        jit: false,
        groups: false,
        wake: false,
        share: false,
        prefilter: false,
        naive_search: true,
        budgets: SearchBudgets::DEFAULT,
    };

    /// Everything, and everything but one thing, each with its name: whatever these plans say must be what a plan with
    /// [`PlanOptions::NONE`] says.
    pub const VARIANTS: [(&str, PlanOptions); 8] = [
        ("everything", PlanOptions::ALL),
        ("no groups", PlanOptions { groups: false, ..PlanOptions::ALL }),
        ("no wake lists", PlanOptions { wake: false, ..PlanOptions::ALL }),
        ("nothing shared", PlanOptions { share: false, ..PlanOptions::ALL }),
        ("no prefilter", PlanOptions { prefilter: false, ..PlanOptions::ALL }),
        ("naive search", PlanOptions { naive_search: true, ..PlanOptions::ALL }),
        ("no native code", PlanOptions { jit: false, ..PlanOptions::ALL }),
        (
            "no dense automaton",
            PlanOptions {
                budgets: SearchBudgets { dense_bytes: 0, ..SearchBudgets::DEFAULT },
                ..PlanOptions::ALL
            },
        ),
    ];

    pub(super) fn search(&self) -> SearchOptions {
        SearchOptions { prefilter: self.prefilter, one_by_one: self.naive_search, budgets: self.budgets }
    }
}

impl Default for PlanOptions {
    fn default() -> PlanOptions {
        PlanOptions::ALL
    }
}
