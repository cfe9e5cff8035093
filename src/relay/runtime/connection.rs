//! A connection to a next host: found, made, encrypted, and used for one message after the other.
//!
//! Hosts are tried in their order, and each at every address. A host that refuses the session, or that is lost before the
//! message is begun, is passed over for the next one; what it says of a message or a recipient holds.

use super::line::Job;
use super::routing::{Place, Target};
use super::transport::Transport;
use super::{Shared, tls};
use crate::base::system::reason;
use crate::relay::config::network;
use crate::relay::config::route::{Balance, RouteTls};
use crate::relay::deliver::settle::{self, Trouble};
use crate::relay::intake::trace;
use crate::relay::smtp::client::{Client, Settings, Step, WantTls};
use crate::relay::smtp::delivery::{Delivery, Failure, Outcome, Wait, Why};
use crate::relay::smtp::reply::Enhanced;
use crate::relay::smtp::transaction::Transaction;
use crate::relay::store::CopyKind;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// A connection with its session.
pub(super) struct Live {
    client: Client,
    transport: Transport,
    host: String,
    sent: u32,
    closed: bool,
    input: Vec<u8>,
    /// How long an answer to a command may take, and one to a message.
    patience: (Duration, Duration),
}

/// A host at an address.
struct Candidate {
    host: String,
    address: SocketAddr,
}

/// Delivers a job by a connection that is there, or by a new one. The error is that there is none for anybody.
pub(super) async fn deliver(
    live: &mut Option<Live>,
    target: &Target,
    job: &Job,
    content: &Arc<[u8]>,
    shared: &Arc<Shared>,
) -> Result<Vec<settle::Outcome>, Trouble> {
    let transaction = transaction(target, job, content, shared);
    if let Some(mut known) = live.take_if(|live| live.sent < target.route.messages_per_connection.max(1)) {
        let delivery = known.send(transaction.clone(), shared).await;
        // Such a connection may have been closed long ago, which is found out only now.
        if !delivery.recipients.iter().all(was_closed) {
            let outcomes = outcomes(delivery, &known.host);
            *live = (!known.closed).then_some(known);
            return Ok(outcomes);
        }
    }
    if let Some(old) = live.take() {
        old.quit().await;
    }
    let mut made = connect(target, shared, target.tls != RouteTls::Never, true).await?;
    let mut delivery = made.send(transaction.clone(), shared).await;
    if delivery.recipients.iter().any(|outcome| failed_by(outcome, Why::Chunking)) {
        made = connect(target, shared, target.tls != RouteTls::Never, false).await?;
        delivery = made.send(transaction, shared).await;
    }
    let outcomes = outcomes(delivery, &made.host);
    *live = (!made.closed).then_some(made);
    Ok(outcomes)
}

fn was_closed(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Delay(failure)
        if failure.why == Why::Lost && matches!(failure.stage, Wait::Mail | Wait::Nothing | Wait::Reset))
}

fn failed_by(outcome: &Outcome, why: Why) -> bool {
    matches!(outcome, Outcome::Delay(failure) | Outcome::Failed(failure) if failure.why == why)
}

fn transaction(target: &Target, job: &Job, content: &Arc<[u8]>, shared: &Shared) -> Transaction {
    let mut parameters = job.arrival.parameters.clone();
    let prefix = match job.copy.kind {
        CopyKind::Message | CopyKind::Copy => trace::field(&job.arrival, shared.routing.load().name()),
        // What is written here has come by no session, and what was asked of reports on the message is not asked of it.
        CopyKind::Notification | CopyKind::Report => {
            parameters.returns = None;
            parameters.envelope_id = None;
            Vec::new()
        }
    };
    Transaction {
        sender: job.copy.sender.clone(),
        parameters,
        recipients: job.recipients.clone(),
        prefix,
        content: content.clone(),
        require_tls: matches!(target.tls, RouteTls::Required | RouteTls::Verified),
    }
}

fn outcomes(delivery: Delivery, host: &str) -> Vec<settle::Outcome> {
    let report = !delivery.dsn;
    delivery.recipients.into_iter().map(|outcome| of_delivery(outcome, report, host)).collect()
}

fn of_delivery(outcome: Outcome, report: bool, host: &str) -> settle::Outcome {
    match outcome {
        Outcome::Accepted(reply) => {
            settle::Outcome::Delivered { words: format!("{host} said: {reply}"), report }
        }
        Outcome::Delay(failure) => settle::Outcome::Delayed(trouble(&failure, host)),
        Outcome::Failed(failure) => settle::Outcome::Failed(trouble(&failure, host)),
    }
}

