//! Uuencoded files in text (IEEE 1003.1 `uuencode`), the historical and the base64 form, and xxencode.
//!
//! Linear; a file without its `end` gives what it has and says so. Mail programs of the eighties and nineties sent files this
//! way, and some readers still show them as attachments.

use super::decode;

/// A file found in text.
#[derive(Debug, Clone)]
pub struct EncodedFile {
    /// The name it was sent under.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What is wrong with it, if anything.
    pub problem: Option<String>,
    /// The bytes of the text that hold it, from its `begin` line to behind its last.
    pub range: std::ops::Range<usize>,
}

/// Every file in `text`, in order.
pub fn find(text: &[u8]) -> Vec<EncodedFile> {
    let mut files = Vec::new();
    let mut from = 0;
    while let Some(at) = memchr::memmem::find(text.get(from..).unwrap_or_default(), b"begin") {
        let start = from + at;
        from = start + 5;
        let at_line_start = start == 0 || matches!(text.get(start - 1), Some(b'\n' | b'\r'));
        if !at_line_start {
            continue;
        }
        let rest = text.get(start..).unwrap_or_default();
        if let Some((file, used)) = read(rest) {
            files.push(EncodedFile { range: start..start + used, ..file });
            from = start + used;
        }
    }
    files
}

/// The next line without its end, and how many bytes it takes with it. A bare carriage return ends one, too.
fn next_line(text: &[u8]) -> Option<(&[u8], usize)> {
    if text.is_empty() {
        return None;
    }
    match memchr::memchr2(b'\n', b'\r', text) {
        Some(end) => {
            let both = text.get(end..end + 2) == Some(b"\r\n");
            Some((text.get(..end).unwrap_or_default(), end + if both { 2 } else { 1 }))
        }
        None => Some((text, text.len())),
    }
}

/// `begin 644 name` or `begin-base64 644 name`: whether base64, and the name.
fn begin_line(line: &[u8]) -> Option<(bool, String)> {
    let (base64, rest) = match line.strip_prefix(b"begin-base64 ") {
        Some(rest) => (true, rest),
        None => (false, line.strip_prefix(b"begin ")?),
    };
    let rest = rest.trim_ascii_start();
    let digits = rest.iter().take_while(|b| (b'0'..=b'7').contains(*b)).count();
    if !(3..=5).contains(&digits) || rest.get(digits) != Some(&b' ') {
        return None;
    }
    let name = rest.get(digits..).unwrap_or_default().trim_ascii();
    let name = name.strip_prefix(b"\"").and_then(|n| n.strip_suffix(b"\"")).unwrap_or(name);
    (!name.is_empty()).then(|| (base64, super::charset::guess(name).into_owned()))
}

fn read(text: &[u8]) -> Option<(EncodedFile, usize)> {
    let (line, mut at) = next_line(text)?;
    let (base64, name) = begin_line(line)?;
    let mut bytes = Vec::new();
    let mut closed = false;
    let mut problem = None;
    let mut lines = 0usize;
    let mut xx = false;
    while let Some((line, used)) = next_line(text.get(at..).unwrap_or_default()) {
        if base64 {
            if line.trim_ascii() == b"====" {
                closed = true;
                at += used;
                break;
            }
            if line.is_empty() || line.starts_with(b"--") {
                break;
            }
            bytes.extend(decode::base64(line, true, false));
        } else {
            if line.trim_ascii_end() == b"end" {
                closed = true;
                at += used;
                break;
            }
            let blank = line.trim_ascii_end().is_empty() && line.len() < 2;
            if !blank {
                if lines == 0 {
                    xx = uu_line(line).is_none();
                }
                match if xx { xx_line(line) } else { uu_line(line) } {
                    Some(decoded) => bytes.extend(decoded),
                    None if lines == 0 => return None,
                    None => {
                        problem = Some("a line is not uuencoded".to_string());
                        break;
                    }
                }
            }
        }
        lines += 1;
        at += used;
    }
    if lines == 0 {
        return None;
    }
    if !closed && problem.is_none() {
        problem = Some("its end is missing".to_string());
    }
    Some((EncodedFile { name, bytes, problem, range: 0..at }, at))
}

/// One line: its first character says how many bytes it holds. Blanks at the end may have been stripped on the way.
fn uu_line(line: &[u8]) -> Option<Vec<u8>> {
    let (&first, data) = line.split_first()?;
    if !(0x20..=0x60).contains(&first) {
        return None;
    }
    let length = usize::from(first.wrapping_sub(0x20) & 0x3f);
    let groups = length.div_ceil(3);
    let filled = data.iter().rposition(|&b| b != b' ' && b != b'`').map_or(0, |at| at + 1);
    if data.iter().any(|b| !(0x20..=0x60).contains(b)) && data.len() < groups * 4 || filled > groups * 4 + 4 {
        return None;
    }
    let mut out = Vec::with_capacity(groups * 3);
    for group in 0..groups {
        let value = |at: usize| {
            u32::from(data.get(group * 4 + at).copied().unwrap_or(0x20).wrapping_sub(0x20) & 0x3f)
        };
        let bits = value(0) << 18 | value(1) << 12 | value(2) << 6 | value(3);
        out.extend_from_slice(&[(bits >> 16) as u8, (bits >> 8) as u8, bits as u8]);
    }
    out.truncate(length);
    Some(out)
}

/// One line of xxencode: the same with the characters `+-0..9A..Za..z`.
fn xx_line(line: &[u8]) -> Option<Vec<u8>> {
    let as_uu: Option<Vec<u8>> = line
        .trim_ascii_end()
        .iter()
        .map(|&byte| {
            let value = match byte {
                b'+' => 0,
                b'-' => 1,
                b'0'..=b'9' => byte - b'0' + 2,
                b'A'..=b'Z' => byte - b'A' + 12,
                b'a'..=b'z' => byte - b'a' + 38,
                _ => return None,
            };
            Some(0x20 + value)
        })
        .collect();
    uu_line(&as_uu?)
}

/// Decodes lines without a `begin`: what is left of a body whose first line was lost.
pub(crate) fn decode_lines(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some((line, used)) = next_line(text.get(at..).unwrap_or_default()) {
        at += used;
        if line.trim_ascii_end() == b"end" {
            break;
        }
        if let Some(decoded) = uu_line(line) {
            out.extend(decoded);
        }
    }
    out
}
