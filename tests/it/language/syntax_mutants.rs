//! What the parser says of a file in which one token is wrong.

use super::mutants::{Histogram, judge};
use super::syntax::{EXAMPLES, parsed};
use mailfw::base::diagnostic::Diagnostics;

fn check(text: &str) -> Diagnostics {
    parsed(text).diagnostics
}

fn judged(name: &str, edit: impl Fn(&str) -> String) -> Histogram {
    let mut histogram = Histogram::default();
    for (_, text) in EXAMPLES {
        judge(text, &edit, check, &mut histogram);
    }
    println!("{name}\n{histogram}");
    for poor in &histogram.poor {
        println!("  {poor}");
    }
    histogram
}

#[test]
fn each_deleted_token_that_is_missed_is_missed_within_a_line_and_with_at_most_three_errors() {
    let histogram = judged("deleted", |_| String::new());
    assert!(histogram.poor.is_empty(), "{} poor mutants", histogram.poor.len());
}

#[test]
fn a_doubled_token_is_found_where_it_is() {
    let histogram = judged("doubled", |token| format!("{token} {token}"));
    assert!(histogram.poor.is_empty(), "{} poor mutants", histogram.poor.len());
}

#[test]
fn a_wrong_token_is_found_where_it_is() {
    for wrong in ["wrong", ")"] {
        let histogram = judged(wrong, |_| wrong.to_string());
        assert!(histogram.poor.is_empty(), "{} poor mutants with `{wrong}`", histogram.poor.len());
    }
}
