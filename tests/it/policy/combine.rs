//! Conflicts on bare claims, where every rule can be seen alone.

use mailfw::language::hir::PolicyId;
use mailfw::plan::{CauseKind, CauseSet, Causes};
use mailfw::policy::combine::{Ask, Claim, Claimant, Decided, Rule, Settled, settle, settle_fate};
use mailfw::policy::outcome::{Fate, UNSCANNABLE};

fn claim(id: u32, depth: usize, value: Fate) -> Claim<Fate> {
    let name = format!("p{id}").into();
    Claim { by: Claimant { policy: PolicyId(id), depth, mandatory: false, manager: 0, name }, value }
}

fn mandatory(mut claim: Claim<Fate>) -> Claim<Fate> {
    claim.by.mandatory = true;
    claim
}

fn quarantine(folder: &str) -> Fate {
    Fate::Quarantine { folder: folder.into() }
}

fn rule_of(settled: &Settled<Fate>, loser: u32) -> Rule {
    settled.losses.iter().find(|loss| loss.loser == PolicyId(loser)).expect("a loss").rule
}

#[test]
fn nobody_claims_and_nothing_is_settled() {
    assert_eq!(settle::<Fate>(&[]), None);
}

#[test]
fn the_deeper_directory_wins_even_with_the_less_restrictive_value() {
    let settled = settle(&[claim(1, 0, Fate::Drop), claim(2, 1, Fate::Deliver)]).unwrap();
    assert_eq!((settled.by, settled.value.clone()), (PolicyId(2), Fate::Deliver));
    assert_eq!(rule_of(&settled, 1), Rule::DeeperDirectory);
}

#[test]
fn within_one_directory_values_rank_as_the_reference_lists_them() {
    let until = "2026-01-01T00:00:00Z".parse().unwrap();
    let approver = mailfw::policy::outcome::Approver::Directory("acme".into());
    let ladder = [
        Fate::Deliver,
        Fate::Defer { until, judge_again: false },
        Fate::Approve { by: approver, within: None, otherwise: None },
        quarantine("a"),
        Fate::Return { text: "r".into() },
        Fate::Drop,
    ];
    for (lower, low) in ladder.iter().enumerate() {
        for high in &ladder[lower + 1..] {
            // The policy whose name comes first must not win by its name.
            let settled = settle(&[claim(1, 0, low.clone()), claim(2, 0, high.clone())]).unwrap();
            assert_eq!(settled.value, *high);
            assert_eq!(rule_of(&settled, 1), Rule::MoreRestrictive);
        }
    }
    let equal = settle(&[
        claim(1, 0, Fate::Reject { text: "x".into() }),
        claim(2, 0, Fate::Return { text: "r".into() }),
    ]);
    assert_eq!(rule_of(&equal.unwrap(), 2), Rule::PolicyName, "return and reject rank alike");
}

#[test]
fn of_equals_the_later_moment_then_manager_order_then_the_name_decides() {
    let at = |text: &str| Fate::Defer { until: text.parse().unwrap(), judge_again: false };
    let settled =
        settle(&[claim(1, 0, at("2026-01-01T00:00:00Z")), claim(2, 0, at("2026-01-02T00:00:00Z"))]).unwrap();
    assert_eq!((settled.by, rule_of(&settled, 1)), (PolicyId(2), Rule::LaterMoment));

    let (mut first, second) = (claim(1, 0, quarantine("a")), claim(2, 0, quarantine("b")));
    first.by.manager = 4;
    let settled = settle(&[first.clone(), second.clone()]).unwrap();
    assert_eq!((settled.by, rule_of(&settled, 1)), (PolicyId(2), Rule::ManagerOrder));

    first.by.manager = 0;
    let settled = settle(&[second, first]).unwrap();
    assert_eq!((settled.by, rule_of(&settled, 2)), (PolicyId(1), Rule::PolicyName));
}

#[test]
fn a_mandatory_policy_is_not_lost_to_a_deeper_directory() {
    let outer = mandatory(claim(1, 0, quarantine("virus")));
    let settled = settle(&[outer.clone(), claim(2, 1, Fate::Deliver), claim(3, 2, Fate::Drop)]).unwrap();
    assert_eq!(settled.by, PolicyId(1));
    assert_eq!((rule_of(&settled, 2), rule_of(&settled, 3)), (Rule::Mandatory, Rule::Mandatory));

    // Two mandatory ones: the deeper cannot win against the outer either.
    let settled = settle(&[outer.clone(), mandatory(claim(2, 1, Fate::Deliver))]).unwrap();
    assert_eq!(settled.by, PolicyId(1));

    // In its own directory it competes like any other.
    let settled = settle(&[outer.clone(), claim(2, 0, Fate::Drop)]).unwrap();
    assert_eq!(settled.by, PolicyId(2));

    // A directory further out loses to it by depth.
    let deeper = mandatory(claim(1, 1, Fate::Deliver));
    assert_eq!(settle(&[claim(2, 0, Fate::Drop), deeper]).unwrap().by, PolicyId(1));
}

