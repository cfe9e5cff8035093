//! Dry runs over real and hostile mail.

use super::support::{SITE, engine, engine_of};
pub(crate) use crate::corpus::corpus;
use mailfw::base::limits::MessageLimits;
use mailfw::message::Message;
use mailfw::message::surface::{Surface, fold};
use mailfw::policy::dry_run::{DryRun, Options, Row, RowResult};
use mailfw::policy::engine::Engine;
use mailfw::policy::envelope_rule::EnvelopeRule;
use mailfw::policy::mailboxes::Mailboxes;
use mailfw::policy::record::{MatchRecord, PolicyResult};
use mailfw::policy::sources::FolderSources;
use mailfw::policy::statistics::Summary;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

fn run(engine: &Engine, options: &Options, paths: &[PathBuf]) -> (Vec<Row>, Summary) {
    let mut rows = Vec::new();
    let items = Mailboxes::open(paths, &MessageLimits::default());
    let summary = DryRun { engine, against: None, options }.run(items, |row| {
        rows.push(row.clone());
        ControlFlow::Continue(())
    });
    (rows, summary)
}

fn options() -> Options {
    Options::new("2026-01-01T00:00:00Z".parse().unwrap())
}

/// No payload is delivered: each is found and quarantined, or the message is unscannable and held.
#[test]
fn no_hidden_payload_is_delivered() {
    let Some(ambiguous) = corpus("attack/mime-ambiguity") else { return };
    let Some(viruses) = corpus("virus-test/mail") else { return };
    let engine = engine(&format!(
        r#"{SITE} directory acme {{ domain @acme.example
            content policy payload for recipients {{
                when text contains "EICAR-STANDARD-ANTIVIRUS-TEST-FILE"
                    or any attachment where attachment.sha256 == "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
                        or attachment.family is executable
                then quarantine in one
            }} }}"#
    ));
    let options = Options { envelope: EnvelopeRule::parse("to=victim@acme.example").unwrap(), ..options() };
    let (rows, summary) = run(&engine, &options, &[ambiguous, viruses]);
    let mut delivered = Vec::new();
    for row in &rows {
        let RowResult::Judged(judged) = &row.result else { continue };
        if judged.decision.groups.iter().any(|group| group.outcome.fate.name() == "deliver") {
            delivered.push(row.origin.clone());
        }
    }
    println!("{:?}", summary.outcomes);
    assert!(rows.len() >= 58, "{} messages", rows.len());
    assert_eq!(summary.internal_errors, 0);
    assert!(delivered.is_empty(), "delivered: {delivered:#?}");
}

/// Every hit in six hundred real messages names the text, the place, and where in its decoded text it stands.
#[test]
fn every_hit_names_text_place_and_offset() {
    let Some(mailbox) = corpus("mbox/trial.mbox") else { return };
    let engine = engine(&format!(
        r#"{SITE} directory acme {{ domain @acme.example
            content policy words for senders {{ when text contains "money" or body contains word "free" tag "words" }}
            content policy links for senders {{ when body matches /https?:\/\/[a-z.]+/i tag "links" }}
            content policy subjects for senders {{ when subject starts with "re:" tag "subjects" }} }}"#
    ));
    let rule =
        EnvelopeRule::parse("from=anna@acme.example,to=buyer@shop.example,to=ben@acme.example").unwrap();
    let options = Options { envelope: rule, ..options() };
    let (rows, summary) = run(&engine, &options, std::slice::from_ref(&mailbox));
    assert_eq!((rows.len(), summary.internal_errors, summary.unreadable), (600, 0, 0));
    let items = Mailboxes::open(&[mailbox], &MessageLimits::default());
    let (mut hits, mut wrong) = (0, Vec::new());
    for (row, item) in rows.iter().zip(items) {
        let json = serde_json::to_string(&row.record()).unwrap();
        assert!(!json.contains('\n') && serde_json::from_str::<serde_json::Value>(&json).is_ok());
        let RowResult::Judged(judged) = &row.result else { panic!("{} was not judged", row.origin) };
        let message = Message::parse(item.unwrap().bytes, &MessageLimits::default());
        for entry in judged.decision.record.as_ref().unwrap().groups.iter().flat_map(|group| &group.policies)
        {
            if entry.result != PolicyResult::Triggered {
                continue;
            }
            assert!(entry.clauses.iter().all(|clause| clause.word != "when" || clause.truth == "true"));
            let evidence = || entry.clauses.iter().flat_map(|clause| &clause.evidence);
            assert!(evidence().any(|evidence| !evidence.matches.is_empty()), "{}: no text named", row.origin);
            for found in evidence().flat_map(|evidence| &evidence.matches) {
                hits += 1;
                if !stands_there(&message, found) {
                    wrong.push(format!("{}: {found:?}", row.origin));
                }
            }
        }
    }
    println!("{hits} hits, {} elsewhere; {:?}", wrong.len(), summary.policies);
    assert!(hits > 600, "{hits} hits");
    assert!(wrong.is_empty(), "{} of {hits}: {:#?}", wrong.len(), &wrong[..wrong.len().min(5)]);
}

/// Whether the decoded text of the place has the match at its offset.
fn stands_there(message: &Message, found: &MatchRecord) -> bool {
    message.surfaces().iter().filter(|surfaced| surfaced.name == found.place).any(|surfaced| {
        let slice = surfaced.text.get(found.offset..found.offset + found.length);
        let shown = |slice: &str| match surfaced.html {
            true => Surface::from_html(slice).folded().trim().to_string(),
            false => fold(slice),
        };
        slice.is_some_and(|slice| shown(slice) == fold(&found.text).trim())
    })
}

/// Six hundred real messages, addressed from inside to outside, go through a whole set without one that fails.
#[test]
fn acmes_policies_judge_every_real_message() {
    let Some(mailbox) = corpus("mbox/trial.mbox") else { return };
    let acme = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/acme");
    let engine = engine_of("main.mfp", &mut FolderSources::new(&acme));
    let rule =
        EnvelopeRule::parse("from=anna@acme.example,to=buyer@shop.example,to=ben@acme.example").unwrap();
    let (rows, summary) = run(&engine, &Options { envelope: rule, leaving: true, ..options() }, &[mailbox]);
    assert_eq!((rows.len(), summary.internal_errors, summary.unreadable), (600, 0, 0));
    let disclaimer = summary.policies.iter().find(|figures| figures.policy == "disclaimer").unwrap();
    assert_eq!(disclaimer.triggered, 600, "every message goes outside");
    let never: Vec<&str> =
        summary.idle(engine.hir()).never_asked.iter().map(|figures| figures.policy.as_str()).collect();
    assert!(never.contains(&"size_limit_executives"), "{never:?}");
}
