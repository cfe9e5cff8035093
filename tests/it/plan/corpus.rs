//! Real mail: labelled values are found wherever they lie, and nothing makes evaluation fail.

use super::setting::{judged_with, planned_by};
use mailfw::base::limits::MessageLimits;
use mailfw::message::Message;
use mailfw::message::envelope::{Envelope, Session};
use mailfw::plan::{Answer, Answers, Case, Evaluator, Outcome, Plan, PlanOptions};
use std::path::{Path, PathBuf};

fn corpus() -> Option<PathBuf> {
    crate::corpus::corpus(".")
}

fn verdicts(plan: &Plan, message: &Message) -> Vec<mailfw::plan::Verdict> {
    let mut envelope = Envelope::from_headers(message);
    if envelope.recipients.is_empty() {
        envelope.add_recipient("somebody@acme.example");
    }
    let (session, answers) = (Session::default(), Answers::new(Some(Answer::NotAsked)));
    let received = "2026-11-24T12:00:00Z".parse().unwrap();
    let case = Case { message, envelope: &envelope, session: &session, received, lookups: &answers };
    let mut evaluator = Evaluator::new(plan, case);
    plan.hir().policies.iter().map(|policy| evaluator.policy(policy.id, 0)).collect()
}

#[test]
fn labelled_cards_and_accounts_are_found_in_every_place() {
    let Some(corpus) = corpus() else { return };
    let plan = judged_with(
        "use std::dlp::{card_number, iban}",
        "content policy cards for senders { when text contains card_number tag \"c\" }\n\
         content policy accounts for senders { when text contains iban tag \"i\" }",
    );
    let table = std::fs::read_to_string(corpus.join("dlp/mail.tsv")).unwrap();
    let (mut compared, mut agree, mut wrong) = (0, 0, Vec::new());
    for line in table.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let labelled: serde_json::Value = serde_json::from_str(fields[2]).unwrap();
        let message =
            Message::parse(std::fs::read(corpus.join(fields[0])).unwrap(), &MessageLimits::default());
        let verdicts = verdicts(&plan, &message);
        for (at, kind) in ["CREDIT_CARD", "IBAN_CODE"].into_iter().enumerate() {
            let Some(values) = labelled[kind].as_array() else { continue };
            let values: Vec<String> = values
                .iter()
                .map(|value| {
                    value.as_str().unwrap().chars().filter(char::is_ascii_alphanumeric).collect::<String>()
                })
                .filter(|value| kind != "CREDIT_CARD" || is_card(value))
                .collect();
            if values.is_empty() {
                continue;
            }
            compared += 1;
            match &verdicts[at].outcome {
                Outcome::Triggered => agree += 1,
                // What nobody here can unpack is undecided, not missed.
                Outcome::Undecided { .. } if !message.unscannable().is_empty() => agree += 1,
                other => wrong.push(format!("{} {} {kind} {values:?}: {other:?}", fields[0], fields[1])),
            }
        }
    }
    println!("labelled: compared {compared}, agree {agree}");
    assert!(compared >= 30, "{compared}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The generator of the labels makes numbers of issuers that do not exist.
fn is_card(value: &str) -> bool {
    use mailfw::language::hir::Check;
    mailfw::plan::checks::passes(Check::Luhn, value) && mailfw::plan::checks::passes(Check::CardIssuer, value)
}

fn files(folder: &Path, all: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, all);
        } else if entry.metadata().is_ok_and(|metadata| metadata.len() < 1 << 20) {
            all.push(path);
        }
    }
}

#[test]
fn no_message_makes_evaluation_fail_and_evidence_stays_bounded() {
    let Some(corpus) = corpus() else { return };
    let plan = judged_with(
        "use std::dlp::{card_number, iban, confidential_words, us_ssn, private_key}\n\
         use std::attachments::{executable, macro_document, double_extension}\n\
         use std::headers::{spoofed_display_name}",
        "content policy a for senders { when count(every card_number in text) >= 2 tag \"a\" }\n\
         content policy b for senders { when any attachment where attachment is executable tag \"b\" }\n\
         content policy c for senders { when score(confidential_words in text) >= 1 tag \"c\" }\n\
         content policy d for senders { when any link where link.host contains \"a\" and link.text contains \"e\" tag \"d\" }\n\
         content policy e for senders { when any part where part.text matches /[a-z]+@[a-z]+\\.[a-z]+/i tag \"e\" }\n\
         content policy f for senders { when any from looks like people or spoofed_display_name tag \"f\" }\n\
         content policy g for senders { when message is malformed or message is unscannable tag \"g\" }\n\
         content policy h for senders { when text contains us_ssn or text contains private_key or text contains iban tag \"h\" }\n\
         content policy i for senders { when any attachment where attachment.size > 1 KB and attachment is double_extension tag \"i\" }",
    );
    let mut all = Vec::new();
    for folder in [
        "ambiguous",
        "attack",
        "charsets",
        "crypto",
        "malformed",
        "mime",
        "office",
        "spam",
        "tnef",
        "uuencode",
        "virus-test",
        "archives",
    ] {
        files(&corpus.join(folder), &mut all);
    }
    all.sort();
    // Every fourth, so that the test takes seconds; another fourth would find no other kind of failure.
    let (mut messages, mut triggered, mut undecided) = (0, 0, 0);
    let start = std::time::Instant::now();
    for path in all.iter().step_by(4) {
        let Ok(bytes) = std::fs::read(path) else { continue };
        let message = Message::parse(bytes, &MessageLimits::default());
        messages += 1;
        for verdict in verdicts(&plan, &message) {
            match &verdict.outcome {
                Outcome::Triggered => {
                    triggered += 1;
                    assert!(
                        verdict
                            .clauses
                            .iter()
                            .all(|clause| clause.truth.is_true() && !clause.evidence.is_empty())
                    );
                }
                Outcome::Undecided { causes } => {
                    undecided += 1;
                    assert!(!causes.is_empty());
                    assert!(causes.is_for_good(), "{}: nothing was asked", path.display());
                }
                Outcome::NotTriggered => {}
            }
            for clause in &verdict.clauses {
                let matches: usize = clause.evidence.iter().map(|one| one.matches.len()).sum();
                assert!(matches <= 20 && clause.evidence.len() <= 16, "{}: {matches}", path.display());
                for one in clause.evidence.iter().flat_map(|one| &one.matches) {
                    assert!(one.text.chars().count() <= 200 && one.before.chars().count() <= 60);
                }
            }
        }
    }
    println!("{messages} messages, {triggered} triggered, {undecided} undecided, {:?}", start.elapsed());
    assert!(messages > 100 && triggered > 20);
}

