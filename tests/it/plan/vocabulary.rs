//! What other systems ask: sub-addresses, declared charsets, one of several header fields, every name of a file.

use super::setting::{Setting, judged, judged_with, message, truth};
use mailfw::base::limits::MessageLimits;
use mailfw::language::hir::PolicyId;
use mailfw::message::Message;
use mailfw::message::envelope::{Envelope, Session};
use mailfw::plan::{Answer, Answers, Case, Evaluator, Outcome};

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

/// Whether a condition holds for an envelope, in a site with this clause.
fn holds(site: &str, condition: &str, sender: &str, recipient: &str) -> bool {
    let text = format!(
        "site {{ domains @acme.example {site} }}\n\
         directory acme {{ domain @acme.example\n\
         content policy probe for both {{ when {condition} tag \"probe\" }} }}\n"
    );
    let mut files = std::collections::BTreeMap::from([("main.mfp".to_string(), text.into_bytes())]);
    let checked = mailfw::language::check("main.mfp", &mut files, &Default::default());
    let plan = mailfw::plan::Plan::new(checked.hir.expect(condition)).unwrap();
    let setting = Setting::by(plan, &message("", "Text\r\n")).from(sender).to(&[recipient]);
    setting.outcome() == Outcome::Triggered
}

#[test]
fn an_address_has_a_user_and_a_detail_behind_the_first_plus() {
    let of = |condition: &str, recipient: &str| holds("", condition, "a@acme.example", recipient);
    assert!(of("recipient.user == \"anna\"", "Anna+News@acme.example"));
    assert!(of("recipient.detail == \"news\"", "Anna+News@acme.example"));
    assert!(of("recipient.local == \"anna+news\"", "Anna+News@acme.example"));
    assert!(of("recipient.detail == \"news+more\"", "anna+news+more@acme.example"), "the first one parts");
    assert!(of("recipient.user == \"anna\" and recipient.detail is absent", "anna@acme.example"));
    assert!(!of("recipient.detail == \"\"", "anna@acme.example"), "absent is not empty");
    assert!(of("recipient.detail == \"\" and recipient.detail is not absent", "anna+@acme.example"));
    assert!(of("recipient.user == \"\" and recipient.detail == \"news\"", "+news@acme.example"));
    assert!(of("recipient.user == \"two words\"", "\"two words+x\"@acme.example"));
    assert!(!of("recipient.user == \"anna\"", "anna-news@acme.example"), "a dash parts nothing by itself");
}

#[test]
fn the_site_says_which_marks_part_a_sub_address() {
    let of =
        |site: &str, condition: &str| holds(site, condition, "a@acme.example", "anna-news+x@acme.example");
    assert!(of("separator \"-\"", "recipient.user == \"anna\" and recipient.detail == \"news+x\""));
    assert!(of("separator \"+\"", "recipient.user == \"anna-news\" and recipient.detail == \"x\""));
    assert!(of("separator \"+-\"", "recipient.user == \"anna\" and recipient.detail == \"news+x\""));
    assert!(of("separator \"=\"", "recipient.user == \"anna-news+x\" and recipient.detail is absent"));
}

#[test]
fn senders_and_mailboxes_of_the_header_have_sub_addresses_too() {
    assert!(holds("", "sender.detail == \"x\"", "bounce+x@acme.example", "b@other.example"));
    assert!(holds("", "sender.user is not absent", "bounce+x@acme.example", "b@other.example"));
    let message = "From: Anna <anna+lists@acme.example>\r\nTo: bob@other.example, Carl <carl+box@other.example>\r\n\
         Subject: Hello\r\n\r\nText\r\n";
    assert_true("any to where to.address.detail == \"box\"", message);
    assert_true("any from where from.address.user == \"anna\"", message);
    assert_false("any cc where cc.address.detail == \"box\"", message);
    let null = Setting::of("sender.user is absent and sender.detail is absent", message)
        .from("<>")
        .to(&["anna@acme.example"]);
    assert_eq!(null.outcome(), Outcome::Triggered, "the null sender has neither");
}

const RECEIVED: &str = "Received: from gate.acme.example\r\nReceived: from relay.other.example\r\n\
                        received: from origin.other.example\r\n";

#[test]
fn one_of_several_header_fields_is_asked_by_its_number_from_the_top_or_as_the_last() {
    let message = message(RECEIVED, "Text\r\n");
    assert_true("header(\"Received\", 1) contains \"gate\"", &message);
    assert_false("header(\"Received\", 1) contains \"relay\"", &message);
    assert_true("header(\"received\", 2) contains \"relay\"", &message);
    assert_true("header(\"Received\", last) contains \"origin\"", &message);
    assert_false("header(\"Received\", last) contains \"gate\"", &message);
    assert_true("header(\"Received\", 3) == \"from origin.other.example\"", &message);
    assert_true("header(\"Subject\", last) == \"hello\" and header(\"Subject\", 1) == \"hello\"", &message);
    assert_true("length(header(\"Received\", last)) == 25", &message);
}

