//! A plan as people read it: which subjects are looked at, for what, when, and what it takes.
//!
//! Made from the plan alone and only when somebody asks; nothing here is used while messages are judged.

use super::Plan;
use super::cells::CellId;
use super::groups::{Group, Tables};
use super::ir::{Cost, Node, NodeId, children};
use super::lower::PolicyNodes;
use super::program::{Cell, Program};
use crate::language::hir::{Policy, PolicyId};
use crate::language::schema::facts::Stage;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a whole plan takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sizes {
    /// Policies, each application counted.
    pub policies: usize,
    /// Directories.
    pub directories: usize,
    /// Different questions of all policies, those inside quantifiers not counted.
    pub questions: usize,
    /// Questions that are answered together with others.
    pub grouped: usize,
    /// `and`, `or`, `not` and joined clauses, those inside quantifiers counted.
    pub decision_nodes: usize,
    /// Those of them that run as native code.
    pub native_nodes: usize,
    /// Different shapes of conditions.
    pub shapes: usize,
    /// Bytes of machine code; 0 without native code.
    pub code_bytes: usize,
    /// Bytes that the answers of one message take.
    pub answer_bytes: usize,
    /// Bytes of the tables in which subjects are looked up.
    pub table_bytes: usize,
    /// Different words, phrases and regexes.
    pub patterns: usize,
    /// Why decisions do not run as native code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_native: Option<String>,
}

/// What is looked at together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// The subject as policies write it: `body`, `message.size`.
    pub subject: String,
    /// From which stage on it is known.
    pub stage: &'static str,
    /// How it is looked at: `compared`, `looked_up`, `searched`, `asked`.
    pub how: &'static str,
    /// Whether once for each recipient.
    pub per_recipient: bool,
    /// Different questions about it.
    pub questions: usize,
    /// Thresholds, constants, or patterns.
    pub entries: usize,
    /// The policies that are looked at only where one of these questions does not fail.
    pub wakes: Vec<String>,
    /// Every policy that asks about it.
    pub asked_by: Vec<String>,
}

/// A whole plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// What it takes.
    pub sizes: Sizes,
    /// What is looked at, in the order in which it is asked.
    pub subjects: Vec<Subject>,
    /// Policies that nothing wakes: they are looked at for every message that concerns them.
    pub always: Vec<String>,
}

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
    /// How dear it is, in words.
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

/// How dear a question is, in words.
pub fn cost_name(cost: Cost) -> &'static str {
    match cost {
        Cost::Envelope => "envelope",
        Cost::Headers => "header fields",
        Cost::Structure => "attachments",
        Cost::Text => "text",
        Cost::Pattern => "patterns run one by one",
        Cost::Lookup => "others are asked",
    }
}

impl Plan {
    /// What the plan takes.
    pub fn sizes(&self) -> Sizes {
        let program = self.program();
        let count = |f: &dyn Fn(&Program) -> usize| program.map_or(0, f);
        let (decision_nodes, native_nodes) = self.decision_nodes();
        Sizes {
            policies: self.hir().policies.len(),
            directories: self.hir().directories.len(),
            questions: self.questions().len(),
            grouped: count(&|program| program.groups.iter().map(|group| group.count as usize).sum()),
            decision_nodes,
            native_nodes,
            shapes: count(&|program| program.shapes.all().len()),
            code_bytes: count(&|program| program.native.as_ref().map_or(0, |native| native.bytes())),
            answer_bytes: count(&|program| program.cells.len().div_ceil(4)),
            table_bytes: count(&|program| program.groups.iter().map(Group::memory).sum()),
            patterns: self.patterns().table().len(),
            not_native: self.program.as_ref().err().map(|unavailable| unavailable.reason.clone()),
        }
    }

    /// The whole plan for people.
    pub fn reading(&self) -> Reading {
        let Some(program) = self.program() else {
            return Reading {
                sizes: self.sizes(),
                subjects: self.subjects_of_graph(),
                always: self.all_names(),
            };
        };
        let mut subjects: Vec<(Cost, Subject)> = program
            .groups
            .iter()
            .map(|group| (self.graph().properties(group.key.subject).cost, self.subject_of(program, group)))
            .collect();
        let askers = self.askers();
        for cell in &program.cells {
            if let Cell::Asked { node, group: None } = cell {
                subjects.push((self.graph().properties(*node).cost, self.subject_alone(*node, &askers)));
            }
        }
        subjects.sort_by(|(left, one), (right, other)| {
            (left, one.per_recipient, &one.subject).cmp(&(right, other.per_recipient, &other.subject))
        });
        let always = program
            .policies
            .iter()
            .zip(&self.hir().policies)
            .filter(|(criteria, _)| criteria.keys.is_none())
            .map(|(_, policy)| policy.name.to_string());
        Reading {
            sizes: self.sizes(),
            subjects: subjects.into_iter().map(|(_, subject)| subject).collect(),
            always: always.collect::<BTreeSet<_>>().into_iter().collect(),
        }
    }

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

    fn program(&self) -> Option<&Program> {
        self.program.as_ref().ok()
    }

    /// The questions that wake a policy.
    fn keys_of(&self, policy: PolicyId) -> Vec<NodeId> {
        let Some(program) = self.program() else { return Vec::new() };
        let keys = program.policies.get(policy.index()).and_then(|criteria| criteria.keys.as_deref());
        keys.into_iter().flatten().filter_map(|&cell| node_of(program, cell)).collect()
    }

