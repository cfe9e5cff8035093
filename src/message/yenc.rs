//! yEnc files in text (yEnc draft 1.3, 2002): bytes shifted by 42 with a few escapes, for news servers that pass 8 bits.
//!
//! Linear. A checksum or size that does not fit is a problem of the file, not a reason to hide it.

use super::uuencode::EncodedFile;

/// Every file in `text`, in order. A file in several parts of one text is several files.
pub fn find(text: &[u8]) -> Vec<EncodedFile> {
    let mut files = Vec::new();
    let mut from = 0;
    while let Some(at) = memchr::memmem::find(text.get(from..).unwrap_or_default(), b"=ybegin ") {
        let start = from + at;
        from = start + 8;
        if start == 0 || matches!(text.get(start - 1), Some(b'\n' | b'\r')) {
            let (file, used) = read(text.get(start..).unwrap_or_default());
            files.push(EncodedFile { range: start..start + used, ..file });
            from = start + used;
        }
    }
    files
}

fn next_line(text: &[u8]) -> Option<(&[u8], usize)> {
    if text.is_empty() {
        return None;
    }
    let end = memchr::memchr(b'\n', text);
    let line = text.get(..end.unwrap_or(text.len())).unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    Some((line, end.map_or(text.len(), |end| end + 1)))
}

/// The value of `key=` in a keyword line; the name goes to the end of the line.
fn keyword<'a>(line: &'a [u8], key: &str) -> Option<&'a [u8]> {
    let needle = format!(" {key}=");
    let at = memchr::memmem::find(line, needle.as_bytes())? + needle.len();
    let value = line.get(at..)?;
    if key == "name" {
        return Some(value.trim_ascii());
    }
    Some(value.split(|b| *b == b' ').next().unwrap_or_default())
}

fn number(line: &[u8], key: &str) -> Option<u64> {
    std::str::from_utf8(keyword(line, key)?).ok()?.parse().ok()
}

fn read(text: &[u8]) -> (EncodedFile, usize) {
    let (begin, mut at) = next_line(text).unwrap_or((b"", text.len()));
    let name = super::charset::guess(keyword(begin, "name").unwrap_or_default()).into_owned();
    let multipart = number(begin, "part").is_some();
    let mut bytes = Vec::new();
    let mut problem = Some("its end is missing".to_string());
    while let Some((line, used)) = next_line(text.get(at..).unwrap_or_default()) {
        if line.starts_with(b"=ybegin ") {
            break;
        }
        at += used;
        if line.starts_with(b"=ypart ") {
            continue;
        }
        if line.starts_with(b"=yend") {
            problem = check(line, begin, multipart, &bytes);
            break;
        }
        // A dot that a news transport doubled stands for one (draft, section "NNTP").
        let line = if line.starts_with(b"..") { line.get(1..).unwrap_or_default() } else { line };
        let mut escaped = false;
        for &byte in line {
            if escaped {
                bytes.push(byte.wrapping_sub(64).wrapping_sub(42));
                escaped = false;
            } else if byte == b'=' {
                escaped = true;
            } else {
                bytes.push(byte.wrapping_sub(42));
            }
        }
    }
    (EncodedFile { name, bytes, problem, range: 0..at }, at)
}

fn check(end: &[u8], begin: &[u8], multipart: bool, bytes: &[u8]) -> Option<String> {
    let size = number(end, "size").or_else(|| if multipart { None } else { number(begin, "size") });
    if size.is_some_and(|size| size != bytes.len() as u64) {
        return Some("its size is not the one it names".to_string());
    }
    let sum = keyword(end, if multipart { "pcrc32" } else { "crc32" })?;
    let sum = u32::from_str_radix(std::str::from_utf8(sum).ok()?, 16).ok()?;
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    (crc.sum() != sum).then(|| "its checksum is not the one it names".to_string())
}
