//! One connection of a client: carries bytes between its socket and the state machine, and answers its questions.

use super::Relay;
use super::listener::Listening;
use super::patience::Patience;
use super::rates::Counted;
use super::transport::Transport;
use crate::message::envelope::Session;
use crate::relay::config::listen::Role;
use crate::relay::intake::{Incoming, Intake, Ruling};
use crate::relay::smtp::command::{MailFrom, RcptTo};
use crate::relay::smtp::reply::{Enhanced, Reply};
use crate::relay::smtp::server::{Ask, Protocol, Received, Server, Step};
use crate::relay::store::{Accepted, Change, QueueId, StoreError};
use jiff::Timestamp;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

/// How long a reply may take to be taken (RFC 5321, 4.5.3.2).
const WRITE: Duration = Duration::from_secs(300);

/// A connection.
pub(super) struct Connection {
    relay: Arc<Relay>,
    listener: Arc<Listening>,
    session: Session,
    /// The sender of the transaction that is open.
    from: Option<MailFrom>,
    /// Messages that have come in.
    messages: u32,
}

/// Serves a client until it goes.
pub(super) async fn serve(relay: Arc<Relay>, listener: Arc<Listening>, stream: TcpStream, peer: SocketAddr) {
    // Replies are small and wanted at once.
    let _ = stream.set_nodelay(true);
    let client_inside = listener.config.role != Role::Inbound;
    let client_ip = Some(peer.ip().to_canonical());
    let session = Session { client_ip, client_inside, ..Session::default() };
    let connection = Connection { relay, listener, session, from: None, messages: 0 };
    connection.run(Transport::Plain(stream)).await;
}

impl Connection {
    async fn run(mut self, mut transport: Transport) {
        let mut server = Server::new(self.listener.server.clone());
        let mut patience = Patience::new(Instant::now());
        if self.listener.is_implicit() {
            transport = match self.handshake(transport).await {
                Some(transport) => transport,
                None => return,
            };
        }
        if let Err(refusal) = self.admits() {
            server.refuse(refusal);
        } else {
            if transport.has_input(self.listener.greeting_delay).await {
                let mut early = Vec::new();
                let _ = transport.read(&mut early, Duration::from_millis(1)).await;
                server.receive(&early);
            }
            server.greet();
        }
        let mut input = Vec::new();
        let mut stop = self.relay.stopping.clone();
        loop {
            while let Some(step) = server.step() {
                patience.replied(Instant::now());
                match step {
                    Step::Send(bytes) => {
                        if transport.write(&bytes, WRITE).await.is_err() {
                            return;
                        }
                    }
                    Step::Ask(Ask::Sender(from)) => server.answer(&self.sender(from)),
                    Step::Ask(Ask::Recipient(to)) => {
                        let reply = self.recipient(to, &server).await;
                        server.answer(&reply);
                    }
                    Step::Ask(Ask::Message(received)) => {
                        let count = match self.listener.server.protocol {
                            Protocol::Smtp => 1,
                            Protocol::Lmtp => received.to.len(),
                        };
                        let reply = self.message(*received).await;
                        server.answer_message(&vec![reply; count]);
                    }
                    Step::StartTls => {
                        transport = match self.handshake(transport).await {
                            Some(transport) => transport,
                            None => return,
                        };
                        server.tls_started();
                    }
                    Step::Close => return transport.close().await,
                }
            }
            let (wait, words) = patience.wait(&self.listener.config, server.in_message(), Instant::now());
            if wait.is_zero() {
                server.end(words);
                continue;
            }
            let read = tokio::select! {
                read = transport.read(&mut input, wait) => read,
                _ = stop.wait_for(|stopping| *stopping) => {
                    server.end("this server stops; come again");
                    continue;
                }
            };
            match read {
                Ok(0) => return,
                Ok(_) => server.receive(&input),
                Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {
                    server.end(words);
                }
                Err(_) => return,
            }
        }
    }

    async fn handshake(&mut self, transport: Transport) -> Option<Transport> {
        let acceptor = self.listener.tls.load_full()?;
        match transport.accept(&acceptor).await {
            Ok(transport) => {
                self.session.client_tls = true;
                Some(transport)
            }
            Err(error) => {
                tracing::info!(client = ?self.session.client_ip, listener = self.listener.config.label(), "no TLS: {error}");
                None
            }
        }
    }

    fn intake(&self) -> Arc<Intake> {
        self.relay.intake.load_full()
    }

    /// Whether the client may send by this listener at all.
    fn admits(&self) -> Result<(), Reply> {
        let Some(client) = self.session.client_ip else { return Ok(()) };
        let intake = self.intake();
        let networks = &intake.engine().hir().site.networks;
        match self.listener.config.refuses(client, self.session.client_name.as_deref(), networks) {
            true => Err(Reply::new(554, Enhanced(5, 7, 1), "no mail is taken from there")),
            false => Ok(()),
        }
    }

