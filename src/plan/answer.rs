//! Answers the cells of a program for one message.
//!
//! A formula runs as native code until it asks for a cell; that is answered, with all of its group, and the formula runs
//! again. So a question is asked at most once a message (or once a recipient), and only where it decides something. What
//! a group answers is what the interpreter would answer for each of its questions; a subject that is no plain value or
//! number makes them be asked one by one.

use super::cells::{CellId, Cells, Known};
use super::directory::Home;
use super::groups::{Group, Tables, Values};
use super::interpret::Evaluator;
use super::ir::NodeId;
use super::jit::{Answer, NativeCode};
use super::lists::domain_of;
use super::patterns::PatternId;
use super::program::{Cell, Formula, GroupId, Program};
use super::truth::Truth;
use super::value::{Bounds, Computed, Value};
use crate::base::address::Address;
use crate::language::hir::DirectoryId;
use crate::language::schema::facts::Stage;
use crate::message::surface::fold;

/// What is known of the cells of a message, and for which recipient. It speaks of no borrowed message, so what the
/// envelope answered can be taken on when the message is there.
#[derive(Debug, Clone)]
pub struct CellAnswers {
    cells: Cells,
    recipient: usize,
    /// Of each group that was answered, the cells that do not fail and wake policies.
    groups: Vec<Option<Vec<CellId>>>,
    /// What is known later than this is not asked.
    until: Stage,
}

impl CellAnswers {
    pub(super) fn new(program: &Program) -> CellAnswers {
        let groups = std::iter::repeat_with(|| None).take(program.groups.len()).collect();
        let cells = Cells::new(program.cell_count());
        CellAnswers { cells, recipient: 0, groups, until: Stage::Content }
    }

    /// Forgets what was answered for another recipient.
    fn turn_to(&mut self, recipient: usize, program: &Program) {
        if self.recipient == recipient {
            return;
        }
        self.recipient = recipient;
        self.cells.fill(program.per_recipient_from, program.cell_count(), Known::Unasked);
        for (answered, group) in self.groups.iter_mut().zip(&program.groups) {
            if group.first.0 >= program.per_recipient_from {
                *answered = None;
            }
        }
    }

    /// The cells of a group that do not fail and wake policies, where it was answered.
    pub(super) fn standing(&self, group: GroupId) -> Option<&[CellId]> {
        self.groups.get(group.0 as usize)?.as_deref()
    }

    /// Forgets what is unknown, so that it is asked again when more is there.
    fn forget_unknown(&mut self) {
        for answered in &mut self.groups {
            let unknown =
                |cells: &Vec<CellId>| cells.iter().any(|&cell| self.cells.get(cell) == Known::Unknown);
            answered.take_if(|cells| unknown(cells));
        }
        self.cells.forget_unknown();
    }
}

/// The cells of a group that hold, singly and in ranges.
#[derive(Debug, Default)]
struct Found {
    cells: Vec<CellId>,
    ranges: Vec<(u32, u32)>,
}

impl Found {
    /// Those that wake a policy, each once.
    fn waking(self, program: &Program) -> Vec<CellId> {
        let mut cells = self.cells;
        cells.extend(self.ranges.into_iter().flat_map(|(from, to)| (from..to).map(CellId)));
        cells.retain(|&cell| !program.woken_by(cell).is_empty());
        cells.sort_unstable();
        cells.dedup();
        cells
    }
}

/// A program that can run.
#[derive(Clone, Copy)]
pub(super) struct Running<'a> {
    pub(super) program: &'a Program,
    pub(super) native: &'a NativeCode,
}

/// How far a formula came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Decided(Known),
    /// It asks for a cell of the group that it was to stop at.
    AsksFor(GroupId),
}

impl<'a> Evaluator<'a> {
    /// Makes ready to answer for a recipient.
    pub(super) fn turn_to(&mut self, running: Running<'a>, recipient: usize) {
        self.speak_of(recipient);
        self.answers_of_cells
            .get_or_insert_with(|| CellAnswers::new(running.program))
            .turn_to(recipient, running.program);
    }

    /// The cells of a group that do not fail and wake policies, where it was answered.
    pub(super) fn standing(&self, group: GroupId) -> Option<&[CellId]> {
        self.answers_of_cells.as_ref()?.standing(group)
    }

