//! Makes one recipient's outcome of the judgements of both sides.
//!
//! Each side settles its conflicts for itself; then the two are joined: the more restrictive disposition holds, encrypt
//! and sign hold if either asks, of other single values and of equal dispositions the sender's. Effects that add up
//! come sender's side first; a policy that triggered on both sides acts once.

use super::candidates::{LookupSide, PolicyIndex};
use super::combine::{self, Ask, Claim, Claimant, Decided, Settled, Value};
use super::effects::{self, Effects};
use super::judge::{Judged, SideJudgement, State};
use super::outcome::{
    self, AppliedEdit, Chosen, CopyTo, Edit, Fate, Notice, Outcome, Protect, Reason, Redirect, Route,
};
use crate::language::hir::{Hir, PolicyId, Priority};
use crate::plan::Causes;
use crate::plan::directory::Home;
use jiff::Timestamp;
use std::collections::HashSet;

/// What one side settles on.
#[derive(Debug, Clone, Default)]
pub struct Settlement {
    /// The disposition.
    pub fate: Option<Settled<Fate>>,
    /// `encrypt`
    pub encrypt: Option<Settled<Protect>>,
    /// `sign`
    pub sign: Option<Settled<Protect>>,
    /// `set priority`
    pub priority: Option<Settled<Priority>>,
    /// `route via`
    pub route: Option<Settled<Route>>,
    /// `redirect to`
    pub redirect: Option<Settled<Redirect>>,
}

/// Everything about one recipient.
#[derive(Debug, Clone)]
pub struct Settling {
    /// Both sides' policies, the sender's first.
    pub sides: [SideJudgement; 2],
    /// What each side settled on.
    pub settlements: [Settlement; 2],
    /// What holds.
    pub outcome: Outcome,
    /// Who is told.
    pub notices: Vec<Notice>,
    /// Who gets a copy.
    pub copies: Vec<CopyTo>,
}

/// Settles both sides and joins them. `again` is when a message that is undecided for now is judged again.
pub fn settle(hir: &Hir, index: &PolicyIndex, sides: [SideJudgement; 2], again: Timestamp) -> Settling {
    let [sender, recipient] = &sides;
    let settlements = [side(hir, index, sender, again), side(hir, index, recipient, again)];
    let [ours, theirs] = &settlements;
    let (mut fate, mut reason, mut by) = (Fate::Deliver, Reason::NoPolicy, None);
    if let Some((held, side)) = join_fates(ours.fate.as_ref(), theirs.fate.as_ref()) {
        (fate, by) = (held.value.clone(), Some((held.by, side)));
        let mut judged = sides.iter().flat_map(|side| &side.policies);
        let decided = judged.any(|j| j.policy == held.by && j.side == side && j.disposes(&held.value));
        reason = if decided { Reason::Policy } else { Reason::Undecided };
    }
    if sides.iter().any(|side| matches!(side.home, Home::Undecided(_))) {
        let hold = Fate::Defer { until: again, judge_again: true };
        if hold.restrictiveness() > fate.restrictiveness() {
            (fate, reason, by) = (hold, Reason::Undecided, None);
        }
    }
    let held_by = if fate.is_hold() { held_by(&sides, &fate) } else { Vec::new() };
    let mut outcome = Outcome {
        fate,
        reason,
        by,
        going: None,
        held_by,
        encrypt: join(&ours.encrypt, &theirs.encrypt),
        sign: join(&ours.sign, &theirs.sign),
        priority: join(&ours.priority, &theirs.priority),
        route: join(&ours.route, &theirs.route),
        redirect: join(&ours.redirect, &theirs.redirect),
        severity: None,
        tags: Vec::new(),
        edits: Vec::new(),
    };
    let (mut notices, mut copies) = (Vec::new(), Vec::new());
    for (judged, effects) in acting(&sides) {
        add_up(judged, effects, &mut outcome);
        notices.extend(effects.notices.iter().cloned());
        copies.extend(effects.copies.iter().cloned());
    }
    if outcome.tags.len() > 1 {
        let mut known = HashSet::new();
        outcome.tags.retain(|tag| known.insert(tag.clone()));
    }
    outcome.edits.sort_by_key(|applied| !matches!(applied.edit, Edit::Decrypt));
    Settling { sides, settlements, outcome, notices, copies }
}

