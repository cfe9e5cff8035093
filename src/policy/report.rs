//! Writes the decision record from what was judged and settled.
//!
//! For each group of recipients every policy of their chains with what became of it; where that differs between
//! recipients of one group, an entry for each. Cost: an entry is made for each recipient and policy and merged at once.

use super::candidates::{LookupSide, Standing};
use super::combine::{Rule, Settled, Value};
use super::engine::{JudgedPolicy, Notification, OutgoingCopy};
use super::judge::{Judged, State};
use super::outcome::{self, AppliedEdit, Chosen, Edit, Fate, Group, OnProtected, Reason, Rendered};
use super::record::{
    self, ChosenRecord, CopyRecord, EditRecord, EffectRecord, EffectResult, GroupRecord, NotificationRecord,
    OutcomeRecord, PolicyRecord, PolicyReference, PolicyResult, RecipientRecord, Record,
};
use super::return_rule::Withheld;
use super::settle::{self, Settlement, Settling};
use super::words;
use crate::language::hir::{
    Attach, BodyPlace, CopyForm, DirectoryId, Hir, Manager, Mode, PolicyId, SubjectPosition,
};
use crate::message::envelope::Envelope;
use jiff::Timestamp;
use std::collections::HashMap;

/// Entries of one policy in a group that may differ in any way; beyond so many, those that came to the same by the same
/// clause are one, with the evidence of the first. It keeps a record to thousands of recipients small.
const VARIANTS: usize = 20;
/// Characters of a text that an effect's words show.
const WORDS_CHARS: usize = 200;

/// Makes records.
pub struct Reporter<'r> {
    /// The set.
    pub hir: &'r Hir,
    /// Every recipient's judgement, by position in the envelope.
    pub settled: &'r [Settling],
    /// The envelope.
    pub envelope: &'r Envelope,
    /// When a message that is undecided for now is judged again.
    pub again: Timestamp,
    /// The message is signed or encrypted.
    pub protected: bool,
}

