//! The way back to a sender: when a refusal in the session is certain to be possible, and what a release goes past.

use super::support::{SITE, engine, letter, passes};
use mailfw::plan::{Answer, Answers};
use mailfw::policy::engine::{Asked, Decision, Engine, Judging};
use mailfw::policy::outcome::{Fate, Reason};
use mailfw::policy::return_rule::Going;

fn names(engine: &Engine, decision: &Decision) -> Vec<String> {
    let held = &decision.groups[0].outcome.held_by;
    held.iter().map(|id| engine.hir().policies[id.index()].name.to_string()).collect()
}

#[test]
fn a_return_is_no_refusal_in_the_session_where_an_exception_reads_the_content() {
    passes(
        r#"
        directory acme { domain @acme.example
            access policy back for recipients { when sender in @bad.example then return "no" }
            directory deep { user deep@acme.example except back when body contains "fine" } }
        test "excepted" { from x@bad.example to deep@acme.example subject "s" body "fine" expect deliver }
        test "known after the content" { from x@bad.example to deep@acme.example subject "s" body "else"
            expect quarantine in unreturnable }
        test "no exception there" { from x@bad.example to a@acme.example subject "s" body "else" expect return "no" }
        "#,
    );
}

#[test]
fn a_return_is_no_refusal_in_the_session_where_a_deeper_policy_that_reads_the_content_could_win() {
    passes(
        r#"
        directory acme { domain @acme.example
            access policy back for recipients { when sender in @bad.example then return "no" }
            directory deep { user deep@acme.example
                content policy fine for recipients { when text contains "fine" then deliver } }
            directory envelope { user envelope@acme.example
                content policy other for recipients { when sender in @other.example when text contains "fine" then deliver } } }
        test "it wins" { from x@bad.example to deep@acme.example subject "s" body "fine" expect deliver }
        test "it could have won" { from x@bad.example to deep@acme.example subject "s" body "else"
            expect quarantine in unreturnable }
        test "it was out before" { from x@bad.example to envelope@acme.example subject "s" body "else" expect return "no" }
        "#,
    );
}

#[test]
fn a_policy_that_cannot_win_does_not_delay_a_refusal() {
    passes(
        r#"
        directory acme { domain @acme.example
            content policy less for recipients { when text contains "bluebird" then quarantine in one }
            directory deep { user deep@acme.example
                access policy back for recipients { when sender in @bad.example then return "no" }
                content policy tags for recipients { when text contains "bluebird" tag "t" }
                directory deeper { user deeper@acme.example
                    content policy trial for recipients observe { when text contains "bluebird" then deliver } } } }
        test "outer" { from x@bad.example to deep@acme.example subject "s" body "else" expect return "no" }
        test "observed" { from x@bad.example to deeper@acme.example subject "s" body "else" expect return "no" }
        "#,
    );
}

#[test]
fn what_asks_for_all_recipients_cannot_refuse_some_of_them() {
    passes(
        r#"
        directory acme { domain @acme.example
            access policy back for recipients { when length(recipients) > 1 when recipient in @acme.example then return "no" }
            directory lax { user lax@acme.example except back when sender in @bad.example } }
        test "all" { from x@bad.example to a@acme.example, b@acme.example subject "s" expect return "no" }
        test "some" { from x@bad.example to a@acme.example, lax@acme.example subject "s"
            expect for a@acme.example quarantine in unreturnable expect for lax@acme.example deliver }
        "#,
    );
}

