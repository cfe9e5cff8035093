//! Generated messages with their envelopes, sessions and the answers of the outside.
//!
//! Their texts are made of the words that [`super::grammar`] asks for and of the lines in which the library's detectors
//! find something; they come plain, as base64 or quoted-printable, as HTML, as alternatives of one letter, in attachments
//! and in archives; some cannot be read whole.

use super::super::support::address;
use super::dice::Dice;
use super::grammar::USES;
use data_encoding::BASE64;
use mailfw::base::limits::{MessageLimits, SourceLimits};
use mailfw::language;
use mailfw::language::schema::facts::Fact;
use mailfw::message::Message;
use mailfw::message::envelope::{Envelope, Recipient, Session};
use mailfw::plan::{Answer, Case, Lookups, Question};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::sync::LazyLock;
use zip::write::SimpleFileOptions;

const WORDS: &[&str] = &[
    "alpha",
    "beta",
    "gamma",
    "gammma",
    "ALPHA beta",
    "über",
    "4111",
    "omega",
    "wire transfer",
    "invoice",
    "final",
    "STRASSE",
    "alphabet",
    "Omega,",
    "12345",
    "99 4711",
    "read",
    "Chief",
    "click",
    "password: hunter22x",
];
const PEOPLE: &[&str] = &[
    "anna@acme.example",
    "anna+news@acme.example",
    "ceo@acme.example",
    "ben@sales.acme.example",
    "desk@bank.example",
    "x@out.example",
    "boss@other.example",
    "list@friends.example",
];
const MAILBOXES: &[&str] = &[
    "Anna <anna@acme.example>",
    "anna+news@acme.example",
    "\"The Chief\" <ceo@acme.example>",
    "Chief <x@out.example>",
    "\"ceo@acme.example\" <boss@other.example>",
    "desk@bank.example",
    "Anna <anna@acrne.example>",
    "Ben <ben@sales.acme.example>",
    "=?utf-8?q?J=C3=BCrgen?= <list@friends.example>",
    "nobody",
    "Boss <boss@other.example>",
    "x@gmail.com",
];
const SENTENCES: &[&str] = &[
    "We would like to thank you for the letter that you sent us on Monday, and we are looking forward to the next one.",
    "Wir danken Ihnen für den Brief, den Sie uns am Montag geschickt haben, und freuen uns schon auf den nächsten von Ihnen.",
    "Nous vous remercions de la lettre que vous nous avez envoyée lundi dernier et nous attendons la prochaine avec plaisir.",
];
const LINKS: &[&str] = &[
    "https://evil.example/alpha",
    "http://www.acme.example/",
    "mailto:x@out.example",
    "https://bank.example/login",
    "ftp://files.other.example/omega",
    "https://sub.evil.example/?click",
];

/// A message as it comes in.
pub struct Post {
    pub bytes: Vec<u8>,
    pub message: Message,
    pub envelope: Envelope,
    pub session: Session,
    pub received: jiff::Timestamp,
    pub outside: Outside,
}

impl Post {
    pub fn case(&self) -> Case<'_> {
        Case {
            message: &self.message,
            envelope: &self.envelope,
            session: &self.session,
            received: self.received,
            lookups: &self.outside,
        }
    }

    /// All of it, for people.
    pub fn words(&self) -> String {
        let recipients: Vec<&str> = self.envelope.recipients.iter().map(|one| &*one.text).collect();
        format!(
            "from <{}> to {recipients:?}, received {}, {:?}, {:?}\n{}",
            self.envelope.sender_text,
            self.received,
            self.session,
            self.outside,
            String::from_utf8_lossy(&self.bytes)
        )
    }
}

/// Whoever has the answers: the same question has the same answer.
#[derive(Debug, Clone, Copy)]
pub struct Outside {
    seed: u64,
    /// Some answers are not there yet.
    incomplete: bool,
    knows_session: bool,
}

impl Outside {
    pub fn new(seed: u64) -> Outside {
        Outside { seed, incomplete: seed.is_multiple_of(7), knows_session: !seed.is_multiple_of(5) }
    }
}

