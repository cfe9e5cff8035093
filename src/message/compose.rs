//! Messages that are written here: notifications, and delivery reports (RFC 3464) for returned mail.
//!
//! A message is a function of what is handed in: time, message id and the seed of its boundaries too, so that tests and
//! dry runs repeat. All of it is marked as generated (RFC 3834), so that no robot answers. Lines end in CR LF, bodies
//! are 7-bit save for an original attached as it is. Cost: linear; it cannot fail, because nothing that is handed in can
//! break out of its place (see [`super::encode`]).

use super::encode::{boundary, encode_text, field, one_line, parameter};
use jiff::Timestamp;

const CRLF: &str = "\r\n";

/// What makes one message differ from another with the same content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The value of `Date`, given in UTC.
    pub date: Timestamp,
    /// The message id, without angle brackets.
    pub message_id: String,
    /// Whatever makes its boundaries; the same gives the same.
    pub seed: String,
}

/// How much of the message that a notification is about goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Original<'a> {
    /// Nothing.
    Nothing,
    /// Its header section (`text/rfc822-headers`), cut from these bytes of the message.
    Headers(&'a [u8]),
    /// All of it (`message/rfc822`), byte for byte.
    Whole(&'a [u8]),
}

/// A notification.
#[derive(Debug, Clone)]
pub struct Notification<'a> {
    /// The value of `From`.
    pub from: &'a str,
    /// The addressees.
    pub to: &'a [String],
    /// The subject.
    pub subject: &'a str,
    /// The plain text; `None` for none.
    pub text: Option<&'a str>,
    /// The HTML; `None` for none. With both it is an alternative.
    pub html: Option<&'a str>,
    /// What is attached.
    pub original: Original<'a>,
    /// The message id of what it is about, without angle brackets, for threads.
    pub in_reply_to: Option<&'a str>,
}

/// What a delivery report says of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedRecipient<'a> {
    /// The address.
    pub address: &'a str,
    /// The recipient as the sender first named it, with its type (RFC 3464, 2.3.1): `rfc822;anna@acme.example`.
    pub original: Option<&'a str>,
    /// The host that refused or took it, where another one did (RFC 3464, 2.3.5).
    pub remote: Option<&'a str>,
    /// What became of it.
    pub action: ReportAction,
    /// The status code (RFC 3463), such as `5.7.1`.
    pub status: &'a str,
    /// The reply that was or would have been given, such as `550 5.7.1 …`.
    pub diagnostic: &'a str,
}

/// What became of a message (RFC 3464 section 2.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportAction {
    /// It was not and will not be delivered.
    Failed,
    /// It waits.
    Delayed,
    /// It was delivered.
    Delivered,
    /// It was handed to a system that gives no reports.
    Relayed,
    /// It was delivered to several.
    Expanded,
}

/// A delivery report.
#[derive(Debug, Clone)]
pub struct DeliveryReport<'a> {
    /// The value of `From`, a postmaster. The envelope of a report has the empty sender.
    pub from: &'a str,
    /// The sender of the message that is reported on.
    pub to: &'a str,
    /// The subject.
    pub subject: &'a str,
    /// What people read.
    pub text: &'a str,
    /// The host that reports.
    pub reporting_host: &'a str,
    /// When the message arrived, if known.
    pub arrival: Option<Timestamp>,
    /// The envelope id that the sender gave it, if any.
    pub envelope_id: Option<&'a str>,
    /// What became of it, recipient by recipient.
    pub recipients: &'a [ReportedRecipient<'a>],
    /// What is sent back of the message.
    pub original: Original<'a>,
    /// The message id of the message, without angle brackets.
    pub in_reply_to: Option<&'a str>,
}

/// Writes a notification.
pub fn notification(letter: &Notification<'_>, stamp: &Stamp) -> Vec<u8> {
    let mut message = head(letter.from, &letter.to.join(", "), letter.subject, letter.in_reply_to, stamp);
    let text = letter.text.map(|text| text_part("text/plain", text));
    let html = letter.html.map(|html| text_part("text/html", html));
    let body = match (text, html) {
        (Some(text), Some(html)) => {
            multipart("alternative", "", &[text, html], &format!("{}/body", stamp.seed))
        }
        (None, Some(html)) => html,
        (Some(text), None) => text,
        (None, None) => text_part("text/plain", ""),
    };
    let whole = match original_part(letter.original) {
        Some(original) => multipart("mixed", "", &[body, original], &stamp.seed),
        None => body,
    };
    message.extend(whole);
    message
}

/// Writes a delivery report.
pub fn delivery_report(report: &DeliveryReport<'_>, stamp: &Stamp) -> Vec<u8> {
    let mut message = head(report.from, report.to, report.subject, report.in_reply_to, stamp);
    let mut parts = vec![text_part("text/plain", report.text), status_part(report)];
    parts.extend(original_part(report.original));
    message.extend(multipart("report", "; report-type=delivery-status", &parts, &stamp.seed));
    message
}

fn head(from: &str, to: &str, subject: &str, in_reply_to: Option<&str>, stamp: &Stamp) -> Vec<u8> {
    let mut fields = vec![
        ("Date", date(stamp.date)),
        ("From", from.to_owned()),
        ("To", to.to_owned()),
        ("Subject", subject.to_owned()),
        ("Message-ID", format!("<{}>", bare_id(&stamp.message_id))),
    ];
    if let Some(id) = in_reply_to {
        let id = format!("<{}>", bare_id(id));
        fields.push(("In-Reply-To", id.clone()));
        fields.push(("References", id));
    }
    fields.push(("Auto-Submitted", "auto-generated".to_owned()));
    fields.push(("X-Auto-Response-Suppress", "All".to_owned()));
    fields.push(("MIME-Version", "1.0".to_owned()));
    fields.into_iter().filter_map(|(name, value)| field(name, &value, CRLF)).collect::<String>().into_bytes()
}

