//! Charsets to text (WHATWG encodings by `encoding_rs`; UTF-7 and the DOS code pages by mail-parser; HZ, ISO-2022-KR and
//! ISO-2022-CN here, since browsers dropped them and mail did not).
//!
//! Linear and never failing: an unknown charset, or bytes that are not of theirs, are read as UTF-8 where they are valid
//! UTF-8, else as windows-1252, and the caller is told.

use std::borrow::Cow;

use encoding_rs::{BIG5, EUC_KR, Encoding, GBK, UTF_8, WINDOWS_1252};

/// What was wrong with a text's charset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CharsetProblem {
    /// Nobody knows the name.
    Unknown,
    /// Bytes occur that are not of the charset.
    Invalid,
    /// The bytes are not of the declared charset and plainly of another.
    Conflict(&'static str),
}

/// A decoded text.
#[derive(Debug, Clone)]
pub struct DecodedText {
    /// The text.
    pub text: String,
    /// The name of the charset that it was read in.
    pub charset: &'static str,
    /// What was wrong.
    pub problem: Option<CharsetProblem>,
    /// The text as a reader with another opinion of the charset sees it.
    pub other: Option<String>,
}

/// Reads `bytes` in the declared charset; `None` means that none is declared.
pub fn decode(bytes: &[u8], declared: Option<&str>) -> DecodedText {
    let label = declared.map(normalise_label).filter(|label| !label.is_empty());
    let four_bytes = label.as_deref().is_some_and(|l| l.contains("32") || l.contains("ucs-4"));
    if let Some(text) = by_byte_order_mark(bytes).filter(|_| !four_bytes) {
        return text;
    }
    if looks_like_utf16(bytes) && !four_bytes && !label.as_deref().is_some_and(is_two_bytes) {
        let other = Some(guess(bytes).into_owned());
        return DecodedText { problem: Some(CharsetProblem::Conflict("utf-16")), other, ..utf16(bytes) };
    }
    let Some(label) = label else { return undeclared(bytes, None) };
    match label.as_str() {
        "us-ascii" | "ascii" | "ansi_x3.4-1968" | "iso646-us" | "7bit" | "8bit" => {
            if bytes.is_ascii() {
                return clean(String::from_utf8_lossy(bytes).into_owned(), "us-ascii");
            }
            return undeclared(bytes, Some("us-ascii"));
        }
        "utf-7" | "unicode-1-1-utf-7" | "csutf7" | "x-unicode-2-0-utf-7" => return utf7(bytes),
        "hz-gb-2312" | "hz" => return clean(hz(bytes), "hz-gb-2312"),
        "iso-2022-kr" | "csiso2022kr" => return shifted(bytes, EUC_KR, "iso-2022-kr"),
        "utf-16" | "utf16" | "csutf16" | "ucs-2" | "iso-10646-ucs-2" | "unicode" => return utf16(bytes),
        "utf-32" | "utf32" | "utf-32le" | "utf-32be" | "ucs-4" | "iso-10646-ucs-4" => {
            return utf32(bytes, &label);
        }
        "iso-2022-cn" | "iso-2022-cn-ext" => return shifted(bytes, GBK, "iso-2022-cn"),
        _ => {}
    }
    match encoding_for(&label) {
        Some(encoding) => in_encoding(bytes, encoding),
        None => match mail_parser::decoders::charsets::map::charset_decoder(label.as_bytes()) {
            Some(decoder) => clean(decoder(bytes), "other"),
            None => DecodedText { problem: Some(CharsetProblem::Unknown), ..undeclared(bytes, None) },
        },
    }
}

/// Whether bytes without a byte order mark are plainly UTF-16 with letters of ASCII: every other byte is zero, the ones
/// between are not. Only the beginning is looked at.
pub(super) fn looks_like_utf16(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(512)).unwrap_or_default();
    let zeros = |start: usize| head.iter().skip(start).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let (many, few) = (even.max(odd), even.min(odd));
    head.len() >= 8 && many * 5 >= head.len() * 2 && few * 20 <= head.len()
}

fn is_two_bytes(label: &str) -> bool {
    label.contains("16") || label.contains("ucs-2") || label.contains("ucs2") || label == "unicode"
}

