//! No optimisation changes an outcome: whatever a plan leaves out, it says the same of every policy as the interpreter.
//! [`super::proof`] compares on generated sets and on real mail.

use super::detail::said;
use super::examples::{files, folder};
use super::support::{Letter, SITE, letter};
use mailfw::base::limits::{MessageLimits, SourceLimits};
use mailfw::language;
use mailfw::language::hir::{Hir, PolicyId};
use mailfw::language::schema::facts::Stage;
use mailfw::message::Message;
use mailfw::message::envelope::{Envelope, Session};
use mailfw::plan::{
    Answer, Answers, Case, Evaluator, Outcome, Plan, PlanOptions, PolicySet, Question, Surveyed,
};
use mailfw::policy::engine::{Decision, Detail, Engine, Judging};
use mailfw::policy::mailboxes::Mailboxes;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One set, planned in every way.
pub struct Plans {
    all: Vec<(&'static str, Engine)>,
    reference: Engine,
    policies: Vec<PolicyId>,
    sets: Vec<PolicySet>,
}

/// What all plans said of one message.
pub struct Agreed {
    /// For each recipient, the policies that trigger or are undecided.
    pub surveyed: Vec<Vec<Surveyed>>,
    /// What becomes of the message, with a record; or what must be asked first.
    pub decision: Result<Decision, BTreeSet<Question>>,
}

impl Plans {
    pub fn of(hir: &Arc<Hir>) -> Plans {
        let engine = |options| {
            let plan = Plan::with(hir.clone(), options);
            Engine::new(Arc::new(plan.unwrap_or_else(|found| panic!("{:?}", found.sorted()))))
        };
        let variants = PlanOptions::VARIANTS.into_iter();
        let all: Vec<(&str, Engine)> = variants.map(|(name, options)| (name, engine(options))).collect();
        let policies: Vec<PolicyId> = hir.policies.iter().map(|policy| policy.id).collect();
        let sets = all.iter().map(|(_, engine)| engine.plan().policy_set(&policies)).collect();
        Plans { all, reference: engine(PlanOptions::NONE), policies, sets }
    }

    pub fn hir(&self) -> &Hir {
        self.reference.hir()
    }

    /// Judges every policy for every recipient in every way, decides in every way, and gives what the reference says.
    pub fn agree(&self, case: Case<'_>, what: &str) -> Agreed {
        self.compare(case).unwrap_or_else(|differs| panic!("{what}: {differs}"))
    }

    /// The same; an error says which plan says something else than the reference.
    pub fn compare(&self, case: Case<'_>) -> Result<Agreed, String> {
        let surveyed = self.compare_surveys(case)?;
        let decision = self.compare_decisions(case)?;
        Ok(Agreed { surveyed, decision })
    }

    fn compare_surveys(&self, case: Case<'_>) -> Result<Vec<Vec<Surveyed>>, String> {
        let mut evaluator = Evaluator::new(self.reference.plan(), case);
        let expected: Vec<Vec<Surveyed>> = (0..case.envelope.recipients.len())
            .map(|recipient| {
                (0..)
                    .zip(&self.policies)
                    .filter_map(|(position, &policy)| match evaluator.criteria(policy, recipient).outcome {
                        Outcome::Triggered => Some(Surveyed { position, holds: true }),
                        Outcome::Undecided { .. } => Some(Surveyed { position, holds: false }),
                        Outcome::NotTriggered => None,
                    })
                    .collect()
            })
            .collect();
        for ((name, engine), set) in self.all.iter().zip(&self.sets) {
            let mut evaluator_of_all = Evaluator::new(engine.plan(), case);
            for (recipient, expected) in expected.iter().enumerate() {
                let found = evaluator_of_all.survey(set, recipient);
                self.same(name, "survey", recipient, expected, &found)?;
            }
            let (asked, missing) = (evaluator_of_all.missing(), evaluator.missing());
            if asked != missing {
                return Err(format!("{name}: it asks the outside {asked:?} and the reference {missing:?}"));
            }
            // In stages for one of the recipients, another one with each message.
            let recipient = case.message.bytes().len() % expected.len().max(1);
            if let Some(expected) = expected.get(recipient) {
                let found = in_stages(engine.plan(), case, &self.policies, recipient);
                self.same(name, "survey in stages", recipient, expected, &found)?;
            }
        }
        Ok(expected)
    }

