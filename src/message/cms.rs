//! The content inside a CMS envelope that does not hide it (RFC 5652 sections 3 and 5, RFC 3274): signed or compressed.
//!
//! A small reader of BER, definite and indefinite lengths, linear and without recursion. Nothing is verified; the content
//! is taken out so that it can be looked at like any other.

use std::io::Read;

const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const COMPRESSED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x09];

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
const OCTET_STRING: u8 = 0x04;
const OCTET_STRING_PIECES: u8 = 0x24;
const EXPLICIT_0: u8 = 0xa0;

/// What an envelope holds.
pub(crate) enum Content {
    /// No such envelope, or one whose content is elsewhere.
    None,
    /// The content.
    Inside(Vec<u8>),
    /// A content that unpacks to more than may be.
    TooLarge,
}

/// The content of a signed or compressed envelope. No more than `most` bytes are decompressed.
pub(crate) fn content(bytes: &[u8], most: u64) -> Content {
    match read(bytes, most) {
        Some(content) if content.len() as u64 > most => Content::TooLarge,
        Some(content) => Content::Inside(content),
        None => Content::None,
    }
}

/// The content; of a compressed one that is too large, one byte more than `most`.
fn read(bytes: &[u8], most: u64) -> Option<Vec<u8>> {
    let outer = enter(bytes, SEQUENCE)?;
    let (kind, after) = take(outer, OBJECT_IDENTIFIER)?;
    let inner = enter(enter(after, EXPLICIT_0)?, SEQUENCE)?;
    // Version, then the set of digests or the method of compression: neither is of interest.
    let encapsulated = skip(skip(inner)?)?;
    let (_, after) = take(enter(encapsulated, SEQUENCE)?, OBJECT_IDENTIFIER)?;
    let content = octets(enter(after, EXPLICIT_0)?)?;
    match kind {
        SIGNED_DATA => Some(content),
        COMPRESSED_DATA => {
            let mut out = Vec::new();
            let mut reader = flate2::read::ZlibDecoder::new(content.as_slice()).take(most.saturating_add(1));
            reader.read_to_end(&mut out).ok()?;
            Some(out)
        }
        _ => None,
    }
}

/// Tag, length of the header, and length of the content; `None` for the latter where it is indefinite.
fn header(bytes: &[u8]) -> Option<(u8, usize, Option<usize>)> {
    let tag = *bytes.first()?;
    match *bytes.get(1)? {
        0x80 => Some((tag, 2, None)),
        short @ 0..=0x7f => Some((tag, 2, Some(usize::from(short)))),
        long => {
            let count = usize::from(long & 0x7f);
            let digits = bytes.get(2..2 + count).filter(|_| count <= 4)?;
            let length = digits.iter().fold(0usize, |sum, digit| sum << 8 | usize::from(*digit));
            Some((tag, 2 + count, Some(length)))
        }
    }
}

/// The content of an element; of one without a length, all that follows.
fn enter(bytes: &[u8], wanted: u8) -> Option<&[u8]> {
    let (tag, start, length) = header(bytes)?;
    if tag != wanted {
        return None;
    }
    let rest = bytes.get(start..)?;
    Some(match length {
        Some(length) => rest.get(..length.min(rest.len()))?,
        None => rest,
    })
}

/// The content of an element with a length, and what follows it.
fn take(bytes: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    let (tag, start, length) = header(bytes)?;
    let end = start.checked_add(length?)?;
    (tag == wanted).then_some((bytes.get(start..end)?, bytes.get(end..)?))
}

/// What follows an element.
fn skip(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    let mut open = 0usize;
    loop {
        if open > 0 && rest.starts_with(&[0, 0]) {
            open -= 1;
            rest = rest.get(2..)?;
        } else {
            let (_, start, length) = header(rest)?;
            match length {
                Some(length) => rest = rest.get(start.checked_add(length)?..)?,
                None => {
                    open += 1;
                    rest = rest.get(start..)?;
                }
            }
        }
        if open == 0 {
            return Some(rest);
        }
    }
}

/// The bytes of an octet string, whole or in pieces, cut where the envelope is cut.
fn octets(bytes: &[u8]) -> Option<Vec<u8>> {
    if let Some(whole) = enter(bytes, OCTET_STRING) {
        return Some(whole.to_vec());
    }
    let mut rest = enter(bytes, OCTET_STRING_PIECES)?;
    let mut out = Vec::new();
    while let Some((tag, start, length)) = header(rest) {
        let content = rest.get(start..)?;
        match (tag, length) {
            (OCTET_STRING, Some(length)) => {
                let length = length.min(content.len());
                out.extend_from_slice(content.get(..length)?);
                rest = content.get(length..)?;
            }
            (OCTET_STRING_PIECES, _) => rest = content,
            _ => break,
        }
    }
    Some(out)
}