impl Reporter<'_> {
    /// The whole record.
    pub fn record(
        &self,
        received: Timestamp,
        groups: &[Group],
        (notifications, withheld): (&[Notification], &[(Notification, Withheld)]),
        copies: &[OutgoingCopy],
    ) -> Record {
        let sender_home = self.settled.first().and_then(|settling| settling.sides.first());
        Record {
            version: record::VERSION,
            sender: self.envelope.sender.as_ref().map(ToString::to_string),
            sender_directory: sender_home.and_then(|side| self.path(side.home.directory())),
            received: received.to_string(),
            groups: groups.iter().map(|group| self.group(group)).collect(),
            notifications: notifications.iter().map(|one| self.notification(one, None)).collect(),
            withheld: withheld.iter().map(|(one, why)| self.notification(one, Some(*why))).collect(),
            copies: copies.iter().map(|copy| self.copy(copy, groups)).collect(),
        }
    }

    fn group(&self, group: &Group) -> GroupRecord {
        GroupRecord {
            recipients: group.recipients.iter().map(|&recipient| self.recipient(recipient)).collect(),
            outcome: self.outcome(group),
            policies: self.policies(group),
        }
    }

    fn recipient(&self, recipient: usize) -> RecipientRecord {
        let home =
            self.settled.get(recipient).and_then(|settling| settling.sides.get(1)).map(|side| side.home);
        RecipientRecord {
            address: self.address(recipient),
            directory: self.path(home.and_then(|home| home.directory())),
        }
    }

    fn address(&self, recipient: usize) -> String {
        self.envelope
            .recipients
            .get(recipient)
            .map_or_else(String::new, |recipient| recipient.address.to_string())
    }

    fn path(&self, directory: Option<DirectoryId>) -> Option<String> {
        let directory = self.hir.directories.get(directory?.index())?;
        Some(directory.path.to_string())
    }

    fn outcome(&self, group: &Group) -> OutcomeRecord {
        let outcome = &group.outcome;
        let (mut folder, mut until, mut text, mut again) = (None, None, None, false);
        match &outcome.fate {
            Fate::Quarantine { folder: name } => folder = Some(name.to_string()),
            Fate::Defer { until: moment, judge_again } => {
                (until, again) = (Some(moment.to_string()), *judge_again)
            }
            Fate::Return { text: said } | Fate::Reject { text: said } => text = Some(said.clone()),
            Fate::Deliver | Fate::Approve { .. } | Fate::Drop => {}
        }
        let side_of = |policy: PolicyId| match outcome.by {
            Some((by, side)) if by == policy => side,
            _ => self.side_of(policy, group),
        };
        OutcomeRecord {
            action: outcome.fate.name().to_string(),
            words: bounded(&outcome.fate.words()),
            reason: outcome.reason.name().to_string(),
            by: outcome.by.map(|(policy, side)| self.reference(policy, side)),
            folder,
            until,
            judge_again: again,
            text,
            held_by: outcome.held_by.iter().map(|&policy| self.reference(policy, side_of(policy))).collect(),
            encrypt: outcome.encrypt.as_ref().map(|chosen| self.chosen(chosen)),
            sign: outcome.sign.as_ref().map(|chosen| self.chosen(chosen)),
            priority: outcome.priority.as_ref().map(|chosen| self.chosen(chosen)),
            route: outcome.route.as_ref().map(|chosen| self.chosen(chosen)),
            redirect: outcome.redirect.as_ref().map(|chosen| self.chosen(chosen)),
            severity: outcome.severity.map(|severity| outcome::severity_name(severity).to_string()),
            tags: outcome.tags.iter().map(ToString::to_string).collect(),
            edits: outcome.edits.iter().map(|applied| self.edit(applied)).collect(),
        }
    }

    /// The side on which a policy was judged for a group; the sender's where on both.
    fn side_of(&self, policy: PolicyId, group: &Group) -> LookupSide {
        let first = group.recipients.first().and_then(|&recipient| self.settled.get(recipient));
        let mut judged = first.iter().flat_map(|settling| &settling.sides).flat_map(|side| &side.policies);
        judged.find(|judged| judged.policy == policy).map_or(LookupSide::Sender, |judged| judged.side)
    }

    fn chosen<V: Value>(&self, chosen: &Chosen<V>) -> ChosenRecord {
        ChosenRecord { value: bounded(&chosen.value.words()), by: self.reference(chosen.by, chosen.side) }
    }

    fn edit(&self, applied: &AppliedEdit) -> EditRecord {
        EditRecord { by: self.reference(applied.by, applied.side), words: edit_words(&applied.edit) }
    }

    /// A policy by name and directory.
    pub fn reference(&self, policy: PolicyId, side: LookupSide) -> PolicyReference {
        reference(self.hir, policy, side)
    }

    fn notification(&self, notification: &Notification, withheld: Option<Withheld>) -> NotificationRecord {
        let template = self.hir.templates.get(notification.template.index());
        NotificationRecord {
            to: notification.to.to_string(),
            by: self.reference(notification.by, notification.side),
            template: template.map_or_else(String::new, |template| template.name.to_string()),
            attach: notification.attach.map(|attach| attach_name(attach).to_string()),
            recipients: notification.recipients.iter().map(|&recipient| self.address(recipient)).collect(),
            why_not: withheld.map(|withheld| withheld.words().to_string()),
        }
    }

    fn copy(&self, copy: &OutgoingCopy, groups: &[Group]) -> CopyRecord {
        let recipients = groups.get(copy.group).map(|group| group.recipients.as_slice()).unwrap_or_default();
        CopyRecord {
            to: copy.to.to_string(),
            by: self.reference(copy.by, copy.side),
            form: form_name(copy.form).to_string(),
            recipients: recipients.iter().map(|&recipient| self.address(recipient)).collect(),
        }
    }

    /// The policies of a group's chains; equal entries of several recipients are one.
    fn policies(&self, group: &Group) -> Vec<PolicyRecord> {
        let mut entries: Vec<(PolicyRecord, Vec<usize>)> = Vec::new();
        let mut known: HashMap<(PolicyId, LookupSide), Vec<usize>> = HashMap::new();
        for &recipient in &group.recipients {
            let Some(settling) = self.settled.get(recipient) else { continue };
            for judged in settling.sides.iter().flat_map(|side| &side.policies) {
                let Some(entry) = self.policy(judged, settling) else { continue };
                let same = known.entry((judged.policy, judged.side)).or_default();
                let is_one = |known: &PolicyRecord| match same.len() < VARIANTS {
                    true => *known == entry,
                    false => known.result == entry.result && known.decided_by == entry.decided_by,
                };
                let found = same.iter().copied().find(|&at| entries.get(at).is_some_and(|(e, _)| is_one(e)));
                match found.and_then(|at| entries.get_mut(at)) {
                    Some((_, recipients)) => recipients.push(recipient),
                    None => {
                        same.push(entries.len());
                        entries.push((entry, vec![recipient]));
                    }
                }
            }
        }
        let all = group.recipients.len();
        entries.sort_by_key(|(entry, _)| entry.side != LookupSide::Sender.name());
        entries
            .into_iter()
            .map(|(mut entry, recipients)| {
                if recipients.len() < all {
                    entry.recipients = recipients.iter().map(|&recipient| self.address(recipient)).collect();
                }
                entry
            })
            .collect()
    }

    fn policy(&self, judged: &Judged, settling: &Settling) -> Option<PolicyRecord> {
        let policy = self.hir.policies.get(judged.policy.index())?;
        let (by, excepted_in) = match &judged.state {
            State::NotJudged(Standing::OverriddenBy(by) | Standing::ReplacedBy(by)) => {
                (Some(self.reference(*by, judged.side)), None)
            }
            State::Excepted(directory) => (None, self.path(Some(*directory))),
            _ => (None, None),
        };
        let causes = match &judged.state {
            State::Undecided { causes, .. } => record::causes(causes),
            _ => judged.open().map(record::causes).unwrap_or_default(),
        };
        let sources = &self.hir.sources;
        Some(PolicyRecord {
            policy: policy.name.to_string(),
            directory: self.path(Some(policy.directory)).unwrap_or_default(),
            side: judged.side.name().to_string(),
            manager: manager_name(policy.manager).to_string(),
            mode: mode_name(policy.mode).to_string(),
            mandatory: policy.mandatory,
            stage: policy.stage.name().to_string(),
            place: record::place(sources, policy.applied_span),
            because: judged.because.as_ref().map(ToString::to_string),
            result: result_of(&judged.state),
            by,
            excepted_in,
            decided_by: judged.decided_by,
            clauses: judged.clauses.iter().map(|clause| record::clause(sources, clause)).collect(),
            causes,
            note: settle::remark(self.hir, judged).map(str::to_string),
            effects: self.effects(judged, settling),
            recipients: Vec::new(),
        })
    }

    fn effects(&self, judged: &Judged, settling: &Settling) -> Vec<EffectRecord> {
        let mut all = Vec::new();
        if let Some(fate) = settle::ask(judged, self.again) {
            all.push(self.fate(judged, &fate, settling));
        }
        let Some(effects) = &judged.effects else { return all };
        if let Some(fate) = &effects.fate {
            all.push(self.fate(judged, fate, settling));
        }
        let outcome = &settling.outcome;
        if let Some(value) = effects.encrypt.as_deref() {
            all.push(
                self.single(judged, "encrypt", value, &outcome.encrypt, settling, |s| s.encrypt.as_ref()),
            );
        }
        if let Some(value) = effects.sign.as_deref() {
            all.push(self.single(judged, "sign", value, &outcome.sign, settling, |s| s.sign.as_ref()));
        }
        if let Some(value) = &effects.priority {
            all.push(
                self.single(judged, "set priority", value, &outcome.priority, settling, |s| {
                    s.priority.as_ref()
                }),
            );
        }
        if let Some(value) = effects.route.as_deref() {
            all.push(self.single(judged, "route", value, &outcome.route, settling, |s| s.route.as_ref()));
        }
        if let Some(value) = effects.redirect.as_deref() {
            all.push(
                self.single(judged, "redirect", value, &outcome.redirect, settling, |s| s.redirect.as_ref()),
            );
        }
        self.additive(judged, effects, settling, &mut all);
        all
    }

    fn additive(
        &self,
        judged: &Judged,
        effects: &super::effects::Effects,
        settling: &Settling,
        all: &mut Vec<EffectRecord>,
    ) {
        let general = additive_result(judged, settling);
        if let Some(severity) = effects.severity {
            let highest = settling.outcome.severity == Some(severity);
            let result =
                if general == EffectResult::Taken && !highest { EffectResult::Lost } else { general };
            let rule = (result == EffectResult::Lost).then_some(Rule::MoreRestrictive);
            let effect = format!("severity {}", outcome::severity_name(severity));
            all.push(EffectRecord { effect, result, to: None, rule });
        }
        let mut push =
            |effect: String, result| all.push(EffectRecord { effect, result, to: None, rule: None });
        for tag in &effects.tags {
            push(format!("tag {}", quoted(tag)), general);
        }
        for edit in &effects.edits {
            push(edit_words(edit), edit_result(edit, general, settling, self.protected));
        }
        for notice in &effects.notices {
            push(self.notice_words(notice), general);
        }
        for copy in &effects.copies {
            push(format!("copy to {} {}", addresses(&copy.to), form_name(copy.form)), general);
        }
    }

    fn notice_words(&self, notice: &outcome::Notice) -> String {
        let template = self.hir.templates.get(notice.template.index());
        let template = template.map_or("", |template| &*template.name);
        let to = if notice.to.is_empty() { "nobody".to_string() } else { addresses(&notice.to) };
        let attach = notice.attach.map_or_else(String::new, |a| format!(" attach {}", attach_name(a)));
        format!("notify {to} using {template}{attach}")
    }

    fn fate(&self, judged: &Judged, fate: &Fate, settling: &Settling) -> EffectRecord {
        let sides = settling.settlements.each_ref().map(|settlement| settlement.fate.as_ref());
        let holds = settle::join_fates(sides[0], sides[1]).map(|(held, side)| (held.by, side));
        let mut entry = self.claim(judged, fate.words(), holds, fate, sides);
        let outcome = &settling.outcome;
        let replaced =
            matches!(outcome.reason, Reason::Unreturnable | Reason::Protected) || outcome.by.is_none();
        if entry.result == EffectResult::Taken && replaced {
            entry.result = EffectResult::Lost;
            if outcome.reason == Reason::Unreturnable {
                entry
                    .effect
                    .push_str(": nobody vouches for the outside sender, so it is held in unreturnable");
            } else {
                entry.to = outcome.by.map(|(policy, side)| self.reference(policy, side));
            }
        }
        entry
    }

    fn single<V: Value>(
        &self,
        judged: &Judged,
        name: &str,
        value: &V,
        chosen: &Option<Chosen<V>>,
        settling: &Settling,
        of: impl Fn(&Settlement) -> Option<&Settled<V>>,
    ) -> EffectRecord {
        let sides = settling.settlements.each_ref().map(of);
        let holds = chosen.as_ref().map(|chosen| (chosen.by, chosen.side));
        self.claim(judged, format!("{name} {}", value.words()), holds, value, sides)
    }

    /// What became of a claim on an effect that can only have one value.
    fn claim<V: Value>(
        &self,
        judged: &Judged,
        words: String,
        holds: Option<(PolicyId, LookupSide)>,
        value: &V,
        sides: [Option<&Settled<V>>; 2],
    ) -> EffectRecord {
        let mut entry =
            EffectRecord { effect: bounded(&words), result: EffectResult::Taken, to: None, rule: None };
        if judged.observed {
            entry.result = EffectResult::Observed;
            return entry;
        }
        let [sender, recipient] = sides;
        let (own, other) = match judged.side {
            LookupSide::Sender => (sender, recipient),
            LookupSide::Recipient => (recipient, sender),
        };
        if holds == Some((judged.policy, judged.side)) && own.is_none_or(|own| own.value == *value) {
            return entry;
        }
        let lost_here = own.and_then(|own| own.losses.iter().find(|loss| loss.loser == judged.policy));
        let (to, side, rule) = match (lost_here, other, holds) {
            (Some(loss), _, _) => (loss.to, judged.side, loss.rule),
            (None, Some(other), _) if other.by == judged.policy => {
                entry.result = EffectResult::Once;
                return entry;
            }
            (None, Some(other), _) => {
                let equal = other.value.restrictiveness() == value.restrictiveness();
                let same = other.value == *value;
                let rule = match (same, equal) {
                    (true, _) => Rule::Agreed,
                    (false, true) => Rule::SenderSide,
                    (false, false) => Rule::MoreRestrictive,
                };
                (other.by, opposite(judged.side), rule)
            }
            (None, None, _) => return entry,
        };
        entry.result = if rule == Rule::Agreed { EffectResult::Taken } else { EffectResult::Lost };
        entry.to = Some(self.reference(to, side));
        entry.rule = Some(rule);
        entry
    }
}

