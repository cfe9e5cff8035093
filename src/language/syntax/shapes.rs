//! How long each kind of token is. Every function looks at the bytes it measures and at a bounded number behind them.

use super::tokens::TokenKind;

/// Why a text has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextFault {
    /// Its line ends first.
    Unterminated,
    /// The interpolation that opens at this byte has none either.
    Interpolation(usize),
    /// Interpolations are nested too deep here.
    TooDeep(usize),
}

/// One past the closing quote of the text that opens at `start`; texts end with their line.
pub(super) fn text_end(bytes: &[u8], start: usize, depth: usize) -> Result<usize, TextFault> {
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\n' => break,
            b'"' => return Ok(at + 1),
            b'\\' if bytes.get(at + 1) != Some(&b'\n') => at += 2,
            b'{' if bytes.get(at + 1) == Some(&b'{') => at += 2,
            b'{' => at = interpolation_end(bytes, at, depth)?,
            _ => at += 1,
        }
    }
    Err(TextFault::Unterminated)
}

/// One past the closing brace of the interpolation that opens at `start`.
pub(super) fn interpolation_end(bytes: &[u8], start: usize, depth: usize) -> Result<usize, TextFault> {
    let Some(depth) = depth.checked_sub(1) else { return Err(TextFault::TooDeep(start)) };
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\n' => break,
            b'}' => return Ok(at + 1),
            b'{' => return Err(TextFault::Interpolation(start)),
            b'"' => {
                at = text_end(bytes, at, depth).map_err(|fault| match fault {
                    TextFault::TooDeep(at) => TextFault::TooDeep(at),
                    _ => TextFault::Interpolation(start),
                })?;
            }
            _ => at += 1,
        }
    }
    Err(TextFault::Interpolation(start))
}

/// How long the address or domain is that `rest` begins with; if it begins with none, how many bytes that could be of
/// a local part were looked at.
pub(super) fn address(rest: &str) -> Result<usize, usize> {
    let bytes = rest.as_bytes();
    let local = match bytes.first() {
        Some(b'"') => quoted_local(bytes).ok_or(0_usize)?,
        Some(b'@') => 0,
        _ => local_part(bytes),
    };
    if bytes.get(local) != Some(&b'@') || local > 0 && bytes.get(local - 1) == Some(&b'.') {
        return Err(local);
    }
    let mut at = local + 1;
    if bytes.get(at) == Some(&b'[') && local > 0 {
        let rest = bytes.get(at..).unwrap_or(&[]);
        let close = memchr::memchr3(b']', b'\n', b'"', rest).ok_or(local)?;
        return if rest.get(close) == Some(&b']') { Ok(at + close + 1) } else { Err(local) };
    }
    if local == 0 && bytes.get(at..at + 2) == Some(b"*.") {
        at += 2;
    }
    let labels = at;
    while let Some(&byte) = bytes.get(at) {
        let dot = byte == b'.' && at > labels && bytes.get(at + 1).is_some_and(|&next| is_label(next));
        if !dot && !is_label(byte) {
            break;
        }
        at += 1;
    }
    if at > labels { Ok(at) } else { Err(local) }
}

/// One past the quoted local part that the bytes begin with.
fn quoted_local(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match bytes.get(at)? {
            b'"' => return (at > 1).then_some(at + 1),
            b'\n' => return None,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// How many bytes could be of a local part without quotes.
fn local_part(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let more = byte.is_ascii_alphanumeric()
            || byte >= 0x80
            || b"$%&'*+-/?^_`|~".contains(&byte)
            || b"=!".contains(&byte) && bytes.get(at + 1) != Some(&b'=')
            || byte == b'.' && at > 0 && bytes.get(at - 1) != Some(&b'.');
        if !more {
            break;
        }
        at += 1;
    }
    at
}

fn is_label(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || byte == b'_' || byte == b'-'
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Kind and length of a token that is no text, regex, address or domain.
pub(super) fn plain(rest: &str) -> (TokenKind, usize) {
    let bytes = rest.as_bytes();
    let first = bytes.first().copied().unwrap_or(0);
    let numeric = first.is_ascii_hexdigit() || matches!(first, b':' | b'-');
    if let Some(length) = numeric.then(|| network(bytes).or_else(|| number(bytes))).flatten() {
        return (TokenKind::Literal, length);
    }
    if is_word(first) {
        return (TokenKind::Word, bytes.iter().take_while(|&&byte| is_word(byte)).count());
    }
    let pair = bytes.get(..2).unwrap_or(&[]);
    if [b"==", b"!=", b"<=", b">=", b"<>", b"::", b"..", b"&&", b"||"]
        .iter()
        .any(|sign| pair == sign.as_slice())
    {
        return (TokenKind::Sign, 2);
    }
    if first >= 0x80 {
        let wide = rest.chars().take_while(|character| character.is_alphanumeric()).map(char::len_utf8).sum();
        return (TokenKind::Word, std::cmp::max(wide, rest.chars().next().map_or(1, char::len_utf8)));
    }
    (TokenKind::Sign, 1)
}

fn network(bytes: &[u8]) -> Option<usize> {
    // No group of digits and no address is longer.
    let run = |at: usize, keep: fn(&u8) -> bool| {
        bytes.iter().skip(at).take(65).take_while(|byte| keep(byte)).count()
    };
    let hex = run(0, u8::is_ascii_hexdigit);
    let mut at = if bytes.get(hex) == Some(&b':') {
        let wide = run(0, |byte| byte.is_ascii_hexdigit() || *byte == b':');
        let colons = bytes.iter().take(wide).filter(|&&byte| byte == b':').count();
        let next_is_time_range = bytes.get(wide) == Some(&b'.') && bytes.get(wide + 1) == Some(&b'.');
        if colons < 2 || wide > 64 || next_is_time_range {
            return None;
        }
        let mut at = wide;
        while bytes.get(at) == Some(&b'.') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
            at += 1 + run(at + 1, u8::is_ascii_digit);
        }
        at
    } else {
        let mut at = run(0, u8::is_ascii_digit);
        for _ in 0..3 {
            if at == 0 || bytes.get(at) != Some(&b'.') {
                return None;
            }
            let digits = run(at + 1, u8::is_ascii_digit);
            if digits == 0 {
                return None;
            }
            at += 1 + digits;
        }
        at
    };
    if bytes.get(at) == Some(&b'/') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
        at += 1 + run(at + 1, u8::is_ascii_digit);
    }
    (!bytes.get(at).is_some_and(|&byte| is_word(byte))).then_some(at)
}

/// A date, a time of day or a number.
fn number(bytes: &[u8]) -> Option<usize> {
    let digits = |at: usize| bytes.iter().skip(at).take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(0);
    if whole == 4
        && bytes.get(4) == Some(&b'-')
        && digits(5) == 2
        && bytes.get(7) == Some(&b'-')
        && digits(8) == 2
    {
        return Some(10);
    }
    if (whole == 1 || whole == 2) && bytes.get(whole) == Some(&b':') && digits(whole + 1) == 2 {
        return Some(whole + 3);
    }
    if whole > 0 {
        return Some(whole);
    }
    (bytes.first() == Some(&b'-') && digits(1) > 0).then(|| 1 + digits(1))
}
