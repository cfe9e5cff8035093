//! Transfer encodings (RFC 2045 section 6), read the tolerant way, with every way in which readers differ reported.
//!
//! Decoding is linear, shrinks and never fails: what is not of the encoding is passed over or kept, and said so.

use std::borrow::Cow;

use super::uuencode;

/// How a part's body is encoded, with the variant of the reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// 7bit, 8bit, binary: the bytes as they stand.
    Identity,
    /// Base64, up to the first padding that closes a group of four.
    Base64,
    /// Base64 that goes on after padding.
    Base64PastPadding,
    /// Base64 with the URL-safe alphabet (RFC 4648 section 5) read as well.
    Base64UrlSafe,
    /// Quoted-printable; an `=` that escapes nothing is kept.
    QuotedPrintable,
    /// Quoted-printable; an `=` that escapes nothing is dropped.
    QuotedPrintableLoose,
    /// Uuencode as a transfer encoding: the first block of the body.
    Uuencode,
}

impl Encoding {
    /// Decodes; borrowed where the bytes stand as they are.
    pub fn decode(self, bytes: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Encoding::Identity => Cow::Borrowed(bytes),
            Encoding::Base64 => Cow::Owned(base64(bytes, true, false)),
            Encoding::Base64PastPadding => Cow::Owned(base64(bytes, false, false)),
            Encoding::Base64UrlSafe => Cow::Owned(base64(bytes, false, true)),
            Encoding::QuotedPrintable => Cow::Owned(quoted_printable(bytes, true)),
            Encoding::QuotedPrintableLoose => Cow::Owned(quoted_printable(bytes, false)),
            Encoding::Uuencode => match uuencode::find(bytes).into_iter().next() {
                Some(file) => Cow::Owned(file.bytes),
                None => Cow::Owned(uuencode::decode_lines(bytes)),
            },
        }
    }

    /// The name as a header would say it.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Identity => "8bit",
            Encoding::Base64 | Encoding::Base64PastPadding | Encoding::Base64UrlSafe => "base64",
            Encoding::QuotedPrintable | Encoding::QuotedPrintableLoose => "quoted-printable",
            Encoding::Uuencode => "x-uuencode",
        }
    }
}

/// Value of a byte in the base64 alphabet, 64 for `=`, 65 for `-` and `_` of the URL-safe alphabet, 66 for white
/// space, 67 for the rest.
const fn base64_class(byte: u8) -> u8 {
    match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        b'=' => 64,
        b'-' | b'_' => 65,
        b' ' | b'\t' | b'\r' | b'\n' => 66,
        _ => 67,
    }
}

const BASE64: [u8; 256] = {
    let mut table = [67u8; 256];
    let mut byte = 0usize;
    while byte < 256 {
        #[expect(clippy::indexing_slicing, reason = "the loop stays below the length of the table")]
        {
            table[byte] = base64_class(byte as u8);
        }
        byte += 1;
    }
    table
};

fn class(byte: u8) -> u8 {
    BASE64.get(byte as usize).copied().unwrap_or(67)
}

/// Decodes base64. Foreign bytes are passed over; a last group without padding gives the bytes it has.
pub(crate) fn base64(bytes: &[u8], stop_at_padding: bool, url_safe: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3 + 3);
    let mut group = 0u32;
    let mut have = 0u8;
    for &byte in bytes {
        let value = match class(byte) {
            value @ 0..=63 => value,
            64 => {
                if have >= 2 {
                    flush(&mut out, group, have);
                    group = 0;
                    have = 0;
                    if stop_at_padding {
                        return out;
                    }
                }
                continue;
            }
            65 if url_safe => {
                if byte == b'-' {
                    62
                } else {
                    63
                }
            }
            _ => continue,
        };
        group = group << 6 | u32::from(value);
        have += 1;
        if have == 4 {
            out.extend_from_slice(&[(group >> 16) as u8, (group >> 8) as u8, group as u8]);
            group = 0;
            have = 0;
        }
    }
    flush(&mut out, group, have);
    out
}

