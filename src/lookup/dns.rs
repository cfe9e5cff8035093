//! The hosts that take mail for a domain (RFC 5321, 5.1; RFC 7505).
//!
//! Cost: a query for the hosts and two for the addresses of each, answered from a cache for as long as their times to live
//! say. At most [`HOSTS`] hosts and [`ADDRESSES`] addresses of each are looked at, whatever a domain publishes. Failure: a
//! server that does not answer, or answers with an error, is [`NoHosts::NotNow`]; it never becomes "there is no such
//! domain".

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{RData, RecordType};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Hosts of a domain that are tried.
pub const HOSTS: usize = 10;
/// Addresses of a host that are tried.
pub const ADDRESSES: usize = 8;

/// A host that takes mail for a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailHost {
    /// Its name, without a final dot.
    pub name: String,
    /// Its preference: lower is tried first.
    pub preference: u16,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
}

/// Why there are no hosts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoHosts {
    /// There is no such domain.
    #[error("there is no domain {0}")]
    NoDomain(String),
    /// It takes no mail (RFC 7505).
    #[error("the domain {0} takes no mail")]
    TakesNone(String),
    /// It has neither hosts for mail nor an address.
    #[error("the domain {0} has no server for mail")]
    NoServer(String),
    /// This server is its best host, so mail would come back here (RFC 5321, 5.1).
    #[error("mail for {0} comes back to this server")]
    Ourselves(String),
    /// It cannot be known now.
    #[error("the name servers say nothing of {0}: {1}")]
    NotNow(String, String),
}

/// How the resolver asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The servers that are asked; none: those of the system.
    pub servers: Vec<SocketAddr>,
    /// How long one is waited for.
    pub timeout: Duration,
    /// How often one is asked.
    pub attempts: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { servers: Vec::new(), timeout: Duration::from_secs(5), attempts: 2 }
    }
}

/// Asks name servers.
#[derive(Clone)]
pub struct Resolver {
    resolver: TokioResolver,
}

impl Resolver {
    /// A resolver. It cannot be made where the system's own settings are to be used and cannot be read; the reason in words.
    pub fn new(settings: &Settings) -> Result<Resolver, String> {
        let provider = TokioRuntimeProvider::default();
        let mut builder = match settings.servers.is_empty() {
            true => TokioResolver::builder(provider).map_err(|error| error.to_string())?,
            false => {
                let servers = settings.servers.iter().map(|server| name_server(*server)).collect();
                let config = ResolverConfig::from_parts(None, Vec::new(), servers);
                TokioResolver::builder_with_config(config, provider)
            }
        };
        let options = builder.options_mut();
        options.timeout = settings.timeout;
        options.attempts = settings.attempts.max(1);
        options.cache_size = 16_384;
        let resolver = builder.build().map_err(|error| error.to_string())?;
        Ok(Resolver { resolver })
    }

    /// The hosts of a domain, the best first; those with the same preference in the order of `chance`, so that they share
    /// the load. `ourselves`: how this server calls itself. A domain in brackets is an address.
    pub async fn mail_hosts(
        &self,
        domain: &str,
        ourselves: &str,
        chance: u32,
    ) -> Result<Vec<MailHost>, NoHosts> {
        if let Some(address) = literal(domain) {
            let address = address.ok_or_else(|| NoHosts::NoDomain(domain.to_string()))?;
            return Ok(vec![MailHost { name: domain.to_string(), preference: 0, addresses: vec![address] }]);
        }
        let mut exchanges = match self.exchanges(domain).await? {
            Some(exchanges) => exchanges,
            None => vec![(0, domain.to_string())],
        };
        exchanges.sort_by_key(|(preference, name)| (*preference, shuffled(name, chance)));
        let own = exchanges.iter().find(|(_, name)| name.eq_ignore_ascii_case(ourselves));
        if let Some(own) = own.map(|(preference, _)| *preference) {
            exchanges.retain(|(preference, _)| *preference < own);
            if exchanges.is_empty() {
                return Err(NoHosts::Ourselves(domain.to_string()));
            }
        }
        let mut hosts = Vec::new();
        let mut not_now = None;
        for (preference, name) in exchanges.into_iter().take(HOSTS) {
            match self.addresses(&name).await {
                Ok(addresses) if addresses.is_empty() => {}
                Ok(addresses) => hosts.push(MailHost { name, preference, addresses }),
                Err(why) => not_now = Some(why),
            }
        }
        match (hosts.is_empty(), not_now) {
            (false, _) => Ok(hosts),
            (true, Some(why)) => Err(NoHosts::NotNow(domain.to_string(), why)),
            (true, None) => Err(NoHosts::NoServer(domain.to_string())),
        }
    }

