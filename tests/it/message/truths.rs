//! What several other programs agree on about real messages is what is read here too.

use std::{collections::BTreeMap, path::Path};

use mailfw::message::{CryptoKind, Message, Part, decode::Encoding, surface};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{corpus, read};

/// Facts that do not hold here, each with the bytes that cause it. Path, field, cause.
const EXCUSED: &[(&str, &str, &str)] = &[
    (
        "ham-hard/00056-hard-ham-1.eml",
        "words",
        "the word stands inside `<!--<font size=\"+1\"> … -->`: a comment is not visible text",
    ),
    (
        "ham-hard/00102-hard-ham-1.eml",
        "words",
        "the word stands inside `<!-- coming next week … -->`: a comment is not visible text",
    ),
    (
        "ham-hard/00149-hard-ham-1.eml",
        "subject",
        "`=99` in a word of iso-8859-1: a trade mark sign in windows-1252, as mail programs show it, a control character to the letter",
    ),
    (
        "malformed/mime4j__testmsgs_obsolete.eml",
        "subject",
        "`Subject :` with a blank before the colon is a field of the obsolete syntax (RFC 5322 section 4.5.8)",
    ),
    (
        "malformed/ruby-mail__emails_rfc2822_example13.eml",
        "subject",
        "`Subject     :` with blanks before the colon is a field of the obsolete syntax (RFC 5322 section 4.5.8)",
    ),
    (
        "malformed/spamassassin-t__spam_badmime2.eml",
        "leaf_types",
        "two Content-Type fields, `boundary =bar` and then `boundary =\"foo\"`; only `--foo` occurs, and its parts are found",
    ),
    (
        "malformed/stalwart-rfc__rfc_008.eml",
        "leaf_types",
        "`message/rfc822` in base64 (`VG86ICJl…`) is decoded and its two texts are found",
    ),
    (
        "virus-test/mail/clamav-testfiles__clam.exe.mbox.uu.eml",
        "uuencoded",
        "a whole part in `Content-Transfer-Encoding: x-uuencode`, listed here as such parts of other messages are",
    ),
];

/// One fact that does not hold.
struct Difference {
    field: &'static str,
    told: String,
    read: String,
}

#[derive(Default)]
struct Comparison {
    compared: usize,
    differences: Vec<Difference>,
}

impl Comparison {
    fn same(&mut self, field: &'static str, told: String, read: String) {
        self.compared += 1;
        if told != read {
            self.differences.push(Difference { field, told, read });
        }
    }
}

fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_string()).collect()
}

/// The first 16 digits of the hash, line ends as LF and trailing ones off, and the size so treated.
fn fingerprint(bytes: &[u8]) -> (usize, String) {
    let mut flat = Vec::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        if *byte != b'\r' {
            flat.push(*byte);
        } else if bytes.get(at + 1) != Some(&b'\n') {
            flat.push(b'\n');
        }
    }
    while flat.last() == Some(&b'\n') {
        flat.pop();
    }
    let hash: String = Sha256::digest(&flat).iter().map(|b| format!("{b:02x}")).collect();
    (flat.len(), hash[..16].to_string())
}

fn primary(message: &Message) -> impl Iterator<Item = &Part> {
    message.parts().iter().filter(|p| p.is_primary())
}

fn is_leaf(message: &Message, part: &Part) -> bool {
    !part.children().iter().any(|id| message.part(*id).is_some_and(|child| child.is_primary()))
}

fn compare(message: &Message, facts: &Value, found: &mut Comparison) {
    if let Some(subject) = facts.get("subject") {
        let read = message.subject().unwrap_or_default();
        found.same("subject", squeeze(subject.as_str().unwrap()), squeeze(read));
    }
    for (field, mailboxes) in [("from", message.from()), ("to", message.to())] {
        let Some(told) = facts.get(field) else { continue };
        let mut read: Vec<String> =
            mailboxes.iter().map(|m| m.address.to_lowercase()).filter(|a| !a.is_empty()).collect();
        read.sort();
        read.dedup();
        let mut told = strings(told);
        told.dedup();
        found.same(field, told.join(" "), read.join(" "));
    }
    if let Some(types) = facts.get("leaf_types") {
        let read: Vec<String> = primary(message)
            .filter(|p| is_leaf(message, p))
            .map(|p| p.media_type().as_str().to_string())
            .collect();
        found.same("leaf_types", strings(types).join(" "), read.join(" "));
    }
    if let Some(told) = facts.get("attachments") {
        attachments(message, told, found);
    }
    words(message, facts, found);
    if let Some(told) = facts.get("uuencoded") {
        let show = |name: &str, hash: &str| format!("{name} {hash}");
        let mut told: Vec<String> = told
            .as_array()
            .unwrap()
            .iter()
            .map(|f| show(f[0].as_str().unwrap(), f[1].as_str().unwrap()))
            .collect();
        let mut read: Vec<String> = message
            .attachments()
            .iter()
            .filter(|a| a.declared_type().is_none() && a.container().is_none())
            .map(|a| show(a.name().unwrap_or_default(), &a.sha256()[..16]))
            .collect();
        let by_encoding = primary(message).filter(|p| p.transfer_encoding() == Encoding::Uuencode);
        let by_encoding = by_encoding.filter_map(|p| message.attachment_of_part(p.id()));
        read.extend(by_encoding.map(|a| show(a.name().unwrap_or_default(), &a.sha256()[..16])));
        told.sort();
        read.sort();
        found.same("uuencoded", told.join("\n"), read.join("\n"));
    }
    if let Some(told) = facts.get("crypto") {
        let told = told.as_str().unwrap();
        let name = |kind: Option<CryptoKind>| kind.map_or("no", CryptoKind::name);
        let wanted = match told {
            "pgp-mime encrypted" => ("PGP/MIME", "no"),
            "smime enveloped-data" => ("S/MIME", "no"),
            "signed (pgp)" => ("no", "PGP/MIME"),
            "signed (smime)" => ("no", "S/MIME"),
            _ => ("no", "no"),
        };
        let read = (name(message.encrypted()), name(message.signed()));
        found.same("crypto", format!("{wanted:?}"), format!("{read:?}"));
    }
}

