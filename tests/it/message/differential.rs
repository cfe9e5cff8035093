//! What an independent reader decodes is decoded here too: another library over every message of the corpus.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use mailfw::{
    base::limits::MessageLimits,
    message::{Cause, Message, exercise, mailbox},
};

use super::{corpus, read};

/// Messages of which that library decodes something that is no other reading of the message. Path and cause.
const EXCUSED: &[(&str, &str)] = &[
    (
        "attack/mime-ambiguity/s10-rfc822-qp.eml",
        "the library leaves the attached message in quoted-printable as one text; here its header is read and its body decoded",
    ),
    (
        "charsets/php-mime-mail-parser__mails_issue230.eml",
        "bytes above 0x7f stand unescaped in quoted-printable (`<f>` and 0xe2 0x80 0x93 …); the library drops them",
    ),
    (
        "malformed/cpython__data_msg_38.eml",
        "the library ends a text at `------- =_aaaaaaaaaa1--` inside it; here the text goes on and holds those bytes",
    ),
    (
        "mime/ruby-mail__emails_attachment_emails_attachment_pdf_non_ascii.eml",
        "0xc3 0x82 stand unescaped in quoted-printable; the library drops them",
    ),
];

fn messages(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            messages(&entry, found);
        } else if entry.extension().is_some_and(|e| e == "eml") {
            found.push(entry);
        }
    }
}

/// Letters and digits alone: the libraries treat line ends and blanks at the edges in different ways.
fn essence(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|b| b.is_ascii_alphanumeric() || *b >= 0x80).collect()
}

/// The decoded leaves in the eyes of the other library.
fn theirs(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let Ok(parsed) = mailparse::parse_mail(bytes) else { return found };
    let mut stack = vec![&parsed];
    while let Some(part) = stack.pop() {
        stack.extend(&part.subparts);
        found.extend(part.get_body_raw().ok().filter(|_| part.subparts.is_empty()));
    }
    found
}

fn missing(message: &Message, bytes: &[u8]) -> Vec<String> {
    let mut ours: HashSet<Vec<u8>> = HashSet::new();
    for part in message.parts() {
        ours.insert(essence(part.content()));
        ours.insert(essence(part.raw_body()));
    }
    for attachment in message.attachments() {
        ours.insert(essence(attachment.content()));
    }
    theirs(bytes)
        .into_iter()
        .filter(|part| !essence(part).is_empty() && !ours.contains(&essence(part)))
        .map(|part| String::from_utf8_lossy(&part).chars().take(80).collect())
        .collect()
}

fn held(message: &Message) -> bool {
    message.unscannable().iter().any(|u| matches!(u.cause, Cause::Limit | Cause::Corrupt))
}

#[test]
fn every_part_that_another_library_decodes_is_decoded() {
    let Some(corpus) = corpus() else { return };
    let mut files = Vec::new();
    messages(&corpus, &mut files);
    let (mut compared, mut excused) = (0, 0);
    let mut failed = Vec::new();
    for file in &files {
        let name = file.strip_prefix(&corpus).unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(file).unwrap();
        let message = read(&bytes);
        compared += 1;
        let missing = missing(&message, &bytes);
        if missing.is_empty() || held(&message) {
            continue;
        }
        if EXCUSED.iter().any(|(path, _)| *path == name) {
            excused += 1;
        } else {
            failed.push(format!("{name}: {missing:?}"));
        }
    }
    for (path, reason) in EXCUSED {
        println!("excused: {path}: {reason}");
    }
    println!("{compared} messages compared, {excused} excused");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(compared > 900);
}

#[test]
fn every_message_of_a_large_mailbox_is_read_as_another_library_reads_it() {
    let Some(corpus) = corpus() else { return };
    let file = std::fs::File::open(corpus.join("mbox/trial.mbox")).unwrap();
    let limits = MessageLimits::default();
    let mailbox = mailbox::Mbox::new(std::io::BufReader::new(file), &limits, mailbox::Dialect::Mboxrd);
    let mut failed = Vec::new();
    let mut count = 0;
    for found in mailbox {
        let bytes = found.unwrap().bytes;
        let message = read(&bytes);
        count += 1;
        let missing = missing(&message, &bytes);
        if !missing.is_empty() && !held(&message) {
            failed.push(format!("message {count}: {missing:?}"));
        }
        assert!(exercise::check(&message).is_empty());
    }
    println!("{count} messages compared");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert_eq!(count, 600);
}
