//! Judges the policies of both sides for one recipient: criteria, exceptions, effects filled in.
//!
//! For a full record a judgement says of every policy of the two chains what became of it and by what; combination and the
//! record both read from it. Else a survey names the policies that trigger or may, and only these are judged, by the same
//! rules: what sleeps costs nothing here. Cost: the evaluator asks everything once; what differs between
//! recipients once for each.

use super::candidates::{Candidate, LookupSide, PolicyIndex, Standing};
use super::chains::{Chain, Part};
use super::combine::Claimant;
use super::effects::{self, Effects, Filling};
use super::engine::{Asked, Detail, Engine, Judging};
use super::outcome::Fate;
use super::wants;
use crate::language::hir::{DirectoryId, Hir, Policy, PolicyId};
use crate::plan::directory::Home;
use crate::plan::{CauseSet, Causes, ClauseResult, Evaluator, Outcome, Surveyed, Truth, Who};
use jiff::Timestamp;
use rustc_hash::FxHashMap;
use std::rc::Rc;
use std::sync::Arc;

/// What became of a policy for a recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Its criteria hold.
    Triggered,
    /// They do not.
    NotTriggered,
    /// Only what could not be read or asked could still turn it.
    Undecided {
        /// Why.
        causes: Causes,
        /// It asks to hold the message; not where its effects only add up.
        holds: bool,
    },
    /// A directory's exception silences it.
    Excepted(DirectoryId),
    /// It was not judged, and why.
    NotJudged(Standing),
    /// The message was released past it.
    Released,
}

/// A policy of one side's chain, judged for one recipient.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Which.
    pub policy: PolicyId,
    /// On which side.
    pub side: LookupSide,
    /// How deep its directory lies.
    pub depth: usize,
    /// What became of it.
    pub state: State,
    /// It is reported and acts on nothing.
    pub observed: bool,
    /// Its clauses, then the exceptions that were asked; empty where nobody reads them.
    pub clauses: Arc<Vec<ClauseResult>>,
    /// The clause that decided.
    pub decided_by: Option<usize>,
    /// Causes of what could not be read that it tests.
    pub tests: CauseSet,
    /// Its effects, where it triggered; of one that only observes for records alone.
    pub effects: Option<Effects>,
    /// Its reason, filled in, where it triggered and a record is made.
    pub because: Option<Arc<str>>,
}

impl Judged {
    /// Whether its effects count.
    pub fn acts(&self) -> bool {
        let has_effects = match self.state {
            State::Triggered => true,
            State::Released => self.effects.is_some(),
            _ => false,
        };
        has_effects && !self.observed
    }

    /// Whether it acts, and this is its disposition.
    pub fn disposes(&self, fate: &Fate) -> bool {
        self.acts() && self.effects.as_ref().is_some_and(|effects| effects.fate.as_ref() == Some(fate))
    }

    /// Why a message is held for it: it is undecided, or cannot tell of some attachment whether to take it away. `None`
    /// where it holds nothing.
    pub fn open(&self) -> Option<&Causes> {
        match &self.state {
            State::Undecided { causes, holds: true } if !self.observed => Some(causes),
            State::Triggered if !self.observed => self.effects.as_ref()?.open.as_ref(),
            _ => None,
        }
    }

    /// The policy as far as conflicts ask for it.
    pub fn claimant(&self, hir: &Hir, index: &PolicyIndex) -> Option<Claimant> {
        let policy = hir.policies.get(self.policy.index())?;
        Some(Claimant {
            policy: self.policy,
            depth: self.depth,
            mandatory: policy.mandatory,
            manager: index.manager_rank(policy.manager),
            name: policy.name.clone(),
        })
    }
}

/// One side's policies, judged for one recipient.
#[derive(Debug, Clone)]
pub struct SideJudgement {
    /// Where the side's address is at home.
    pub home: Home,
    /// The policies of the chain, in the order in which effects add up: all of them for a full record, else those that
    /// trigger, are undecided, excepted or released.
    pub policies: Vec<Judged>,
}

/// One side of a recipient, before its policies are judged.
#[derive(Debug, Clone)]
pub struct Look {
    home: Home,
    chain: Option<Rc<Opened>>,
    /// Which of the chain's policies that differ between recipients trigger or may, by position in the chain.
    found: Vec<Found>,
}

