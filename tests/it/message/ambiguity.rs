//! Whatever one program finds in an ambiguous message has been looked at, or the message is unscannable.

use std::{collections::BTreeMap, path::Path};

use mailfw::message::{Attachment, Cause, Message, Part, filetype::Family};

use super::{corpus, eicar, read};

fn holds(content: &[u8]) -> bool {
    memchr::memmem::find(content, &eicar()).is_some()
}

/// Where the payload was found, or the causes for which the message is held.
fn verdict(message: &Message) -> Result<String, Vec<&'static str>> {
    // An archive that stores its members shows their bytes without having been opened: that does not count.
    let opened = |a: &&Attachment| a.file_type().family != Family::Archive;
    if let Some(found) = message.attachments().iter().filter(opened).find(|a| holds(a.content())) {
        return Ok(found.path().to_string());
    }
    let in_text = |p: &&Part| p.children().is_empty() && message.attachment_of_part(p.id()).is_none();
    if let Some(found) = message.parts().iter().filter(in_text).find(|p| holds(p.content())) {
        return Ok(found.shown());
    }
    Err(message.unscannable().iter().map(|u| u.cause.name()).collect())
}

fn rows(table: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(table).unwrap();
    let rows = text.lines().skip(1).map(|line| line.split('\t').map(str::to_string).collect::<Vec<_>>());
    // A tool's view may hold a line end; only lines that name a message are rows.
    rows.filter(|row| row[0].ends_with(".eml")).collect()
}

#[test]
fn every_payload_of_an_ambiguous_message_is_found_or_holds_it() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("attack/mime-ambiguity");
    let mut tally: BTreeMap<String, usize> = BTreeMap::new();
    let mut missed = Vec::new();
    for row in rows(&folder.join("views.tsv")) {
        let bytes = std::fs::read(folder.join(&row[0])).unwrap();
        let message = read(&bytes);
        match verdict(&message) {
            Ok(place) => {
                println!("found    {:<32} {:<50} {place}", row[0], row[1]);
                *tally.entry("found".into()).or_default() += 1;
            }
            Err(causes) if !causes.is_empty() => {
                println!("held     {:<32} {:<50} {}", row[0], row[1], causes.join(", "));
                *tally.entry(format!("held: {}", causes[0])).or_default() += 1;
            }
            Err(_) => missed.push(format!("{}: {}", row[0], row[1])),
        }
    }
    println!("{tally:?}");
    assert!(missed.is_empty(), "neither found nor held:\n{}", missed.join("\n"));
    assert_eq!(tally.values().sum::<usize>(), 44);
}

#[test]
fn every_virus_test_message_is_found_or_held_and_the_quotation_is_not() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("virus-test");
    let mut tally: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows(&folder.join("../virus-test/mail.tsv")) {
        let message = read(&std::fs::read(corpus.join(&row[0])).unwrap());
        let verdict = verdict(&message);
        println!("{:<50} {verdict:?}", row[0]);
        if row[1] == "not-eicar" {
            assert!(message.unscannable().is_empty(), "{:?}", message.unscannable());
            *tally.entry("quotation readable".into()).or_default() += 1;
            continue;
        }
        match verdict {
            Ok(_) => *tally.entry("found".into()).or_default() += 1,
            Err(causes) => {
                assert!(!causes.is_empty(), "{}: neither found nor held", row[0]);
                *tally.entry(format!("held: {}", causes[0])).or_default() += 1;
            }
        }
    }
    let clam = read(&std::fs::read(folder.join("mail/clamav-testfiles__clam.exe.mbox.uu.eml")).unwrap());
    let program = clam.attachments().iter().find(|a| a.name().is_some_and(|n| n.contains("clam.exe")));
    let program = program.expect("the uuencoded program is an attachment");
    assert_eq!(program.size(), 544);
    assert_eq!(program.file_type().family, Family::Executable);
    println!("{tally:?}");
}

#[test]
fn a_fragment_of_a_message_is_unsupported() {
    let message = read(
        b"From: a@b.example\r\nContent-Type: message/partial; id=x; number=1; total=2\r\n\r\nSubject: inner\r\n\r\ntext\r\n",
    );
    assert!(message.unscannable().iter().any(|u| u.cause == Cause::Unsupported));
}
