//! Generated policies check, compile and judge every message; the same condition said in another way has the same answer;
//! the same set written in another order or another layout has the same outcomes.

use super::super::support::{Letter, SITE, engine, letter};
use super::grammar::USES;
use super::policies::{ITEMS, condition, policy, set};
use mailfw::base::limits::SourceLimits;
use mailfw::base::source::SourceId;
use mailfw::language::format::format;
use mailfw::language::syntax;
use mailfw::policy::engine::{Decision, Engine};
use mailfw::policy::record::{PolicyRecord, PolicyResult};
use proptest::prelude::*;
use std::collections::BTreeMap;

const PEOPLE: &[&str] = &["anna@acme.example", "ceo@acme.example", "desk@bank.example", "x@out.example"];

/// Letters of several kinds; the last two cannot be read whole.
pub fn letters() -> Vec<Letter> {
    let with = |from, head: &str, body: &str| {
        let mut letter = letter(from, PEOPLE, "alpha beta 4111");
        let (fields, _) = letter.message.split_once("Content-Type").unwrap();
        letter.message = format!("{fields}{head}\r\n\r\n{body}\r\n");
        letter
    };
    let mixed = "Content-Type: multipart/mixed; boundary=b\r\nX-Note: alpha\r\nX-Priority: 5";
    vec![
        with(
            "anna@acme.example",
            "Content-Type: text/plain",
            "Alpha alpha 12345, gammma http://evil.example/",
        ),
        with(
            "x@out.example",
            "Content-Type: multipart/alternative; boundary=b",
            "--b\r\nContent-Type: text/plain\r\n\r\nbeta 4711\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>be<b>ta</b> 4711</p>\r\n--b--",
        ),
        with(
            "ceo@acme.example",
            mixed,
            "--b\r\n\r\nomega\r\n--b\r\nContent-Type: text/plain; name=a.txt\r\nContent-Disposition: attachment\r\n\r\nalpha 99999\r\n--b--",
        ),
        with(
            "x@out.example",
            mixed,
            "--b\r\n\r\nalpha\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n%PDF-1.4\r\n/Encrypt 1 0 R\r\n%%EOF\r\n--b--",
        ),
        with(
            "anna@acme.example",
            mixed,
            "--b\r\n\r\nbeta\r\n--b\r\nContent-Type: application/zip; name=a.zip\r\n\r\nPK\x03\x04 cut\r\n--b--",
        ),
    ]
}

/// What becomes of each recipient, and of each policy for them, without the order of effects that add up.
fn outcomes(decision: &Decision) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for group in &decision.record.as_ref().unwrap().groups {
        let mut tags = group.outcome.tags.clone();
        tags.sort();
        for recipient in &group.recipients {
            let mut policies: Vec<String> = group
                .policies
                .iter()
                .filter(|entry| speaks_of(entry, &recipient.address))
                .map(|entry| format!("{} {} {:?}", entry.policy, entry.side, entry.result))
                .collect();
            policies.sort();
            let words = format!("{} {tags:?} {:?} {policies:?}", group.outcome.words, group.outcome.severity);
            all.insert(recipient.address.clone(), words);
        }
    }
    all
}

fn speaks_of(entry: &PolicyRecord, recipient: &str) -> bool {
    entry.recipients.is_empty() || entry.recipients.iter().any(|other| other == recipient)
}

fn formatted(text: &str) -> String {
    format(&syntax::parse(SourceId(0), text, &SourceLimits::default()).file, text)
}

/// The results of a policy on the sender's side, for each recipient.
fn results(decision: &Decision, policy: &str) -> BTreeMap<String, PolicyResult> {
    let mut all = BTreeMap::new();
    for group in &decision.record.as_ref().unwrap().groups {
        for recipient in &group.recipients {
            let entry = group.policies.iter().find(|entry| {
                entry.policy == policy && entry.side == "sender" && speaks_of(entry, &recipient.address)
            });
            all.insert(recipient.address.clone(), entry.expect("a candidate").result);
        }
    }
    all
}

fn judged(engine: &Engine, letter: &Letter) -> Result<Decision, TestCaseError> {
    let decision = letter.decide(engine);
    let mut recipients: Vec<usize> =
        decision.groups.iter().flat_map(|group| group.recipients.clone()).collect();
    recipients.sort_unstable();
    prop_assert_eq!(recipients, (0..PEOPLE.len()).collect::<Vec<_>>(), "every recipient has one outcome");
    Ok(decision)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_generated_set_has_the_same_outcomes_in_any_order_and_layout(policies in proptest::collection::vec(policy(), 1..7)) {
        let straight = set(&policies, false);
        let engines = [engine(&straight), engine(&set(&policies, true)), engine(&formatted(&straight))];
        for letter in letters() {
            let first = outcomes(&judged(&engines[0], &letter)?);
            prop_assert_eq!(&first, &outcomes(&judged(&engines[1], &letter)?), "order");
            prop_assert_eq!(&first, &outcomes(&judged(&engines[2], &letter)?), "layout");
        }
    }

    #[test]
    fn a_condition_said_in_another_way_has_the_same_answer(first in condition(), second in condition()) {
        let policy = |name: &str, clauses: &str| format!("content policy {name} for senders {{ {clauses} tag \"x\" then quarantine in one }}\n");
        let both = format!("({first}) and ({second})");
        let either = format!("not (not ({first}) and not ({second}))");
        let engine = engine(&format!(
            "{}{SITE}{ITEMS}directory acme {{ domain @acme.example\ndirectory board {{ user ceo@acme.example }}\n{}{}{}{}{}{}{}}}\n\
             directory partners {{ domain @bank.example }}",
            *USES,
            policy("plain", &format!("when {first}")),
            policy("excepted", &format!("unless {first}")),
            policy("twice_denied", &format!("when not (not ({first}))")),
            policy("joined", &format!("when {both}")),
            policy("in_turn", &format!("when {second} when {first}")),
            policy("either", &format!("when ({second}) or ({first})")),
            policy("either_denied", &format!("when {either}")),
        ));
        for letter in letters().iter().filter(|letter| letter.inside) {
            let decision = judged(&engine, letter)?;
            prop_assert_eq!(results(&decision, "plain"), results(&decision, "twice_denied"));
            prop_assert_eq!(results(&decision, "joined"), results(&decision, "in_turn"));
            prop_assert_eq!(results(&decision, "either"), results(&decision, "either_denied"));
            for (recipient, result) in results(&decision, "plain") {
                let excepted = results(&decision, "excepted")[&recipient];
                let opposite = match result {
                    PolicyResult::Triggered => PolicyResult::NotTriggered,
                    PolicyResult::NotTriggered => PolicyResult::Triggered,
                    other => other,
                };
                prop_assert_eq!(excepted, opposite, "`unless` is the contrary of `when` for {}", recipient);
            }
        }
    }
}
