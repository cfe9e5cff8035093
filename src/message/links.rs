//! Links of a message: what they show, where they lead, and whose domain that is.
//!
//! Targets are read the way browsers read them, because that is who follows them: tabs and line ends inside are
//! dropped, backslashes are slashes, what stands before `@` is no host, numbers in any base are addresses, and hosts are
//! compared in their ASCII form (IDNA, UTS 46). In plain text a link begins at a scheme or at `www.`; one pass finds
//! them all. Cost: linear, links bounded by the caller. What cannot be read as a URL has no host.

use super::html::{HtmlLink, LinkKind, VisibleText};
use std::borrow::Cow;
use std::net::Ipv4Addr;
use std::ops::Range;

/// What looks like a link and has no host is tried so often; each try looks at [`HEAD`] bytes.
pub(crate) const FAILURES: usize = 100_000;

/// Bytes of a link that tell whether it has a host; of a longer one it is looked for in the whole.
const HEAD: usize = 1 << 10;

/// Links of a text.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// In the order of the text.
    pub links: Vec<Link>,
    /// Whether there may be more: the bound on them was reached, or that on what looks like one and is none.
    pub cut: bool,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The target, without surrounding white space and without characters that browsers drop.
    pub url: String,
    /// The text that is shown for it, white space runs as one blank; `None` where the target itself is what is shown
    /// or nothing is.
    pub text: Option<String>,
    /// The host in its normalised ASCII form (addresses in their usual one); `None` where the target has none.
    pub host: Option<String>,
    /// The scheme in lower case; empty for relative targets.
    pub scheme: String,
    /// How the document refers; links of plain text are anchors.
    pub kind: LinkKind,
    /// The bytes of the source that hold the target.
    pub source: Range<usize>,
}

impl Link {
    /// A link to a target.
    pub fn new(target: &str, kind: LinkKind, source: Range<usize>) -> Link {
        let url = clean(target);
        let scheme = scheme_of(&url).unwrap_or_default().to_ascii_lowercase();
        let host = host_of(&url);
        Link { url, text: None, host, scheme, kind, source }
    }

    /// The registrable domain of the host by the public suffix list (`example.co.uk` of `www.example.co.uk`); the host
    /// itself where it is an address or a bare suffix.
    pub fn registrable_domain(&self) -> Option<String> {
        self.host.as_deref().map(registrable_domain)
    }
}

/// The links of an HTML document, those of elements first and then those written out in its text; `most` of them.
pub fn from_html(visible: &VisibleText, most: usize) -> Found {
    let mut links: Vec<Link> = visible.links.iter().take(most).map(|link| from_pair(link, visible)).collect();
    let written = from_text(&visible.text, most.saturating_sub(links.len()));
    let cut = written.cut || visible.links.len() > most;
    for mut link in written.links {
        link.source = visible.map.origin(link.source);
        links.push(link);
    }
    Found { links, cut }
}

fn from_pair(pair: &HtmlLink, visible: &VisibleText) -> Link {
    let mut link = Link::new(&pair.target, pair.kind, pair.source.clone());
    let shown = pair.text.clone().and_then(|range| visible.text.get(range)).unwrap_or_default();
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    link.text = Some(shown).filter(|text| !text.is_empty());
    link
}

/// At least as many as there are links in a text; the largest number where only reading them can tell.
pub(crate) fn candidates(text: &str) -> usize {
    let marks = memchr::memchr2_iter(b':', b'.', text.as_bytes()).count();
    // What is longer than a head may have its host beyond it, or none.
    if marks > 0 && has_long_run(text.as_bytes()) { usize::MAX } else { marks }
}

/// Whether a run without white space that is longer than a head has a mark of a link. Looks at the ends of heads first,
/// so that ordinary text costs little.
fn has_long_run(text: &[u8]) -> bool {
    let mut start = 0;
    while let Some(head) = text.get(start..=start + HEAD) {
        let rest = text.get(start..).unwrap_or_default();
        start += match head.iter().rposition(u8::is_ascii_whitespace) {
            Some(blank) => blank + 1,
            None => {
                let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
                if memchr::memchr2(b':', b'.', rest.get(..end).unwrap_or_default()).is_some() {
                    return true;
                }
                end + 1
            }
        };
    }
    false
}

