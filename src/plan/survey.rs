//! Which of many policies trigger on a message, or may.
//!
//! A survey says of a prepared set of policies which ones hold and which are undecided; all others do not trigger. It
//! says nothing of why: whoever must know asks [`Evaluator::policy`] of the few it names.
//!
//! Where the plan has a program, policies are looked at group by group of the questions that wake them (see
//! [`super::program`]), the cheapest group first. A group that nobody has asked yet is asked only when one of its policies
//! needs it; from then on only those of its policies are looked at that its answers wake. Cost: the policies that are
//! woken, and those that nothing wakes; not those that are asleep. Without a program the interpreter looks at each.
//!
//! A session decides in stages: [`Evaluator::survey_until`] tells what the facts up to a stage decide for good, and which
//! policies they leave open. Only those are surveyed again when more is there, by an evaluator that resumes the answers
//! ([`Evaluator::resuming`]), so what the envelope decided is not asked again.

use super::Plan;
use super::answer::{Progress, Running};
use super::cells::Known;
use super::interpret::Evaluator;
use super::program::{GroupId, Program};
use super::truth::{Causes, Truth};
use super::verdict::Outcome;
use crate::language::hir::PolicyId;
use crate::language::schema::facts::Stage;
use std::collections::BTreeMap;

/// Policies that are surveyed together, prepared once for a plan.
#[derive(Debug, Clone, Default)]
pub struct PolicySet {
    policies: Vec<PolicyId>,
    positions: Positions,
    /// Positions of the policies that each group wakes, the cheapest group first.
    watched: Vec<(GroupId, Vec<u32>)>,
    /// Positions of those that nothing wakes.
    always: Vec<u32>,
}

impl PolicySet {
    /// The policies, in the order that [`Surveyed::position`] counts.
    pub fn policies(&self) -> &[PolicyId] {
        &self.policies
    }

    fn new(policies: &[PolicyId], program: Option<&Program>) -> PolicySet {
        let mut set = PolicySet {
            policies: policies.to_vec(),
            positions: Positions::new(policies),
            ..PolicySet::default()
        };
        let Some(program) = program else { return set };
        let mut watched: BTreeMap<GroupId, Vec<u32>> = BTreeMap::new();
        for (position, policy) in (0..).zip(policies) {
            let keys = program.policies.get(policy.index()).and_then(|criteria| criteria.keys.as_deref());
            let Some(keys) = keys else {
                set.always.push(position);
                continue;
            };
            for group in keys.iter().filter_map(|&cell| program.group_of(cell)) {
                let watched = watched.entry(group).or_default();
                if watched.last() != Some(&position) {
                    watched.push(position);
                }
            }
        }
        set.watched = watched.into_iter().collect();
        set
    }
}

/// Where each policy stands in a set: one bit for each policy of the plan from the first to the last of the set, and the
/// positions of those in the set.
#[derive(Debug, Clone, Default)]
struct Positions {
    /// What the first word's place is among all policies.
    first: usize,
    words: Vec<u64>,
    before: Vec<u32>,
    positions: Vec<u32>,
}

impl Positions {
    fn new(policies: &[PolicyId]) -> Positions {
        let mut sorted: Vec<(PolicyId, u32)> = policies.iter().copied().zip(0..).collect();
        sorted.sort_unstable();
        let first = sorted.first().map_or(0, |(policy, _)| policy.index() / 64);
        let words = sorted.last().map_or(0, |(policy, _)| policy.index() / 64 + 1 - first);
        let mut made = Positions { first, words: vec![0; words], ..Positions::default() };
        for (policy, position) in sorted {
            if let Some(word) = made.words.get_mut(policy.index() / 64 - first) {
                *word |= 1 << (policy.index() % 64);
            }
            made.positions.push(position);
        }
        let mut sum = 0;
        for word in &made.words {
            made.before.push(sum);
            sum += word.count_ones();
        }
        made
    }

    fn of(&self, policy: PolicyId) -> Option<u32> {
        let (at, bit) = ((policy.index() / 64).checked_sub(self.first)?, policy.index() % 64);
        let word = self.words.get(at)?;
        if word >> bit & 1 == 0 {
            return None;
        }
        let lower = (word & ((1 << bit) - 1)).count_ones();
        self.positions.get((self.before.get(at)? + lower) as usize).copied()
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

/// What a survey tells that goes no further than a stage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Narrowed {
    /// Positions of the policies that trigger, whatever comes later.
    pub triggered: Vec<u32>,
    /// Positions of those that what comes later decides, or that are undecided so far. All others do not trigger.
    pub open: Vec<u32>,
}

impl Plan {
    /// Prepares a set of policies (each at most once) for surveys.
    pub fn policy_set(&self, policies: &[PolicyId]) -> PolicySet {
        PolicySet::new(policies, self.running().map(|running| running.program))
    }
}

/// A survey on its way.
struct Survey<'s> {
    set: &'s PolicySet,
    looked_at: Vec<u64>,
    found: Vec<Surveyed>,
}

