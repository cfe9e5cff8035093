//! Dry runs: every message a row, in order, with figures; comparison of two sets; envelopes out of mailboxes.

use super::support::{SITE, engine};
use mailfw::base::limits::MessageLimits;
use mailfw::message::Message;
use mailfw::message::mailbox::FromLine;
use mailfw::policy::assumed::Unanswered;
use mailfw::policy::dry_run::{DryRun, Options, Row, RowResult};
use mailfw::policy::engine::{Detail, Engine};
use mailfw::policy::envelope_rule::{EnvelopeRule, RecipientRule, SenderRule};
use mailfw::policy::mailboxes::{MailItem, MailboxError};
use mailfw::policy::statistics::Summary;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;

fn set(policies: &str) -> Engine {
    engine(&format!("{SITE} directory acme {{ domain @acme.example {policies} }}"))
}

fn item(number: usize, to: &str, subject: &str, body: &str) -> MailItem {
    let bytes = format!(
        "From: a@acme.example\r\nTo: {to}\r\nSubject: {subject}\r\nDate: Thu, 1 Jan 2026 12:00:00 +0000\r\n\
         Message-ID: <{number}@acme.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n{body}\r\n"
    )
    .into_bytes();
    MailItem { origin: format!("box#{number}"), ..raw(bytes) }
}

/// Bytes as a mailbox gives them, with nothing known beside them.
fn raw(bytes: Vec<u8>) -> MailItem {
    let total_size = bytes.len() as u64;
    MailItem { origin: "x".into(), bytes, envelope_hint: None, truncated: false, total_size, modified: None }
}

fn options(threads: usize) -> Options {
    Options {
        threads: NonZeroUsize::new(threads).unwrap(),
        ..Options::new("2026-06-01T00:00:00Z".parse().unwrap())
    }
}

fn run(
    engine: &Engine,
    against: Option<&Engine>,
    options: &Options,
    items: Vec<Result<MailItem, MailboxError>>,
) -> (Vec<Row>, Summary) {
    let mut rows = Vec::new();
    let summary = DryRun { engine, against, options }.run(items.into_iter(), |row| {
        rows.push(row.clone());
        ControlFlow::Continue(())
    });
    (rows, summary)
}

#[test]
fn rows_come_in_the_mailboxs_order_whatever_the_threads_do() {
    let engine = set("content policy p for senders { when subject contains \"x\" then quarantine in one }");
    // The first messages take longest.
    let items = (1..=200).map(|n| Ok(item(n, "b@out.example", "x", &"word ".repeat(2000 / n)))).collect();
    let (rows, summary) = run(&engine, None, &options(4), items);
    let numbers: Vec<u64> = rows.iter().map(|row| row.number).collect();
    assert_eq!(numbers, (1..=200).collect::<Vec<u64>>());
    assert!(rows.iter().enumerate().all(|(at, row)| row.origin == format!("box#{}", at + 1)));
    assert_eq!((summary.messages, summary.outcomes["quarantine in one"]), (200, 200));
    assert_eq!(summary.policies[0].triggered, 200);
}

#[test]
fn an_entry_that_cannot_be_read_is_a_row_and_the_others_still_come() {
    let engine = set("content policy p for senders { then deliver }");
    let broken = MailboxError { origin: "box#2".into(), reason: "the disk is gone".into(), mend: None };
    let items =
        vec![Ok(item(1, "b@out.example", "s", "")), Err(broken), Ok(item(3, "b@out.example", "s", ""))];
    let (rows, summary) = run(&engine, None, &options(2), items);
    assert_eq!((rows.len(), summary.messages, summary.unreadable), (3, 2, 1));
    assert!(matches!(&rows[1].result, RowResult::Unreadable(error) if error.reason == "the disk is gone"));
    assert_eq!(rows[1].record().status, "unreadable");
}

