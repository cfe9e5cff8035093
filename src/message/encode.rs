//! Writing of header fields, parameters and transfer encodings: the one place from which text gets into a message.
//!
//! Nothing that is handed in can end a line or a field: carriage returns, line feeds, NUL and other control characters
//! become blanks. Long values are folded (RFC 5322 section 2.2.3), what is not ASCII becomes encoded words (RFC 2047) or
//! extended parameters (RFC 2231). Cost: linear. Only a field name that is none is refused.

use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Columns of a line that are filled before folding; RFC 5322 recommends at most 78.
const COLUMNS: usize = 76;

/// A header field with its line end, folded and encoded; `None` if the name is no field name (RFC 5322 section 2.2).
/// In fields of addresses only the display names are encoded.
pub fn field(name: &str, value: &str, line_end: &str) -> Option<String> {
    if !is_field_name(name) {
        return None;
    }
    let value = one_line(value);
    let words = match is_address_field(name) {
        true => address_words(&value),
        false => text_words(&value),
    };
    Some(fold(name, &words, line_end))
}

/// Whether a text can name a header field.
pub fn is_field_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 76 && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
}

/// A text without anything that ends lines or is a control character; those become blanks.
pub fn one_line(text: &str) -> String {
    let blank = |character: char| {
        if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') { ' ' } else { character }
    };
    text.chars().map(blank).collect::<String>().trim().to_owned()
}

/// A text as it may stand in an unstructured field: words, those that need it encoded.
pub fn text_words(text: &str) -> Vec<String> {
    if is_plain(text) {
        text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
    } else {
        encoded_words(text)
    }
}

/// Whether a text can stand in a header as it is.
fn is_plain(text: &str) -> bool {
    text.is_ascii() && !text.contains("=?") && text.split(' ').all(|word| word.len() <= 900)
}

/// A text as encoded words of at most 75 characters in UTF-8 (RFC 2047 section 2), never parted inside a character.
pub fn encoded_words(text: &str) -> Vec<String> {
    const PAYLOAD: usize = 75 - "=?utf-8?q??=".len();
    let escaped =
        text.chars().filter(|&character| !is_q_literal(character)).map(char::len_utf8).sum::<usize>();
    let quoted = escaped * 3 <= text.len();
    let mut words = Vec::new();
    let mut piece = String::new();
    let mut close = |piece: &mut String| {
        if !piece.is_empty() {
            words.push(match quoted {
                true => format!("=?utf-8?q?{}?=", q_encoded(piece)),
                false => format!("=?utf-8?b?{}?=", BASE64.encode(piece.as_bytes())),
            });
            piece.clear();
        }
    };
    for character in text.chars() {
        piece.push(character);
        let len = if quoted { q_encoded(&piece).len() } else { piece.len().div_ceil(3) * 4 };
        if len > PAYLOAD {
            piece.pop();
            close(&mut piece);
            piece.push(character);
        }
    }
    close(&mut piece);
    words
}

fn is_q_literal(character: char) -> bool {
    character == ' ' || character.is_ascii_alphanumeric() || matches!(character, '!' | '*' | '+' | '-' | '/')
}

fn q_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 2);
    for character in text.chars() {
        match character {
            ' ' => encoded.push('_'),
            literal if is_q_literal(literal) => encoded.push(literal),
            other => {
                for byte in other.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(encoded, "={byte:02X}");
                }
            }
        }
    }
    encoded
}

fn is_address_field(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = name.strip_prefix("resent-").unwrap_or(&name);
    matches!(name, "from" | "to" | "cc" | "bcc" | "sender" | "reply-to" | "disposition-notification-to")
}

/// A list of addresses as words: display names encoded or quoted where they must be, addresses as they are.
fn address_words(list: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mailboxes = split_addresses(list);
    let last = mailboxes.len().saturating_sub(1);
    for (index, mailbox) in mailboxes.iter().enumerate() {
        let comma = if index < last { "," } else { "" };
        match mailbox.rsplit_once('<') {
            Some((display, address)) if !display.trim().is_empty() => {
                words.extend(display_words(display.trim()));
                words.push(format!("<{}{comma}", address.trim()));
            }
            _ => words.push(format!("{}{comma}", mailbox.trim())),
        }
    }
    words
}

