//! What a message says of the way it came: its `Received` fields (RFC 5321, 4.4) and `Authentication-Results` (RFC 8601).
//!
//! Each server writes its field above those that were there. So the topmost is from the server that put the message into
//! the mailbox, and whoever handed it over may have written all below. Read are the fields of servers we know: the first
//! `trust`, and from there down while the client is in the site's networks, is this host itself, or is not named. Cost:
//! one look at each field read. Failure: a field that says no address gives none.

use crate::language::hir::Site;
use crate::language::schema::types::Enumeration;
use crate::message::envelope::{Envelope, Session};
use crate::message::{Header, Message, moment};
use jiff::Timestamp;
use std::net::IpAddr;
use std::sync::Arc;

/// `Received` fields that are read, at most.
const HOPS: usize = 64;
/// Characters of a field that are read.
const FIELD_CHARS: usize = 4096;

/// What is known of the way of a message.
#[derive(Debug, Clone, Default)]
pub struct Traces {
    /// The session the last server we know had; `None` where no field tells of a client.
    pub session: Option<Session>,
    /// When the message arrived: the date of the topmost field.
    pub arrived: Option<Timestamp>,
    /// SPF, DKIM and DMARC as the site's server found them, by position in `Enumeration::Authentication`.
    pub results: Results,
}

/// The results of an `Authentication-Results` field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Results {
    /// Of the field's `spf`.
    pub spf: Option<u16>,
    /// Of the best `dkim` that is aligned with From.
    pub dkim: Option<u16>,
    /// Of the field's `dmarc`.
    pub dmarc: Option<u16>,
}

/// One `Received` field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Hop {
    /// Who handed the message over.
    ip: Option<IpAddr>,
    /// The name that belongs to the address.
    name: Option<String>,
    /// What the client called itself.
    helo: Option<String>,
    /// Who wrote the field.
    by: Option<String>,
    /// The user, where the field names one.
    user: Option<String>,
    /// The client authenticated (RFC 3848).
    authenticated: bool,
    /// The connection was encrypted.
    tls: bool,
}

/// Reads the traces of a message. `trust` is the number of topmost `Received` fields whose writers are known; with 0 none
/// is read.
pub fn read(message: &Message, envelope: &Envelope, site: &Site, trust: usize) -> Traces {
    let fields: Vec<&Header> = message.headers().all("Received").take(HOPS).collect();
    let arrived = fields.first().filter(|_| trust > 0).and_then(|field| date(field));
    let mut servers: Vec<String> = Vec::new();
    let mut known = 0;
    let mut last = None;
    for (at, field) in fields.iter().enumerate() {
        if trust == 0 {
            break;
        }
        known = at + 1;
        let hop = Hop::read(&text(field));
        servers.extend(hop.by.clone());
        let ours = hop.ip.is_none_or(|ip| is_inside(site, ip)) && !hop.authenticated;
        if hop.ip.is_some() || hop.authenticated {
            last = Some(hop);
        }
        if at + 1 >= trust && !ours {
            break;
        }
    }
    let session = last.map(|hop| hop.session(envelope));
    let results = results(message, site, &servers, known);
    Traces { session, arrived, results }
}

/// Whether a client is one of ours: in the site's networks, or this host.
fn is_inside(site: &Site, ip: IpAddr) -> bool {
    ip.is_loopback() || site.networks.iter().any(|network| network.contains(&ip))
}

fn text(field: &Header) -> String {
    field.value().chars().take(FIELD_CHARS).collect()
}

fn date(field: &Header) -> Option<Timestamp> {
    let text = text(field);
    let (_, date) = text.rsplit_once(';')?;
    moment(date)
}

