//! Where the recipients of a copy go, together as far as they can.
//!
//! Recipients that end at the same servers share one copy, also across domains: those of a route that names its servers, and
//! those of domains for which name servers name the same hosts. What cannot be known now is delayed; while name servers are
//! down it goes to the fallback, where there is one and they have been down for long enough.

use crate::base::address::Address;
use crate::lookup::dns::{MailHost, NoHosts, Resolver};
use crate::relay::config::Config;
use crate::relay::config::network::Host;
use crate::relay::config::route::{Destination, Fallback, Maildir, Route, RouteTls, SMTP_PORT};
use crate::relay::deliver::settle::{Outcome, Trouble};
use crate::relay::route::Routes;
use crate::relay::store::{Copy, Recipient};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Some recipients of a copy that go the same way.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// The same for everything that goes there.
    pub(super) key: Arc<str>,
    /// Where to.
    pub(super) target: Arc<Target>,
    /// Who.
    pub(super) recipients: Vec<Recipient>,
}

/// Recipients that mail goes nowhere for, and what comes of that.
pub(super) type Undeliverable = Vec<(Recipient, Outcome)>;

/// Where mail goes, and how.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The servers, or a folder.
    pub(super) place: Place,
    /// How connections to them are.
    pub(super) route: Arc<Route>,
    /// Whether they are encrypted.
    pub(super) tls: RouteTls,
}

/// Servers, or a folder.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// Servers as the configuration names them.
    Hosts(Vec<Host>),
    /// Servers as name servers name them, the best first.
    Exchanges(Vec<MailHost>),
    /// A Maildir.
    Maildir(Maildir),
}

/// All that routing takes; it changes when the configuration does.
pub struct Routing {
    routes: Routes,
    otherwise: Arc<Route>,
    fallback: Option<Fallback>,
    resolver: Resolver,
    name: String,
}

enum Way {
    Known(Arc<str>, Arc<Target>),
    /// To be asked of name servers.
    Ask(String, Arc<Route>, RouteTls),
}

impl Routing {
    /// Routing by a configuration.
    pub fn new(config: &Config, resolver: Resolver) -> Routing {
        Routing {
            routes: Routes::new(config),
            otherwise: Arc::new(config.otherwise.clone()),
            fallback: config.fallback.clone(),
            resolver,
            name: config.server.name.to_string(),
        }
    }

    /// The addresses and names of hosts are asked of this.
    pub(super) fn resolver(&self) -> &Resolver {
        &self.resolver
    }

    /// How this server calls itself.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The parts of a copy, where no name server needs to be asked.
    pub(super) fn parts_at_once(&self, copy: &Copy) -> Option<(Vec<Part>, Undeliverable)> {
        let mut parts = Parts::default();
        for recipient in &copy.recipients {
            match self.way(copy, recipient) {
                Ok(Way::Known(key, target)) => parts.add(key, target, recipient),
                Ok(Way::Ask(..)) => return None,
                Err(trouble) => parts.failed.push((recipient.clone(), Outcome::Failed(trouble))),
            }
        }
        Some(parts.done())
    }

    /// The parts of a copy. Each domain is asked about once.
    pub(super) async fn parts(&self, copy: &Copy) -> (Vec<Part>, Undeliverable) {
        let mut parts = Parts::default();
        let mut asked: BTreeMap<String, Result<Vec<MailHost>, NoHosts>> = BTreeMap::new();
        let chance = u32::try_from(copy.received.as_millisecond() & 0x7fff_ffff).unwrap_or(0);
        for recipient in &copy.recipients {
            let (domain, route, tls) = match self.way(copy, recipient) {
                Ok(Way::Known(key, target)) => {
                    parts.add(key, target, recipient);
                    continue;
                }
                Ok(Way::Ask(domain, route, tls)) => (domain, route, tls),
                Err(trouble) => {
                    parts.failed.push((recipient.clone(), Outcome::Failed(trouble)));
                    continue;
                }
            };
            if !asked.contains_key(&domain) {
                let hosts = self.resolver.mail_hosts(&domain, &self.name, chance).await;
                asked.insert(domain.clone(), hosts);
            }
            match asked.get(&domain) {
                Some(Ok(hosts)) => {
                    let key = exchange_key(hosts, &route, tls);
                    let place = Place::Exchanges(hosts.clone());
                    parts.add(key, Arc::new(Target { place, route, tls }), recipient);
                }
                Some(Err(why)) => match self.fallback(copy, why) {
                    Some((key, target)) => parts.add(key, target, recipient),
                    None => parts.failed.push((recipient.clone(), unknown(why))),
                },
                None => {}
            }
        }
        parts.done()
    }

