//! No optimisation changes an outcome: whatever a plan leaves out, it says the same of every policy as the interpreter.

use super::corpus::corpus;
use super::examples::{files, folder};
use mailfw::base::limits::{MessageLimits, SourceLimits};
use mailfw::language;
use mailfw::language::hir::{Hir, PolicyId};
use mailfw::language::schema::facts::Stage;
use mailfw::message::Message;
use mailfw::message::envelope::{Envelope, Session};
use mailfw::plan::{Answer, Answers, Case, Evaluator, Outcome, Plan, PlanOptions, Question, Surveyed};
use mailfw::policy::mailboxes::Mailboxes;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Each optimisation alone left out, and all together.
pub const VARIANTS: [(&str, PlanOptions); 7] = [
    ("everything", PlanOptions::ALL),
    ("no groups", PlanOptions { groups: false, ..PlanOptions::ALL }),
    ("no wake lists", PlanOptions { wake: false, ..PlanOptions::ALL }),
    ("nothing shared", PlanOptions { share: false, ..PlanOptions::ALL }),
    ("no prefilter", PlanOptions { prefilter: false, ..PlanOptions::ALL }),
    ("naive search", PlanOptions { naive_search: true, ..PlanOptions::ALL }),
    ("no native code", PlanOptions { jit: false, ..PlanOptions::ALL }),
];

/// One set, planned in every way; the last is the reference.
pub struct Plans {
    all: Vec<(&'static str, Plan)>,
    reference: Plan,
}

impl Plans {
    pub fn of(hir: &Arc<Hir>) -> Plans {
        let plan =
            |options| Plan::with(hir.clone(), options).unwrap_or_else(|found| panic!("{:?}", found.sorted()));
        let all = VARIANTS.into_iter().map(|(name, options)| (name, plan(options))).collect();
        Plans { all, reference: plan(PlanOptions::NONE) }
    }

    /// Judges every policy for every recipient in every way, and gives what the reference says.
    pub fn agree(&self, case: Case<'_>, what: &str) -> Vec<Vec<Surveyed>> {
        let policies: Vec<PolicyId> = self.reference.hir().policies.iter().map(|policy| policy.id).collect();
        let mut evaluator = Evaluator::new(&self.reference, case);
        let expected: Vec<Vec<Surveyed>> = (0..case.envelope.recipients.len())
            .map(|recipient| {
                (0..)
                    .zip(&policies)
                    .filter_map(|(position, &policy)| match evaluator.criteria(policy, recipient).outcome {
                        Outcome::Triggered => Some(Surveyed { position, holds: true }),
                        Outcome::Undecided { .. } => Some(Surveyed { position, holds: false }),
                        Outcome::NotTriggered => None,
                    })
                    .collect()
            })
            .collect();
        let missing: BTreeSet<Question> = evaluator.missing().clone();
        for (name, plan) in &self.all {
            let mut evaluator = Evaluator::new(plan, case);
            let set = plan.policy_set(&policies);
            for (recipient, expected) in expected.iter().enumerate() {
                assert_eq!(
                    &evaluator.survey(&set, recipient),
                    expected,
                    "{what}, recipient {recipient}: {name}"
                );
            }
            assert_eq!(evaluator.missing(), &missing, "{what}: {name} asks the same of the outside");
            for (recipient, expected) in expected.iter().enumerate() {
                assert_eq!(
                    &in_stages(plan, case, &policies, recipient),
                    expected,
                    "{what}, {recipient}: {name} in stages"
                );
            }
        }
        expected
    }
}

/// The same survey stage by stage, the first of them before there is a message.
fn in_stages(plan: &Plan, case: Case<'_>, policies: &[PolicyId], recipient: usize) -> Vec<Surveyed> {
    let nothing = Message::parse(Vec::new(), &MessageLimits::default());
    let mut evaluator = Evaluator::new(plan, Case { message: &nothing, ..case });
    let mut found = Vec::new();
    let mut open: Vec<PolicyId> = policies.to_vec();
    let position =
        |policy: PolicyId| u32::try_from(policies.iter().position(|&one| one == policy).unwrap()).unwrap();
    for stage in [Stage::Connection, Stage::Envelope, Stage::Headers] {
        if stage == Stage::Headers {
            evaluator = Evaluator::resuming(plan, case, evaluator.into_answers());
        }
        let narrowed = evaluator.survey_until(&plan.policy_set(&open), recipient, stage);
        let of = |positions: &[u32]| positions.iter().map(|&at| open[at as usize]).collect::<Vec<_>>();
        found.extend(
            of(&narrowed.triggered)
                .into_iter()
                .map(|policy| Surveyed { position: position(policy), holds: true }),
        );
        open = of(&narrowed.open);
    }
    for surveyed in evaluator.survey(&plan.policy_set(&open), recipient) {
        found.push(Surveyed { position: position(open[surveyed.position as usize]), ..surveyed });
    }
    found.sort_unstable();
    found
}

fn example(name: &str) -> Arc<Hir> {
    let mut sources = files(&folder(name));
    language::check("main.mfp", &mut sources, &SourceLimits::default()).hir.expect("the example checks")
}

fn agree_on(plans: &Plans, message: &Message, what: &str) -> usize {
    let mut envelope = Envelope::from_headers(message);
    envelope.add_recipient("anna@acme.example");
    envelope.add_recipient("buyer@shop.example");
    let envelope = envelope.with_sender("anna@acme.example");
    let (session, answers) = (Session::default(), Answers::new(Some(Answer::NotAsked)));
    let received = "2026-11-24T12:00:00Z".parse().unwrap();
    let case = Case { message, envelope: &envelope, session: &session, received, lookups: &answers };
    let answered = plans.agree(case, what);
    let unanswered = Case { lookups: &Answers::new(None), ..case };
    plans.agree(unanswered, what);
    answered.iter().map(Vec::len).sum()
}

#[test]
fn every_optimisation_agrees_with_the_interpreter_on_the_example() {
    let plans = Plans::of(&example("acme"));
    let mut found = 0;
    for item in Mailboxes::open(&[folder("acme").join("mailbox")], &MessageLimits::default()) {
        let item = item.unwrap();
        found += agree_on(&plans, &Message::parse(item.bytes, &MessageLimits::default()), &item.origin);
    }
    assert!(found > 100, "policies trigger: {found}");
}

#[test]
fn every_optimisation_agrees_with_the_interpreter_on_real_mail() {
    let Some(mbox) = corpus("mbox/trial.mbox") else { return };
    let plans = Plans::of(&example("acme"));
    for item in Mailboxes::open(&[mbox], &MessageLimits::default()) {
        let item = item.unwrap();
        agree_on(&plans, &Message::parse(item.bytes, &MessageLimits::default()), &item.origin);
    }
}
