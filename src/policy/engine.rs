//! Decides one message: per recipient, both sides, one outcome for each group of recipients, and the record of it all.
//!
//! The engine asks nobody: [`Engine::decide`] gives a [`Decision`], or the questions whose answers it still needs; the
//! caller gets them and calls again. A decision carries everything with texts filled in; [`super::perform`] carries it
//! out on the message. Cost: what the evaluator costs, and for each recipient a walk of its two chains. Nothing about a
//! message makes it fail: what could not be read has its place in the rules.

use super::candidates::{LookupSide, PolicyIndex};
use super::effects;
use super::finality;
use super::judge::Judge;
use super::outcome::{self, Fate, Group, Notice, Reason, Rendered};
use super::record::Record;
use super::report;
use super::return_rule::{self, All, Final, WayBack};
use super::settle::{self, Settling};
use crate::base::address::Address;
use crate::language::hir::{Attach, CopyForm, Hir, Policy, PolicyId, Site, TemplateId};
use crate::message::Message;
use crate::message::envelope::Envelope;
use crate::plan::{Case, Evaluator, Plan, Question};
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// Decides messages by one policy set. Shared between threads.
#[derive(Debug)]
pub struct Engine {
    plan: Arc<Plan>,
    index: PolicyIndex,
}

/// A policy by the names that stay when a set is loaded again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PolicyKey {
    /// The directory it holds in.
    pub directory: Arc<str>,
    /// Its name.
    pub policy: Arc<str>,
}

impl PolicyKey {
    /// The key of a policy of a set.
    pub fn of(hir: &Hir, policy: &Policy) -> PolicyKey {
        let directory = hir.directories.get(policy.directory.index());
        PolicyKey {
            directory: directory.map_or_else(|| Arc::from(""), |directory| directory.path.clone()),
            policy: policy.name.clone(),
        }
    }
}

/// What is known of earlier judgements of the same message. The default is a message that has just arrived.
#[derive(Debug, Clone, Default)]
pub struct Judging {
    /// It was released past these policies ([`outcome::Outcome::held_by`] of the hold).
    pub past: BTreeSet<PolicyKey>,
    /// These have notified, tagged and copied already.
    pub done: BTreeSet<PolicyKey>,
    /// The present moment, where the message arrived earlier than now.
    pub now: Option<Timestamp>,
}

impl Judging {
    /// Whether the message was released past a policy.
    pub fn is_past(&self, hir: &Hir, policy: &Policy) -> bool {
        !self.past.is_empty() && self.past.contains(&PolicyKey::of(hir, policy))
    }

    /// Whether a policy has told its people already.
    pub fn is_done(&self, hir: &Hir, policy: &Policy) -> bool {
        !self.done.is_empty() && self.done.contains(&PolicyKey::of(hir, policy))
    }
}

/// A message to somebody who is told, once for each policy, addressee and template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Whose.
    pub by: PolicyId,
    /// On which side.
    pub side: LookupSide,
    /// Who is told; never `<>`.
    pub to: Address,
    /// By which template.
    pub template: TemplateId,
    /// What is attached.
    pub attach: Option<Attach>,
    /// The recipients it speaks of (positions in the envelope).
    pub recipients: Vec<usize>,
    /// Its texts.
    pub content: Rendered,
}

/// A copy that goes to somebody, once for each addressee and form (and, as it leaves, for each group).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingCopy {
    /// Whose.
    pub by: PolicyId,
    /// On which side.
    pub side: LookupSide,
    /// Who gets it.
    pub to: Address,
    /// In which form.
    pub form: CopyForm,
    /// The group (position in [`Decision::groups`]) whose copy it is.
    pub group: usize,
}

/// What becomes of a message.
#[derive(Debug, Clone)]
pub struct Decision {
    /// Recipients with equal outcomes; every recipient is in exactly one group.
    pub groups: Vec<Group>,
    /// Who is told.
    pub notifications: Vec<Notification>,
    /// Who gets a copy.
    pub copies: Vec<OutgoingCopy>,
    /// How it came about.
    pub record: Record,
    /// Each policy's states over all recipients: (policy, what became of it), for statistics and tests.
    pub judged: Vec<JudgedPolicy>,
}

