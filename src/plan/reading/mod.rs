//! A plan as people read it: what is asked, when and for whom, what texts are searched for, and what it takes.
//!
//! Made from the plan alone and only when somebody asks; nothing here is used while messages are judged. Cost: linear in
//! the graph, and in the policies for each subject of theirs.

mod policies;
mod searches;
mod tables;

pub use policies::{ClauseReading, PolicyReading};
pub use searches::{SearchedText, Searches};
pub use tables::LookupTable;

use super::Plan;
use super::cells::CellId;
use super::groups::{Group, Tables};
use super::ir::{Cost, Node, NodeId, children};
use super::lower::PolicyNodes;
use super::program::{Cell, Program};
use crate::language::hir::PolicyId;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The policies that ask each question.
type Askers = BTreeMap<NodeId, Vec<PolicyId>>;

/// Questions of one subject that are written out.
const QUESTIONS_SHOWN: usize = 3;

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
    /// Different expressions that all questions are made of.
    pub nodes: usize,
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
    /// Different words, phrases, regexes and globs, detectors not counted.
    pub patterns: usize,
    /// Bytes of all automata, tables and native code, the policy set itself not counted.
    pub memory_bytes: usize,
    /// What texts are searched for.
    pub searches: Searches,
    /// What is looked up in tables.
    pub lookups: Vec<LookupTable>,
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
    /// How dear it is, see [`cost_name`].
    pub cost: &'static str,
    /// How it is looked at: `compared`, `looked_up`, `searched`, `asked`.
    pub how: &'static str,
    /// Whether once for each recipient.
    pub per_recipient: bool,
    /// Different questions about it.
    pub questions: usize,
    /// The first of them as policies write them.
    pub first: Vec<String>,
    /// Thresholds, constants and entries of sets, or patterns.
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

/// How dear a question is, by what is read for it: the `envelope` (or the session, or the size), `headers`, the
/// `structure` of parts and attachments, `text`, `patterns` (regexes and detectors run over text), `others` who are asked.
pub fn cost_name(cost: Cost) -> &'static str {
    match cost {
        Cost::Envelope => "envelope",
        Cost::Headers => "headers",
        Cost::Structure => "structure",
        Cost::Text => "text",
        Cost::Pattern => "patterns",
        Cost::Lookup => "others",
    }
}

impl Plan {
    /// What the plan takes.
    pub fn sizes(&self) -> Sizes {
        let program = self.program();
        let count = |f: &dyn Fn(&Program) -> usize| program.map_or(0, f);
        let (decision_nodes, native_nodes) = self.decision_nodes();
        let (searches, lookups) = (self.searches(), self.lookup_tables());
        let code_bytes = count(&|program| program.native.as_ref().map_or(0, |native| native.bytes()));
        let looked_up: usize = lookups.iter().map(|table| table.bytes).sum();
        Sizes {
            policies: self.hir().policies.len(),
            directories: self.hir().directories.len(),
            questions: self.questions().len(),
            grouped: count(&|program| program.groups.iter().map(|group| group.count as usize).sum()),
            decision_nodes,
            native_nodes,
            shapes: count(&|program| program.shapes.all().len()),
            nodes: self.graph().len(),
            code_bytes,
            memory_bytes: searches.bytes() + looked_up + code_bytes,
            searches,
            lookups,
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
        let askers = self.askers();
        let mut subjects: Vec<(Cost, Subject)> = program
            .groups
            .iter()
            .map(|group| {
                let cost = self.graph().properties(group.key.subject).cost;
                (cost, self.subject_of(program, group, &askers))
            })
            .collect();
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

    fn program(&self) -> Option<&Program> {
        self.program.as_ref().ok()
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

    fn subject_of(&self, program: &Program, group: &Group, askers: &Askers) -> Subject {
        let cells = || (group.first.0..group.end()).map(CellId);
        let woken = cells().flat_map(|cell| program.woken_by(cell));
        let asked = group.nodes.iter().filter_map(|node| askers.get(node)).flatten();
        let properties = self.graph().properties(group.key.subject);
        Subject {
            subject: self.describe(group.key.subject),
            stage: properties.stage.name(),
            cost: cost_name(properties.cost),
            how: match group.tables {
                Tables::Numbers(_) => "compared",
                Tables::Values(_) => "looked_up",
                Tables::Search(_) => "searched",
            },
            per_recipient: properties.per_recipient,
            questions: group.nodes.len(),
            first: group.nodes.iter().take(QUESTIONS_SHOWN).map(|&node| self.describe(node)).collect(),
            entries: group.entries(),
            wakes: self.names(woken.copied()),
            asked_by: self.names(asked.copied()),
        }
    }

    fn subject_alone(&self, node: NodeId, askers: &Askers) -> Subject {
        let properties = self.graph().properties(node);
        let question = self.describe(node);
        Subject {
            subject: question.clone(),
            stage: properties.stage.name(),
            cost: cost_name(properties.cost),
            how: "asked",
            per_recipient: properties.per_recipient,
            questions: 1,
            first: vec![question],
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
    fn askers(&self) -> Askers {
        let mut askers = Askers::new();
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
