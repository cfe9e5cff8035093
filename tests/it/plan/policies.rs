//! Policies from their source text over real messages.

use super::setting::{Setting, judged, judged_with, message, truth};
use mailfw::language::hir::{Action, PolicyId};
use mailfw::message::envelope::Session;
use mailfw::plan::{Answer, Answers, CauseKind, Escape, Home, Outcome, Question, TextContext, Truth, Who};
use std::sync::Arc;

const PLAIN: &str =
    "From: Anna <anna@acme.example>\r\nTo: bob@other.example\r\nSubject: Hello\r\n\r\nHello there\r\n";

/// A message with a text and something that says it is a ZIP and is none.
fn with_broken_zip(text: &str) -> String {
    message(
        "Content-Type: multipart/mixed; boundary=b\r\n",
        &format!(
            "--b\r\nContent-Type: text/plain\r\n\r\n{text}\r\n--b\r\nContent-Type: application/zip\r\n\
             Content-Disposition: attachment; filename=photos.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n\
             UEsDBBQAAAAIAGJyb2tlbmJyb2tlbmJyb2tlbmJyb2tlbg==\r\n--b--\r\n"
        ),
    )
}

#[track_caller]
fn assert_true(condition: &str, message: &str) {
    let truth = truth(condition, message);
    assert!(truth.is_true(), "`{condition}` is {truth:?}");
}

#[track_caller]
fn assert_false(condition: &str, message: &str) {
    let truth = truth(condition, message);
    assert!(truth.is_false(), "`{condition}` is {truth:?}");
}

#[track_caller]
fn assert_unknown(condition: &str, message: &str) {
    let truth = truth(condition, message);
    assert!(truth.causes().is_some(), "`{condition}` is {truth:?}");
}

#[test]
fn what_was_found_counts_whatever_could_not_be_read() {
    let message = with_broken_zip("cards 4111 1111 1111 1111, 5500-0000-0000-0004 and 340000000000009");
    assert_true("message is unscannable", &message);
    assert_true("count(card_number in text) >= 3", &message);
    assert_unknown("count(card_number in text) >= 4", &message);
    assert_false("count(card_number in text) < 3", &message);
    assert_unknown("count(card_number in text) == 3", &message);
    assert_false("count(card_number in text) == 2", &message);
    assert_true("count(card_number in body) == 3", &message);
    assert_true("text contains \"cards\"", &message);
    assert_unknown("text contains \"nowhere\"", &message);
    assert_unknown("not text contains \"nowhere\"", &message);
    assert_false("body contains \"nowhere\"", &message);
    assert_true("any attachment where attachment.name == \"photos.zip\"", &message);
    assert_unknown("any attachment where attachment.name == \"other.zip\"", &message);
    assert_unknown("no attachment where attachment.name == \"other.zip\"", &message);
    assert_false("no attachment where attachment.name == \"photos.zip\"", &message);
}

#[test]
fn causes_of_unread_content_are_always_decided() {
    let message = with_broken_zip("text");
    assert_true("message.unscannable is corrupt", &message);
    assert_false("message.unscannable is encrypted", &message);
    assert_true("any attachment where attachment.unscannable is corrupt", &message);
    assert_false("message is unscannable", PLAIN);
}

#[test]
fn false_and_unknown_is_false_in_any_order() {
    let message = with_broken_zip("text");
    assert_false("text contains \"nowhere\" and sender == carl@acme.example", &message);
    assert_false("sender == carl@acme.example and text contains \"nowhere\"", &message);
    assert_true("text contains \"nowhere\" or sender == anna@acme.example", &message);
    assert_unknown("text contains \"nowhere\" and sender == anna@acme.example", &message);
}

#[test]
fn a_negative_weight_leaves_the_score_open_on_both_sides() {
    let message = with_broken_zip("bluebird bluebird and a joke");
    assert_true("score(words in body) == 9", &message);
    assert_unknown("score(words in text) >= 5", &message);
    assert_true("score(heavy in text) >= 10", &message);
    assert_unknown("score(heavy in text) >= 11", &message);
    assert_false("score(heavy in text) < 10", &message);
}