    /// Runs a formula to its end, or to where it asks for a cell of a group.
    pub(super) fn run(&mut self, running: Running<'a>, formula: &Formula, stop: Option<GroupId>) -> Progress {
        loop {
            let words =
                self.answers_of_cells.as_ref().map(|answers| answers.cells.words()).unwrap_or_default();
            let position = match running.native.run(formula.shape, words, &formula.operands) {
                Answer::False => return Progress::Decided(Known::False),
                Answer::True => return Progress::Decided(Known::True),
                Answer::Unknown => return Progress::Decided(Known::Unknown),
                Answer::Ask(position) => position as usize,
            };
            let Some(&cell) = formula.operands.cells().get(position) else {
                return Progress::Decided(Known::Unknown);
            };
            if let Some(group) = stop
                && running.program.group_of(CellId(cell)) == Some(group)
            {
                return Progress::AsksFor(group);
            }
            self.answer(running, CellId(cell));
        }
    }

    /// Answers a cell, with its group. As deep as conditions are nested, which the plan bounds.
    fn answer(&mut self, running: Running<'a>, cell: CellId) {
        let known = match running.program.cells.get(cell.0 as usize) {
            Some(Cell::Asked { group: Some(group), .. }) => return self.answer_group(running, *group),
            Some(Cell::Asked { node, .. }) if self.is_later(*node) => Known::Unknown,
            Some(Cell::Asked { node, group: None }) => known(&self.truth(*node)),
            Some(Cell::Derived(formula)) => match self.run(running, formula, None) {
                Progress::Decided(known) => known,
                Progress::AsksFor(_) => Known::Unknown,
            },
            Some(Cell::Unused) | None => Known::Unknown,
        };
        self.set(cell, known);
    }

    /// What a survey knows that goes no further than a stage; questions about later facts are unknown meanwhile.
    pub(super) fn up_to<T>(
        &mut self,
        running: Running<'a>,
        stage: Stage,
        survey: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let answers = self.answers_of_cells.get_or_insert_with(|| CellAnswers::new(running.program));
        answers.until = stage;
        let result = survey(self);
        if let Some(answers) = &mut self.answers_of_cells {
            answers.until = Stage::Content;
            answers.forget_unknown();
        }
        result
    }

    fn is_later(&self, node: NodeId) -> bool {
        let until = self.answers_of_cells.as_ref().map_or(Stage::Content, |answers| answers.until);
        self.plan.graph().properties(node).stage > until
    }

    fn set(&mut self, cell: CellId, known: Known) {
        if let Some(answers) = &mut self.answers_of_cells {
            answers.cells.set(cell, known);
        }
    }

    /// Answers all questions of a group.
    pub(super) fn answer_group(&mut self, running: Running<'a>, id: GroupId) {
        let Some(group) = running.program.groups.get(id.0 as usize) else { return };
        let mut found = Found::default();
        let otherwise = match group.nodes.first() {
            Some(&node) if self.is_later(node) => Some(Known::Unknown),
            _ => self.look_up(group, &mut found),
        };
        let Some(answers) = &mut self.answers_of_cells else { return };
        if let Some(otherwise) = otherwise {
            answers.cells.fill(group.first.0, group.end(), otherwise);
            for &(from, to) in &found.ranges {
                answers.cells.fill(from, to, Known::True);
            }
            for &cell in &found.cells {
                answers.cells.set(cell, Known::True);
            }
            if otherwise == Known::Unknown {
                found.ranges = vec![(group.first.0, group.end())];
            }
        } else {
            found = Found { cells: self.one_by_one(group), ..Found::default() };
        }
        let hits = found.waking(running.program);
        if let Some(slot) = self.answers_of_cells.as_mut().and_then(|one| one.groups.get_mut(id.0 as usize)) {
            *slot = Some(hits);
        }
    }

    /// Finds the questions of a group that hold, and says what all others are; `None` where they must be asked one by one.
    fn look_up(&mut self, group: &'a Group, found: &mut Found) -> Option<Known> {
        let subject = self.value(group.key.subject);
        let otherwise = match &subject {
            Computed::Absent => return Some(Known::False),
            Computed::Unknown(_) => return Some(Known::Unknown),
            subject if subject.values().1.is_some() => Known::Unknown,
            _ => Known::False,
        };
        match &group.tables {
            Tables::Numbers(thresholds) => {
                let bounds = Bounds::of(&subject)?;
                let exact = bounds.low.filter(|_| bounds.low == bounds.high)?;
                thresholds.satisfied(exact, |from, to| found.ranges.push((from, to)));
                return Some(Known::False);
            }
            Tables::Values(tables) => {
                for value in subject.values().0 {
                    self.look_up_value(tables, value, &mut found.cells)?;
                }
            }
            Tables::Search(pairs) => {
                let (searched, _) = self.subject(group.key.subject);
                let mut occurring = Vec::new();
                self.searcher.occurring(&searched, &pairs.patterns, &mut occurring);
                for pattern in occurring {
                    found.cells.extend(asking(&pairs.cells, pattern));
                }
            }
        }
        Some(otherwise)
    }

