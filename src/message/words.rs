//! Unfolding and encoded words (RFC 5322 section 2.2.3, RFC 2047), the tolerant way.
//!
//! Linear in the field. Encoded words that follow one another in one charset are joined before their bytes become
//! text, since mailers split characters between them; raw bytes are read as UTF-8, else as windows-1252.

use std::borrow::Cow;

use super::{charset, decode};

/// The text of an unstructured field: unfolded, encoded words decoded.
pub fn decode_field(raw: &[u8]) -> String {
    let flat = unfold(raw);
    decode_words(flat.trim_ascii())
}

/// Takes the line ends of folding away; the blank after each stays.
pub fn unfold(raw: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr2(b'\r', b'\n', raw).is_none() {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(raw.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect())
}

struct Word<'a> {
    charset: &'a [u8],
    bytes: Vec<u8>,
    used: usize,
}

/// Decodes the encoded words in `raw`, wherever they stand.
pub fn decode_words(raw: &[u8]) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut pending: Option<(&[u8], Vec<u8>)> = None;
    let mut rest = raw;
    let mut ends = true;
    while !rest.is_empty() {
        let Some(at) = memchr::memmem::find(rest, b"=?") else { break };
        let before = rest.get(..at).unwrap_or_default();
        let tail = rest.get(at..).unwrap_or_default();
        let Some(word) = read_word(tail, &mut ends) else {
            flush(&mut pending, &mut out);
            out.push_str(&charset::guess(before));
            out.push_str("=?");
            rest = tail.get(2..).unwrap_or_default();
            continue;
        };
        // White space between two encoded words is no text (RFC 2047 section 6.2).
        if pending.is_none() || !before.trim_ascii().is_empty() {
            flush(&mut pending, &mut out);
            out.push_str(&charset::guess(before));
        }
        match &mut pending {
            Some((charset, bytes)) if charset.eq_ignore_ascii_case(word.charset) && !has_state(charset) => {
                bytes.extend(word.bytes);
            }
            _ => {
                flush(&mut pending, &mut out);
                pending = Some((word.charset, word.bytes));
            }
        }
        rest = tail.get(word.used..).unwrap_or_default();
    }
    flush(&mut pending, &mut out);
    out.push_str(&charset::guess(rest));
    out
}

/// Charsets with escape sequences return to ASCII at the end of each word; joined they hold empty sequences, which
/// decoders refuse.
fn has_state(charset: &[u8]) -> bool {
    charset.get(..9).is_some_and(|start| start.eq_ignore_ascii_case(b"iso-2022-"))
}

fn flush(pending: &mut Option<(&[u8], Vec<u8>)>, out: &mut String) {
    if let Some((label, bytes)) = pending.take() {
        out.push_str(&charset::decode(&bytes, Some(&String::from_utf8_lossy(label))).text);
    }
}

/// The encoded word at the start, of any length: RFC 2047 allows 75 characters, mailers write far longer ones. `ends` is
/// taken away where no end is left in the field, so that a field full of openings stays linear.
fn read_word<'a>(text: &'a [u8], ends: &mut bool) -> Option<Word<'a>> {
    let inner = text.strip_prefix(b"=?")?;
    let label_end = memchr::memchr(b'?', inner.get(..inner.len().min(80))?)?;
    let label = inner.get(..label_end)?;
    if label.is_empty() || label.iter().any(|b| b.is_ascii_whitespace() || *b < 0x20) {
        return None;
    }
    let kind = *inner.get(label_end + 1)?;
    if inner.get(label_end + 2) != Some(&b'?') || !matches!(kind, b'b' | b'B' | b'q' | b'Q') || !*ends {
        return None;
    }
    let data = inner.get(label_end + 3..)?;
    let Some(end) = memchr::memmem::find(data, b"?=") else {
        *ends = false;
        return None;
    };
    let payload = data.get(..end)?;
    let bytes = match kind {
        b'b' | b'B' => decode::base64(payload, false, false),
        _ => q_word(payload),
    };
    let label = label.split(|b| *b == b'*').next().unwrap_or_default();
    Some(Word { charset: label, bytes, used: 2 + label_end + 3 + end + 2 })
}

fn q_word(payload: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = payload.iter().map(|b| if *b == b'_' { b' ' } else { *b }).collect();
    // The blank marks stay where quoted-printable would drop white space at a line's end.
    let mut guarded = spaced;
    guarded.push(b'|');
    let mut out = decode::quoted_printable(&guarded, true);
    out.pop();
    out
}
