//! Why a policy runs where it runs.

use super::cost_name;
use crate::language::hir::{Policy, PolicyId};
use crate::language::schema::facts::Stage;
use crate::plan::Plan;
use crate::plan::cells::CellId;
use crate::plan::ir::{Cost, Node, NodeId, children};
use crate::plan::program::{Cell, Program};
use serde::Serialize;
use std::collections::BTreeSet;

/// Why a clause is asked when it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClauseReading {
    /// `when` or `unless`
    pub word: &'static str,
    /// The question.
    pub question: String,
    /// From which stage on it can be answered.
    pub stage: &'static str,
    /// The facts that are known no earlier.
    pub because_of: Vec<String>,
    /// How dear it is, see [`super::cost_name`].
    pub cost: &'static str,
    /// Whether it differs between recipients.
    pub per_recipient: bool,
    /// Whether it wakes the policy.
    pub wakes: bool,
}

/// Why a policy runs where it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyReading {
    /// Its name.
    pub policy: String,
    /// The directory it holds in.
    pub directory: String,
    /// The earliest stage at which it can be decided.
    pub stage: &'static str,
    /// Whether it is judged once for each recipient.
    pub per_recipient: bool,
    /// Its clauses in the order in which they are asked.
    pub clauses: Vec<ClauseReading>,
    /// The questions that wake it; empty for one that is always looked at.
    pub woken_by: Vec<String>,
}

impl Plan {
    /// Why the policies of a name run where they run, one reading for each application.
    pub fn policy_readings(&self, name: &str) -> Vec<PolicyReading> {
        let named = self.hir().policies.iter().filter(|policy| &*policy.name == name);
        named.filter_map(|policy| self.policy_reading(policy)).collect()
    }

    fn policy_reading(&self, policy: &Policy) -> Option<PolicyReading> {
        let nodes = self.policy_nodes(policy.id)?;
        let keys = self.keys_of(policy.id);
        let mut clauses: Vec<(Cost, ClauseReading)> = nodes
            .clauses()
            .map(|(node, must_hold)| {
                let properties = self.graph().properties(node);
                let clause = ClauseReading {
                    word: if must_hold { "when" } else { "unless" },
                    question: self.describe(node),
                    stage: properties.stage.name(),
                    because_of: self.latest_facts(node, properties.stage),
                    cost: cost_name(properties.cost),
                    per_recipient: properties.per_recipient,
                    wakes: must_hold && self.reaches(node, &keys),
                };
                (properties.cost, clause)
            })
            .collect();
        clauses.sort_by_key(|(cost, _)| *cost);
        let directory = self.hir().directories.get(policy.directory.index());
        Some(PolicyReading {
            policy: policy.name.to_string(),
            directory: directory.map(|directory| directory.path.to_string()).unwrap_or_default(),
            stage: policy.stage.name(),
            per_recipient: policy.per_recipient,
            clauses: clauses.into_iter().map(|(_, clause)| clause).collect(),
            woken_by: keys.iter().map(|&node| self.describe(node)).collect(),
        })
    }

    /// The questions that wake a policy.
    fn keys_of(&self, policy: PolicyId) -> Vec<NodeId> {
        let Some(program) = self.program() else { return Vec::new() };
        let keys = program.policies.get(policy.index()).and_then(|criteria| criteria.keys.as_deref());
        keys.into_iter().flatten().filter_map(|&cell| node_of(program, cell)).collect()
    }

    /// The facts below a node that are known from a stage on and not before.
    fn latest_facts(&self, node: NodeId, stage: Stage) -> Vec<String> {
        let mut facts = BTreeSet::new();
        let mut stack = vec![node];
        let mut seen = BTreeSet::new();
        while let Some(node) = stack.pop() {
            if !seen.insert(node) {
                continue;
            }
            let below = children(self.graph().node(node));
            if below.is_empty() {
                let properties = self.graph().properties(node);
                if properties.stage == stage
                    && matches!(self.graph().node(node), Node::Fact(_) | Node::Header { .. })
                {
                    facts.insert(self.describe(node));
                }
            }
            stack.extend(below);
        }
        facts.into_iter().collect()
    }
}

fn node_of(program: &Program, cell: CellId) -> Option<NodeId> {
    match program.cells.get(cell.0 as usize) {
        Some(Cell::Asked { node, .. }) => Some(*node),
        _ => None,
    }
}
