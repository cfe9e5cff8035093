//! Addresses and domains in the one form in which they compare.
//!
//! RFC 5321 leaves the case of local parts to the destination; mail systems fold it, and so do we. Domains are
//! lower-case and in IDNA ASCII form (RFC 5891, UTS 46). Cost: ASCII input is folded without the IDNA tables.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// Octets of a local part (RFC 5321, 4.5.3.1.1), with room for those who do not keep to it.
const LOCAL_BYTES: usize = 256;
/// Octets of a domain (RFC 5321, 4.5.3.1.2).
const DOMAIN_BYTES: usize = 255;

/// An address in the form in which addresses compare.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    /// The local part without quotes, lower case.
    pub local: Arc<str>,
    /// The domain, lower case, IDNA ASCII form; an address literal keeps its brackets.
    pub domain: Arc<str>,
}

impl Address {
    /// Reads `local@domain`, with or without angle brackets, words of the local part quoted or not (RFC 5321, 4.1.2).
    /// `None` for what is no address: no `@`, an empty side, a control character, quotes that do not fit, a side beyond
    /// the lengths of RFC 5321, a domain IDNA refuses.
    pub fn parse(text: &str) -> Option<Address> {
        let (local, domain) = Address::sides(text)?;
        Some(Address { local: local.into(), domain: domain.into() })
    }

    /// The two sides of what [`Address::parse`] reads, in the form in which they compare. Allocates only where a side
    /// is not written in that form.
    pub fn sides(text: &str) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
        let text = text.trim();
        let text = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(text);
        let at = text.rfind('@')?;
        let (local, domain) = (text.get(..at)?, text.get(at + 1..)?);
        if local.is_empty() || local.chars().any(char::is_control) {
            return None;
        }
        let local = match unquoted(local)? {
            Cow::Borrowed(local)
                if local.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) =>
            {
                Cow::Borrowed(local)
            }
            local => Cow::Owned(local.to_lowercase()),
        };
        if local.len() > LOCAL_BYTES {
            return None;
        }
        Some((local, domain_as_ascii(domain)?))
    }
}

/// A local part without its quotes. Quotes are around a whole word between dots; in them a backslash stands for the
/// character behind it, whichever that is (RFC 5321, 4.1.2).
fn unquoted(local: &str) -> Option<Cow<'_, str>> {
    if !local.contains(|character: char| character == '"' || character.is_whitespace()) {
        return Some(Cow::Borrowed(local));
    }
    let mut text = String::with_capacity(local.len());
    let mut characters = local.chars().peekable();
    let mut at_word = true;
    while let Some(character) = characters.next() {
        match character {
            '"' if at_word => {
                loop {
                    match characters.next()? {
                        '"' => break,
                        '\\' => text.push(characters.next()?),
                        quoted => text.push(quoted),
                    }
                }
                if characters.peek().is_some_and(|next| *next != '.') {
                    return None;
                }
            }
            '"' => return None,
            blank if blank.is_whitespace() => return None,
            plain => text.push(plain),
        }
        at_word = character == '.';
    }
    Some(Cow::Owned(text))
}

/// Whether a local part needs no quotes (RFC 5322, 3.2.3; beyond ASCII RFC 6532, 3.2).
fn is_dot_atom(local: &str) -> bool {
    let atom = |character: char| match character.is_ascii() {
        true => character.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(character),
        false => !character.is_whitespace(),
    };
    local.split('.').all(|word| !word.is_empty() && word.chars().all(atom))
}

/// What parts the detail from the user where nothing else is said (RFC 5233, 4).
pub const DEFAULT_SEPARATOR: &str = "+";

impl Address {
    /// The local part as user and detail (RFC 5233, 4): what stands before and behind the first of the separating
    /// characters. The whole is the user, and there is no detail, where none of them occurs.
    pub fn sub_address(&self, separators: &str) -> (&str, Option<&str>) {
        match self.local.split_once(|character| separators.contains(character)) {
            Some((user, detail)) => (user, Some(detail)),
            None => (&self.local, None),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_dot_atom(&self.local) {
            return write!(f, "{}@{}", self.local, self.domain);
        }
        f.write_str("\"")?;
        for character in self.local.chars() {
            if matches!(character, '"' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{character}")?;
        }
        write!(f, "\"@{}", self.domain)
    }
}

/// A domain pattern: itself alone, or any depth below it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DomainPattern {
    /// Lower case, IDNA ASCII form.
    pub domain: Arc<str>,
    /// `@*.`: what is below, without itself.
    pub subdomains: bool,
}

impl DomainPattern {
    /// Whether a domain (lower case, IDNA ASCII form) is meant.
    pub fn matches(&self, domain: &str) -> bool {
        if !self.subdomains {
            return *self.domain == *domain;
        }
        domain.strip_suffix(&*self.domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
    }
}

impl fmt::Display for DomainPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}{}", if self.subdomains { "*." } else { "" }, self.domain)
    }
}

/// A domain as it compares: lower case, IDNA ASCII form, without a final dot. `None` for what is no domain. Address
/// literals (`[192.0.2.1]`) stay as they are.
pub fn domain_to_ascii(domain: &str) -> Option<String> {
    domain_as_ascii(domain).map(Cow::into_owned)
}

/// The same; allocates only for what is not written in that form.
pub fn domain_as_ascii(domain: &str) -> Option<Cow<'_, str>> {
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    if domain.is_empty() || domain.len() > DOMAIN_BYTES {
        return None;
    }
    if let Some(inner) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        // RFC 5321, 4.1.3: printable ASCII but brackets and backslash.
        let is_literal = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'[' | b']' | b'\\');
        return (!inner.is_empty() && inner.bytes().all(is_literal)).then(|| ascii_lowercase(domain));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let bad_label = |domain: &str| domain.split('.').any(|label| label.is_empty() || label.len() > 63);
    let encoded = domain.as_bytes().windows(4).any(|four| four.eq_ignore_ascii_case(b"xn--"));
    if domain.bytes().all(plain) && !encoded {
        return (!bad_label(domain)).then(|| ascii_lowercase(domain));
    }
    // Other scripts have full stops of their own, so labels are looked at when they are ASCII.
    let made = idna::domain_to_ascii(domain).ok()?;
    let ascii = made.strip_suffix('.').unwrap_or(&made);
    (ascii.bytes().all(plain) && !bad_label(ascii)).then(|| Cow::Owned(ascii.to_string()))
}

fn ascii_lowercase(text: &str) -> Cow<'_, str> {
    match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(text.to_ascii_lowercase()),
        false => Cow::Borrowed(text),
    }
}