fn flush(out: &mut Vec<u8>, group: u32, have: u8) {
    match have {
        2 => out.push((group >> 4) as u8),
        3 => out.extend_from_slice(&[(group >> 10) as u8, (group >> 2) as u8]),
        _ => {}
    }
}

/// What is odd in base64 data, found without decoding it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Base64Shape {
    /// Data goes on after padding.
    pub(crate) past_padding: bool,
    /// `-` or `_` occur.
    pub(crate) url_safe: bool,
    /// Bytes of no alphabet occur, or padding where none can be.
    pub(crate) foreign: bool,
    /// The last group is not full.
    pub(crate) short: bool,
    /// There is any data at all.
    pub(crate) data: bool,
}

impl Base64Shape {
    pub(crate) fn of(bytes: &[u8]) -> Base64Shape {
        let mut shape = Base64Shape::default();
        let mut have = 0usize;
        let mut padded = false;
        for &byte in bytes {
            match class(byte) {
                0..=63 => {
                    shape.data = true;
                    have = have.wrapping_add(1);
                    shape.past_padding |= padded;
                }
                64 => {
                    if have % 4 >= 2 {
                        padded = true;
                        have = 0;
                    } else {
                        shape.foreign |= !padded;
                    }
                }
                65 => shape.url_safe = true,
                66 => {}
                _ => shape.foreign = true,
            }
        }
        shape.short = !have.is_multiple_of(4);
        shape
    }

    pub(crate) fn is_clean(self) -> bool {
        !(self.past_padding || self.url_safe || self.foreign || self.short)
    }

    pub(crate) fn says(self) -> String {
        let mut words = Vec::new();
        for (is, word) in [
            (self.past_padding, "data after padding"),
            (self.url_safe, "characters of the URL-safe alphabet"),
            (self.foreign, "foreign characters"),
            (self.short, "padding is missing"),
        ] {
            if is {
                words.push(word);
            }
        }
        format!("base64 with {}", words.join(", ")).replace("with padding is missing", "without its padding")
    }
}

fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

/// Decodes quoted-printable. White space at the end of a line falls away (RFC 2045 section 6.7, rule 3).
pub(crate) fn quoted_printable(bytes: &[u8], keep_bare: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|&b| b == b'\n') {
        let end: &[u8] = if line.ends_with(b"\r\n") {
            b"\r\n"
        } else if line.ends_with(b"\n") {
            b"\n"
        } else {
            b""
        };
        let text = line.get(..line.len() - end.len()).unwrap_or_default().trim_ascii_end();
        let soft = text.last() == Some(&b'=');
        let text = if soft { text.get(..text.len() - 1).unwrap_or_default() } else { text };
        quoted_line(text, keep_bare, &mut out);
        if !soft {
            out.extend_from_slice(end);
        }
    }
    out
}

fn quoted_line(text: &[u8], keep_bare: bool, out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'=', rest) {
        out.extend_from_slice(rest.get(..at).unwrap_or_default());
        match rest.get(at + 1..at + 3) {
            Some(&[high, low]) if hex(high).is_some() && hex(low).is_some() => {
                out.push(hex(high).unwrap_or(0) << 4 | hex(low).unwrap_or(0));
                rest = rest.get(at + 3..).unwrap_or_default();
            }
            _ => {
                if keep_bare {
                    out.push(b'=');
                }
                rest = rest.get(at + 1..).unwrap_or_default();
            }
        }
    }
    out.extend_from_slice(rest);
}

/// Offset of the first `=` that escapes nothing and breaks no line.
pub(crate) fn bare_equals(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'=', bytes).find(|&at| {
        let rest = bytes.get(at + 1..).unwrap_or_default();
        let escape = matches!(rest, [high, low, ..] if hex(*high).is_some() && hex(*low).is_some());
        let blank = rest.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\r'));
        let soft = blank.is_none_or(|at| rest.get(at) == Some(&b'\n'));
        !(escape || soft)
    })
}
