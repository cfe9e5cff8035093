//! Commands of a client (RFC 5321, 4.1.1), with the parameters of the extensions that the server offers.
//!
//! Strict in what could be read in two ways, lenient in what every server takes: a blank behind `FROM:`, verbs in any
//! case, blanks at the end of a line. Source routes are left out (RFC 5321, 4.1.1.3).

use crate::base::address::Address;
use crate::message::envelope::Recipient;
use std::sync::Arc;

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `EHLO`, and how the client calls itself.
    Ehlo(String),
    /// `HELO`
    Helo(String),
    /// `LHLO` (RFC 2033)
    Lhlo(String),
    /// `MAIL`
    Mail(MailFrom),
    /// `RCPT`
    Rcpt(RcptTo),
    /// `DATA`
    Data,
    /// `BDAT` (RFC 3030)
    Bdat {
        /// Octets of the chunk.
        size: u64,
        /// It is the last.
        last: bool,
    },
    /// `STARTTLS` (RFC 3207)
    StartTls,
    /// `RSET`
    Rset,
    /// `NOOP`
    Noop,
    /// `VRFY`
    Vrfy,
    /// `HELP`
    Help,
    /// `QUIT`
    Quit,
}

/// Who a message is from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MailFrom {
    /// The address; `None` is `<>`.
    pub sender: Option<Address>,
    /// As it was given, without angle brackets.
    pub text: Arc<str>,
    /// `SIZE=` (RFC 1870), octets.
    pub size: Option<u64>,
    /// `BODY=8BITMIME` (RFC 6152)
    pub eight_bit: bool,
    /// `SMTPUTF8` (RFC 6531)
    pub utf8: bool,
    /// `RET=` (RFC 3461, 4.3)
    pub returns: Option<Returns>,
    /// `ENVID=` (RFC 3461, 4.4), as given.
    pub envelope_id: Option<Arc<str>>,
    /// `MT-PRIORITY=` (RFC 6710), from -9 to 9.
    pub priority: Option<i8>,
}

/// How much of a message a delivery status notification returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returns {
    /// All of it.
    Full,
    /// The header section.
    Headers,
}

/// Who a message is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RcptTo {
    /// The recipient; `None` is `<postmaster>` without a domain (RFC 5321, 4.5.1).
    pub recipient: Option<Recipient>,
    /// `NOTIFY=` (RFC 3461, 4.1)
    pub notify: Option<Notify>,
    /// `ORCPT=` (RFC 3461, 4.2), as given.
    pub original: Option<Arc<str>>,
}

/// When a sender wants to hear of a recipient; all false is `NEVER`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Notify {
    /// `SUCCESS`
    pub success: bool,
    /// `FAILURE`
    pub failure: bool,
    /// `DELAY`
    pub delay: bool,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No command that is known.
    Unknown,
    /// It is known and not carried out here.
    NotImplemented,
    /// Its arguments cannot be read.
    Arguments,
    /// Its address is none.
    Address,
    /// A parameter that is not offered, or is there twice.
    Parameter,
    /// Characters beyond ASCII without `SMTPUTF8`, or what is no UTF-8.
    NotAscii,
}