/// The judged policies of each recipient that was settled, and what became of them.
pub fn judged_policies<'s>(settled: impl Iterator<Item = (usize, &'s Settling)>) -> Vec<JudgedPolicy> {
    let mut all = Vec::new();
    for (recipient, settling) in settled {
        for judged in settling.sides.iter().flat_map(|side| &side.policies) {
            let decided = judged.decided_by.and_then(|at| judged.clauses.get(at));
            let exception = decided.filter(|_| matches!(judged.state, State::Excepted(_)));
            all.push(JudgedPolicy {
                policy: judged.policy,
                side: judged.side,
                recipient,
                result: result_of(&judged.state),
                observed: judged.observed,
                decided_by: judged.decided_by,
                exception: exception.map(|clause| clause.span),
            });
        }
    }
    all
}

fn opposite(side: LookupSide) -> LookupSide {
    match side {
        LookupSide::Sender => LookupSide::Recipient,
        LookupSide::Recipient => LookupSide::Sender,
    }
}

fn result_of(state: &State) -> PolicyResult {
    match state {
        State::Triggered => PolicyResult::Triggered,
        State::NotTriggered => PolicyResult::NotTriggered,
        State::Undecided { .. } => PolicyResult::Undecided,
        State::Excepted(_) => PolicyResult::Excepted,
        State::NotJudged(standing) => standing_result(*standing),
        State::Released => PolicyResult::Released,
    }
}