/// The links written out in plain text; `most` of them.
pub fn from_text(text: &str, most: usize) -> Found {
    let bytes = text.as_bytes();
    let mut found = Found::default();
    let mut done = 0;
    let mut failures = 0;
    for at in memchr::memchr2_iter(b':', b'.', bytes) {
        if at < done {
            continue;
        }
        let Some(start) = link_start(bytes, at, done) else { continue };
        if found.links.len() >= most || failures >= FAILURES {
            found.cut = true;
            break;
        }
        let head = text.get(start..text.floor_char_boundary(start + HEAD)).unwrap_or_default();
        let head = head.split(ends_link).next().unwrap_or_default();
        if host_of(&as_target(head)).is_none() {
            failures += 1;
            continue;
        }
        let end = link_end(text, start);
        if end <= at + 1 {
            continue;
        }
        let written = text.get(start..end).unwrap_or_default();
        let link = Link::new(&as_target(written), LinkKind::Anchor, start..end);
        if link.host.is_some() {
            found.links.push(link);
            done = end;
        } else if written.len() > HEAD {
            // Its parts are no links of their own for most readers, and looking at each would cost the square of it.
            found.cut = true;
            done = end;
        } else {
            failures += 1;
        }
    }
    found
}

/// What is followed when a link is written without its scheme.
fn as_target(written: &str) -> Cow<'_, str> {
    match written.get(..4) {
        Some(prefix) if prefix.eq_ignore_ascii_case("www.") => Cow::Owned(format!("http://{written}")),
        _ => Cow::Borrowed(written),
    }
}

/// Where the link begins whose `://`, `mailto:` or `www.` is at an offset.
fn link_start(bytes: &[u8], at: usize, done: usize) -> Option<usize> {
    let before = bytes.get(done..at)?;
    let rest = bytes.get(at..)?;
    if rest.starts_with(b":") {
        let scheme_len = before
            .iter()
            .rev()
            .take(32)
            .take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
            .count();
        let scheme = before.get(before.len() - scheme_len..)?;
        // `xhttp://` glued to a word is still followed by readers that look for what they know.
        for known in [&b"https"[..], b"http", b"ftp", b"ftps", b"mailto", b"file"] {
            let found = scheme.len() >= known.len() && scheme.to_ascii_lowercase().ends_with(known);
            if found && (rest.starts_with(b"://") || known == b"mailto") {
                return Some(at - known.len());
            }
        }
        let opens_with_letter = scheme.first().is_some_and(u8::is_ascii_alphabetic);
        return (opens_with_letter && scheme.len() > 1 && rest.starts_with(b"://"))
            .then(|| at - scheme.len());
    }
    let (head, www) = before.split_at_checked(before.len().checked_sub(3)?)?;
    let is_www = rest.starts_with(b".") && www.eq_ignore_ascii_case(b"www");
    let alone = head.last().is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'.');
    (is_www && alone).then(|| at - 3)
}

/// Where a link in text ends: at white space, a quote or angle bracket, less the punctuation that ends a sentence.
fn link_end(text: &str, start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let mut link = rest.split(ends_link).next().unwrap_or_default();
    let opens = link.matches('(').count();
    let mut closes = link.matches(')').count();
    while let Some(last) = link.chars().next_back() {
        let unopened = last == ')' && closes > opens;
        if !unopened && !matches!(last, '.' | ',' | ';' | ':' | '!' | '?' | '\'' | ']' | '’' | '*' | '_') {
            break;
        }
        closes -= usize::from(last == ')');
        link = link.get(..link.len() - last.len_utf8()).unwrap_or_default();
    }
    start + link.len()
}

fn ends_link(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(character, '<' | '>' | '"' | '“' | '”' | '„' | '«' | '»' | '`' | '|' | '{' | '}')
}

/// Drops what browsers drop: surrounding white space and controls, tabs and line ends within.
fn clean(target: &str) -> String {
    let trimmed = target.trim_matches(|character: char| character.is_whitespace() || character.is_control());
    trimmed.chars().filter(|character| !matches!(character, '\t' | '\n' | '\r')).collect()
}

fn scheme_of(url: &str) -> Option<&str> {
    let (scheme, _) = url.split_once(':')?;
    let mut characters = scheme.chars();
    let opens = characters.next().is_some_and(|first| first.is_ascii_alphabetic());
    let holds = characters.all(|rest| rest.is_ascii_alphanumeric() || matches!(rest, '+' | '-' | '.'));
    (opens && holds).then_some(scheme)
}

