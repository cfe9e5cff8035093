//! Routes: to which servers the mail of a domain goes, and how.

use super::codes;
use super::declare::{section, words};
use super::network::{Host, HostName, RouteDomain};
use super::reader::{Found, Reader, Table, shown};
use super::value::Value;
use crate::base::address::Address;
use crate::base::diagnostic::Diagnostic;
use crate::base::source::Spanned;
use crate::relay::smtp::server::Protocol;
use std::fmt::Write;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

words! {
    /// Whether mail is encrypted on its way.
    pub enum RouteTls {
        /// It is not.
        Never = "never",
        /// Where the server offers it; its certificate is not looked at (RFC 7435).
        Opportunistic = "opportunistic",
        /// Mail waits where the server does not offer it; its certificate is not looked at.
        Required = "required",
        /// As `required`, and the certificate must be the server's, from an authority that is trusted.
        Verified = "verified",
    }
}

words! {
    /// In which order several hosts are tried.
    pub enum Balance {
        /// As they are written: a later one gets mail only where those before it fail.
        InOrder = "in_order",
        /// Each gets an equal share.
        Evenly = "evenly",
    }
}

section! {
    /// Where the mail of some domains goes. Of several routes, the one with the most exact domain holds: `example.org` before
    /// `*.example.org`, a longer domain before a shorter, `*` last. What no route names goes by DNS.
    pub struct Route in "route" (many) {
        /// What the route is called in logs and commands; without it, its first domain.
        name: Option<String>;
        /// The recipients' domains: `example.org`, `*.example.org` for what is below it, `*` for all others.
        domains: Vec<RouteDomain>;
        /// The servers; a name is looked up as a host, without its MX records.
        hosts: Vec<Host> = "[]";
        /// In which order they are tried.
        balance: Balance = "\"in_order\"";
        /// The servers are found by the MX records of the recipient's domain (RFC 5321, 5.1).
        mx: bool = "false";
        /// Messages are put into a Maildir instead. `{local}` and `{domain}` stand for the recipient's.
        maildir: Option<Maildir>;
        /// What is spoken with the servers.
        protocol: Protocol = "\"smtp\"";
        /// The port of hosts without one: 25 where it is left out. There is no usual one for `lmtp`.
        port: Option<u16>;
        /// Whether mail is encrypted.
        tls: RouteTls = "\"opportunistic\"";
        /// A file with the authorities that are trusted, in PEM, for `tls = "verified"`; without it, the system's.
        ca: Option<Spanned<PathBuf>>;
        /// The addresses to connect from, one IPv4 and one IPv6 at most.
        source: Vec<IpAddr> = "[]";
        /// How this server calls itself in `EHLO`; without it, by its name.
        helo: Option<HostName>;
        /// Each recipient gets a copy of its own, so that no recipient's answer is another's.
        one_recipient_per_copy: bool = "false";
        /// Recipients of one copy.
        max_recipients: u32 = "100";
        /// Connections to one destination at once.
        max_connections: u32 = "20";
        /// Messages over one connection.
        messages_per_connection: u32 = "100";
        /// How long a connection may take to come about.
        connect_timeout: Duration = "\"30s\"";
        /// How long the server may take to answer a command (RFC 5321, 4.5.3.2).
        command_timeout: Duration = "\"5m\"";
        /// How long the server may take to answer a message (RFC 5321, 4.5.3.2.6 asks for ten minutes).
        message_timeout: Duration = "\"10m\"";
        /// As in `[retry]`, for this route.
        schedule: Option<Vec<Duration>>;
        /// As in `[retry]`, for this route.
        expire: Option<Duration>;
    }
}

