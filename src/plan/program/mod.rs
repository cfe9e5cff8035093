//! The conditions of a set as a program: questions in cells, policies as shapes over them.
//!
//! A *question* is a node outside of quantifiers that is not `and`, `or` or `not`; each has one cell. Questions of one
//! subject form a group ([`super::groups`]) and have neighbouring cells. An `and` or `or` that several conditions share,
//! or that is very large, has a cell of its own and is *derived* from others. Every policy becomes a formula: its shape
//! with the cells in it, the cheapest question first, as the interpreter asks. From the formula follow the policy's *keys*:
//! questions of groups of which at least one must not fail, or the policy does not trigger; a message looks only at
//! policies that its answers wake. Keys are taken from the cheapest questions, so that no text is searched for the sake of
//! a policy that its envelope rules out. Cost: linear in the graph. A program beyond [`STEPS`] is a diagnostic.

mod build;
mod keys;

use super::cells::CellId;
use super::groups::Group;
use super::ir::{Graph, NodeId, Sought};
use super::jit::{NativeCode, Operands, Unavailable};
use super::lower::PolicyNodes;
use super::options::PlanOptions;
use super::patterns::PatternId;
use super::shape::{ShapeId, Shapes};
use crate::language::hir::PolicyId;

/// Steps of all shapes of a set.
pub const STEPS: usize = 1_000_000;
/// Conditions joined in one formula; more are joined in parts.
const FAN: usize = 64;
/// Steps of a condition that is written out where it stands; a larger one has a cell of its own.
const LARGEST: usize = 256;
/// Keys of one policy; one with more is always looked at.
const KEYS: usize = 256;

/// A group, by position in [`Program::groups`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupId(pub u32);

/// How a cell is answered.
#[derive(Debug)]
pub enum Cell {
    /// By asking a node.
    Asked {
        /// Which.
        node: NodeId,
        /// With all of its group.
        group: Option<GroupId>,
    },
    /// From other cells.
    Derived(Formula),
    /// Never: it fills a word.
    Unused,
}

/// A shape with its cells.
#[derive(Debug, Clone)]
pub struct Formula {
    /// Its shape.
    pub shape: ShapeId,
    /// Its cells.
    pub operands: Operands,
}

/// A policy's criteria.
#[derive(Debug)]
pub struct Criteria {
    /// Whether they hold.
    pub formula: Formula,
    /// One of these must not fail; `None` where nothing says so.
    pub keys: Option<Box<[CellId]>>,
}

/// A program.
#[derive(Debug)]
pub struct Program {
    /// Every cell.
    pub cells: Vec<Cell>,
    /// Cells from here on differ between recipients.
    pub per_recipient_from: u32,
    /// The groups, the cheapest first.
    pub groups: Vec<Group>,
    /// The policies, by number.
    pub policies: Vec<Criteria>,
    /// Which policies a cell wakes: `woken` from one of these positions up to the next.
    wake_at: Vec<u32>,
    woken: Vec<PolicyId>,
    /// The different shapes.
    pub shapes: Shapes,
    /// Their code.
    pub native: Option<NativeCode>,
}

/// Why there is no program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoProgram {
    /// This policy, by position, brings it beyond [`STEPS`].
    TooLarge(usize),
    /// The host runs no code that is made at run time.
    Unavailable(Unavailable),
}

/// What a program is made of.
pub struct Material<'a> {
    /// The questions.
    pub graph: &'a Graph,
    /// The clauses of every policy.
    pub policies: &'a [PolicyNodes],
    /// Whether no home needs a directory service.
    pub homes_are_local: bool,
    /// The patterns of what is sought.
    pub entries: &'a dyn Fn(&Sought) -> Vec<PatternId>,
    /// Whether one scan of a text tells all of what is sought.
    pub is_scanned: &'a dyn Fn(&Sought) -> bool,
    /// What is used.
    pub options: PlanOptions,
}

impl Program {
    /// Makes a program.
    pub fn new(material: &Material) -> Result<Program, NoProgram> {
        let program = build::Builder::new(material).program()?;
        let native = NativeCode::compile(&program.shapes).map_err(NoProgram::Unavailable)?;
        Ok(Program { native: Some(native), ..program })
    }

    /// The number of cells.
    pub fn cell_count(&self) -> u32 {
        u32::try_from(self.cells.len()).unwrap_or(u32::MAX)
    }

    /// The policies that a cell wakes where it does not fail.
    pub fn woken_by(&self, cell: CellId) -> &[PolicyId] {
        let at = cell.0 as usize;
        let (Some(&from), Some(&to)) = (self.wake_at.get(at), self.wake_at.get(at + 1)) else { return &[] };
        self.woken.get(from as usize..to as usize).unwrap_or_default()
    }

    /// The group that a cell is answered with.
    pub fn group_of(&self, cell: CellId) -> Option<GroupId> {
        match self.cells.get(cell.0 as usize) {
            Some(Cell::Asked { group, .. }) => *group,
            _ => None,
        }
    }

    fn of_parts(
        cells: Vec<Cell>,
        per_recipient_from: u32,
        groups: Vec<Group>,
        policies: Vec<Criteria>,
        shapes: Shapes,
    ) -> Program {
        let (wake_at, woken) = (Vec::new(), Vec::new());
        let mut program =
            Program { cells, per_recipient_from, groups, policies, wake_at, woken, shapes, native: None };
        program.index_wakes();
        program
    }

    fn index_wakes(&mut self) {
        let mut pairs: Vec<(CellId, PolicyId)> = Vec::new();
        for (at, criteria) in (0..).zip(&self.policies) {
            pairs.extend(criteria.keys.iter().flatten().map(|&cell| (cell, PolicyId(at))));
        }
        pairs.sort_unstable();
        let mut at = 0;
        for cell in 0..=self.cell_count() {
            while pairs.get(at).is_some_and(|(woken_by, _)| woken_by.0 < cell) {
                at += 1;
            }
            self.wake_at.push(u32::try_from(at).unwrap_or(u32::MAX));
        }
        self.woken = pairs.into_iter().map(|(_, policy)| policy).collect();
    }
}