fn bare_id(id: &str) -> String {
    one_line(id).chars().filter(|character| !matches!(character, '<' | '>' | ' ')).collect()
}

/// A moment as RFC 5322 section 3.3 writes it, in UTC.
pub fn date(moment: Timestamp) -> String {
    moment.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// A part with header and body; also what follows the head of a message that has only one part.
fn text_part(media_type: &str, text: &str) -> Vec<u8> {
    let mut text = text.replace('\0', "");
    if !text.ends_with('\n') && !text.is_empty() {
        text.push('\n');
    }
    let encoded = encode_text(text.as_bytes(), CRLF);
    let charset = if text.is_ascii() { "us-ascii" } else { "utf-8" };
    let mut part = format!(
        "Content-Type: {media_type}; charset={charset}\r\nContent-Transfer-Encoding: {}\r\n\r\n",
        encoded.encoding
    )
    .into_bytes();
    part.extend(encoded.body);
    part
}

fn original_part(original: Original<'_>) -> Option<Vec<u8>> {
    let (head, bytes) = match original {
        Original::Nothing => return None,
        Original::Headers(bytes) => ("Content-Type: text/rfc822-headers", header_section(bytes)),
        Original::Whole(bytes) => ("Content-Type: message/rfc822\r\nContent-Disposition: attachment", bytes),
    };
    let mut part =
        format!("{head}\r\nContent-Transfer-Encoding: {}\r\n\r\n", as_is_encoding(bytes)).into_bytes();
    part.extend_from_slice(bytes);
    Some(part)
}

/// The name of what bytes are when nothing is done to them (RFC 2045 section 6.2); attached messages allow no other.
pub(super) fn as_is_encoding(bytes: &[u8]) -> &'static str {
    let long = bytes.split(|&byte| byte == b'\n').any(|line| line.len() > 998);
    if bytes.contains(&0) || long {
        "binary"
    } else if bytes.is_ascii() {
        "7bit"
    } else {
        "8bit"
    }
}

/// The header section of a message with its last line end.
fn header_section(bytes: &[u8]) -> &[u8] {
    let lf = memchr::memmem::find(bytes, b"\n\n").map(|at| at + 1);
    let crlf = memchr::memmem::find(bytes, b"\n\r\n").map(|at| at + 1);
    let end = lf.into_iter().chain(crlf).min().unwrap_or(bytes.len());
    bytes.get(..end).unwrap_or_default()
}

fn status_part(report: &DeliveryReport<'_>) -> Vec<u8> {
    let mut groups = Vec::new();
    let mut group = String::new();
    let add = |group: &mut String, name: &str, value: &str| {
        group.extend(field(name, value, CRLF));
    };
    if let Some(id) = report.envelope_id {
        add(&mut group, "Original-Envelope-Id", id);
    }
    add(&mut group, "Reporting-MTA", &format!("dns; {}", report.reporting_host));
    if let Some(arrival) = report.arrival {
        add(&mut group, "Arrival-Date", &date(arrival));
    }
    groups.push(std::mem::take(&mut group));
    for recipient in report.recipients {
        // RFC 6533: an address beyond ASCII is typed and escaped so that the report stays ASCII.
        let address = one_line(recipient.address);
        let typed = match address.is_ascii() {
            true => format!("rfc822; {address}"),
            false => format!("utf-8; {}", escape_address(&address)),
        };
        if let Some(original) = recipient.original.filter(|original| original.is_ascii()) {
            add(&mut group, "Original-Recipient", original);
        }
        add(&mut group, "Final-Recipient", &typed);
        add(&mut group, "Action", recipient.action.name());
        add(&mut group, "Status", recipient.status);
        if let Some(host) = recipient.remote.filter(|host| host.is_ascii()) {
            add(&mut group, "Remote-MTA", &format!("dns; {host}"));
        }
        let diagnostic: String =
            one_line(recipient.diagnostic).chars().map(|c| if c.is_ascii() { c } else { '?' }).collect();
        add(&mut group, "Diagnostic-Code", &format!("smtp; {diagnostic}"));
        groups.push(std::mem::take(&mut group));
    }
    format!("Content-Type: message/delivery-status\r\n\r\n{}", groups.join(CRLF)).into_bytes()
}

impl ReportAction {
    fn name(self) -> &'static str {
        match self {
            ReportAction::Failed => "failed",
            ReportAction::Delayed => "delayed",
            ReportAction::Delivered => "delivered",
            ReportAction::Relayed => "relayed",
            ReportAction::Expanded => "expanded",
        }
    }
}

fn escape_address(address: &str) -> String {
    address
        .chars()
        .map(|character| match character {
            ascii if ascii.is_ascii_graphic() && !matches!(ascii, '\\' | '+' | '=') => ascii.to_string(),
            other => format!("\\x{{{:X}}}", u32::from(other)),
        })
        .collect()
}

fn multipart(subtype: &str, parameters: &str, parts: &[Vec<u8>], seed: &str) -> Vec<u8> {
    let borrowed: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    let boundary = boundary(seed, &borrowed);
    let mut made = format!(
        "Content-Type: multipart/{subtype}{parameters}{}\r\n\r\n",
        parameter("boundary", &boundary, CRLF)
    )
    .into_bytes();
    for part in parts {
        made.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        made.extend_from_slice(part);
        made.extend_from_slice(CRLF.as_bytes());
    }
    made.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    made
}
