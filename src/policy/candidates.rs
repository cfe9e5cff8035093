//! Which policies hold for an address: chain, inheritance, override, replacement, dates.
//!
//! Pure functions of the policy set, a chain of directories and a moment; no message is looked at. Cost: one walk of
//! the chain's policies and, for each overrider among them, of the names it overrides. Nothing here can fail.

use crate::language::hir::{DirectoryId, Hir, Manager, Mode, Policy, PolicyId, Side};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;

/// How many managers there are.
const MANAGERS: usize = Manager::Content as usize + 1;

/// From whose home a policy was looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LookupSide {
    /// The sender's.
    Sender,
    /// The recipient's.
    Recipient,
}

impl LookupSide {
    /// Both, in the order in which their effects are carried out.
    pub const BOTH: [LookupSide; 2] = [LookupSide::Sender, LookupSide::Recipient];

    /// Whether a policy written for `side` is looked up from here.
    pub fn is_of(self, side: Side) -> bool {
        match side {
            Side::Both => true,
            Side::Senders => self == LookupSide::Sender,
            Side::Recipients => self == LookupSide::Recipient,
        }
    }

    /// The side in one word.
    pub fn name(self) -> &'static str {
        match self {
            LookupSide::Sender => "sender",
            LookupSide::Recipient => "recipient",
        }
    }
}

/// What becomes of a policy of the chain before any message is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It is judged, and acts where it triggers.
    Candidate,
    /// It is judged and reported, and acts on nothing.
    Observed,
    /// It is switched off.
    Off,
    /// It does not run yet, or no longer.
    OutOfDates,
    /// A policy of a deeper directory removed it.
    OverriddenBy(PolicyId),
    /// A deeper application of the same library policy stands in its place.
    ReplacedBy(PolicyId),
}

/// A policy of an address's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Which.
    pub policy: PolicyId,
    /// How deep its directory lies; a root has 0.
    pub depth: usize,
    /// Whether it is judged.
    pub standing: Standing,
}

/// An exception that may silence a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExceptionAt {
    /// The directory it is written in.
    pub directory: DirectoryId,
    /// Its position in the directory's exceptions.
    pub index: usize,
}

/// The policies of every directory, found without a walk over all of them.
#[derive(Debug)]
pub struct PolicyIndex {
    by_directory: Vec<Vec<PolicyId>>,
    /// By the manager's number.
    managers: Vec<usize>,
}

impl PolicyIndex {
    /// Indexes a set.
    pub fn new(hir: &Hir) -> PolicyIndex {
        let mut by_directory = vec![Vec::new(); hir.directories.len()];
        for policy in &hir.policies {
            if let Some(policies) = by_directory.get_mut(policy.directory.index()) {
                policies.push(policy.id);
            }
        }
        // One the site does not name comes in the default order.
        let mut managers: Vec<usize> = (0..MANAGERS).map(|manager| hir.site.order.len() + manager).collect();
        for (rank, &manager) in hir.site.order.iter().enumerate().rev() {
            if let Some(slot) = managers.get_mut(manager as usize) {
                *slot = rank;
            }
        }
        PolicyIndex { by_directory, managers }
    }

    /// The policies of a directory, in the order of the set.
    pub fn in_directory(&self, directory: DirectoryId) -> &[PolicyId] {
        self.by_directory.get(directory.index()).map(Vec::as_slice).unwrap_or_default()
    }

    /// A manager's position in the order of the site; one the site does not name comes in the default order.
    pub fn manager_rank(&self, manager: Manager) -> usize {
        self.managers.get(manager as usize).copied().unwrap_or(usize::MAX)
    }

    /// The policies of a chain (deepest directory first) on one side, each with its standing, in the order in which
    /// effects add up: outermost directory first, then manager order, then source order.
    pub fn candidates(
        &self,
        hir: &Hir,
        chain: &[DirectoryId],
        side: LookupSide,
        now: Timestamp,
    ) -> Vec<Candidate> {
        let mut members: Vec<(usize, &Policy)> = Vec::new();
        for (depth, directory) in chain.iter().rev().enumerate() {
            let ids = self.by_directory.get(directory.index()).into_iter().flatten();
            let policies = ids.filter_map(|id| hir.policies.get(id.index()));
            members.extend(policies.filter(|policy| side.is_of(policy.side)).map(|policy| (depth, policy)));
        }
        members.sort_by_key(|(depth, policy)| (*depth, self.manager_rank(policy.manager), policy.id));
        let removers = removers(&members, now);
        members
            .iter()
            .map(|&(depth, policy)| Candidate {
                policy: policy.id,
                depth,
                standing: standing(depth, policy, &removers, now),
            })
            .collect()
    }
}

/// The exceptions of a chain (deepest directory first) that speak of a policy, outermost first. A mandatory policy is
/// not excepted by directories deeper than its own.
pub fn exceptions<'a>(
    hir: &'a Hir,
    chain: &'a [DirectoryId],
    policy: &'a Policy,
) -> impl Iterator<Item = ExceptionAt> + 'a {
    let own = chain.iter().rev().position(|&directory| directory == policy.directory);
    chain.iter().rev().enumerate().flat_map(move |(depth, &directory)| {
        let deeper = own.is_none_or(|own| depth > own);
        let exceptions = hir.directories.get(directory.index()).map(|directory| &directory.exceptions);
        exceptions
            .into_iter()
            .flatten()
            .enumerate()
            .filter(move |_| !(policy.mandatory && deeper))
            .filter(|(_, exception)| exception.policies.contains(&policy.name))
            .map(move |(index, _)| ExceptionAt { directory, index })
    })
}

/// Whether a policy runs at a moment; the end of its time is not in it.
pub fn is_in_dates(policy: &Policy, now: Timestamp) -> bool {
    policy.active_from.is_none_or(|from| now >= from) && policy.active_until.is_none_or(|until| now < until)
}

/// Who removes policies of a name, and from which depth upwards.
struct Remover {
    by: PolicyId,
    depth: usize,
    replaces: bool,
}

/// Collects what the policies of the chain remove. A policy that is off, observed or out of its dates removes nothing;
/// one that is itself removed still removes, so that to override the overrider does not bring anything back.
fn removers(members: &[(usize, &Policy)], now: Timestamp) -> HashMap<Arc<str>, Vec<Remover>> {
    let mut removers: HashMap<Arc<str>, Vec<Remover>> = HashMap::new();
    for (depth, policy) in members {
        if policy.mode != Mode::On || !is_in_dates(policy, now) {
            continue;
        }
        for name in &policy.overrides {
            let remover = Remover { by: policy.id, depth: *depth, replaces: false };
            removers.entry(name.clone()).or_default().push(remover);
        }
        let again = Remover { by: policy.id, depth: *depth, replaces: true };
        removers.entry(policy.name.clone()).or_default().push(again);
    }
    removers
}

fn standing(
    depth: usize,
    policy: &Policy,
    removers: &HashMap<Arc<str>, Vec<Remover>>,
    now: Timestamp,
) -> Standing {
    if policy.mode == Mode::Off {
        return Standing::Off;
    }
    if !is_in_dates(policy, now) {
        return Standing::OutOfDates;
    }
    if !policy.mandatory {
        let deeper = || removers.get(&policy.name).into_iter().flatten().filter(|by| by.depth > depth);
        if let Some(remover) = deeper().find(|by| !by.replaces) {
            return Standing::OverriddenBy(remover.by);
        }
        if let Some(remover) = deeper().find(|by| by.replaces) {
            return Standing::ReplacedBy(remover.by);
        }
    }
    if policy.mode == Mode::Observe { Standing::Observed } else { Standing::Candidate }
}