/// Where the mail of a route goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Destination<'r> {
    /// To the servers that DNS names.
    Mx,
    /// To given servers.
    Hosts(&'r [Host]),
    /// Into a folder.
    Maildir(&'r Maildir),
}

impl Route {
    /// What it is called.
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or("route")
    }

    /// Where its mail goes.
    pub fn destination(&self) -> Destination<'_> {
        match &self.maildir {
            Some(maildir) => Destination::Maildir(maildir),
            None if self.hosts.is_empty() => Destination::Mx,
            None => Destination::Hosts(&self.hosts),
        }
    }

    /// The port of a host that has none of its own.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(SMTP_PORT)
    }

    /// Sees that the keys go together.
    pub(super) fn check(&self, table: &Table<'_>, reader: &mut Reader) {
        if self.domains.is_empty() {
            reader.push(
                Diagnostic::error(codes::MISSING, table.at("domains"), "the route is for no domain")
                    .help("name its domains, or `*` for all others"),
            );
        }
        self.check_destination(table, reader);
        self.check_unused(table, reader);
        if self.source.iter().filter(|source| source.is_ipv4()).count() > 1
            || self.source.iter().filter(|source| source.is_ipv6()).count() > 1
        {
            let message = "a connection has one source: name one address for IPv4 and one for IPv6";
            reader.push(
                Diagnostic::error(codes::CONTRADICTION, table.at("source"), message)
                    .help("write another route for the domains that need another source"),
            );
        }
        if self.schedule.as_ref().is_some_and(Vec::is_empty) {
            reader.push(
                Diagnostic::error(
                    codes::MISSING,
                    table.at("schedule"),
                    "mail that fails would never be tried again",
                )
                .help("write how long to wait: `schedule = [\"5m\", \"1h\"]`, or leave it out"),
            );
        }
    }

    fn check_destination(&self, table: &Table<'_>, reader: &mut Reader) {
        let given: Vec<&str> =
            [("hosts", !self.hosts.is_empty()), ("mx", self.mx), ("maildir", self.maildir.is_some())]
                .into_iter()
                .filter(|(_, is_given)| *is_given)
                .map(|(key, _)| key)
                .collect();
        match given.as_slice() {
            [] => reader.push(
                Diagnostic::error(codes::MISSING, table.at("hosts"), "the route leads nowhere")
                    .help("add `hosts = [\"mail.example.org:25\"]`, or `mx = true` to ask DNS"),
            ),
            [_] => {}
            [first, second, ..] => reader.push(
                Diagnostic::error(
                    codes::CONTRADICTION,
                    table.key_at(second),
                    format!("mail goes one way: `{first}` and `{second}` exclude each other"),
                )
                .also(table.key_at(first), "here is the other")
                .help("take one of them out, or write two routes"),
            ),
        }
        if self.protocol == Protocol::Lmtp && self.mx {
            reader.push(
                Diagnostic::error(
                    codes::CONTRADICTION,
                    table.at("protocol"),
                    "servers that DNS names do not speak LMTP",
                )
                .also(table.key_at("mx"), "here DNS is asked")
                .help("name the server as `hosts`, or write `protocol = \"smtp\"`"),
            );
        }
        if self.protocol == Protocol::Lmtp && self.port.is_none() {
            for (index, host) in self.hosts.iter().enumerate().filter(|(_, host)| host.port.is_none()) {
                let message = format!("`{host}` has no port, and there is no usual one for LMTP");
                reader.push(
                    Diagnostic::error(codes::MISSING, table.item_at("hosts", index), message)
                        .help("write it behind the host, such as `:24`, or as `port`"),
                );
            }
        }
    }

    fn check_unused(&self, table: &Table<'_>, reader: &mut Reader) {
        let of_connections: &[&str] = &[
            "protocol",
            "port",
            "tls",
            "ca",
            "source",
            "helo",
            "max_connections",
            "messages_per_connection",
            "connect_timeout",
            "command_timeout",
            "message_timeout",
        ];
        let mut unused = |key: &str, why: &str, help: &str| {
            if table.has(key) {
                let message = format!("`{key}` has no effect: {why}");
                reader.push(Diagnostic::warning(codes::UNUSED, table.key_at(key), message).help(help));
            }
        };
        if self.maildir.is_some() {
            for key in of_connections {
                unused(key, "a Maildir is no server", "take it out");
            }
        } else if self.tls != RouteTls::Verified {
            unused("ca", "certificates are not looked at", "write `tls = \"verified\"`, or take it out");
        }
        if self.hosts.len() < 2 {
            unused("balance", "there are not several `hosts`", "take it out");
        }
    }
}

/// The port of SMTP between servers.
pub const SMTP_PORT: u16 = 25;

/// A Maildir, or one for each recipient or domain.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Maildir {
    pieces: Arc<[Piece]>,
}

/// A piece of the path of a Maildir.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Piece {
    Text(Box<str>),
    Local,
    Domain,
}

