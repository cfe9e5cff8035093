//! Decides one message: per recipient, both sides, one outcome for each group of recipients, and the record of it all.
//!
//! The engine asks nobody: [`Engine::decide`] gives a [`Decision`], or the questions whose answers it still needs; the
//! caller gets them and calls again. A decision carries everything with texts filled in; [`super::perform`] carries it
//! out on the message. Cost: what the evaluator costs, and what the policies cost that trigger or may: chains are
//! prepared once and kept, recipients for whom everything is the same are settled once. For a full record ([`Detail`])
//! every policy of each recipient's two chains is walked. Nothing about a message makes it fail: what could not be read has
//! its place in the rules.

use super::candidates::{LookupSide, PolicyIndex};
use super::chains::{self, Chain, Chains};
use super::effects;
use super::finality;
use super::judge::{Judge, Look, SideKey};
use super::outcome::{self, Fate, Group, Notice, Reason, Rendered};
use super::record::Record;
use super::report;
use super::return_rule::{self, All, Final, WayBack, Withheld};
use super::settle::{self, Settling};
use super::wants::{self, Wants};
use crate::base::address::Address;
use crate::language::hir::{Attach, CopyForm, DirectoryId, Hir, Policy, PolicyId, Site, TemplateId};
use crate::message::Message;
use crate::message::envelope::Envelope;
use crate::plan::{Case, Evaluator, Home, Plan, Question};
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// Decides messages by one policy set. Shared between threads.
#[derive(Debug)]
pub struct Engine {
    plan: Arc<Plan>,
    index: PolicyIndex,
    chains: Chains,
    wants: Vec<Wants>,
    per_recipient: Vec<bool>,
    sends_back_by_envelope: bool,
}

/// How much is to be known of a decision. What becomes of a message is the same for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Detail {
    /// What becomes of the message, and which policies had a say.
    Outcomes,
    /// The same, and where a policy triggers or is undecided a record of those that had a say.
    Hits,
    /// The same, and always a record, of every policy of each recipient's two chains.
    #[default]
    Record,
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
    /// How far the session has come in which the message arrives.
    pub asked: Asked,
}

/// When a message is judged, as far as its session is concerned: what can still be refused in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Asked {
    /// As if the session had refused on the way whatever can be refused early: for messages of mailboxes and tests.
    #[default]
    Whole,
    /// A recipient is named. Refused is only what nothing later can change.
    AtRecipient,
    /// The content is there, and its reply is waited for. All recipients were taken, so none can be refused alone.
    AtContent,
    /// The session is over: nothing can be refused in it any more.
    Over,
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
    /// Who would be told, were it not for the rules on answering mail.
    pub withheld: Vec<(Notification, Withheld)>,
    /// Who gets a copy.
    pub copies: Vec<OutgoingCopy>,
    /// How it came about, as far as it was asked for ([`Detail`]).
    pub record: Option<Record>,
    /// What became of policies, for statistics and tests: with a full record of every policy of each recipient's chains;
    /// else of those that triggered, are undecided, excepted or released, and of recipients that were settled as
    /// one ([`Decision::settled_as`]) for the first.
    pub judged: Vec<JudgedPolicy>,
    /// For each recipient, the first one that was settled as one with it.
    pub settled_as: Vec<usize>,
    /// The chains whose policies were asked, each once. Where there are none, neither the sender nor any recipient is at
    /// home in the set.
    pub chains: Vec<Arc<Chain>>,
}