/// What a standing is in a record.
pub fn standing_result(standing: Standing) -> PolicyResult {
    match standing {
        Standing::OverriddenBy(_) => PolicyResult::Overridden,
        Standing::ReplacedBy(_) => PolicyResult::Replaced,
        Standing::Off => PolicyResult::Off,
        Standing::OutOfDates => PolicyResult::OutOfDates,
        Standing::Candidate | Standing::Observed => PolicyResult::NotTriggered,
    }
}

fn additive_result(judged: &Judged, settling: &Settling) -> EffectResult {
    if judged.observed {
        return EffectResult::Observed;
    }
    let on_sender_side = settling
        .sides
        .first()
        .is_some_and(|side| side.policies.iter().any(|other| other.policy == judged.policy && other.acts()));
    if judged.side == LookupSide::Recipient && on_sender_side {
        EffectResult::Once
    } else {
        EffectResult::Taken
    }
}

fn edit_result(edit: &Edit, general: EffectResult, settling: &Settling, protected: bool) -> EffectResult {
    if general != EffectResult::Taken {
        return general;
    }
    match &settling.outcome.fate {
        Fate::Deliver if protected && edit.on_protected() == Some(&OnProtected::Skip) => {
            EffectResult::Skipped
        }
        Fate::Deliver => EffectResult::Taken,
        fate if fate.is_hold() => EffectResult::Kept,
        _ => EffectResult::NotLeaving,
    }
}