    /// Finds the questions that hold of one value; `None` where they must be asked one by one.
    fn look_up_value(&mut self, tables: &Values, value: &Value<'a>, hits: &mut Vec<CellId>) -> Option<()> {
        let mut give = |cell: CellId| hits.push(cell);
        match value {
            Value::Text(text) => {
                if !tables.texts.is_empty() {
                    tables.texts.get(&fold(text)).into_iter().flatten().for_each(|&cell| give(cell));
                }
                if !tables.addresses_of_texts.is_empty()
                    && let Some(address) = Address::parse(text)
                {
                    tables
                        .addresses_of_texts
                        .get(&address)
                        .into_iter()
                        .flatten()
                        .for_each(|&cell| give(cell));
                }
                if !tables.member_domains.is_empty()
                    && let Some(domain) = domain_of(value)
                {
                    tables.member_domains.matching(&domain, &mut give);
                }
            }
            Value::Ip(ip) => tables.networks.matching(*ip, &mut give),
            // A pattern that a policy gives in the place of a domain that is absent; tables hold patterns for domains.
            Value::DomainPattern(_) => return None,
            Value::Enum(position) => {
                let same = tables.enumerated.iter().filter(|(value, _)| value == position);
                same.for_each(|&(_, cell)| give(cell));
            }
            Value::Flags(flags) => {
                for &(value, cell) in &tables.enumerated {
                    if flags.bits.checked_shr(u32::from(value)).is_some_and(|bits| bits & 1 == 1) {
                        give(cell);
                    }
                }
            }
            value => {
                if let Some(address) = value.address() {
                    for table in [&tables.addresses, &tables.member_addresses] {
                        table.get(address).into_iter().flatten().for_each(|&cell| give(cell));
                    }
                } else if let Value::Domain(domain) = value
                    && !tables.texts.is_empty()
                {
                    tables.texts.get(&fold(domain)).into_iter().flatten().for_each(|&cell| give(cell));
                }
                if let Some(domain) = value.domain() {
                    tables.domains.matching(domain, &mut give);
                    tables.member_domains.matching(domain, &mut give);
                }
                if !tables.directories.is_empty() {
                    let home = self.local_home(value)?;
                    let chain = home.map(|home| self.plan.directory_index().chain(home)).unwrap_or_default();
                    for directory in chain {
                        hits.extend(tables.directories.get(&directory).into_iter().flatten());
                    }
                }
            }
        }
        Some(())
    }

    /// Where a value is at home, where that can be told without asking anybody.
    fn local_home(&mut self, value: &Value<'a>) -> Option<Option<DirectoryId>> {
        match (value, value.address()) {
            (_, Some(address)) => match self.home_of(&address.clone()) {
                (Home::In(directory), None) => Some(Some(directory)),
                (Home::Nowhere, None) => Some(None),
                _ => None,
            },
            (Value::Domain(domain), None) => Some(self.plan.directory_index().domain_home(domain)),
            // The null sender has the postmaster's home where it comes from inside.
            (Value::NullAddress, None) => None,
            _ => Some(None),
        }
    }

    fn one_by_one(&mut self, group: &Group) -> Vec<CellId> {
        let mut hits = Vec::new();
        for (cell, &node) in (group.first.0..).map(CellId).zip(group.nodes.iter()) {
            let known = self.known(node);
            self.set(cell, known);
            if known != Known::False {
                hits.push(cell);
            }
        }
        hits
    }

    fn known(&mut self, node: NodeId) -> Known {
        known(&self.truth(node))
    }
}

fn known(truth: &Truth) -> Known {
    match truth {
        Truth::True => Known::True,
        Truth::False => Known::False,
        Truth::Unknown(_) => Known::Unknown,
    }
}

/// The cells that ask for a pattern.
fn asking(pairs: &[(PatternId, CellId)], pattern: PatternId) -> impl Iterator<Item = CellId> {
    let from = pairs.partition_point(|(one, _)| *one < pattern);
    let rest = pairs.get(from..).unwrap_or_default();
    rest.iter().take_while(move |(one, _)| *one == pattern).map(|(_, cell)| *cell)
}