#[test]
fn an_entry_counts_once_for_each_occurrence_and_at_most_so_often_as_asked() {
    let body = message("", "bluebird bluebird bluebird bluebird bluebirds joke\r\n");
    assert_true("score(words in body) == 24", &body);
    assert_true("score(words in body at most 2) == 9", &body);
    assert_true("score(capped in body) == 6", &body);
}

#[test]
fn text_and_html_of_one_letter_are_one_letter() {
    let message = message(
        "Content-Type: multipart/mixed; boundary=m\r\n",
        "--m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n\
         --a\r\nContent-Type: text/plain\r\n\r\n4111 1111 1111 1111 bluebird\r\n\
         --a\r\nContent-Type: text/html\r\n\r\n<p>4111-1111-1111-1111 and <b>bluebird</b> bluebird 5500000000000004</p>\r\n\
         --a--\r\n--m\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\n\
         4111111111111111 bluebird\r\n--m--\r\n",
    );
    assert_true("count(card_number in body) == 2", &message);
    assert_true("count(every card_number in body) == 2", &message);
    assert_true("count(card_number in text) == 2", &message);
    assert_true("count(every card_number in text) == 3", &message);
    assert_true("count(every \"bluebird\" in body) == 2", &message);
    assert_true("score(heavy in text) == 15", &message);
    assert_true("count(heavy in text) == 1", &message);
    assert_true("any part where count(card_number in part.text) >= 2", &message);
    assert_false("any part where count(card_number in part.text) >= 3", &message);
}

#[test]
fn a_comparison_with_something_absent_holds_neither_way() {
    assert_false("header(\"X-Nothing\") == \"a\"", PLAIN);
    assert_false("header(\"X-Nothing\") != \"a\"", PLAIN);
    assert_true("header(\"X-Nothing\") is absent", PLAIN);
    assert_true("(header(\"X-Nothing\") or \"b\") != \"a\"", PLAIN);
    assert_false("header(\"Subject\") is absent", PLAIN);
    assert_false("client.ip in 10.0.0.0/8", PLAIN);
    assert_true("client.ip outside 10.0.0.0/8", PLAIN);
}

#[test]
fn every_occurrence_of_a_header_is_searched() {
    let message = message("X-Mark: first\r\nX-Mark: second\r\n", "text\r\n");
    assert_true("header(\"x-mark\") contains \"second\"", &message);
    assert_true("header(\"X-Mark\") == \"SECOND\"", &message);
    assert_false("header(\"X-Mark\") != \"second\"", &message);
    assert_true("header_count(\"X-Mark\") == 2", &message);
    assert_true("length(header(\"X-Mark\")) == 5", &message);
    assert_true("length(lower((header(\"X-Mark\") or \"\"))) == 5", &message);
    assert_true("length(to) == 1 and length(to.display_name) == 0", &message);
}

#[test]
fn texts_compare_on_their_normalised_surface() {
    let message = message(
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n",
        // "ＷＩＲＥ trans\u{ad}fer in der STRASSE"
        "77y377yp77yy77ylIHRyYW5zwq1mZXIgaW4gZGVyIFNUUkFTU0U=\r\n",
    );
    assert_true("body contains \"wire transfer\"", &message);
    assert_true("body contains word \"straße\"", &message);
    assert_true("body matches /STRASSE/", &message);
    assert_false("body matches /strasse/", &message);
    assert_true("body matches /straße/i", &message);
    assert_true("body like \"wire*strasse\"", &message);
    assert_true("subject == \"HELLO\"", &message);
    assert_true("subject starts with \"hel\"", &message);
    assert_true("subject ends with \"LO\"", &message);
    assert_true("subject contains greetings", &message);
}

#[test]
fn a_domain_is_a_member_by_its_labels_and_never_as_a_part_of_a_text() {
    assert_true("recipient in @other.example", PLAIN);
    assert_false("recipient in @ther.example", PLAIN);
    assert_false("recipient in @*.other.example", PLAIN);
    assert_true("sender in site and recipient outside site", PLAIN);
    assert_true("sender in acme", PLAIN);
    assert_false("recipient in acme", PLAIN);
    assert_true("recipient in friends", PLAIN);
    assert_true("sender.domain == @acme.example", PLAIN);
}