/// A policy by name and directory.
pub fn reference(hir: &Hir, policy: PolicyId, side: LookupSide) -> PolicyReference {
    let policy = hir.policies.get(policy.index());
    let directory = policy.and_then(|policy| hir.directories.get(policy.directory.index()));
    PolicyReference {
        policy: policy.map_or_else(String::new, |policy| policy.name.to_string()),
        directory: directory.map_or_else(String::new, |directory| directory.path.to_string()),
        side: side.name().to_string(),
    }
}

/// An edit in words.
pub fn edit_words(edit: &Edit) -> String {
    match edit {
        Edit::AddHeader { name, value } => format!("annotate header {} {}", quoted(name), quoted(value)),
        Edit::SetHeader { name, value } => format!("set header {} {}", quoted(name), quoted(value)),
        Edit::RemoveHeader { name } => format!("remove header {}", quoted(name)),
        Edit::Subject { position: SubjectPosition::Prefix, text } => {
            format!("annotate subject prefix {}", quoted(text))
        }
        Edit::Subject { position: SubjectPosition::Suffix, text } => {
            format!("annotate subject suffix {}", quoted(text))
        }
        Edit::Body { place, content, .. } => {
            format!("annotate {} {}", place_name(*place), content_words(content))
        }
        Edit::Attach { name, .. } => format!("annotate attachment {}", quoted(name)),
        Edit::Strip { attachments, .. } => match attachments.len() {
            1 => "strip 1 attachment".to_string(),
            many => format!("strip {many} attachments"),
        },
        Edit::Convert(_) => "convert uuencode to mime".to_string(),
        Edit::Decrypt => "decrypt".to_string(),
    }
}