fn display_words(display: &str) -> Vec<String> {
    let quoted = display.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let bare =
        quoted.map_or_else(|| display.to_owned(), |inner| inner.replace("\\\"", "\"").replace("\\\\", "\\"));
    if !is_plain(&bare) {
        return encoded_words(&bare);
    }
    let is_atoms =
        bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" !#$%&'*+-/=?^_`{|}~".contains(&byte));
    if is_atoms {
        return bare.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    }
    vec![quoted_string(&bare)]
}

/// Parts a list at commas that stand outside quotes and angle brackets.
fn split_addresses(list: &str) -> Vec<String> {
    let mut mailboxes = vec![String::new()];
    let (mut quoted, mut escaped, mut angled) = (false, false, false);
    for character in list.chars() {
        let parts = character == ',' && !quoted && !angled;
        if parts {
            mailboxes.push(String::new());
            continue;
        }
        match character {
            '"' if !escaped => quoted = !quoted,
            '<' if !quoted => angled = true,
            '>' if !quoted => angled = false,
            _ => {}
        }
        escaped = quoted && character == '\\' && !escaped;
        if let Some(mailbox) = mailboxes.last_mut() {
            mailbox.push(character);
        }
    }
    mailboxes.retain(|mailbox| !mailbox.trim().is_empty());
    mailboxes
}