#[test]
fn the_direction_follows_client_and_recipient() {
    for (client, to, expected) in [
        ("10.1.2.3", "bob@other.example", "outbound"),
        ("10.1.2.3", "carl@acme.example", "internal"),
        ("192.0.2.7", "carl@acme.example", "inbound"),
        ("192.0.2.7", "bob@other.example", "relay"),
        ("::ffff:10.1.2.3", "bob@other.example", "outbound"),
    ] {
        let setting = Setting::of(&format!("direction is {expected}"), PLAIN).to(&[to]).client(client);
        assert_eq!(setting.outcome(), Outcome::Triggered, "{client} to {to}");
    }
    let user = Setting::of("direction is outbound", PLAIN).session(Session {
        client_ip: "192.0.2.7".parse().ok(),
        client_user: Some("anna".into()),
        ..Session::default()
    });
    assert_eq!(user.outcome(), Outcome::Triggered, "an authenticated client is inside wherever it is");
    let file = Setting::of("direction is outbound", PLAIN).session(Session::default());
    assert_eq!(file.outcome(), Outcome::Triggered, "of a message from a file the sender tells");
}

#[test]
fn the_null_sender_of_an_inside_client_is_the_postmaster_and_of_another_nobody() {
    let inside = Setting::of("sender in site and sender in acme and sender is absent", PLAIN)
        .from("<>")
        .client("10.1.2.3");
    assert_eq!(inside.outcome(), Outcome::Triggered);
    let outside = Setting::of("sender in site or sender in acme", PLAIN).from("<>").client("192.0.2.7");
    assert_eq!(outside.outcome(), Outcome::NotTriggered);
    let unequal = Setting::of("not sender == anna@acme.example", PLAIN).from("<>").client("192.0.2.7");
    assert_eq!(unequal.outcome(), Outcome::Triggered);
}

#[test]
fn criteria_of_a_recipient_are_judged_for_each() {
    let setting = Setting::of("recipient in site", PLAIN).to(&["bob@other.example", "carl@acme.example"]);
    assert_eq!(setting.outcomes(), [Outcome::NotTriggered, Outcome::Triggered]);
    let any = Setting::of("any recipient in site", PLAIN).to(&["bob@other.example", "carl@acme.example"]);
    assert_eq!(any.outcomes(), [Outcome::Triggered, Outcome::Triggered]);
    let every = Setting::of("every recipient in site", PLAIN).to(&["bob@other.example", "carl@acme.example"]);
    assert_eq!(every.outcomes(), [Outcome::NotTriggered, Outcome::NotTriggered]);
}

#[test]
fn an_unanswered_question_is_missing_and_decided_when_it_is_answered() {
    let setting = Setting::of("virus.found", PLAIN).answers(Answers::new(None));
    let (outcome, missing) = setting.outcome_and_missing();
    assert!(matches!(&outcome, Outcome::Undecided { causes } if !causes.is_for_good()), "{outcome:?}");
    assert_eq!(missing, [Question::Virus]);
    let mut answers = Answers::new(None);
    answers.insert(Question::Virus, Answer::Virus(Some("Eicar".into())));
    let (outcome, missing) = Setting::of("virus.found", PLAIN).answers(answers).outcome_and_missing();
    assert_eq!(outcome, Outcome::Triggered);
    assert!(missing.is_empty());
}

#[test]
fn what_nobody_is_set_up_to_know_is_absent_but_no_message_is_clean_unscanned() {
    let not_asked = |condition: &str| {
        Setting::of(condition, PLAIN).answers(Answers::new(Some(Answer::NotAsked))).outcome()
    };
    assert!(matches!(not_asked("virus.found"), Outcome::Undecided { .. }));
    assert_eq!(not_asked("spf is absent"), Outcome::Triggered);
    assert_eq!(not_asked("spf is fail"), Outcome::NotTriggered);
    assert_eq!(not_asked("client in dnsbl \"bl.example\""), Outcome::NotTriggered);
    assert_eq!(not_asked("sender in group ldap \"cn=x\""), Outcome::NotTriggered);
}