impl Lookups for Outside {
    fn answer(&self, question: &Question) -> Option<Answer> {
        let mut hasher = DefaultHasher::new();
        (self.seed, question).hash(&mut hasher);
        let mut dice = Dice::new(hasher.finish());
        if self.incomplete && dice.percent(30) {
            return None;
        }
        if dice.percent(8) {
            return Some(Answer::Unavailable);
        }
        if dice.percent(8) {
            return Some(Answer::NotAsked);
        }
        let below = |dice: &mut Dice, end: usize| u16::try_from(dice.below(end)).unwrap();
        Some(match question {
            Question::Virus => Answer::Virus(dice.percent(40).then(|| "Eicar".into())),
            Question::Spf | Question::Dkim | Question::Dmarc => {
                Answer::Authentication(if dice.percent(40) { 0 } else { below(&mut dice, 8) })
            }
            Question::Signature => Answer::Verdict(below(&mut dice, 3)),
            Question::Dnsbl { .. } | Question::DomainListed { .. } => Answer::Listed(dice.percent(50)),
            Question::Group { .. } => Answer::Member(dice.percent(50)),
            Question::Attribute { .. } => {
                let value = *dice.pick(&["Sales", "alpha", "Sales alpha", ""]);
                Answer::Attribute((!value.is_empty()).then(|| value.into()))
            }
            Question::Rate { .. } => Answer::Rate(i64::try_from(dice.below(8)).unwrap()),
        })
    }

    fn knows_session(&self, _fact: Fact) -> bool {
        self.knows_session
    }
}

/// A line of each detector of the library in which it finds something.
static FINDS: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| {
    let names: Vec<String> =
        super::grammar::library("dlp", "detector").into_iter().map(|(name, _)| name).collect();
    let asked: Vec<String> = names.iter().map(|name| format!("text contains {name}")).collect();
    let text = format!(
        "{} site {{ domains @a.example }} directory a {{ domain @a.example\n\
         content policy p for senders {{ when {} tag \"x\" }} }}",
        *USES,
        asked.join(" or ")
    );
    let mut files = BTreeMap::from([("main.mfp".to_string(), text.into_bytes())]);
    let checked = language::check("main.mfp", &mut files, &SourceLimits::default());
    let hir = checked.hir.expect("a set with all detectors checks");
    let lines =
        |detector: &language::hir::Detector| detector.yes.iter().map(|line| line.node.to_string()).collect();
    hir.detectors.iter().map(lines).collect()
});

/// A text of words, some of them found by something.
fn words(dice: &mut Dice) -> String {
    let mut text: Vec<String> = Vec::new();
    if dice.percent(20) {
        text.push("Hello".to_string());
    }
    for _ in 0..dice.below(7) {
        text.push((*dice.pick(WORDS)).to_string());
    }
    text.join(if dice.percent(80) { " " } else { "\r\n" })
}

fn long_text(dice: &mut Dice) -> String {
    let mut text = words(dice);
    for _ in 0..dice.below(3) {
        let lines = dice.pick(&FINDS).clone();
        text.push_str(&format!("\r\n{}\r\n{}", dice.pick(&lines).replace('\n', "\r\n"), words(dice)));
    }
    if dice.percent(40) {
        text.push_str(&format!("\r\n{}", dice.pick(SENTENCES)));
    }
    if dice.percent(10) {
        text.push_str(&"\r\nfilling line after line without a word".repeat(40));
    }
    if dice.percent(1) {
        // Longer than what is scanned at once.
        text.push_str(&"\r\nfilling line after line without a word, omega".repeat(1_600));
        text.push_str(&format!("\r\n{}", words(dice)));
    }
    if dice.percent(5) {
        text.push_str("\r\nbegin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\n");
    }
    text
}