/// Reads a line without its end.
pub fn parse(line: &[u8]) -> Result<Command, Fault> {
    let line = std::str::from_utf8(line).map_err(|_| Fault::NotAscii)?;
    if line.chars().any(|character| character.is_control() && character != '\t') {
        return Err(Fault::Arguments);
    }
    let line = line.trim_end_matches([' ', '\t']);
    let (verb, rest) = match line.split_once([' ', '\t']) {
        Some((verb, rest)) => (verb, rest.trim_start_matches([' ', '\t'])),
        None => (line, ""),
    };
    let bare = |command: Command| if rest.is_empty() { Ok(command) } else { Err(Fault::Arguments) };
    match verb.to_ascii_uppercase().as_str() {
        "MAIL" => mail(rest).map(Command::Mail),
        "RCPT" => rcpt(rest).map(Command::Rcpt),
        "EHLO" => client_name(rest).map(Command::Ehlo),
        "HELO" => client_name(rest).map(Command::Helo),
        "LHLO" => client_name(rest).map(Command::Lhlo),
        "DATA" => bare(Command::Data),
        "BDAT" => chunk(rest),
        "STARTTLS" => bare(Command::StartTls),
        "RSET" => bare(Command::Rset),
        "QUIT" => bare(Command::Quit),
        "NOOP" => Ok(Command::Noop),
        "HELP" => Ok(Command::Help),
        "VRFY" => {
            if rest.is_empty() {
                Err(Fault::Arguments)
            } else {
                Ok(Command::Vrfy)
            }
        }
        "EXPN" | "TURN" | "ETRN" | "SEND" | "SOML" | "SAML" => Err(Fault::NotImplemented),
        _ => Err(Fault::Unknown),
    }
}

/// How a client calls itself: one word of ASCII. That it is a domain or an address literal is not asked, since too many
/// clients do not know their name.
fn client_name(rest: &str) -> Result<String, Fault> {
    match rest.is_ascii() && !rest.is_empty() && !rest.contains([' ', '\t']) && rest.len() <= 255 {
        true => Ok(rest.to_string()),
        false => Err(Fault::Arguments),
    }
}

fn chunk(rest: &str) -> Result<Command, Fault> {
    let mut words = rest.split_ascii_whitespace();
    let size = words.next().filter(|size| size.bytes().all(|byte| byte.is_ascii_digit()));
    let size = size.and_then(|size| size.parse().ok()).ok_or(Fault::Arguments)?;
    let last = match words.next() {
        None => false,
        Some(word) if word.eq_ignore_ascii_case("LAST") => true,
        Some(_) => return Err(Fault::Arguments),
    };
    if words.next().is_some() { Err(Fault::Arguments) } else { Ok(Command::Bdat { size, last }) }
}

fn mail(rest: &str) -> Result<MailFrom, Fault> {
    let (path, parameters) = path_of(rest, "FROM:")?;
    let mut mail = MailFrom { text: path.into(), ..MailFrom::default() };
    if !path.is_empty() {
        mail.sender = Some(Address::parse(path).ok_or(Fault::Address)?);
    }
    let mut known = Vec::new();
    for parameter in parameters.split_ascii_whitespace() {
        let (name, value) = parameter_of(parameter, &mut known)?;
        match (name.as_str(), value) {
            ("SIZE", Some(value)) => mail.size = Some(digits(value)?),
            ("BODY", Some(value)) if value.eq_ignore_ascii_case("8BITMIME") => mail.eight_bit = true,
            ("BODY", Some(value)) if value.eq_ignore_ascii_case("7BIT") => mail.eight_bit = false,
            ("SMTPUTF8", None) => mail.utf8 = true,
            ("RET", Some(value)) if value.eq_ignore_ascii_case("FULL") => mail.returns = Some(Returns::Full),
            ("RET", Some(value)) if value.eq_ignore_ascii_case("HDRS") => {
                mail.returns = Some(Returns::Headers)
            }
            ("ENVID", Some(value)) if is_xtext(value) => mail.envelope_id = Some(value.into()),
            ("MT-PRIORITY", Some(value)) => mail.priority = Some(priority(value)?),
            _ => return Err(Fault::Parameter),
        }
    }
    if !mail.utf8 && !rest.is_ascii() {
        return Err(Fault::NotAscii);
    }
    Ok(mail)
}

