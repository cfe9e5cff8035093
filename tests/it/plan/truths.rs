//! Three-valued truth, bounds of numbers, and texts with values.

use mailfw::language::hir::CompareOperator;
use mailfw::plan::text::{Escape, duration, escaped, size};
use mailfw::plan::value::Bounds;
use mailfw::plan::{Cause, CauseKind, CauseSet, Causes, Truth};
use proptest::prelude::*;

fn truth() -> impl Strategy<Value = Truth> {
    prop_oneof![
        Just(Truth::False),
        Just(Truth::True),
        (0..CauseKind::ALL.len(), "[a-c]")
            .prop_map(|(kind, place)| { Truth::Unknown(Causes::of(CauseKind::ALL[kind], place)) }),
    ]
}

proptest! {
    #[test]
    fn not_of_and_is_or_of_nots(left in truth(), right in truth()) {
        prop_assert_eq!(!left.clone().and(right.clone()), (!left.clone()).or(!right.clone()));
        prop_assert_eq!(!left.clone().or(right.clone()), (!left).and(!right));
    }

    #[test]
    fn the_order_of_clauses_changes_nothing(mut truths in proptest::collection::vec(truth(), 1..6)) {
        let all = |truths: &[Truth]| truths.iter().cloned().fold(Truth::True, Truth::and);
        let any = |truths: &[Truth]| truths.iter().cloned().fold(Truth::False, Truth::or);
        let (and, or) = (all(&truths), any(&truths));
        truths.reverse();
        prop_assert_eq!(&all(&truths), &and);
        prop_assert_eq!(&any(&truths), &or);
        truths.rotate_left(1);
        prop_assert_eq!(&all(&truths), &and);
        prop_assert_eq!(&any(&truths), &or);
    }

    #[test]
    fn bounds_decide_only_what_every_number_within_them_decides(
        low in 0_i64..6, span in 0_i64..4, other in 0_i64..8, open in any::<bool>(), at in 0..6_usize,
    ) {
        let operator = [
            CompareOperator::Equal,
            CompareOperator::NotEqual,
            CompareOperator::Less,
            CompareOperator::LessOrEqual,
            CompareOperator::Greater,
            CompareOperator::GreaterOrEqual,
        ][at];
        let holds = |number: i64| match operator {
            CompareOperator::Equal => number == other,
            CompareOperator::NotEqual => number != other,
            CompareOperator::Less => number < other,
            CompareOperator::LessOrEqual => number <= other,
            CompareOperator::Greater => number > other,
            CompareOperator::GreaterOrEqual => number >= other,
        };
        // An open end stands for numbers far beyond all that are compared.
        let high = if open { 100 } else { low + span };
        let answers: Vec<bool> = (low..=high).map(holds).collect();
        let expected = if answers.iter().all(|&answer| answer) {
            Truth::True
        } else if answers.iter().any(|&answer| answer) {
            Truth::Unknown(Causes::of(CauseKind::Encrypted, "a"))
        } else {
            Truth::False
        };
        let bounds = Bounds {
            low: Some(low),
            high: (!open).then_some(high),
            causes: Some(Causes::of(CauseKind::Encrypted, "a")),
        };
        let exact = Bounds { low: Some(other), high: Some(other), causes: None };
        prop_assert_eq!(bounds.compare(operator, &exact), expected);
    }

    #[test]
    fn no_value_writes_markup_or_header_fields(value in "\\PC{0,20}[<>&\"'\r\n\u{0}]\\PC{0,20}") {
        let html = escaped(&value, Escape::Html);
        prop_assert!(!html.contains(['<', '>', '"', '\'']));
        let header = escaped(&value, Escape::Header);
        prop_assert!(!header.contains(['\r', '\n', '\0']));
    }
}

#[test]
fn the_truth_tables_are_those_of_kleene() {
    let unknown = || Truth::Unknown(Causes::of(CauseKind::Encrypted, "part 1"));
    assert_eq!(Truth::False.and(unknown()), Truth::False);
    assert_eq!(unknown().and(Truth::False), Truth::False);
    assert_eq!(Truth::True.and(unknown()), unknown());
    assert_eq!(Truth::True.or(unknown()), Truth::True);
    assert_eq!(unknown().or(Truth::True), Truth::True);
    assert_eq!(Truth::False.or(unknown()), unknown());
    assert_eq!(!unknown(), unknown());
    assert_eq!(!Truth::True, Truth::False);
}

#[test]
fn causes_are_joined_and_one_for_now_keeps_them_from_being_for_good() {
    let later = Causes::of(CauseKind::Timeout, "a");
    assert!(!later.is_for_good());
    let both = later.union(&Causes::of(CauseKind::Corrupt, "b"));
    assert!(!both.is_for_good(), "what may be known later may still decide");
    assert!(Causes::of(CauseKind::Corrupt, "b").is_for_good());
    assert_eq!(both.iter().count(), 2);
    assert!(both.kinds().contains(CauseKind::Timeout) && both.kinds().contains(CauseKind::Corrupt));
    assert!(CauseSet::ALL.covers(both.kinds()));
    assert!(!both.kinds().covers(CauseSet::of(CauseKind::Limit)));
}

#[test]
fn a_message_of_ten_thousand_broken_parts_keeps_few_causes() {
    let causes = Causes::collect((0..10_000).map(|part| Cause {
        kind: if part % 2 == 0 { CauseKind::Corrupt } else { CauseKind::Encrypted },
        place: format!("part {part}").into(),
    }));
    assert_eq!(causes.iter().count(), 2 * Causes::KEPT);
}

#[test]
fn sizes_and_durations_are_written_for_people() {
    assert_eq!(size(999), "999 bytes");
    assert_eq!(size(1), "1 byte");
    assert_eq!(size(10_000_000), "10 MB");
    assert_eq!(size(12_449_000), "12.4 MB");
    assert_eq!(duration(5_400), "90 minutes");
    assert_eq!(duration(86_400), "1 day");
    assert_eq!(duration(0), "0 seconds");
}
