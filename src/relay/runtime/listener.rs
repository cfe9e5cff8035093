//! Sockets that clients connect to, and how many of them may.

use super::{Relay, session};
use crate::relay::intake::admission::Role;
use crate::relay::smtp::server;
use arc_swap::ArcSwapOption;
use ipnet::IpNet;
use openssl::ssl::SslAcceptor;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;

/// How long is waited after the system gave no connection, such as for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// A listener.
#[derive(Debug)]
pub struct Listener {
    /// Its name in logs.
    pub name: Arc<str>,
    /// What mail it is for.
    pub role: Role,
    /// What it offers.
    pub server: server::Settings,
    /// The certificate and key; they may change while it runs.
    pub tls: ArcSwapOption<SslAcceptor>,
    /// Clients that may send by it beside the site's networks.
    pub allowed: Vec<IpNet>,
    /// Clients that may not.
    pub denied: Vec<IpNet>,
    /// How long a client may be silent.
    pub idle: Duration,
    /// How long is waited before the greeting for who talks too early.
    pub greeting_delay: Duration,
    /// Connections at a time.
    pub connections: usize,
    /// Connections of one client at a time.
    pub connections_of_client: usize,
    /// Who is connected.
    pub connected: Connected,
}

impl Listener {
    /// Whether a client begins with the handshake.
    pub fn is_implicit(&self) -> bool {
        self.server.tls == server::Tls::Implicit
    }
}

/// Who is connected, by client.
#[derive(Debug, Default)]
pub struct Connected {
    clients: Mutex<HashMap<IpAddr, usize>>,
}

/// A place among the connections; it is given back when this goes.
#[derive(Debug)]
struct Place {
    listener: Arc<Listener>,
    client: IpAddr,
}

impl Place {
    fn take(listener: &Arc<Listener>, client: IpAddr) -> Option<Place> {
        let client = network_of(client);
        let mut clients = listener.connected.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = clients.values().sum();
        let of_client = clients.get(&client).copied().unwrap_or(0);
        if all >= listener.connections || of_client >= listener.connections_of_client {
            return None;
        }
        clients.insert(client, of_client + 1);
        Some(Place { listener: listener.clone(), client })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut clients = self.listener.connected.clients.lock().unwrap_or_else(PoisonError::into_inner);
        match clients.get_mut(&self.client) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(clients.remove(&self.client)),
        }
    }
}

fn network_of(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & (u32::MAX << (32 - V4_BITS)))),
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - V6_BITS))))
        }
    }
}

/// Takes connections until the relay stops.
pub(super) async fn listen(relay: Arc<Relay>, listener: Arc<Listener>, socket: TcpListener) {
    let mut stop = relay.stopping.clone();
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            _ = stop.wait_for(|stopping| *stopping) => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(listener = %listener.name, "no connection could be taken: {error}");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let place = Place::take(&listener, peer.ip());
        let (relay, listener) = (relay.clone(), listener.clone());
        let running = relay.running.clone();
        tokio::spawn(async move {
            let _running = running;
            match place {
                Some(_place) => session::serve(relay, listener, stream, peer).await,
                None => refuse(&listener, stream).await,
            }
        });
    }
}

/// Tells a client that there are too many.
async fn refuse(listener: &Listener, stream: tokio::net::TcpStream) {
    if listener.is_implicit() {
        return;
    }
    let mut transport = super::transport::Transport::Plain(stream);
    let reply = format!("421 4.7.0 {} has too many connections; try again later\r\n", listener.server.name);
    if transport.write(reply.as_bytes(), Duration::from_secs(5)).await.is_ok() {
        transport.close().await;
    }
}
