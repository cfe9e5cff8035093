//! What a policy set costs on real mail: for each policy alone, and for each pattern.
//!
//! Every message is decided as in a dry run, and the time that takes is the set's. A policy's own cost is measured beside
//! it: its criteria are asked by an evaluator that knows nothing yet, over a message whose texts are at hand, so what
//! policies share is counted for each of them and the sum is more than the whole. Cost of a profile: the policies times
//! the messages that concern them. One thread; memory: one message. Failure: a message that cannot be read is counted.

use super::arrived::Arrived;
use super::candidates::LookupSide;
use super::dry_run::Options;
use super::engine::{Detail, Engine, Judging};
use super::mailboxes::{MailItem, MailboxError};
use crate::language::hir::PolicyId;
use crate::plan::search::SearchCosts;
use crate::plan::{Evaluator, Outcome, Who};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// What one policy cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PolicyCost {
    /// Messages that concerned it.
    pub messages: u64,
    /// Of these, where it triggered for somebody.
    pub triggered: u64,
    /// Time to ask its criteria of all of them.
    pub time: Duration,
    /// The longest of one message.
    pub longest: Duration,
}

/// What a set cost on some mail.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    /// Messages that were judged.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Messages that could not be read.
    pub unreadable: u64,
    /// Reading the messages.
    pub reading: Duration,
    /// Making their texts searchable.
    pub texts: Duration,
    /// Deciding them by the whole set.
    pub deciding: Duration,
    /// By policy.
    pub policies: Vec<PolicyCost>,
    /// By pattern and detector.
    pub search: SearchCosts,
}

impl Profile {
    /// Profiles a set on mail.
    pub fn of(
        engine: &Engine,
        options: &Options,
        mail: impl Iterator<Item = Result<MailItem, MailboxError>>,
    ) -> Profile {
        let mut profile = Profile::default();
        profile.policies.resize(engine.hir().policies.len(), PolicyCost::default());
        for item in mail {
            match item {
                Ok(item) => profile.add(engine, options, item),
                Err(_) => profile.unreadable += 1,
            }
        }
        profile
    }

    fn add(&mut self, engine: &Engine, options: &Options, item: MailItem) {
        self.messages += 1;
        self.bytes += item.total_size;
        let start = Instant::now();
        let arrived = Arrived::read(item, &engine.hir().site, options);
        self.reading += start.elapsed();
        let start = Instant::now();
        arrived.message.surfaces();
        self.texts += start.elapsed();
        let case = arrived.case();
        let start = Instant::now();
        // What nobody answers leaves the decision open, and costs the same.
        let _decided = engine.decide(case, &Judging::default(), Detail::Outcomes);
        self.deciding += start.elapsed();
        let concerned = concerned(engine, &mut Evaluator::new(engine.plan(), case));
        for &policy in &concerned {
            let start = Instant::now();
            let mut evaluator = Evaluator::new(engine.plan(), case);
            let recipients = 0..case.envelope.recipients.len();
            let outcomes = recipients.map(|recipient| evaluator.criteria(policy, recipient).outcome);
            let triggered = outcomes.filter(|outcome| *outcome == Outcome::Triggered).count() > 0;
            let took = start.elapsed();
            if let Some(cost) = self.policies.get_mut(policy.index()) {
                cost.messages += 1;
                cost.triggered += u64::from(triggered);
                cost.time += took;
                cost.longest = cost.longest.max(took);
            }
        }
        let mut evaluator = Evaluator::new(engine.plan(), case);
        evaluator.measure();
        for &policy in &concerned {
            for recipient in 0..case.envelope.recipients.len() {
                evaluator.criteria(policy, recipient);
            }
        }
        self.search.add(&evaluator.search_costs());
    }
}

/// The policies that hold for the sender or a recipient.
fn concerned(engine: &Engine, evaluator: &mut Evaluator<'_>) -> BTreeSet<PolicyId> {
    let received = evaluator.case().received;
    let recipients = evaluator.case().envelope.recipients.len();
    let everybody = (0..recipients).map(|recipient| (LookupSide::Recipient, Who::Recipient(recipient)));
    let mut policies = BTreeSet::new();
    for (side, who) in everybody.chain([(LookupSide::Sender, Who::Sender)]) {
        let Some(home) = evaluator.home(who).directory() else { continue };
        let chain = engine.chain(side, home, received);
        policies.extend(chain.candidates().iter().filter(|one| one.is_judged()).map(|one| one.policy));
    }
    policies
}
