//! Who wins where triggered policies set one effect differently, on one side and between the two.
//!
//! The rules, in the order in which they are asked: what a mandatory policy set is not lost to a deeper directory; the
//! deeper directory wins; within one directory the more restrictive value, then the later moment, then manager order,
//! then the policy's name. Every loser is told to whom it lost and by which rule. Cost: linear in the claims.

use super::outcome::Fate;
use crate::language::hir::PolicyId;
use crate::plan::truth::{CauseSet, Causes};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

/// A policy as far as conflicts ask for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimant {
    /// Which.
    pub policy: PolicyId,
    /// How deep its directory lies.
    pub depth: usize,
    /// Deeper directories do not win against it.
    pub mandatory: bool,
    /// Its manager's position in the order of the site.
    pub manager: usize,
    /// Its name.
    pub name: Arc<str>,
}

/// A value one policy wants for an effect that can only have one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim<V> {
    /// Who.
    pub by: Claimant,
    /// What.
    pub value: V,
}

/// A value of an effect that can only have one.
pub trait Value: PartialEq {
    /// How restrictive it is; more wins within a directory.
    fn restrictiveness(&self) -> u8 {
        0
    }

    /// Until when it holds the message; of equals the later wins.
    fn moment(&self) -> Option<Timestamp> {
        None
    }

    /// The value in words, the last thing to tell two apart.
    fn words(&self) -> String;
}

/// By which rule a claim lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// It wanted the same.
    Agreed,
    /// A mandatory policy of an outer directory stands.
    Mandatory,
    /// A deeper directory wins.
    DeeperDirectory,
    /// The more restrictive value wins.
    MoreRestrictive,
    /// The later moment wins.
    LaterMoment,
    /// The earlier manager wins.
    ManagerOrder,
    /// The policy whose name sorts first wins.
    PolicyName,
    /// What could not be read holds the message, and nothing less restrictive wins against that.
    Undecided,
    /// A triggered policy tests the cause that left this one undecided.
    CauseTested,
    /// Of two sides' equal values the sender's holds.
    SenderSide,
}

impl Rule {
    /// The rule in words, after "lost to x: ".
    pub fn words(self) -> &'static str {
        match self {
            Rule::Agreed => "wants the same",
            Rule::Mandatory => "a mandatory policy of an outer directory is not lost to a deeper one",
            Rule::DeeperDirectory => "the deeper directory wins",
            Rule::MoreRestrictive => "the more restrictive value wins",
            Rule::LaterMoment => "the later moment wins",
            Rule::ManagerOrder => "the manager that comes first wins",
            Rule::PolicyName => "the policy whose name comes first wins",
            Rule::Undecided => "what could not be read holds the message",
            Rule::CauseTested => "a triggered policy tests the cause",
            Rule::SenderSide => "of two equal values the sender's side holds",
        }
    }
}

/// A claim that did not become the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Whose claim.
    pub loser: PolicyId,
    /// To whom.
    pub to: PolicyId,
    /// Why.
    pub rule: Rule,
}

/// What became of all claims on one effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled<V> {
    /// The value that holds.
    pub value: V,
    /// Who set it.
    pub by: PolicyId,
    /// Who wanted it and is not `by`, and who wanted something else.
    pub losses: Vec<Loss>,
}

/// Settles the claims of one side. `None` where nobody claims anything.
pub fn settle<V: Value + Clone>(claims: &[Claim<V>]) -> Option<Settled<V>> {
    settle_among(&claims.iter().collect::<Vec<_>>())
}

fn settle_among<V: Value + Clone>(claims: &[&Claim<V>]) -> Option<Settled<V>> {
    let claims = || claims.iter().copied();
    let guard = claims().filter(|claim| claim.by.mandatory).map(|claim| claim.by.depth).min();
    let reachable = |claim: &&Claim<V>| guard.is_none_or(|guard| claim.by.depth <= guard);
    let depth = claims().filter(reachable).map(|claim| claim.by.depth).max()?;
    let winner = claims().filter(|claim| claim.by.depth == depth).max_by(|a, b| within_directory(a, b))?;
    let standing = claims().filter(|claim| claim.by.mandatory && claim.by.depth == depth);
    let guardian = standing.max_by(|a, b| within_directory(a, b)).filter(|_| !winner.by.mandatory);
    let losses = claims()
        .filter(|claim| claim.by.policy != winner.by.policy)
        .map(|claim| {
            let rule = if claim.value == winner.value { Rule::Agreed } else { rule_between(winner, claim) };
            // What keeps deeper directories out is the mandatory policy, though another of its directory may win.
            let by = if rule == Rule::Mandatory { guardian.unwrap_or(winner) } else { winner };
            Loss { loser: claim.by.policy, to: by.by.policy, rule }
        })
        .collect();
    Some(Settled { value: winner.value.clone(), by: winner.by.policy, losses })
}