fn rcpt(rest: &str) -> Result<RcptTo, Fault> {
    let (path, parameters) = path_of(rest, "TO:")?;
    let recipient = match path.eq_ignore_ascii_case("postmaster") {
        true => None,
        false => Some(Recipient::parse(path).ok_or(Fault::Address)?),
    };
    let mut rcpt = RcptTo { recipient, notify: None, original: None };
    let mut known = Vec::new();
    for parameter in parameters.split_ascii_whitespace() {
        let (name, value) = parameter_of(parameter, &mut known)?;
        match (name.as_str(), value) {
            ("NOTIFY", Some(value)) => rcpt.notify = Some(notify(value)?),
            ("ORCPT", Some(value)) if value.contains(';') && is_xtext(value) => {
                rcpt.original = Some(value.into());
            }
            _ => return Err(Fault::Parameter),
        }
    }
    Ok(rcpt)
}

/// The path between angle brackets, without its source route, and what follows it.
fn path_of<'l>(rest: &'l str, keyword: &str) -> Result<(&'l str, &'l str), Fault> {
    let named = rest.get(..keyword.len()).is_some_and(|start| start.eq_ignore_ascii_case(keyword));
    let path = rest.get(keyword.len()..).filter(|_| named).ok_or(Fault::Arguments)?;
    let path = path.trim_start_matches(' ').strip_prefix('<').ok_or(Fault::Arguments)?;
    let end = end_of_path(path).ok_or(Fault::Arguments)?;
    let (path, parameters) = (path.get(..end).unwrap_or_default(), path.get(end + 1..).unwrap_or_default());
    if !parameters.is_empty() && !parameters.starts_with(' ') {
        return Err(Fault::Arguments);
    }
    let path = match path.strip_prefix('@').and_then(|route| route.split_once(':')) {
        Some((_, path)) => path,
        None => path,
    };
    if path.contains(['<', '>']) && !path.contains('"') {
        Err(Fault::Address)
    } else {
        Ok((path, parameters))
    }
}

/// Where the closing bracket stands that is not within quotes.
fn end_of_path(path: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, character) in path.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '>' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// A parameter's name in capitals, and its value. Each may stand once.
fn parameter_of<'p>(parameter: &'p str, known: &mut Vec<String>) -> Result<(String, Option<&'p str>), Fault> {
    let (name, value) = match parameter.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (parameter, None),
    };
    let name = name.to_ascii_uppercase();
    if known.contains(&name) {
        return Err(Fault::Parameter);
    }
    known.push(name.clone());
    Ok((name, value))
}

fn digits(value: &str) -> Result<u64, Fault> {
    let is_number = !value.is_empty() && value.len() <= 20 && value.bytes().all(|byte| byte.is_ascii_digit());
    // What is larger than any number is larger than any limit.
    if is_number { Ok(value.parse().unwrap_or(u64::MAX)) } else { Err(Fault::Parameter) }
}

fn priority(value: &str) -> Result<i8, Fault> {
    let number: i8 = value.parse().map_err(|_| Fault::Parameter)?;
    if value.starts_with('+') || !(-9..=9).contains(&number) { Err(Fault::Parameter) } else { Ok(number) }
}

fn notify(value: &str) -> Result<Notify, Fault> {
    if value.eq_ignore_ascii_case("NEVER") {
        return Ok(Notify::default());
    }
    let mut notify = Notify::default();
    for word in value.split(',') {
        match word.to_ascii_uppercase().as_str() {
            "SUCCESS" => notify.success = true,
            "FAILURE" => notify.failure = true,
            "DELAY" => notify.delay = true,
            _ => return Err(Fault::Parameter),
        }
    }
    Ok(notify)
}

/// Whether a value is xtext (RFC 3461, 4): printable ASCII, in which `+` begins two capital hexadecimal digits.
fn is_xtext(value: &str) -> bool {
    let mut bytes = value.bytes();
    let is_hex =
        |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte));
    while let Some(byte) = bytes.next() {
        let is_one = match byte {
            b'+' => is_hex(bytes.next()) && is_hex(bytes.next()),
            b'=' => false,
            byte => byte.is_ascii_graphic(),
        };
        if !is_one {
            return false;
        }
    }
    !value.is_empty() && value.len() <= 500
}