/// A policy and what became of it for a recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedPolicy {
    /// Which.
    pub policy: PolicyId,
    /// On which side.
    pub side: LookupSide,
    /// For which recipient (position in the envelope).
    pub recipient: usize,
    /// What became of it.
    pub result: super::record::PolicyResult,
    /// It only observes.
    pub observed: bool,
    /// The clause that decided: position in its clauses (`when`, then `unless`), or past them an exception.
    pub decided_by: Option<usize>,
    /// Where the exception stands, where one decided.
    pub exception: Option<crate::base::source::Span>,
}

impl Engine {
    /// An engine over a plan.
    pub fn new(plan: Arc<Plan>) -> Engine {
        let index = PolicyIndex::new(plan.hir());
        Engine { plan, index }
    }

    /// The set it decides by.
    pub fn hir(&self) -> &Hir {
        self.plan.hir()
    }

    /// The plan it decides by.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The policies of every directory.
    pub fn index(&self) -> &PolicyIndex {
        &self.index
    }

    /// Decides a message, or gives the questions that must be answered first. A message without recipients has no
    /// groups.
    pub fn decide(&self, case: Case<'_>, judging: &Judging) -> Result<Decision, BTreeSet<Question>> {
        let hir = self.hir();
        let again = effects::later(judging.now.unwrap_or(case.received), outcome::JUDGE_AGAIN_SECONDS);
        let evaluator = Evaluator::new(&self.plan, case);
        let mut judge = Judge::new(&self.plan, &self.index, judging, evaluator);
        let mut settled: Vec<Settling> = (0..case.envelope.recipients.len())
            .map(|recipient| {
                let sides = LookupSide::BOTH.map(|side| judge.side(side, recipient));
                settle::settle(hir, &self.index, sides, again)
            })
            .collect();
        let mut missing = judge.evaluator.missing().clone();
        self.keep_what_cannot_be_changed(case.message, &mut settled);
        self.hold_what_cannot_return(&case, &mut settled, &mut missing);
        if !missing.is_empty() {
            return Err(missing);
        }
        let groups = outcome::split(settled.iter().map(|settling| &settling.outcome));
        let notifications = notifications(&mut judge.evaluator, hir, &settled);
        if !judge.evaluator.missing().is_empty() {
            return Err(judge.evaluator.missing().clone());
        }
        let copies = copies(&groups, &settled);
        let protected = is_protected(case.message);
        let reporter = report::Reporter { hir, settled: &settled, envelope: case.envelope, again, protected };
        let record = reporter.record(case.received, &groups, &notifications, &copies);
        let judged = report::judged_policies(&settled);
        Ok(Decision { groups, notifications, copies, record, judged })
    }

    /// A message that would leave and cannot be changed as it must be does not leave: an annotation with `or return`
    /// on a signed or encrypted message returns it; where attachments would have to be stripped from one, or it is
    /// known only in part, it is held.
    fn keep_what_cannot_be_changed(&self, message: &Message, settled: &mut [Settling]) {
        let protected = is_protected(message);
        let in_part = message.bytes().len() > message.limits().message_bytes;
        if !protected && !in_part {
            return;
        }
        for outcome in settled.iter_mut().map(|settling| &mut settling.outcome) {
            if outcome.fate != Fate::Deliver {
                continue;
            }
            let (by, fate, asked) = match settle::protected_return(outcome).filter(|_| protected) {
                Some((policy, side, text)) => ((policy, side), Fate::Return { text }, Vec::new()),
                None => {
                    let asked = settle::unchangeable(outcome, protected);
                    let Some(&by) = asked.first() else { continue };
                    let held_by = asked.into_iter().map(|(policy, _)| policy).collect();
                    (by, Fate::Quarantine { folder: outcome::UNSCANNABLE.into() }, held_by)
                }
            };
            outcome.by = Some(by);
            settle::replace(outcome, fate, Reason::Protected, asked);
        }
    }

