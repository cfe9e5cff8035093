//! The decision record: what it tells, and that its JSON is read back as it was.

use super::support::{SITE, engine, entry, letter};
use mailfw::policy::record::{PolicyResult, Record, VERSION};
use mailfw::policy::words;

fn decided() -> mailfw::policy::engine::Decision {
    let engine = engine(&format!(
        "{SITE} directory acme {{ domain @acme.example
    content policy words for senders {{
        because \"No bluebirds\"
        when    subject contains \"bluebird\"
        unless  subject contains \"fine\"
        tag     \"words\"
        then    quarantine in one
    }}
    content policy silent for senders {{ when subject contains \"sturgeon\" then drop }} }}"
    ));
    letter("a@acme.example", &["x@out.example"], "The bluebird flies").decide(&engine)
}

#[test]
fn a_triggered_policy_shows_its_clauses_the_matched_text_its_place_and_context() {
    let decision = decided();
    let words = entry(&decision, "words", "sender");
    assert_eq!(
        (words.result, words.directory.as_str(), words.stage.as_str()),
        (PolicyResult::Triggered, "acme", "headers")
    );
    assert_eq!(words.because.as_deref(), Some("No bluebirds"));
    let clause = &words.clauses[0];
    assert_eq!((clause.word.as_str(), clause.truth.as_str()), ("when", "true"));
    assert!(clause.text.contains("bluebird") && clause.place.file == "main.mfp" && clause.place.line > 1);
    let found = &clause.evidence[0].matches[0];
    assert_eq!((found.text.as_str(), found.place.as_str(), found.offset), ("bluebird", "subject", 4));
    assert!(found.before.ends_with("The ") && found.after.starts_with(" flies"), "{found:?}");
}

#[test]
fn a_silent_policy_names_the_clause_that_decided_and_the_facts_value() {
    let decision = decided();
    let silent = entry(&decision, "silent", "sender");
    assert_eq!((silent.result, silent.decided_by), (PolicyResult::NotTriggered, Some(0)));
    assert_eq!(silent.clauses[0].truth, "false");
    let evidence = &silent.clauses[0].evidence[0];
    assert_eq!(evidence.fact, "subject");
    assert!(evidence.value.contains("sturgeon"), "{evidence:?}");
}

#[test]
fn json_is_read_back_as_it_was() {
    let record = decided().record.unwrap();
    let json = serde_json::to_string(&record).unwrap();
    assert!(!json.contains('\n'), "one line");
    let back: Record = serde_json::from_str(&json).unwrap();
    assert_eq!(back, record);
    assert_eq!(record.version, VERSION);
}

#[test]
fn words_say_what_came_and_why() {
    let decision = decided();
    let group = &decision.record.as_ref().unwrap().groups[0];
    assert_eq!(words::outcome(group), "quarantine in one (by policy words of acme)");
    let lines = words::policy(entry(&decision, "words", "sender")).join("\n");
    assert!(
        lines.contains("triggered")
            && lines.contains("\"bluebird\"")
            && lines.contains("quarantine in one: taken"),
        "{lines}"
    );
}

#[test]
fn a_record_to_very_many_recipients_stays_small() {
    let engine = engine(&format!(
        "{SITE} directory acme {{ domain @acme.example
            content policy p for senders {{ when recipient outside site then quarantine in one }} }}"
    ));
    let addresses: Vec<&'static str> =
        (0..500).map(|at| &*Box::leak(format!("u{at}@out.example").into_boxed_str())).collect();
    let decision = letter("a@acme.example", &addresses, "s").decide(&engine);
    let group = &decision.record.as_ref().unwrap().groups[0];
    assert_eq!((decision.groups.len(), group.recipients.len()), (1, 500));
    assert!(group.policies.len() <= 20, "{} entries", group.policies.len());
    let told: usize = group.policies.iter().map(|entry| entry.recipients.len()).sum();
    assert_eq!(told, 500, "each recipient is in one of them");
}