impl Survey<'_> {
    /// Whether a position has not been looked at; it has from now on.
    fn takes(&mut self, position: u32) -> bool {
        let Some(word) = self.looked_at.get_mut(position as usize / 64) else { return false };
        let bit = 1_u64 << (position % 64);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    fn add(&mut self, position: u32, known: Known) {
        match known {
            Known::True => self.found.push(Surveyed { position, holds: true }),
            Known::Unknown | Known::Unasked => self.found.push(Surveyed { position, holds: false }),
            Known::False => {}
        }
    }
}

impl<'a> Evaluator<'a> {
    /// The policies of a set whose criteria hold or are undecided for a recipient (position in the envelope), in the
    /// order of the set.
    pub fn survey(&mut self, set: &PolicySet, recipient: usize) -> Vec<Surveyed> {
        match self.plan.running() {
            Some(running) => self.survey_natively(running, set, recipient),
            None => self.survey_plainly(set, recipient, Stage::Content),
        }
    }

    /// What the facts up to a stage tell of a set of policies, before there is more of the message; those it leaves open
    /// make the set that is surveyed next.
    pub fn survey_until(&mut self, set: &PolicySet, recipient: usize, stage: Stage) -> Narrowed {
        let found = match self.plan.running() {
            Some(running) => self.up_to(running, stage, |this| this.survey_natively(running, set, recipient)),
            None => self.survey_plainly(set, recipient, stage),
        };
        let mut narrowed = Narrowed::default();
        for surveyed in found {
            let positions = if surveyed.holds { &mut narrowed.triggered } else { &mut narrowed.open };
            positions.push(surveyed.position);
        }
        narrowed
    }

    fn survey_natively(&mut self, running: Running<'a>, set: &PolicySet, recipient: usize) -> Vec<Surveyed> {
        self.turn_to(running, recipient);
        let mut survey =
            Survey { set, looked_at: vec![0; set.policies.len().div_ceil(64)], found: Vec::new() };
        for (group, positions) in &set.watched {
            self.survey_group(running, *group, positions, &mut survey);
        }
        for &position in &set.always {
            self.look_at(running, position, &mut survey);
        }
        survey.found.sort_unstable();
        survey.found
    }

    fn survey_plainly(&mut self, set: &PolicySet, recipient: usize, until: Stage) -> Vec<Surveyed> {
        let mut found = Vec::new();
        for (position, &policy) in (0..).zip(&set.policies) {
            match self.criteria_until(policy, recipient, until) {
                Truth::True => found.push(Surveyed { position, holds: true }),
                Truth::Unknown(_) => found.push(Surveyed { position, holds: false }),
                Truth::False => {}
            }
        }
        found
    }

    /// Whether the criteria of a policy hold; a clause that is known only later is unknown.
    fn criteria_until(&mut self, policy: PolicyId, recipient: usize, until: Stage) -> Truth {
        if until == Stage::Content {
            return match self.criteria(policy, recipient).outcome {
                Outcome::Triggered => Truth::True,
                Outcome::NotTriggered => Truth::False,
                Outcome::Undecided { causes } => Truth::Unknown(causes),
            };
        }
        self.speak_of(recipient);
        let plan = self.plan;
        let Some(nodes) = plan.policy_nodes(policy) else { return Truth::False };
        let mut sum = Truth::True;
        for (node, holds) in nodes.clauses() {
            let truth = match plan.graph().properties(node).stage > until {
                true => Truth::Unknown(Causes::default()),
                false => self.truth(node),
            };
            sum = sum.and(if holds { truth } else { !truth });
            if sum.is_false() {
                break;
            }
        }
        sum
    }

    fn survey_group(
        &mut self,
        running: Running<'a>,
        group: GroupId,
        positions: &[u32],
        survey: &mut Survey<'_>,
    ) {
        // As long as nobody has asked for the group, its policies are looked at: one of them may ask.
        for &position in positions {
            if self.standing(group).is_some() {
                break;
            }
            let Some(formula) = self.formula(running, position, survey) else { continue };
            if !survey.takes(position) {
                continue;
            }
            match self.run(running, formula, Some(group)) {
                Progress::Decided(known) => survey.add(position, known),
                Progress::AsksFor(group) => {
                    self.answer_group(running, group);
                    let Progress::Decided(known) = self.run(running, formula, None) else { continue };
                    survey.add(position, known);
                }
            }
        }
        let cell =
            |this: &Self, at: usize| this.standing(group).and_then(|standing| standing.get(at).copied());
        let mut next = 0;
        while let Some(cell) = cell(self, next) {
            next += 1;
            for &policy in running.program.woken_by(cell) {
                if let Some(position) = survey.set.positions.of(policy) {
                    self.look_at(running, position, survey);
                }
            }
        }
    }

    fn look_at(&mut self, running: Running<'a>, position: u32, survey: &mut Survey<'_>) {
        if let Some(formula) = self.formula(running, position, survey)
            && survey.takes(position)
            && let Progress::Decided(known) = self.run(running, formula, None)
        {
            survey.add(position, known);
        }
    }

    fn formula(
        &self,
        running: Running<'a>,
        position: u32,
        survey: &Survey<'_>,
    ) -> Option<&'a super::program::Formula> {
        let policy = survey.set.policies.get(position as usize)?;
        running.program.policies.get(policy.index()).map(|criteria| &criteria.formula)
    }
}