#[test]
fn a_lookup_that_is_down_leaves_undecided_for_now_only_what_hangs_on_it() {
    let down = |condition: &str| {
        Setting::of(condition, PLAIN)
            .client("192.0.2.7")
            .answers(Answers::new(Some(Answer::Unavailable)))
            .outcome()
    };
    let outcome = down("client in dnsbl \"bl.example\"");
    assert!(matches!(&outcome, Outcome::Undecided { causes } if !causes.is_for_good()), "{outcome:?}");
    assert_eq!(down("client in dnsbl \"bl.example\" and subject == \"x\""), Outcome::NotTriggered);
    assert_eq!(down("client in dnsbl \"bl.example\" or subject == \"Hello\""), Outcome::Triggered);
}

#[test]
fn cheap_clauses_are_asked_first_so_the_outside_is_not_asked_for_nothing() {
    let setting = Setting::of("virus.found and subject == \"x\"", PLAIN).answers(Answers::new(None));
    let (outcome, missing) = setting.outcome_and_missing();
    assert_eq!(outcome, Outcome::NotTriggered);
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn rates_and_attributes_come_from_the_outside() {
    let mut answers = Answers::new(Some(Answer::NotAsked));
    answers.insert(Question::Rate { key: "anna@acme.example".into(), seconds: 3_600 }, Answer::Rate(101));
    let attribute = Question::Attribute {
        address: mailfw::base::address::Address::parse("anna@acme.example").unwrap(),
        name: "department".into(),
    };
    answers.insert(attribute, Answer::Attribute(Some("Sales".into())));
    let rate = Setting::of("rate(sender) over 1 hour > 100", PLAIN).answers(answers.clone());
    assert_eq!(rate.outcome(), Outcome::Triggered);
    let attribute = Setting::of("attribute(sender, \"department\") == \"sales\"", PLAIN).answers(answers);
    assert_eq!(attribute.outcome(), Outcome::Triggered);
}

#[test]
fn evidence_names_text_part_offset_and_pattern_as_written() {
    let message = message(
        "Content-Type: multipart/mixed; boundary=b\r\n",
        "--b\r\nContent-Type: text/html\r\n\r\n<p>The <b>BLUE</b>BIRD &amp; co</p>\r\n--b\r\nContent-Type: text/plain\r\n\
         Content-Disposition: attachment; filename=cards.txt\r\n\r\nnumber: 4111-1111-1111-1111.\r\n--b--\r\n",
    );
    let setting = Setting::of("text contains \"bluebird\" and text contains card_number", &message);
    let verdict = setting.verdict();
    assert_eq!(verdict.outcome, Outcome::Triggered);
    assert_eq!(verdict.clauses.len(), 1);
    let matches: Vec<_> = verdict.clauses[0].evidence.iter().flat_map(|one| &one.matches).collect();
    assert_eq!(matches.len(), 2, "{:#?}", verdict.clauses);
    let bird = matches.iter().find(|one| one.pattern == "\"bluebird\"").unwrap();
    assert_eq!((bird.text.as_str(), bird.before.as_str()), ("BLUEBIRD", "The "));
    assert_eq!(bird.part.as_deref(), Some("1.1"));
    assert_eq!(bird.offset, "<p>The <b>".len());
    assert_eq!(bird.length, "BLUE</b>BIRD".len());
    let card = matches.iter().find(|one| one.pattern == "card_number").unwrap();
    assert_eq!(card.text, "4111-1111-1111-1111");
    assert_eq!(card.offset, "number: ".len());
    assert!(card.place.contains("cards.txt"), "{}", card.place);
    assert_eq!(card.after, ".");
}

#[test]
fn evidence_of_a_thousand_matches_is_bounded() {
    let message = message("", &"bluebird ".repeat(5_000));
    let verdict = Setting::of("count(every \"bluebird\" in text) == 5000", &message).verdict();
    assert_eq!(verdict.outcome, Outcome::Triggered);
    let matches: usize = verdict.clauses[0].evidence.iter().map(|one| one.matches.len()).sum();
    assert_eq!(matches, 20);
    assert_eq!(verdict.clauses[0].evidence[0].fact, "count(every \"bluebird\" in text)");
    assert_eq!(verdict.clauses[0].evidence[0].value, "5000");
}

#[test]
fn a_verdict_names_the_clause_that_decided() {
    let setting = Setting::with_clauses(
        "when sender in site\nwhen subject == \"Hello\"\nunless body contains \"there\"",
        PLAIN,
    );
    let verdict = setting.verdict();
    assert_eq!(verdict.outcome, Outcome::NotTriggered);
    let decider = &verdict.clauses[verdict.decided_by.unwrap()];
    assert_eq!(decider.kind.name(), "unless");
    assert_eq!(decider.truth, Truth::True);
    let setting = Setting::with_clauses("when sender in site\nwhen subject == \"Bye\"", PLAIN);
    let verdict = setting.verdict();
    let decider = &verdict.clauses[verdict.decided_by.unwrap()];
    assert_eq!((decider.kind.name(), decider.truth.clone()), ("when", Truth::False));
    assert_eq!(decider.evidence[0].fact, "subject");
    assert_eq!(decider.evidence[0].value, "Hello");
}

#[test]
fn a_policy_that_asks_for_the_cause_tests_it() {
    let broken = with_broken_zip("text");
    let tests = |clauses: &str, message: &str| Setting::with_clauses(clauses, message).verdict().tests_causes;
    assert!(tests("when message is unscannable", &broken).contains(CauseKind::Corrupt));
    assert!(tests("when message.unscannable is corrupt", &broken).contains(CauseKind::Corrupt));
    assert!(
        tests("when any attachment where attachment is unscannable", &broken).contains(CauseKind::Corrupt)
    );
    assert!(tests("when message.unscannable is encrypted", &broken).is_empty(), "it asks for another");
    assert!(tests("when sender in site", &broken).is_empty());
    assert!(tests("when not message is unscannable", &broken).is_empty());
    assert!(tests("when message is unscannable", PLAIN).is_empty());
}

#[test]
fn strip_takes_what_its_condition_holds_for_and_tells_what_it_cannot_tell() {
    let message = with_broken_zip("text");
    for (condition, expected) in [
        ("attachment.name like \"*.zip\"", (1, false)),
        ("attachment.name like \"*.exe\"", (0, false)),
        ("attachment.text contains \"secret\"", (0, true)),
    ] {
        let clauses = format!("when sender in site\nstrip attachments where {condition}");
        let setting = Setting::with_clauses(&clauses, &message);
        let (taken, open) = setting.run(|evaluator, policy| evaluator.strip(policy, 0, 0));
        assert_eq!((taken.len(), open.is_some()), expected, "{condition}");
    }
}

#[test]
fn values_in_texts_are_data_and_recipients_are_listed() {
    let message = message("X-Name: <b>Mallory</b> & \"co\"\r\n", "text\r\n");
    let clauses = "when sender in site\n\
                   annotate header \"X-Info\" \"{header(\"X-Name\")} to {recipient}: {message.size}, {policy.name}\"";
    let setting = Setting::with_clauses(clauses, &message).to(&["Bob@Other.example", "carl@acme.example"]);
    let texts = setting.run(|evaluator, policy| {
        let hir = evaluator.plan().hir();
        let Action::AnnotateHeader { value, .. } = &hir.policies[policy.index()].actions[0].node else {
            panic!()
        };
        [Escape::None, Escape::Html, Escape::Header].map(|escape| {
            let context = TextContext {
                recipients: vec![0, 1],
                policy_name: "the\r\npolicy".into(),
                escape,
                ..TextContext::default()
            };
            evaluator.text(value, &context)
        })
    });
    let size = mailfw::plan::text::size(message.len() as i64);
    assert_eq!(
        texts[0],
        format!("<b>Mallory</b> & \"co\" to Bob@Other.example, carl@acme.example: {size}, the\r\npolicy")
    );
    assert!(texts[1].starts_with("&lt;b&gt;Mallory&lt;/b&gt; &amp; &quot;co&quot; to "), "{}", texts[1]);
    assert!(texts[2].ends_with("the policy"), "{}", texts[2]);
}

#[test]
fn a_field_that_occurs_twice_is_put_into_a_text_once() {
    let message = format!("Subject: Forged\r\n{}", message("", "text\r\n"));
    let setting = Setting::with_clauses(
        "when sender in site\ntag \"{subject}/{(header(\"X-No\") or \"none\")}\"",
        &message,
    );
    let text = setting.run(|evaluator, policy| {
        let Action::Tag { text } = &evaluator.plan().hir().policies[policy.index()].actions[0].node else {
            panic!()
        };
        evaluator.text(text, &TextContext::default())
    });
    assert_eq!(text, "Forged/none");
    assert_true("subject contains \"hello\"", &message);
}

#[test]
fn criteria_that_call_each_other_too_deep_are_refused_and_shallower_ones_run() {
    let chain = |length: usize| {
        let mut items = String::from("use std::dlp::{card_number}\ncriterion c0 = sender in site\n");
        for at in 1..length {
            items.push_str(&format!(
                "criterion c{at} = subject contains \"{at}\" or (c{} and recipient outside site)\n",
                at - 1
            ));
        }
        let policies = format!(
            "content policy probe for senders {{ when c{} when not text contains card_number tag \"x\" }}",
            length - 1
        );
        (items, policies)
    };
    let (items, policies) = chain(80);
    let plan = super::setting::judged_with(&items, &policies);
    assert_eq!(Setting::by(plan, PLAIN).outcome(), Outcome::Triggered);
    let (items, policies) = chain(400);
    let diagnostics = super::setting::planned_with(&items, &policies).unwrap_err();
    let found = diagnostics.sorted();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].code.0, "mfp::plan::too-deep");
    assert!(found[0].help.is_some());
}