/// A candidate that a survey named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Found {
    position: usize,
    holds: bool,
}

/// A chain, and which of its policies that are the same for all recipients trigger or may.
#[derive(Debug)]
struct Opened {
    chain: Arc<Chain>,
    nearest: DirectoryId,
    found: Vec<Found>,
    speaks: bool,
}

/// All that a side's settling depends on, unless something speaks of the recipient.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SideKey {
    nearest: Option<DirectoryId>,
    undecided: bool,
    found: Vec<Found>,
}

/// Judges one message, recipient by recipient.
pub struct Judge<'a> {
    /// Who knows facts and values.
    pub evaluator: Evaluator<'a>,
    engine: &'a Engine,
    judging: &'a Judging,
    received: Timestamp,
    /// Every policy is judged, whatever a survey would say of it.
    each: bool,
    /// What policies were decided by is kept.
    record: bool,
    chains: FxHashMap<(LookupSide, DirectoryId), Rc<Opened>>,
    verdicts: FxHashMap<PolicyId, Arc<Shared>>,
    no_clauses: Arc<Vec<ClauseResult>>,
}

/// A verdict that does not differ between recipients.
struct Shared {
    outcome: Outcome,
    clauses: Arc<Vec<ClauseResult>>,
    decided_by: Option<usize>,
    tests: CauseSet,
}

