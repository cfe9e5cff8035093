//! Makes the message, envelope and session that a `test` item describes.
//!
//! A message given by fields becomes a real one (RFC 5322, MIME): headers, text and HTML as alternatives, attachments
//! in base64. A field that the test writes itself stands in place of ours; with a `Content-Type` of its own the body
//! goes in as it is, so that a test can write any structure. Nothing here fails.

use crate::base::address::Address;
use crate::language::hir::{Site, TestAddress, TestAttachment, TestInput};
use crate::message::Message;
use crate::message::encode;
use crate::message::envelope::{Envelope, Recipient, Session};
use jiff::Timestamp;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

const CRLF: &str = "\r\n";
/// Addresses of clients that are in no site by right: those set aside for documentation (RFC 5737).
const OUTSIDE_CLIENTS: [Ipv4Addr; 3] =
    [Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(198, 51, 100, 1), Ipv4Addr::new(203, 0, 113, 1)];

/// When a test's message came in: `at`, else the message's own date, else noon of the first day of 2026 (UTC).
pub fn clock(input: &TestInput, message: Option<&Message>) -> Timestamp {
    let written = input.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("date"));
    let date = message.filter(|_| written || input.message.is_some()).and_then(Message::date);
    input.at.or(date).unwrap_or_else(default_clock)
}

fn default_clock() -> Timestamp {
    jiff::civil::date(2026, 1, 1)
        .at(12, 0, 0, 0)
        .in_tz("UTC")
        .map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
}

/// The message's bytes: those of its file, else written from its fields. `seed` makes its Message-ID and boundaries.
pub fn bytes(input: &TestInput, seed: &str) -> Arc<[u8]> {
    match &input.message {
        Some(bytes) => bytes.clone(),
        None => written(input, seed).into(),
    }
}

fn written(input: &TestInput, seed: &str) -> Vec<u8> {
    let own = |name: &str| input.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    let mut fields = String::new();
    let mut add = |name: &str, value: String| {
        if !own(name) && !value.is_empty() {
            fields.extend(encode::field(name, &value, CRLF));
        }
    };
    add("Date", crate::message::compose::date(input.at.unwrap_or_else(default_clock)));
    add("From", input.from.as_ref().map(|from| from.text.to_string()).unwrap_or_default());
    add("To", list(&input.to));
    add("Cc", list(&input.cc));
    add("Subject", input.subject.as_deref().unwrap_or_default().to_string());
    add("Message-ID", format!("<{}@test.invalid>", encode::boundary(seed, &[]).trim_start_matches("=_")));
    add("MIME-Version", "1.0".to_string());
    for (name, value) in &input.headers {
        fields.extend(encode::field(name, value, CRLF));
    }
    let mut message = fields.into_bytes();
    if own("content-type") {
        message.extend_from_slice(CRLF.as_bytes());
        message.extend_from_slice(&encode::with_crlf(input.body.as_deref().unwrap_or_default().as_bytes()));
    } else {
        message.extend_from_slice(&entity(input, seed));
    }
    message
}

fn list(addresses: &[TestAddress]) -> String {
    addresses.iter().map(|address| &*address.text).collect::<Vec<_>>().join(", ")
}

/// Everything from `Content-Type` on.
fn entity(input: &TestInput, seed: &str) -> Vec<u8> {
    let text = input.body.as_deref().map(|text| text_part("text/plain", text));
    let html = input.body_html.as_deref().map(|html| text_part("text/html", html));
    let body = match (text, html) {
        (Some(text), Some(html)) => multipart("alternative", &[text, html], &format!("{seed}/body")),
        (None, Some(html)) => html,
        (Some(text), None) => text,
        (None, None) => text_part("text/plain", ""),
    };
    if input.attachments.is_empty() {
        return body;
    }
    let mut parts = vec![body];
    parts.extend(input.attachments.iter().map(attachment));
    multipart("mixed", &parts, seed)
}

fn text_part(media_type: &str, text: &str) -> Vec<u8> {
    let mut text = text.to_string();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    let encoded = encode::encode_text(text.as_bytes(), CRLF);
    let head = format!(
        "Content-Type: {media_type}; charset=utf-8{CRLF}Content-Transfer-Encoding: {}{CRLF}{CRLF}",
        encoded.encoding
    );
    let mut part = head.into_bytes();
    part.extend_from_slice(&encoded.body);
    part
}

