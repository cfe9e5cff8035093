//! When it is known for certain what becomes of a message for a recipient.
//!
//! A policy may be decided from the envelope and its decision still be open: an exception of it may read the content,
//! and so may another policy that would win. Only what nothing later can change may be refused while a recipient is
//! named. Cost: one walk over the policies of both sides; asked only of what goes back to the sender, and ended where the
//! winner's own criteria read the content.

use super::candidates::{Candidate, ExceptionAt, LookupSide, Standing};
use super::chains::Chain;
use super::effects;
use super::judge::{Judge, Judged, State};
use super::outcome::Reason;
use super::return_rule::Final;
use super::settle::Settling;
use super::wants;
use crate::language::hir::{Disposition, Policy, PolicyId};
use crate::language::schema::facts::Stage;
use crate::plan::Plan;
use crate::plan::ir::NodeId;
use std::collections::HashMap;
use std::sync::Arc;

/// When a recipient's (position in the envelope) return or refusal is final.
pub fn of(judge: &mut Judge<'_>, settling: &Settling, recipient: usize) -> Final {
    let Some(winner) = winner(settling) else { return Final::AfterContent };
    let mut latest = of_winner(judge, settling, winner);
    if latest == Final::AfterContent {
        return latest;
    }
    let plan = judge.evaluator.plan();
    let judged = settling.sides.iter().flat_map(|side| &side.policies);
    let states: HashMap<(PolicyId, LookupSide), &State> =
        judged.map(|one| ((one.policy, one.side), &one.state)).collect();
    for rival in rivals(judge, settling, winner) {
        if latest == Final::AfterContent {
            break;
        }
        let at = match states.get(&(rival.policy, rival.side)).copied() {
            None | Some(State::NotTriggered) => {
                let decided_by = judge.evaluator.criteria(rival.policy, recipient).decided_by;
                decided_by.map_or(Final::AfterContent, |node| known(plan, [node]))
            }
            Some(State::Released) => continue,
            Some(state) => decided(plan, &rival, state),
        };
        latest = latest.max(at);
    }
    latest
}

/// Whether a policy sends back what it triggers on, and its own criteria read the envelope at most.
pub fn sends_back_by_envelope(plan: &Plan, policy: &Policy) -> bool {
    let goes_back = policy
        .disposition
        .as_ref()
        .is_some_and(|one| matches!(one.node, Disposition::Return(_) | Disposition::Reject(_)));
    let nodes = plan.policy_nodes(policy.id).into_iter().flat_map(|nodes| nodes.clauses());
    goes_back && known(plan, nodes.map(|(node, _)| node)) < Final::AfterContent
}

/// Whether a settling is as final for one recipient as for another for whom the same policies have a say.
pub fn is_shared(judge: &Judge<'_>, settling: &Settling) -> bool {
    let Some(winner) = winner(settling).filter(|_| settling.outcome.fate.goes_back()) else { return true };
    let plan = judge.evaluator.plan();
    let differs = |rival: &Rival| {
        judge.is_per_recipient(rival.policy)
            || exceptions(rival).iter().any(|&at| wants::exception_is_per_recipient(plan, at))
    };
    of_winner(judge, settling, winner) == Final::AfterContent
        || !rivals(judge, settling, winner).iter().any(differs)
}

/// The policy whose disposition holds. What was put in place of the policies' dispositions was decided from the content.
fn winner(settling: &Settling) -> Option<&Judged> {
    let outcome = &settling.outcome;
    let (policy, side) = outcome.by.filter(|_| outcome.reason == Reason::Policy)?;
    let mut judged = settling.sides.iter().flat_map(|side| &side.policies);
    judged.find(|judged| judged.policy == policy && judged.side == side)
}

fn of_winner(judge: &Judge<'_>, settling: &Settling, winner: &Judged) -> Final {
    let plan = judge.evaluator.plan();
    let Some(chain) = chain(judge, settling, winner.side) else { return Final::AfterContent };
    let position = chain.candidates().iter().position(|one| one.policy == winner.policy);
    let Some(position) = position else { return Final::AfterContent };
    decided(plan, &Rival { policy: winner.policy, side: winner.side, chain, position }, &winner.state)
}

/// A policy that could have another say than the one that won.
struct Rival {
    policy: PolicyId,
    side: LookupSide,
    chain: Arc<Chain>,
    position: usize,
}

fn rivals(judge: &Judge<'_>, settling: &Settling, winner: &Judged) -> Vec<Rival> {
    let policies = &judge.evaluator.plan().hir().policies;
    let Some(won) = policies.get(winner.policy.index()) else { return Vec::new() };
    let mut all = Vec::new();
    for side in LookupSide::BOTH {
        let Some(chain) = chain(judge, settling, side) else { continue };
        for (position, candidate) in chain.candidates().iter().enumerate() {
            let Some(policy) = policies.get(candidate.policy.index()) else { continue };
            if candidate.policy != winner.policy && could_win((winner, won), side, (candidate, policy)) {
                all.push(Rival { policy: candidate.policy, side, chain: chain.clone(), position });
            }
        }
    }
    all
}

fn chain(judge: &Judge<'_>, settling: &Settling, side: LookupSide) -> Option<Arc<Chain>> {
    let side_at = settling.sides.get(usize::from(side == LookupSide::Recipient))?;
    Some(judge.chain_of(side, side_at.home.directory()?))
}

fn could_win(
    (winner, won): (&Judged, &Policy),
    side: LookupSide,
    (rival, policy): (&Candidate, &Policy),
) -> bool {
    if rival.standing != Standing::Candidate {
        return false;
    }
    // Of equals in one directory, and between the sides, only what is more restrictive wins against what goes back.
    let drops = policy.disposition.as_ref().is_some_and(|one| matches!(one.node, Disposition::Drop));
    if side != winner.side || rival.depth == winner.depth {
        return drops;
    }
    // Undecided, it would ask for a hold, though it has no disposition.
    let has_a_say = policy.disposition.is_some() || policy.mandatory || !effects::only_adds_up(policy);
    has_a_say && if rival.depth > winner.depth { !won.mandatory } else { policy.mandatory }
}

fn exceptions(rival: &Rival) -> &[ExceptionAt] {
    rival.chain.exceptions(rival.position)
}

/// When it is known what becomes of a policy that would trigger but for its exceptions.
fn decided(plan: &Plan, rival: &Rival, state: &State) -> Final {
    let node = |at: &ExceptionAt| plan.exception_node(at.directory, at.index);
    match *state {
        // Any exception that holds is enough, and this one does.
        State::Excepted(directory) => {
            let holding = exceptions(rival).iter().filter(|at| at.directory == directory);
            known(plan, holding.filter_map(node))
        }
        _ => {
            let own = plan.policy_nodes(rival.policy);
            // What a `strip` cannot tell of an attachment would be held.
            let own = own.into_iter().flat_map(|nodes| {
                nodes.clauses().map(|(node, _)| node).chain(nodes.strips.values().copied())
            });
            known(plan, own.chain(exceptions(rival).iter().filter_map(node)))
        }
    }
}

fn known(plan: &Plan, nodes: impl IntoIterator<Item = NodeId>) -> Final {
    let at = |node: NodeId| {
        let properties = plan.graph().properties(node);
        match (properties.stage <= Stage::Envelope, properties.all_recipients) {
            (false, _) => Final::AfterContent,
            (true, true) => Final::BeforeContent,
            (true, false) => Final::AtRecipient,
        }
    };
    nodes.into_iter().map(at).max().unwrap_or(Final::AtRecipient)
}
