//! Mailboxes of address fields (RFC 5322 section 3.4), read by mail-parser, and the addresses that other readers see.
//!
//! Comments, quotes and groups are taken as the standard says. Whatever looks like an address in a field and is not
//! among the mailboxes so read is kept apart as another reading: forged From fields live from that difference.

use mail_parser::{HeaderValue, parsers::MessageStream};

use super::{charset, headers::Headers, words};

/// One mailbox of an address field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The name shown for it, decoded (RFC 2047).
    pub display_name: Option<String>,
    /// The address as written, without angle brackets; empty where a field names none.
    pub address: String,
    /// Which field of that name it stands in, counted from 0.
    pub occurrence: usize,
}

impl Mailbox {
    /// The domain of the address in lower case; empty where there is none.
    pub fn domain(&self) -> String {
        self.address.rsplit_once('@').map(|(_, domain)| domain.to_lowercase()).unwrap_or_default()
    }
}

/// A longer field is not given to the library: its time grows with the square of it.
const LONGEST_PARSED: usize = 64 << 10;

/// How often encoded words may open in a field, times its length.
const MOST_WORK: usize = 4 << 20;

/// The mailboxes of all fields of a name.
pub(crate) fn mailboxes(headers: &Headers, name: &str) -> Vec<Mailbox> {
    let mut found = Vec::new();
    for (occurrence, header) in headers.all(name).enumerate() {
        found.extend(of_field(header.raw_value(), occurrence));
    }
    found
}

/// The mailboxes of fields that only other readers see, with their names, and addresses that stand in any field of a
/// name besides; what is among `known` is left out.
pub(crate) fn other_readings(headers: &Headers, name: &str, known: &[Mailbox]) -> Vec<Mailbox> {
    let mut found: Vec<Mailbox> = Vec::new();
    let seen = headers.all(name).count();
    for (at, header) in headers.other_readings(name).enumerate() {
        for mailbox in of_field(header.raw_value(), seen + at) {
            let same = |m: &Mailbox| {
                m.address.eq_ignore_ascii_case(&mailbox.address) && m.display_name == mailbox.display_name
            };
            if !known.iter().any(same) && !found.iter().any(same) {
                found.push(mailbox);
            }
        }
    }
    for (occurrence, header) in headers.every(name).enumerate() {
        let raw = words::unfold(header.raw_value());
        let decoded = words::decode_words(&raw);
        for address in scan(&charset::guess(&raw)).into_iter().chain(scan(&decoded)) {
            let same = |m: &Mailbox| m.address.eq_ignore_ascii_case(&address);
            if !known.iter().any(same) && !found.iter().any(same) {
                found.push(Mailbox { display_name: None, address, occurrence });
            }
        }
    }
    found
}

fn of_field(raw: &[u8], occurrence: usize) -> Vec<Mailbox> {
    let words = memchr::memmem::find_iter(raw, b"=?").count();
    if raw.len() > LONGEST_PARSED || words.saturating_mul(raw.len()) > MOST_WORK {
        let text = charset::guess(raw).into_owned();
        let plain = |address| Mailbox { display_name: None, address, occurrence };
        return scan(&text).into_iter().map(plain).collect();
    }
    // The library ends a field at a line end that no blank follows, and knows neither raw Latin-1 nor joined words.
    let mut field = charset::guess(&words::unfold(raw)).into_owned().into_bytes();
    field.push(b'\n');
    let HeaderValue::Address(addresses) = MessageStream::new(&field).parse_address() else {
        return Vec::new();
    };
    addresses
        .iter()
        .map(|found| {
            let name =
                found.name().map(|name| words::decode_words(name.as_bytes())).filter(|n| !n.is_empty());
            let address = found.address().unwrap_or_default().trim().to_string();
            mailbox(name, address, occurrence)
        })
        .filter(|mailbox| mailbox.display_name.is_some() || !mailbox.address.is_empty())
        .collect()
}

fn mailbox(name: Option<String>, address: String, occurrence: usize) -> Mailbox {
    match name {
        // A quoted local part, which the library takes for a name.
        Some(local) if address.starts_with('@') => {
            Mailbox { display_name: None, address: format!("\"{local}\"{address}"), occurrence }
        }
        // A lone word is an address of this host, not a name without address.
        Some(word) if address.is_empty() && !word.contains(char::is_whitespace) => {
            let address = word.trim_end_matches([';', ':']).to_string();
            Mailbox { display_name: None, address, occurrence }
        }
        display_name => Mailbox { display_name, address, occurrence },
    }
}

/// Whatever looks like an address: a run of address characters with an `@` inside.
fn scan(text: &str) -> Vec<String> {
    let part = |c: char| !c.is_whitespace() && !"<>(),;:\"[]@\\".contains(c);
    let mut found = Vec::new();
    for (at, _) in text.match_indices('@') {
        let local_start = text
            .get(..at)
            .unwrap_or_default()
            .char_indices()
            .rev()
            .take(256)
            .take_while(|(_, c)| part(*c))
            .last()
            .map_or(at, |(start, _)| start);
        let after = text.get(at + 1..).unwrap_or_default();
        let domain_end: usize = after.chars().take(256).take_while(|c| part(*c)).map(char::len_utf8).sum();
        if local_start < at && domain_end > 0 && found.len() < 1_000 {
            found.push(text.get(local_start..at + 1 + domain_end).unwrap_or_default().to_string());
        }
    }
    found
}
