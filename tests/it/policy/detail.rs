//! A decision comes to the same whether a record is made of it or not, and without one sleeping policies are not judged.

use super::corpus::corpus;
use super::examples::{files, folder};
use super::support::{Letter, SITE, address, engine, engine_of, letter};
use super::{generated, properties};
use mailfw::base::limits::MessageLimits;
use mailfw::message::Message;
use mailfw::message::envelope::{Envelope, Recipient, Session};
use mailfw::plan::{Answer, Answers, Case, Question};
use mailfw::policy::engine::{Decision, Detail, Engine, Judging, PolicyKey};
use mailfw::policy::mailboxes::Mailboxes;
use mailfw::policy::outcome::Fate;
use mailfw::policy::record::PolicyResult;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn decided(engine: &Engine, case: Case<'_>, judging: &Judging, detail: Detail) -> Decision {
    engine.decide(case, judging, detail).expect("all answers are there")
}

/// Whether a policy had a say.
fn spoke(result: PolicyResult) -> bool {
    use PolicyResult::{Excepted, Released, Triggered, Undecided};
    matches!(result, Triggered | Undecided | Excepted | Released)
}

/// What a policy did for a recipient, for those that had a say.
pub fn said(decision: &Decision, recipient: usize) -> BTreeSet<String> {
    let of_recipient = decision.judged.iter().filter(|judged| judged.recipient == recipient);
    of_recipient
        .filter(|judged| spoke(judged.result))
        .map(|judged| {
            format!("{:?} {:?} {:?} {}", judged.policy, judged.side, judged.result, judged.observed)
        })
        .collect()
}

/// Decides with every detail and compares; gives the decision without a record.
fn compared(engine: &Engine, case: Case<'_>, judging: &Judging) -> Decision {
    let [full, brief, hits] =
        [Detail::Record, Detail::Outcomes, Detail::Hits].map(|detail| decided(engine, case, judging, detail));
    for other in [&brief, &hits] {
        assert_eq!(full.groups.len(), other.groups.len(), "groups");
        for (group, same) in full.groups.iter().zip(&other.groups) {
            assert_eq!(group.recipients, same.recipients);
            assert_eq!(group.outcome, same.outcome);
        }
        assert_eq!(full.notifications, other.notifications);
        assert_eq!(full.copies, other.copies);
        for recipient in 0..case.envelope.recipients.len() {
            assert_eq!(said(&full, recipient), said(other, other.settled_as[recipient]), "of {recipient}");
        }
    }
    assert_eq!(full.settled_as, (0..case.envelope.recipients.len()).collect::<Vec<_>>());
    assert!(brief.record.is_none());
    let full_record = full.record.as_ref().unwrap();
    match &hits.record {
        Some(record) => {
            let mut same = full_record.clone();
            same.groups.iter_mut().for_each(|group| group.policies.retain(|policy| spoke(policy.result)));
            assert_eq!(*record, same);
        }
        None => {
            let mut policies = full_record.groups.iter().flat_map(|group| &group.policies);
            assert!(
                policies.all(|policy| !matches!(
                    policy.result,
                    PolicyResult::Triggered | PolicyResult::Undecided
                ))
            );
        }
    }
    brief
}

fn compared_letter(engine: &Engine, letter: &Letter) -> Decision {
    let (message, envelope, session) = (letter.parsed(), letter.envelope(), letter.session());
    let mut lookups = Answers::new(Some(Answer::NotAsked));
    lookups.insert(Question::Virus, Answer::Virus(None));
    let received = letter.received.parse().unwrap();
    let case =
        Case { message: &message, envelope: &envelope, session: &session, received, lookups: &lookups };
    compared(engine, case, &Judging::default())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn generated_sets_decide_the_same_with_and_without_a_record(
        policies in proptest::collection::vec(generated::policies::policy(), 1..9),
    ) {
        let engine = engine(&generated::policies::set(&policies, false));
        for letter in generated::letters() {
            compared_letter(&engine, &letter);
        }
    }

    #[test]
    fn exceptions_overrides_and_conflicts_come_to_the_same_with_and_without_a_record(
        subject in "[a-j]{0,6}",
        sender in 0..properties::PEOPLE.len(),
    ) {
        let all = |count: usize| (0..count).collect::<Vec<_>>();
        let engine = engine(&properties::set(&all(properties::OUTER.len()), &all(properties::INNER.len())));
        compared_letter(&engine, &letter(properties::PEOPLE[sender], properties::PEOPLE, &subject));
    }
}

