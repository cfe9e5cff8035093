//! What a dry run counts: outcomes, policies, and what never happened.

use super::dry_run::{Judged, Row, RowResult};
use super::engine::Engine;
use super::record::{PolicyResult, Record};
use crate::language::hir::{Hir, Mode, PolicyId};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The figures of a run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Summary {
    /// Messages judged.
    pub messages: u64,
    /// Their bytes, as in the mailbox.
    pub bytes: u64,
    /// Their recipients.
    pub recipients: u64,
    /// Entries of the mailboxes that could not be read.
    pub unreadable: u64,
    /// Messages whose judging failed; each is held.
    pub internal_errors: u64,
    /// Messages that could not be read whole.
    pub unscannable: u64,
    /// Messages that name no recipient and were judged for a stand-in.
    pub without_recipient: u64,
    /// Messages whose recipients have different outcomes.
    pub split: u64,
    /// Recipients by disposition: `quarantine in dlp`, `deliver`.
    pub outcomes: BTreeMap<String, u64>,
    /// Every policy that can run, in the order of the set.
    pub policies: Vec<PolicyFigures>,
    /// Notifications that would be sent.
    pub notifications: u64,
    /// Copies that would be sent.
    pub copies: u64,
    /// Messages that the other set decides differently.
    pub different: u64,
    /// What was assumed, in words, each once.
    pub notices: Vec<String>,
}

/// The figures of a policy. A message counts once however many of its recipients it is about.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PolicyFigures {
    /// Its name.
    pub policy: String,
    /// The directory it holds in.
    pub directory: String,
    /// It only observes.
    pub observed: bool,
    /// Messages it was judged for.
    pub judged: u64,
    /// Messages it triggered on.
    pub triggered: u64,
    /// Messages on which it is undecided.
    pub undecided: u64,
    /// Messages on which an exception silenced it.
    pub excepted: u64,
    /// Messages on which it was overridden or replaced.
    pub overridden: u64,
    /// Messages it decided, by disposition.
    pub decided: BTreeMap<String, u64>,
}

impl Summary {
    /// No figures yet, with a row for each policy that can run.
    pub fn new(engine: &Engine) -> Summary {
        let hir = engine.hir();
        let policies = hir.policies.iter().map(|policy| PolicyFigures {
            policy: policy.name.to_string(),
            directory: directory(hir, policy.directory),
            observed: policy.mode == Mode::Observe,
            ..PolicyFigures::default()
        });
        Summary { policies: policies.collect(), ..Summary::default() }
    }

    /// Policies that can run and never triggered, in the order of the set.
    pub fn never_triggered<'s>(&'s self, hir: &'s Hir) -> impl Iterator<Item = &'s PolicyFigures> {
        let off = |at: usize| hir.policies.get(at).is_none_or(|policy| policy.mode == Mode::Off);
        self.policies
            .iter()
            .enumerate()
            .filter(move |(at, figures)| figures.triggered == 0 && !off(*at))
            .map(|(_, figures)| figures)
    }

    /// Counts a row.
    pub fn add(&mut self, row: &Row) {
        match &row.result {
            RowResult::Unreadable(_) => self.unreadable += 1,
            RowResult::Failed { .. } => {
                self.messages += 1;
                self.bytes += row.size;
                self.internal_errors += 1;
                *self.outcomes.entry("held: judging failed".to_string()).or_default() += 1;
            }
            RowResult::Judged(judged) => {
                self.messages += 1;
                self.bytes += row.size;
                self.judged(judged);
            }
        }
    }

    fn judged(&mut self, judged: &Judged) {
        let record = &judged.decision.record;
        self.unscannable += u64::from(!judged.unscannable.is_empty());
        self.without_recipient += u64::from(judged.stand_in);
        self.split += u64::from(record.groups.len() > 1);
        self.notifications += record.notifications.len() as u64;
        self.copies += record.copies.len() as u64;
        self.different += u64::from(judged.difference.is_some());
        for group in &record.groups {
            let recipients = group.recipients.len() as u64;
            self.recipients += recipients;
            *self.outcomes.entry(disposition(&group.outcome)).or_default() += recipients;
        }
        self.count_policies(judged);
        self.count_decided(judged, record);
        for notice in &judged.notices {
            if !self.notices.contains(notice) {
                self.notices.push(notice.clone());
            }
        }
    }

    fn count_policies(&mut self, judged: &Judged) {
        let mut seen: BTreeSet<(PolicyId, &'static str)> = BTreeSet::new();
        for entry in &judged.decision.judged {
            let Some(figures) = self.policies.get_mut(entry.policy.index()) else { continue };
            let mut once = |what: &'static str, count: &mut u64| {
                *count += u64::from(seen.insert((entry.policy, what)));
            };
            match entry.result {
                PolicyResult::Triggered => once("triggered", &mut figures.triggered),
                PolicyResult::Undecided => once("undecided", &mut figures.undecided),
                PolicyResult::Excepted => once("excepted", &mut figures.excepted),
                PolicyResult::Overridden | PolicyResult::Replaced => {
                    once("overridden", &mut figures.overridden)
                }
                PolicyResult::NotTriggered
                | PolicyResult::Off
                | PolicyResult::OutOfDates
                | PolicyResult::Released => {}
            }
            let was_judged = matches!(
                entry.result,
                PolicyResult::Triggered
                    | PolicyResult::NotTriggered
                    | PolicyResult::Undecided
                    | PolicyResult::Excepted
            );
            if was_judged {
                once("judged", &mut figures.judged);
            }
        }
    }

    fn count_decided(&mut self, judged: &Judged, record: &Record) {
        let mut seen: BTreeSet<(PolicyId, String)> = BTreeSet::new();
        for (group, shown) in judged.decision.groups.iter().zip(&record.groups) {
            let Some((policy, _)) = group.outcome.by else { continue };
            let words = disposition(&shown.outcome);
            if seen.insert((policy, words.clone()))
                && let Some(figures) = self.policies.get_mut(policy.index())
            {
                *figures.decided.entry(words).or_default() += 1;
            }
        }
    }
}

/// A disposition as tables count it: with its folder, without texts and moments, which differ from message to message.
pub fn disposition(outcome: &super::record::OutcomeRecord) -> String {
    match &outcome.folder {
        Some(folder) => format!("{} in {folder}", outcome.action),
        None => outcome.action.clone(),
    }
}

fn directory(hir: &Hir, directory: crate::language::hir::DirectoryId) -> String {
    hir.directories.get(directory.index()).map_or_else(String::new, |directory| directory.path.to_string())
}
