//! What holds for any set: order is not the author's tool, and nobody is lost.

use super::support::{SITE, engine, letter};
use mailfw::policy::engine::Decision;
use mailfw::policy::outcome::Fate;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Policies of one directory and of a deeper one, by index.
pub const OUTER: &[&str] = &[
    "access policy a for senders { when subject contains \"a\" tag \"a\" then defer for 1 hours }",
    "virus policy b for both { when subject contains \"b\" tag \"b\" notify sec@acme.example using note then quarantine in one }",
    "content policy c for both { when subject contains \"c\" severity high then quarantine in two }",
    "content policy d for senders mandatory { when subject contains \"d\" then return \"d\" }",
    "format policy e for recipients { when subject contains \"e\" set priority high then deliver }",
    "content policy f for senders observe { when subject contains \"f\" then drop }",
];
pub const INNER: &[&str] = &[
    "content policy g for senders overrides a { when subject contains \"g\" tag \"g\" then deliver }",
    "content policy h for both { when subject contains \"h\" set priority low then quarantine in one }",
    "except b, c when subject contains \"i\" and recipient outside site",
    "security policy j for senders { when subject contains \"j\" then approve by boss@acme.example }",
];
pub const PEOPLE: &[&str] = &["outer@acme.example", "inner@acme.example", "x@out.example", "y@out.example"];

pub fn set(outer: &[usize], inner: &[usize]) -> String {
    let pick = |all: &[&str], order: &[usize]| order.iter().map(|&at| all[at]).collect::<Vec<_>>().join("\n");
    format!(
        "{SITE} directory acme {{ domain @acme.example\n{}\ndirectory inner {{ user inner@acme.example\n{}\n}} }}",
        pick(OUTER, outer),
        pick(INNER, inner)
    )
}

/// What happens, without the order in which effects add up.
fn happens(decision: &Decision) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for group in &decision.record.as_ref().unwrap().groups {
        let outcome = &group.outcome;
        let tags: BTreeSet<&String> = outcome.tags.iter().collect();
        let who: Vec<&str> = group.recipients.iter().map(|known| known.address.as_str()).collect();
        let priority = outcome.priority.as_ref().map(|chosen| &chosen.value);
        all.push(format!(
            "{who:?} {} {:?} {:?} {tags:?} {priority:?} {:?}",
            outcome.words, outcome.reason, outcome.by, outcome.severity
        ));
    }
    let mut told: Vec<String> = decision
        .record
        .as_ref()
        .unwrap()
        .notifications
        .iter()
        .map(|known| format!("{} {} {:?}", known.to, known.template, known.recipients))
        .collect();
    told.sort();
    all.extend(told);
    all
}

fn shuffled(count: usize) -> impl Strategy<Value = Vec<usize>> {
    Just((0..count).collect::<Vec<usize>>()).prop_shuffle()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn policies_may_be_written_in_any_order(
        outer in shuffled(OUTER.len()),
        inner in shuffled(INNER.len()),
        subjects in proptest::collection::vec("[a-j ]{0,6}", 8),
    ) {
        let straight = engine(&set(&(0..OUTER.len()).collect::<Vec<_>>(), &(0..INNER.len()).collect::<Vec<_>>()));
        let turned = engine(&set(&outer, &inner));
        for subject in subjects {
            for from in &PEOPLE[..3] {
                let letter = letter(from, PEOPLE, &subject);
                prop_assert_eq!(happens(&letter.decide(&straight)), happens(&letter.decide(&turned)));
            }
        }
    }

    #[test]
    fn every_recipient_is_in_exactly_one_group(
        outer in shuffled(OUTER.len()),
        kept in 0..OUTER.len(),
        subject in "[a-j]{0,6}",
        sender in 0..PEOPLE.len(),
    ) {
        let engine = engine(&format!(
            "{SITE} directory acme {{ domain @acme.example {} }}",
            outer[..kept].iter().map(|&at| OUTER[at]).collect::<Vec<_>>().join("\n")
        ));
        let decision = letter(PEOPLE[sender], PEOPLE, &subject).decide(&engine);
        let mut all: Vec<usize> = decision.groups.iter().flat_map(|group| group.recipients.clone()).collect();
        all.sort_unstable();
        prop_assert_eq!(all, (0..PEOPLE.len()).collect::<Vec<_>>());
        prop_assert_eq!(decision.groups.len(), decision.record.as_ref().unwrap().groups.len());
        for (at, group) in decision.groups.iter().enumerate() {
            prop_assert!(!group.recipients.is_empty());
            let equal = decision.groups[..at].iter().any(|other| other.outcome == group.outcome);
            prop_assert!(!equal, "equal outcomes share one copy");
            // Who has no home in the set and writes to nobody in it has no policies, hence is delivered.
            if group.outcome.fate != Fate::Deliver {
                prop_assert!(group.outcome.by.is_some());
            }
        }
    }
}