impl Hop {
    /// Reads `from NAME (COMMENT) by NAME with PROTOCOL …`. The address is taken from the comment, where the server wrote
    /// what it saw, and from the name alone where no comment has one: the name is the client's own word.
    fn read(text: &str) -> Hop {
        let mut hop = Hop::default();
        let mut clause = Clause::Start;
        let mut literal = None;
        for token in tokens(text) {
            match token {
                Token::Comment(comment) => {
                    if let Some(user) = after(comment, "Authenticated sender:") {
                        hop.user = Some(user.to_string());
                        hop.authenticated = true;
                    }
                    if clause == Clause::From {
                        hop.comment(comment);
                    }
                }
                Token::Word(word) => match word.to_ascii_lowercase().as_str() {
                    "from" if clause == Clause::Start => clause = Clause::From,
                    "by" if clause != Clause::Past => clause = Clause::By,
                    "with" => clause = Clause::With,
                    "id" | "for" | "via" => clause = Clause::Past,
                    _ if clause == Clause::From && hop.helo.is_none() && literal.is_none() => {
                        literal = address(word);
                        hop.helo = literal.is_none().then(|| word.to_string());
                    }
                    _ if clause == Clause::By && hop.by.is_none() => hop.by = Some(word.to_lowercase()),
                    protocol if clause == Clause::With => {
                        let kind = protocol.strip_prefix("utf8").unwrap_or(protocol);
                        let letters = kind.strip_prefix("esmtp").or_else(|| kind.strip_prefix("lmtp"));
                        hop.tls |= letters.is_some_and(|letters| letters.starts_with('s'));
                        hop.authenticated |= letters.is_some_and(|letters| letters.ends_with('a'));
                        clause = Clause::Past;
                    }
                    _ => {}
                },
            }
        }
        hop.ip = hop.ip.or(literal);
        hop
    }

    /// Reads a comment of the `from` clause: `name [address]`, `address`, or `HELO name` and its like, which is the
    /// client's own word.
    fn comment(&mut self, comment: &str) {
        let mut words = comment.split_whitespace().peekable();
        let mut name = None;
        while let Some(word) = words.next() {
            if word.eq_ignore_ascii_case("helo") || word.eq_ignore_ascii_case("ehlo") {
                self.helo = words.next().map(str::to_string).or(self.helo.take());
                continue;
            }
            if let Some(helo) = word.strip_prefix("helo=") {
                self.helo = Some(helo.to_string());
                continue;
            }
            match address(word) {
                Some(ip) => {
                    self.ip = Some(ip);
                    self.name = name.take();
                }
                None => name = Some(word.to_string()).filter(|name| is_host_name(name)),
            }
        }
    }

    fn session(self, envelope: &Envelope) -> Session {
        let user = self.user.or_else(|| {
            // Who it was is not said; that it was somebody of ours is.
            self.authenticated
                .then(|| envelope.sender.as_ref().map_or("somebody".into(), ToString::to_string))
        });
        let shared = |text: Option<String>| text.map(Arc::from);
        Session {
            client_ip: self.ip,
            client_name: shared(self.name),
            client_helo: shared(self.helo),
            client_user: shared(user),
            client_tls: self.tls,
            client_inside: false,
        }
    }
}

/// Where in a field we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clause {
    Start,
    From,
    By,
    With,
    Past,
}

enum Token<'t> {
    Word(&'t str),
    /// Without its outer parentheses.
    Comment(&'t str),
}

/// Words and comments up to the date. Comments lie inside each other; one that is not closed ends with the text.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        if rest.is_empty() || rest.starts_with(';') {
            return tokens;
        }
        if rest.starts_with('(') {
            let end = comment_end(rest);
            let inner = rest.get(1..end).unwrap_or_default();
            tokens.push(Token::Comment(inner));
            rest = rest.get(end..).unwrap_or_default();
            rest = rest.strip_prefix(')').unwrap_or(rest);
            continue;
        }
        let end = rest.find(|character: char| character.is_whitespace() || "(;".contains(character));
        let (word, after) = rest.split_at_checked(end.unwrap_or(rest.len())).unwrap_or((rest, ""));
        tokens.push(Token::Word(word));
        rest = after;
    }
}