#[test]
fn one_criterion_of_several_arguments_is_lowered_once_for_each() {
    let mut items =
        String::from("use std::dlp::{card_number}\ncriterion c0(a: attachment) = a.size > 1 KB\n");
    for at in 1..60 {
        items.push_str(&format!("criterion c{at}(a: attachment) = a is c{0} and not a is c{0}\n", at - 1));
    }
    let plan = super::setting::judged_with(
        &items,
        "content policy probe for senders { when any attachment where attachment is c59 when not text contains card_number tag \"x\" }",
    );
    assert!(plan.graph().len() < 300, "{}", plan.graph().len());
    let attached = message(
        "Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n",
        &"words ".repeat(500),
    );
    assert_eq!(Setting::by(plan, &attached).outcome(), Outcome::NotTriggered);
}

#[test]
fn addressees_of_a_notification_are_addresses_each_once() {
    let clauses = "when sender in site\nnotify sender using note\nnotify security@acme.example using note";
    let setting = Setting::with_clauses(clauses, PLAIN);
    let addresses: Vec<String> = setting.run(|evaluator, policy| {
        let hir = evaluator.plan().hir();
        let mut all = Vec::new();
        for action in &hir.policies[policy.index()].actions {
            if let Action::Notify { to, .. } = &action.node {
                for expr in to {
                    all.extend(evaluator.addresses(expr, 0).iter().map(ToString::to_string));
                }
            }
        }
        all
    });
    assert_eq!(addresses, ["anna@acme.example", "security@acme.example"]);
    let nobody = Setting::with_clauses(clauses, PLAIN).from("<>");
    let count = nobody.run(|evaluator, policy| {
        let Action::Notify { to, .. } = &evaluator.plan().hir().policies[policy.index()].actions[0].node
        else {
            panic!()
        };
        evaluator.addresses(&to[0], 0).len()
    });
    assert_eq!(count, 0, "nobody writes to the null sender");
}