/// Judges all mail of a mailbox, each message from and to these.
fn compared_mail(engine: &Engine, mailbox: std::path::PathBuf, from: &str, to: &[&str]) -> usize {
    let recipients = to.iter().map(|to| Recipient { address: address(to), text: (*to).into() }).collect();
    let envelope = Envelope { sender: Some(address(from)), sender_text: from.into(), recipients };
    let session = Session { client_ip: Some("10.0.0.1".parse().unwrap()), ..Session::default() };
    let mut lookups = Answers::new(Some(Answer::NotAsked));
    lookups.insert(Question::Virus, Answer::Virus(None));
    let mut judged = 0;
    for item in Mailboxes::open(&[mailbox], &MessageLimits::default()) {
        let message = Message::parse(item.unwrap().bytes, &MessageLimits::default());
        let received = message.date().unwrap_or("2026-01-01T00:00:00Z".parse().unwrap());
        let case =
            Case { message: &message, envelope: &envelope, session: &session, received, lookups: &lookups };
        judged += compared(engine, case, &Judging::default()).judged.len();
    }
    judged
}

#[test]
fn the_mail_of_the_examples_is_decided_the_same_with_and_without_a_record() {
    for (example, from, to) in [
        ("acme", "anna@acme.example", ["buyer@shop.example", "ben@acme.example", "x@out.example"]),
        ("acme", "x@out.example", ["anna@acme.example", "ben@acme.example", "ceo@acme.example"]),
        (
            "figure4",
            "u408@d404.corp.example",
            ["u406@d404.corp.example", "u414@d412.corp.example", "x@partner.example"],
        ),
    ] {
        let engine = engine_of("main.mfp", &mut files(&folder(example)));
        let judged = compared_mail(&engine, folder(example).join("mailbox"), from, &to);
        assert!(judged > 10, "{example}: {judged} policies had a say");
    }
}

#[test]
fn real_mail_is_decided_the_same_with_and_without_a_record() {
    let Some(mailbox) = corpus("mbox/trial.mbox") else { return };
    let engine = engine_of("main.mfp", &mut files(&folder("acme")));
    let to = ["buyer@shop.example", "ben@acme.example", "x@out.example"];
    let judged = compared_mail(&engine, mailbox, "anna@acme.example", &to);
    assert!(judged >= 600, "only {judged} policies had a say");
}

