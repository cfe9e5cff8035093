//! Mailboxes of address fields (RFC 5322 section 3.4), read by mail-parser, and the addresses that other readers see.
//!
//! Comments, quotes and groups are taken as the standard says. Whatever looks like an address in a field and is not
//! among the mailboxes so read is kept apart as another reading: forged From fields live from that difference.

use std::collections::HashSet;

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

/// A longer field is not given to the library, whose time grows with the square of it; it is parted here.
const LONGEST_PARSED: usize = 64 << 10;

/// How often encoded words may open in a field that is given to the library, times its length.
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
    let mut seen: HashSet<String> = known.iter().map(|m| m.address.to_ascii_lowercase()).collect();
    let pair = |m: &Mailbox| (m.address.to_ascii_lowercase(), m.display_name.clone());
    let mut pairs: HashSet<_> = known.iter().map(pair).collect();
    let fields = headers.all(name).count();
    for (at, header) in headers.other_readings(name).enumerate() {
        for mailbox in of_field(header.raw_value(), fields + at) {
            if pairs.insert(pair(&mailbox)) {
                seen.insert(mailbox.address.to_ascii_lowercase());
                found.push(mailbox);
            }
        }
    }
    for (occurrence, header) in headers.every(name).enumerate() {
        let raw = words::unfold(header.raw_value());
        let decoded = words::decode_words(&raw);
        for address in scan(&charset::guess(&raw)).into_iter().chain(scan(&decoded)) {
            if seen.insert(address.to_ascii_lowercase()) {
                found.push(Mailbox { display_name: None, address, occurrence });
            }
        }
    }
    found
}

fn of_field(raw: &[u8], occurrence: usize) -> Vec<Mailbox> {
    let words = memchr::memmem::find_iter(raw, b"=?").count();
    let long = raw.len() > LONGEST_PARSED || words.saturating_mul(raw.len()) > MOST_WORK;
    // The library drops backslashes, and blanks in quotes: what is left is another address.
    let quoted = memchr::memmem::find(raw, b"\"@").is_some() || memchr::memchr(b'\\', raw).is_some();
    if long || quoted {
        return in_pieces(&words::unfold(raw), occurrence);
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

/// The mailboxes of a field that is not for the library: parted at the commas outside quotes, comments and angle
/// brackets, one pass. Where one of those does not end, whatever looks like an address is taken as well.
fn in_pieces(field: &[u8], occurrence: usize) -> Vec<Mailbox> {
    let mut found = Vec::new();
    let mut piece = Piece::default();
    let (mut quoted, mut escaped, mut comments, mut in_angle) = (false, false, 0_usize, false);
    for &byte in field {
        let was_escaped = std::mem::take(&mut escaped);
        match byte {
            _ if was_escaped => {}
            b'\\' if quoted || comments > 0 => escaped = true,
            b'"' if comments == 0 => quoted = !quoted,
            _ if quoted => {}
            b'(' => comments += 1,
            b')' if comments > 0 => {
                comments -= 1;
                if comments == 0 {
                    continue;
                }
            }
            _ if comments > 0 => {}
            b'<' => {
                piece.angle = Some(piece.bytes.len());
                in_angle = true;
            }
            b'>' => in_angle = false,
            b',' | b';' if !in_angle => {
                found.extend(std::mem::take(&mut piece).mailbox(occurrence));
                continue;
            }
            // The name of a group (RFC 5322 section 3.4).
            b':' if !in_angle => {
                piece = Piece::default();
                continue;
            }
            _ => {}
        }
        if comments == 0 { piece.bytes.push(byte) } else { piece.comment.push(byte) }
    }
    found.extend(piece.mailbox(occurrence));
    if quoted || comments > 0 || in_angle {
        let mut seen: HashSet<String> = found.iter().map(|m| m.address.to_ascii_lowercase()).collect();
        let others = scan(&charset::guess(field)).into_iter();
        let others = others.filter(|address| seen.insert(address.to_ascii_lowercase()));
        found.extend(others.map(|address| Mailbox { display_name: None, address, occurrence }));
    }
    found
}

/// What stands between two commas.
#[derive(Default)]
struct Piece {
    /// Without its comments.
    bytes: Vec<u8>,
    /// The comments, each with its opening parenthesis.
    comment: Vec<u8>,
    /// Offset of the angle bracket in `bytes`.
    angle: Option<usize>,
}

impl Piece {
    fn mailbox(self, occurrence: usize) -> Option<Mailbox> {
        let text = |bytes: &[u8]| charset::guess(bytes).trim().to_string();
        let (name, address) = match self.angle.and_then(|at| self.bytes.split_at_checked(at)) {
            Some((name, address)) => {
                let address = text(address);
                let address = address.trim_start_matches('<');
                let address = address.rsplit_once('>').map_or(address, |(address, _)| address).trim();
                (unquoted(&words::decode_words(name.trim_ascii())), address.to_string())
            }
            None => (String::new(), text(&self.bytes)),
        };
        let name = match name.is_empty() {
            true => words::decode_words(self.comment.trim_ascii()).replace('(', " ").trim().to_string(),
            false => name,
        };
        if address.is_empty() && name.is_empty() {
            return None;
        }
        Some(mailbox(Some(name).filter(|name| !name.is_empty()), address, occurrence))
    }
}

/// A display name without its quotes.
fn unquoted(name: &str) -> String {
    let name = name.trim();
    let Some(inner) = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return name.to_string();
    };
    let mut out = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        out.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    out
}

fn mailbox(name: Option<String>, address: String, occurrence: usize) -> Mailbox {
    match name {
        // A quoted local part, which the library takes for a name.
        Some(local) if address.starts_with('@') => {
            let local = local.replace('\\', "\\\\").replace('"', "\\\"");
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

/// Whatever looks like an address: a run of address characters with an `@` inside. Linear: a run belongs to the `@` on
/// either side of it at most.
fn scan(text: &str) -> Vec<String> {
    let part = |c: char| !c.is_whitespace() && !"<>(),;:\"[]@\\".contains(c);
    let mut found = Vec::new();
    for (at, _) in text.match_indices('@') {
        let local_start = text
            .get(..at)
            .unwrap_or_default()
            .char_indices()
            .rev()
            .take_while(|(_, c)| part(*c))
            .last()
            .map_or(at, |(start, _)| start);
        let after = text.get(at + 1..).unwrap_or_default();
        let domain_end: usize = after.chars().take_while(|c| part(*c)).map(char::len_utf8).sum();
        if local_start < at && domain_end > 0 {
            found.push(text.get(local_start..at + 1 + domain_end).unwrap_or_default().to_string());
        }
    }
    found
}