impl Decision {
    /// How often policies' effects were combined: once for all recipients that were settled as one.
    pub fn settlings(&self) -> usize {
        self.settled_as.iter().enumerate().filter(|&(recipient, &first)| recipient == first).count()
    }
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

/// Every recipient's settling; recipients for whom everything is the same share one.
struct Settled {
    /// In the order of the first recipient of each.
    settlings: Vec<Settling>,
    /// For each settling, its recipients (positions in the envelope, ascending).
    recipients: Vec<Vec<usize>>,
}

impl Engine {
    /// An engine over a plan.
    pub fn new(plan: Arc<Plan>) -> Engine {
        let index = PolicyIndex::new(plan.hir());
        let chains = Chains::new(plan.hir(), &index);
        let wants = wants::of(&plan);
        let policies = plan.hir().policies.iter();
        let per_recipient = policies.map(|policy| chains::is_per_recipient(&plan, policy.id)).collect();
        let sends_back_by_envelope =
            plan.hir().policies.iter().any(|policy| finality::sends_back_by_envelope(&plan, policy));
        Engine { plan, index, chains, wants, per_recipient, sends_back_by_envelope }
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

    /// The chain of a home on a side at a moment.
    pub fn chain(&self, side: LookupSide, home: DirectoryId, now: Timestamp) -> Arc<Chain> {
        self.chains.get(&self.plan, &self.index, side, home, now)
    }

    /// The chains prepared so far.
    pub(super) fn chains(&self) -> &Chains {
        &self.chains
    }

    /// Whether some policy may send back by the envelope alone, so that it is worth asking before the content comes.
    pub fn sends_back_by_envelope(&self) -> bool {
        self.sends_back_by_envelope
    }

    /// Whether an address is at home in a directory, or may be, where a directory service would have to be asked.
    pub fn has_home(&self, address: &Address) -> bool {
        !matches!(self.plan.directory_index().home(address, |_| None), Home::Nowhere)
    }

    /// What a policy's effects ask for.
    pub(super) fn wants(&self, policy: PolicyId) -> Wants {
        self.wants.get(policy.index()).copied().unwrap_or_default()
    }

    /// Whether a policy's criteria differ between recipients.
    pub(super) fn is_per_recipient(&self, policy: PolicyId) -> bool {
        self.per_recipient.get(policy.index()).copied().unwrap_or(true)
    }

    /// Decides a message, or gives the questions that must be answered first. A message without recipients has no
    /// groups.
    pub fn decide(
        &self,
        case: Case<'_>,
        judging: &Judging,
        detail: Detail,
    ) -> Result<Decision, BTreeSet<Question>> {
        let again = effects::later(judging.now.unwrap_or(case.received), outcome::JUDGE_AGAIN_SECONDS);
        let evaluator = Evaluator::new(&self.plan, case);
        let mut judge = Judge::new(self, judging, detail, evaluator);
        let mut settled = self.settle(&mut judge, detail, again);
        let mut missing = judge.evaluator.missing().clone();
        self.keep_what_cannot_be_changed(case.message, &mut settled.settlings);
        self.hold_what_cannot_return(&mut judge, &mut settled, &mut missing);
        if !missing.is_empty() {
            return Err(missing);
        }
        let groups = settled.groups();
        let notifications = self.notifications(&mut judge.evaluator, &settled);
        let (notifications, withheld) = self.withhold(case, notifications, &mut missing);
        missing.extend(judge.evaluator.missing().iter().cloned());
        if !missing.is_empty() {
            return Err(missing);
        }
        let copies = copies(&groups, &settled);
        let record = judge.keeps_record().then(|| {
            let protected = is_protected(case.message);
            let envelope = case.envelope;
            let settled = &settled.settlings;
            let reporter = report::Reporter { hir: self.hir(), settled, envelope, again, protected };
            reporter.record(case.received, &groups, (&notifications, &withheld), &copies)
        });
        let judged = report::judged_policies(settled.firsts());
        let (settled_as, chains) = (settled.as_one(), judge.chains().collect());
        Ok(Decision { groups, notifications, withheld, copies, record, judged, settled_as, chains })
    }

    /// Settles every recipient. For a record each is settled alone.
    fn settle(&self, judge: &mut Judge<'_>, detail: Detail, again: Timestamp) -> Settled {
        let count = judge.evaluator.case().envelope.recipients.len();
        let look = |judge: &mut Judge<'_>, recipient: usize| -> [Look; 2] {
            LookupSide::BOTH.map(|side| judge.look(side, recipient))
        };
        if detail == Detail::Hits {
            let hit = (0..count).any(|recipient| look(judge, recipient).iter().any(|look| judge.finds(look)));
            if hit {
                judge.keep_record();
            }
        }
        let mut settled = Settled { settlings: Vec::new(), recipients: Vec::new() };
        let mut known: HashMap<[SideKey; 2], usize> = HashMap::new();
        for recipient in 0..count {
            let looks = look(judge, recipient);
            let key = if count > 1 { judge.key(&looks) } else { None };
            let same = key.as_ref().and_then(|key| known.get(key));
            if let Some(recipients) = same.and_then(|&at| settled.recipients.get_mut(at)) {
                recipients.push(recipient);
                continue;
            }
            let [sender, receiver] = &looks;
            let sides = [
                judge.side(LookupSide::Sender, sender, recipient),
                judge.side(LookupSide::Recipient, receiver, recipient),
            ];
            let settling = settle::settle(self.hir(), &self.index, sides, again);
            if finality::is_shared(judge, &settling) {
                known.extend(key.map(|key| (key, settled.settlings.len())));
            }
            settled.settlings.push(settling);
            settled.recipients.push(vec![recipient]);
        }
        settled
    }

