//! Policies of one directory that tie: they set one effect to different values of equal weight, and can trigger
//! together. The language says who wins; a note says so where it matters, once for a directory and effect.

use super::codes;
use super::key::{Key, approver_key, folder_key, key, moment_key, priority_key, seconds_key, text_key};
use super::logic;
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::source::Span;
use crate::language::hir::{Action, Disposition, Hir, Mode, Policy, PolicyId, Side};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Policies that a note names and points at; of more it gives the number.
const SHOWN: usize = 4;

/// A policy with what it sets an effect to.
struct Rival<'h> {
    policy: &'h Policy,
    value: Key,
}

pub(super) fn lint(hir: &Hir, own: &dyn Fn(Span) -> bool, found: &mut Diagnostics) {
    let mut rivals: BTreeMap<(u32, Effect), Vec<Rival>> = BTreeMap::new();
    for policy in hir.policies.iter().filter(|policy| policy.mode == Mode::On && own(policy.applied_span)) {
        for (effect, value) in values(policy) {
            rivals.entry((policy.directory.0, effect)).or_default().push(Rival { policy, value });
        }
    }
    let mut ties: BTreeMap<(u32, Effect), Vec<&Policy>> = BTreeMap::new();
    let mut tied: BTreeSet<(PolicyId, PolicyId)> = BTreeSet::new();
    for (&(directory, effect), rivals) in &rivals {
        let mut group: Vec<&Policy> = Vec::new();
        let mut members: HashSet<PolicyId> = HashSet::new();
        for (at, first) in rivals.iter().enumerate() {
            for second in rivals.iter().skip(at + 1) {
                let pair = (first.policy.id, second.policy.id);
                // Who is named already need not be compared with others who are.
                if first.value == second.value || (members.contains(&pair.0) && members.contains(&pair.1)) {
                    continue;
                }
                if tied.contains(&pair)
                    || !compete(first.policy, second.policy)
                    || exclude(hir, first, second)
                {
                    continue;
                }
                tied.insert(pair);
                for policy in [first.policy, second.policy] {
                    if members.insert(policy.id) {
                        group.push(policy);
                    }
                }
            }
        }
        if !group.is_empty() {
            ties.insert((directory, effect), group);
        }
    }
    for ((_, effect), group) in ties {
        if let [first, rest @ ..] = group.as_slice() {
            found.push(note(first, rest, effect));
        }
    }
}

fn note(first: &Policy, rest: &[&Policy], effect: Effect) -> Diagnostic {
    let mut names: Vec<String> = std::iter::once(&first)
        .chain(rest.iter())
        .take(SHOWN)
        .map(|policy| format!("`{}`", policy.name))
        .collect();
    let more = (rest.len() + 1).saturating_sub(SHOWN);
    let last = if more > 0 { format!("{more} more") } else { names.pop().unwrap_or_default() };
    let message = format!(
        "policies {} and {last} can trigger together and differ in {}",
        names.join(", "),
        effect.words()
    );
    let mut note = Diagnostic::note(codes::TIE, place(first), message);
    for policy in rest.iter().take(SHOWN - 1) {
        note = note.also(place(policy), format!("`{}`", policy.name));
    }
    note.help(format!(
        "{}; say it in the policies with `unless` or `overrides` if that is not meant",
        effect.rule()
    ))
}

fn compete(first: &Policy, second: &Policy) -> bool {
    let sides_meet = first.side == second.side || first.side == Side::Both || second.side == Side::Both;
    first.directory == second.directory
        && sides_meet
        && first.name != second.name
        && !first.overrides.contains(&second.name)
        && !second.overrides.contains(&first.name)
}

/// An effect with one value, in which two policies may tie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    Defer,
    Approve,
    Quarantine,
    Return,
    Redirect,
    Route,
    Priority,
}

impl Effect {
    fn words(self) -> &'static str {
        match self {
            Effect::Defer => "how long they defer",
            Effect::Approve => "who approves",
            Effect::Quarantine => "the folder they quarantine in",
            Effect::Return => "what they return or reject with",
            Effect::Redirect => "where they redirect to",
            Effect::Route => "their route",
            Effect::Priority => "the priority they set",
        }
    }

    fn rule(self) -> &'static str {
        match self {
            Effect::Defer => "the later moment holds",
            _ => "the earlier manager's holds, then the one whose policy name comes first",
        }
    }
}

fn exclude(hir: &Hir, first: &Rival, second: &Rival) -> bool {
    let (first, second) = (logic::conjuncts(hir, first.policy), logic::conjuncts(hir, second.policy));
    logic::exclude_each_other(hir, &first, &second)
}

fn values(policy: &Policy) -> Vec<(Effect, Key)> {
    let disposition =
        policy.disposition.iter().filter_map(|disposition| disposition_value(&disposition.node));
    disposition.chain(policy.actions.iter().filter_map(|action| action_value(&action.node))).collect()
}

/// Where a policy stands in its directory: its name, or for one of the library where it is applied.
fn place(policy: &Policy) -> Span {
    if policy.applied_span == policy.span { policy.name_span } else { policy.applied_span }
}

/// What a disposition sets. `deliver` and `drop` say the same whoever says them.
fn disposition_value(disposition: &Disposition) -> Option<(Effect, Key)> {
    match disposition {
        Disposition::Deliver | Disposition::Drop => None,
        Disposition::DeferUntil(moment) => Some((Effect::Defer, moment_key(moment))),
        Disposition::DeferFor(seconds) => Some((Effect::Defer, seconds_key(*seconds))),
        Disposition::Approve { by, .. } => Some((Effect::Approve, approver_key(by))),
        Disposition::Quarantine(folder) => Some((Effect::Quarantine, folder_key(*folder))),
        Disposition::Return(text) | Disposition::Reject(text) => Some((Effect::Return, text_key(text))),
    }
}

/// What an action sets that can have one value only and has no order of restriction.
fn action_value(action: &Action) -> Option<(Effect, Key)> {
    match action {
        Action::Redirect { to } => Some((Effect::Redirect, key(to))),
        Action::Route { via, .. } => Some((Effect::Route, text_key(via))),
        Action::SetPriority { level } => Some((Effect::Priority, priority_key(*level))),
        _ => None,
    }
}