/// The policies that act, each once, in the order in which their effects add up.
pub fn acting(sides: &[SideJudgement; 2]) -> impl Iterator<Item = (&Judged, &Effects)> {
    let [sender, recipient] = sides;
    let acting = |side: &'_ SideJudgement| side.policies.iter().any(Judged::acts);
    let both = acting(sender) && acting(recipient);
    let first = sender.policies.iter().filter(|judged| both && judged.acts());
    let twice: HashSet<PolicyId> = first.map(|judged| judged.policy).collect();
    let ours = sender.policies.iter().filter(|judged| judged.acts());
    let theirs =
        recipient.policies.iter().filter(move |judged| judged.acts() && !twice.contains(&judged.policy));
    ours.chain(theirs).filter_map(|judged| judged.effects.as_ref().map(|effects| (judged, effects)))
}

fn add_up(judged: &Judged, effects: &Effects, outcome: &mut Outcome) {
    outcome.severity = outcome.severity.max(effects.severity);
    outcome.tags.extend(effects.tags.iter().cloned());
    outcome.edits.extend(effects.edits.iter().map(|edit| AppliedEdit {
        by: judged.policy,
        side: judged.side,
        edit: edit.clone(),
    }));
}

fn side(hir: &Hir, index: &PolicyIndex, judgement: &SideJudgement, again: Timestamp) -> Settlement {
    let mut decided = Vec::new();
    let mut asks = Vec::new();
    let mut singles = Singles::default();
    for judged in &judgement.policies {
        let by = || judged.claimant(hir, index);
        if let Some(effects) = judged.effects.as_ref().filter(|_| judged.acts()) {
            if let (Some(value), Some(by)) = (effects.fate.clone(), by()) {
                decided.push(Decided { claim: Claim { by, value }, tests: judged.tests });
            }
            if effects.has_singles() {
                singles.add(effects, by);
            }
        }
        if let Some(causes) = judged.open()
            && let Some(by) = by()
        {
            asks.push(Ask { claim: Claim { by, value: hold(causes, again) }, causes: causes.clone() });
        }
    }
    Settlement {
        fate: combine::settle_fate(&decided, &asks),
        encrypt: combine::settle(&singles.encrypt),
        sign: combine::settle(&singles.sign),
        priority: combine::settle(&singles.priority),
        route: combine::settle(&singles.route),
        redirect: combine::settle(&singles.redirect),
    }
}

/// The claims on effects that can only have one value, dispositions aside.
#[derive(Default)]
struct Singles {
    encrypt: Vec<Claim<Protect>>,
    sign: Vec<Claim<Protect>>,
    priority: Vec<Claim<Priority>>,
    route: Vec<Claim<Route>>,
    redirect: Vec<Claim<Redirect>>,
}

impl Singles {
    fn add(&mut self, effects: &Effects, by: impl Fn() -> Option<Claimant>) {
        fn claim<V: Clone>(claims: &mut Vec<Claim<V>>, value: Option<&V>, by: impl Fn() -> Option<Claimant>) {
            if let (Some(value), Some(by)) = (value.cloned(), by()) {
                claims.push(Claim { by, value });
            }
        }
        claim(&mut self.encrypt, effects.encrypt.as_deref(), &by);
        claim(&mut self.sign, effects.sign.as_deref(), &by);
        claim(&mut self.priority, effects.priority.as_ref(), &by);
        claim(&mut self.route, effects.route.as_deref(), &by);
        claim(&mut self.redirect, effects.redirect.as_deref(), &by);
    }
}

/// What a policy asks for that is undecided, or cannot tell of some attachment whether to take it away; `None` where
/// nothing is open, it is observed, or only adds up.
pub fn ask(judged: &Judged, again: Timestamp) -> Option<Fate> {
    judged.open().map(|causes| hold(causes, again))
}

fn hold(causes: &Causes, again: Timestamp) -> Fate {
    match causes.is_for_good() {
        true => Fate::Quarantine { folder: outcome::UNSCANNABLE.into() },
        false => Fate::Defer { until: again, judge_again: true },
    }
}

/// The disposition that holds of two sides', and whose it is.
pub fn join_fates<'s>(
    sender: Option<&'s Settled<Fate>>,
    recipient: Option<&'s Settled<Fate>>,
) -> Option<(&'s Settled<Fate>, LookupSide)> {
    match (sender, recipient) {
        (Some(sender), Some(recipient)) if !combine::sender_side_holds(&sender.value, &recipient.value) => {
            Some((recipient, LookupSide::Recipient))
        }
        (Some(sender), _) => Some((sender, LookupSide::Sender)),
        (None, Some(recipient)) => Some((recipient, LookupSide::Recipient)),
        (None, None) => None,
    }
}

