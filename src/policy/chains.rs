//! What holds for everybody at home in a directory, prepared once: candidates, standings, exceptions, what to survey.
//!
//! Nothing of it depends on a message but the moment: policies with dates come and go, so a chain is prepared for each
//! period between two of its dates, when the first message of that period is judged. Directories without policies or
//! exceptions of their own share what their parent has. Cost: one walk of the chain's policies for each home, side and
//! period, then a look-up a message. Memory: some bytes for each policy of each chain; beyond [`KEPT`] candidates in all
//! a chain is prepared again for each message that needs it. Nothing here can fail.

use super::candidates::{Candidate, ExceptionAt, LookupSide, PolicyIndex, Standing};
use crate::language::hir::{DirectoryId, Hir, PolicyId};
use crate::plan::lower::PolicyNodes;
use crate::plan::{Plan, PolicySet};
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// Candidates of all prepared chains that are kept: some hundred megabytes.
pub const KEPT: usize = 4 << 20;

/// The policies that hold for a home on one side, in one period.
#[derive(Debug)]
pub struct Chain {
    /// Its directories, deepest first.
    directories: Vec<DirectoryId>,
    candidates: Vec<Candidate>,
    /// By position in the candidates, in the order in which they are asked.
    exceptions: HashMap<usize, Vec<ExceptionAt>>,
    message: Part,
    recipient: Part,
}

/// Candidates that are judged, and surveyed together.
#[derive(Debug, Default)]
pub struct Part {
    /// Their criteria.
    pub set: PolicySet,
    /// Where each stands among the chain's candidates.
    pub positions: Vec<usize>,
}

impl Chain {
    /// Prepares a chain at a moment.
    pub fn new(
        plan: &Plan,
        index: &PolicyIndex,
        side: LookupSide,
        home: DirectoryId,
        now: Timestamp,
    ) -> Chain {
        let directories = plan.directory_index().chain(home);
        let candidates = index.candidates(plan.hir(), &directories, side, now);
        let exceptions = exceptions(plan.hir(), &directories, &candidates);
        let judged = || candidates.iter().enumerate().filter(|(_, candidate)| candidate.is_judged());
        let part = |per_recipient: bool| {
            let wanted = judged().filter(|(_, one)| is_per_recipient(plan, one.policy) == per_recipient);
            let (positions, policies): (Vec<usize>, Vec<PolicyId>) =
                wanted.map(|(at, candidate)| (at, candidate.policy)).unzip();
            Part { set: plan.policy_set(&policies), positions }
        };
        let (message, recipient) = (part(false), part(true));
        Chain { directories, candidates, exceptions, message, recipient }
    }

    /// Its directories, deepest first.
    pub fn directories(&self) -> &[DirectoryId] {
        &self.directories
    }

    /// Every policy of the chain with its standing, in the order in which effects add up.
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// The exceptions that may silence a candidate (by position), outermost directory first.
    pub fn exceptions(&self, position: usize) -> &[ExceptionAt] {
        match self.exceptions.is_empty() {
            true => &[],
            false => self.exceptions.get(&position).map(Vec::as_slice).unwrap_or_default(),
        }
    }

    /// The candidates whose criteria are the same for all recipients of a message.
    pub fn per_message(&self) -> &Part {
        &self.message
    }

    /// The candidates whose criteria differ between recipients.
    pub fn per_recipient(&self) -> &Part {
        &self.recipient
    }
}

/// Whether a policy's criteria differ between recipients.
pub fn is_per_recipient(plan: &Plan, policy: PolicyId) -> bool {
    let mut clauses = plan.policy_nodes(policy).into_iter().flat_map(PolicyNodes::clauses);
    clauses.any(|(node, _)| plan.graph().properties(node).per_recipient)
}

impl Candidate {
    /// Whether its criteria are asked.
    pub fn is_judged(&self) -> bool {
        matches!(self.standing, Standing::Candidate | Standing::Observed)
    }

    /// Whether a policy that stands deeper took it away.
    pub fn is_removed(&self) -> bool {
        matches!(self.standing, Standing::OverriddenBy(_) | Standing::ReplacedBy(_))
    }
}