    fn reaches(&self, node: NodeId, keys: &[NodeId]) -> bool {
        let mut stack = vec![node];
        let mut seen = BTreeSet::new();
        while let Some(node) = stack.pop() {
            if keys.contains(&node) {
                return true;
            }
            if seen.insert(node)
                && let Node::And(_) | Node::Or(_) | Node::Not(_) = self.graph().node(node)
            {
                stack.extend(children(self.graph().node(node)));
            }
        }
        false
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

    fn subject_of(&self, program: &Program, group: &Group) -> Subject {
        let entries = match &group.tables {
            Tables::Search(sought) => sought.patterns.len(),
            Tables::Numbers(_) | Tables::Values(_) => group.nodes.len(),
        };
        let cells = || (group.first.0..group.end()).map(CellId);
        let woken = cells().flat_map(|cell| program.woken_by(cell));
        let asked = self.hir().policies.iter().filter(|policy| {
            self.policy_nodes(policy.id)
                .is_some_and(|nodes| nodes.clauses().any(|(node, _)| self.reaches(node, &group.nodes)))
        });
        let properties = self.graph().properties(group.key.subject);
        Subject {
            subject: self.describe(group.key.subject),
            stage: properties.stage.name(),
            how: match group.tables {
                Tables::Numbers(_) => "compared",
                Tables::Values(_) => "looked_up",
                Tables::Search(_) => "searched",
            },
            per_recipient: properties.per_recipient,
            questions: group.nodes.len(),
            entries,
            wakes: self.names(woken.copied()),
            asked_by: self.names(asked.map(|policy| policy.id)),
        }
    }

    fn subject_alone(&self, node: NodeId, askers: &BTreeMap<NodeId, Vec<PolicyId>>) -> Subject {
        let properties = self.graph().properties(node);
        Subject {
            subject: self.describe(node),
            stage: properties.stage.name(),
            how: "asked",
            per_recipient: properties.per_recipient,
            questions: 1,
            entries: 1,
            wakes: Vec::new(),
            asked_by: self.names(askers.get(&node).into_iter().flatten().copied()),
        }
    }

    fn subjects_of_graph(&self) -> Vec<Subject> {
        let askers = self.askers();
        let mut questions: Vec<NodeId> = self.questions().into_iter().collect();
        questions.sort_by_key(|&node| (self.graph().properties(node).cost, node));
        questions.into_iter().map(|node| self.subject_alone(node, &askers)).collect()
    }

    /// Which policies ask each question.
    fn askers(&self) -> BTreeMap<NodeId, Vec<PolicyId>> {
        let mut askers: BTreeMap<NodeId, Vec<PolicyId>> = BTreeMap::new();
        for policy in &self.hir().policies {
            let Some(nodes) = self.policy_nodes(policy.id) else { continue };
            for node in self.questions_below(nodes.clauses().map(|(node, _)| node)) {
                askers.entry(node).or_default().push(policy.id);
            }
        }
        askers
    }

    fn questions(&self) -> BTreeSet<NodeId> {
        let nodes = self.hir().policies.iter().filter_map(|policy| self.policy_nodes(policy.id));
        self.questions_below(nodes.flat_map(PolicyNodes::clauses).map(|(node, _)| node))
    }

    fn questions_below(&self, roots: impl Iterator<Item = NodeId>) -> BTreeSet<NodeId> {
        let (mut questions, mut seen) = (BTreeSet::new(), BTreeSet::new());
        let mut stack: Vec<NodeId> = roots.collect();
        while let Some(node) = stack.pop() {
            match self.graph().node(node) {
                Node::And(_) | Node::Or(_) | Node::Not(_) => {
                    if seen.insert(node) {
                        stack.extend(children(self.graph().node(node)));
                    }
                }
                _ => {
                    questions.insert(node);
                }
            }
        }
        questions
    }

    /// Nodes that join conditions, and those of them that run as native code: all but those inside quantifiers.
    fn decision_nodes(&self) -> (usize, usize) {
        let is_junction =
            |node: NodeId| matches!(self.graph().node(node), Node::And(_) | Node::Or(_) | Node::Not(_));
        let (mut all, mut outside) = (BTreeSet::new(), BTreeSet::new());
        let mut joined = 0;
        for policy in &self.hir().policies {
            let Some(nodes) = self.policy_nodes(policy.id) else { continue };
            joined += 1;
            let mut stack: Vec<(NodeId, bool)> = nodes.clauses().map(|(node, _)| (node, true)).collect();
            while let Some((node, native)) = stack.pop() {
                let is_new = if native { outside.insert(node) | all.insert(node) } else { all.insert(node) };
                if is_new {
                    let native = native && is_junction(node);
                    stack.extend(children(self.graph().node(node)).into_iter().map(|below| (below, native)));
                }
            }
        }
        let count = |nodes: &BTreeSet<NodeId>| nodes.iter().filter(|&&node| is_junction(node)).count();
        let native = if self.running().is_some() { count(&outside) + joined } else { 0 };
        (count(&all) + joined, native)
    }

    fn all_names(&self) -> Vec<String> {
        self.names(self.hir().policies.iter().map(|policy| policy.id))
    }

    fn names(&self, policies: impl Iterator<Item = PolicyId>) -> Vec<String> {
        let names = policies.filter_map(|id| self.hir().policies.get(id.index()));
        names.map(|policy| policy.name.to_string()).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

fn node_of(program: &Program, cell: CellId) -> Option<NodeId> {
    match program.cells.get(cell.0 as usize) {
        Some(Cell::Asked { node, .. }) => Some(*node),
        _ => None,
    }
}
