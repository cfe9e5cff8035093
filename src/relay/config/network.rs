//! Names, addresses and networks as a configuration writes them.

use super::codes;
use super::reader::{Found, Reader, shown};
use super::value::Value;
use crate::base::address::{DomainPattern, domain_to_ascii};
use crate::base::diagnostic::Diagnostic;
use ipnet::IpNet;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// The name of a host, lower case, IDNA ASCII form.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostName(Arc<str>);

impl HostName {
    /// Reads a name; `None` for what is none, and for an address.
    pub fn parse(text: &str) -> Option<HostName> {
        let name = domain_to_ascii(text)?;
        let plain = |label: &str| !label.starts_with('-') && !label.ends_with('-');
        let is_name = !name.starts_with('[') && !name.contains('_') && name.split('.').all(plain);
        (is_name && text.parse::<IpAddr>().is_err()).then(|| HostName(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Value for HostName {
    fn kind() -> String {
        "the name of a host".to_string()
    }

    fn example() -> String {
        "\"mx.example.org\"".to_string()
    }

    fn read(found: &Found<'_>, reader: &mut Reader) -> Option<HostName> {
        let text = reader.text::<HostName>(found)?;
        let name = HostName::parse(text);
        if name.is_none() {
            let message = format!("`{}` is not the name of a host", shown(text));
            reader.wrong_form(found, message, "write a full name such as `mx.example.org`".to_string());
        }
        name
    }
}

/// An address and a port to listen on.
impl Value for SocketAddr {
    fn kind() -> String {
        "an address with a port".to_string()
    }

    fn example() -> String {
        "\"0.0.0.0:25\"".to_string()
    }

    fn read(found: &Found<'_>, reader: &mut Reader) -> Option<SocketAddr> {
        let text = reader.text::<SocketAddr>(found)?;
        match text.parse::<SocketAddr>() {
            Ok(address) if address.port() == 0 => {
                let message = format!("`{}` has no port that others could know", shown(text));
                reader.wrong_form(found, message, "write a port from 1 to 65535".to_string());
                None
            }
            Ok(address) => Some(address),
            Err(_) => {
                wrong_address(found, text, reader);
                None
            }
        }
    }
}

fn wrong_address(found: &Found<'_>, text: &str, reader: &mut Reader) {
    let message = format!("`{}` is not an address with a port", shown(text));
    let finding = Diagnostic::error(codes::FORM, found.span, message);
    let bare = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let mended = match (bare, text.strip_prefix(':').map(str::parse::<u16>)) {
        (Ok(address), _) => Some(SocketAddr::new(address, 25).to_string()),
        (_, Some(Ok(port))) => Some(SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port).to_string()),
        _ => None,
    };
    reader.push(match mended {
        Some(mended) => finding
            .help(format!("write address and port, such as `{mended}`"))
            .fix(found.span, format!("\"{mended}\""), format!("replace by `{mended}`")),
        None => finding.help(
            "write a number such as `192.0.2.1:25` or `[2001:db8::1]:25`; `0.0.0.0` and `[::]` are all addresses \
             of this machine",
        ),
    });
}

impl Value for IpAddr {
    fn kind() -> String {
        "an address".to_string()
    }

    fn example() -> String {
        "\"192.0.2.1\"".to_string()
    }

    fn read(found: &Found<'_>, reader: &mut Reader) -> Option<IpAddr> {
        let text = reader.text::<IpAddr>(found)?;
        let address = text.parse::<IpAddr>().ok();
        if address.is_none() {
            let message = format!("`{}` is not an address", shown(text));
            let help = "write a number such as `192.0.2.1` or `2001:db8::1`, without a port".to_string();
            reader.wrong_form(found, message, help);
        }
        address
    }
}

/// A server that answers questions, by its address; the port is the protocol's own where none is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NameServer(pub SocketAddr);

impl Value for NameServer {
    fn kind() -> String {
        "an address, with a port or without".to_string()
    }

    fn example() -> String {
        "\"127.0.0.1:53\"".to_string()
    }

    fn read(found: &Found<'_>, reader: &mut Reader) -> Option<NameServer> {
        let text = reader.text::<NameServer>(found)?;
        let bare = text.parse::<IpAddr>().map(|address| SocketAddr::new(address, 53));
        let server = bare.or_else(|_| text.parse::<SocketAddr>()).ok().filter(|server| server.port() != 0);
        if server.is_none() {
            let message = format!("`{}` is not the address of a name server", shown(text));
            let help =
                "write a number such as `192.0.2.53` or `[2001:db8::53]:53`: names need a server first";
            reader.wrong_form(found, message, help.to_string());
        }
        server.map(NameServer)
    }
}

/// Which clients are meant: a network, or the names of hosts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Client {
    /// Those with an address in a network.
    Network(IpNet),
    /// Those whose name, looked up by their address and confirmed by a look-up of the name, is one or ends in one.
    Host(DomainPattern),
}

impl Client {
    /// Whether a client is meant. `host` is its confirmed name, lower case, IDNA ASCII form.
    pub fn matches(&self, address: IpAddr, host: Option<&str>) -> bool {
        match self {
            Client::Network(network) => network.contains(&address.to_canonical()),
            Client::Host(pattern) => host.is_some_and(|host| pattern.matches(host)),
        }
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Client::Network(network) => network.fmt(f),
            Client::Host(pattern) if pattern.subdomains => write!(f, "*.{}", pattern.domain),
            Client::Host(pattern) => f.write_str(&pattern.domain),
        }
    }
}

impl Value for Client {
    fn kind() -> String {
        "a network, an address or the name of a host".to_string()
    }