fn trouble(failure: &Failure, host: &str) -> Trouble {
    let status = failure.status.to_string();
    match failure.response {
        Some(_) => Trouble { status, words: failure.to_string(), host: Some(host.to_string()) },
        None => Trouble { status, words: format!("{host}: {failure}"), host: None },
    }
}

/// Makes a connection to the first host that takes one, up to where a message can be sent.
async fn connect(
    target: &Target,
    shared: &Arc<Shared>,
    encrypt: bool,
    chunking: bool,
) -> Result<Live, Trouble> {
    let mut last = Trouble {
        status: "4.4.4".to_string(),
        words: "no address of the next host is known".to_string(),
        host: None,
    };
    for candidate in candidates(target, shared).await? {
        match open(&candidate, target, shared, encrypt, chunking).await {
            Ok(live) => return Ok(live),
            // A broken handshake says nothing of the host: where encryption is a favour it goes without.
            Err(failure) if failure.why == Why::Handshake && target.tls == RouteTls::Opportunistic => {
                match open(&candidate, target, shared, false, chunking).await {
                    Ok(live) => return Ok(live),
                    Err(failure) => last = at(&candidate, &failure),
                }
            }
            Err(failure) => last = at(&candidate, &failure),
        }
    }
    Err(last)
}

fn at(candidate: &Candidate, failure: &Failure) -> Trouble {
    let mut trouble = trouble(failure, &candidate.host);
    // A session that is refused is refused for now: another host, or the same one later, may take it.
    trouble.status.replace_range(..1, "4");
    if trouble.host.is_none() {
        trouble.words = format!("{} ({}): {failure}", candidate.host, candidate.address);
    }
    trouble
}

async fn candidates(target: &Target, shared: &Arc<Shared>) -> Result<Vec<Candidate>, Trouble> {
    let port = target.route.port();
    let mut all = Vec::new();
    match &target.place {
        Place::Exchanges(hosts) => {
            for host in hosts {
                let each = host
                    .addresses
                    .iter()
                    .map(|ip| Candidate { host: host.name.clone(), address: SocketAddr::new(*ip, port) });
                all.extend(each);
            }
        }
        Place::Hosts(hosts) => {
            let routing = shared.routing.load_full();
            let mut unknown = None;
            let first = match target.route.balance {
                Balance::InOrder => 0,
                Balance::Evenly => usize::try_from(shared.chances.next()).unwrap_or(0) % hosts.len().max(1),
            };
            let in_turn = hosts.iter().cycle().skip(first).take(hosts.len());
            for host in in_turn {
                let port = host.port.unwrap_or(port);
                match &host.place {
                    network::Place::Address(ip) => {
                        all.push(Candidate { host: ip.to_string(), address: SocketAddr::new(*ip, port) });
                    }
                    network::Place::Name(name) => match routing.resolver().addresses(name.as_str()).await {
                        Ok(ips) => all.extend(ips.into_iter().map(|ip| Candidate {
                            host: name.to_string(),
                            address: SocketAddr::new(ip, port),
                        })),
                        Err(why) => unknown = Some(format!("the address of {name} is not known now: {why}")),
                    },
                }
            }
            if let (true, Some(words)) = (all.is_empty(), unknown) {
                return Err(Trouble { status: "4.4.3".to_string(), words, host: None });
            }
        }
        Place::Maildir(_) => {}
    }
    Ok(all)
}

async fn open(
    candidate: &Candidate,
    target: &Target,
    shared: &Arc<Shared>,
    encrypt: bool,
    chunking: bool,
) -> Result<Live, Box<Failure>> {
    let stream = socket(candidate.address, target).await.map_err(|error| {
        let words = format!("no connection: {}", words_of(&error));
        Box::new(Failure::found(Enhanced(4, 4, 1), Why::Lost, Wait::Greeting, &words))
    })?;
    let routing = shared.routing.load_full();
    let name = target.route.helo.as_ref().map_or(routing.name(), |helo| helo.as_str());
    let client = Client::new(Settings {
        name: name.to_string(),
        protocol: target.route.protocol,
        tls: match target.tls {
            _ if !encrypt => WantTls::Never,
            RouteTls::Never => WantTls::Never,
            RouteTls::Opportunistic => WantTls::Opportunistic,
            RouteTls::Required | RouteTls::Verified => WantTls::Required,
        },
        pipelining: true,
        chunking,
    });
    let mut live = Live {
        client,
        transport: Transport::Plain(stream),
        host: candidate.host.clone(),
        sent: 0,
        closed: false,
        input: Vec::new(),
        patience: (target.route.command_timeout, target.route.message_timeout),
    };
    match live.drive(Some(target), shared).await {
        Came::Ready => Ok(live),
        Came::Sent(_) => Ok(live),
        Came::Closed(failure) => Err(failure),
    }
}

