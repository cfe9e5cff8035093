//! The relay as it runs: sockets, threads, the clock, and signals.
//!
//! One task for each connection of a client; threads of their own judge, keep and schedule, so that nothing blocks the
//! reactor and no lock is held while anything is waited for. What is decided lies in [`super::intake`] and
//! [`super::deliver`]; here is only who carries what to whom. [`Relay::start`] opens everything, [`Running::stop`] ends it:
//! sessions are told, deliveries that have begun are finished, and the rest is safe in the store.

mod connection;
mod judges;
mod line;
mod listener;
mod maildir;
mod patience;
mod queue;
mod rates;
mod routing;
mod session;
pub mod tls;
mod transport;

use super::config::Config;
use super::config::server::TlsVersion;
use super::deliver::settle::Reporter;
use super::intake::Intake;
use super::store::Store;
use crate::base::system;
use crate::lookup::dns::{self, Resolver};
use arc_swap::ArcSwap;
use jiff::SignedDuration;
use judges::Judges;
use listener::Listening;
use queue::{Queue, Worker};
use routing::Routing;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};

/// Days that events and audit entries are kept.
const KEEP_EVENTS_DAYS: i64 = 30;

/// What sessions share.
#[derive(Debug)]
pub struct Relay {
    /// The policy set that holds now.
    pub(in crate::relay) intake: ArcSwap<Intake>,
    judges: Judges,
    store: Arc<dyn Store>,
    queue: Queue,
    stopping: watch::Receiver<bool>,
    /// Whoever has a copy of it still runs.
    running: mpsc::Sender<()>,
    chances: Chances,
}

/// What deliveries share.
pub(super) struct Shared {
    store: Arc<dyn Store>,
    routing: ArcSwap<Routing>,
    handle: Handle,
    queue: queue::Settings,
    minimum_tls: TlsVersion,
    chances: Chances,
}

/// A relay that runs.
pub struct Running {
    relay: Arc<Relay>,
    stop: watch::Sender<bool>,
    ended: mpsc::Receiver<()>,
    queue: std::thread::JoinHandle<()>,
    listeners: Vec<Arc<Listening>>,
    /// Where it listens, with each listener's name.
    pub addresses: Vec<(Arc<str>, SocketAddr)>,
    shutdown: Duration,
}

/// Why a relay does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A socket could not be opened.
    #[error("listener `{listener}` cannot listen at {address}: {}", system::reason(.reason))]
    Listen {
        /// The listener.
        listener: String,
        /// Where.
        address: SocketAddr,
        /// Why.
        reason: io::Error,
    },
    /// A socket that was handed over cannot be used.
    #[error("listener `{listener}` cannot use the socket it was given: {}", system::reason(.reason))]
    Handed {
        /// The listener.
        listener: String,
        /// Why.
        reason: io::Error,
    },
    /// A certificate cannot be used.
    #[error("listener `{listener}`: {reason}")]
    Certificate {
        /// The listener.
        listener: String,
        /// Why.
        reason: String,
    },
    /// Name servers cannot be asked.
    #[error("name servers cannot be asked: {0}")]
    Dns(String),
    /// The system gives no thread.
    #[error("no thread could be started: {0}")]
    Thread(String),
}

/// The sockets of all listeners, open. They are opened before a server gives up being root.
pub struct Sockets(Vec<(Arc<Listening>, TcpListener)>);

impl Sockets {
    /// Opens them, and reads certificates and keys; within a runtime of tokio. Those that systemd hands over are taken.
    pub fn open(config: &Config) -> Result<Sockets, StartError> {
        listener::open(config).map(Sockets)
    }
}