#[test]
fn homes_are_those_of_the_index() {
    let setting = Setting::of("sender in site", PLAIN).to(&["carl@sales.acme.example", "bob@other.example"]);
    let homes = setting.run(|evaluator, _| {
        [Who::Sender, Who::Recipient(0), Who::Recipient(1)].map(|who| {
            let home = evaluator.home(who);
            (home, home.directory().map(|id| evaluator.plan().hir().directories[id.index()].path.to_string()))
        })
    });
    assert_eq!(homes[0].1.as_deref(), Some("acme"));
    assert_eq!(homes[1].1.as_deref(), Some("acme.sales"));
    assert_eq!(homes[2].0, Home::Nowhere);
}

#[test]
fn a_forged_name_looks_like_the_house_and_a_colleague_does_not() {
    let forged = "From: \"Smith, Anna\" <ceo@freemail.example>\r\nTo: carl@acme.example\r\nSubject: Pay\r\n\r\nnow\r\n";
    assert_true("any from looks like people", forged);
    let own =
        "From: Anna Smith <anna.smith@acme.example>\r\nTo: carl@acme.example\r\nSubject: Hi\r\n\r\nhi\r\n";
    assert_false("any from looks like people", own);
}

#[test]
fn equal_questions_of_different_policies_are_one_node() {
    let one =
        judged("content policy a for senders { when body contains \"x\" and sender in site tag \"a\" }");
    let two = judged(
        "content policy a for senders { when body contains \"x\" and sender in site tag \"a\" }\n\
         content policy b for senders { when sender in site and body contains \"x\" tag \"b\" }\n\
         content policy c for senders { when (body contains \"x\") and (sender in site and sender in site) tag \"c\" }",
    );
    assert_eq!(one.graph().len(), two.graph().len());
    let nodes = |policy: u32| two.policy_nodes(PolicyId(policy)).unwrap().whens.clone();
    assert_eq!(nodes(0), nodes(1));
    assert_eq!(nodes(0), nodes(2));
    let twice = judged(
        "content policy a for senders { when not (not sender in site) when sender in site tag \"a\" }",
    );
    let whens = &twice.policy_nodes(PolicyId(0)).unwrap().whens;
    assert_eq!(whens[0], whens[1]);
}

