//! Mailboxes: splitting of mbox in all dialects, and walking of folders.

use crate::message_text::corpus;
use mailfw::base::limits::MessageLimits;
use mailfw::message::mailbox::{Dialect, Mbox, MboxMessage, looks_like_mbox};
use mailfw::policy::mailboxes::{MailItem, MailboxError, Mailboxes};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::atomic::Ordering;

fn split(mbox: &str, dialect: Dialect) -> Vec<MboxMessage> {
    Mbox::new(mbox.as_bytes(), &MessageLimits::default(), dialect).map(Result::unwrap).collect()
}

fn texts(messages: &[MboxMessage]) -> Vec<&str> {
    messages.iter().map(|message| std::str::from_utf8(&message.bytes).unwrap()).collect()
}

fn read_all(path: &Path) -> Vec<Result<MailItem, MailboxError>> {
    Mailboxes::open(&[path.to_owned()], &MessageLimits::default()).collect()
}

const FROM: &str = "From anna@acme.example Mon Sep  2 12:33:49 2002\n";

#[test]
fn mboxrd_takes_off_one_level_of_quoting() {
    let mbox = format!("{FROM}Subject: 1\n\n>From me\n>>From you\n> From\n\n{FROM}Subject: 2\n\nx\n");
    let messages = split(&mbox, Dialect::Detect);
    assert_eq!(texts(&messages), ["Subject: 1\n\nFrom me\n>From you\n> From\n", "Subject: 2\n\nx\n"]);
    let hint = messages[0].from_line.clone().unwrap();
    assert_eq!((hint.sender.as_str(), hint.date.as_str()), ("anna@acme.example", "Mon Sep  2 12:33:49 2002"));
    assert_eq!(texts(&split(&mbox, Dialect::Mboxo))[0], "Subject: 1\n\nFrom me\n>>From you\n> From\n");
}

#[test]
fn an_empty_file_is_a_mailbox_without_mail_unless_it_is_named_as_a_message() {
    let folder = tempfile::tempdir().unwrap();
    for (name, messages) in [("inbox", 0), ("old.mbox", 0), ("letter.eml", 1)] {
        let path = folder.path().join(name);
        std::fs::write(&path, "").unwrap();
        assert_eq!(read_all(&path).len(), messages, "{name}");
    }
}

#[test]
fn crlf_line_ends_are_kept_as_they_are() {
    let mbox = format!("{FROM}Subject: 1\n\nx\n\n{FROM}Subject: 2\n\ny\n").replace('\n', "\r\n");
    assert_eq!(texts(&split(&mbox, Dialect::Detect)), ["Subject: 1\r\n\r\nx\r\n", "Subject: 2\r\n\r\ny\r\n"]);
}

#[test]
fn a_believable_content_length_protects_unquoted_from_lines() {
    let body = format!("hello\n{FROM}still the same\n>From kept\n");
    let mbox = format!("{FROM}Content-Length: {}\n\n{body}\n{FROM}Content-Length: 2\n\ny\n", body.len());
    let messages = split(&mbox, Dialect::Detect);
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0].dialect, Dialect::Mboxcl2);
    assert!(texts(&messages)[0].ends_with(&body));
    assert!(texts(&messages)[1].ends_with("\n\ny\n"));
}

#[test]
fn a_content_length_that_leads_nowhere_is_not_believed() {
    for length in ["3", "99999", "18446744073709551615", "-1", "x"] {
        let mbox = format!("{FROM}Content-Length: {length}\n\nhello\n\n{FROM}Subject: 2\n\ny\n");
        assert_eq!(split(&mbox, Dialect::Detect).len(), 2, "{length}");
    }
}

#[test]
fn sentences_that_begin_with_from_part_nothing() {
    let mbox =
        format!("{FROM}Subject: 1\n\nhi\n\nFrom here on it is easy.\nSo it is.\n\n{FROM}Subject: 2\n\ny\n");
    assert_eq!(split(&mbox, Dialect::Detect).len(), 2);
    let undated = "From anna\nSubject: 1\n\nx\n\nFrom bert\nSubject: 2\n\ny\n";
    assert_eq!(split(undated, Dialect::Detect).len(), 2);
    assert!(looks_like_mbox(undated.as_bytes()));
    assert!(!looks_like_mbox(b"From: anna@acme.example\nSubject: x\n\n"));
}

#[test]
fn a_mailbox_cut_in_the_middle_gives_what_is_there() {
    let mbox = format!("rest of a message\n\n{FROM}Subject: 2\n\ny");
    let messages = split(&mbox, Dialect::Detect);
    assert_eq!(texts(&messages), ["rest of a message\n", "Subject: 2\n\ny"]);
    assert!(messages[0].from_line.is_none());
    assert!(split("", Dialect::Detect).is_empty() && split("\n\n\n", Dialect::Detect).is_empty());
}