fn content_words(content: &Rendered) -> String {
    quoted(content.text.as_deref().or(content.html.as_deref()).unwrap_or_default())
}

fn quoted(text: &str) -> String {
    words::quoted(&bounded(&text.split_whitespace().collect::<Vec<_>>().join(" ")))
}

fn bounded(text: &str) -> String {
    if text.chars().count() <= WORDS_CHARS {
        return text.to_string();
    }
    let mut short: String = text.chars().take(WORDS_CHARS).collect();
    short.push('…');
    short
}

fn addresses(all: &[crate::base::address::Address]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn place_name(place: BodyPlace) -> &'static str {
    match place {
        BodyPlace::Banner => "banner",
        BodyPlace::Bottom => "footer",
        BodyPlace::AboveQuote => "footer above quote",
    }
}

/// What a notification attaches, as written in policies.
pub fn attach_name(attach: Attach) -> &'static str {
    match attach {
        Attach::Original => "original",
        Attach::Headers => "headers",
    }
}

/// The form of a copy, as written in policies.
pub fn form_name(form: CopyForm) -> &'static str {
    match form {
        CopyForm::Original => "original",
        CopyForm::Processed => "processed",
    }
}

/// A manager as written in policies.
pub fn manager_name(manager: Manager) -> &'static str {
    match manager {
        Manager::Access => "access",
        Manager::Format => "format",
        Manager::Virus => "virus",
        Manager::Security => "security",
        Manager::Content => "content",
    }
}

/// A mode as records write it.
pub fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::On => "on",
        Mode::Observe => "observe",
        Mode::Off => "off",
    }
}