impl Maildir {
    /// Reads a path with `{local}` and `{domain}` in it; the error says what else stands in braces.
    fn parse(text: &str) -> Result<Maildir, String> {
        let (mut pieces, mut rest) = (Vec::new(), text);
        while let Some((before, behind)) = rest.split_once('{') {
            let (name, after) = behind.split_once('}').ok_or_else(|| behind.to_string())?;
            if !before.is_empty() {
                pieces.push(Piece::Text(before.into()));
            }
            pieces.push(match name {
                "local" => Piece::Local,
                "domain" => Piece::Domain,
                other => return Err(other.to_string()),
            });
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.into()));
        }
        Ok(Maildir { pieces: pieces.into() })
    }

    /// The folder of a recipient. What an address can hold beside letters, digits and a few signs is written as `%` and
    /// its code, so that no address leads out of the folder and no two addresses into one.
    pub fn of(&self, recipient: &Address) -> PathBuf {
        let mut path = String::new();
        for piece in self.pieces.iter() {
            match piece {
                Piece::Text(text) => path.push_str(text),
                Piece::Local => push_safe(&mut path, &recipient.local),
                Piece::Domain => push_safe(&mut path, &recipient.domain),
            }
        }
        PathBuf::from(path)
    }

    /// The folder that all of them lie in: the part of the path before the first that is a recipient's.
    pub fn root(&self) -> PathBuf {
        match self.pieces.first() {
            Some(Piece::Text(text)) if self.pieces.len() == 1 => PathBuf::from(&**text),
            Some(Piece::Text(text)) => match text.rsplit_once('/') {
                Some(("", _)) => PathBuf::from("/"),
                Some((folder, _)) => PathBuf::from(folder),
                None => PathBuf::from("."),
            },
            _ => PathBuf::from("."),
        }
    }
}

/// Bytes of a name that stay as they are; a longer one would fit no file system.
const NAME_BYTES: usize = 180;

fn push_safe(path: &mut String, name: &str) {
    let start = path.len();
    for (at, byte) in name.bytes().enumerate() {
        let is_plain = byte.is_ascii_alphanumeric() || b"-_+=".contains(&byte) || (byte == b'.' && at > 0);
        if is_plain {
            path.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(path, "%{byte:02x}");
        }
    }
    if path.len() - start > NAME_BYTES {
        path.truncate(start + NAME_BYTES);
        let digest = openssl::sha::sha256(name.as_bytes());
        path.push('%');
        for byte in digest.iter().take(8) {
            let _ = write!(path, "{byte:02x}");
        }
    }
}

impl Value for Maildir {
    fn kind() -> String {
        "a path".to_string()
    }

    fn example() -> String {
        "\"/var/mail/{local}\"".to_string()
    }

    fn read(found: &Found<'_>, reader: &mut Reader) -> Option<Maildir> {
        reader.text::<Maildir>(found)?;
        let text = String::read(found, reader)?;
        let path: &Path = &reader.path(&text);
        // Texts make texts.
        match Maildir::parse(path.to_str()?) {
            Ok(maildir) => Some(maildir),
            Err(name) => {
                let message = format!("`{{{}}}` stands for nothing of the recipient", shown(&name));
                reader.wrong_form(found, message, "there are `{local}` and `{domain}`".to_string());
                None
            }
        }
    }
}

section! {
    /// Servers that take mail while DNS cannot be asked. Without this section mail waits until it can.
    pub struct Fallback in "fallback" {
        /// The servers, by addresses, or by names that the system knows without DNS.
        hosts: Vec<Host>;
        /// In which order they are tried.
        balance: Balance = "\"in_order\"";
        /// The port of hosts without one.
        port: u16 = "25";
        /// Whether mail is encrypted.
        tls: RouteTls = "\"opportunistic\"";
        /// A file with the authorities that are trusted, in PEM, for `tls = "verified"`.
        ca: Option<Spanned<PathBuf>>;
        /// For how long DNS must have failed for a message before it goes there.
        after: Duration = "\"5m\"";
    }
}

impl Fallback {
    /// Sees that the keys go together.
    pub(super) fn check(&self, table: &Table<'_>, reader: &mut Reader) {
        if self.hosts.is_empty() {
            reader.push(
                Diagnostic::error(codes::MISSING, table.at("hosts"), "`[fallback]` leads nowhere")
                    .help("name a server, or take the section out"),
            );
        }
        if self.ca.is_some() && self.tls != RouteTls::Verified {
            let message = "`ca` has no effect: certificates are not looked at";
            reader.push(
                Diagnostic::warning(codes::UNUSED, table.key_at("ca"), message)
                    .help("write `tls = \"verified\"`, or take it out"),
            );
        }
    }
}