#[test]
fn clauses_in_another_order_give_the_same_outcome() {
    let clauses =
        ["when text contains \"nowhere\"", "when sender in site", "when count(card_number in text) >= 1"];
    let message = with_broken_zip("4111 1111 1111 1111");
    let mut outcomes = Vec::new();
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]] {
        let text = order.map(|at| clauses[at]).join("\n");
        outcomes.push(Setting::with_clauses(&text, &message).outcome());
    }
    assert!(matches!(outcomes[0], Outcome::Undecided { .. }));
    assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]), "{outcomes:?}");
}

#[test]
fn a_plan_is_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<mailfw::plan::Plan>();
    shared::<Arc<dyn mailfw::plan::Lookups>>();
}

/// A message with one attachment of these bytes.
fn with_file(name: &str, bytes: &[u8]) -> String {
    message(
        "Content-Type: multipart/mixed; boundary=b\r\n",
        &format!(
            "--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b\r\nContent-Type: application/octet-stream\r\n\
             Content-Disposition: attachment; filename={name}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
            data_encoding::BASE64.encode(bytes)
        ),
    )
}

#[test]
fn whether_an_archive_that_nobody_opened_is_encrypted_is_not_known() {
    let closed =
        with_file("a.7z", b"7z\xbc\xaf\x27\x1c\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00");
    assert_unknown("any attachment where attachment.encrypted", &closed);
    assert_unknown("no attachment where attachment is encrypted", &closed);
    assert_unknown("every attachment where attachment.encrypted", &closed);
    // Of a document the text is not read, but its encryption is looked at.
    let document = with_file("a.pdf", b"%PDF-1.4\n1 0 obj\n<< >>\nendobj\ntrailer\n<< >>\n%%EOF\n");
    assert_false("any attachment where attachment.encrypted", &document);
    assert_false("any attachment where attachment.encrypted", &with_file("a.txt", b"words"));
}