#[test]
fn an_occurrence_that_there_is_not_is_absent() {
    let message = message(RECEIVED, "Text\r\n");
    assert_true("header(\"Received\", 4) is absent", &message);
    assert_true("header(\"X-Nothing\", last) is absent and header(\"X-Nothing\", 1) is absent", &message);
    assert_false("header(\"Received\", 4) contains \"gate\"", &message);
    assert_true("(header(\"Received\", 4) or \"none\") == \"none\"", &message);
    assert_true("(header(\"Received\", 4) or header(\"Received\", last)) contains \"origin\"", &message);
}

#[test]
fn of_a_header_that_was_not_read_whole_the_last_field_is_not_known() {
    let text = message(RECEIVED, "Text\r\n");
    let limits = MessageLimits { header_fields: 6, ..MessageLimits::default() };
    let message = Message::parse(text.as_bytes(), &limits);
    assert!(!message.unscannable().is_empty(), "the limit cuts the section");
    let of = |condition: &str| {
        let plan = judged(&format!("content policy probe for senders {{ when {condition} tag \"x\" }}"));
        let envelope = Envelope::from_headers(&message);
        let answers = Answers::new(Some(Answer::NotAsked));
        let session = Session::default();
        let received = "2026-01-01T12:00:00Z".parse().unwrap();
        let case =
            Case { message: &message, envelope: &envelope, session: &session, received, lookups: &answers };
        Evaluator::new(&plan, case).policy(PolicyId(0), 0).outcome
    };
    assert_eq!(of("header(\"Received\", 1) contains \"gate\""), Outcome::Triggered);
    assert!(matches!(of("header(\"Received\", last) contains \"relay\""), Outcome::Undecided { .. }));
    assert!(matches!(of("header(\"Received\", last) is absent"), Outcome::Undecided { .. }));
    assert!(matches!(of("header(\"Received\", 9) contains \"x\""), Outcome::Undecided { .. }));
}

#[test]
fn a_record_shows_which_field_was_asked() {
    let message = message(RECEIVED, "Text\r\n");
    for (condition, shown) in [
        ("header(\"Received\", 2) contains \"relay\"", "header(\"Received\", 2)"),
        ("header(\"Received\", last) contains \"origin\"", "header(\"Received\", last)"),
    ] {
        let verdict = Setting::of(condition, &message).verdict();
        assert_eq!(verdict.clauses[0].evidence[0].fact, shown);
    }
}

fn in_charsets() -> String {
    message(
        "Content-Type: multipart/mixed; boundary=m\r\n",
        "--m\r\nContent-Type: text/plain; charset=KOI8-R\r\nContent-Transfer-Encoding: 8bit\r\n\r\nHello\r\n\
         --m\r\nContent-Type: text/plain; charset=\"windows-1251\"; name=notes.txt\r\n\
         Content-Disposition: attachment\r\n\r\nNotes\r\n\
         --m\r\nContent-Type: message/rfc822\r\n\r\nFrom: x@other.example\r\nSubject: Inner\r\n\
         Content-Type: text/plain; charset*=us-ascii''iso-8859-5\r\n\r\nInner\r\n--m--\r\n",
    )
}

#[test]
fn declared_charsets_are_those_of_all_parts() {
    let message = in_charsets();
    assert_true("any message.charset == \"koi8-r\"", &message);
    assert_true("any message.charset == \"KOI8-R\"", &message);
    assert_true("any message.charset in [\"big5\", \"windows-1251\"]", &message);
    assert_true("any message.charset where charset starts with \"iso-8859\"", &message);
    assert_true("no message.charset where charset == \"utf-8\"", &message);
    assert_true("length(message.charset) == 3", &message);
    assert_true("any part where part.charset == \"koi8-r\"", &message);
    assert_true("any part where part.name == \"subject\" and part.charset is absent", &message);
    assert_true(
        "any attachment where attachment.charset == \"windows-1251\" and attachment.name == \"notes.txt\"",
        &message,
    );
    assert_false("any attachment where attachment.charset == \"koi8-r\"", &message);
}

#[test]
fn where_no_charset_is_declared_there_is_none() {
    let message = message("Content-Type: text/plain\r\n", "Text\r\n");
    assert_true("message.charset is absent", &message);
    assert_false("any message.charset == \"us-ascii\"", &message);
    assert_true("every part where part.charset is absent", &message);
}

#[test]
fn every_reading_of_a_charset_that_is_declared_twice_counts() {
    let message = message("Content-Type: text/plain; charset=utf-8; charset=utf-7\r\n", "Text\r\n");
    assert_true("any message.charset == \"utf-8\" and any message.charset == \"utf-7\"", &message);
    assert_true("any part where part.charset == \"utf-7\"", &message);
}

