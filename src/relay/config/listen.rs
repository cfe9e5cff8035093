//! Listeners: who may connect where, and how much at once.

use super::codes;
use super::declare::{section, words};
use super::network::Client;
use super::quantity::{Ceiling, Size};
use super::reader::{Reader, Table};
use super::server::{TlsSettings, check_pair};
use crate::base::diagnostic::Diagnostic;
use crate::base::source::Spanned;
use crate::relay::smtp::server::{Protocol, Tls};
use ipnet::IpNet;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

words! {
    /// Whose mail comes in by a listener.
    pub enum Role {
        /// Anybody connects, and mail is taken for the site's own recipients only. The usual port is 25.
        Inbound = "inbound",
        /// The site's own servers connect, and mail is taken for everybody. Only clients in the networks of the policy
        /// set's `site`, or in `allow`, are let in.
        Outbound = "outbound",
        /// As `outbound`, for people's mail programs: encryption is required. The usual ports are 587, and 465 with
        /// `tls = "implicit"`.
        Submission = "submission",
    }
}

words! {
    for Protocol {
        /// The Simple Mail Transfer Protocol (RFC 5321).
        Smtp = "smtp",
        /// The Local Mail Transfer Protocol (RFC 2033): one reply for each recipient.
        Lmtp = "lmtp",
    }
}

words! {
    for Tls {
        /// No encryption.
        Off = "off",
        /// The client may ask for it (STARTTLS).
        Offered = "offered",
        /// No mail comes in before the client asked for it (STARTTLS).
        Required = "required",
        /// The connection is encrypted from its first byte.
        Implicit = "implicit",
    }
}

section! {
    /// Where mail comes in; one section for each kind of client.
    pub struct Listener in "listen" (many) {
        /// What the listener is called in logs, metrics and traces; without it, its role (with a number, where several
        /// have the role).
        name: Option<String>;
        /// Whose mail comes in.
        role: Role;
        /// Where it listens.
        address: Vec<SocketAddr> = "[]";
        /// The name of a socket that systemd opened and hands over (`FileDescriptorName=`), instead of `address` or beside
        /// it.
        socket: Option<String>;
        /// What is spoken.
        protocol: Protocol = "\"smtp\"";
        /// Whether connections are encrypted. Left out, it is `required` for `submission`, `offered` where there is a
        /// certificate, else `off`.
        tls: Option<Tls>;
        /// The certificate of this listener; without it, that of `[tls]`.
        certificate: Option<Spanned<PathBuf>>;
        /// The private key of this listener's certificate.
        key: Option<Spanned<PathBuf>>;
        /// Clients that are let in. Inbound, all are where it is left out; outbound and submission, those of the site's
        /// networks always are. The name of a host counts where looking up client, name and client again agrees.
        allow: Vec<Client> = "[]";
        /// Clients that are turned away, even where `allow` or the site has them.
        deny: Vec<Client> = "[]";
        /// Connections at once.
        max_connections: u32 = "10000";
        /// Connections of one client network at once.
        max_connections_per_network: Ceiling = "100";
        /// New connections of one client network in a minute.
        connections_per_minute: Ceiling = "\"unlimited\"";
        /// Messages of one client network in a minute.
        messages_per_minute: Ceiling = "\"unlimited\"";
        /// Recipients of one client network in a minute, those that were refused included.
        recipients_per_minute: Ceiling = "\"unlimited\"";
        /// How many leading bits of an IPv4 address make a client network.
        ipv4_network_bits: u16 = "32";
        /// How many leading bits of an IPv6 address make a client network.
        ipv6_network_bits: u16 = "64";
        /// Recipients of one message. The sender is asked to bring the others with the next.
        max_recipients: u32 = "1000";
        /// The largest message.
        max_message_size: Size = "\"50 MB\"";
        /// Messages over one connection.
        max_messages: Ceiling = "1000";
        /// Servers a message may have come through, by its `Received` fields; a message with more goes round in circles and
        /// is refused for good.
        max_hops: u32 = "50";
        /// How long the client may take for its next command (RFC 5321, 4.5.3.2.7 asks for five minutes).
        command_timeout: Duration = "\"5m\"";
        /// How long the client may be silent within a message.
        data_timeout: Duration = "\"3m\"";
        /// How long a message may take to come in, from its first byte to its last.
        message_timeout: Duration = "\"30m\"";
        /// How long a connection may last; a message that has begun may end.
        session_timeout: Duration = "\"2h\"";
    }
}