/// A quoted string (RFC 5322 section 3.2.4).
pub fn quoted_string(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Joins words to a field, folding before a word that does not fit.
fn fold(name: &str, words: &[String], line_end: &str) -> String {
    let mut folded = format!("{name}:");
    let mut column = folded.len();
    for word in words {
        if column + 1 + word.len() > COLUMNS && column > name.len() + 1 {
            folded.push_str(line_end);
            column = 0;
        }
        folded.push(' ');
        folded.push_str(word);
        column += 1 + word.len();
    }
    folded.push_str(line_end);
    folded
}

/// A parameter with the semicolon before it, on a line of its own: quoted if ASCII, else extended (RFC 2231).
pub fn parameter(name: &str, value: &str, line_end: &str) -> String {
    let value = one_line(value);
    if value.is_ascii() && value.len() <= 60 {
        return format!(";{line_end} {name}={}", quoted_string(&value));
    }
    let mut pieces = vec![String::from("utf-8''")];
    for character in value.chars() {
        let mut encoded = String::new();
        for byte in character.encode_utf8(&mut [0; 4]).bytes() {
            if byte.is_ascii_alphanumeric() || b".-_".contains(&byte) {
                encoded.push(char::from(byte));
            } else {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
        if pieces.last().is_some_and(|piece| piece.len() + encoded.len() > 60) {
            pieces.push(String::new());
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push_str(&encoded);
        }
    }
    if let [only] = pieces.as_slice() {
        return format!(";{line_end} {name}*={only}");
    }
    let continued = pieces.iter().enumerate();
    continued.map(|(number, piece)| format!(";{line_end} {name}*{number}*={piece}")).collect()
}

/// Base64 in lines of 76 characters, each with a line end.
pub fn base64_lines(bytes: &[u8], line_end: &str) -> Vec<u8> {
    let mut lines = Vec::with_capacity(bytes.len() / 57 * (76 + line_end.len()) + 80);
    for chunk in bytes.chunks(57) {
        lines.extend_from_slice(BASE64.encode(chunk).as_bytes());
        lines.extend_from_slice(line_end.as_bytes());
    }
    lines
}

/// Quoted-printable of a text (RFC 2045 section 6.7): its line ends, of whatever kind, become `line_end`.
pub fn quoted_printable(text: &[u8], line_end: &str) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(text.len() + text.len() / 8);
    let mut lines = text.split(|&byte| byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        let ended = lines.peek().is_some();
        let line = if ended { line.strip_suffix(b"\r").unwrap_or(line) } else { line };
        quoted_printable_line(line, line_end, &mut encoded);
        if ended {
            encoded.extend_from_slice(line_end.as_bytes());
        }
    }
    encoded
}

fn quoted_printable_line(line: &[u8], line_end: &str, encoded: &mut Vec<u8>) {
    let mut column = 0;
    for (at, &byte) in line.iter().enumerate() {
        let last = at + 1 == line.len();
        let blank = byte == b' ' || byte == b'\t';
        // `From ` at the start of a line would be changed by mailboxes, a lone dot by careless transports.
        let fragile = column == 0
            && (byte == b'F' && line.get(at..).is_some_and(|rest| rest.starts_with(b"From "))
                || byte == b'.');
        let literal = (byte.is_ascii_graphic() && byte != b'=' && !fragile) || (blank && !last);
        let width = if literal { 1 } else { 3 };
        let room = if last { 76 } else { 75 };
        if column + width > room {
            encoded.push(b'=');
            encoded.extend_from_slice(line_end.as_bytes());
            column = 0;
        }
        if literal {
            encoded.push(byte);
        } else {
            encoded.extend_from_slice(format!("={byte:02X}").as_bytes());
        }
        column += width;
    }
}

/// A transfer encoding with the body encoded by it.
pub struct Encoded {
    /// The value of the field `Content-Transfer-Encoding`.
    pub encoding: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

/// Encodes a text the plainest way that is safe: as it is where it is short-lined ASCII, else quoted-printable, or
/// base64 where most of it would be escapes.
pub fn encode_text(text: &[u8], line_end: &str) -> Encoded {
    let is_safe = |line: &[u8]| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        line.len() <= 900
            && line.iter().all(|byte| byte.is_ascii() && (*byte >= b' ' || *byte == b'\t'))
            && !line.starts_with(b"From ")
            && line != b"."
    };
    if text.split(|&byte| byte == b'\n').all(is_safe) {
        let mut body = Vec::with_capacity(text.len());
        let mut lines = text.split(|&byte| byte == b'\n').peekable();
        while let Some(line) = lines.next() {
            let ended = lines.peek().is_some();
            body.extend_from_slice(if ended { line.strip_suffix(b"\r").unwrap_or(line) } else { line });
            if ended {
                body.extend_from_slice(line_end.as_bytes());
            }
        }
        return Encoded { encoding: "7bit", body };
    }
    let escapes = text.iter().filter(|byte| !byte.is_ascii()).count();
    if escapes * 3 > text.len() {
        return Encoded { encoding: "base64", body: base64_lines(&with_crlf(text), line_end) };
    }
    Encoded { encoding: "quoted-printable", body: quoted_printable(text, line_end) }
}

/// A text with all its line ends as CR LF, as base64 of text must have them (RFC 2045 section 6.8).
pub fn with_crlf(text: &[u8]) -> Vec<u8> {
    let mut made = Vec::with_capacity(text.len() + text.len() / 40);
    let mut before = 0;
    for &byte in text {
        if byte == b'\n' && before != b'\r' {
            made.push(b'\r');
        }
        made.push(byte);
        before = byte;
    }
    made
}

/// A boundary that occurs in none of the parts; the same for the same seed and parts.
pub fn boundary(seed: &str, parts: &[&[u8]]) -> String {
    let mut number: u32 = 0;
    loop {
        let digest = Sha256::digest(format!("{seed}\n{number}").as_bytes());
        let hex = HEXLOWER.encode(digest.as_slice());
        let candidate = format!("=_{}", hex.get(..30).unwrap_or(&hex));
        if parts.iter().all(|part| memchr::memmem::find(part, candidate.as_bytes()).is_none()) {
            return candidate;
        }
        number += 1;
    }
}