/// Where the parenthesis stands that closes the one at the beginning; the text's length where none does.
fn comment_end(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' if depth <= 1 => return at,
            ')' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// An address as fields write it: `[192.0.2.1]`, `[IPv6:2001:db8::1]`, `192.0.2.1`, `[192.0.2.1]:25`.
fn address(word: &str) -> Option<IpAddr> {
    let word = word.trim_matches(['(', ')', ',']);
    let inner = match word.strip_prefix('[') {
        Some(inside) => inside.split(']').next().unwrap_or(inside),
        None => word,
    };
    let bare = match inner.get(..5).filter(|prefix| prefix.eq_ignore_ascii_case("ipv6:")) {
        Some(_) => inner.get(5..)?,
        None => inner,
    };
    bare.parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}

fn is_host_name(word: &str) -> bool {
    word.contains('.')
        && word.chars().all(|character| character.is_alphanumeric() || ".-_".contains(character))
}

fn after<'t>(comment: &'t str, words: &str) -> Option<&'t str> {
    let start = comment.find(words)? + words.len();
    comment.get(start..)?.split_whitespace().next()
}

/// The results of the topmost `Authentication-Results` field that a server we know wrote: it names itself as one of
/// those that wrote the `Received` fields we know, and the field stands above all that came with the message. A server
/// that writes this field removes what others wrote in its name (RFC 8601, 5).
fn results(message: &Message, site: &Site, servers: &[String], known: usize) -> Results {
    let mut received = 0;
    for field in message.headers().iter() {
        if field.is("Received") {
            received += 1;
        }
        if received > known {
            break;
        }
        if !field.is("Authentication-Results") {
            continue;
        }
        let text = without_comments(&text(field));
        let mut parts = text.split(';');
        let server = parts.next().and_then(|server| server.split_whitespace().next());
        let server = server.unwrap_or_default().trim_matches('"').to_lowercase();
        let in_site = site.domains.iter().any(|pattern| pattern.matches(&server));
        if !servers.is_empty() && (servers.contains(&server) || in_site) {
            return methods(parts, message);
        }
    }
    Results::default()
}

fn methods<'t>(parts: impl Iterator<Item = &'t str>, message: &Message) -> Results {
    let mut results = Results::default();
    for part in parts {
        let mut words = part.split_whitespace();
        let Some((method, result)) = words.next().and_then(|word| word.split_once('=')) else { continue };
        let method = method.split('/').next().unwrap_or(method).to_ascii_lowercase();
        let names = Enumeration::Authentication.values();
        let value = names.iter().position(|name| name.eq_ignore_ascii_case(result));
        let value = value.and_then(|value| u16::try_from(value).ok());
        match method.as_str() {
            "spf" => results.spf = results.spf.or(value),
            "dmarc" => results.dmarc = results.dmarc.or(value),
            "dkim" if value != PASS || is_aligned(words, message) => {
                // One that passes is better than what came before.
                results.dkim = if value == PASS { value } else { results.dkim.or(value) };
            }
            _ => {}
        }
    }
    results
}

/// `pass`, the first of the values.
const PASS: Option<u16> = Some(0);

/// Whether the domain of a DKIM result is that of From, or one above or below it.
fn is_aligned<'t>(mut properties: impl Iterator<Item = &'t str>, message: &Message) -> bool {
    let from = message.from().iter().find_map(|from| from.address.rsplit_once('@'));
    let from = from.map(|(_, domain)| domain.to_lowercase()).unwrap_or_default();
    properties.any(|property| {
        let domain = property.strip_prefix("header.d=").or_else(|| property.strip_prefix("header.i="));
        let domain = domain.map(|domain| domain.rsplit('@').next().unwrap_or(domain).to_lowercase());
        let below =
            |inner: &str, outer: &str| inner.strip_suffix(outer).is_some_and(|rest| rest.ends_with('.'));
        domain.is_some_and(|domain| {
            domain.contains('.') && (domain == from || below(&domain, &from) || below(&from, &domain))
        })
    })
}

fn without_comments(text: &str) -> String {
    let mut depth = 0_usize;
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(character),
            _ => {}
        }
    }
    out
}