    fn way(&self, copy: &Copy, recipient: &Recipient) -> Result<Way, Trouble> {
        let Some(address) = Address::parse(&recipient.address) else {
            return Err(trouble("5.1.3", format!("`{}` is no address", recipient.address)));
        };
        let route = self.routes.of(&address).clone();
        let tls = match (copy.way.require_tls, route.tls) {
            (true, RouteTls::Never | RouteTls::Opportunistic) => RouteTls::Required,
            (_, tls) => tls,
        };
        if let Some(via) = &copy.way.via {
            let host = Host::parse(via)
                .ok_or_else(|| trouble("5.3.5", format!("`{via}`, which a policy names, is no host")))?;
            let target = Target { place: Place::Hosts(vec![host]), route: self.otherwise.clone(), tls };
            return Ok(Way::Known(format!("via {via} {tls:?}").into(), Arc::new(target)));
        }
        let place = match route.destination() {
            Destination::Mx => return Ok(Way::Ask(address.domain.to_string(), route, tls)),
            Destination::Hosts(hosts) => Place::Hosts(hosts.to_vec()),
            Destination::Maildir(maildir) => Place::Maildir(maildir.clone()),
        };
        let key = format!("route {} {tls:?}", route.label());
        Ok(Way::Known(key.into(), Arc::new(Target { place, route, tls })))
    }

    fn fallback(&self, copy: &Copy, why: &NoHosts) -> Option<(Arc<str>, Arc<Target>)> {
        let NoHosts::NotNow(..) = why else { return None };
        let fallback = self.fallback.as_ref()?;
        let waited = Timestamp::now().duration_since(copy.received).unsigned_abs();
        if waited < fallback.after {
            return None;
        }
        let route = Route { port: Some(fallback.port), ..(*self.otherwise).clone() };
        let place = Place::Hosts(fallback.hosts.clone());
        Some(("fallback".into(), Arc::new(Target { place, route: Arc::new(route), tls: fallback.tls })))
    }
}

fn unknown(why: &NoHosts) -> Outcome {
    let words = why.to_string();
    match why {
        NoHosts::NoDomain(_) => Outcome::Failed(trouble("5.1.2", words)),
        NoHosts::TakesNone(_) => Outcome::Failed(trouble("5.1.10", words)),
        NoHosts::NoServer(_) => Outcome::Failed(trouble("5.4.4", words)),
        NoHosts::Ourselves(_) => Outcome::Failed(trouble("5.4.6", words)),
        NoHosts::NotNow(..) => Outcome::Delayed(trouble("4.4.3", words)),
    }
}

fn trouble(status: &str, words: String) -> Trouble {
    Trouble { status: status.to_string(), words, host: None }
}

/// Domains with the same hosts have the same key.
fn exchange_key(hosts: &[MailHost], route: &Route, tls: RouteTls) -> Arc<str> {
    let mut names: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
    names.sort_unstable();
    let port = route.port.unwrap_or(SMTP_PORT);
    format!("mx {} {port} {tls:?} {}", names.join(","), route.label()).into()
}

#[derive(Default)]
struct Parts {
    parts: Vec<Part>,
    failed: Undeliverable,
}

impl Parts {
    fn add(&mut self, key: Arc<str>, target: Arc<Target>, recipient: &Recipient) {
        let most = match target.route.one_recipient_per_copy || matches!(target.place, Place::Maildir(_)) {
            true => 1,
            false => usize::try_from(target.route.max_recipients).unwrap_or(usize::MAX).max(1),
        };
        let with_room = |part: &&mut Part| part.key == key && part.recipients.len() < most;
        match self.parts.iter_mut().rev().find(with_room) {
            Some(part) => part.recipients.push(recipient.clone()),
            None => self.parts.push(Part { key, target, recipients: vec![recipient.clone()] }),
        }
    }

    fn done(self) -> (Vec<Part>, Undeliverable) {
        (self.parts, self.failed)
    }
}