fn html(text: &str, dice: &mut Dice) -> String {
    let mut text = text.replace("alpha", "al<b>pha</b>").replace("\r\n", "<br>\r\n");
    for _ in 0..dice.below(3) {
        let link = *dice.pick(LINKS);
        let shown = *dice.pick(&["click here", "", "https://www.acme.example/", "alpha"]);
        text.push_str(&format!(" <a href=\"{link}\">{shown}</a>"));
    }
    format!("<html><body><p>{text}</p><div style=\"display:none\">omega</div></body></html>")
}

fn wrapped(bytes: &[u8]) -> String {
    let encoded = BASE64.encode(bytes);
    encoded.as_bytes().chunks(76).map(|line| format!("{}\r\n", std::str::from_utf8(line).unwrap())).collect()
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'\r' | b'\n' | b' '..=b'<' | b'>'..=b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("={other:02X}")),
        }
    }
    out
}

/// A text as a part: its header fields and body.
fn text_part(subtype: &str, text: &str, dice: &mut Dice) -> String {
    let charset =
        *dice.pick(&["; charset=utf-8", "; charset=\"UTF-8\"", "; charset=windows-1251; charset=utf-8"]);
    let charset = if text.is_ascii() && dice.percent(50) { "" } else { charset };
    let head = format!("Content-Type: text/{subtype}{charset}\r\n");
    match dice.below(4) {
        0 => format!("{head}Content-Transfer-Encoding: base64\r\n\r\n{}", wrapped(text.as_bytes())),
        1 => format!("{head}Content-Transfer-Encoding: quoted-printable\r\n\r\n{}\r\n", quoted(text)),
        _ => format!("{head}Content-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n"),
    }
}

fn archive(members: &[(&str, Vec<u8>)], password: bool) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in members {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    let mut bytes = writer.finish().unwrap().into_inner();
    if password {
        // The flag of encryption in local and central headers (APPNOTE 4.4.4).
        for (mark, offset) in [(*b"PK\x03\x04", 6), (*b"PK\x01\x02", 8)] {
            let places: Vec<usize> = (0..bytes.len() - 4).filter(|&at| bytes[at..at + 4] == mark).collect();
            for at in places {
                bytes[at + offset] |= 1;
            }
        }
    }
    bytes
}

/// A file: name, declared type, bytes.
fn file(dice: &mut Dice) -> (&'static str, &'static str, Vec<u8>) {
    let text = |dice: &mut Dice| long_text(dice).into_bytes();
    match dice.below(15) {
        0 | 1 => ("a.txt", "text/plain; charset=utf-8", text(dice)),
        2 => ("alpha notes.txt", "text/plain", text(dice)),
        3 | 4 => {
            let members = [("inner.txt", text(dice)), ("run.exe", b"MZ\x90\0\x03\0\0\0".repeat(20))];
            let count = 1 + dice.below(2);
            ("a.zip", "application/zip", archive(&members[..count], false))
        }
        5 => {
            let inner = archive(&[("deep.txt", text(dice))], false);
            ("nested.zip", "application/octet-stream", archive(&[("a.zip", inner)], false))
        }
        6 => ("locked.zip", "application/zip", archive(&[("secret.txt", text(dice))], true)),
        7 => ("cut.zip", "application/zip", b"PK\x03\x04 cut".to_vec()),
        8 => ("a.pdf.exe", "application/pdf", b"MZ\x90\0\x03\0\0\0".repeat(30)),
        9 => ("a.pdf", "application/pdf", b"%PDF-1.4\r\n/Encrypt 1 0 R\r\n%%EOF\r\n".to_vec()),
        10 => ("photo.png", "image/png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01".to_vec()),
        11 => {
            let members = [
                ("[Content_Types].xml", b"<Types/>".to_vec()),
                (
                    "word/document.xml",
                    format!("<w:document><w:t>{}</w:t></w:document>", words(dice)).into_bytes(),
                ),
                ("word/vbaProject.bin", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec()),
            ];
            ("macro.docm", "application/vnd.ms-word.document.macroEnabled.12", archive(&members, false))
        }
        12 => ("run.js", "text/javascript", b"#!/bin/sh\necho alpha\n".to_vec()),
        13 => ("page.html", "text/html", html(&words(dice), dice).into_bytes()),
        _ => (
            "image.iso",
            "application/octet-stream",
            (0..2_000_u32).map(|at| u8::try_from(at * 7 % 251).unwrap()).collect(),
        ),
    }
}

