//! What no section can see alone: two listeners on one address, routes that lead back here.

use super::codes;
use super::listen::{Listener, Role};
use super::network::{Host, Place, RouteDomain};
use super::reader::{Reader, Table, shown};
use super::route::{Destination, Route};
use super::{Config, Diagnostics};
use crate::base::address::DomainPattern;
use crate::base::diagnostic::Diagnostic;
use crate::base::source::{SourceId, Span, Spanned};
use crate::relay::route::Routes;
use ipnet::IpNet;
use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};

/// Addresses that one server listens on.
const ADDRESSES: usize = 256;

/// Gives every listener and every route a name, and sees that no two have one.
pub(super) fn name_all(
    listeners: &mut [(Listener, Table<'_>)],
    routes: &mut [(Route, Table<'_>)],
    reader: &mut Reader,
) {
    let names = listeners.iter().map(|(listener, table)| (listener.name.as_deref(), *table));
    see_that_different("listener", names, reader);
    let names = routes.iter().map(|(route, table)| (route.name.as_deref(), *table));
    see_that_different("route", names, reader);
    let mut names = Names::of(listeners.iter().filter_map(|(listener, _)| listener.name.clone()));
    for (listener, _) in listeners.iter_mut().filter(|(listener, _)| listener.name.is_none()) {
        let role = match listener.role {
            Role::Inbound => "inbound",
            Role::Outbound => "outbound",
            Role::Submission => "submission",
        };
        listener.name = Some(names.free(role));
    }
    let mut names = Names::of(routes.iter().filter_map(|(route, _)| route.name.clone()));
    for (route, _) in routes.iter_mut().filter(|(route, _)| route.name.is_none()) {
        let domain = route.domains.first().map_or_else(|| "route".to_string(), RouteDomain::to_string);
        route.name = Some(names.free(&domain));
    }
}

/// Names that are taken, and the last number of each that got one.
struct Names {
    taken: HashSet<String>,
    numbers: HashMap<String, u32>,
}

impl Names {
    fn of(taken: impl Iterator<Item = String>) -> Names {
        Names { taken: taken.collect(), numbers: HashMap::new() }
    }

    /// A name that is not taken yet: itself, or with a number.
    fn free(&mut self, name: &str) -> String {
        let number = self.numbers.entry(name.to_string()).or_insert(0);
        loop {
            *number += 1;
            let free = if *number == 1 { name.to_string() } else { format!("{name}-{number}") };
            if self.taken.insert(free.clone()) {
                return free;
            }
        }
    }
}

fn see_that_different<'n>(
    what: &str,
    names: impl Iterator<Item = (Option<&'n str>, Table<'n>)>,
    reader: &mut Reader,
) {
    let mut seen: HashMap<&str, Span> = HashMap::new();
    for (name, table) in names {
        let (Some(name), place) = (name, table.at("name")) else { continue };
        if let Some(first) = seen.get(name) {
            let message = format!("there are two {what}s `{}`", shown(name));
            reader.push(
                Diagnostic::error(codes::DUPLICATE, place, message)
                    .also(*first, "here is the first")
                    .help("give one of them another name: logs and commands tell them apart by it"),
            );
        } else {
            seen.insert(name, place);
        }
    }
}

/// Sees that no two listeners want one address.
pub(super) fn check_addresses(listeners: &[(Listener, Table<'_>)], reader: &mut Reader) {
    let mut seen: Vec<(SocketAddr, Span)> = Vec::new();
    let all = listeners.iter().map(|(listener, _)| listener.address.len()).sum::<usize>();
    if let (true, Some((_, table))) = (all > ADDRESSES, listeners.first()) {
        let message = format!("the server listens on {all} addresses, and {ADDRESSES} are the most");
        reader.push(
            Diagnostic::error(codes::TOO_LARGE, table.at("address"), message)
                .help("listen on `0.0.0.0` or `[::]`, which are all addresses of this machine"),
        );
        return;
    }
    for (listener, table) in listeners {
        for (index, address) in listener.address.iter().enumerate() {
            let place = table.item_at("address", index);
            if let Some((other, first)) = seen.iter().find(|(other, _)| collide(*other, *address)) {
                let message = match other == address {
                    true => format!("`{address}` is listened on twice"),
                    false => format!("`{address}` and `{other}` are one address"),
                };
                reader.push(
                    Diagnostic::error(codes::DUPLICATE, place, message)
                        .also(*first, "here is the first")
                        .help("listen on another address or another port"),
                );
            } else {
                seen.push((*address, place));
            }
        }
    }
}

fn collide(left: SocketAddr, right: SocketAddr) -> bool {
    let of_one_family = left.is_ipv4() == right.is_ipv4();
    let is_within = left.ip() == right.ip() || left.ip().is_unspecified() || right.ip().is_unspecified();
    left.port() == right.port() && of_one_family && is_within
}

/// Sees that no two routes are for one domain.
pub(super) fn check_domains(routes: &[(Route, Table<'_>)], reader: &mut Reader) {
    let mut seen: HashMap<&RouteDomain, Span> = HashMap::new();
    for (route, table) in routes {
        for (index, domain) in route.domains.iter().enumerate() {
            let place = table.item_at("domains", index);
            if let Some(first) = seen.get(domain) {
                let message = format!("`{domain}` has two routes");
                reader.push(
                    Diagnostic::error(codes::DUPLICATE, place, message)
                        .also(*first, "here is the first")
                        .help("take it out of one of them"),
                );
            } else {
                seen.insert(domain, place);
            }
        }
    }
}

/// Sees that no given server is this one.
pub(super) fn check_loops(
    name: &str,
    listeners: &[(Listener, Table<'_>)],
    routes: &[(Route, Table<'_>)],
    reader: &mut Reader,
) {
    for (route, table) in routes {
        for (index, host) in route.hosts.iter().enumerate() {
            let port = host.port.unwrap_or(route.port());
            let is_here = |address: &&SocketAddr| leads_to(host, port, **address, name);
            let mut addresses = listeners.iter().flat_map(|(listener, table)| {
                let with_place = |(at, address)| (address, table.item_at("address", at));
                listener.address.iter().enumerate().map(with_place)
            });
            let mut addresses = addresses.by_ref().take(ADDRESSES);
            if let Some((_, place)) = addresses.find(|(address, _)| is_here(address)) {
                let message = format!("the route leads back here: `{host}` is this server");
                reader.push(
                    Diagnostic::error(codes::LOOP, table.item_at("hosts", index), message)
                        .also(place, "it listens here")
                        .help("name the server behind this one, and its port"),
                );
            }
        }
    }
}

fn leads_to(host: &Host, port: u16, listening: SocketAddr, name: &str) -> bool {
    if port != listening.port() {
        return false;
    }
    let loopback = |address: IpAddr| listening.ip().is_unspecified() && address.is_loopback();
    match &host.place {
        Place::Address(address) => *address == listening.ip() || loopback(*address),
        Place::Name(host) => {
            host.as_str() == name || (host.as_str() == "localhost" && listening.ip().is_unspecified())
        }
    }
}

/// Sees that each listener's largest message has room.
pub(super) fn check_sizes(
    listeners: &[(Listener, Table<'_>)],
    limits: &super::running::Limits,
    limits_table: &Table<'_>,
    reader: &mut Reader,
) {
    for (listener, table) in
        listeners.iter().filter(|(listener, _)| listener.max_message_size > limits.memory)
    {
        let message = format!("a message of {} would never have room", listener.max_message_size);
        // Where neither is written, both are defaults that fit.
        let (place, other, words) = match table.has("max_message_size") {
            true => {
                (table.at("max_message_size"), limits_table.at("memory"), "room for all messages at once")
            }
            false => (limits_table.at("memory"), table.header(), "takes messages up to that size"),
        };
        reader.push(
            Diagnostic::error(codes::CONTRADICTION, place, message)
                .also(other, format!("{words}: {}", limits.memory))
                .help("make `memory` in `[limits]` several times `max_message_size`"),
        );
    }
}

/// What a configuration and a policy set's site say to each other: mail for the site must not come back here, and the
/// listeners for the site's own clients need clients.
pub fn with_site(config: &Config, domains: &[DomainPattern], networks: &[IpNet]) -> Diagnostics {
    let mut found = Diagnostics::default();
    let routes = Routes::new(config);
    for pattern in domains {
        let example = match pattern.subdomains {
            // What is below, whatever it is called.
            true => format!("any.{}", pattern.domain),
            false => pattern.domain.to_string(),
        };
        let route = routes.of_domain(&example);
        if route.destination() == Destination::Mx && config.takes_mail_from_outside() {
            let shown = if pattern.subdomains { "*." } else { "" };
            let domain = format!("{shown}{}", pattern.domain);
            let message = format!(
                "mail for `{domain}` has no route to a server inside, and DNS would lead it back here"
            );
            found.push(Diagnostic::error(codes::LOOP, config.start(), message).help(format!(
                "add a `[[route]]` with `domains = [\"{domain}\"]` and the internal server as `hosts`"
            )));
        }
    }
    for listener in &config.listeners {
        if listener.role != Role::Inbound && listener.allow.is_empty() && networks.is_empty() {
            let message = format!("nobody may use the listener `{}`", listener.label());
            found.push(
                Diagnostic::warning(codes::UNUSED, config.start(), message)
                    .help("name the `networks` of the policy set's `site`, or clients in `allow`"),
            );
        }
    }
    found
}

/// What differs between a configuration that runs and one that is to follow it, and only holds after a restart: what
/// was done as root, and what everything else stands on. All other keys may change while the server runs.
pub fn only_by_restart(running: &Config, next: &Config) -> Vec<&'static str> {
    let of = |config: &Config| {
        let sockets: Vec<_> =
            config.listeners.iter().map(|one| (one.address.clone(), one.socket.clone())).collect();
        let node = |name: &Option<Spanned<String>>| name.as_ref().map(|name| name.node.clone());
        let account = (node(&config.server.user), node(&config.server.group));
        (sockets, account, config.server.state.node.clone())
    };
    let ((sockets, account, state), (next_sockets, next_account, next_state)) = (of(running), of(next));
    [
        (sockets != next_sockets, "`address` and `socket` in `[[listen]]`"),
        (account != next_account, "`user` and `group`"),
        (state != next_state, "`state`"),
        (running.limits.judging_threads != next.limits.judging_threads, "`judging_threads` in `[limits]`"),
        (running.metrics.address != next.metrics.address, "`address` in `[metrics]`"),
        (running.log != next.log, "`[log]`"),
    ]
    .into_iter()
    .filter(|(differs, _)| *differs)
    .map(|(_, keys)| keys)
    .collect()
}

/// The beginning of a text.
pub(super) fn start(source: SourceId) -> Span {
    Span::new(source, 0, 0)
}