    fn same(
        &self,
        name: &str,
        what: &str,
        recipient: usize,
        expected: &[Surveyed],
        found: &[Surveyed],
    ) -> Result<(), String> {
        if expected == found {
            return Ok(());
        }
        let named = |surveyed: &[Surveyed]| -> BTreeSet<String> {
            let policies = &self.hir().policies;
            let of = |one: &Surveyed| policies[one.position as usize].name.to_string();
            surveyed
                .iter()
                .map(|one| format!("{} {}", of(one), if one.holds { "triggers" } else { "is undecided" }))
                .collect()
        };
        let (expected, found) = (named(expected), named(found));
        Err(format!(
            "{name}, {what}, recipient {recipient}: only the reference says {:?}, only the other {:?}",
            expected.difference(&found).collect::<Vec<_>>(),
            found.difference(&expected).collect::<Vec<_>>()
        ))
    }

    fn compare_decisions(&self, case: Case<'_>) -> Result<Result<Decision, BTreeSet<Question>>, String> {
        let judging = Judging::default();
        let [outcomes, record] =
            [Detail::Outcomes, Detail::Record].map(|detail| self.reference.decide(case, &judging, detail));
        for (name, engine) in &self.all {
            for (detail, expected) in [(Detail::Outcomes, &outcomes), (Detail::Record, &record)] {
                let found = engine.decide(case, &judging, detail);
                match (expected, &found) {
                    (Ok(expected), Ok(found)) => {
                        same_outcomes(expected, found)
                            .map_err(|what| format!("{name}, {detail:?}: {what}"))?;
                        if expected.judged != found.judged || expected.settled_as != found.settled_as {
                            let (expected, found) = (&expected.judged, &found.judged);
                            return Err(format!("{name}, {detail:?}: judged {expected:?}\nand {found:?}"));
                        }
                        if expected.record != found.record {
                            let (expected, found) = (&expected.record, &found.record);
                            return Err(format!("{name}: record {expected:?}\nand {found:?}"));
                        }
                    }
                    (Err(expected), Err(found)) if expected == found => {}
                    (expected, found) => {
                        let (expected, found) = (expected.as_ref().err(), found.as_ref().err());
                        return Err(format!("{name}, {detail:?}: wants {expected:?} and {found:?} answered"));
                    }
                }
            }
        }
        if let (Ok(outcomes), Ok(record)) = (&outcomes, &record) {
            same_outcomes(record, outcomes).map_err(|what| format!("with and without a record: {what}"))?;
            for recipient in 0..case.envelope.recipients.len() {
                let (with, without) =
                    (said(record, recipient), said(outcomes, outcomes.settled_as[recipient]));
                if with != without {
                    return Err(format!(
                        "recipient {recipient}, with a record {with:?}, without {without:?}"
                    ));
                }
            }
        }
        Ok(record)
    }
}

/// What becomes of the message is the same.
fn same_outcomes(one: &Decision, other: &Decision) -> Result<(), String> {
    let groups = |decision: &Decision| -> Vec<String> {
        decision.groups.iter().map(|group| format!("{:?} {:?}", group.recipients, group.outcome)).collect()
    };
    let same_groups = one.groups.len() == other.groups.len()
        && one
            .groups
            .iter()
            .zip(&other.groups)
            .all(|(one, other)| one.recipients == other.recipients && one.outcome == other.outcome);
    if !same_groups {
        return Err(format!("groups {:#?}\nand {:#?}", groups(one), groups(other)));
    }
    if one.notifications != other.notifications {
        return Err(format!("notifications {:?}\nand {:?}", one.notifications, other.notifications));
    }
    if format!("{:?}", one.withheld) != format!("{:?}", other.withheld) {
        return Err(format!("withheld {:?}\nand {:?}", one.withheld, other.withheld));
    }
    if one.copies != other.copies {
        return Err(format!("copies {:?}\nand {:?}", one.copies, other.copies));
    }
    Ok(())
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

pub fn example(name: &str) -> Arc<Hir> {
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
    answered.surveyed.iter().map(Vec::len).sum()
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

/// Which policies of `acme` trigger for a letter; all plans say the same.
fn triggered(policies: &str, letter: &Letter) -> Vec<bool> {
    let text = format!(
        "use std::dlp::{{card_number}}\n{SITE} directory acme {{ domain @acme.example\n{policies} }}"
    );
    let mut files = BTreeMap::from([("main.mfp".to_string(), text.into_bytes())]);
    let checked = language::check("main.mfp", &mut files, &SourceLimits::default());
    let plans = Plans::of(&checked.hir.expect("the set checks"));
    let (message, envelope, session) = (letter.parsed(), letter.envelope(), letter.session());
    let (lookups, received) = (Answers::new(Some(Answer::NotAsked)), letter.received.parse().unwrap());
    let case =
        Case { message: &message, envelope: &envelope, session: &session, received, lookups: &lookups };
    let agreed = plans.agree(case, policies);
    let holds = |at: u32| agreed.surveyed[0].contains(&Surveyed { position: at, holds: true });
    (0..).take(plans.hir().policies.len()).map(holds).collect()
}

/// The same for a letter with this body.
fn triggered_by(policies: &str, body: &str) -> Vec<bool> {
    let plain = letter("x@out.example", &["anna@acme.example"], "alpha");
    triggered(policies, &Letter { message: plain.message.replace("Text\r\n", body), ..plain })
}

#[test]
fn a_regex_that_was_counted_once_occurs_in_every_plan() {
    let policies = "content policy counted for recipients { when count(every /\\d{4}/ in body) >= 1 tag \"x\" }\n\
                    content policy asked for recipients { when body matches /\\d{4}/ tag \"x\" }";
    assert_eq!(triggered_by(policies, "number 4711\r\n"), [true, true]);
    assert_eq!(triggered_by(policies, "number 471\r\n"), [false, false]);
}

#[test]
fn a_regex_with_word_boundaries_and_no_fixed_text_wants_them_in_every_plan() {
    let policies = "content policy two for recipients { when body matches /\\b\\d{2}\\b/ tag \"x\" }\n\
                    content policy four for recipients { when body matches /\\b\\d{4}\\b/ tag \"x\" }";
    assert_eq!(triggered_by(policies, "number 4711\r\n"), [false, true]);
    assert_eq!(triggered_by(policies, "number 47 of a\r\n"), [true, false]);
}

#[test]
fn a_letter_that_only_lower_case_joins_with_its_mark_is_found_in_every_plan() {
    // Of a capital H with a line below the letter stays apart; folded, the two are one character.
    let policies = "content policy p for both { when body matches /secret[Hh]/ tag \"t\" }
        content policy q for both { when body matches /secret[H]/ tag \"t\" }
        content policy r for both { when body matches /secreth/ tag \"t\" }";
    assert_eq!(triggered_by(policies, "secretH\u{331}"), [true, true, false]);
}

#[test]
fn a_number_with_blanks_behind_its_digits_is_detected_in_every_plan() {
    let policies = "content policy cards for recipients { when body contains card_number tag \"x\" }";
    assert_eq!(triggered_by(policies, "Visa 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\r\n"), [true]);
}

#[test]
fn a_domain_that_a_policy_gives_where_there_is_none_compares_the_same_in_every_plan() {
    let nobody = Letter { from: None, ..letter("x@out.example", &["anna@acme.example"], "alpha") };
    let holds = triggered(
        "content policy given for recipients { when (sender.domain or @out.example) == @out.example tag \"x\" }\n\
         content policy another for recipients { when (sender.domain or @out.example) == @bank.example tag \"x\" }\n\
         content policy below for recipients { when (sender.domain or @*.example) == @*.example tag \"x\" }",
        &nobody,
    );
    assert_eq!(holds, [true, false, true]);
}