async fn socket(address: SocketAddr, target: &Target) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    let same_family = |source: &&IpAddr| source.is_ipv4() == address.is_ipv4();
    if let Some(source) = target.route.source.iter().find(same_family) {
        socket.bind(SocketAddr::new(*source, 0))?;
    }
    let connected = timeout(target.route.connect_timeout, socket.connect(address)).await;
    let stream = connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// How far a session has come.
enum Came {
    Ready,
    Sent(Box<Delivery>),
    Closed(Box<Failure>),
}

impl Live {
    /// Sends a message.
    async fn send(&mut self, transaction: Transaction, shared: &Arc<Shared>) -> Delivery {
        let count = transaction.recipients.len();
        let lost = || {
            let words = "the connection was lost before the message was begun";
            let status = Enhanced(4, 4, 2);
            let failure = Failure::found(status, Why::Lost, Wait::Nothing, words);
            Delivery { recipients: vec![Outcome::Delay(failure); count], dsn: false }
        };
        if self.client.start(transaction).is_err() {
            self.closed = true;
            return lost();
        }
        self.sent += 1;
        loop {
            match self.drive(None, shared).await {
                Came::Sent(delivery) => {
                    // Up to where the next can be sent, or the connection is closed.
                    match self.drive(None, shared).await {
                        Came::Ready | Came::Sent(_) => {}
                        Came::Closed(_) => self.closed = true,
                    }
                    return *delivery;
                }
                Came::Closed(_) => {
                    self.closed = true;
                    return lost();
                }
                Came::Ready => {}
            }
        }
    }

    /// Says goodbye.
    pub(super) async fn quit(mut self) {
        self.client.quit();
        while let Some(Step::Send(bytes)) = self.client.step() {
            if self.transport.write(&bytes, Duration::from_secs(5)).await.is_err() {
                return;
            }
        }
        // The reply changes nothing, but who closes before it looks as if the connection was lost.
        let _ = self.transport.read(&mut self.input, Duration::from_secs(5)).await;
        self.transport.close().await;
    }

    /// Carries bytes until the session is somewhere. `target`: while it is opened.
    async fn drive(&mut self, target: Option<&Target>, shared: &Arc<Shared>) -> Came {
        loop {
            while let Some(step) = self.client.step() {
                match step {
                    Step::Send(bytes) => self.write(&bytes).await,
                    Step::StartTls => self.handshake(target, shared).await,
                    Step::Ready => return Came::Ready,
                    Step::Sent(delivery) => return Came::Sent(delivery),
                    Step::Close(failure) => {
                        self.closed = true;
                        let status = Enhanced(4, 4, 2);
                        let ended = || {
                            Box::new(Failure::found(
                                status,
                                Why::Lost,
                                Wait::Nothing,
                                "the session has ended",
                            ))
                        };
                        return Came::Closed(failure.unwrap_or_else(ended));
                    }
                }
            }
            let patience = self.patience();
            match self.transport.read(&mut self.input, patience).await {
                Ok(0) => self.lost("the connection was lost"),
                Ok(_) => self.client.receive(&self.input),
                Err(error) => self.lost(&words_of(&error)),
            }
        }
    }

    fn patience(&self) -> Duration {
        let (command, message) = self.patience;
        match self.client.waits_for() {
            Wait::DataEnd => message,
            Wait::Quit => Wait::Quit.patience(),
            _ => command,
        }
    }

    async fn write(&mut self, bytes: &[u8]) {
        if let Err(error) = self.transport.write(bytes, Wait::Content.patience()).await {
            self.lost(&words_of(&error));
        }
    }

    /// The connection is over; what was waited for tells where the reason is to be looked for.
    fn lost(&mut self, words: &str) {
        match self.client.waits_for() {
            Wait::Nothing => self.client.end(words),
            stage => self.client.end(&format!("{words}, while waiting for {stage}")),
        }
    }

    async fn handshake(&mut self, target: Option<&Target>, shared: &Arc<Shared>) {
        let Some(target) = target else { return self.client.tls_failed("no handshake is made here") };
        let ssl = match tls::to_server(shared, target, &self.host) {
            Ok(ssl) => ssl,
            Err(error) => return self.client.tls_failed(&error),
        };
        let plain = std::mem::replace(&mut self.transport, Transport::Gone);
        match plain.connect(ssl).await {
            Ok(encrypted) => {
                self.transport = encrypted;
                self.client.tls_started();
            }
            Err(error) => self.client.tls_failed(&words_of(&error)),
        }
    }
}

fn words_of(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::TimedOut => "nothing came for too long".to_string(),
        _ => reason(error),
    }
}