    fn example() -> String {
        "\"10.0.0.0/8\"".to_string()
    }

    fn read(found: &Found<'_>, reader: &mut Reader) -> Option<Client> {
        let text = reader.text::<Client>(found)?;
        if let Ok(address) = text.parse::<IpAddr>() {
            return Some(Client::Network(IpNet::from(address.to_canonical())));
        }
        if text.contains('/') {
            return network(found, text, reader).map(Client::Network);
        }
        let client = pattern(text).map(Client::Host);
        if client.is_none() {
            let message = format!("`{}` is no network, address or name of a host", shown(text));
            let help = "write `10.0.0.0/8`, `192.0.2.1`, `mail.example.org` or `*.example.org`";
            reader.wrong_form(found, message, help.to_string());
        }
        client
    }
}

fn network(found: &Found<'_>, text: &str, reader: &mut Reader) -> Option<IpNet> {
    let Ok(network) = text.parse::<IpNet>() else {
        let message = format!("`{}` is not a network", shown(text));
        reader.wrong_form(found, message, "write it like `10.0.0.0/8` or `2001:db8::/32`".to_string());
        return None;
    };
    let whole = network.trunc();
    if whole == network {
        return Some(network);
    }
    let message = format!("`{network}` is an address inside the network `{whole}`");
    let help = format!("write `{whole}`, or `{}` for the one address", network.addr());
    reader.push(Diagnostic::error(codes::FORM, found.span, message).help(help).fix(
        found.span,
        format!("\"{whole}\""),
        format!("replace by `{whole}`"),
    ));
    None
}

/// `example.org` or `*.example.org`.
fn pattern(text: &str) -> Option<DomainPattern> {
    let (name, subdomains) = match text.strip_prefix("*.") {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    // A name that is all digits is an address that was mistyped.
    let is_digits = name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let name = HostName::parse(name).filter(|_| !is_digits)?;
    Some(DomainPattern { domain: name.0, subdomains })
}

/// Which recipients' domains are meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RouteDomain {
    /// `*`
    Every,
    /// `example.org`, or `*.example.org` for what is below it.
    Those(DomainPattern),
}

impl fmt::Display for RouteDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RouteDomain::Every => f.write_str("*"),
            RouteDomain::Those(pattern) if pattern.subdomains => write!(f, "*.{}", pattern.domain),
            RouteDomain::Those(pattern) => f.write_str(&pattern.domain),
        }
    }
}

impl Value for RouteDomain {
    fn kind() -> String {
        "a domain".to_string()
    }

    fn example() -> String {
        "\"example.org\"".to_string()
    }

    fn read(found: &Found<'_>, reader: &mut Reader) -> Option<RouteDomain> {
        let text = reader.text::<RouteDomain>(found)?;
        let is_literal = text.starts_with('[') && text.ends_with(']');
        let domain = match text {
            "*" => Some(RouteDomain::Every),
            _ if is_literal => domain_to_ascii(text)
                .map(|domain| RouteDomain::Those(DomainPattern { domain: domain.into(), subdomains: false })),
            _ => pattern(text.strip_prefix('@').unwrap_or(text)).map(RouteDomain::Those),
        };
        if domain.is_none() {
            let message = format!("`{}` is not a domain", shown(text));
            let help = "write `example.org`, `*.example.org` for what is below it, or `*` for all others";
            reader.wrong_form(found, message, help.to_string());
        }
        domain
    }
}

/// A server that mail is given to: a host, and a port where it is not the usual one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Host {
    /// Its name or its address.
    pub place: Place,
    /// Its port; `None` is the route's.
    pub port: Option<u16>,
}

/// Where a host is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// By a name, whose addresses are looked up.
    Name(HostName),
    /// By its address.
    Address(IpAddr),
}

impl Host {
    /// Reads `name`, `name:port`, `192.0.2.1`, `192.0.2.1:25`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:25`.
    pub fn parse(text: &str) -> Option<Host> {
        if let Ok(address) = text.parse::<SocketAddr>() {
            return (address.port() != 0)
                .then(|| Host { place: Place::Address(address.ip()), port: Some(address.port()) });
        }
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Some(Host { place: Place::Address(address), port: None });
        }
        let (name, port) = match text.split_once(':') {
            Some((name, port)) => (name, Some(port.parse::<u16>().ok().filter(|port| *port != 0)?)),
            None => (text, None),
        };
        if name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return None;
        }
        Some(Host { place: Place::Name(HostName::parse(name)?), port })
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.place, self.port) {
            (Place::Name(name), Some(port)) => write!(f, "{name}:{port}"),
            (Place::Name(name), None) => name.fmt(f),
            (Place::Address(address), Some(port)) => SocketAddr::new(*address, port).fmt(f),
            (Place::Address(address), None) => address.fmt(f),
        }
    }
}

impl Value for Host {
    fn kind() -> String {
        "a host, with a port or without".to_string()
    }

    fn example() -> String {
        "\"mail.example.org:25\"".to_string()
    }

    fn read(found: &Found<'_>, reader: &mut Reader) -> Option<Host> {
        let text = reader.text::<Host>(found)?;
        let host = Host::parse(text);
        if host.is_none() {
            let message = format!("`{}` is not a host", shown(text));
            let help = "write a name or an address, and a port where it needs one: `mail.example.org:25`, \
                        `192.0.2.1`, `[2001:db8::1]:25`";
            reader.wrong_form(found, message, help.to_string());
        }
        host
    }
}
