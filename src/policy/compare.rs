//! Compares how two policy sets decide one message, and says why where they differ.
//!
//! Compared is what happens, not who makes it happen: dispositions with their folder, moment and text, single values,
//! severity, tags, edits, notifications and copies. Why they differ is told by the policies whose part differs.

use super::record::{GroupRecord, OutcomeRecord, PolicyRecord, PolicyResult, Record};
use serde::Serialize;

/// How two sets differ on a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Recipients whose outcome differs.
    pub recipients: Vec<RecipientDifference>,
    /// Notifications only this set sends: `security@acme.example using alert`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notifications_added: Vec<String>,
    /// Notifications only the other set sends.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notifications_gone: Vec<String>,
    /// Copies only this set sends.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub copies_added: Vec<String>,
    /// Copies only the other set sends.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub copies_gone: Vec<String>,
}

/// How two sets differ for a recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecipientDifference {
    /// Who.
    pub recipient: String,
    /// What of it differs, in words: `disposition: deliver, was quarantine in dlp`.
    pub changes: Vec<String>,
    /// The policies whose part differs.
    pub policies: Vec<PolicyDifference>,
}

/// A policy whose part differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyDifference {
    /// Its name.
    pub policy: String,
    /// On which side.
    pub side: String,
    /// What became of it here; absent where it does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub this: Option<PolicyRecord>,
    /// What became of it there; absent where it does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<PolicyRecord>,
}

/// Compares two records of one message; `None` where they come to the same.
pub fn compare(this: &Record, other: &Record) -> Option<Difference> {
    let mut recipients = Vec::new();
    for group in &this.groups {
        for recipient in &group.recipients {
            let Some(there) = group_of(other, &recipient.address) else { continue };
            let changes = changes(&group.outcome, &there.outcome);
            if !changes.is_empty() {
                let policies = policies(group, there, &recipient.address);
                recipients.push(RecipientDifference {
                    recipient: recipient.address.clone(),
                    changes,
                    policies,
                });
            }
        }
    }
    let told = |record: &Record| -> Vec<String> {
        record.notifications.iter().map(|known| format!("{} using {}", known.to, known.template)).collect()
    };
    let copied = |record: &Record| -> Vec<String> {
        record.copies.iter().map(|copy| format!("{} {}", copy.to, copy.form)).collect()
    };
    let (told_here, told_there) = (told(this), told(other));
    let (copied_here, copied_there) = (copied(this), copied(other));
    let difference = Difference {
        recipients,
        notifications_added: only_in(&told_here, &told_there),
        notifications_gone: only_in(&told_there, &told_here),
        copies_added: only_in(&copied_here, &copied_there),
        copies_gone: only_in(&copied_there, &copied_here),
    };
    let differs = !difference.recipients.is_empty()
        || !difference.notifications_added.is_empty()
        || !difference.notifications_gone.is_empty()
        || !difference.copies_added.is_empty()
        || !difference.copies_gone.is_empty();
    differs.then_some(difference)
}

fn group_of<'r>(record: &'r Record, recipient: &str) -> Option<&'r GroupRecord> {
    record.groups.iter().find(|group| group.recipients.iter().any(|known| known.address == recipient))
}

fn only_in(these: &[String], those: &[String]) -> Vec<String> {
    these.iter().filter(|entry| !those.contains(entry)).cloned().collect()
}

fn changes(this: &OutcomeRecord, other: &OutcomeRecord) -> Vec<String> {
    let mut changes = Vec::new();
    let mut note = |what: &str, here: String, there: String| {
        if here != there {
            changes.push(format!("{what}: {here}, was {there}"));
        }
    };
    note("disposition", this.words.clone(), other.words.clone());
    let value = |chosen: &Option<super::record::ChosenRecord>| {
        chosen.as_ref().map_or_else(|| "none".to_string(), |chosen| chosen.value.clone())
    };
    note("encrypt", value(&this.encrypt), value(&other.encrypt));
    note("sign", value(&this.sign), value(&other.sign));
    note("priority", value(&this.priority), value(&other.priority));
    note("route", value(&this.route), value(&other.route));
    note("redirect", value(&this.redirect), value(&other.redirect));
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_string());
    note("severity", text(&this.severity), text(&other.severity));
    note("tags", list(&this.tags), list(&other.tags));
    let edits = |outcome: &OutcomeRecord| -> Vec<String> {
        outcome.edits.iter().map(|edit| edit.words.clone()).collect()
    };
    let (here, there) = (edits(this), edits(other));
    changes.extend(only_in(&here, &there).into_iter().map(|edit| format!("edit: {edit}")));
    changes.extend(only_in(&there, &here).into_iter().map(|edit| format!("edit, no longer: {edit}")));
    if changes.is_empty() && here != there {
        changes.push(format!("edits in another order: {}", list(&here)));
    }
    changes
}

fn list(entries: &[String]) -> String {
    if entries.is_empty() { "none".to_string() } else { entries.join("; ") }
}

/// The policies whose result or effects differ for a recipient. One that did nothing in either set says nothing.
fn policies(this: &GroupRecord, other: &GroupRecord, recipient: &str) -> Vec<PolicyDifference> {
    let mut differing = Vec::new();
    for entry in entries(this, recipient) {
        let there = entries(other, recipient).find(|there| is_same(entry, there));
        let same = there.is_some_and(|there| part(entry) == part(there));
        if !same && (does(entry) || there.is_some_and(does)) {
            differing.push(PolicyDifference {
                policy: entry.policy.clone(),
                side: entry.side.clone(),
                this: Some(entry.clone()),
                other: there.cloned(),
            });
        }
    }
    for there in entries(other, recipient).filter(|there| does(there)) {
        if !entries(this, recipient).any(|entry| is_same(entry, there)) {
            differing.push(PolicyDifference {
                policy: there.policy.clone(),
                side: there.side.clone(),
                this: None,
                other: Some(there.clone()),
            });
        }
    }
    differing
}

fn entries<'r>(group: &'r GroupRecord, recipient: &'r str) -> impl Iterator<Item = &'r PolicyRecord> {
    group.policies.iter().filter(move |entry| {
        entry.recipients.is_empty() || entry.recipients.iter().any(|known| known == recipient)
    })
}

fn is_same(entry: &PolicyRecord, there: &PolicyRecord) -> bool {
    entry.policy == there.policy && entry.side == there.side && entry.directory == there.directory
}

fn does(entry: &PolicyRecord) -> bool {
    !matches!(entry.result, PolicyResult::NotTriggered | PolicyResult::Off | PolicyResult::OutOfDates)
}

fn part(entry: &PolicyRecord) -> (PolicyResult, &str, &[super::record::EffectRecord]) {
    (entry.result, &entry.mode, &entry.effects)
}