fn attached(dice: &mut Dice) -> String {
    if dice.percent(10) {
        let inner =
            format!("From: boss@other.example\r\nSubject: {}\r\n\r\n{}\r\n", dice.pick(WORDS), words(dice));
        return format!("Content-Type: message/rfc822\r\n\r\n{inner}");
    }
    let (name, kind, bytes) = file(dice);
    let place = *dice.pick(&["attachment", "attachment", "attachment", "inline"]);
    let name = if dice.percent(90) { format!("; filename=\"{name}\"") } else { String::new() };
    format!(
        "Content-Type: {kind}\r\nContent-Disposition: {place}{name}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
        wrapped(&bytes)
    )
}

fn joined(kind: &str, boundary: &str, parts: &[String]) -> String {
    let parts: String = parts.iter().map(|part| format!("--{boundary}\r\n{part}\r\n")).collect();
    format!("Content-Type: multipart/{kind}; boundary={boundary}\r\n\r\n{parts}--{boundary}--\r\n")
}

/// The fields of the content and the content.
fn content(dice: &mut Dice) -> String {
    let text = long_text(dice);
    let body = match dice.below(6) {
        0 | 1 => text_part("plain", &text, dice),
        2 | 3 => text_part("html", &html(&text, dice), dice),
        _ => {
            let page = html(&text, dice);
            joined("alternative", "alt", &[text_part("plain", &text, dice), text_part("html", &page, dice)])
        }
    };
    if dice.percent(4) {
        let armour = "-----BEGIN PGP MESSAGE-----\r\n\r\nhQEMA\r\n-----END PGP MESSAGE-----\r\n";
        let parts = [
            "Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n".to_string(),
            format!("Content-Type: application/octet-stream\r\n\r\n{armour}"),
        ];
        let protocol = "encrypted; protocol=\"application/pgp-encrypted\"";
        return joined(protocol, "e", &parts);
    }
    let mut parts = vec![body];
    if dice.percent(60) {
        parts.extend((0..1 + dice.below(3)).map(|_| attached(dice)));
    }
    let whole = if parts.len() == 1 { parts.remove(0) } else { joined("mixed", "mix", &parts) };
    if dice.percent(6) {
        let signature = "Content-Type: application/pgp-signature\r\n\r\n-----BEGIN PGP SIGNATURE-----\r\n\r\niQEz\r\n-----END PGP SIGNATURE-----\r\n";
        let protocol = "signed; micalg=pgp-sha256; protocol=\"application/pgp-signature\"";
        return joined(protocol, "sig", &[whole, signature.to_string()]);
    }
    if dice.percent(4) {
        // The last boundary is missing.
        return whole.trim_end().trim_end_matches('-').to_string();
    }
    whole
}

