//! The test runner: what a failed expectation says, what is covered, and the defaults of a test's message.

use super::support::{SITE, engine, passes};
use mailfw::base::limits::MessageLimits;
use mailfw::policy::testing::{TestRun, run};

fn tested(text: &str, filter: Option<&str>) -> TestRun {
    run(&engine(&format!("{SITE}{text}")), &MessageLimits::default(), filter)
}

const SET: &str = r#"
    directory acme { domain @acme.example
        content policy words for senders {
            when   subject contains "bluebird"
            when   recipient outside site
            unless subject contains "fine"
            notify sec@acme.example using note
            then   quarantine in one }
        content policy never for senders { when subject contains "never" then drop }
        except words when subject contains "let it fly" }
"#;

#[test]
fn a_failed_expectation_says_expected_got_and_why() {
    let run = tested(
        &format!(
            r#"{SET} test "wrong" {{ from a@acme.example to x@out.example subject "bluebird"
                expect deliver
                expect fired never
                expect not notify sec@acme.example
                expect header "X" "1" }}"#
        ),
        None,
    );
    assert_eq!((run.results.len(), run.failed()), (1, 1));
    let failures = &run.results[0].failures;
    assert_eq!(failures.len(), 4);
    let said = |at: usize| (failures[at].expected.as_str(), failures[at].got.as_str());
    assert_eq!(said(0), ("deliver", "quarantine in one (by policy words of acme)"));
    let why = failures[0].why.join("\n");
    assert!(why.contains("\"bluebird\" in subject at 0") && why.contains("main.mfp:"), "{why}");
    assert!(said(1).1.contains("never was to trigger and is not triggered"), "{}", said(1).1);
    assert!(
        failures[1].why.join("\n").contains("when subject contains \"never\": false"),
        "{:?}",
        failures[1].why
    );
    assert!(said(2).1.contains("notify sec@acme.example using note"), "{}", said(2).1);
    assert!(said(3).1.starts_with("nothing leaves: quarantine in one"), "{}", said(3).1);
    assert!(failures.iter().all(|failure| failure.span != run.results[0].span), "each at its own place");
}

#[test]
fn an_expectation_for_all_names_the_recipient_for_whom_it_fails() {
    let run = tested(
        &format!(
            r#"{SET} test "all" {{ from a@acme.example to b@acme.example, x@out.example subject "bluebird" expect deliver }}"#
        ),
        None,
    );
    let recipients: Vec<&str> =
        run.results[0].failures.iter().filter_map(|f| f.recipient.as_deref()).collect();
    assert_eq!(recipients, ["x@out.example"]);
}

#[test]
fn a_filter_leaves_tests_out_by_name() {
    let run = tested(
        &format!(
            r#"{SET} test "one bird" {{ from a@acme.example to x@out.example subject "s" expect deliver }}
            test "another" {{ from a@acme.example to x@out.example subject "s" expect drop }}"#
        ),
        Some("BIRD"),
    );
    assert_eq!((run.results.len(), run.filtered_out, run.failed()), (1, 1, 0));
}

#[test]
fn coverage_names_policies_that_never_trigger_and_clauses_that_never_decide() {
    let tests = r#"
        test "1" { from a@acme.example to x@out.example subject "bluebird" expect quarantine in one }
        test "2" { from a@acme.example to x@out.example subject "bluebird fine" expect deliver }"#;
    let run = tested(&format!("{SET}{tests}"), None);
    let coverage = &run.coverage;
    // Policies: words triggers, never does not. Clauses: both `when` and the `unless` of words, and the `when` of never
    // (it decided that never is silent); the exception never decides.
    assert_eq!((coverage.covered, coverage.total), (5, 7), "{:#?}", coverage.missing());
    let missing = coverage.missing().join("\n");
    assert!(missing.contains("no test makes policy never trigger"), "{missing}");
    assert!(missing.contains("`except … when subject contains \"let it fly\"` decide"), "{missing}");

    let more = r#"test "3" { from a@acme.example to x@out.example subject "bluebird, let it fly" expect not fired words }
        test "4" { from a@acme.example to x@out.example subject "never" expect drop }"#;
    let run = tested(&format!("{SET}{tests}{more}"), None);
    assert_eq!(run.failed(), 0);
    assert_eq!(run.coverage.percent(), 100.0, "{:#?}", run.coverage.missing());
}

#[test]
fn the_clock_is_the_messages_date_else_noon_of_the_first_day_of_2026() {
    passes(
        r#"
        directory acme { domain @acme.example
            content policy noon for senders { when received == 2026-01-01 12:00 "UTC" tag "noon" }
            content policy dated for senders { when received == 2025-05-05 05:05 "UTC" tag "dated" } }
        test "default" { from a@acme.example to x@out.example subject "s" expect fired noon }
        test "date" { from a@acme.example to x@out.example subject "s" header "Date" "Mon, 5 May 2025 05:05:00 +0000" expect fired dated }
        test "at" { at 2025-05-05 05:05 "UTC" from a@acme.example to x@out.example subject "s" expect fired dated }
        "#,
    );
}

#[test]
fn the_client_is_inside_where_the_sender_is_in_the_site() {
    passes(
        r#"
        directory acme { domain @acme.example
            content policy outbound for senders { when direction is outbound tag "o" }
            content policy inbound for recipients { when direction is inbound tag "i" } }
        test "inside" { from a@acme.example to x@out.example subject "s" expect fired outbound }
        test "outside" { from x@out.example to a@acme.example subject "s" expect fired inbound }
        test "forged" { from b@acme.example to a@acme.example client 192.0.2.9 subject "s" expect fired inbound }
        "#,
    );
}

#[test]
fn the_envelope_comes_from_the_header_unless_the_test_names_it() {
    passes(
        r#"
        directory acme { domain @acme.example
            content policy seen for recipients { tag "seen" } }
        test "header" { from x@out.example to a@acme.example cc b@acme.example subject "s"
            expect for a@acme.example fired seen expect for b@acme.example fired seen }
        test "envelope" { from x@out.example to list@out.example recipient a@acme.example subject "s" expect fired seen }
        "#,
    );
}

#[test]
fn a_message_of_fields_is_a_real_one() {
    passes(
        r#"
        directory acme { domain @acme.example
            content policy whole for senders { when message is unscannable or count(every "x" in body) < 1 then drop }
            content policy bad for senders { when message is malformed then drop } }
        test "whole" { from a@acme.example to x@out.example subject "Größe 試験" header "X-Y" "ü"
            body "x ü" body html "<p>x ü</p>" expect deliver expect subject "Größe 試験" expect body contains "x ü" }
        "#,
    );
}