    /// A return that nobody vouches for is quarantined.
    fn hold_what_cannot_return(
        &self,
        case: &Case<'_>,
        settled: &mut [Settling],
        missing: &mut BTreeSet<Question>,
    ) {
        let goes_back = |settling: &Settling| settling.outcome.fate.goes_back();
        if !settled.iter().any(goes_back) {
            return;
        }
        let way = way_back(&self.hir().site, case.envelope);
        let finals: Vec<Final> = settled.iter().map(|settling| finality::of(&self.plan, settling)).collect();
        let all = All {
            rejected: settled.iter().all(|settling| matches!(settling.outcome.fate, Fate::Reject { .. })),
            go_back_before_content: settled.iter().all(goes_back)
                && finals.iter().all(|&at| at <= Final::BeforeContent),
        };
        for (settling, at) in settled.iter_mut().zip(finals).filter(|(settling, _)| goes_back(settling)) {
            let fate = &settling.outcome.fate;
            let can_refuse = return_rule::can_refuse(fate, at, all);
            settling.outcome.going = way.going(fate, can_refuse, case.lookups, missing);
            if settling.outcome.going.is_none() {
                let asked = settle::asked_to_return(settling);
                settle::replace(
                    &mut settling.outcome,
                    return_rule::unreturnable(),
                    Reason::Unreturnable,
                    asked,
                );
            }
        }
    }
}

/// Whether an annotation of the body would break the message's signature or encryption.
pub fn is_protected(message: &Message) -> bool {
    message.encrypted().is_some() || message.signed().is_some()
}

fn way_back(site: &Site, envelope: &Envelope) -> WayBack {
    let in_site = |address: &Address| site.domains.iter().any(|pattern| pattern.matches(&address.domain));
    WayBack {
        has_sender: envelope.sender.is_some(),
        sender_in_site: envelope.sender.as_ref().is_some_and(in_site),
    }
}

/// Every notification once for its policy, addressee and template, with all recipients it speaks of.
fn notifications(evaluator: &mut Evaluator<'_>, hir: &Hir, settled: &[Settling]) -> Vec<Notification> {
    let mut all: Vec<Notification> = Vec::new();
    let mut known: HashMap<(PolicyId, TemplateId, &Address), usize> = HashMap::new();
    for (recipient, settling) in settled.iter().enumerate() {
        for notice in &settling.notices {
            for to in &notice.to {
                let at = *known.entry((notice.by, notice.template, to)).or_insert(all.len());
                match all.get_mut(at) {
                    Some(notification) => merge_notice(notification, notice, recipient),
                    None => all.push(Notification {
                        by: notice.by,
                        side: notice.side,
                        to: to.clone(),
                        template: notice.template,
                        attach: notice.attach,
                        recipients: vec![recipient],
                        content: Rendered::default(),
                    }),
                }
            }
        }
    }
    for notification in &mut all {
        let Some(policy) = hir.policies.get(notification.by.index()) else { continue };
        let clauses = notification.recipients.first().and_then(|&recipient| {
            let sides = settled.get(recipient)?.sides.iter();
            let mut judged = sides.flat_map(|side| &side.policies);
            judged.find(|judged| judged.policy == notification.by && judged.side == notification.side)
        });
        let clauses = clauses.map(|judged| judged.clauses.clone()).unwrap_or_default();
        let recipients = notification.recipients.clone();
        let context = effects::text_context(evaluator, hir, policy, &clauses, recipients);
        notification.content = effects::render_template(evaluator, hir, notification.template, &context);
    }
    all
}

/// Recipients come in ascending order, so one that is known already is the last.
fn merge_notice(known: &mut Notification, notice: &Notice, recipient: usize) {
    if known.recipients.last() != Some(&recipient) {
        known.recipients.push(recipient);
    }
    // Of two clauses to one addressee the one that attaches more is kept.
    if known.attach != Some(Attach::Original) {
        known.attach = notice.attach.or(known.attach);
    }
}

/// Every copy once for its addressee and form, and as it leaves once for each group.
fn copies(groups: &[Group], settled: &[Settling]) -> Vec<OutgoingCopy> {
    let mut all: Vec<OutgoingCopy> = Vec::new();
    let mut known: HashSet<(&Address, Option<usize>)> = HashSet::new();
    for (group, members) in groups.iter().enumerate() {
        let wanted = members.recipients.iter().filter_map(|&recipient| settled.get(recipient));
        for copy in wanted.flat_map(|settling| &settling.copies) {
            let of_group = (copy.form == CopyForm::Processed).then_some(group);
            for to in copy.to.iter().filter(|to| known.insert((to, of_group))) {
                all.push(OutgoingCopy {
                    by: copy.by,
                    side: copy.side,
                    to: to.clone(),
                    form: copy.form,
                    group,
                });
            }
        }
    }
    all
}
