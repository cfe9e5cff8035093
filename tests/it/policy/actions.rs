//! Notifications, copies, edits and what leaves.

use super::support::{Letter, SITE, engine, letter, passes};
use mailfw::plan::{Answer, Answers, Case};
use mailfw::policy::engine::{Decision, Engine, Judging, PolicyKey};
use mailfw::policy::outcome::{AppliedEdit, Edit};
use mailfw::policy::perform::{self, Leaving, LeavingKind};

fn in_acme(policies: &str) -> Engine {
    engine(&format!("{SITE} directory acme {{ domain @acme.example {policies} }}"))
}

fn leaving(engine: &Engine, letter: &Letter, decision: &Decision) -> Vec<Leaving> {
    let message = letter.parsed();
    let (envelope, session) = (letter.envelope(), letter.session());
    let case = Case {
        message: &message,
        envelope: &envelope,
        session: &session,
        received: letter.received.parse().unwrap(),
        lookups: &Answers::new(Some(Answer::NotAsked)),
    };
    perform::leaving(engine.hir(), &case, decision)
}

fn text_of(leaving: &Leaving) -> String {
    String::from_utf8_lossy(&leaving.bytes).into_owned()
}

#[test]
fn a_notification_goes_once_per_message_addressee_and_template_and_lists_the_recipients() {
    let engine = in_acme(
        "content policy p for senders { when recipient outside site notify sec@acme.example using note then quarantine in one }",
    );
    let letter = letter("a@acme.example", &["x@out.example", "b@acme.example", "y@out.example"], "s");
    let decision = letter.decide(&engine);
    assert_eq!(decision.notifications.len(), 1);
    assert_eq!(decision.notifications[0].recipients, [0, 2]);
    let all = leaving(&engine, &letter, &decision);
    let told: Vec<&Leaving> =
        all.iter().filter(|leaving| leaving.kind == LeavingKind::Notification).collect();
    assert_eq!(told.len(), 1);
    let text = text_of(told[0]);
    assert!(text.contains("x@out.example") && text.contains("y@out.example"), "{text}");
    assert!(!text.contains("b@acme.example"), "{text}");
    assert!(text.contains("Auto-Submitted: auto-"), "{text}");
    assert!(text.contains("Subject: Note p"), "{text}");
    assert_eq!(told[0].sender, "", "nothing answers a notification");
}

#[test]
fn two_policies_tell_the_same_person_each_for_itself() {
    let engine = in_acme(
        "content policy p for senders { notify sec@acme.example using note }
         content policy q for senders { notify sec@acme.example using note }",
    );
    let decision = letter("a@acme.example", &["x@out.example"], "s").decide(&engine);
    assert_eq!(decision.notifications.len(), 2);
}

#[test]
fn nothing_is_ever_sent_to_the_null_sender() {
    let engine = in_acme("content policy p for recipients { notify sender using note then return \"no\" }");
    let mut bounce = letter("x@out.example", &["a@acme.example"], "s");
    bounce.from = None;
    let decision = bounce.decide(&engine);
    assert!(decision.notifications.is_empty());
    assert!(leaving(&engine, &bounce, &decision).is_empty());
}

#[test]
fn each_recipient_may_be_told_without_parting_the_message() {
    let engine =
        in_acme("content policy p for recipients { notify recipient using note then quarantine in one }");
    let decision = letter("x@out.example", &["a@acme.example", "b@acme.example"], "s").decide(&engine);
    assert_eq!(decision.groups.len(), 1, "whom a policy tells is no part of the outcome");
    let told: Vec<String> = decision.notifications.iter().map(|known| known.to.to_string()).collect();
    assert_eq!(told, ["a@acme.example", "b@acme.example"]);
}

#[test]
fn a_copy_as_received_goes_once_and_one_as_it_leaves_with_its_edits() {
    let engine = in_acme(
        "content policy p for senders { annotate header \"X-P\" \"1\" copy to archive@acme.example original copy to audit@acme.example processed }",
    );
    let letter = letter("a@acme.example", &["x@out.example", "b@acme.example"], "s");
    let decision = letter.decide(&engine);
    let all = leaving(&engine, &letter, &decision);
    let copies: Vec<&Leaving> = all.iter().filter(|leaving| leaving.kind == LeavingKind::Copy).collect();
    assert_eq!(copies.len(), 2);
    let to = |address: &str| copies.iter().find(|copy| copy.recipients == [address]).expect("a copy");
    assert_eq!(to("archive@acme.example").bytes, letter.message.as_bytes());
    assert!(text_of(to("audit@acme.example")).contains("X-P: 1"));
}

#[test]
fn what_no_policy_changes_leaves_byte_for_byte() {
    let engine = in_acme("content policy p for senders { tag \"t\" }");
    let letter = letter("a@acme.example", &["x@out.example"], "s");
    let all = leaving(&engine, &letter, &letter.decide(&engine));
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].bytes, letter.message.as_bytes());
}