#[test]
fn a_reader_that_fails_ends_the_mailbox_with_a_row() {
    let engine = set("content policy p for senders { then deliver }");
    let items = (1..=3).map(|n| {
        assert!(n < 3, "the reader breaks");
        Ok(item(n, "b@out.example", "s", ""))
    });
    let mut rows = Vec::new();
    DryRun { engine: &engine, against: None, options: &options(2) }.run(items, |row| {
        rows.push(row.clone());
        ControlFlow::Continue(())
    });
    assert_eq!(rows.len(), 3);
    assert!(
        matches!(&rows[2].result, RowResult::Unreadable(error) if error.reason.contains("the reader breaks"))
    );
}

#[test]
fn the_sink_may_end_the_run_at_once() {
    let engine = set("content policy p for senders { then deliver }");
    let items = (1..).map(|n| Ok(item(n, "b@out.example", "s", "")));
    let mut rows = 0;
    DryRun { engine: &engine, against: None, options: &options(2) }.run(items, |_| {
        rows += 1;
        if rows == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(rows, 5);
}

#[test]
fn a_message_cut_at_the_limit_is_unscannable_and_held() {
    let engine = set("content policy p for senders { when text contains \"zzz\" then quarantine in one }");
    let mut cut = item(1, "b@out.example", "s", "body");
    cut.truncated = true;
    cut.total_size = 1 << 40;
    let (rows, summary) = run(&engine, None, &options(1), vec![Ok(cut)]);
    let RowResult::Judged(judged) = &rows[0].result else { panic!("judged") };
    assert_eq!(judged.unscannable, ["limit"]);
    assert_eq!(judged.decision.record.as_ref().unwrap().groups[0].outcome.words, "quarantine in unscannable");
    assert_eq!(summary.unscannable, 1);
}

#[test]
fn policies_that_never_trigger_are_named() {
    let engine = set("content policy p for senders { when subject contains \"x\" tag \"t\" }
         content policy never for senders { when subject contains \"y\" tag \"t\" }
         content policy gone for senders off { tag \"t\" }");
    let (_, summary) = run(&engine, None, &options(1), vec![Ok(item(1, "b@out.example", "x", ""))]);
    let never: Vec<&str> =
        summary.idle(engine.hir()).never_triggered.iter().map(|figures| figures.policy.as_str()).collect();
    assert_eq!(never, ["never"]);
}

#[test]
fn messages_are_taken_as_clean_with_a_notice_or_held_where_that_is_not_assumed() {
    let engine = set("virus policy scan for both { when virus.found then drop }");
    let one = || vec![Ok(item(1, "b@out.example", "s", ""))];
    let (_, summary) = run(&engine, None, &options(1), one());
    assert_eq!(summary.outcomes["deliver"], 1);
    assert_eq!(summary.assumed.values().copied().collect::<Vec<_>>(), [1], "{:?}", summary.assumed);
    assert!(summary.assumed.keys().all(|words| words.contains("taken as clean")), "{:?}", summary.assumed);
    let strict = Options { unanswered: Unanswered::Open, ..options(1) };
    let (_, summary) = run(&engine, None, &strict, one());
    assert_eq!(summary.outcomes.get("deliver"), None, "{:?}", summary.outcomes);
    assert_eq!(summary.policies[0].undecided, 1);
}

#[test]
fn against_another_set_only_messages_with_another_outcome_differ_and_say_why() {
    let this = set("content policy p for senders { when subject contains \"x\" then quarantine in one }");
    let other = set("content policy p for senders { when subject contains \"xx\" then quarantine in one }");
    let items = vec![
        Ok(item(1, "b@out.example", "x", "")),
        Ok(item(2, "b@out.example", "xx", "")),
        Ok(item(3, "b@out.example", "y", "")),
    ];
    let (rows, summary) = run(&this, Some(&other), &options(2), items);
    let differences: Vec<bool> = rows
        .iter()
        .map(|row| matches!(&row.result, RowResult::Judged(judged) if judged.difference.is_some()))
        .collect();
    assert_eq!((differences, summary.different), (vec![true, false, false], 1));
    let RowResult::Judged(judged) = &rows[0].result else { panic!("judged") };
    let difference = judged.difference.as_ref().unwrap();
    assert_eq!(difference.recipients[0].changes, ["disposition: quarantine in one, was deliver"]);
    let why = &difference.recipients[0].policies[0];
    assert_eq!(why.policy, "p");
    assert!(why.this.is_some() && why.other.is_some());
}

#[test]
fn a_row_is_one_json_object_with_a_record() {
    let engine = set("content policy p for senders { when subject contains \"x\" then deliver }");
    let leaving = Options { leaving: true, ..options(1) };
    let (rows, _) = run(&engine, None, &leaving, vec![Ok(item(7, "b@out.example", "x\u{2028}y", ""))]);
    let json = serde_json::to_value(rows[0].record()).unwrap();
    assert_eq!(json["version"], 1);
    assert_eq!(json["status"], "judged");
    assert_eq!(json["record"]["groups"][0]["outcome"]["action"], "deliver");
    assert_eq!(json["record"]["groups"][0]["policies"][0]["result"], "triggered");
    assert_eq!(json["files"][0], "000001-1-message.eml");
}

fn parsed(head: &str) -> Message {
    Message::parse(format!("{head}\r\nbody\r\n").into_bytes(), &MessageLimits::default())
}

#[test]
fn envelopes_come_from_traces_headers_or_fixed_values() {
    let engine = set("content policy p for senders { then deliver }");
    let site = &engine.hir().site;
    let message = parsed(
        "Return-Path: <bounce@list.example>\r\nDelivered-To: ben@acme.example\r\nFrom: A <a@out.example>\r\nTo: list@list.example\r\nCc: c@out.example\r\n",
    );
    let envelope = |rule: &str| {
        let (envelope, named) = EnvelopeRule::parse(rule).unwrap().envelope(&message, None, site);
        let to: Vec<String> = envelope.recipients.iter().map(|known| known.address.to_string()).collect();
        (envelope.sender.map(|sender| sender.to_string()).unwrap_or_default(), to.join(" "), named.stand_in)
    };
    assert_eq!(envelope(""), ("bounce@list.example".into(), "list@list.example c@out.example".into(), false));
    assert_eq!(
        envelope("headers"),
        ("a@out.example".into(), "list@list.example c@out.example".into(), false)
    );
    assert_eq!(envelope("traces"), ("bounce@list.example".into(), "ben@acme.example".into(), false));
    assert_eq!(
        envelope("from=<>,to=x@a.example,to=y@a.example"),
        (String::new(), "x@a.example y@a.example".into(), false)
    );
    assert!(EnvelopeRule::parse("nonsense").is_err() && EnvelopeRule::parse("to=nobody").is_err());
}

#[test]
fn the_from_line_of_a_mailbox_names_the_sender_where_there_is_no_return_path() {
    let engine = set("content policy p for senders { then deliver }");
    let message = parsed("From: a@out.example\r\nTo: b@acme.example\r\n");
    let hint = |sender: &str| FromLine { sender: sender.into(), date: String::new() };
    let rule = EnvelopeRule { sender: SenderRule::Traces, recipients: RecipientRule::Headers };
    let sender = |hint: FromLine| {
        rule.envelope(&message, Some(&hint), &engine.hir().site).0.sender.unwrap().to_string()
    };
    assert_eq!(sender(hint("real@out.example")), "real@out.example");
    assert_eq!(sender(hint("nobody-in-particular")), "a@out.example");
}

#[test]
fn a_message_that_names_nobody_is_judged_for_the_postmaster() {
    let engine = set("content policy p for recipients { then quarantine in one }");
    let bytes = b"From: a@out.example\r\nSubject: s\r\n\r\nbody\r\n".to_vec();
    let nobody = raw(bytes);
    let (rows, summary) = run(&engine, None, &options(1), vec![Ok(nobody)]);
    assert_eq!(summary.without_recipient, 1);
    let RowResult::Judged(judged) = &rows[0].result else { panic!("judged") };
    let group = &judged.decision.record.as_ref().unwrap().groups[0];
    assert_eq!(group.recipients[0].address, "postmaster@acme.example");
    assert_eq!(group.outcome.words, "quarantine in one");
}

/// The directions policies see, each by the folder its messages are held in, and the assumptions of the run.
fn directions(head: &str, adjust: impl FnOnce(&mut Options)) -> (String, Vec<String>) {
    let engine = set("content policy i for both { when direction is inbound then quarantine in one }
         content policy o for both { when direction is internal then quarantine in two }");
    let mut options = options(1);
    adjust(&mut options);
    let bytes = format!("{head}From: boss@acme.example\r\nTo: anna@acme.example\r\nSubject: s\r\n\r\nx\r\n")
        .into_bytes();
    let one = raw(bytes);
    let (_, summary) = run(&engine, None, &options, vec![Ok(one)]);
    (summary.outcomes.keys().next().unwrap().clone(), summary.assumed.into_keys().collect())
}

#[test]
fn the_client_is_the_one_the_receiving_server_saw() {
    let received = |from: &str| {
        format!(
            "Received: from {from} by mx.acme.example with ESMTP id 1; Tue, 24 Nov 2026 10:00:00 +0000\r\n"
        )
    };
    for (head, folder) in [
        (received("evil.example (evil.example [203.0.113.9])"), "one"),
        // What the client calls itself proves nothing.
        (received("[10.0.0.1] (evil.example [203.0.113.9])"), "one"),
        (received("unknown (HELO [10.0.0.1]) (203.0.113.9)"), "one"),
        (received("[203.0.113.9] (port=1 helo=[10.0.0.1])"), "one"),
        // A field below was written by whom we do not know.
        (received("evil.example ([203.0.113.9])") + &received("pc.acme.example ([10.0.0.7])"), "one"),
        // A hop within the site leads on to who handed the message to the site.
        (received("mx.acme.example ([10.0.0.2])") + &received("evil.example ([203.0.113.9])"), "one"),
        (received("pc.acme.example (pc.acme.example [10.0.0.7])"), "two"),
        (received("home.example ([198.51.100.7])").replace("ESMTP", "ESMTPSA"), "two"),
    ] {
        let (outcome, assumed) = directions(&head, |_| {});
        assert_eq!(outcome, format!("quarantine in {folder}"), "{head}");
        assert!(assumed[0].contains("Received field of the receiving server"), "{assumed:?}");
    }
    let spoofed = received("evil.example ([203.0.113.9])");
    let (outcome, assumed) = directions(&spoofed, |options| options.trust = 0);
    assert_eq!(outcome, "quarantine in two");
    assert!(assumed[0].contains("taken as one of its users"), "{assumed:?}");
    let two = received("relay.example ([192.0.2.25])") + &received("pc.acme.example ([10.0.0.7])");
    assert_eq!(directions(&two, |options| options.trust = 2).0, "quarantine in two");
    let (outcome, assumed) = directions("", |options| options.unanswered = Unanswered::Open);
    assert!(!outcome.contains("one") && !outcome.contains("two") && outcome != "deliver", "{outcome}");
    assert!(assumed[0].contains("left open"), "{assumed:?}");
}

#[test]
fn results_of_the_receiving_server_answer_and_those_of_others_do_not() {
    let engine = set("content policy f for both { when spf is fail then quarantine in one }");
    let outcome = |server: &str, place: usize| {
        let mut fields = ["Received: from e.example ([203.0.113.9]) by mx.acme.example with ESMTP; Tue, 24 Nov 2026 10:00:00 +0000\r\n".to_string(), "Received: from x by e.example; Tue, 24 Nov 2026 10:00:00 +0000\r\n".to_string()].to_vec();
        fields.insert(
            place,
            format!("Authentication-Results: {server}; spf=fail (no) smtp.mailfrom=a@acme.example\r\n"),
        );
        let bytes = format!("{}From: a@acme.example\r\nTo: b@acme.example\r\n\r\nx\r\n", fields.concat())
            .into_bytes();
        let one = raw(bytes);
        let (_, summary) = run(&engine, None, &options(1), vec![Ok(one)]);
        (summary.outcomes.keys().next().unwrap().clone(), summary.assumed.into_keys().collect::<Vec<_>>())
    };
    for place in [0, 1] {
        let (outcome, assumed) = outcome("mx.acme.example", place);
        assert_eq!(outcome, "quarantine in one");
        assert!(assumed[0].contains("Authentication-Results"), "{assumed:?}");
    }
    assert_eq!(outcome("mx.acme.example", 2).0, "deliver", "it came with the message");
    let (outcome, assumed) = outcome("e.example", 0);
    assert_eq!((outcome.as_str(), assumed), ("deliver", vec!["SPF: not asked, no result".to_string()]));
}

#[test]
fn block_lists_and_the_client_are_named_among_what_was_assumed() {
    let engine =
        set("content policy b for both { when client in dnsbl \"zen.example\" then quarantine in one }");
    let (_, summary) = run(&engine, None, &options(1), vec![Ok(item(1, "b@out.example", "s", ""))]);
    let assumed: Vec<&String> = summary.assumed.keys().collect();
    assert!(assumed[0].contains("client") && assumed[0].contains("block list"), "{assumed:?}");
}

#[test]
fn a_message_arrived_when_the_receiving_server_says_and_never_before_1970() {
    let engine = set("content policy p for both { when received > 2020-01-01 then quarantine in one }");
    let outcome = |head: &str, modified: &str| {
        let bytes = format!("{head}From: a@acme.example\r\nTo: b@acme.example\r\n\r\nx\r\n").into_bytes();
        let total_size = bytes.len() as u64;
        let modified = Some(modified.parse().unwrap());
        let one = MailItem {
            origin: "x".into(),
            bytes,
            envelope_hint: None,
            truncated: false,
            total_size,
            modified,
        };
        run(&engine, None, &options(1), vec![Ok(one)]).1.outcomes.keys().next().unwrap().clone()
    };
    let received = "Received: by mx.acme.example; Tue, 24 Nov 2026 10:00:00 +0000\r\n";
    let old = "Date: Mon, 1 Jan 2001 10:00:00 +0000\r\n";
    assert_eq!(outcome(&format!("{received}{old}"), "2001-01-01T00:00:00Z"), "quarantine in one");
    assert_eq!(outcome(old, "2026-01-01T00:00:00Z"), "deliver");
    for undated in ["", "Date: Mon, 1 Jan 0102 10:00:00 +0000\r\n"] {
        assert_eq!(outcome(undated, "2026-01-01T00:00:00Z"), "quarantine in one");
        assert_eq!(outcome(undated, "2001-01-01T00:00:00Z"), "deliver");
    }
}

#[test]
fn messages_that_fill_all_room_are_judged_one_after_the_other() {
    let engine = set("content policy p for senders { then deliver }");
    let items = (1..=100).map(|n| {
        let mut item = item(n, "b@out.example", "s", "");
        item.total_size = mailfw::policy::dry_run::IN_FLIGHT_BYTES / (n as u64 % 3 + 1);
        Ok(item)
    });
    let (rows, summary) = run(&engine, None, &options(4), items.collect());
    assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), (1..=100).collect::<Vec<u64>>());
    assert_eq!(summary.messages, 100);
}

#[test]
fn figures_are_the_same_whatever_is_kept_of_a_message() {
    let engine = engine(&format!(
        "{SITE} directory acme {{ domain @acme.example
            content policy found for both {{ when subject contains \"x\" then quarantine in one }}
            content policy outer for senders {{ when subject contains \"y\" tag \"outer\" }}
            content policy silent for senders {{ when subject contains \"z\" then drop }}
            content policy off for senders off {{ tag \"off\" }}
            content policy watched for senders observe {{ when subject contains \"x\" then drop }}
            content policy late for senders from 2030-01-01 {{ tag \"late\" }}
            directory deep {{ user deep@acme.example
                except silent when recipient outside site
                content policy inner for senders overrides outer {{ when subject contains \"x\" tag \"inner\" }} }} }}"
    ));
    let items = || {
        (0..60).map(|n| {
            let to = ["b@out.example", "deep@acme.example", "b@acme.example, c@out.example"][n % 3];
            let mut item = item(n, to, ["x", "y", "z", "x y", "none"][n % 5], "");
            if n % 2 == 0 {
                let text = String::from_utf8(item.bytes).unwrap();
                item.bytes = text.replace("From: a@", "From: deep@").into_bytes();
            }
            Ok(item)
        })
    };
    let figures = [Detail::Record, Detail::Hits, Detail::Outcomes].map(|detail| {
        let options = Options { detail, ..options(2) };
        let (rows, summary) = run(&engine, None, &options, items().collect());
        let records = rows.iter().filter(|row| row.record().record.is_some()).count();
        (records, serde_json::to_value(&summary).unwrap())
    });
    let [full, hits, brief] = &figures;
    assert_eq!(full.1, hits.1);
    assert_eq!(full.1, brief.1);
    assert_eq!((full.0, brief.0), (60, 0));
    assert!((30..60).contains(&hits.0), "{} records of hits", hits.0);
    let policies: Vec<(String, u64, u64, u64)> = full.1["policies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let count = |name: &str| one[name].as_u64().unwrap();
            (
                one["policy"].as_str().unwrap().to_string(),
                count("judged"),
                count("overridden"),
                count("excepted"),
            )
        })
        .collect();
    let of = |name: &str| {
        policies.iter().filter(|one| one.0 == name).map(|one| (one.1, one.2, one.3)).collect::<Vec<_>>()
    };
    assert_eq!(of("off"), [(0, 0, 0)]);
    assert_eq!(of("late"), [(0, 0, 0)]);
    assert_eq!(of("found"), [(60, 0, 0)]);
    // Half the messages come from deep, where one policy stands in the other's place.
    assert_eq!(of("outer"), [(30, 30, 0)]);
    assert_eq!(of("inner"), [(30, 0, 0)]);
    assert!(of("silent")[0].2 > 0);
}

#[test]
fn a_sink_that_panics_ends_the_run_with_its_panic() {
    let engine = set("content policy p for senders { tag \"t\" }");
    let items = (1..=2_000).map(|n| Ok(item(n, "b@out.example", "s", "")));
    let options = options(2);
    let run = DryRun { engine: &engine, against: None, options: &options };
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        run.run(items, |_| panic!("the sink breaks"));
    }));
    assert!(ended.is_err());
}

#[test]
fn of_a_message_that_names_very_many_the_first_thousand_are_judged_and_that_is_said() {
    let engine = set("content policy p for recipients { tag \"t\" }");
    let to: Vec<String> = (0..30_000).map(|at| format!("u{at}@acme.example")).collect();
    let (rows, summary) = run(
        &engine,
        None,
        &options(1),
        vec![Ok(item(1, &to.join(",\r\n "), "s", "")), Ok(item(2, &to[0], "s", ""))],
    );
    assert!(
        matches!(&rows[0].result, RowResult::Judged(judged) if judged.decision.settled_as.len() == 1_000)
    );
    let said: Vec<(&String, &u64)> =
        summary.assumed.iter().filter(|(words, _)| words.contains("1,000")).collect();
    assert_eq!(said.len(), 1);
    assert_eq!(*said[0].1, 1, "of one message");
}
