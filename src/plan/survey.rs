//! Which of many policies trigger on a message, or may.
//!
//! A survey says of a prepared set of policies which ones hold and which are undecided; all others do not trigger. It
//! says nothing of why: whoever must know asks [`Evaluator::policy`] of the few it names.

use super::Plan;
use super::interpret::Evaluator;
use super::verdict::Outcome;
use crate::language::hir::PolicyId;

/// Policies that are surveyed together, prepared once for a plan.
#[derive(Debug, Clone, Default)]
pub struct PolicySet {
    policies: Vec<PolicyId>,
}

impl PolicySet {
    /// The policies, in the order that [`Surveyed::position`] counts.
    pub fn policies(&self) -> &[PolicyId] {
        &self.policies
    }
}

/// A policy of a set whose criteria hold, or may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Surveyed {
    /// Which, by position in the set.
    pub position: u32,
    /// It triggers; else it is undecided.
    pub holds: bool,
}

impl Plan {
    /// Prepares a set of policies for surveys.
    pub fn policy_set(&self, policies: &[PolicyId]) -> PolicySet {
        PolicySet { policies: policies.to_vec() }
    }
}

impl Evaluator<'_> {
    /// The policies of a set whose criteria hold or are undecided for a recipient (position in the envelope), in the
    /// order of the set.
    pub fn survey(&mut self, set: &PolicySet, recipient: usize) -> Vec<Surveyed> {
        let mut found = Vec::new();
        for (position, &policy) in (0..).zip(&set.policies) {
            match self.criteria(policy, recipient).outcome {
                Outcome::Triggered => found.push(Surveyed { position, holds: true }),
                Outcome::Undecided { .. } => found.push(Surveyed { position, holds: false }),
                Outcome::NotTriggered => {}
            }
        }
        found
    }
}