    /// Every notification once for its policy, addressee and template, with all recipients it speaks of.
    fn notifications(&self, evaluator: &mut Evaluator<'_>, settled: &Settled) -> Vec<Notification> {
        let mut all: Vec<Notification> = Vec::new();
        let mut firsts: Vec<&Settling> = Vec::new();
        let mut known: HashMap<(PolicyId, TemplateId, &Address), usize> = HashMap::new();
        for (settling, recipients) in settled.settlings.iter().zip(&settled.recipients) {
            for notice in &settling.notices {
                for to in &notice.to {
                    let at = *known.entry((notice.by, notice.template, to)).or_insert(all.len());
                    match all.get_mut(at) {
                        Some(notification) => merge_notice(notification, notice, recipients),
                        None => {
                            all.push(notification(notice, to, recipients));
                            firsts.push(settling);
                        }
                    }
                }
            }
        }
        for (notification, settling) in all.iter_mut().zip(firsts) {
            notification.recipients.sort_unstable();
            let Some(policy) = self.hir().policies.get(notification.by.index()) else { continue };
            let mut judged = settling.sides.iter().flat_map(|side| &side.policies);
            let of_policy = judged.find(|one| one.policy == policy.id && one.side == notification.side);
            let clauses = of_policy.map(|judged| judged.clauses.as_slice()).unwrap_or_default();
            let (wants, recipients) = (self.wants(policy.id), notification.recipients.clone());
            let context = effects::text_context(evaluator, policy, wants, clauses, recipients);
            notification.content = effects::render_template(evaluator, notification.template, &context);
        }
        all
    }

    /// Parts what is sent from what is not: nothing goes to the author of mail that a program sent, or to an author outside
    /// for whom nobody vouches.
    fn withhold(
        &self,
        case: Case<'_>,
        notifications: Vec<Notification>,
        missing: &mut BTreeSet<Question>,
    ) -> (Vec<Notification>, Vec<(Notification, Withheld)>) {
        let (mut sent, mut withheld) = (Vec::new(), Vec::new());
        let way = way_back(&self.hir().site, case.envelope);
        let outside = WayBack { sender_in_site: false, ..way };
        let domains = &self.hir().site.domains;
        let in_site = |address: &Address| domains.iter().any(|pattern| pattern.matches(&address.domain));
        for notification in notifications {
            let to = &notification.to;
            if !is_author(case, to) {
                sent.push(notification);
            } else if return_rule::is_automatic(case.message, way) {
                withheld.push((notification, Withheld::Automatic));
            } else if in_site(to) || outside.may_return(case.lookups, missing) {
                sent.push(notification);
            } else {
                withheld.push((notification, Withheld::NotVouched));
            }
        }
        (sent, withheld)
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
        judge: &mut Judge<'_>,
        settled: &mut Settled,
        missing: &mut BTreeSet<Question>,
    ) {
        let goes_back = |settling: &Settling| settling.outcome.fate.goes_back();
        if !settled.settlings.iter().any(goes_back) {
            return;
        }
        let case = *judge.evaluator.case();
        let asked = judge.asked();
        let way = way_back(&self.hir().site, case.envelope);
        let finals: Vec<Option<Final>> = settled
            .firsts()
            .map(|(recipient, settling)| {
                goes_back(settling).then(|| finality::of(judge, settling, recipient))
            })
            .collect();
        let rejected = |settling: &Settling| matches!(settling.outcome.fate, Fate::Reject { .. });
        let all = All {
            rejected: settled.settlings.iter().all(rejected),
            returned: settled.settlings.iter().any(|one| matches!(one.outcome.fate, Fate::Return { .. })),
            go_back_before_content: finals.iter().all(|at| at.is_some_and(|at| at <= Final::BeforeContent)),
        };
        for (settling, at) in settled.settlings.iter_mut().zip(finals) {
            let Some(at) = at else { continue };
            let fate = &settling.outcome.fate;
            let can_refuse = match asked {
                Asked::Whole => return_rule::can_refuse(fate, at, all),
                Asked::AtRecipient => at == Final::AtRecipient,
                Asked::AtContent => all.can_be_refused_together(way.reports_to_sender()),
                Asked::Over => false,
            };
            settling.outcome.going = way.going(fate, can_refuse, case.lookups, missing);
            if settling.outcome.going.is_none() {
                let asked = settle::asked_to_return(settling);
                let (fate, reason) = (return_rule::unreturnable(), Reason::Unreturnable);
                settle::replace(&mut settling.outcome, fate, reason, asked);
            }
        }
        missing.extend(judge.evaluator.missing().iter().cloned());
    }
}

/// Whether an annotation of the body would break the message's signature or encryption.
pub fn is_protected(message: &Message) -> bool {
    message.encrypted().is_some() || message.signed().is_some()
}

/// Whether a message says that somebody sent it or wants the answer.
fn is_author(case: Case<'_>, address: &Address) -> bool {
    let message = case.message;
    let named = [message.from(), message.from_other_readings(), message.sender_header(), message.reply_to()];
    case.envelope.sender.as_ref() == Some(address)
        || named
            .into_iter()
            .flatten()
            .any(|mailbox| Address::parse(&mailbox.address).as_ref() == Some(address))
}

fn way_back(site: &Site, envelope: &Envelope) -> WayBack {
    let in_site = |address: &Address| site.domains.iter().any(|pattern| pattern.matches(&address.domain));
    WayBack {
        has_sender: envelope.sender.is_some(),
        sender_in_site: envelope.sender.as_ref().is_some_and(in_site),
    }
}

impl Settled {
    /// Each settling with its first recipient.
    fn firsts(&self) -> impl Iterator<Item = (usize, &Settling)> {
        let firsts = self.recipients.iter().filter_map(|recipients| recipients.first());
        firsts.copied().zip(&self.settlings)
    }

