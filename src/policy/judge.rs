//! Judges the policies of both sides for one recipient: criteria, exceptions, effects filled in.
//!
//! A judgement says of every policy of the two chains what became of it, whether or not it acts; combination and the
//! record both read from it. Cost: the evaluator asks everything once; what differs between recipients once for each.

use super::candidates::{self, Candidate, LookupSide, PolicyIndex, Standing};
use super::combine::Claimant;
use super::effects::{self, Effects, Filling};
use super::engine::Judging;
use crate::language::hir::{DirectoryId, Hir, Policy, PolicyId};
use crate::plan::directory::Home;
use crate::plan::{CauseSet, Causes, ClauseResult, Evaluator, Outcome, Plan, Truth, Who};
use jiff::Timestamp;
use std::collections::HashMap;
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
    /// Its clauses, then the exceptions that were asked.
    pub clauses: Arc<Vec<ClauseResult>>,
    /// The clause that decided.
    pub decided_by: Option<usize>,
    /// Causes of what could not be read that it tests.
    pub tests: CauseSet,
    /// Its effects, where it triggered.
    pub effects: Option<Effects>,
    /// Its reason, filled in, where it triggered.
    pub because: Option<Arc<str>>,
}

impl Judged {
    /// Whether its effects count.
    pub fn acts(&self) -> bool {
        self.state == State::Triggered && !self.observed
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
    /// Every policy of the chain, in the order in which effects add up.
    pub policies: Vec<Judged>,
}

/// Judges one message, recipient by recipient.
pub struct Judge<'a> {
    /// Who knows facts and values.
    pub evaluator: Evaluator<'a>,
    plan: &'a Plan,
    index: &'a PolicyIndex,
    judging: &'a Judging,
    received: Timestamp,
    chains: HashMap<(LookupSide, DirectoryId), Arc<Chain>>,
    verdicts: HashMap<PolicyId, Arc<Shared>>,
}

/// A chain with its candidates.
struct Chain {
    directories: Vec<DirectoryId>,
    candidates: Vec<Candidate>,
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
        plan: &'a Plan,
        index: &'a PolicyIndex,
        judging: &'a Judging,
        evaluator: Evaluator<'a>,
    ) -> Judge<'a> {
        let received = evaluator.case().received;
        Judge { evaluator, plan, index, judging, received, chains: HashMap::new(), verdicts: HashMap::new() }
    }

    /// The policies of a side for a recipient (position in the envelope).
    pub fn side(&mut self, side: LookupSide, recipient: usize) -> SideJudgement {
        let home = self.evaluator.home(match side {
            LookupSide::Sender => Who::Sender,
            LookupSide::Recipient => Who::Recipient(recipient),
        });
        let Some(directory) = home.directory() else { return SideJudgement { home, policies: Vec::new() } };
        let chain = self.chain(side, directory);
        let policies = chain
            .candidates
            .iter()
            .filter_map(|candidate| self.judge(candidate, side, &chain, recipient))
            .collect();
        SideJudgement { home, policies }
    }

    fn chain(&mut self, side: LookupSide, home: DirectoryId) -> Arc<Chain> {
        let (plan, index, received) = (self.plan, self.index, self.received);
        let made = self.chains.entry((side, home)).or_insert_with(|| {
            let directories = plan.directory_index().chain(home);
            let candidates = index.candidates(plan.hir(), &directories, side, received);
            Arc::new(Chain { directories, candidates })
        });
        made.clone()
    }

    fn judge(
        &mut self,
        candidate: &Candidate,
        side: LookupSide,
        chain: &Chain,
        recipient: usize,
    ) -> Option<Judged> {
        let hir = self.plan.hir();
        let policy = hir.policies.get(candidate.policy.index())?;
        let mut judged = Judged {
            policy: policy.id,
            side,
            depth: candidate.depth,
            state: State::NotJudged(candidate.standing),
            observed: candidate.standing == Standing::Observed,
            clauses: Arc::new(Vec::new()),
            decided_by: None,
            tests: CauseSet::NONE,
            effects: None,
            because: None,
        };
        if !matches!(candidate.standing, Standing::Candidate | Standing::Observed) {
            return Some(judged);
        }
        if self.judging.is_past(hir, policy) {
            judged.state = State::Released;
            return Some(judged);
        }
        self.criteria(policy, chain, recipient, &mut judged);
        if judged.state == State::Triggered {
            self.fill_in(policy, recipient, &mut judged);
        }
        Some(judged)
    }

    /// Asks the policy's own clauses, then the exceptions where they could still change something.
    fn criteria(&mut self, policy: &Policy, chain: &Chain, recipient: usize, judged: &mut Judged) {
        let verdict = self.verdict(policy, recipient);
        judged.clauses = verdict.clauses.clone();
        judged.decided_by = verdict.decided_by;
        judged.tests = verdict.tests;
        let mut causes = match &verdict.outcome {
            Outcome::NotTriggered => {
                judged.state = State::NotTriggered;
                return;
            }
            Outcome::Triggered => None,
            Outcome::Undecided { causes } => Some(causes.clone()),
        };
        for exception in candidates::exceptions(self.plan.hir(), &chain.directories, policy) {
            let result = self.evaluator.exception(exception.directory, exception.index, recipient);
            let truth = result.truth.clone();
            let clauses = Arc::make_mut(&mut judged.clauses);
            clauses.push(result);
            let at = clauses.len() - 1;
            match truth {
                Truth::True => {
                    judged.decided_by = Some(at);
                    judged.state = State::Excepted(exception.directory);
                    return;
                }
                Truth::Unknown(more) => {
                    judged.decided_by.get_or_insert(at);
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
        if !policy.per_recipient {
            self.verdicts.insert(policy.id, shared.clone());
        }
        shared
    }

    fn fill_in(&mut self, policy: &Policy, recipient: usize, judged: &mut Judged) {
        let hir = self.plan.hir();
        let context =
            effects::text_context(&mut self.evaluator, hir, policy, &judged.clauses, vec![recipient]);
        judged.because = policy.because.as_ref().map(|_| context.policy_because.clone());
        let received = self.received;
        let mut filling =
            Filling { evaluator: &mut self.evaluator, hir, received, context, recipient, side: judged.side };
        let mut effects = filling.effects(policy);
        if self.judging.is_done(hir, policy) {
            effects.tags.clear();
            effects.notices.clear();
            effects.copies.clear();
        }
        judged.effects = Some(effects);
    }
}