/// The exceptions of a chain by the candidates they speak of. A mandatory policy is not excepted by directories deeper
/// than its own.
fn exceptions(
    hir: &Hir,
    directories: &[DirectoryId],
    candidates: &[Candidate],
) -> HashMap<usize, Vec<ExceptionAt>> {
    let mut found: HashMap<usize, Vec<ExceptionAt>> = HashMap::new();
    let mut names: HashMap<&str, Vec<(usize, &Candidate, bool)>> = HashMap::new();
    for (at, candidate) in candidates.iter().enumerate().filter(|(_, candidate)| candidate.is_judged()) {
        if let Some(policy) = hir.policies.get(candidate.policy.index()) {
            names.entry(&policy.name).or_default().push((at, candidate, policy.mandatory));
        }
    }
    for (depth, &directory) in directories.iter().rev().enumerate() {
        let all = hir.directories.get(directory.index()).map(|directory| directory.exceptions.as_slice());
        for (index, exception) in all.unwrap_or_default().iter().enumerate() {
            let spoken_of = exception.policies.iter().flat_map(|name| names.get(&**name)).flatten();
            for &(at, candidate, mandatory) in spoken_of {
                if mandatory && depth > candidate.depth {
                    continue;
                }
                let exceptions = found.entry(at).or_default();
                let one = ExceptionAt { directory, index };
                if exceptions.last() != Some(&one) {
                    exceptions.push(one);
                }
            }
        }
    }
    found
}

/// The chains of all homes, prepared when they are first asked for. Shared between threads.
#[derive(Debug)]
pub struct Chains {
    homes: Vec<HomeChains>,
    kept: AtomicUsize,
}

/// A home on one side.
#[derive(Debug)]
struct HomeChains {
    /// The directory itself, or the nearest above it that has the same policies and exceptions.
    nearest: DirectoryId,
    periods: OnceLock<Periods>,
}

/// Between two neighbouring changes everything stays as it is.
#[derive(Debug)]
struct Periods {
    changes: Vec<Timestamp>,
    chains: Vec<OnceLock<Arc<Chain>>>,
}

impl Chains {
    /// Nothing prepared yet.
    pub fn new(hir: &Hir, index: &PolicyIndex) -> Chains {
        let mut homes: Vec<HomeChains> = Vec::with_capacity(hir.directories.len() * 2);
        for directory in &hir.directories {
            for side in LookupSide::BOTH {
                let policies = index.in_directory(directory.id);
                let policies = policies.iter().filter_map(|policy| hir.policies.get(policy.index()));
                let own = policies.into_iter().any(|policy| side.is_of(policy.side));
                let inherits = !own && directory.exceptions.is_empty();
                // Parents stand before their children.
                let above = directory.parent.and_then(|parent| homes.get(slot(parent, side)));
                let nearest = above.filter(|_| inherits).map_or(directory.id, |above| above.nearest);
                homes.push(HomeChains { nearest, periods: OnceLock::new() });
            }
        }
        Chains { homes, kept: AtomicUsize::new(0) }
    }

    /// The directory whose chain holds for a home: itself, or the nearest above it with the same policies.
    pub fn nearest(&self, side: LookupSide, home: DirectoryId) -> DirectoryId {
        self.homes.get(slot(home, side)).map_or(home, |chains| chains.nearest)
    }

    /// The chain of a home at a moment.
    pub fn get(
        &self,
        plan: &Plan,
        index: &PolicyIndex,
        side: LookupSide,
        home: DirectoryId,
        now: Timestamp,
    ) -> Arc<Chain> {
        let nearest = self.nearest(side, home);
        let make = || Arc::new(Chain::new(plan, index, side, nearest, now));
        let Some(chains) = self.homes.get(slot(nearest, side)) else { return make() };
        let periods = chains.periods.get_or_init(|| Periods::new(plan, side, nearest, index));
        let period = periods.changes.partition_point(|change| *change <= now);
        let Some(kept) = periods.chains.get(period) else { return make() };
        if let Some(chain) = kept.get() {
            return chain.clone();
        }
        let chain = make();
        let weight = chain.candidates.len().max(1);
        if self.kept.fetch_add(weight, Ordering::Relaxed).saturating_add(weight) > KEPT {
            self.kept.fetch_sub(weight, Ordering::Relaxed);
            return chain;
        }
        let stored = kept.get_or_init(|| chain.clone());
        if !Arc::ptr_eq(stored, &chain) {
            // Another thread was faster, and its chain is the one that is counted.
            self.kept.fetch_sub(weight, Ordering::Relaxed);
        }
        stored.clone()
    }
}

fn slot(home: DirectoryId, side: LookupSide) -> usize {
    home.index() * 2 + side as usize
}

impl Periods {
    fn new(plan: &Plan, side: LookupSide, home: DirectoryId, index: &PolicyIndex) -> Periods {
        let hir = plan.hir();
        let directories = plan.directory_index().chain(home);
        let policies = directories.iter().flat_map(|&directory| index.in_directory(directory));
        let policies = policies.filter_map(|policy| hir.policies.get(policy.index()));
        let mut changes: Vec<Timestamp> = policies
            .filter(|policy| side.is_of(policy.side))
            .flat_map(|policy| [policy.active_from, policy.active_until])
            .flatten()
            .collect();
        changes.sort_unstable();
        changes.dedup();
        let chains = (0..=changes.len()).map(|_| OnceLock::new()).collect();
        Periods { changes, chains }
    }
}
