//! What a dry run counts: outcomes, policies, and what never happened.
//!
//! Policies that sleep are not visited for each message: messages are counted by the chains that were asked for them,
//! and the policies of the chains are walked at the end.

use super::candidates::Standing;
use super::chains::Chain;
use super::dry_run::{Judged, Row, RowResult};
use super::engine::{Decision, Engine};
use super::outcome::Fate;
use super::record::PolicyResult;
use crate::language::hir::{Hir, Mode, PolicyId};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Different sets of chains whose messages are counted before the policies in them are walked.
const CHAIN_SETS: usize = 1_000;

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
    /// What went wrong with the run itself, in words.
    pub notices: Vec<String>,
    /// What policies asked for that nobody was asked, with what was assumed: in words, with the messages it was for.
    pub assumed: BTreeMap<String, u64>,
    /// Messages whose chains' policies have not been counted yet.
    #[serde(skip)]
    pending: Pending,
}

/// Policies that never triggered in a run, by why.
#[derive(Debug, Clone, Default)]
pub struct Idle<'s> {
    /// They were asked, or others stood in their place.
    pub never_triggered: Vec<&'s PolicyFigures>,
    /// Nobody they hold for had a message.
    pub never_asked: Vec<&'s PolicyFigures>,
    /// Every message came outside their dates.
    pub out_of_dates: Vec<&'s PolicyFigures>,
    /// They are off.
    pub off: Vec<&'s PolicyFigures>,
}

/// Messages by the chains that were asked for them.
#[derive(Debug, Clone, Default)]
struct Pending {
    /// By where the chains lie in memory; they are kept, so none takes another's place.
    by_chains: HashMap<Vec<usize>, (Vec<Arc<Chain>>, u64)>,
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
    /// Messages it was judged for; as of [`Summary::finish`].
    pub judged: u64,
    /// Messages it triggered on.
    pub triggered: u64,
    /// Messages on which it is undecided.
    pub undecided: u64,
    /// Messages on which an exception silenced it.
    pub excepted: u64,
    /// Messages on which it was overridden or replaced; as of [`Summary::finish`].
    pub overridden: u64,
    /// Messages that came outside its dates; as of [`Summary::finish`].
    pub out_of_dates: u64,
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

    /// Policies that never triggered, each list in the order of the set.
    pub fn idle<'s>(&'s self, hir: &Hir) -> Idle<'s> {
        let mut idle = Idle::default();
        for (policy, figures) in hir.policies.iter().zip(&self.policies) {
            let list = match policy.mode {
                _ if figures.triggered > 0 => continue,
                Mode::Off => &mut idle.off,
                _ if figures.judged + figures.undecided + figures.overridden > 0 => &mut idle.never_triggered,
                _ if figures.out_of_dates > 0 => &mut idle.out_of_dates,
                _ => &mut idle.never_asked,
            };
            list.push(figures);
        }
        idle
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
        let decision = &judged.decision;
        self.unscannable += u64::from(!judged.unscannable.is_empty());
        self.without_recipient += u64::from(judged.stand_in);
        self.split += u64::from(decision.groups.len() > 1);
        self.notifications += decision.notifications.len() as u64;
        self.copies += decision.copies.len() as u64;
        self.different += u64::from(judged.difference.is_some());
        for group in &decision.groups {
            let recipients = group.recipients.len() as u64;
            self.recipients += recipients;
            count(&mut self.outcomes, disposition(&group.outcome.fate), recipients);
        }
        self.count_policies(decision);
        self.count_decided(decision);
        self.count_chains(decision);
        for assumed in &judged.assumed {
            match self.assumed.get_mut(*assumed) {
                Some(count) => *count += 1,
                None => {
                    self.assumed.insert((*assumed).to_string(), 1);
                }
            }
        }
    }

    fn count_policies(&mut self, decision: &Decision) {
        let mut seen: BTreeSet<(PolicyId, &'static str)> = BTreeSet::new();
        for entry in &decision.judged {
            let Some(figures) = self.policies.get_mut(entry.policy.index()) else { continue };
            let (what, count) = match entry.result {
                PolicyResult::Triggered => ("triggered", &mut figures.triggered),
                PolicyResult::Undecided => ("undecided", &mut figures.undecided),
                PolicyResult::Excepted => ("excepted", &mut figures.excepted),
                PolicyResult::NotTriggered
                | PolicyResult::Overridden
                | PolicyResult::Replaced
                | PolicyResult::Off
                | PolicyResult::OutOfDates
                | PolicyResult::Released => continue,
            };
            *count += u64::from(seen.insert((entry.policy, what)));
        }
    }

    fn count_decided(&mut self, decision: &Decision) {
        let mut seen: Vec<(PolicyId, Cow<'static, str>)> = Vec::new();
        for group in &decision.groups {
            let Some((policy, _)) = group.outcome.by else { continue };
            let decided = (policy, disposition(&group.outcome.fate));
            if seen.contains(&decided) {
                continue;
            }
            if let Some(figures) = self.policies.get_mut(policy.index()) {
                count(&mut figures.decided, decided.1.clone(), 1);
            }
            seen.push(decided);
        }
    }

    fn count_chains(&mut self, decision: &Decision) {
        let mut key: Vec<usize> = decision.chains.iter().map(|chain| Arc::as_ptr(chain).addr()).collect();
        key.sort_unstable();
        let by_chains = &mut self.pending.by_chains;
        by_chains.entry(key).or_insert_with(|| (decision.chains.clone(), 0)).1 += 1;
        if by_chains.len() > CHAIN_SETS {
            self.finish();
        }
    }

    /// Counts the policies of all chains that were asked; to be called when all rows have been added.
    pub fn finish(&mut self) {
        for (chains, messages) in std::mem::take(&mut self.pending).by_chains.into_values() {
            let candidates = || chains.iter().flat_map(|chain| chain.candidates());
            let judged: BTreeSet<PolicyId> =
                candidates().filter(|one| one.is_judged()).map(|one| one.policy).collect();
            let removed: BTreeSet<PolicyId> =
                candidates().filter(|one| one.is_removed()).map(|one| one.policy).collect();
            let out_of_dates: BTreeSet<PolicyId> = candidates()
                .filter(|one| one.standing == Standing::OutOfDates)
                .map(|one| one.policy)
                .collect();
            for policy in out_of_dates {
                if let Some(figures) = self.policies.get_mut(policy.index()) {
                    figures.out_of_dates += messages;
                }
            }
            for policy in judged {
                if let Some(figures) = self.policies.get_mut(policy.index()) {
                    figures.judged += messages;
                }
            }
            for policy in removed {
                if let Some(figures) = self.policies.get_mut(policy.index()) {
                    figures.overridden += messages;
                }
            }
        }
    }
}

/// A disposition as tables count it: with its folder, without texts and moments, which differ from message to message.
pub fn disposition(fate: &Fate) -> Cow<'static, str> {
    match fate {
        Fate::Quarantine { folder } => format!("{} in {folder}", fate.name()).into(),
        _ => fate.name().into(),
    }
}

fn count(counts: &mut BTreeMap<String, u64>, words: Cow<'static, str>, more: u64) {
    match counts.get_mut(&*words) {
        Some(count) => *count += more,
        None => {
            counts.insert(words.into_owned(), more);
        }
    }
}

fn directory(hir: &Hir, directory: crate::language::hir::DirectoryId) -> String {
    hir.directories.get(directory.index()).map_or_else(String::new, |directory| directory.path.to_string())
}
