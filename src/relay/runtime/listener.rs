//! Sockets that clients connect to, and how many of them may.

use super::rates::{Counted, Rates};
use super::{Relay, StartError, session, tls};
use crate::relay::config::Config;
use crate::relay::config::listen::Listener;
use crate::relay::config::server::TlsVersion;
use crate::relay::smtp::server;
use arc_swap::ArcSwapOption;
use ipnet::IpNet;
use listenfd::ListenFd;
use openssl::ssl::SslAcceptor;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpSocket};

/// Connections that the system holds before they are taken.
const BACKLOG: u32 = 1_024;
/// How long is waited after the system gave no connection, such as for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// A listener that listens.
pub(super) struct Listening {
    /// How it is set up.
    pub(super) config: Listener,
    /// What it offers.
    pub(super) server: server::Settings,
    /// The certificate and key; they may change while it runs.
    pub(super) tls: ArcSwapOption<SslAcceptor>,
    /// How long the greeting is held back.
    pub(super) greeting_delay: Duration,
    connected: Mutex<Connected>,
    rates: Rates,
}

/// Who is connected.
#[derive(Default)]
struct Connected {
    all: u32,
    by_network: HashMap<IpNet, u32>,
}

impl Listening {
    fn new(config: &Config, listener: &Listener) -> Result<Listening, StartError> {
        let certificate = |reason| StartError::Certificate { listener: listener.label().to_string(), reason };
        let acceptor = tls::acceptor(listener, config.tls.minimum).map_err(certificate)?;
        let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let server = server::Settings {
            name: config.server.name.to_string(),
            message_bytes: usize::try_from(listener.max_message_size.bytes()).unwrap_or(usize::MAX),
            recipients: count(listener.max_recipients),
            mistakes: config.session.max_mistakes,
            refused_recipients: config.session.max_unknown_recipients.most(),
            tls: listener.tls(),
            protocol: listener.protocol,
        };
        Ok(Listening {
            config: listener.clone(),
            server,
            tls: ArcSwapOption::new(acceptor),
            greeting_delay: config.session.greeting_delay.unwrap_or_default(),
            connected: Mutex::default(),
            rates: Rates::new(Instant::now()),
        })
    }

    /// What it is called.
    pub(super) fn name(&self) -> Arc<str> {
        self.config.label().into()
    }

    /// Counts one more of a client, and says whether its network may bring it now.
    pub(super) fn allows(&self, client: IpAddr, counted: Counted) -> bool {
        let most = match counted {
            Counted::Connections => self.config.connections_per_minute,
            Counted::Messages => self.config.messages_per_minute,
            Counted::Recipients => self.config.recipients_per_minute,
        };
        self.rates.allow(self.config.network_of(client), counted, most, Instant::now())
    }

    /// Whether a client begins with the handshake.
    pub(super) fn is_implicit(&self) -> bool {
        self.server.tls == server::Tls::Implicit
    }

    /// Reads its certificate again; where it cannot be used the old one stays.
    pub(super) fn read_certificate(&self, minimum: TlsVersion) -> Result<(), String> {
        let acceptor = tls::acceptor(&self.config, minimum)
            .map_err(|reason| format!("listener `{}`: {reason}", self.config.label()))?;
        self.tls.store(acceptor);
        Ok(())
    }
}

/// Opens every listener's sockets; those that systemd hands over are taken by their names.
pub(super) fn open(config: &Config) -> Result<Vec<(Arc<Listening>, TcpListener)>, StartError> {
    let mut handed = handed_over();
    let mut all = Vec::new();
    for listener in &config.listeners {
        let listening = Arc::new(Listening::new(config, listener)?);
        let taken = |(name, _): &(String, std::net::TcpListener)| Some(name) == listener.socket.as_ref();
        while let Some(at) = handed.iter().position(taken) {
            let (_, socket) = handed.swap_remove(at);
            let socket = socket.set_nonblocking(true).and_then(|()| TcpListener::from_std(socket));
            let socket = socket
                .map_err(|reason| StartError::Handed { listener: listener.label().to_string(), reason })?;
            all.push((listening.clone(), socket));
        }
        for &address in &listener.address {
            let socket = bind(address).map_err(|reason| StartError::Listen {
                listener: listener.label().to_string(),
                address,
                reason,
            })?;
            all.push((listening.clone(), socket));
        }
    }
    Ok(all)
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The sockets that systemd hands over, with their names (sd_listen_fds_with_names(3)).
fn handed_over() -> Vec<(String, std::net::TcpListener)> {
    let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut handed = ListenFd::from_env();
    let mut all = Vec::new();
    for (at, name) in (0..handed.len()).zip(names.split(':')) {
        if let Ok(Some(socket)) = handed.take_tcp_listener(at) {
            all.push((name.to_string(), socket));
        }
    }
    all
}

/// A place among the connections; it is given back when this goes.
struct Place {
    listener: Arc<Listening>,
    network: IpNet,
}

impl Place {
    /// The error says why there is none.
    fn take(listener: &Arc<Listening>, client: IpAddr) -> Result<Place, &'static str> {
        let network = listener.config.network_of(client);
        let mut connected = listener.connected.lock().unwrap_or_else(PoisonError::into_inner);
        let of_network = connected.by_network.get(&network).copied().unwrap_or(0);
        let limits = &listener.config;
        if connected.all >= limits.max_connections
            || !limits.max_connections_per_network.allows(of_network + 1)
        {
            return Err("too many connections; try again later");
        }
        if !listener.allows(client, Counted::Connections) {
            return Err("too many connections within a minute; try again later");
        }
        connected.all += 1;
        connected.by_network.insert(network, of_network + 1);
        Ok(Place { listener: listener.clone(), network })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut connected = self.listener.connected.lock().unwrap_or_else(PoisonError::into_inner);
        connected.all = connected.all.saturating_sub(1);
        match connected.by_network.get_mut(&self.network) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(connected.by_network.remove(&self.network)),
        }
    }
}

/// Takes connections until the relay stops.
pub(super) async fn listen(relay: Arc<Relay>, listener: Arc<Listening>, socket: TcpListener) {
    let mut stop = relay.stopping.clone();
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            _ = stop.wait_for(|stopping| *stopping) => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(listener = %listener.config.label(), "no connection could be taken: {error}");
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
                Ok(_place) => session::serve(relay, listener, stream, peer).await,
                Err(why) => refuse(&listener, stream, why).await,
            }
        });
    }
}

/// Tells a client why there is no place for it.
async fn refuse(listener: &Listening, stream: tokio::net::TcpStream, why: &str) {
    if listener.is_implicit() {
        return;
    }
    let mut transport = super::transport::Transport::Plain(stream);
    let reply = format!("421 4.7.0 {} {why}\r\n", listener.server.name);
    if transport.write(reply.as_bytes(), Duration::from_secs(5)).await.is_ok() {
        transport.close().await;
    }
}