impl<'a> Judge<'a> {
    /// A judge that has seen nothing yet.
    pub fn new(
        engine: &'a Engine,
        judging: &'a Judging,
        detail: Detail,
        evaluator: Evaluator<'a>,
    ) -> Judge<'a> {
        let received = evaluator.case().received;
        Judge {
            evaluator,
            engine,
            judging,
            received,
            each: detail == Detail::Record,
            record: detail == Detail::Record,
            chains: FxHashMap::default(),
            verdicts: FxHashMap::default(),
            no_clauses: Arc::default(),
        }
    }

    /// From now on what policies are decided by is kept.
    pub fn keep_record(&mut self) {
        self.record = true;
    }

    /// Whether what policies are decided by is kept.
    pub fn keeps_record(&self) -> bool {
        self.record
    }

    /// How far the session has come.
    pub fn asked(&self) -> Asked {
        self.judging.asked
    }

    /// Whether every candidate is judged rather than those that a survey names. What a message was released past is not
    /// asked at all, so it is not surveyed either.
    fn asks_each(&self) -> bool {
        self.each || !self.judging.past.is_empty()
    }

    /// Finds a side's chain for a recipient (position in the envelope), and which of its policies may have a say.
    pub fn look(&mut self, side: LookupSide, recipient: usize) -> Look {
        let home = self.evaluator.home(match side {
            LookupSide::Sender => Who::Sender,
            LookupSide::Recipient => Who::Recipient(recipient),
        });
        let Some(directory) = home.directory() else { return Look { home, chain: None, found: Vec::new() } };
        let opened = self.open(side, directory, recipient);
        let found = self.survey(opened.chain.per_recipient(), recipient);
        Look { home, chain: Some(opened), found }
    }

    fn open(&mut self, side: LookupSide, home: DirectoryId, recipient: usize) -> Rc<Opened> {
        let nearest = self.engine.chains().nearest(side, home);
        if let Some(opened) = self.chains.get(&(side, nearest)) {
            return opened.clone();
        }
        let chain = self.engine.chain(side, nearest, self.received);
        let found = self.survey(chain.per_message(), recipient);
        let speaks = found.iter().any(|found| self.speaks_of_recipient(&chain, found.position));
        let opened = Rc::new(Opened { chain, nearest, found, speaks });
        self.chains.insert((side, nearest), opened.clone());
        opened
    }

    fn survey(&mut self, part: &Part, recipient: usize) -> Vec<Found> {
        if self.asks_each() || part.positions.is_empty() {
            return Vec::new();
        }
        let surveyed = self.evaluator.survey(&part.set, recipient);
        let found = surveyed.into_iter().filter_map(|Surveyed { position, holds }| {
            Some(Found { position: *part.positions.get(position as usize)?, holds })
        });
        found.collect()
    }

    /// Whether what becomes of a policy that triggers may differ between recipients.
    fn speaks_of_recipient(&self, chain: &Chain, position: usize) -> bool {
        let plan = self.engine.plan();
        let exceptions = chain.exceptions(position);
        let Some(candidate) = chain.candidates().get(position) else { return false };
        (candidate.standing != Standing::Observed && self.engine.wants(candidate.policy).recipient)
            || exceptions.iter().any(|&at| wants::exception_is_per_recipient(plan, at))
    }

    /// What two recipients have in common who are settled as one; `None` where the recipient is settled alone. Why a
    /// policy is undecided may differ between recipients.
    pub fn key(&self, looks: &[Look; 2]) -> Option<[SideKey; 2]> {
        let is_shared = |look: &Look| {
            let Some(opened) = &look.chain else { return true };
            let mut own = look.found.iter();
            !opened.speaks
                && own.all(|found| found.holds && !self.speaks_of_recipient(&opened.chain, found.position))
        };
        if self.record || self.asks_each() || !looks.iter().all(is_shared) {
            return None;
        }
        Some(looks.each_ref().map(|look| SideKey {
            nearest: look.chain.as_ref().map(|opened| opened.nearest),
            undecided: matches!(look.home, Home::Undecided(_)),
            found: look.found.clone(),
        }))
    }

    /// The chain of a home on a side when the message came in.
    pub fn chain_of(&self, side: LookupSide, home: DirectoryId) -> Arc<Chain> {
        let nearest = self.engine.chains().nearest(side, home);
        match self.chains.get(&(side, nearest)) {
            Some(opened) => opened.chain.clone(),
            None => self.engine.chain(side, nearest, self.received),
        }
    }

    /// Whether a policy's criteria differ between recipients.
    pub fn is_per_recipient(&self, policy: PolicyId) -> bool {
        self.engine.is_per_recipient(policy)
    }

    /// The chains that were asked so far, each once.
    pub fn chains(&self) -> impl Iterator<Item = Arc<Chain>> {
        self.chains.values().map(|opened| opened.chain.clone())
    }

    /// Whether a policy may trigger on a side or be undecided; exceptions are not looked at.
    pub fn finds(&self, look: &Look) -> bool {
        let opened = look.chain.as_ref();
        self.asks_each() || !look.found.is_empty() || opened.is_some_and(|opened| !opened.found.is_empty())
    }

    /// Judges the policies of a side for a recipient (position in the envelope).
    pub fn side(&mut self, side: LookupSide, look: &Look, recipient: usize) -> SideJudgement {
        let home = look.home;
        let Some(opened) = look.chain.clone() else { return SideJudgement { home, policies: Vec::new() } };
        let chain = &opened.chain;
        if self.asks_each() {
            let each = self.each;
            let all = (0..chain.candidates().len())
                .filter_map(|position| self.judge(chain, position, None, side, recipient));
            let keep = |judged: &Judged| !matches!(judged.state, State::NotTriggered | State::NotJudged(_));
            return SideJudgement { home, policies: all.filter(|judged| each || keep(judged)).collect() };
        }
        let mut policies = Vec::with_capacity(opened.found.len() + look.found.len());
        let (mut ours, mut theirs) = (opened.found.iter().peekable(), look.found.iter().peekable());
        loop {
            let own_first = match (ours.peek(), theirs.peek()) {
                (Some(one), Some(other)) => one.position < other.position,
                (one, _) => one.is_some(),
            };
            let Some(found) = (if own_first { ours.next() } else { theirs.next() }) else { break };
            policies.extend(self.judge(chain, found.position, Some(found.holds), side, recipient));
        }
        SideJudgement { home, policies }
    }

    /// Judges a candidate; `holds` is what a survey said of it.
    fn judge(
        &mut self,
        chain: &Chain,
        position: usize,
        holds: Option<bool>,
        side: LookupSide,
        recipient: usize,
    ) -> Option<Judged> {
        let hir = self.engine.plan().hir();
        let candidate: &Candidate = chain.candidates().get(position)?;
        let policy = hir.policies.get(candidate.policy.index())?;
        let mut judged = Judged {
            policy: policy.id,
            side,
            depth: candidate.depth,
            state: State::NotJudged(candidate.standing),
            observed: candidate.standing == Standing::Observed,
            clauses: self.no_clauses.clone(),
            decided_by: None,
            tests: CauseSet::NONE,
            effects: None,
            because: None,
        };
        if !candidate.is_judged() {
            return Some(judged);
        }
        if self.judging.is_past(hir, policy) {
            if effects::strips_what_leaves(policy) {
                self.criteria(policy, (chain, position), holds, recipient, &mut judged);
            }
            if judged.state == State::Triggered && !judged.observed {
                judged.effects = Some(self.filling(policy, recipient, &judged).released());
            }
            judged.state = State::Released;
            return Some(judged);
        }
        self.criteria(policy, (chain, position), holds, recipient, &mut judged);
        if judged.state == State::Triggered && (self.record || !judged.observed) {
            self.fill_in(policy, recipient, &mut judged);
        }
        Some(judged)
    }

    /// Asks the policy's own clauses, then the exceptions where they could still change something. What was found is
    /// only collected where somebody reads it.
    fn criteria(
        &mut self,
        policy: &Policy,
        (chain, position): (&Chain, usize),
        holds: Option<bool>,
        recipient: usize,
        judged: &mut Judged,
    ) {
        let evidence = self.record || (!judged.observed && self.engine.wants(policy.id).matches);
        let outcome = if evidence {
            let verdict = self.verdict(policy, recipient);
            judged.clauses = verdict.clauses.clone();
            judged.decided_by = verdict.decided_by;
            judged.tests = verdict.tests;
            verdict.outcome.clone()
        } else {
            judged.tests = self.evaluator.tests(policy.id);
            match holds {
                Some(true) => Outcome::Triggered,
                _ => self.evaluator.criteria(policy.id, recipient).outcome,
            }
        };
        let mut causes = match outcome {
            Outcome::NotTriggered => {
                judged.state = State::NotTriggered;
                return;
            }
            Outcome::Triggered => None,
            Outcome::Undecided { causes } => Some(causes),
        };
        for exception in chain.exceptions(position) {
            let (directory, index) = (exception.directory, exception.index);
            let truth = if evidence {
                let result = self.evaluator.exception(directory, index, recipient);
                let truth = result.truth.clone();
                Arc::make_mut(&mut judged.clauses).push(result);
                truth
            } else {
                self.evaluator.exception_holds(directory, index, recipient)
            };
            let at = evidence.then(|| judged.clauses.len() - 1);
            match truth {
                Truth::True => {
                    judged.decided_by = at;
                    judged.state = State::Excepted(directory);
                    return;
                }
                Truth::Unknown(more) => {
                    judged.decided_by = judged.decided_by.or(at);
                    causes = Some(causes.map_or_else(|| more.clone(), |causes| causes.union(&more)));
                }
                Truth::False => {}
            }
        }
        judged.state = match causes {
            None => State::Triggered,
            Some(causes) => {
                State::Undecided { causes, holds: policy.mandatory || !effects::only_adds_up(policy) }
            }
        };
    }

    fn verdict(&mut self, policy: &Policy, recipient: usize) -> Arc<Shared> {
        if let Some(shared) = self.verdicts.get(&policy.id) {
            return shared.clone();
        }
        let verdict = self.evaluator.policy(policy.id, recipient);
        let shared = Arc::new(Shared {
            outcome: verdict.outcome,
            clauses: Arc::new(verdict.clauses),
            decided_by: verdict.decided_by,
            tests: verdict.tests_causes,
        });
        if !self.engine.is_per_recipient(policy.id) {
            self.verdicts.insert(policy.id, shared.clone());
        }
        shared
    }

    fn filling<'f>(
        &'f mut self,
        policy: &'f Policy,
        recipient: usize,
        judged: &'f Judged,
    ) -> Filling<'f, 'a> {
        let wants = self.engine.wants(policy.id);
        Filling::new(&mut self.evaluator, policy, wants, &judged.clauses, recipient, judged.side)
    }

    fn fill_in(&mut self, policy: &Policy, recipient: usize, judged: &mut Judged) {
        let (hir, record) = (self.engine.plan().hir(), self.record);
        let mut filling = self.filling(policy, recipient, judged);
        let mut effects = filling.effects();
        let because = if record { filling.because() } else { None };
        judged.because = because;
        if self.judging.is_done(hir, policy) {
            effects.tags.clear();
            effects.notices.clear();
            effects.copies.clear();
        }
        judged.effects = Some(effects);
    }
}
