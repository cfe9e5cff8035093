//! Mail to measure with: the corpus' trial mbox, else letters made here beside those of the acme example; and the same
//! texts again as base64, quoted-printable and HTML.

use super::random::Random;
use super::words;
use data_encoding::BASE64;
use jiff::Timestamp;
use mailfw::base::limits::MessageLimits;
use mailfw::message::Message;
use mailfw::message::envelope::{Envelope, Recipient, Session};
use mailfw::plan::{Answer, Answers, Case};
use mailfw::policy::mailboxes::Mailboxes;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Letters made where there is no corpus.
const MADE: usize = 600;
/// Words of their language.
const LANGUAGE: usize = 20_000;

/// A message with all that is known of it.
pub struct Letter {
    /// As received.
    pub bytes: Arc<[u8]>,
    /// Who it is from and for.
    pub envelope: Envelope,
    /// How it came in.
    pub session: Session,
}

/// Mail.
pub struct Mail {
    /// Where it comes from, in words.
    pub origin: String,
    /// The messages.
    pub letters: Vec<Letter>,
}

/// No scanner finds anything, nobody else is asked.
pub fn lookups() -> Answers {
    let mut answers = Answers::new(Some(Answer::NotAsked));
    answers.insert(mailfw::plan::Question::Virus, Answer::Virus(None));
    answers
}

/// When everything came in.
pub fn received() -> Timestamp {
    Timestamp::from_second(1_796_000_000).expect("the moment exists")
}

impl Letter {
    /// A letter that goes from Anna, who is authenticated, to an outsider.
    pub fn outbound(bytes: impl Into<Arc<[u8]>>) -> Letter {
        let session = Session { client_user: Some("anna".into()), ..Session::default() };
        Letter { bytes: bytes.into(), envelope: envelope("anna@acme.example", "buyer@shop.example"), session }
    }

    /// The letter as something to judge.
    pub fn case<'a>(&'a self, message: &'a Message, lookups: &'a Answers) -> Case<'a> {
        Case { message, envelope: &self.envelope, session: &self.session, received: received(), lookups }
    }
}

/// An envelope with one recipient.
pub fn envelope(sender: &str, recipient: &str) -> Envelope {
    let mut envelope = Envelope::default().with_sender(sender);
    envelope.recipients.extend(Recipient::parse(recipient));
    envelope
}

impl Mail {
    /// The corpus' trial mbox, else made letters and those of the acme example.
    pub fn usual() -> Mail {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let trial =
            std::env::var_os("MAILFW_CORPUS").map(|corpus| PathBuf::from(corpus).join("mbox/trial.mbox"));
        if let Some(trial) = trial.filter(|trial| trial.is_file()) {
            return Mail { origin: "letters of ordinary mail".to_string(), letters: read(trial) };
        }
        let mut letters: Vec<Letter> = ["inbound.mbox", "internal.mbox", "outbound.mbox"]
            .into_iter()
            .flat_map(|name| read(root.join("examples/acme/mailbox").join(name)))
            .collect();
        letters.extend(made());
        Mail { origin: "letters made for the purpose".to_string(), letters }
    }

    /// The texts of this mail in other clothes: each a `multipart/alternative` of plain text and HTML with tags inside of
    /// words and characters written as references, one of the two in base64, the other quoted-printable, by turns.
    pub fn encoded(&self) -> Mail {
        let texts = words::texts(self);
        let letters = texts.iter().enumerate().map(|(at, text)| Letter::outbound(encoded(at, text)));
        Mail {
            origin: "the same texts in base64, quoted-printable and HTML".to_string(),
            letters: letters.collect(),
        }
    }

    /// The mean size of a message, in bytes.
    pub fn mean_size(&self) -> usize {
        self.letters.iter().map(|letter| letter.bytes.len()).sum::<usize>() / self.letters.len().max(1)
    }

    /// Every letter, read.
    pub fn parsed(&self) -> Vec<Message> {
        let limits = MessageLimits::default();
        self.letters.iter().map(|letter| Message::parse(letter.bytes.clone(), &limits)).collect()
    }
}

fn read(path: PathBuf) -> Vec<Letter> {
    let items = Mailboxes::open(&[path], &MessageLimits::default());
    items.map(|item| Letter::outbound(item.expect("the mailbox is sound").bytes)).collect()
}

