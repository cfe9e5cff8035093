//! What could not be read or asked: neither true nor false, held, and when not.

use super::support::{SITE, engine, letter, passes};
use mailfw::plan::{Answer, Answers, Question};
use mailfw::policy::engine::{Detail, Judging};
use mailfw::policy::outcome::{Fate, Reason};
use mailfw::policy::record::PolicyResult;

/// Clauses of a test that make its message an encrypted one.
const ENCRYPTED: &str = r#"header "Content-Type" "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m"
    header "Content-Transfer-Encoding" "base64" body "MIAGCSqGSIb3DQEHA6CAMIACAQAxgDCB""#;

fn holds(text: &str) {
    passes(&text.replace("ENCRYPTED", ENCRYPTED));
}

#[test]
fn a_policy_that_only_the_unread_could_still_turn_asks_for_quarantine_in_unscannable() {
    holds(
        r#"
        directory acme { domain @acme.example
            content policy secret for senders { when text contains "bluebird" then quarantine in one } }
        test "encrypted" { from a@acme.example to x@out.example subject "s" ENCRYPTED
            expect undecided secret expect not fired secret expect quarantine in unscannable }
        test "readable" { from a@acme.example to x@out.example subject "s" body "nothing" expect deliver }
        "#,
    );
}

#[test]
fn what_was_found_counts_and_false_and_unknown_is_false() {
    holds(
        r#"
        directory acme { domain @acme.example
            content policy found for senders { when text contains "bluebird" then quarantine in one }
            content policy never for senders { when recipient in @other.example when text contains "sturgeon" then drop } }
        test "found" { from a@acme.example to x@out.example subject "bluebird" ENCRYPTED
            expect fired found expect not fired never expect quarantine in one }
        "#,
    );
}

#[test]
fn what_could_not_be_asked_now_is_judged_again() {
    let text = r#"
        directory acme { domain @acme.example
            virus policy scan for both { when virus.found then drop } }
        "#;
    passes(&format!(
        r#"{text}
        test "timeout" {{ from a@acme.example to x@out.example subject "s" given virus timeout expect undecided scan expect defer }}
        test "clean" {{ from a@acme.example to x@out.example subject "s" expect deliver }}
        test "found" {{ from a@acme.example to x@out.example subject "s" given virus "Eicar" expect drop }}"#
    ));
    let engine = engine(&format!("{SITE}{text}"));
    let mut down = Answers::new(Some(Answer::NotAsked));
    down.insert(Question::Virus, Answer::Unavailable);
    let now = "2026-01-02T00:00:00Z".parse().unwrap();
    let judging = Judging { now: Some(now), ..Judging::default() };
    let decision = letter("a@acme.example", &["x@out.example"], "s").decide_with(&engine, &down, &judging);
    let outcome = &decision.groups[0].outcome;
    let Fate::Defer { until, judge_again: true } = outcome.fate else { panic!("{:?}", outcome.fate) };
    assert!(until > now, "it is judged again later than now, whenever it arrived");
    assert_eq!(outcome.reason, Reason::Undecided);
    assert!(outcome.held_by.is_empty(), "it is judged again with the same policies");
}

#[test]
fn a_question_without_an_answer_yet_is_asked_for() {
    let engine = engine(&format!(
        "{SITE} directory acme {{ domain @acme.example  virus policy scan for both {{ when virus.found then drop }} }}"
    ));
    let letter = letter("a@acme.example", &["x@out.example"], "s");
    let message = letter.parsed();
    let (envelope, session) = (letter.envelope(), letter.session());
    let case = mailfw::plan::Case {
        message: &message,
        envelope: &envelope,
        session: &session,
        received: letter.received.parse().unwrap(),
        lookups: &Answers::new(None),
    };
    let missing =
        engine.decide(case, &Judging::default(), Detail::Record).expect_err("the scanner has not answered");
    assert_eq!(missing.into_iter().collect::<Vec<_>>(), [Question::Virus]);
}

#[test]
fn nothing_less_restrictive_wins_but_a_triggered_policy_that_tests_the_cause() {
    holds(
        r#"
        directory acme { domain @acme.example
            content policy secret for senders { when text contains "bluebird" then quarantine in one }
            directory lax { user lax@acme.example content policy all for senders { then deliver } }
            directory knows { user knows@acme.example
                content policy encrypted_is_fine for senders { when message.unscannable is encrypted then deliver } } }
        test "deliver alone" { from lax@acme.example to x@out.example subject "s" ENCRYPTED expect quarantine in unscannable }
        test "tests the cause" { from knows@acme.example to x@out.example subject "s" ENCRYPTED
            expect fired encrypted_is_fine expect undecided secret expect deliver }
        "#,
    );
}

#[test]
fn a_policy_of_the_same_directory_may_test_the_cause() {
    holds(
        r#"
        directory acme { domain @acme.example
            content policy secret for senders { when text contains "bluebird" then quarantine in one }
            content policy own_folder for senders { when message is unscannable then quarantine in two } }
        test "own folder" { from a@acme.example to x@out.example subject "s" ENCRYPTED expect quarantine in two }
        "#,
    );
}