/// A file whose Content-Type calls it a report and whose Content-Disposition calls it a program.
fn two_names(disposition: &str) -> String {
    message(
        "Content-Type: multipart/mixed; boundary=m\r\n",
        &format!(
            "--m\r\nContent-Type: text/plain\r\n\r\nSee the report.\r\n\
             --m\r\nContent-Type: text/plain; name=\"report.txt\"\r\n\
             Content-Disposition: {disposition}; filename=\"eicar.com\"\r\n\r\nplain words\r\n--m--\r\n"
        ),
    )
}

#[test]
fn a_file_of_two_names_is_asked_by_each_of_them() {
    for disposition in ["attachment", "inline"] {
        let message = two_names(disposition);
        for name in ["report.txt", "eicar.com"] {
            assert_true(&format!("any attachment where attachment.name == \"{name}\""), &message);
            assert_true(&format!("any part where part.name == \"{name}\""), &message);
        }
        assert_true("any attachment where attachment.name like \"*.com\"", &message);
        assert_true("any attachment where attachment.extension == \"com\"", &message);
        assert_true("any attachment where attachment.extension == \"txt\"", &message);
        assert_false("any attachment where attachment.name == \"other.com\"", &message);
        assert_false("no attachment where attachment.name ends with \".com\"", &message);
        assert_false(
            "every attachment where attachment.name ends with \".txt\" and not attachment.name ends with \".com\"",
            &message,
        );
    }
}

#[test]
fn a_body_text_of_two_names_is_asked_by_each_of_them() {
    let message = message(
        "Content-Type: text/plain; name=\"report.txt\"\r\nContent-Disposition: inline; filename=\"eicar.com\"\r\n",
        "plain words\r\n",
    );
    for name in ["report.txt", "eicar.com"] {
        let condition =
            format!("any part where part.name == \"{name}\" and part.text contains \"plain words\"");
        assert_true(&condition, &message);
    }
    assert_false("any part where part.name == \"other.com\"", &message);
}

#[test]
fn the_library_finds_a_program_behind_the_second_name() {
    let plan = judged_with(
        "use std::attachments::{executable}",
        "content policy probe for senders { when any attachment where attachment is executable tag \"x\" }",
    );
    assert_eq!(Setting::by(plan, &two_names("attachment")).outcome(), Outcome::Triggered);
}

#[test]
fn what_lies_in_an_archive_of_two_names_is_asked_by_each_of_them() {
    // A stored file `a.txt` of one byte.
    let zip = "UEsDBBQAAAAAAAAAIQBDvrfoAQAAAAEAAAAFAAAAYS50eHRhUEsBAhQDFAAAAAAAAAAhAEO+t+gBAAAAAQAAAAUAAAAAAAAAAAAAAIABAAAA\
               AGEudHh0UEsFBgAAAAABAAEAMwAAACQAAAAAAA==";
    let message = message(
        "Content-Type: multipart/mixed; boundary=m\r\n",
        &format!(
            "--m\r\nContent-Type: application/zip; name=\"photos.zip\"\r\nContent-Transfer-Encoding: base64\r\n\
             Content-Disposition: attachment; filename=\"tools.zip\"\r\n\r\n{zip}\r\n--m--\r\n"
        ),
    );
    for name in ["photos.zip", "tools.zip"] {
        let condition = format!(
            "any attachment where attachment.name == \"a.txt\" and attachment.container == \"{name}\""
        );
        assert_true(&condition, &message);
    }
}

#[test]
fn an_address_or_domain_named_on_the_spot_is_found_among_thousands() {
    let mut named: Vec<String> = (0..3_000).map(|number| format!("user{number}@many.example")).collect();
    named.extend((0..3_000).map(|number| format!("@d{number}.example")));
    named.push("@*.deep.example".to_string());
    let named = named.join(", ");
    let outcomes = |condition: &str| {
        let recipients = [
            "user0@many.example",
            "USER2999@MANY.example",
            "user3000@many.example",
            "anybody@d1500.example",
            "anybody@x.d1500.example",
            "anybody@a.b.deep.example",
            "anybody@deep.example",
        ];
        let one_by_one = recipients.map(|recipient| {
            let setting = Setting::of(condition, &message("", "Text")).to(&[recipient]);
            matches!(setting.outcome(), Outcome::Triggered)
        });
        one_by_one.to_vec()
    };
    let expected = [true, true, false, true, false, true, false];
    assert_eq!(outcomes(&format!("recipient in [{named}]")), expected);
    assert_eq!(outcomes(&format!("any recipient in [{named}]")), expected, "inside a quantifier");
    let denied = expected.map(|holds| !holds);
    assert_eq!(outcomes(&format!("recipient outside [{named}]")), denied);
}