/// UTF-8 where the bytes are, else windows-1252: how bytes without a charset are read everywhere.
pub fn guess(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}

fn clean(text: String, charset: &'static str) -> DecodedText {
    DecodedText { text, charset, problem: None, other: None }
}

fn normalise_label(label: &str) -> String {
    let label =
        label.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'' || c == ';' || c == ',');
    label.to_ascii_lowercase()
}

fn encoding_for(label: &str) -> Option<&'static Encoding> {
    let found = |label: &str| Encoding::for_label_no_replacement(label.as_bytes());
    found(label).or_else(|| match label {
        "cp932" | "windows-932" => found("shift_jis"),
        "cp936" | "windows-936" | "x-gb2312" | "gb_2312" => found("gbk"),
        "cp949" | "ms949" | "uhc" | "windows-949x" => found("euc-kr"),
        "cp950" | "big5-eten" | "x-big5-hkscs" | "big5hkscs" => Some(BIG5),
        "eucjp" | "x-eucjp" | "ujis" => found("euc-jp"),
        "utf8mb4" | "utf-8n" | "utf_8" | "x-utf-8" => Some(UTF_8),
        "iso8859_1" | "iso_8859_1" | "latin-1" | "iso-8859-1-windows-3.0-latin-1" => Some(WINDOWS_1252),
        _ => {
            let plain: String = label.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
            let swapped = label.replace('_', "-");
            let windows = label.strip_prefix("cp").map(|n| format!("windows-{n}"));
            found(&swapped)
                .or_else(|| found(&plain))
                .or_else(|| windows.and_then(|w| found(&w)))
                .or_else(|| label.strip_prefix("x-").and_then(found))
        }
    })
}

fn by_byte_order_mark(bytes: &[u8]) -> Option<DecodedText> {
    let (encoding, skip) = Encoding::for_bom(bytes)?;
    let (text, bad) = encoding.decode_without_bom_handling(bytes.get(skip..)?);
    let problem = bad.then_some(CharsetProblem::Invalid);
    Some(DecodedText { text: text.into_owned(), charset: encoding.name(), problem, other: None })
}

/// Text without a charset, or with one that its bytes disprove.
fn undeclared(bytes: &[u8], disproved: Option<&'static str>) -> DecodedText {
    if bytes.is_ascii() && !bytes.contains(&0x1b) {
        return clean(String::from_utf8_lossy(bytes).into_owned(), "us-ascii");
    }
    let conflict = |found| disproved.map(|_| CharsetProblem::Conflict(found));
    if bytes.is_ascii() {
        let looks_japanese =
            [&b"\x1b$B"[..], b"\x1b$@", b"\x1b(J"].iter().any(|e| memchr::memmem::find(bytes, e).is_some());
        if looks_japanese {
            return DecodedText {
                problem: conflict("iso-2022-jp"),
                ..in_encoding(bytes, encoding_rs::ISO_2022_JP)
            };
        }
        return clean(String::from_utf8_lossy(bytes).into_owned(), "us-ascii");
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return DecodedText { problem: conflict("utf-8"), ..clean(text.to_string(), "utf-8") };
    }
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    DecodedText { problem: conflict("windows-1252"), ..clean(text.into_owned(), "windows-1252") }
}

fn in_encoding(bytes: &[u8], encoding: &'static Encoding) -> DecodedText {
    let (text, bad) = encoding.decode_without_bom_handling(bytes);
    let as_utf8 = || match std::str::from_utf8(bytes) {
        Ok(text) if !bytes.is_ascii() => Some(text.to_string()),
        _ => None,
    };
    let mut decoded = clean(text.into_owned(), encoding.name());
    if bad {
        decoded.problem = Some(CharsetProblem::Invalid);
        decoded.other = if encoding == UTF_8 {
            Some(WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned())
        } else {
            as_utf8().or_else(|| Some(guess(bytes).into_owned()))
        };
    } else if encoding != UTF_8 && encoding.is_ascii_compatible() && !bytes.is_ascii() {
        // Bytes that are valid UTF-8 of several bytes a character are hardly ever anything else.
        if let Some(other) = as_utf8() {
            decoded.problem = Some(CharsetProblem::Conflict("utf-8"));
            decoded.other = Some(other);
        }
    }
    decoded
}