#[test]
fn of_a_message_over_the_limit_the_beginning_is_kept_and_the_rest_counted() {
    let long = "x".repeat(3_000_000);
    let mbox = format!("{FROM}Subject: 1\n\n{long}\n{long}\n\n{FROM}Subject: 2\n\ny\n");
    let limits = MessageLimits { message_bytes: 1_000, ..MessageLimits::default() };
    let messages: Vec<_> = Mbox::new(mbox.as_bytes(), &limits, Dialect::Detect).map(Result::unwrap).collect();
    assert_eq!(messages.len(), 2);
    assert_eq!((messages[0].bytes.len(), messages[0].truncated), (1_000, true));
    assert_eq!(messages[0].total_size, 12 + 2 * 3_000_001);
    assert!(!messages[1].truncated);
}

/// Gives its bytes a few at a time, so that every window edge is met.
struct Trickle<'a>(&'a [u8], usize);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let len = self.1.min(buffer.len()).min(self.0.len());
        buffer[..len].copy_from_slice(&self.0[..len]);
        self.0 = &self.0[len..];
        Ok(len)
    }
}

proptest::proptest! {
    #[test]
    fn what_was_quoted_as_mboxrd_comes_back(bodies in proptest::collection::vec("(>{0,3}From [a-z]{0,3}|[a-z ]{0,9}|Content-Length: [0-9]{1,3}|\r?)(\n(>{0,3}From [a-z]{0,3}|[a-z ]{0,9})){0,6}", 1..5), step in 1_usize..50) {
        let messages: Vec<String> = bodies.iter().map(|body| format!("Subject: x\n\n{body}\n")).collect();
        let mut mbox = String::new();
        for message in &messages {
            mbox.push_str(FROM);
            for line in message.split_inclusive('\n') {
                if line.trim_start_matches('>').starts_with("From ") {
                    mbox.push('>');
                }
                mbox.push_str(line);
            }
            mbox.push('\n');
        }
        let found: Vec<_> = Mbox::new(Trickle(mbox.as_bytes(), step), &MessageLimits::default(), Dialect::Detect).map(Result::unwrap).collect();
        let found: Vec<&str> = found.iter().map(|message| std::str::from_utf8(&message.bytes).unwrap()).collect();
        proptest::prop_assert_eq!(found, messages);
    }
}

#[test]
fn the_mbox_of_the_corpus_has_the_messages_its_table_lists() {
    let (Some(mbox), Some(table)) = (corpus("mbox/trial.mbox"), corpus("mbox/trial.labels.tsv")) else {
        return;
    };
    let table = std::fs::read_to_string(table).unwrap();
    let items: Vec<MailItem> = read_all(&mbox).into_iter().map(Result::unwrap).collect();
    assert_eq!(items.len(), 600);
    for (item, line) in items.iter().zip(table.lines().skip(1)) {
        let fields: Vec<&str> = line.split('\t').collect();
        assert_eq!(item.bytes.len().abs_diff(fields[3].parse().unwrap()), 0, "{} {line}", item.origin);
        assert_eq!(item.envelope_hint.clone().unwrap().sender, fields[4], "{}", item.origin);
    }
    assert!(items[16].origin.ends_with("trial.mbox#17"));
}

#[test]
fn maildirs_of_the_corpus_are_read_whole() {
    for (folder, count) in [("maildir/notmuch-default", 53), ("maildir/lkml", 88)] {
        let Some(path) = corpus(folder) else { return };
        let mut mailboxes = Mailboxes::open(&[path], &MessageLimits::default());
        let items: Vec<_> = mailboxes.by_ref().map(Result::unwrap).collect();
        assert_eq!(items.len(), count, "{folder}");
        assert!(items.iter().all(|item| !item.bytes.is_empty() && !item.origin.contains('#')));
        assert_eq!(mailboxes.total_bytes(), mailboxes.progress().load(Ordering::Relaxed));
    }
}