#[test]
fn what_is_held_leaves_nothing_and_a_return_leaves_a_report() {
    let engine = in_acme(
        "content policy p for senders { when subject contains \"hold\" then quarantine in one }
         content policy q for senders { when subject contains \"back\" then return \"Too secret.\" }",
    );
    let held = letter("a@acme.example", &["x@out.example"], "hold");
    assert!(leaving(&engine, &held, &held.decide(&engine)).is_empty());
    let back = letter("a@acme.example", &["x@out.example"], "back");
    let all = leaving(&engine, &back, &back.decide(&engine));
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].kind, all[0].sender.as_str()), (LeavingKind::Report, ""));
    assert_eq!(all[0].recipients, ["a@acme.example"]);
    let text = text_of(&all[0]);
    assert!(text.contains("multipart/report") && text.contains("Too secret."), "{text}");
}

#[test]
fn edits_are_made_and_redirected_mail_goes_to_somebody_else() {
    let engine = in_acme(
        "content policy p for senders { annotate subject prefix \"[P] \" set header \"X-Set\" \"{subject}\" remove header \"X-Gone\" redirect to other@out.example }",
    );
    let mut letter = letter("a@acme.example", &["x@out.example"], "Hello");
    letter.message = letter.message.replace("MIME-Version", "X-Gone: 1\r\nX-Set: old\r\nMIME-Version");
    let all = leaving(&engine, &letter, &letter.decide(&engine));
    let text = text_of(&all[0]);
    assert!(text.contains("Subject: [P] Hello\r\n"), "{text}");
    assert!(text.contains("X-Set: Hello\r\n") && !text.contains("old") && !text.contains("X-Gone"), "{text}");
    assert_eq!(all[0].recipients, ["other@out.example"]);
}

#[test]
fn a_value_in_a_header_cannot_begin_another_field() {
    let engine = in_acme("content policy p for senders { annotate header \"X-Subject\" \"{subject}\" }");
    let mut letter = letter("a@acme.example", &["x@out.example"], "s");
    letter.message = letter.message.replace("Subject: s", "Subject: =?utf-8?q?a=0D=0AX-Evil:_1?=");
    let all = leaving(&engine, &letter, &letter.decide(&engine));
    assert!(!text_of(&all[0]).contains("\nX-Evil"), "{}", text_of(&all[0]));
}

const SIGNED: &str = r#"header "Content-Type" "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m"
    header "Content-Transfer-Encoding" "base64" body "MIAGCSqGSIb3DQEHAqCAMIACAQExDzAN""#;

#[test]
fn a_footer_on_a_signed_message_is_skipped_wrapped_or_returned_as_the_clause_says() {
    passes(
        &r#"
        template foot { text "Confidential." }
        directory acme { domain @acme.example
            directory skip { user skip@acme.example content policy f1 for senders { annotate footer using foot or skip } }
            directory wrap { user wrap@acme.example content policy f2 for senders { annotate footer using foot or wrap } }
            directory back { user back@acme.example content policy f3 for senders { annotate footer using foot or return "Unsigned, please." } } }
        test "plain" { from back@acme.example to x@out.example subject "s" body "Hello" expect deliver expect body contains "Confidential." }
        test "skip" { from skip@acme.example to x@out.example subject "s" SIGNED expect deliver expect not body contains "Confidential." }
        test "wrap" { from wrap@acme.example to x@out.example subject "s" SIGNED expect deliver expect body contains "Confidential." }
        test "return" { from back@acme.example to x@out.example subject "s" SIGNED expect return "Unsigned, please." }
        "#
        .replace("SIGNED", SIGNED),
    );
}

