//! When it is known for certain what becomes of a message for a recipient.
//!
//! A policy may be decided from the envelope and its decision still be open: an exception of it may read the content,
//! and so may another policy that would win. Only what nothing later can change may be refused while a recipient is
//! named. Cost: one walk over the policies of both sides; asked only of what goes back to the sender.

use super::candidates::{self, LookupSide};
use super::effects;
use super::judge::{Judged, State};
use super::outcome::Reason;
use super::return_rule::Final;
use super::settle::Settling;
use crate::language::hir::{Disposition, Policy};
use crate::language::schema::facts::Stage;
use crate::plan::ir::NodeId;
use crate::plan::{ClauseKind, Plan};

/// When a recipient's return or refusal is final.
pub fn of(plan: &Plan, settling: &Settling) -> Final {
    let outcome = &settling.outcome;
    // What was put in place of the policies' dispositions was decided from the content.
    let Some((policy, side)) = outcome.by.filter(|_| outcome.reason == Reason::Policy) else {
        return Final::AfterContent;
    };
    let judged = || settling.sides.iter().flat_map(|side| &side.policies);
    let Some(winner) = judged().find(|judged| judged.policy == policy && judged.side == side) else {
        return Final::AfterContent;
    };
    let rivals = judged().filter(|rival| rival.policy != policy && could_win(plan, winner, rival));
    rivals.map(|rival| decided(plan, settling, rival)).fold(decided(plan, settling, winner), Final::max)
}

/// Whether a policy that is judged could have another say than the one that won.
fn could_win(plan: &Plan, winner: &Judged, rival: &Judged) -> bool {
    let policies = &plan.hir().policies;
    let (Some(won), Some(policy)) = (policies.get(winner.policy.index()), policies.get(rival.policy.index()))
    else {
        return false;
    };
    if rival.observed || matches!(rival.state, State::NotJudged(_) | State::Released) {
        return false;
    }
    // Of equals in one directory, and between the sides, only what is more restrictive wins against what goes back.
    let drops = policy.disposition.as_ref().is_some_and(|one| matches!(one.node, Disposition::Drop));
    if rival.side != winner.side || rival.depth == winner.depth {
        return drops;
    }
    // Undecided, it would ask for a hold, though it has no disposition.
    let has_a_say = policy.disposition.is_some() || policy.mandatory || !effects::only_adds_up(policy);
    has_a_say && if rival.depth > winner.depth { !won.mandatory } else { policy.mandatory }
}

/// When it is known what becomes of a policy.
fn decided(plan: &Plan, settling: &Settling, judged: &Judged) -> Final {
    let Some(policy) = plan.hir().policies.get(judged.policy.index()) else { return Final::AfterContent };
    let exceptions = exceptions(plan, settling, judged, policy);
    match judged.state {
        State::NotTriggered => {
            deciding_clause(plan, judged, policy).map_or(Final::AfterContent, |node| known(plan, [node]))
        }
        // Any exception that holds is enough, and this one does.
        State::Excepted(directory) => {
            let holding = exceptions.iter().filter(|(at, _)| *at == directory).map(|(_, node)| *node);
            known(plan, holding)
        }
        _ => {
            let own = plan.policy_nodes(judged.policy);
            let own = own.into_iter().flat_map(|nodes| nodes.whens.iter().chain(&nodes.unlesses).copied());
            known(plan, own.chain(exceptions.iter().map(|(_, node)| *node)))
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

/// The clause by which a policy does not trigger.
fn deciding_clause(plan: &Plan, judged: &Judged, policy: &Policy) -> Option<NodeId> {
    let clause = judged.clauses.get(judged.decided_by?)?;
    let nodes = plan.policy_nodes(policy.id)?;
    let (clauses, nodes) = match clause.kind {
        ClauseKind::When => (&policy.whens, &nodes.whens),
        ClauseKind::Unless => (&policy.unlesses, &nodes.unlesses),
        ClauseKind::Except => return None,
    };
    let at = clauses.iter().position(|one| one.span == clause.span)?;
    nodes.get(at).copied()
}

/// The exceptions that speak of a policy on the side where it was judged, each with its directory.
fn exceptions(
    plan: &Plan,
    settling: &Settling,
    judged: &Judged,
    policy: &Policy,
) -> Vec<(crate::language::hir::DirectoryId, NodeId)> {
    let side = settling.sides.get(usize::from(judged.side == LookupSide::Recipient));
    let Some(home) = side.and_then(|side| side.home.directory()) else { return Vec::new() };
    let chain = plan.directory_index().chain(home);
    candidates::exceptions(plan.hir(), &chain, policy)
        .filter_map(|at| Some((at.directory, plan.exception_node(at.directory, at.index)?)))
        .collect()
}