/// A set with many policies of which few wake, in two directories.
fn sleepers(count: usize, extra: &str) -> Engine {
    let sleeping: String = (0..count)
        .map(|at| {
            format!("content policy s{at} for both {{ when subject contains \"word{at}x\" quarantine }}\n")
        })
        .collect::<String>()
        .replace("quarantine", "then quarantine in one");
    engine(&format!(
        "{SITE} directory acme {{ domain @acme.example\n{sleeping}
         content policy wakes for both {{ when subject contains \"bluebird\" tag \"blue\" then quarantine in two }}
         directory board {{ domain @board.acme.example
            content policy b for recipients {{ tag \"board\" }}\n{extra} }} }}"
    ))
}

/// Decides a message to so many recipients of two directories and of none.
fn to_many(engine: &Engine, count: usize, subject: &str) -> Decision {
    let recipients = (0..count).map(|at| {
        let text = match at % 3 {
            0 => format!("r{at}@acme.example"),
            1 => format!("r{at}@board.acme.example"),
            _ => format!("r{at}@out.example"),
        };
        Recipient { address: address(&text), text: text.into() }
    });
    let from = "x@out.example";
    let recipients = recipients.collect();
    let envelope = Envelope { sender: Some(address(from)), sender_text: from.into(), recipients };
    let message = letter(from, &["list@acme.example"], subject).parsed();
    let session = Session::default();
    let lookups = Answers::new(Some(Answer::NotAsked));
    let received = "2026-01-01T12:00:00Z".parse().unwrap();
    let case =
        Case { message: &message, envelope: &envelope, session: &session, received, lookups: &lookups };
    match count {
        0..100 => compared(engine, case, &Judging::default()),
        _ => decided(engine, case, &Judging::default(), Detail::Outcomes),
    }
}

#[test]
fn a_thousand_recipients_of_two_directories_and_none_are_settled_three_times() {
    let engine = sleepers(1_000, "");
    let decision = to_many(&engine, 1_000, "a bluebird");
    assert_eq!(decision.settlings(), 3);
    // In each directory one policy wakes, and the board's own always does.
    assert_eq!(decision.judged.len(), 3);
    assert_eq!(decision.groups.len(), 3);
    assert_eq!(decision.groups.iter().map(|group| group.recipients.len()).sum::<usize>(), 1_000);
    let asleep = to_many(&engine, 1_000, "nothing");
    assert_eq!((asleep.settlings(), asleep.judged.len()), (3, 1));
}

#[test]
fn recipients_are_settled_alone_where_an_effect_a_text_or_an_exception_speaks_of_them() {
    for extra in [
        "content policy t for recipients { tag \"for {recipient}\" }",
        "content policy t for recipients { annotate header \"X-For\" \"{recipient}\" }",
        "content policy t for recipients { because \"{recipient}\" annotate header \"X-Why\" \"{policy.because}\" }",
        "content policy t for recipients { copy to recipient }",
        "content policy t for recipients { tag \"t\" }\nexcept t when recipient in [r1@board.acme.example]",
    ] {
        let decision = to_many(&sleepers(5, extra), 30, "nothing");
        assert_eq!(decision.settlings(), 10 + 2, "{extra}");
    }
    for extra in [
        "content policy t for recipients { notify sender using note }",
        "content policy t for recipients { because \"{recipient}\" tag \"{subject}\" }",
        "content policy t for recipients observe { tag \"for {recipient}\" }",
        "content policy t for recipients { tag \"t\" }\nexcept t when subject contains \"x\"",
    ] {
        let decision = to_many(&sleepers(5, extra), 30, "nothing");
        assert_eq!(decision.settlings(), 3, "{extra}");
    }
}

#[test]
fn recipients_for_whom_other_policies_trigger_are_settled_by_their_answers() {
    let decision = to_many(
        &sleepers(
            5,
            "content policy t for recipients { when recipient in [r1@board.acme.example, r4@board.acme.example] tag \"t\" }",
        ),
        30,
        "nothing",
    );
    assert_eq!(decision.settlings(), 4);
    let tagged: Vec<_> =
        decision.groups.iter().filter(|group| group.outcome.tags.contains(&"t".into())).collect();
    assert_eq!(tagged.len(), 1);
    assert_eq!(tagged[0].recipients, [1, 4]);
}

#[test]
fn a_chain_with_dated_policies_is_right_at_every_moment() {
    let engine = engine(&format!(
        "{SITE} directory acme {{ domain @acme.example
            content policy winter for senders from 2026-01-01 until 2026-02-01 {{ then quarantine in one }}
            content policy always for senders {{ tag \"always\" }}
            directory deep {{ user deep@acme.example
                content policy spring for senders overrides always from 2026-01-15 until 2026-03-01 {{ tag \"spring\" }} }} }}"
    ));
    let mut seen = BTreeSet::new();
    // Mail is older and younger than what was judged before.
    for day in [40, 5, 70, 20, 1, 58, 31, 45, 14, 15, 59, 60] {
        for from in ["a@acme.example", "deep@acme.example"] {
            let mut letter = letter(from, &["x@out.example"], "s");
            let at: jiff::Timestamp = "2025-12-31T23:00:00Z".parse().unwrap();
            let received = (at + jiff::SignedDuration::from_hours(24 * day)).to_string();
            letter.received = received.leak();
            let outcome = &compared_letter(&engine, &letter).groups[0].outcome;
            let held = matches!(&outcome.fate, Fate::Quarantine { .. });
            assert_eq!(held, (1..32).contains(&day), "{from} on day {day}");
            let spring = from.starts_with("deep") && (15..60).contains(&day);
            assert_eq!(
                outcome.tags,
                [if spring { "spring" } else { "always" }.into()],
                "{from} on day {day}"
            );
            seen.insert((held, spring));
        }
    }
    assert_eq!(seen.len(), 4, "every period was seen");
}

#[test]
fn a_message_released_past_policies_comes_to_the_same_with_and_without_a_record() {
    let engine = engine(&format!(
        "{SITE} directory acme {{ domain @acme.example
            content policy p for senders {{ when subject contains \"s\" notify sender using note then quarantine in one }}
            content policy q for senders {{ when subject contains \"s\" tag \"q\" notify sender using note then quarantine in two }}
            content policy z for senders {{ when subject contains \"z\" then drop }} }}"
    ));
    let letter = letter("a@acme.example", &["x@out.example", "y@out.example"], "s");
    let (message, envelope, session) = (letter.parsed(), letter.envelope(), letter.session());
    let lookups = Answers::new(Some(Answer::NotAsked));
    let received = letter.received.parse().unwrap();
    let case =
        Case { message: &message, envelope: &envelope, session: &session, received, lookups: &lookups };
    let key = |name: &str| PolicyKey { directory: "acme".into(), policy: name.into() };
    let judging =
        Judging { past: [key("p")].into(), done: [key("q")].into(), now: None, ..Judging::default() };
    let decision = compared(&engine, case, &judging);
    assert!(decision.groups[0].outcome.tags.is_empty() && decision.notifications.is_empty());
    let results: Vec<PolicyResult> = decision.judged.iter().map(|judged| judged.result).take(2).collect();
    assert_eq!(results, [PolicyResult::Released, PolicyResult::Triggered]);
}

#[test]
fn texts_that_name_what_was_found_are_the_same_with_and_without_a_record() {
    let engine = engine(&format!(
        "{SITE} template found {{ subject \"{{policy.because}}\" text \"{{policy.matches}} for {{recipient}}\" }}
         directory acme {{ domain @acme.example
            content policy a for senders {{ when subject contains word \"bluebird\" tag \"{{policy.matches}}\" }}
            content policy b for senders {{ because \"it flies, {{subject}}\" when subject contains \"fl\" notify sender using found }}
            content policy c for senders {{ when recipient in [x@out.example] when subject contains \"bluebird\" annotate header \"X-C\" \"{{policy.matches}}\" }} }}"
    ));
    let letter =
        letter("a@acme.example", &["x@out.example", "y@out.example", "z@out.example"], "A bluebird flies");
    let decision = compared_letter(&engine, &letter);
    let first = &decision.groups[0].outcome;
    assert_eq!(first.tags.iter().map(|tag| tag.to_lowercase()).collect::<Vec<_>>(), ["bluebird"]);
    let content = &decision.notifications[0].content;
    assert_eq!(content.subject.as_deref(), Some("it flies, A bluebird flies"));
    assert_eq!(content.text.as_deref(), Some("fl for x@out.example, y@out.example, z@out.example"));
}
