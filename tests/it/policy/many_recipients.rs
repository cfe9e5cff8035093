//! Messages to very many recipients: the work grows with their number, not with its square.

use super::support::{SITE, address, engine};
use mailfw::base::limits::MessageLimits;
use mailfw::message::Message;
use mailfw::message::envelope::{Envelope, Recipient, Session};
use mailfw::plan::{Answer, Answers, Case};
use mailfw::policy::engine::{Decision, Detail, Judging};
use mailfw::policy::outcome::{Fate, Outcome, Reason, split};

const MANY: usize = 20_000;

fn outcome(tag: usize) -> Outcome {
    Outcome {
        fate: Fate::Deliver,
        reason: Reason::NoPolicy,
        by: None,
        going: None,
        held_by: Vec::new(),
        encrypt: None,
        sign: None,
        priority: None,
        route: None,
        redirect: None,
        severity: None,
        tags: vec![tag.to_string().into()],
        edits: Vec::new(),
    }
}

/// Decides a message to recipients of five domains in turn.
fn decided(policies: &str, many: usize) -> Decision {
    let engine = engine(&format!("{SITE} directory acme {{ domain @acme.example {policies} }}"));
    let recipients = (0..many).map(|at| {
        let text = format!("r{at}@d{}.example", at % 5);
        Recipient { address: address(&text), text: text.into() }
    });
    let envelope = Envelope {
        sender: Some(address("a@acme.example")),
        sender_text: "a@acme.example".into(),
        recipients: recipients.collect(),
    };
    let bytes = b"From: a@acme.example\r\nSubject: Hello\r\n\r\nText\r\n".to_vec();
    let message = Message::parse(bytes, &MessageLimits::default());
    let session = Session { client_ip: Some("10.0.0.1".parse().unwrap()), ..Session::default() };
    let answers = Answers::new(Some(Answer::NotAsked));
    let received = "2026-01-01T12:00:00Z".parse().unwrap();
    let case =
        Case { message: &message, envelope: &envelope, session: &session, received, lookups: &answers };
    engine.decide(case, &Judging::default(), Detail::Record).expect("all answers are there")
}

#[test]
fn twenty_thousand_recipients_with_five_outcomes_are_five_groups() {
    let decision = decided(
        "content policy zero for senders { when recipient in @d0.example then quarantine in one }
         content policy one for senders { when recipient in @d1.example then drop }
         content policy two for senders { when recipient in @d2.example tag \"two\" }
         content policy three for senders { when recipient in @d3.example set priority low }",
        MANY,
    );
    assert_eq!(decision.groups.len(), 5);
    for (at, group) in decision.groups.iter().enumerate() {
        let wanted: Vec<usize> = (at..MANY).step_by(5).collect();
        assert_eq!(group.recipients, wanted, "groups stand in the order of their first recipients");
    }
    let names: Vec<&str> = decision.groups.iter().map(|group| group.outcome.fate.name()).collect();
    assert_eq!(names, ["quarantine", "drop", "deliver", "deliver", "deliver"]);
    assert_eq!(decision.groups[2].outcome.tags, ["two".into()]);
    assert!(decision.groups[3].outcome.priority.is_some());
}

#[test]
fn each_of_very_many_recipients_may_have_an_outcome_of_its_own() {
    // Each outcome occurs twice, the second time in the opposite order.
    let outcomes: Vec<Outcome> = (0..MANY).chain((0..MANY).rev()).map(outcome).collect();
    let groups = split(&outcomes);
    assert_eq!(groups.len(), MANY);
    for (at, group) in groups.iter().enumerate() {
        assert_eq!(group.recipients, [at, 2 * MANY - 1 - at]);
        assert_eq!(group.outcome.tags, [at.to_string().into()]);
    }
}

#[test]
fn very_many_people_are_told_and_get_copies_once_each_in_the_order_of_recipients() {
    const MANY: usize = 5_000;
    let decision = decided(
        "content policy told for senders { notify recipient using note notify sender using note \
         attach headers copy to recipient original copy to recipient processed tag \"{recipient.domain}\" }",
        MANY,
    );
    assert_eq!(decision.groups.len(), 5);
    let (own, sender): (Vec<_>, Vec<_>) =
        decision.notifications.iter().partition(|told| *told.to.domain != *"acme.example");
    assert_eq!((own.len(), sender.len()), (MANY, 1));
    assert_eq!(sender[0].recipients, (0..MANY).collect::<Vec<_>>(), "one notification lists them all");
    for (at, told) in own.iter().enumerate() {
        assert_eq!(
            (told.to.to_string(), &told.recipients),
            (format!("r{at}@d{}.example", at % 5), &vec![at])
        );
    }
    assert_eq!(decision.copies.len(), 2 * MANY);
    let of_first_group = decision.copies.iter().filter(|copy| copy.group == 0);
    let wanted =
        (0..MANY).step_by(5).flat_map(|at| [format!("r{at}@d0.example"), format!("r{at}@d0.example")]);
    assert_eq!(
        of_first_group.map(|copy| copy.to.to_string()).collect::<Vec<_>>(),
        wanted.collect::<Vec<_>>()
    );
}