    /// Counts one more, and says whether the client's network may bring it.
    fn within(&self, counted: Counted) -> bool {
        self.session.client_ip.is_none_or(|client| self.listener.allows(client, counted))
    }

    fn sender(&mut self, from: MailFrom) -> Reply {
        if !self.listener.config.max_messages.allows(self.messages.saturating_add(1)) {
            return Reply::new(421, Enhanced(4, 7, 0), "enough messages for one connection; connect again");
        }
        if let Some(why) = self.relay.overloaded() {
            return Reply::new(452, Enhanced(4, 3, 1), why);
        }
        if !self.within(Counted::Messages) {
            return Reply::new(450, Enhanced(4, 7, 1), "too many messages within a minute; try again later");
        }
        self.from = Some(from);
        Reply::new(250, Enhanced(2, 1, 0), "sender taken")
    }

    async fn recipient(&mut self, to: RcptTo, server: &Server) -> Reply {
        if !self.within(Counted::Recipients) {
            return Reply::new(
                450,
                Enhanced(4, 7, 1),
                "too many recipients within a minute; try again later",
            );
        }
        let intake = self.intake();
        let recipient = match intake.admits_recipient(self.listener.config.role, &to) {
            Ok(recipient) => recipient,
            Err(refusal) => return refusal,
        };
        let taken = Reply::new(250, Enhanced(2, 1, 5), "recipient taken");
        let Some(from) = self.from.clone().filter(|_| intake.engine().sends_back_by_envelope()) else {
            return taken;
        };
        let mut session = self.session.clone();
        session.client_helo = server.client_name().map(Into::into);
        let (answer, answered) = oneshot::channel();
        let asked = self.relay.judges.submit(move || {
            let refusal = intake.refused_by_envelope(&from, &recipient, &session, Timestamp::now());
            let _ = answer.send(refusal);
        });
        match (asked, answered.await) {
            (Ok(()), Ok(refusal)) => refusal.unwrap_or(taken),
            _ => busy(),
        }
    }

    /// Judges a message, keeps what becomes of it, and only then says that it was taken.
    async fn message(&mut self, received: Received) -> Reply {
        self.from = None;
        self.messages = self.messages.saturating_add(1);
        let mut session = self.session.clone();
        session.client_helo = Some(received.client_name.as_str().into());
        let now = Timestamp::now();
        let id = QueueId::new(now, self.relay.chances.next());
        let max_hops = self.listener.config.max_hops;
        let incoming = Incoming { id, received, session, listener: self.listener.name(), max_hops, now };
        let (answer, answered) = oneshot::channel();
        let (intake, relay) = (self.intake(), self.relay.clone());
        let asked = self.relay.judges.submit(move || keep(&relay, &intake, incoming, answer));
        match (asked, answered.await) {
            (Ok(()), Ok(reply)) => reply,
            (Ok(()), Err(_)) => Reply::new(451, Enhanced(4, 3, 0), "a mistake here; try again later"),
            (Err(_), _) => busy(),
        }
    }
}

fn busy() -> Reply {
    Reply::new(451, Enhanced(4, 3, 2), "too busy now; try again later")
}

/// Judges a message on a thread that may wait, and gives it to the store; the answer comes when the store has it.
fn keep(relay: &Arc<Relay>, intake: &Intake, incoming: Incoming, answer: oneshot::Sender<Reply>) {
    let (client, listener) = (incoming.session.client_ip, incoming.listener.clone());
    let (accepted, mut changes) = match intake.judge(incoming) {
        Ruling::Refused(reply) => {
            let words = reply.lines.join(" ");
            tracing::info!(?client, %listener, code = reply.code, "message refused: {words}");
            let _ = answer.send(reply);
            return;
        }
        Ruling::Taken(accepted, changes) => (accepted, changes),
    };
    let kept = accepted.clone();
    changes.insert(0, Change::Accept(accepted));
    let relay_then = relay.clone();
    relay.store.submit(
        changes,
        Box::new(move |done| {
            let reply = match done {
                Ok(()) => taken(&relay_then, *kept),
                Err(error) => not_kept(&error),
            };
            let _ = answer.send(reply);
        }),
    );
}

fn taken(relay: &Relay, accepted: Accepted) -> Reply {
    let arrival = &accepted.arrival;
    tracing::info!(
        message = %arrival.id,
        client = ?arrival.session.client_ip,
        listener = %arrival.listener,
        sender = %arrival.sender,
        recipients = arrival.recipients.len(),
        octets = accepted.content.len(),
        copies = accepted.copies.len(),
        "message taken"
    );
    let reply = Reply::new(250, Enhanced(2, 0, 0), &format!("taken, {}", arrival.id));
    relay.queue.offer(accepted);
    reply
}

fn not_kept(error: &StoreError) -> Reply {
    tracing::error!("a message could not be kept: {error}");
    match error {
        StoreError::Full(_) => Reply::new(452, Enhanced(4, 3, 1), "no room here now; try again later"),
        _ => Reply::new(451, Enhanced(4, 3, 0), "it could not be kept here now; try again later"),
    }
}