/// UTF-16 without a byte order mark: big-endian by RFC 2781, little-endian in practice; the one with more letters of
/// ASCII comes first.
fn utf16(bytes: &[u8]) -> DecodedText {
    let zeros = |start: usize| bytes.iter().skip(start).step_by(2).filter(|b| **b == 0).count();
    let little = zeros(1) >= zeros(0);
    let decode = |encoding: &'static Encoding| encoding.decode_without_bom_handling(bytes).0.into_owned();
    let (le, be) = (decode(encoding_rs::UTF_16LE), decode(encoding_rs::UTF_16BE));
    let (text, other, charset) = if little { (le, be, "utf-16le") } else { (be, le, "utf-16be") };
    DecodedText { other: Some(other), ..clean(text, charset) }
}

fn utf32(bytes: &[u8], label: &str) -> DecodedText {
    let marked_big = bytes.starts_with(&[0, 0, 0xfe, 0xff]);
    let first_big = bytes.first() == Some(&0) && !label.ends_with("le");
    let big = marked_big || label.ends_with("be") || first_big;
    let mut bad = false;
    let mut text = String::with_capacity(bytes.len() / 4);
    for unit in bytes.chunks(4) {
        let value = match *unit {
            [a, b, c, d] if big => u32::from_be_bytes([a, b, c, d]),
            [a, b, c, d] => u32::from_le_bytes([a, b, c, d]),
            _ => u32::MAX,
        };
        let found = char::from_u32(value);
        bad |= found.is_none();
        text.push(found.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    let text = text.trim_start_matches('\u{feff}').to_string();
    DecodedText { problem: bad.then_some(CharsetProblem::Invalid), ..clean(text, "utf-32") }
}

fn utf7(bytes: &[u8]) -> DecodedText {
    match mail_parser::decoders::charsets::map::charset_decoder(b"utf-7") {
        Some(decoder) => clean(decoder(bytes), "utf-7"),
        None => DecodedText { problem: Some(CharsetProblem::Unknown), ..undeclared(bytes, None) },
    }
}

/// HZ (RFC 1843): `~{` opens two-byte characters of GB 2312 without their high bits, `~}` closes them.
fn hz(bytes: &[u8]) -> String {
    let mut high = Vec::with_capacity(bytes.len());
    let mut double = false;
    let mut rest = bytes;
    while let Some((&first, tail)) = rest.split_first() {
        rest = match (first, tail.first()) {
            (b'~', Some(b'{')) => {
                double = true;
                tail.get(1..).unwrap_or_default()
            }
            (b'~', Some(b'}')) => {
                double = false;
                tail.get(1..).unwrap_or_default()
            }
            (b'~', Some(b'~')) if !double => {
                high.push(b'~');
                tail.get(1..).unwrap_or_default()
            }
            (b'~', Some(b'\n')) => tail.get(1..).unwrap_or_default(),
            (b'\n', _) => {
                double = false;
                high.push(b'\n');
                tail
            }
            (0x21..=0x7e, Some(&second)) if double => {
                high.extend_from_slice(&[first | 0x80, second | 0x80]);
                tail.get(1..).unwrap_or_default()
            }
            _ => {
                high.push(first);
                tail
            }
        };
    }
    GBK.decode_without_bom_handling(&high).0.into_owned()
}

/// ISO-2022-KR (RFC 1557) and the common part of ISO-2022-CN (RFC 1922): shift-out opens two-byte characters, shift-in closes.
fn shifted(bytes: &[u8], encoding: &'static Encoding, name: &'static str) -> DecodedText {
    let mut high = Vec::with_capacity(bytes.len());
    let mut double = false;
    let mut rest = bytes;
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        match first {
            0x0e => double = true,
            0x0f => double = false,
            0x1b if matches!(tail, [b'$', b')' | b'*' | b'+', _, ..]) => {
                rest = tail.get(3..).unwrap_or_default()
            }
            b'\n' => {
                double = false;
                high.push(first);
            }
            0x21..=0x7e if double => high.push(first | 0x80),
            _ => high.push(first),
        }
    }
    let (text, bad) = encoding.decode_without_bom_handling(&high);
    DecodedText { problem: bad.then_some(CharsetProblem::Invalid), ..clean(text.into_owned(), name) }
}