fn attachment(attachment: &TestAttachment) -> Vec<u8> {
    let head = format!(
        "Content-Type: application/octet-stream{}{CRLF}Content-Disposition: attachment{}{CRLF}\
         Content-Transfer-Encoding: base64{CRLF}{CRLF}",
        encode::parameter("name", &attachment.name, CRLF),
        encode::parameter("filename", &attachment.name, CRLF),
    );
    let mut part = head.into_bytes();
    part.extend_from_slice(&encode::base64_lines(&attachment.content, CRLF));
    part
}

fn multipart(subtype: &str, parts: &[Vec<u8>], seed: &str) -> Vec<u8> {
    let slices: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    let boundary = encode::boundary(seed, &slices);
    let parameter = encode::parameter("boundary", &boundary, CRLF);
    let mut made = format!("Content-Type: multipart/{subtype}{parameter}{CRLF}{CRLF}").into_bytes();
    for part in parts {
        made.extend_from_slice(format!("--{boundary}{CRLF}").as_bytes());
        made.extend_from_slice(part);
        made.extend_from_slice(CRLF.as_bytes());
    }
    made.extend_from_slice(format!("--{boundary}--{CRLF}").as_bytes());
    made
}

/// The test's envelope. What the test names holds; else it is taken from the header section: the first From, and every
/// To, Cc and Bcc.
pub fn envelope(input: &TestInput, message: &Message) -> Envelope {
    let sender = match (&input.sender, &input.from) {
        (Some(named), _) => named.clone(),
        (None, Some(from)) => Some(from.clone()),
        (None, None) => None,
    };
    let header_sender = || {
        let from = message.from().iter().find_map(|mailbox| Address::parse(&mailbox.address));
        from.map(|address| TestAddress { text: address.to_string().into(), address })
    };
    let sender = if input.sender.is_none() { sender.or_else(header_sender) } else { sender };
    let named: Vec<Recipient> = if input.recipients.is_empty() {
        input.to.iter().chain(&input.cc).map(recipient).collect()
    } else {
        input.recipients.iter().map(recipient).collect()
    };
    Envelope {
        sender_text: sender.as_ref().map_or_else(|| "".into(), |sender| sender.address.to_string().into()),
        sender: sender.map(|sender| sender.address),
        recipients: if named.is_empty() { header_recipients(message) } else { each_once(named) },
    }
}

/// The mailboxes of To, Cc and Bcc as recipients, each once.
pub fn header_recipients(message: &Message) -> Vec<Recipient> {
    let mailboxes = message.to().iter().chain(message.cc()).chain(message.bcc());
    each_once(
        mailboxes
            .filter_map(|mailbox| {
                let address = Address::parse(&mailbox.address)?;
                Some(Recipient { address, text: mailbox.address.as_str().into() })
            })
            .collect(),
    )
}

fn recipient(address: &TestAddress) -> Recipient {
    Recipient { address: address.address.clone(), text: address.address.to_string().into() }
}

/// Recipients without repetitions, in their order.
pub fn each_once(recipients: Vec<Recipient>) -> Vec<Recipient> {
    let mut known = std::collections::HashSet::new();
    recipients.into_iter().filter(|recipient| known.insert(recipient.address.clone())).collect()
}

/// The test's session: the one it names, else that of a client inside where the sender is in the site, else of one
/// outside.
pub fn session(input: &TestInput, site: &Site, envelope: &Envelope) -> Session {
    if let Some(client) = &input.client {
        return Session {
            client_ip: Some(client.ip),
            client_name: client.name.clone(),
            client_helo: client.helo.clone(),
            client_user: client.user.clone(),
            client_tls: client.tls,
            client_inside: false,
        };
    }
    let inside = |sender: &Address| site.domains.iter().any(|pattern| pattern.matches(&sender.domain));
    match &envelope.sender {
        Some(sender) if inside(sender) => inside_session(site, sender),
        _ => Session { client_ip: Some(outside_client(site)), ..Session::default() },
    }
}

/// A session from the first address of the site's networks; where it has none, of its authenticated user.
fn inside_session(site: &Site, sender: &Address) -> Session {
    match site.networks.iter().find_map(|network| network.hosts().next()) {
        Some(ip) => Session { client_ip: Some(ip), ..Session::default() },
        None => Session { client_user: Some(sender.to_string().into()), ..Session::default() },
    }
}

fn outside_client(site: &Site) -> IpAddr {
    let clients = OUTSIDE_CLIENTS.map(IpAddr::V4);
    let outside = |ip: &&IpAddr| !site.networks.iter().any(|network| network.contains(*ip));
    clients.iter().find(outside).copied().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}