#[test]
fn an_undecided_policy_whose_effects_only_add_up_holds_nothing_unless_it_is_mandatory() {
    holds(
        r#"
        directory acme { domain @acme.example
            content policy tags for senders { when text contains "bluebird" tag "t" }
            directory must { user must@acme.example
                content policy tags_too for senders mandatory { when text contains "bluebird" tag "u" } } }
        test "adds up" { from a@acme.example to x@out.example subject "s" ENCRYPTED expect undecided tags expect deliver }
        test "mandatory" { from must@acme.example to x@out.example subject "s" ENCRYPTED expect quarantine in unscannable }
        "#,
    );
    let engine = engine(&format!(
        "{SITE} directory acme {{ domain @acme.example content policy tags for senders {{ when virus.found tag \"t\" }} }}"
    ));
    let mut down = Answers::new(Some(Answer::NotAsked));
    down.insert(Question::Virus, Answer::Unavailable);
    let decision =
        letter("a@acme.example", &["x@out.example"], "s").decide_with(&engine, &down, &Judging::default());
    let entry = &decision.record.as_ref().unwrap().groups[0].policies[0];
    assert_eq!(entry.result, PolicyResult::Undecided);
    assert!(entry.note.as_deref().is_some_and(|note| note.contains("only add up")), "the record says so");
}

#[test]
fn what_strips_attachments_guards_and_is_held_for() {
    holds(
        r#"
        directory acme { domain @acme.example
            content policy strips for senders { when any attachment where attachment.text contains "bluebird" strip attachments where attachment.text contains "bluebird" } }
        test "guards" { from a@acme.example to x@out.example subject "s" ENCRYPTED expect undecided strips expect quarantine in unscannable }
        "#,
    );
}

#[test]
fn an_observed_undecided_policy_holds_nothing() {
    holds(
        r#"
        directory acme { domain @acme.example
            content policy trial for senders observe { when text contains "bluebird" then quarantine in one } }
        test "trial" { from a@acme.example to x@out.example subject "s" ENCRYPTED expect undecided trial expect deliver }
        "#,
    );
}

#[test]
fn an_exception_that_cannot_be_decided_leaves_its_policy_undecided() {
    holds(
        r#"
        directory acme { domain @acme.example
            content policy p for senders { when subject contains "p" then quarantine in one }
            directory deep { user deep@acme.example except p when text contains "bluebird" } }
        test "undecided" { from deep@acme.example to x@out.example subject "p" ENCRYPTED expect undecided p expect quarantine in unscannable }
        test "not triggered anyway" { from deep@acme.example to x@out.example subject "s" ENCRYPTED expect not fired p expect deliver }
        "#,
    );
}

#[test]
fn a_message_released_is_judged_past_the_undecided_policy_that_held_it() {
    let set = format!(
        "{SITE} directory acme {{ domain @acme.example content policy secret for senders {{ when text contains \"bluebird\" then quarantine in one }} }}"
    );
    let engine = engine(&set);
    let mut encrypted = letter("a@acme.example", &["x@out.example"], "s");
    encrypted.message = "From: a@acme.example\r\nTo: x@out.example\r\nSubject: s\r\nMIME-Version: 1.0\r\n\
        Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\nContent-Transfer-Encoding: base64\r\n\r\n\
        MIAGCSqGSIb3DQEHA6CAMIACAQAxgDCB\r\n"
        .to_string();
    let held = encrypted.decide(&engine);
    let outcome = &held.groups[0].outcome;
    assert_eq!(outcome.fate, Fate::Quarantine { folder: "unscannable".into() });
    let hir = engine.hir();
    let past = outcome
        .held_by
        .iter()
        .map(|id| mailfw::policy::engine::PolicyKey::of(hir, &hir.policies[id.index()]));
    let judging = Judging { past: past.collect(), ..Judging::default() };
    let released = encrypted.decide_with(&engine, &Answers::new(Some(Answer::NotAsked)), &judging);
    assert_eq!(released.groups[0].outcome.fate, Fate::Deliver);
    assert_eq!(released.record.as_ref().unwrap().groups[0].policies[0].result, PolicyResult::Released);
}

#[test]
fn what_is_undecided_for_now_and_for_good_is_judged_again_before_anybody_can_release_it() {
    let set = format!(
        "{SITE} directory acme {{ domain @acme.example virus policy scan for senders {{ when virus.found or text contains \"bluebird\" then drop }} }}"
    );
    let engine = engine(&set);
    let mut encrypted = letter("a@acme.example", &["x@out.example"], "s");
    encrypted.message = "From: a@acme.example\r\nTo: x@out.example\r\nSubject: s\r\nMIME-Version: 1.0\r\n\
        Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\nContent-Transfer-Encoding: base64\r\n\r\n\
        MIAGCSqGSIb3DQEHA6CAMIACAQAxgDCB\r\n"
        .to_string();
    let mut down = Answers::new(Some(Answer::NotAsked));
    down.insert(Question::Virus, Answer::Unavailable);
    let held = encrypted.decide_with(&engine, &down, &Judging::default());
    let outcome = &held.groups[0].outcome;
    assert!(matches!(outcome.fate, Fate::Defer { judge_again: true, .. }), "{:?}", outcome.fate);
    assert!(outcome.held_by.is_empty(), "nobody goes past the scanner");
    let mut up = Answers::new(Some(Answer::NotAsked));
    up.insert(Question::Virus, Answer::Virus(Some("Eicar".into())));
    let found = encrypted.decide_with(&engine, &up, &Judging::default());
    assert_eq!(
        found.groups[0].outcome.fate,
        Fate::Drop,
        "what is for good does not keep the other from deciding"
    );
    let clean = encrypted.decide(&engine);
    let outcome = &clean.groups[0].outcome;
    assert_eq!(outcome.fate, Fate::Quarantine { folder: "unscannable".into() });
    assert_eq!(outcome.held_by.len(), 1);
}
