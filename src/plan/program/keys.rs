//! Which questions wake a policy.
//!
//! A policy cannot trigger, and cannot be undecided, where one of its conditions fails; so of conditions joined by `and`
//! one is enough to watch, of conditions joined by `or` all are. Only questions of groups are watched, since those are
//! answered anyway: one of the cheapest class of a policy's conditions, which is what is asked first, and a dearer one only
//! where none of those can be watched. Of several the one that will hold most seldom is taken.

use super::{Cell, KEYS};
use crate::language::hir::CompareOperator;
use crate::plan::cells::CellId;
use crate::plan::ir::{Cost, Graph, Membership, Node, NodeId};
use crate::plan::lower::PolicyNodes;
use std::collections::HashMap;

/// What is watched for one condition.
#[derive(Debug, Clone)]
struct Watch {
    cells: Vec<CellId>,
    cost: Cost,
    /// How often it will hold, roughly.
    weight: u32,
}

pub(super) struct Keys<'a> {
    graph: &'a Graph,
    places: &'a HashMap<NodeId, CellId>,
    cells: &'a [Cell],
    known: HashMap<(NodeId, bool), Option<Watch>>,
}

impl<'a> Keys<'a> {
    pub(super) fn new(graph: &'a Graph, places: &'a HashMap<NodeId, CellId>, cells: &'a [Cell]) -> Keys<'a> {
        Keys { graph, places, cells, known: HashMap::new() }
    }

    pub(super) fn of_policy(&mut self, policy: &PolicyNodes) -> Option<Box<[CellId]>> {
        let conditions: Vec<(NodeId, bool)> = policy.clauses().collect();
        self.all(&conditions).map(|watch| watch.cells.into())
    }

    /// One of several conditions that must all hold.
    fn all(&mut self, conditions: &[(NodeId, bool)]) -> Option<Watch> {
        let cheapest = conditions.iter().map(|&(node, _)| self.graph.properties(node).cost).min()?;
        let watches = conditions.iter().filter_map(|&(node, holds)| self.watch(node, holds));
        // What is dearer than the first question would be asked for nothing where that fails; only where the cheap ones
        // can not be watched is a dearer one taken, and then it is not asked before somebody needs it.
        watches.min_by_key(|watch| (watch.cost.max(cheapest), watch.weight, watch.cells.len()))
    }

    /// What is watched for a condition that must hold, or must fail.
    fn watch(&mut self, node: NodeId, holds: bool) -> Option<Watch> {
        if let Some(known) = self.known.get(&(node, holds)) {
            return known.clone();
        }
        let graph = self.graph;
        let watch = match (graph.node(node), holds) {
            (Node::Not(inner), _) => self.watch(*inner, !holds),
            (Node::And(inner), true) | (Node::Or(inner), false) => {
                let inner: Vec<(NodeId, bool)> = inner.iter().map(|&inner| (inner, holds)).collect();
                self.all(&inner)
            }
            (Node::And(inner), false) | (Node::Or(inner), true) => self.any(inner, holds),
            (_, true) => self.question(node),
            (_, false) => None,
        };
        self.known.insert((node, holds), watch.clone());
        watch
    }

    fn any(&mut self, inner: &[NodeId], holds: bool) -> Option<Watch> {
        let mut sum = Watch { cells: Vec::new(), cost: Cost::Envelope, weight: 0 };
        for &node in inner {
            let watch = self.watch(node, holds)?;
            sum.cost = sum.cost.max(watch.cost);
            sum.weight = sum.weight.saturating_add(watch.weight);
            sum.cells.extend(watch.cells);
        }
        sum.cells.sort_unstable();
        sum.cells.dedup();
        (sum.cells.len() <= KEYS).then_some(sum)
    }

    fn question(&self, node: NodeId) -> Option<Watch> {
        let cell = *self.places.get(&node)?;
        let Some(Cell::Asked { group: Some(_), .. }) = self.cells.get(cell.0 as usize) else { return None };
        let weight = match self.graph.node(node) {
            Node::Compare { operator: CompareOperator::Equal, .. } => 1,
            Node::In { set: Membership::Addresses(_) | Membership::Networks(_), .. } => 1,
            Node::In { .. } => 4,
            Node::Match { .. } => 2,
            Node::IsValue { .. } => 8,
            _ => 16,
        };
        Some(Watch { cells: vec![cell], cost: self.graph.properties(node).cost, weight })
    }
}