    /// For each recipient, the first one of its settling.
    fn as_one(&self) -> Vec<usize> {
        let mut all = vec![0; self.recipients.iter().map(Vec::len).sum()];
        for recipients in &self.recipients {
            for &recipient in recipients {
                if let (Some(slot), Some(&first)) = (all.get_mut(recipient), recipients.first()) {
                    *slot = first;
                }
            }
        }
        all
    }

    /// Recipients with equal outcomes, in the order of each group's first recipient.
    fn groups(&self) -> Vec<Group> {
        let mut groups = outcome::split(self.settlings.iter().map(|settling| &settling.outcome));
        for group in &mut groups {
            // The groups are of settlings so far.
            let members = group.recipients.iter().filter_map(|&at| self.recipients.get(at));
            let mut recipients: Vec<usize> = members.flatten().copied().collect();
            recipients.sort_unstable();
            group.recipients = recipients;
        }
        groups
    }
}

fn notification(notice: &Notice, to: &Address, recipients: &[usize]) -> Notification {
    Notification {
        by: notice.by,
        side: notice.side,
        to: to.clone(),
        template: notice.template,
        attach: notice.attach,
        recipients: recipients.to_vec(),
        content: Rendered::default(),
    }
}

/// Settlings come one after the other, so recipients that are known already are the last ones.
fn merge_notice(known: &mut Notification, notice: &Notice, recipients: &[usize]) {
    if known.recipients.last() != recipients.last() {
        known.recipients.extend(recipients);
    }
    // Of two clauses to one addressee the one that attaches more is kept.
    if known.attach != Some(Attach::Original) {
        known.attach = notice.attach.or(known.attach);
    }
}

/// Every copy once for its addressee and form, and as it leaves once for each group.
fn copies(groups: &[Group], settled: &Settled) -> Vec<OutgoingCopy> {
    if settled.settlings.iter().all(|settling| settling.copies.is_empty()) {
        return Vec::new();
    }
    let mut group_of: HashMap<usize, usize> = HashMap::new();
    for (at, group) in groups.iter().enumerate() {
        group_of.extend(group.recipients.iter().map(|&recipient| (recipient, at)));
    }
    let mut by_group: Vec<Vec<&Settling>> = vec![Vec::new(); groups.len()];
    for (first, settling) in settled.firsts() {
        let of = group_of.get(&first).and_then(|&group| by_group.get_mut(group));
        of.into_iter().for_each(|settlings| settlings.push(settling));
    }
    let mut all: Vec<OutgoingCopy> = Vec::new();
    let mut known: HashSet<(&Address, Option<usize>)> = HashSet::new();
    for (group, settlings) in by_group.iter().enumerate() {
        for copy in settlings.iter().flat_map(|settling| &settling.copies) {
            let of_group = (copy.form == CopyForm::Processed).then_some(group);
            for to in copy.to.iter().filter(|to| known.insert((to, of_group))) {
                let (by, side, form) = (copy.by, copy.side, copy.form);
                all.push(OutgoingCopy { by, side, to: to.clone(), form, group });
            }
        }
    }
    all
}