/// Letters of made-up words, the common ones as common as in a natural language.
fn made() -> Vec<Letter> {
    let mut random = Random::new(7);
    let words: Vec<String> = (0..LANGUAGE).map(|_| made_word(&mut random)).collect();
    (0..MADE)
        .map(|at| {
            let mut letter = format!(
                "From: Sender {at} <s{at}@mail.example>\r\nTo: <buyer@shop.example>\r\nSubject: {} {}\r\n\
                 Date: Tue, 01 Dec 2026 10:00:00 +0000\r\nMessage-ID: <{at}@mail.example>\r\nMIME-Version: 1.0\r\n\
                 Content-Type: text/plain; charset=utf-8\r\n\r\n",
                zipf(&mut random, &words),
                zipf(&mut random, &words)
            );
            let mut column = 0;
            for _ in 0..100 + random.below(800) {
                let word = zipf(&mut random, &words);
                column += word.len() + 1;
                let _ = write!(letter, "{word}{}", if column > 70 { "\r\n" } else { " " });
                column = if column > 70 { 0 } else { column };
            }
            letter.push_str("\r\n");
            Letter::outbound(letter.into_bytes())
        })
        .collect()
}

fn made_word(random: &mut Random) -> String {
    const STARTS: &[u8] = b"bdfghjklmnprstvwz";
    const VOWELS: &[u8] = b"aeiou";
    let mut word = String::new();
    for _ in 0..2 + random.below(3) {
        word.push(char::from(STARTS[random.below(STARTS.len())]));
        word.push(char::from(VOWELS[random.below(VOWELS.len())]));
        if random.below(3) == 0 {
            word.push(char::from(STARTS[random.below(STARTS.len())]));
        }
    }
    word
}

/// The word of rank r about as often as 1/r.
fn zipf<'w>(random: &mut Random, words: &'w [String]) -> &'w str {
    let uniform = random.below(1 << 30) as f64 / f64::from(1 << 30);
    let rank = ((words.len() as f64).powf(uniform) - 1.0) as usize;
    &words[rank.min(words.len() - 1)]
}

fn encoded(at: usize, text: &str) -> Vec<u8> {
    let mut plain = String::new();
    let mut html = String::from("<html><body><p>");
    let mut column = 0;
    for (position, word) in text.split(' ').enumerate() {
        column += word.len() + 1;
        let ends = column > 68;
        plain.push_str(word);
        plain.push_str(if ends { "\r\n" } else { " " });
        html.push_str(&marked_up(position, word));
        html.push_str(if ends { "\r\n" } else { " " });
        column = if ends { 0 } else { column };
    }
    html.push_str("</p></body></html>");
    let part = |kind: &str, text: &str, base64: bool| {
        let (name, body) = if base64 {
            ("base64", base64_lines(text))
        } else {
            ("quoted-printable", quoted_printable(text))
        };
        format!(
            "--edge\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: {name}\r\n\r\n{body}\r\n"
        )
    };
    let first_in_base64 = at.is_multiple_of(2);
    format!(
        "From: Anna <anna@acme.example>\r\nTo: <buyer@shop.example>\r\nSubject: letter {at}\r\n\
         Date: Tue, 01 Dec 2026 10:00:00 +0000\r\nMessage-ID: <{at}@acme.example>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/alternative; boundary=edge\r\n\r\n{}{}--edge--\r\n",
        part("plain", &plain, first_in_base64),
        part("html", &html, !first_in_base64)
    )
    .into_bytes()
}

/// A word as HTML: every fifth with a tag inside, every seventh with its first character by number.
fn marked_up(position: usize, word: &str) -> String {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let Some(first) = word.chars().next() else { return String::new() };
    let rest = &word[first.len_utf8()..];
    if position.is_multiple_of(5) {
        return format!("{}<b>{}</b>", escaped(&first.to_string()), escaped(rest));
    }
    if position.is_multiple_of(7) {
        return format!("&#{};{}", u32::from(first), escaped(rest));
    }
    escaped(word)
}

fn base64_lines(text: &str) -> String {
    let encoded = BASE64.encode(text.as_bytes());
    let mut lines = String::with_capacity(encoded.len() + encoded.len() / 38);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(76));
        lines.push_str(line);
        lines.push_str("\r\n");
        rest = after;
    }
    lines
}

fn quoted_printable(text: &str) -> String {
    let mut quoted = String::new();
    for line in text.split("\r\n") {
        let mut column = 0;
        for (at, &byte) in line.as_bytes().iter().enumerate() {
            let is_last = at + 1 == line.len();
            let plain = (b'!'..=b'~').contains(&byte) && byte != b'=' || byte == b' ' && !is_last;
            if column > 72 {
                quoted.push_str("=\r\n");
                column = 0;
            }
            if plain {
                quoted.push(char::from(byte));
                column += 1;
            } else {
                let _ = write!(quoted, "={byte:02X}");
                column += 3;
            }
        }
        quoted.push_str("\r\n");
    }
    quoted
}
