//! Makes a program from a graph.
//!
//! Cells are first numbered in two rows, one for the whole message and one for each recipient; when both are complete the
//! second follows the first, on a word of its own.

use super::keys::Keys;
use super::{Cell, Criteria, FAN, Formula, GroupId, LARGEST, Material, NoProgram, Program, STEPS};
use crate::plan::cells::{CellId, PER_WORD};
use crate::plan::groups::{self, Group, Key};
use crate::plan::ir::{Cost, Graph, Node, NodeId};
use crate::plan::jit::Operands;
use crate::plan::lower::PolicyNodes;
use crate::plan::shape::{ShapeId, Shapes, Step};
use std::collections::{BTreeMap, HashMap};

/// A cell of one of the two rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    per_recipient: bool,
    at: u32,
}

/// A formula whose cells are not numbered finally.
#[derive(Debug)]
struct Draft {
    shape: ShapeId,
    operands: Vec<Place>,
}

#[derive(Debug)]
enum DraftCell {
    Asked(NodeId),
    Derived(Draft),
}

struct DraftGroup {
    key: Key,
    first: Place,
    nodes: Vec<NodeId>,
}

/// A condition as it is written into a formula.
enum Part {
    Node(NodeId),
    Negated(NodeId),
    Placed(Place),
}