/// The normalised host of a URL; of a `mailto:` the domain of its first address. `None` if it has none.
pub fn host_of(url: &str) -> Option<String> {
    let url = clean(url);
    let (scheme, rest) = match scheme_of(&url) {
        Some(scheme) => (scheme.to_ascii_lowercase(), url.get(scheme.len() + 1..)?),
        None => (String::new(), url.as_str()),
    };
    if scheme == "mailto" {
        let address = rest.split(['?', ',']).next()?;
        return normalise_host(address.rsplit_once('@')?.1);
    }
    let special = matches!(scheme.as_str(), "http" | "https" | "ftp" | "ftps" | "ws" | "wss" | "file" | "");
    let slash = |character: char| character == '/' || (special && character == '\\');
    let after = rest.trim_start_matches(slash);
    let slashes = rest.len() - after.len();
    // Browsers take any number of slashes behind `http:`, also none; elsewhere it must be two.
    let has_authority = slashes >= 2 || matches!(scheme.as_str(), "http" | "https" | "ftp" | "ws" | "wss");
    if !has_authority {
        return None;
    }
    let authority =
        after.split(|character| slash(character) || character == '?' || character == '#').next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if let Some(literal) = host.strip_prefix('[') {
        let address: std::net::Ipv6Addr = literal.split(']').next()?.parse().ok()?;
        return Some(format!("[{address}]"));
    }
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.chars().all(|digit| digit.is_ascii_digit()) => host,
        _ => host,
    };
    normalise_host(host)
}

/// The ASCII form of a host name: percent-decoded, IDNA-mapped, without a final dot; addresses in dotted form.
pub fn normalise_host(host: &str) -> Option<String> {
    let decoded = percent_decode(host.trim());
    let ascii = idna::domain_to_ascii(&decoded).unwrap_or_else(|_| decoded.to_lowercase());
    let ascii = ascii.trim_end_matches('.');
    if ascii.is_empty()
        || ascii.contains(|character: char| character.is_whitespace() || "/?#<>\"".contains(character))
    {
        return None;
    }
    Some(number_address(ascii).map_or_else(|| ascii.to_owned(), |address| address.to_string()))
}

/// The registrable domain of a normalised host.
pub fn registrable_domain(host: &str) -> String {
    let is_address = host.starts_with('[') || host.parse::<Ipv4Addr>().is_ok();
    let domain = if is_address { None } else { psl::domain_str(host) };
    domain.unwrap_or(host).to_owned()
}

/// Reads an IPv4 address the way browsers do: one to four numbers, each decimal, octal or hexadecimal.
fn number_address(host: &str) -> Option<Ipv4Addr> {
    let pieces: Vec<&str> = host.split('.').collect();
    if pieces.len() > 4 {
        return None;
    }
    let numbers: Vec<u64> = pieces.iter().map(|piece| address_number(piece)).collect::<Option<_>>()?;
    let (last, front) = numbers.split_last()?;
    let mut address: u64 = 0;
    for &number in front {
        if number > 255 {
            return None;
        }
        address = address << 8 | number;
    }
    let room = 8 * (4 - front.len()) as u32;
    if last.checked_shr(room).unwrap_or(0) != 0 {
        return None;
    }
    let address = address.checked_shl(room).unwrap_or(0) | last;
    u32::try_from(address).ok().map(Ipv4Addr::from)
}

fn address_number(piece: &str) -> Option<u64> {
    if piece.is_empty() {
        return None;
    }
    if let Some(digits) = piece.strip_prefix("0x").or_else(|| piece.strip_prefix("0X")) {
        return if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, 16).ok() };
    }
    match piece.strip_prefix('0') {
        Some(digits) if !digits.is_empty() => u64::from_str_radix(digits, 8).ok(),
        _ => piece.parse().ok().filter(|_| piece.bytes().all(|byte| byte.is_ascii_digit())),
    }
}

fn percent_decode(host: &str) -> String {
    if !host.contains('%') {
        return host.to_owned();
    }
    let bytes = host.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = bytes.get(at + 1..at + 3).filter(|_| byte == b'%');
        let value = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        decoded.push(value.unwrap_or(byte));
        at += if value.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_long_where_it_has_a_mark_and_no_blank_within_a_head() {
        let parts = |long: usize, mark: &str| {
            [
                format!("{}{mark}", "a".repeat(long)),
                format!("x {}{mark} y", "a".repeat(long)),
                format!("{} {}{mark}\n", "b".repeat(long), "a".repeat(long)),
                format!("{}\t{mark}{}", "b".repeat(HEAD - 1), "a".repeat(long)),
            ]
        };
        for long in [0, 1, HEAD - 1, HEAD, HEAD + 1, 3 * HEAD] {
            for text in parts(long, ".").into_iter().chain(parts(long, "")) {
                let said =
                    text.split_ascii_whitespace().any(|run| run.len() > HEAD && run.contains([':', '.']));
                assert_eq!(has_long_run(text.as_bytes()), said, "{long}: {}", text.len());
            }
        }
    }
}