/// Name, declared type, size, start of the hash.
type Listed = (String, String, usize, String);

fn attachments(message: &Message, told: &Value, found: &mut Comparison) {
    let told: Vec<Listed> = told
        .as_array()
        .unwrap()
        .iter()
        .map(|a| {
            (
                squeeze(a["name"].as_str().unwrap_or_default()),
                a["type"].as_str().unwrap_or_default().to_string(),
                a["bytes"].as_u64().unwrap_or_default() as usize,
                a["sha256_16"].as_str().unwrap_or_default().to_string(),
            )
        })
        .collect();
    let read: Vec<Listed> = primary(message)
        .filter(|p| is_leaf(message, p))
        .filter(|p| p.file_name().is_some() || p.disposition() == Some("attachment"))
        .map(|p| {
            let (size, hash) = fingerprint(p.content());
            (squeeze(p.file_name().unwrap_or_default()), p.media_type().as_str().to_string(), size, hash)
        })
        .collect();
    let mut show = |field, pick: &dyn Fn(&Listed) -> String| {
        let list = |all: &[Listed]| {
            let mut all: Vec<String> = all.iter().map(pick).collect();
            all.sort();
            all.join("\n")
        };
        found.same(field, list(&told), list(&read));
    };
    show("attachment names", &|a| a.0.clone());
    show("attachment types", &|a| a.1.clone());
    show("attachment bytes", &|a| a.2.to_string());
    show("attachment hashes", &|a| a.3.clone());
}

fn words(message: &Message, facts: &Value, found: &mut Comparison) {
    let searched: Vec<&str> = message
        .text()
        .leaves()
        .iter()
        .filter_map(|id| message.surface(*id))
        .map(|s| s.surface.folded())
        .collect();
    let has = |word: &str| {
        let word = surface::fold(word);
        searched.iter().any(|text| text.contains(word.trim()))
    };
    for field in ["words", "words_only_after_decoding"] {
        for word in facts.get(field).map(strings).unwrap_or_default() {
            found.same(field, word.clone(), if has(&word) { word } else { String::new() });
        }
    }
    for word in facts.get("absent_words").map(strings).unwrap_or_default() {
        found.same("absent_words", String::new(), if has(&word) { word } else { String::new() });
    }
}

#[test]
fn the_truths_of_the_corpus_hold_one_by_one() {
    let Some(corpus) = corpus() else { return };
    let table = std::fs::read_to_string(corpus.join("facts.tsv")).unwrap();
    let mut messages = 0;
    let (mut compared, mut excused) = (0, 0);
    let mut unexplained = Vec::new();
    let mut by_field: BTreeMap<&str, usize> = BTreeMap::new();
    for row in table.lines().skip(1) {
        let columns: Vec<&str> = row.split('\t').collect();
        let facts: Value = serde_json::from_str(columns[10]).unwrap();
        let message = read(&std::fs::read(corpus.join(columns[0])).unwrap());
        let mut found = Comparison::default();
        compare(&message, &facts, &mut found);
        messages += 1;
        compared += found.compared;
        for difference in found.differences {
            if EXCUSED.iter().any(|(path, field, _)| *path == columns[0] && *field == difference.field) {
                excused += 1;
                continue;
            }
            *by_field.entry(difference.field).or_default() += 1;
            unexplained.push(format!(
                "{} {}:\n   told {:?}\n   read {:?}",
                columns[0], difference.field, difference.told, difference.read
            ));
        }
    }
    for (path, field, reason) in EXCUSED {
        println!("excused: {path} {field}: {reason}");
    }
    let agree = compared - excused - unexplained.len();
    println!("{messages} messages: {compared} compared, {agree} agree, {excused} excused");
    println!("{by_field:?}");
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
    assert_eq!(messages, 906);
    assert!(excused * 50 <= compared, "more than 2 % excused");
}

#[test]
fn the_east_asian_charsets_are_read() {
    let Some(corpus) = corpus() else { return };
    let table = std::fs::read_to_string(Path::new(&corpus).join("charsets/cjk.tsv")).unwrap();
    let mut found = Comparison::default();
    for row in table.lines().skip(1) {
        let columns: Vec<&str> = row.split('\t').collect();
        let message = read(&std::fs::read(corpus.join(columns[0])).unwrap());
        let text: String = message
            .body()
            .leaves()
            .iter()
            .filter_map(|id| message.surface(*id))
            .map(|s| s.surface.folded().to_string())
            .collect();
        for word in columns[2].split_whitespace() {
            let has = text.contains(surface::fold(word).trim());
            found.same(
                "word",
                format!("{} {word}", columns[0]),
                if has { format!("{} {word}", columns[0]) } else { String::new() },
            );
        }
        assert!(message.unscannable().is_empty(), "{}: {:?}", columns[0], message.unscannable());
    }
    let missing: Vec<&str> = found.differences.iter().map(|d| d.told.as_str()).collect();
    println!("{} words compared, {} missing", found.compared, missing.len());
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(found.compared >= 24);
}