fn join<V: Clone>(sender: &Option<Settled<V>>, recipient: &Option<Settled<V>>) -> Option<Chosen<V>> {
    let chosen = |settled: &Settled<V>, side| Chosen { value: settled.value.clone(), by: settled.by, side };
    let sender = sender.as_ref().map(|settled| chosen(settled, LookupSide::Sender));
    sender.or_else(|| recipient.as_ref().map(|settled| chosen(settled, LookupSide::Recipient)))
}

/// Every policy that asked for this very hold. One that is undecided for now is asked again, so it is not among them.
fn held_by(sides: &[SideJudgement; 2], fate: &Fate) -> Vec<PolicyId> {
    let unscannable = matches!(fate, Fate::Quarantine { folder } if &**folder == outcome::UNSCANNABLE);
    let mut all = Vec::new();
    for judged in sides.iter().flat_map(|side| &side.policies) {
        let for_good = judged.open().is_some_and(Causes::is_for_good);
        if judged.disposes(fate) || (unscannable && for_good) {
            all.push(judged.policy);
        }
    }
    // A policy is on each side once.
    if all.len() > 1 && sides.iter().all(|side| !side.policies.is_empty()) {
        let mut known = HashSet::new();
        all.retain(|policy| known.insert(*policy));
    }
    all
}

/// Replaces a recipient's disposition after the joining, for a reason that is no policy's disposition. Released from a
/// hold, the message goes past `asked`: the policies whose return or edit could not be carried out.
pub fn replace(outcome: &mut Outcome, fate: Fate, reason: Reason, asked: Vec<PolicyId>) {
    outcome.fate = fate;
    outcome.reason = reason;
    outcome.held_by = if outcome.fate.is_hold() { asked } else { Vec::new() };
}

/// Every policy that asked for the very return that holds, each once. A `reject` that cannot be one is a return, so two
/// with the same text are the same.
pub fn asked_to_return(settling: &Settling) -> Vec<PolicyId> {
    let (Fate::Return { text } | Fate::Reject { text }) = &settling.outcome.fate else { return Vec::new() };
    let mut all: Vec<PolicyId> = Vec::new();
    if settling.outcome.reason == Reason::Protected {
        let edits = settling.outcome.edits.iter();
        let same = edits.filter(|applied| match applied.edit.on_protected() {
            Some(outcome::OnProtected::Return(other)) => other == text,
            _ => false,
        });
        all.extend(same.map(|applied| applied.by));
    } else {
        let judged = settling.sides.iter().flat_map(|side| &side.policies).filter(|judged| judged.acts());
        let same = judged.filter(|judged| match judged.effects.as_ref().and_then(|e| e.fate.as_ref()) {
            Some(Fate::Return { text: other } | Fate::Reject { text: other }) => other == text,
            _ => false,
        });
        all.extend(same.map(|judged| judged.policy));
    }
    let mut known = HashSet::new();
    all.retain(|policy| known.insert(*policy));
    all
}

/// The policy whose annotation would have to be returned rather than skipped or wrapped, with its text.
pub fn protected_return(outcome: &Outcome) -> Option<(PolicyId, LookupSide, String)> {
    outcome.edits.iter().find_map(|applied| match applied.edit.on_protected() {
        Some(outcome::OnProtected::Return(text)) => Some((applied.by, applied.side, text.clone())),
        _ => None,
    })
}

/// The policies, each once, whose edit cannot be carried out though it must be: attachments to strip from a signed or
/// encrypted message, any edit of one that is known only in part.
pub fn unchangeable(outcome: &Outcome, protected: bool) -> Vec<(PolicyId, LookupSide)> {
    let must = |edit: &Edit| match edit {
        Edit::Strip { attachments, .. } => !attachments.is_empty(),
        _ => !protected,
    };
    let mut known = HashSet::new();
    let edits = outcome.edits.iter().filter(|applied| must(&applied.edit) && known.insert(applied.by));
    edits.map(|applied| (applied.by, applied.side)).collect()
}

/// Whether a policy only adds up, for the record's remark.
pub fn remark(hir: &Hir, judged: &Judged) -> Option<&'static str> {
    let policy = hir.policies.get(judged.policy.index())?;
    match &judged.state {
        State::Undecided { holds: false, .. } if effects::only_adds_up(policy) => {
            Some("its effects only add up, so it does not trigger and holds nothing")
        }
        State::Undecided { .. } if judged.observed => Some("it only observes, so it holds nothing"),
        _ => None,
    }
}