#[test]
fn real_mail_is_found_alike_whatever_makes_the_search_quick() {
    let Some(corpus) = corpus() else { return };
    let items = "use std::dlp::{card_number, iban, confidential_words, us_ssn, private_key}\n\
         use std::dlp::{passport_number, de_tax_id, cloud_key, password_in_clear}\n\
         dictionary many {\n\"the\" weight 2 at most 3\n/[0-9]{4}/ weight 1\n\"offer\" weight 5\nword \"free\" weight -1\n\
         /(unsubscribe|newsletter)/i weight 3\n\"money\"\n\"mone\"\n\"on\" }\n\
         list short { \"http\", \"www.\", \"://\", \"content\", \"ten\" }";
    let policies: String = [
        "count(every card_number in text) >= 2",
        "count(iban in text) >= 1",
        "score(confidential_words in text) >= 1",
        "score(many in text) >= 20",
        "score(many in body at most 1) >= 6",
        "count(every many in body) >= 10",
        "body contains many",
        "text contains short",
        "text contains us_ssn or text contains private_key or text contains iban",
        "body matches /[A-Z]{4,}/",
        "body matches /\\b[0-9]{5}\\b/",
        "body matches /^dear/i",
        "body matches /Dear\\s+\\w+/",
        "body matches /(Nigeria|lottery|inherit)/",
        "count(every /[a-z0-9.]+@[a-z0-9.]+/i in body) >= 3",
        "count(/\\b[A-Z]{2}[0-9]+/ in text) >= 2",
        "subject contains [\"re:\", \"fwd\", \"offer\", \"you\", \"!\", \"e\"]",
        "subject starts with \"re\"",
        "subject like \"*[0-9]*\"",
        "header(\"received\") contains \"localhost\"",
        "text contains passport_number or text contains cloud_key or text contains password_in_clear",
    ]
    .iter()
    .enumerate()
    .map(|(at, condition)| format!("content policy p{at} for senders {{ when {condition} tag \"t\" }}\n"))
    .collect();
    let plans = [
        PlanOptions::ALL,
        PlanOptions { prefilter: false, ..PlanOptions::ALL },
        PlanOptions { naive_search: true, ..PlanOptions::ALL },
        PlanOptions::NONE,
    ]
    .map(|options| planned_by(items, &policies, options).unwrap());
    let mut all = Vec::new();
    for folder in ["attack", "charsets", "mime", "spam", "dlp", "malformed"] {
        files(&corpus.join(folder), &mut all);
    }
    all.sort();
    let mut triggered = vec![0; plans[0].hir().policies.len()];
    let step = all.len() / 250 + 1;
    for path in all.iter().step_by(step) {
        let Ok(bytes) = std::fs::read(path) else { continue };
        let message = Message::parse(bytes, &MessageLimits::default());
        let [first, others @ ..] = &plans;
        let expected = verdicts(first, &message);
        for (count, verdict) in triggered.iter_mut().zip(&expected) {
            *count += i32::from(verdict.outcome == Outcome::Triggered);
        }
        for other in others {
            let options = other.options();
            for (verdict, expected) in verdicts(other, &message).iter().zip(&expected) {
                // With all of the evidence.
                assert_eq!(
                    format!("{verdict:?}"),
                    format!("{expected:?}"),
                    "{} with {options:?}",
                    path.display()
                );
            }
        }
    }
    println!("triggered: {triggered:?} of {} messages", all.len() / step);
    assert!(triggered.iter().filter(|&&count| count > 0).count() > 10, "{triggered:?}");
}