#[test]
fn equal_fields_of_one_name_count_each() {
    let twice = message("X-Mark: alpha\r\nX-Mark: alpha\r\n", "hi\r\n");
    assert_true("count(every \"alpha\" in header(\"X-Mark\")) == 2", &twice);
    assert_true("count(\"alpha\" in header(\"X-Mark\")) == 1", &twice);
}

#[test]
fn a_regex_that_costs_a_walk_to_the_end_for_each_match_counts_up_to_a_limit() {
    let text = message("", &format!("{}\r\n", "1 ".repeat(32 << 10)));
    assert_true("body matches /\\d+(.*foo)?/", &text);
    assert_true("count(every /\\d+(.*foo)?/ in body) >= 100", &text);
    assert_unknown("count(every /\\d+(.*foo)?/ in body) >= 30000", &text);
    assert_true("count(every /\\d/ in body) == 32768", &text);
}

#[test]
fn a_detector_that_could_not_try_everything_does_not_say_that_there_is_nothing() {
    let plan = judged_with(
        "detector endless { pattern /[0-9 ]+/ check luhn }",
        "content policy probe for senders { when count(endless in body) >= 100000 tag \"probe\" }",
    );
    let text = message("", &format!("{}\r\n", "1 ".repeat(8 << 10)));
    let outcome = Setting::by(plan, &text).outcome();
    assert!(matches!(outcome, Outcome::Undecided { .. }), "{outcome:?}");
    // A pattern of bounded length never comes near that.
    let numbers = message("", &format!("{}\r\n", "4111 1111 1111 1112 ".repeat(4 << 10)));
    assert_false("count(card_number in body) >= 1", &numbers);
}

#[test]
fn an_unread_attachment_stays_unread_behind_any_number_of_others() {
    let pdf = "JVBERi0xLjQKMSAwIG9iago8PC9UeXBlL0NhdGFsb2c+PgplbmRvYmoKc3RhcnR4cmVmCjAKJSVFT0YK";
    let file = |name: &str| {
        format!(
            "--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename={name}\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{pdf}\r\n"
        )
    };
    let mut parts: String = (0..60).map(|number| file(&format!("decoy{number}.pdf"))).collect();
    parts.push_str(&file("target.pdf"));
    let message = message("Content-Type: multipart/mixed; boundary=b\r\n", &format!("{parts}--b--\r\n"));
    let target =
        "any attachment where attachment.name like \"target*\" and attachment.text contains \"secret\"";
    assert_unknown(target, &message);
    assert_true(
        "any attachment where attachment.name like \"target*\" and attachment.unscannable is unsupported",
        &message,
    );
}

#[test]
fn the_source_of_html_is_what_stands_in_the_part() {
    let html = "<html><FORM\r\n action=http://evil.example><p>Your  pass<b>word</b></p></form></html>";
    let message = message(
        "Content-Type: multipart/alternative; boundary=b\r\n",
        &format!(
            "--b\r\nContent-Type: text/plain\r\n\r\n<b>plain\r\n--b\r\nContent-Type: text/html\r\n\r\n{html}\r\n--b--\r\n"
        ),
    );
    assert_true("body.html contains \"<form\"", &message);
    assert_true("body.html contains \"<form action=\"", &message);
    assert_false("body.html contains \"<b>plain\"", &message);
    assert_false("body contains \"<form\" or text contains \"<form\"", &message);
    assert_false("body.html contains \"password\"", &message);
    assert_true("body contains \"your password\" and text contains \"your password\"", &message);
    assert_false("body.html contains \"<form\"", PLAIN);
    let setting = Setting::of("body.html contains \"pass<b>\"", &message);
    let verdict = setting.verdict();
    let found = &verdict.clauses[0].evidence[0].matches[0];
    assert_eq!((found.offset, found.length), (html.find("pass<b>").unwrap(), "pass<b>".len()));
    assert_eq!((found.text.as_str(), found.part.as_deref()), ("pass<b>", Some("1.2")));
}