    /// The addresses of a host by its name; none where it has none. The reason in words where it cannot be known now.
    pub async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, String> {
        let absolute = format!("{}.", name.trim_end_matches('.'));
        match self.resolver.lookup_ip(absolute).await {
            Ok(found) => Ok(found.iter().take(ADDRESSES).collect()),
            Err(error) if denial(&error).is_some() => Ok(Vec::new()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The name of an address, where the name leads back to the address (RFC 8601, 2.7.3, `iprev`).
    pub async fn name_of(&self, address: IpAddr) -> Option<String> {
        let found = self.resolver.reverse_lookup(address).await.ok()?;
        for record in found.answers().iter().take(ADDRESSES) {
            let RData::PTR(name) = &record.data else { continue };
            let name = host_name(&name.to_string());
            if self.addresses(&name).await.is_ok_and(|addresses| addresses.contains(&address)) {
                return Some(name);
            }
        }
        None
    }

    /// The hosts a domain names for its mail, with their preferences; `None` where it names none.
    async fn exchanges(&self, domain: &str) -> Result<Option<Vec<(u16, String)>>, NoHosts> {
        let absolute = format!("{}.", domain.trim_end_matches('.'));
        let found = match self.resolver.lookup(absolute, RecordType::MX).await {
            Ok(found) => found,
            Err(error) => {
                return match denial(&error) {
                    Some(ResponseCode::NXDomain) => Err(NoHosts::NoDomain(domain.to_string())),
                    Some(_) => Ok(None),
                    None => Err(NoHosts::NotNow(domain.to_string(), error.to_string())),
                };
            }
        };
        let exchanges = found.answers().iter().filter_map(|record| match &record.data {
            RData::MX(exchange) => Some((exchange.preference, host_name(&exchange.exchange.to_string()))),
            _ => None,
        });
        let exchanges: Vec<(u16, String)> = exchanges.collect();
        match exchanges.as_slice() {
            [] => Ok(None),
            [(_, name)] if name.is_empty() => Err(NoHosts::TakesNone(domain.to_string())),
            _ => Ok(Some(exchanges.into_iter().filter(|(_, name)| !name.is_empty()).collect())),
        }
    }
}

fn name_server(server: SocketAddr) -> NameServerConfig {
    let mut config = NameServerConfig::udp_and_tcp(server.ip());
    for connection in &mut config.connections {
        connection.port = server.port();
    }
    config
}

/// Which denial an error is: of the name, or of the records asked for. `None`: it denies nothing.
fn denial(error: &NetError) -> Option<ResponseCode> {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            code @ (ResponseCode::NXDomain | ResponseCode::NoError) => Some(code),
            _ => None,
        },
        _ => None,
    }
}

/// A name as hosts are named: without the final dot, in lower case. The root is empty.
fn host_name(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// The address of an address literal (RFC 5321, 4.1.3); the inner `None`: it is none that can be read.
fn literal(domain: &str) -> Option<Option<IpAddr>> {
    let inner = domain.strip_prefix('[')?.strip_suffix(']')?;
    let is_v6 = inner.get(..5).is_some_and(|tag| tag.eq_ignore_ascii_case("IPv6:"));
    Some(match is_v6 {
        true => inner.get(5..).and_then(|address| address.parse().ok()).map(IpAddr::V6),
        false => inner.parse().ok().map(IpAddr::V4),
    })
}

/// A number that puts names in another order for each `chance`.
fn shuffled(name: &str, chance: u32) -> u32 {
    name.bytes().fold(chance ^ 0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