impl Relay {
    /// Begins; within a runtime of tokio.
    pub fn start(
        config: &Config,
        sockets: Sockets,
        intake: Intake,
        store: Arc<dyn Store>,
    ) -> Result<Running, StartError> {
        let resolver = Resolver::new(&dns::Settings {
            servers: config.dns.servers.iter().map(|server| server.0).collect(),
            timeout: config.dns.timeout,
            attempts: usize::try_from(config.dns.attempts).unwrap_or(1),
        })
        .map_err(StartError::Dns)?;
        let reporter = Reporter::of(intake.engine().hir(), config.server.name.as_str());
        let (stop, stopping) = watch::channel(false);
        let (running, ended) = mpsc::channel(1);
        let (queue, heard) = Queue::new();
        let judges = Judges::start(threads(config)).map_err(StartError::Thread)?;
        let relay = Arc::new(Relay {
            intake: ArcSwap::from_pointee(intake),
            judges,
            store: store.clone(),
            queue,
            stopping,
            running,
            chances: Chances::new(),
        });
        let shared = Arc::new(Shared {
            store,
            routing: ArcSwap::from_pointee(Routing::new(config, resolver)),
            handle: Handle::current(),
            queue: queue::Settings {
                retry: config.retry.clone(),
                reporter,
                keep_events: SignedDuration::from_hours(24 * KEEP_EVENTS_DAYS),
            },
            minimum_tls: config.tls.minimum,
            chances: Chances::new(),
        });
        let Sockets(sockets) = sockets;
        let listeners = sockets.iter().map(|(listening, _)| listening.clone()).collect();
        let worker = Worker::new(relay.clone(), shared);
        let queue = std::thread::Builder::new()
            .name("queue".to_string())
            .spawn(move || worker.run(&heard))
            .map_err(|error| StartError::Thread(system::reason(&error)))?;
        let mut addresses = Vec::new();
        for (listening, socket) in sockets {
            if let Ok(address) = socket.local_addr() {
                addresses.push((listening.name(), address));
            }
            tokio::spawn(listener::listen(relay.clone(), listening, socket));
        }
        let shutdown = config.limits.shutdown_timeout;
        Ok(Running { relay, stop, ended, queue, listeners, addresses, shutdown })
    }

    /// Why no mail is taken now, where none is.
    fn overloaded(&self) -> Option<&'static str> {
        (!self.store.has_room()).then_some("there is too little room on the disk; try again later")
    }
}

impl Running {
    /// From now on messages are judged by another policy set. Sessions go on; a message that is being judged is still judged
    /// by the old one.
    pub fn use_policies(&self, intake: Intake) {
        self.relay.intake.store(Arc::new(intake));
    }

    /// Reads the certificates of all listeners again; those that cannot be used change nothing and are told.
    pub fn read_certificates(&self, minimum: TlsVersion) -> Vec<String> {
        self.listeners.iter().filter_map(|listener| listener.read_certificate(minimum).err()).collect()
    }

    /// Looks at the store for what somebody else has changed.
    pub fn look(&self) {
        self.relay.queue.look();
    }

    /// Ends it: no more connections, sessions are told, deliveries that have begun are waited for, for as long as the
    /// configuration allows. Says whether everything came to its end.
    pub async fn stop(self) -> bool {
        let Running { relay, stop, mut ended, queue, shutdown, .. } = self;
        let _ = stop.send(true);
        relay.queue.tell(queue::Event::Stop);
        drop(relay);
        // All senders are gone when every session is.
        let sessions = tokio::time::timeout(shutdown, ended.recv()).await.is_ok();
        let finished = tokio::task::spawn_blocking(move || queue.join().is_ok());
        let queue = tokio::time::timeout(shutdown, finished).await;
        sessions && matches!(queue, Ok(Ok(true)))
    }
}

fn threads(config: &Config) -> usize {
    let processors = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    config.limits.judging_threads.count().map_or_else(processors, usize::from)
}

/// Numbers by chance; nothing secret hangs on them.
#[derive(Debug)]
struct Chances(AtomicU32);

impl Chances {
    /// Other numbers in each run.
    fn new() -> Chances {
        use std::hash::{BuildHasher, RandomState};
        let hash = RandomState::new().hash_one(std::process::id());
        Chances(AtomicU32::new(u32::try_from(hash & u64::from(u32::MAX)).unwrap_or(0)))
    }

    /// Another number each time: a permutation of all, so that none comes twice before all have come.
    fn next(&self) -> u32 {
        let mut number = self.0.fetch_add(0x9e37_79b9, Ordering::Relaxed);
        number = (number ^ (number >> 16)).wrapping_mul(0x7feb_352d);
        number = (number ^ (number >> 15)).wrapping_mul(0x846c_a68b);
        number ^ (number >> 16)
    }
}