#[test]
fn released_mail_tells_nobody_twice() {
    let engine = in_acme(
        "content policy p for senders { notify sec@acme.example using note tag \"p\" then quarantine in one }
         content policy q for senders { notify sec@acme.example using note tag \"q\" annotate header \"X-Q\" \"1\" }",
    );
    let letter = letter("a@acme.example", &["x@out.example"], "s");
    let held = letter.decide(&engine);
    let hir = engine.hir();
    let key = |policy: &str| {
        PolicyKey::of(hir, hir.policies.iter().find(|known| &*known.name == policy).expect("a policy"))
    };
    assert_eq!(held.groups[0].outcome.held_by.len(), 1);
    let judging = Judging {
        past: [key("p")].into(),
        done: [key("p"), key("q")].into(),
        now: None,
        ..Judging::default()
    };
    let released = letter.decide_with(&engine, &Answers::new(Some(Answer::NotAsked)), &judging);
    assert!(released.notifications.is_empty());
    assert_eq!(released.groups[0].outcome.fate.name(), "deliver");
    assert!(released.groups[0].outcome.tags.is_empty());
    assert_eq!(released.groups[0].outcome.edits.len(), 1, "edits are made when it leaves");
}

#[test]
fn texts_that_name_the_recipient_part_the_copies() {
    let engine = in_acme("content policy p for senders { annotate header \"X-For\" \"{recipient}\" }");
    let decision = letter("a@acme.example", &["x@out.example", "y@out.example"], "s").decide(&engine);
    assert_eq!(decision.groups.len(), 2, "nobody reads of the other");
}

#[test]
fn nobody_is_told_who_may_be_forged_or_is_a_program() {
    passes(
        r#"
        directory acme {
            domain @acme.example
            content policy p for recipients {
                when subject contains "offer"
                notify sender using note
                notify postmaster@acme.example using note
                then quarantine in one
            }
        }
        test "a sender for whom nobody vouches is not told" {
            from victim@innocent.example to y@acme.example subject "offer" client 203.0.113.9
            given spf fail given dmarc fail
            expect not notify victim@innocent.example
            expect notify postmaster@acme.example using note
        }
        test "one for whom SPF vouches is" {
            from buyer@shop.example to y@acme.example subject "offer" client 203.0.113.9
            given spf pass
            expect notify buyer@shop.example using note
        }
        test "nor is a program that answers" {
            from buyer@shop.example to y@acme.example subject "offer" client 203.0.113.9
            header "Auto-Submitted" "auto-replied"
            given spf pass
            expect not notify buyer@shop.example
            expect notify postmaster@acme.example using note
        }
        test "one of our own is" {
            from anna@acme.example to y@acme.example subject "offer"
            expect notify anna@acme.example using note
        }
        "#,
    );
}

#[test]
fn what_cannot_be_judged_is_not_stripped_but_held() {
    passes(
        r#"
        directory acme {
            domain @acme.example
            content policy st for recipients {
                strip attachments where attachment.text contains "secret" using note
            }
        }
        test "an attachment that cannot be read is neither taken away nor let through" {
            from buyer@shop.example to y@acme.example subject "s" body "b"
            attach "offer.pdf" containing "%PDF-1.4 hello"
            expect quarantine in unscannable
        }
        test "one that can is judged" {
            from buyer@shop.example to y@acme.example subject "s" body "b"
            attach "notes.txt" containing "a secret"
            expect deliver
        }
        "#,
    );
}

/// A letter with a text that names a secret and a PDF, which cannot be read.
fn with_notes_and_offer() -> Letter {
    let mut letter = letter("x@out.example", &["a@acme.example"], "s");
    letter.message = "From: x@out.example\r\nTo: a@acme.example\r\nSubject: s\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n\
        --b\r\nContent-Type: text/plain; name=notes.txt\r\nContent-Disposition: attachment\r\n\r\na secret\r\n\
        --b\r\nContent-Type: application/pdf; name=offer.pdf\r\nContent-Disposition: attachment\r\n\r\n%PDF-1.4 hello\r\n\
        --b--\r\n"
        .to_string();
    letter
}

#[test]
fn released_mail_leaves_without_what_a_strip_is_certain_of() {
    let engine = in_acme(
        "content policy st for recipients { strip attachments where attachment.text contains \"secret\" using note }",
    );
    let letter = with_notes_and_offer();
    let held = letter.decide(&engine);
    let outcome = &held.groups[0].outcome;
    let record = held.record.as_ref().unwrap();
    assert_eq!(record.groups[0].outcome.words, "quarantine in unscannable");
    let causes: Vec<&str> = record.groups[0].policies[0].causes.iter().map(|cause| &*cause.place).collect();
    assert_eq!(causes, ["offer.pdf"], "the record names what could not be judged");
    let hir = engine.hir();
    let past = outcome.held_by.iter().map(|id| PolicyKey::of(hir, &hir.policies[id.index()])).collect();
    let judging = Judging { past, ..Judging::default() };
    let released = letter.decide_with(&engine, &Answers::new(Some(Answer::NotAsked)), &judging);
    let outcome = &released.groups[0].outcome;
    assert_eq!(outcome.fate.name(), "deliver");
    let [AppliedEdit { edit: Edit::Strip { attachments, .. }, .. }] = outcome.edits.as_slice() else {
        panic!("one strip: {:?}", outcome.edits)
    };
    let message = letter.parsed();
    let names: Vec<_> = attachments.iter().filter_map(|&id| message.attachment(id)?.name()).collect();
    assert_eq!(names, ["notes.txt"]);
}

#[test]
fn what_a_strip_cannot_tell_keeps_no_stricter_disposition_from_holding() {
    for (disposition, words) in [
        ("then reject \"no\"", "reject \"no\""),
        ("then drop", "drop"),
        ("then deliver", "quarantine in unscannable"),
    ] {
        let engine = in_acme(&format!(
            "content policy st for recipients {{ strip attachments where attachment.text contains \"secret\" using note {disposition} }}"
        ));
        let mut letter = with_notes_and_offer();
        letter.from = Some("b@acme.example");
        letter.inside = true;
        let decision = letter.decide(&engine);
        assert_eq!(decision.record.as_ref().unwrap().groups[0].outcome.words, words, "{disposition}");
    }
}

#[test]
fn files_whose_type_holds_no_macros_have_none() {
    passes(
        r#"
        directory acme {
            domain @acme.example
            content policy st for recipients {
                strip attachments where attachment.macros using note
            }
        }
        test "a PDF stays" {
            from buyer@shop.example to y@acme.example subject "s" body "b"
            attach "offer.pdf" containing "%PDF-1.4 hello"
            expect deliver
            expect attachment "offer.pdf"
        }
        "#,
    );
}