fn header(dice: &mut Dice) -> String {
    let mut head = String::new();
    let mut field = |name: &str, value: &str| head.push_str(&format!("{name}: {value}\r\n"));
    for server in
        ["from gate by gate.acme.example", "from mail.out.example by gate", "from origin.other.example"]
    {
        if dice.percent(60) {
            field("Received", server);
        }
    }
    for _ in 0..[1, 1, 1, 1, 0, 2][dice.below(6)] {
        let first = *dice.pick(MAILBOXES);
        let all =
            if dice.percent(10) { format!("{first}, {}", dice.pick(MAILBOXES)) } else { first.to_string() };
        field("From", &all);
    }
    for name in ["To", "Cc", "Reply-To"] {
        if dice.percent(if name == "To" { 90 } else { 40 }) {
            let all: Vec<&str> = (0..1 + dice.below(3)).map(|_| *dice.pick(MAILBOXES)).collect();
            field(name, &all.join(", "));
        }
    }
    let opening = *dice.pick(&["Hello ", "Re: ", "", "", "Fwd: alpha "]);
    let subject = format!("{opening}{}", words(dice).replace("\r\n", " "));
    match dice.below(10) {
        0 => {}
        1 | 2 => field("Subject", &format!("=?utf-8?b?{}?=", BASE64.encode(subject.as_bytes()))),
        3 => field("Subject", "Hello alpha"),
        _ => field("Subject", &subject),
    }
    if dice.percent(85) {
        field(
            "Date",
            dice.pick::<&str>(&[
                "Thu, 1 Jan 2026 12:00:00 +0000",
                "Fri, 2 Jan 2026 09:00:00 +0100",
                "Wed, 31 Dec 2025 23:30:00 +0000",
            ]),
        );
    }
    if dice.percent(85) {
        field("Message-ID", dice.pick::<&str>(&["<1.alpha@acme.example>", "<2@out.example>", "<no marks>"]));
    }
    for (chance, name, value) in [
        (25, "X-Note", "alpha"),
        (20, "X-Note", "beta omega 4711"),
        (15, "X-Priority", "5"),
        (15, "Importance", "high"),
        (30, "User-Agent", "Omega Mail alpha 1.0"),
        (8, "Auto-Submitted", "auto-replied"),
        (8, "Auto-Submitted", "auto-generated"),
        (10, "List-Id", "<alpha.list.example>"),
        (8, "Precedence", "bulk"),
        (10, "In-Reply-To", "<1@out.example>"),
        (6, "X-Auto-Response-Suppress", "All"),
    ] {
        if dice.percent(chance) {
            field(name, value);
        }
    }
    if dice.percent(90) {
        field("MIME-Version", "1.0");
    }
    head
}

fn session(dice: &mut Dice) -> Session {
    if dice.percent(12) {
        return Session::default();
    }
    let ip = *dice.pick(&[
        "10.0.0.1",
        "10.2.3.4",
        "192.0.2.1",
        "192.0.2.77",
        "203.0.113.9",
        "::ffff:192.0.2.1",
        "::ffff:10.0.0.9",
        "2001:db8::7",
    ]);
    let name = |dice: &mut Dice, names: &[&str]| dice.percent(70).then(|| (*dice.pick(names)).into());
    Session {
        client_ip: Some(ip.parse().unwrap()),
        client_name: name(dice, &["mail.out.example", "gate", "alpha.other.example"]),
        client_helo: name(dice, &["mail.out.example", "alpha", "[192.0.2.1]"]),
        client_user: dice.percent(30).then(|| (*dice.pick(&["anna", "ceo"])).into()),
        client_tls: dice.percent(60),
        client_inside: false,
    }
}

fn envelope(dice: &mut Dice) -> Envelope {
    let mut recipients: Vec<Recipient> = Vec::new();
    for _ in 0..1 + dice.below(5) {
        let text = *dice.pick(PEOPLE);
        if recipients.iter().all(|known| &*known.text != text) {
            recipients.push(Recipient { address: address(text), text: text.into() });
        }
    }
    let sender = (!dice.percent(8)).then(|| *dice.pick(PEOPLE));
    Envelope { sender: sender.map(address), sender_text: sender.unwrap_or_default().into(), recipients }
}

/// A message.
pub fn post(dice: &mut Dice) -> Post {
    let bytes = format!("{}{}", header(dice), content(dice)).into_bytes();
    let message = Message::parse(bytes.clone(), &MessageLimits::default());
    let received = *dice.pick(&[
        "2026-01-01T12:00:00Z",
        "2026-01-02T09:30:00Z",
        "2026-01-03T20:00:00Z",
        "2025-12-31T10:00:00Z",
    ]);
    Post {
        bytes,
        message,
        envelope: envelope(dice),
        session: session(dice),
        received: received.parse().unwrap(),
        outside: Outside::new(dice.throw()),
    }
}