pub(super) struct Builder<'a> {
    graph: &'a Graph,
    material: &'a Material<'a>,
    rows: [Vec<DraftCell>; 2],
    groups: Vec<DraftGroup>,
    shapes: Shapes,
    places: HashMap<NodeId, Place>,
    uses: HashMap<NodeId, u32>,
    sizes: HashMap<NodeId, usize>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(material: &'a Material<'a>) -> Builder<'a> {
        Builder {
            graph: material.graph,
            material,
            rows: [Vec::new(), Vec::new()],
            groups: Vec::new(),
            shapes: Shapes::default(),
            places: HashMap::new(),
            uses: HashMap::new(),
            sizes: HashMap::new(),
        }
    }

    /// The whole program, without code.
    pub(super) fn program(mut self) -> Result<Program, NoProgram> {
        let questions = self.questions();
        self.place_questions(&questions);
        let mut drafts = Vec::with_capacity(self.material.policies.len());
        for (at, policy) in self.material.policies.iter().enumerate() {
            let draft = self.criteria(policy);
            drafts.push(draft);
            if self.shapes.steps() > STEPS {
                return Err(NoProgram::TooLarge(at));
            }
        }
        Ok(self.finish(drafts))
    }

    /// The questions of all policies, in the order of the graph; counts on the way how often each node is used.
    fn questions(&mut self) -> Vec<NodeId> {
        let mut questions = Vec::new();
        let mut stack: Vec<NodeId> = Vec::new();
        for policy in self.material.policies {
            stack.extend(policy.clauses().map(|(node, _)| node));
        }
        while let Some(node) = stack.pop() {
            let uses = self.uses.entry(node).or_default();
            *uses += 1;
            if *uses > 1 {
                continue;
            }
            match self.graph.node(node) {
                Node::Not(inner) => stack.push(*inner),
                Node::And(inner) | Node::Or(inner) => stack.extend(inner.iter()),
                _ => questions.push(node),
            }
        }
        questions.sort_unstable();
        questions
    }

    fn place_questions(&mut self, questions: &[NodeId]) {
        let mut grouped: BTreeMap<(Cost, bool, Key), Vec<NodeId>> = BTreeMap::new();
        let mut alone = Vec::new();
        for &node in questions {
            let key = groups::key(self.graph, node, self.material.homes_are_local, self.material.is_scanned);
            match key.filter(|_| self.material.options.groups) {
                Some(key) => {
                    let subject = self.graph.properties(key.subject);
                    let per_recipient = self.graph.properties(node).per_recipient;
                    grouped.entry((subject.cost, per_recipient, key)).or_default().push(node);
                }
                None => alone.push(node),
            }
        }
        for ((_, per_recipient, key), mut nodes) in grouped {
            groups::sorted(self.graph, key, &mut nodes);
            let first = self.next(per_recipient);
            for &node in &nodes {
                self.place(node, per_recipient);
            }
            self.groups.push(DraftGroup { key, first, nodes });
        }
        for node in alone {
            self.place(node, self.graph.properties(node).per_recipient);
        }
    }

    fn place(&mut self, node: NodeId, per_recipient: bool) {
        let place = self.push(per_recipient, DraftCell::Asked(node));
        self.places.insert(node, place);
    }

    fn next(&self, per_recipient: bool) -> Place {
        let [message, recipient] = &self.rows;
        let row = if per_recipient { recipient } else { message };
        Place { per_recipient, at: u32::try_from(row.len()).unwrap_or(u32::MAX) }
    }

    fn push(&mut self, per_recipient: bool, cell: DraftCell) -> Place {
        let place = self.next(per_recipient);
        let [message, recipient] = &mut self.rows;
        if per_recipient { recipient } else { message }.push(cell);
        place
    }

    /// The criteria of a policy in the order in which the interpreter asks them.
    fn criteria(&mut self, policy: &PolicyNodes) -> Draft {
        let mut clauses: Vec<(NodeId, bool)> = policy.clauses().collect();
        clauses.sort_by_key(|&(node, _)| self.graph.properties(node).cost);
        let part = |(node, holds)| if holds { Part::Node(node) } else { Part::Negated(node) };
        self.formula(clauses.into_iter().map(part).collect(), true)
    }

    /// The formula of conditions joined by `and` or `or`; of many, of parts that have cells of their own.
    fn formula(&mut self, parts: Vec<Part>, all: bool) -> Draft {
        let parts = if parts.len() > FAN { self.in_parts(parts, all) } else { parts };
        let (mut steps, mut operands) = (Vec::new(), Vec::new());
        let count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        if count != 1 {
            steps.push(if all { Step::All(count) } else { Step::Any(count) });
        }
        for part in parts {
            self.write(part, &mut steps, &mut operands);
        }
        Draft { shape: self.shapes.intern(steps), operands }
    }

    fn in_parts(&mut self, parts: Vec<Part>, all: bool) -> Vec<Part> {
        let mut joined = Vec::new();
        let mut rest = parts.into_iter();
        loop {
            let chunk: Vec<Part> = rest.by_ref().take(FAN).collect();
            if chunk.is_empty() {
                return if joined.len() > FAN { self.in_parts(joined, all) } else { joined };
            }
            let draft = self.formula(chunk, all);
            joined.push(Part::Placed(self.derive(draft)));
        }
    }

    /// Gives a formula a cell.
    fn derive(&mut self, draft: Draft) -> Place {
        let per_recipient = draft.operands.iter().any(|place| place.per_recipient);
        self.push(per_recipient, DraftCell::Derived(draft))
    }

    fn write(&mut self, part: Part, steps: &mut Vec<Step>, operands: &mut Vec<Place>) {
        let node = match part {
            Part::Node(node) => node,
            Part::Negated(node) => {
                steps.push(Step::Not);
                node
            }
            Part::Placed(place) => {
                steps.push(Step::Operand);
                operands.push(place);
                return;
            }
        };
        match (self.places.get(&node), self.graph.node(node)) {
            (Some(&place), _) => self.write(Part::Placed(place), steps, operands),
            (None, Node::Not(inner)) => {
                steps.push(Step::Not);
                self.write(Part::Node(*inner), steps, operands);
            }
            (None, Node::And(inner)) => self.junction(node, inner, true, steps, operands),
            (None, Node::Or(inner)) => self.junction(node, inner, false, steps, operands),
            // Every other node was placed as a question; a constant without a place would not hold.
            (None, _) => steps.push(Step::Any(0)),
        }
    }

    fn junction(
        &mut self,
        node: NodeId,
        inner: &[NodeId],
        all: bool,
        steps: &mut Vec<Step>,
        operands: &mut Vec<Place>,
    ) {
        let parts = || inner.iter().map(|&node| Part::Node(node)).collect::<Vec<_>>();
        let shared = self.material.options.share && self.uses.get(&node).is_some_and(|&uses| uses > 1);
        if shared || inner.len() > FAN || self.size(node) > LARGEST {
            let draft = self.formula(parts(), all);
            let place = self.derive(draft);
            self.places.insert(node, place);
            self.write(Part::Placed(place), steps, operands);
            return;
        }
        let count = u32::try_from(inner.len()).unwrap_or(u32::MAX);
        steps.push(if all { Step::All(count) } else { Step::Any(count) });
        for part in parts() {
            self.write(part, steps, operands);
        }
    }

    /// Steps of a node where it is written out.
    fn size(&mut self, node: NodeId) -> usize {
        if self.places.contains_key(&node) {
            return 1;
        }
        if let Some(&size) = self.sizes.get(&node) {
            return size;
        }
        let graph = self.graph;
        let size = match graph.node(node) {
            Node::Not(inner) => 1 + self.size(*inner),
            Node::And(inner) | Node::Or(inner) => {
                inner.iter().fold(1_usize, |sum, &inner| sum.saturating_add(self.size(inner)))
            }
            _ => 1,
        };
        self.sizes.insert(node, size);
        size
    }

    fn finish(self, drafts: Vec<Draft>) -> Program {
        let [message, recipient] = self.rows;
        let message_cells = u32::try_from(message.len()).unwrap_or(u32::MAX);
        let per_recipient_from = message_cells.next_multiple_of(PER_WORD);
        let id =
            |place: Place| CellId(if place.per_recipient { per_recipient_from + place.at } else { place.at });
        let formula = |draft: Draft| Formula {
            shape: draft.shape,
            operands: Operands::new(draft.operands.into_iter().map(|place| id(place).0).collect::<Vec<_>>()),
        };
        let cell = |draft: DraftCell| match draft {
            DraftCell::Asked(node) => Cell::Asked { node, group: None },
            DraftCell::Derived(draft) => Cell::Derived(formula(draft)),
        };
        let padding = (message_cells..per_recipient_from).map(|_| Cell::Unused);
        let mut cells: Vec<Cell> = message.into_iter().map(cell).chain(padding).collect();
        cells.extend(recipient.into_iter().map(cell));
        let mut groups = Vec::with_capacity(self.groups.len());
        for (at, group) in (0..).zip(self.groups) {
            let made = Group::new(self.graph, group.key, id(group.first), group.nodes, self.material.entries);
            for cell in made.first.0..made.end() {
                if let Some(Cell::Asked { group, .. }) = cells.get_mut(cell as usize) {
                    *group = Some(GroupId(at));
                }
            }
            groups.push(made);
        }
        let final_places: HashMap<NodeId, CellId> =
            self.places.into_iter().map(|(node, place)| (node, id(place))).collect();
        let mut keys = Keys::new(self.graph, &final_places, &cells);
        let policies = drafts
            .into_iter()
            .zip(self.material.policies)
            .map(|(draft, nodes)| Criteria {
                formula: formula(draft),
                keys: keys.of_policy(nodes).filter(|_| self.material.options.wake),
            })
            .collect();
        Program::of_parts(cells, per_recipient_from, groups, policies, self.shapes)
    }
}