impl Listener {
    /// What it is called.
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or("listener")
    }

    /// Whether it encrypts.
    pub fn tls(&self) -> Tls {
        match (self.tls, self.role) {
            (Some(tls), _) => tls,
            (None, Role::Submission) => Tls::Required,
            (None, _) if self.certificate.is_some() => Tls::Offered,
            (None, _) => Tls::Off,
        }
    }

    /// The network of a client that limits count by.
    pub fn network_of(&self, client: IpAddr) -> IpNet {
        let client = client.to_canonical();
        let bits = if client.is_ipv4() { self.ipv4_network_bits } else { self.ipv6_network_bits };
        let bits = u8::try_from(bits).unwrap_or(u8::MAX);
        IpNet::new(client, bits).map_or_else(|_| IpNet::from(client), |network| network.trunc())
    }

    /// Whether a client is turned away: by `deny`, or because it is none of those that are let in. `site` are the
    /// site's networks; `host` is the client's confirmed name, lower case, IDNA ASCII form.
    pub fn refuses(&self, client: IpAddr, host: Option<&str>, site: &[IpNet]) -> bool {
        let is_in = |clients: &[Client]| clients.iter().any(|pattern| pattern.matches(client, host));
        if is_in(&self.deny) {
            return true;
        }
        let is_allowed = is_in(&self.allow);
        match self.role {
            Role::Inbound => !self.allow.is_empty() && !is_allowed,
            Role::Outbound | Role::Submission => {
                !is_allowed && !site.iter().any(|network| network.contains(&client.to_canonical()))
            }
        }
    }

    /// Whether the name of a client must be looked up before it is let in.
    pub fn asks_for_host(&self) -> bool {
        self.allow.iter().chain(&self.deny).any(|client| matches!(client, Client::Host(_)))
    }

    /// Takes the server's certificate where it has none of its own.
    pub(super) fn inherit(&mut self, tls: &TlsSettings) {
        if self.certificate.is_none() && self.key.is_none() && self.tls != Some(Tls::Off) {
            self.certificate = tls.certificate.clone();
            self.key = tls.key.clone();
        }
    }

    /// Sees that the keys go together; the certificate of the server is inherited by then.
    pub(super) fn check(&self, table: &Table<'_>, reader: &mut Reader) {
        if self.address.is_empty() && self.socket.is_none() {
            reader.push(
                Diagnostic::error(codes::MISSING, table.at("address"), "the listener listens nowhere")
                    .help("add `address = \"0.0.0.0:25\"`, or the name of a systemd socket as `socket`"),
            );
        }
        self.check_tls(table, reader);
        self.check_clients(table, reader);
        for (key, most) in [("ipv4_network_bits", 32), ("ipv6_network_bits", 128)] {
            let bits = if most == 32 { self.ipv4_network_bits } else { self.ipv6_network_bits };
            if bits > most {
                let message = format!("`{key}` cannot be {bits}: an address has {most} bits");
                reader.push(
                    Diagnostic::error(codes::RANGE, table.at(key), message)
                        .help(format!("write a number from 1 to {most}")),
                );
            }
        }
        if self.max_recipients < 100 {
            let message =
                format!("{} recipients of a message are fewer than senders count on", self.max_recipients);
            reader.push(
                Diagnostic::warning(codes::RISK, table.at("max_recipients"), message)
                    .help("RFC 5321, 4.5.3.1.8 asks for 100 at least; the others come with another message"),
            );
        }
        if self.data_timeout > self.message_timeout {
            let message = "`data_timeout` is longer than `message_timeout`, which ends the message first";
            reader.push(
                Diagnostic::error(codes::CONTRADICTION, table.at("data_timeout"), message)
                    .also(table.at("message_timeout"), "the whole message may take this long")
                    .help("make `message_timeout` the longer of the two"),
            );
        }
    }

    fn check_tls(&self, table: &Table<'_>, reader: &mut Reader) {
        // What is inherited is judged where it stands.
        if table.has("certificate") || table.has("key") {
            check_pair(self.certificate.as_ref(), self.key.as_ref(), reader);
        }
        let tls = self.tls();
        if self.role == Role::Submission && matches!(tls, Tls::Off | Tls::Offered) {
            reader.push(
                Diagnostic::error(
                    codes::CONTRADICTION,
                    table.at("tls"),
                    "submission without encryption would show people's passwords and mail",
                )
                .also(table.at("role"), "submission")
                .help("write `tls = \"required\"`, or `\"implicit\"` for port 465; for servers inside, use `outbound`"),
            );
        } else if tls != Tls::Off && self.certificate.is_none() && self.key.is_none() {
            let place = if table.has("tls") { table.at("tls") } else { table.at("role") };
            reader.push(
                Diagnostic::error(codes::MISSING, place, "encryption needs a certificate and its key")
                    .help("add `certificate` and `key` here, or in `[tls]` for all listeners"),
            );
        }
        if tls == Tls::Off && table.has("certificate") {
            reader.push(
                Diagnostic::warning(
                    codes::UNUSED,
                    table.key_at("certificate"),
                    "the certificate is not used: the listener does not encrypt",
                )
                .also(table.at("tls"), "this turns it off")
                .help("write `tls = \"offered\"`, or take the certificate out"),
            );
        }
        for (index, address) in self.address.iter().enumerate() {
            if tls == Tls::Implicit && matches!(address.port(), 25 | 587) {
                let message = format!("on port {} clients do not begin encrypted", address.port());
                reader.push(
                    Diagnostic::warning(codes::RISK, table.item_at("address", index), message)
                        .also(table.at("tls"), "this expects them to")
                        .help("write `tls = \"required\"`, or listen on port 465"),
                );
            }
        }
    }

    fn check_clients(&self, table: &Table<'_>, reader: &mut Reader) {
        let denied: HashMap<&Client, usize> =
            self.deny.iter().enumerate().map(|(index, client)| (client, index)).collect();
        for (index, client) in self.allow.iter().enumerate() {
            if let Some(&denied) = denied.get(client) {
                let message = format!("`{client}` is let in and turned away");
                reader.push(
                    Diagnostic::error(codes::CONTRADICTION, table.item_at("deny", denied), message)
                        .also(table.item_at("allow", index), "here it is let in")
                        .help("`deny` wins; take one of the two out"),
                );
            }
        }
        if self.role != Role::Inbound {
            self.check_relaying(table, reader);
        }
    }

    /// Who may send to everybody must be few.
    fn check_relaying(&self, table: &Table<'_>, reader: &mut Reader) {
        let networks: Vec<IpNet> = self
            .allow
            .iter()
            .filter_map(|client| match client {
                Client::Network(network) => Some(*network),
                Client::Host(_) => None,
            })
            .collect();
        // Two halves are the whole as well.
        if IpNet::aggregate(&networks).iter().any(|network| network.prefix_len() == 0) {
            let message = "the whole internet could send mail to everybody through this listener";
            reader.push(
                Diagnostic::error(codes::OPEN_RELAY, table.at("allow"), message).also(table.at("role"), "mail is taken for everybody").help(
                    "list your own networks only; mail from anybody, for your recipients, comes in by `role = \"inbound\"`",
                ),
            );
            return;
        }
        for (index, client) in self.allow.iter().enumerate() {
            let Client::Network(network) = client else { continue };
            let least = if network.addr().is_ipv4() { 8 } else { 16 };
            if network.prefix_len() < least {
                let message = format!("`{network}` lets very many clients send mail to everybody");
                reader.push(
                    Diagnostic::warning(codes::RISK, table.item_at("allow", index), message)
                        .help("list the networks you own"),
                );
            }
        }
    }
}