/// How each recipient's copy goes back, asked at a moment of the session.
fn ways(
    engine: &Engine,
    sender: &'static str,
    to: &[&'static str],
    asked: Asked,
) -> Vec<(&'static str, Option<Going>)> {
    let judging = Judging { asked, ..Judging::default() };
    let lookups = Answers::new(Some(Answer::NotAsked));
    let decision = letter(sender, to, "s").decide_with(engine, &lookups, &judging);
    decision.groups.iter().map(|group| (group.outcome.fate.name(), group.outcome.going)).collect()
}

#[test]
fn one_reply_refuses_all_or_nobody_and_who_is_not_refused_is_reported() {
    let set = format!(
        "{SITE} directory acme {{ domain @acme.example
            access policy away for senders {{ when length(recipients) > 1 when recipient == x@out.example then reject \"no\" }}
            access policy back for senders {{ when length(recipients) > 1 when recipient == y@out.example then return \"back\" }} }}"
    );
    let engine = engine(&set);
    let both = ways(&engine, "a@acme.example", &["x@out.example", "y@out.example"], Asked::AtContent);
    assert_eq!(both, [("reject", Some(Going::AsMessage)), ("return", Some(Going::AsMessage))]);
    let twice = ways(&engine, "a@acme.example", &["x@out.example", "x@out.example"], Asked::AtContent);
    assert_eq!(twice, [("reject", Some(Going::InSession))]);
    let some = ways(&engine, "a@acme.example", &["x@out.example", "z@out.example"], Asked::AtContent);
    assert_eq!(some, [("reject", Some(Going::AsMessage)), ("deliver", None)]);
}

#[test]
fn after_the_session_nothing_is_refused_in_it() {
    let set = format!(
        "{SITE} directory acme {{ domain @acme.example
            access policy away for both {{ when sender in [a@acme.example, x@bad.example] then reject \"no\" }} }}"
    );
    let engine = engine(&set);
    let inside = ways(&engine, "a@acme.example", &["x@bad.example"], Asked::Over);
    assert_eq!(inside, [("reject", Some(Going::AsMessage))]);
    let outside = ways(&engine, "x@bad.example", &["a@acme.example"], Asked::Over);
    assert_eq!(outside, [("quarantine", None)]);
}

#[test]
fn what_is_refused_in_the_session_sends_no_report_to_an_outside_sender() {
    let set = format!(
        "{SITE} directory acme {{ domain @acme.example access policy back for both {{ when sender in [x@bad.example, a@acme.example] then return \"no\" }} }}"
    );
    let engine = engine(&set);
    for (sender, to, going) in [
        ("x@bad.example", "a@acme.example", Going::InSession),
        ("a@acme.example", "x@bad.example", Going::AsMessage),
    ] {
        let letter = letter(sender, &[to], "s");
        let decision = letter.decide(&engine);
        let outcome = &decision.groups[0].outcome;
        assert_eq!(outcome.fate, Fate::Return { text: "no".into() });
        assert_eq!(outcome.going, Some(going), "{sender}");
        let message = letter.parsed();
        let (envelope, session) = (letter.envelope(), letter.session());
        let case = mailfw::plan::Case {
            message: &message,
            envelope: &envelope,
            session: &session,
            received: letter.received.parse().unwrap(),
            lookups: &Answers::new(Some(Answer::NotAsked)),
        };
        let leaving = mailfw::policy::perform::leaving(engine.hir(), &case, &decision);
        assert_eq!(leaving.len(), usize::from(going == Going::AsMessage), "{sender}");
    }
}

#[test]
fn an_unreturnable_message_is_held_by_every_policy_that_asked_for_that_return() {
    let set = format!(
        "{SITE} directory acme {{ domain @acme.example
            content policy first for recipients {{ when subject contains \"back\" then return \"no\" }}
            content policy second for recipients {{ when body contains \"Text\" then reject \"no\" }}
            content policy third for recipients {{ when body contains \"Text\" then return \"another reason\" }} }}"
    );
    let engine = engine(&set);
    let letter = letter("x@out.example", &["a@acme.example", "b@out.example"], "back");
    let decision = letter.decide(&engine);
    let outcome = &decision.groups[0].outcome;
    assert_eq!(outcome.reason, Reason::Unreturnable);
    assert_eq!(names(&engine, &decision), ["first", "second"], "and not the one with another reason");
}

#[test]
fn a_message_that_cannot_be_changed_is_held_by_every_policy_that_must_change_it() {
    let set = format!(
        "{SITE} directory acme {{ domain @acme.example
            content policy first for senders {{ strip attachments where attachment.size > 0 B }}
            content policy second for senders {{ strip attachments where attachment.name is absent or attachment.name contains \"p7m\" }}
            content policy third for senders {{ tag \"t\" }} }}"
    );
    let engine = engine(&set);
    let mut letter = letter("a@acme.example", &["x@out.example"], "s");
    letter.message = "From: a@acme.example\r\nTo: x@out.example\r\nSubject: s\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256; boundary=b\r\n\r\n\
        --b\r\nContent-Type: application/octet-stream; name=x.p7m\r\n\r\nsome data\r\n\
        --b\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nx\r\n--b--\r\n"
        .to_string();
    let decision = letter.decide(&engine);
    assert_eq!(decision.groups[0].outcome.reason, Reason::Protected);
    assert_eq!(names(&engine, &decision), ["first", "second"]);
}