#[test]
fn who_wants_the_same_agrees_and_does_not_lose() {
    let settled = settle(&[claim(1, 0, quarantine("a")), claim(2, 1, quarantine("a"))]).unwrap();
    assert_eq!((settled.by, rule_of(&settled, 1)), (PolicyId(2), Rule::Agreed));
}

#[test]
fn the_order_of_claims_does_not_matter() {
    let claims = [
        claim(1, 0, Fate::Drop),
        mandatory(claim(2, 1, quarantine("a"))),
        claim(3, 1, quarantine("b")),
        claim(4, 2, Fate::Deliver),
    ];
    let expected = settle(&claims).unwrap();
    for rotation in 0..claims.len() {
        let mut turned = claims.to_vec();
        turned.rotate_left(rotation);
        assert_eq!(settle(&turned).unwrap().by, expected.by);
        turned.reverse();
        assert_eq!(settle(&turned).unwrap().by, expected.by);
    }
}

fn decided(claim: Claim<Fate>) -> Decided {
    Decided { claim, tests: CauseSet::NONE }
}

fn testing(claim: Claim<Fate>, kind: CauseKind) -> Decided {
    Decided { claim, tests: CauseSet::of(kind) }
}

fn ask(claim: Claim<Fate>, kind: CauseKind) -> Ask {
    Ask { claim, causes: Causes::of(kind, "a.zip") }
}

#[test]
fn nothing_less_restrictive_wins_against_an_undecided_policy() {
    let asks = [ask(claim(1, 0, quarantine(UNSCANNABLE)), CauseKind::Encrypted)];
    let settled = settle_fate(&[decided(claim(2, 3, Fate::Deliver))], &asks).unwrap();
    assert_eq!(settled.value, quarantine(UNSCANNABLE));
    assert_eq!(rule_of(&settled, 2), Rule::Undecided);
}

#[test]
fn something_more_restrictive_wins_by_the_ordinary_rules() {
    let asks = [ask(claim(1, 0, quarantine(UNSCANNABLE)), CauseKind::Encrypted)];
    let settled = settle_fate(&[decided(claim(2, 0, Fate::Drop))], &asks).unwrap();
    assert_eq!(settled.value, Fate::Drop);
}

#[test]
fn a_triggered_policy_that_tests_the_cause_wins() {
    let asks = [ask(claim(1, 0, quarantine(UNSCANNABLE)), CauseKind::Encrypted)];
    for depth in [0, 1] {
        let settled =
            settle_fate(&[testing(claim(2, depth, Fate::Deliver), CauseKind::Encrypted)], &asks).unwrap();
        assert_eq!(settled.value, Fate::Deliver);
        assert_eq!(rule_of(&settled, 1), Rule::CauseTested);
    }
    let settled = settle_fate(&[testing(claim(2, 1, Fate::Deliver), CauseKind::Corrupt)], &asks).unwrap();
    assert_eq!(settled.value, quarantine(UNSCANNABLE), "it tests another cause");
}

#[test]
fn a_test_of_the_cause_further_down_does_not_win_against_a_mandatory_undecided_policy() {
    let asks = [ask(mandatory(claim(1, 0, quarantine(UNSCANNABLE))), CauseKind::Encrypted)];
    let deeper = testing(claim(2, 1, Fate::Deliver), CauseKind::Encrypted);
    assert_eq!(settle_fate(&[deeper], &asks).unwrap().value, quarantine(UNSCANNABLE));
}

#[test]
fn every_cause_must_be_tested() {
    let causes = Causes::of(CauseKind::Encrypted, "a.zip").union(&Causes::of(CauseKind::Corrupt, "b.zip"));
    let asks = [Ask { claim: claim(1, 0, quarantine(UNSCANNABLE)), causes }];
    let one = testing(claim(2, 0, Fate::Deliver), CauseKind::Encrypted);
    let other = testing(claim(3, 0, Fate::Deliver), CauseKind::Corrupt);
    assert_eq!(settle_fate(std::slice::from_ref(&one), &asks).unwrap().value, quarantine(UNSCANNABLE));
    assert_eq!(settle_fate(&[one, other], &asks).unwrap().value, Fate::Deliver);
}

#[test]
fn a_deeper_policy_is_told_that_it_lost_to_the_mandatory_one_though_another_of_its_directory_won() {
    let settled = settle(&[
        mandatory(claim(1, 0, quarantine("a"))),
        claim(2, 0, Fate::Drop),
        claim(3, 1, Fate::Deliver),
    ])
    .unwrap();
    assert_eq!(settled.by, PolicyId(2));
    let lost = |loser| {
        settled.losses.iter().find(|loss| loss.loser == PolicyId(loser)).map(|loss| (loss.to, loss.rule))
    };
    assert_eq!(lost(3), Some((PolicyId(1), Rule::Mandatory)));
    assert_eq!(lost(1), Some((PolicyId(2), Rule::MoreRestrictive)));
}