#[test]
fn folders_are_walked_whatever_is_in_them() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(at("sub/deeper")).unwrap();
    std::fs::create_dir_all(at("Maildir/cur")).unwrap();
    std::fs::create_dir_all(at("Maildir/tmp")).unwrap();
    std::fs::create_dir_all(at("Maildir/.Sent.2026/new")).unwrap();
    let message = "Subject: x\nFrom: a@b.example\n\nhi\n";
    for name in
        ["a.eml", "sub/deeper/noext", "Maildir/cur/1:2,S", "Maildir/tmp/2", "Maildir/.Sent.2026/new/3"]
    {
        std::fs::write(at(name), message).unwrap();
    }
    std::fs::write(at("notes.txt"), "no mail at all\n").unwrap();
    std::fs::write(at("empty"), "").unwrap();
    std::fs::write(at(".hidden"), message).unwrap();
    std::fs::write(at("Maildir/dovecot.index"), "x").unwrap();
    std::fs::write(at("many.mbox"), format!("{FROM}{message}\n{FROM}{message}\n")).unwrap();
    let pack = |name: &str, bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        std::fs::write(at(name), encoder.finish().unwrap()).unwrap();
    };
    pack("b.eml.gz", message.as_bytes());
    pack("c.mbox.gz", format!("{FROM}{message}\n").as_bytes());
    std::fs::write(at("broken.eml.gz"), b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xff\xff\xff").unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(folder.path(), at("sub/circle")).unwrap();
        std::os::unix::fs::symlink("/nowhere/at/all", at("dangling")).unwrap();
        std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    }
    let mut mailboxes =
        Mailboxes::open(&[folder.path().to_owned(), at("missing.mbox")], &MessageLimits::default());
    let (good, bad): (Vec<_>, Vec<_>) = mailboxes.by_ref().partition(Result::is_ok);
    let strip = |origin: &str| origin.replace(&format!("{}/", folder.path().display()), "");
    let good: Vec<String> = good.into_iter().map(|item| strip(&item.unwrap().origin)).collect();
    assert_eq!(
        good,
        [
            "Maildir/.Sent.2026/new/3",
            "Maildir/cur/1:2,S",
            "a.eml",
            "b.eml.gz",
            "c.mbox.gz#1",
            "many.mbox#1",
            "many.mbox#2",
            "sub/deeper/noext"
        ]
    );
    let bad: Vec<String> = bad.into_iter().map(|item| strip(&item.unwrap_err().to_string())).collect();
    if cfg!(unix) {
        assert_eq!(bad.len(), 4, "{bad:?}");
        assert!(bad.iter().any(|text| text == "dangling: there is no such file or folder"), "{bad:?}");
        assert!(bad.iter().any(|text| text.starts_with("socket: it is not a file")), "{bad:?}");
        assert!(bad.iter().any(|text| text.starts_with("broken.eml.gz: the compressed data")), "{bad:?}");
    }
    let skipped: Vec<_> = mailboxes.skipped().all().into_iter().map(|one| (one.path, one.why)).collect();
    assert_eq!(
        skipped,
        [
            (at(".hidden"), "hidden"),
            (at("Maildir/dovecot.index"), "no mail"),
            (at("empty"), "empty"),
            (at("notes.txt"), "no mail")
        ]
    );
}

#[test]
fn what_the_user_names_and_is_no_mail_is_an_error_with_its_mend() {
    let folder = tempfile::tempdir().unwrap();
    let mut tar = vec![0; 1024];
    tar[..6].copy_from_slice(b"m.mbox");
    tar[257..262].copy_from_slice(b"ustar");
    tar.extend(b"From: a@b.example\nSubject: x\n\nx\n");
    for (name, bytes, what) in [
        ("a.xz", b"\xfd7zXZ\0\0\x04".to_vec(), "packed with xz"),
        ("a.zip", b"PK\x03\x04\x14\0".to_vec(), "a ZIP archive"),
        ("a.tar", tar, "a tar archive"),
        ("random", (0..=255).cycle().take(5000).collect(), "bytes that are no mail"),
        ("README.md", b"# mailfw\n\nFrom: here\n".to_vec(), "a text without a header section"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let read = read_all(&path);
        assert_eq!(read.len(), 1);
        let error = read[0].as_ref().unwrap_err();
        assert!(error.reason.starts_with("is no mailbox") && error.reason.contains(what), "{error}");
        assert!(error.mend.is_some());
        let named = folder.path().join(format!("{name}.eml"));
        std::fs::copy(&path, &named).unwrap();
        assert!(read_all(&named)[0].is_ok(), "what is named as a message is judged, however broken");
    }
    for text in [
        "received: x\n\nx",
        "garbage\nSubject : x\n\nx",
        "\nTo: a@b.example\n",
        "X-Odd: 1\r\nDate: x\r\n\r\n",
    ] {
        let path = folder.path().join("letter");
        std::fs::write(&path, text).unwrap();
        assert!(read_all(&path)[0].is_ok(), "{text}");
    }
}

#[test]
fn one_message_of_an_mbox_is_named_by_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mbox");
    std::fs::write(&path, format!("{FROM}Subject: 1\n\nx\n\n{FROM}Subject: 2\n\ny\n")).unwrap();
    let named = |number: &str| read_all(Path::new(&format!("{}#{number}", path.display())));
    let second = named("2");
    let [Ok(item)] = second.as_slice() else { panic!("{second:?}") };
    assert!(item.origin.ends_with("a.mbox#2") && item.bytes.starts_with(b"Subject: 2"));
    assert!(named("3")[0].as_ref().unwrap_err().reason.contains("has 2 messages"));
    assert!(named("0")[0].is_err() && named("x")[0].is_err());
}

#[test]
fn of_hostile_and_broken_messages_of_the_corpus_none_is_lost() {
    for (folder, count) in [("malformed", 117), ("attack", 63)] {
        let Some(path) = corpus(folder) else { return };
        let read = read_all(&path);
        println!("{folder}: {} messages", read.len());
        assert_eq!(read.iter().filter(|read| read.is_ok()).count(), count, "{folder}");
    }
}