/// The order within one directory; the greater wins.
fn within_directory<V: Value>(a: &Claim<V>, b: &Claim<V>) -> Ordering {
    let value = a.value.restrictiveness().cmp(&b.value.restrictiveness());
    value
        .then_with(|| a.value.moment().cmp(&b.value.moment()))
        .then_with(|| b.by.manager.cmp(&a.by.manager))
        .then_with(|| b.by.name.cmp(&a.by.name))
        .then_with(
            || if a.value == b.value { Ordering::Equal } else { b.value.words().cmp(&a.value.words()) },
        )
}

/// Which rule makes `winner` win against `loser`.
fn rule_between<V: Value>(winner: &Claim<V>, loser: &Claim<V>) -> Rule {
    match loser.by.depth.cmp(&winner.by.depth) {
        Ordering::Greater => return Rule::Mandatory,
        Ordering::Less => return Rule::DeeperDirectory,
        Ordering::Equal => {}
    }
    if loser.value.restrictiveness() != winner.value.restrictiveness() {
        Rule::MoreRestrictive
    } else if loser.value.moment() != winner.value.moment() {
        Rule::LaterMoment
    } else if loser.by.manager != winner.by.manager {
        Rule::ManagerOrder
    } else {
        Rule::PolicyName
    }
}

/// What an undecided policy asks for, and why.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The claim: to be held.
    pub claim: Claim<Fate>,
    /// What left it undecided.
    pub causes: Causes,
}

/// A triggered policy with a disposition, and the causes it tests.
#[derive(Debug, Clone)]
pub struct Decided {
    /// The claim.
    pub claim: Claim<Fate>,
    /// Causes that hold and that it asks for.
    pub tests: CauseSet,
}

/// Settles what becomes of the message on one side.
///
/// An undecided policy's claim takes part like any other, and besides is a floor: nothing less restrictive wins
/// against it. Both fall away where triggered policies that could win against the undecided one test all its causes.
pub fn settle_fate(decided: &[Decided], asks: &[Ask]) -> Option<Settled<Fate>> {
    let mut answered: Vec<Loss> = Vec::new();
    let mut standing: Vec<&Claim<Fate>> = Vec::new();
    // Who tests the causes of an ask is the same for all asks from one depth for the same kinds.
    let mut testers: HashMap<(usize, bool, CauseSet), Option<PolicyId>> = HashMap::new();
    for ask in asks {
        let by = &ask.claim.by;
        let tester = testers.entry((by.depth, by.mandatory, ask.causes.kinds()));
        match *tester.or_insert_with(|| tester_of(decided, ask)) {
            Some(to) => answered.push(Loss { loser: by.policy, to, rule: Rule::CauseTested }),
            None => standing.push(&ask.claim),
        }
    }
    let claims: Vec<&Claim<Fate>> =
        decided.iter().map(|decided| &decided.claim).chain(standing.iter().copied()).collect();
    let mut settled = settle_among(&claims)?;
    let most = standing.iter().map(|claim| claim.value.restrictiveness()).max();
    if let Some(most) = most.filter(|&most| most > settled.value.restrictiveness()) {
        let floor: Vec<&Claim<Fate>> =
            standing.iter().copied().filter(|claim| claim.value.restrictiveness() == most).collect();
        if let Some(held) = settle_among(&floor) {
            settled = hold_instead(held, &claims);
        }
    }
    settled.losses.extend(answered);
    Some(settled)
}

/// The first policy that tests a cause of an ask, where policies that could win against it test all of them.
fn tester_of(decided: &[Decided], ask: &Ask) -> Option<PolicyId> {
    let may_win = |by: &Claimant| {
        let asker = &ask.claim.by;
        match by.depth.cmp(&asker.depth) {
            Ordering::Equal => true,
            Ordering::Greater => !asker.mandatory,
            Ordering::Less => by.mandatory,
        }
    };
    let causes = ask.causes.kinds();
    let able: Vec<&Decided> = decided
        .iter()
        .filter(|decided| !decided.tests.intersection(causes).is_empty() && may_win(&decided.claim.by))
        .collect();
    let tested = able.iter().fold(CauseSet::NONE, |tested, decided| tested.union(decided.tests));
    let first = able.iter().min_by(|a, b| a.claim.by.name.cmp(&b.claim.by.name))?;
    tested.covers(causes).then_some(first.claim.by.policy)
}

/// The floor wins against everything that would have won by the ordinary rules.
fn hold_instead(held: Settled<Fate>, claims: &[&Claim<Fate>]) -> Settled<Fate> {
    let within: HashMap<PolicyId, &Loss> = held.losses.iter().map(|loss| (loss.loser, loss)).collect();
    let losses = claims
        .iter()
        .filter(|claim| claim.by.policy != held.by)
        .map(|claim| {
            let within = within.get(&claim.by.policy).copied();
            let same = claim.value == held.value;
            within.cloned().unwrap_or(Loss {
                loser: claim.by.policy,
                to: held.by,
                rule: if same { Rule::Agreed } else { Rule::Undecided },
            })
        })
        .collect();
    Settled { value: held.value, by: held.by, losses }
}

/// Joins the two sides' dispositions: the more restrictive holds, of equal ones the sender's. Gives whether the
/// sender's side holds.
pub fn sender_side_holds(sender: &Fate, recipient: &Fate) -> bool {
    sender.restrictiveness() >= recipient.restrictiveness()
}
