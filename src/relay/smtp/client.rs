//! The sending side of a session (RFC 5321; LMTP, RFC 2033).
//!
//! The owner hands in what it reads ([`Client::receive`]) and carries out what [`Client::step`] says until it says nothing.
//! At [`Step::Ready`] a message may be sent ([`Client::start`]); what became of it comes with [`Step::Sent`], and Ready again
//! where the connection can be used for another. Every recipient of a message that was started gets an outcome, whatever
//! happens: what the server has not answered to the end is delayed.
//!
//! The owner reads while it writes, so that a server that answers early is heard. Where the server reads ahead (RFC 2920),
//! at most [`FLIGHT`] commands are unanswered, whose replies fit into any buffer on the way; so nobody waits for each other.
//!
//! A reply that nothing was asked for ends the connection, for the next one would be taken for the wrong command's. So does
//! one that makes no sense where it stands. Memory: a piece of the content, a flight of commands, and a reply.

use super::delivery::{Delivery, Failure, Outcome, Wait, Why};
use super::line::{self, Cut};
use super::offers::Offers;
use super::reply::{Enhanced, Reply};
use super::response::{Responses, Taken};
use super::server::Protocol;
use super::transaction::{AfterData, Awaited, Next, Running, Transaction};
use std::collections::VecDeque;
use std::sync::Arc;

/// Commands at most that are sent before the first of them is answered.
pub const FLIGHT: usize = 100;

/// How a client behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How it calls itself: a domain or an address literal, in ASCII.
    pub name: String,
    /// Which protocol it speaks.
    pub protocol: Protocol,
    /// Whether it encrypts.
    pub tls: WantTls,
    /// It sends ahead where the server offers to read ahead.
    pub pipelining: bool,
    /// It sends the content as a chunk where the server offers to take it: no content can end early then.
    pub chunking: bool,
}

/// Whether a client encrypts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WantTls {
    /// It does not.
    Never,
    /// Where the server offers it and does not refuse. Where the handshake fails the session ends.
    Opportunistic,
    /// No mail is sent without.
    Required,
    /// It has from the first byte on (RFC 8314, 3.3): the machine is made after the handshake.
    Implicit,
}

/// What the owner has to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Send this.
    Send(Vec<u8>),
    /// Make the handshake, then call [`Client::tls_started`] or [`Client::tls_failed`].
    StartTls,
    /// A transaction may be started, now or later; or else [`Client::quit`].
    Ready,
    /// What became of the transaction that was started.
    Sent(Box<Delivery>),
    /// Close the connection. Why, where that was not at our wish: so another server may be tried.
    Close(Option<Box<Failure>>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Commands are said and answered.
    Talk,
    /// The content leaves.
    Content,
    Handshake,
    Ready,
    Closed,
}

/// A session.
#[derive(Debug, Clone)]
pub struct Client {
    settings: Settings,
    input: Vec<u8>,
    /// Up to here the input is done.
    done: usize,
    responses: Responses,
    output: Vec<u8>,
    awaited: VecDeque<Awaited>,
    phase: Phase,
    /// The owner knows of the phase.
    told: bool,
    offers: Offers,
    tls: bool,
    running: Option<Running>,
    sent: Option<Box<Delivery>>,
    quitting: bool,
    failure: Option<Box<Failure>>,
}

impl Client {
    /// A session that has just been connected; with [`WantTls::Implicit`], one whose handshake has been made.
    pub fn new(settings: Settings) -> Client {
        Client {
            tls: settings.tls == WantTls::Implicit,
            settings,
            input: Vec::new(),
            done: 0,
            responses: Responses::default(),
            output: Vec::new(),
            awaited: VecDeque::from([Awaited::Greeting]),
            phase: Phase::Talk,
            told: false,
            offers: Offers::default(),
            running: None,
            sent: None,
            quitting: false,
            failure: None,
        }
    }

    /// Takes what was read.
    pub fn receive(&mut self, bytes: &[u8]) {
        if self.phase == Phase::Closed {
            return;
        }
        if self.done > 0 {
            self.input.drain(..self.done);
            self.done = 0;
        }
        self.input.extend_from_slice(bytes);
    }

    /// What to do next; `None`: wait for what the server says, for as long as [`Client::waits_for`] allows.
    pub fn step(&mut self) -> Option<Step> {
        self.advance();
        self.send_content();
        if !self.output.is_empty() {
            return Some(Step::Send(std::mem::take(&mut self.output)));
        }
        if let Some(delivery) = self.sent.take() {
            return Some(Step::Sent(delivery));
        }
        if std::mem::replace(&mut self.told, true) {
            return None;
        }
        match self.phase {
            Phase::Talk | Phase::Content => None,
            Phase::Handshake => Some(Step::StartTls),
            Phase::Ready => Some(Step::Ready),
            Phase::Closed => Some(Step::Close(self.failure.take())),
        }
    }

    /// Starts a transaction. Gives it back where the session is not ready for one.
    pub fn start(&mut self, transaction: Transaction) -> Result<(), Box<Transaction>> {
        if self.phase != Phase::Ready || !self.told {
            return Err(Box::new(transaction));
        }
        if transaction.require_tls && !self.tls {
            let failure = no_tls(Wait::Nothing, "the message must go encrypted, and the connection is not");
            let recipients = transaction.recipients.iter().map(|_| Outcome::Delay(failure.clone()));
            self.sent = Some(Box::new(Delivery { recipients: recipients.collect(), dsn: false }));
            self.ready();
            return Ok(());
        }
        match Running::begin(transaction, &self.offers, self.settings.protocol) {
            Ok(running) => {
                self.turn(Phase::Talk);
                self.running = Some(running);
                self.carry_on();
            }
            Err(delivery) => {
                self.sent = Some(delivery);
                self.ready();
            }
        }
        Ok(())
    }

    /// Ends the session in good order: now where it is ready, else as soon as it would be.
    pub fn quit(&mut self) {
        self.quitting = true;
        if self.phase == Phase::Ready {
            self.ready();
        }
    }

    /// The handshake has been made. Nothing that was said before holds any more (RFC 3207, 4.2).
    pub fn tls_started(&mut self) {
        if self.phase == Phase::Handshake && self.told {
            // What came in clear behind the reply would be taken for what came encrypted.
            if self.has_input() {
                return self.injected();
            }
            self.tls = true;
            self.offers = Offers::default();
            self.turn(Phase::Talk);
            self.hello(true);
        }
    }

    /// The handshake failed, and why. The connection cannot be used any more.
    pub fn tls_failed(&mut self, words: &str) {
        if self.phase == Phase::Handshake {
            let status = Enhanced(4, 7, 5);
            self.close(Some(Failure::found(status, Why::Handshake, Wait::Handshake, words)));
        }
    }

    /// Ends the session: the server was silent for too long, the connection was lost, or the owner stops.
    pub fn end(&mut self, words: &str) {
        // What has been said holds.
        self.advance();
        if self.awaited.front() == Some(&Awaited::Quit) {
            return self.left();
        }
        let stage = self.waits_for();
        self.close(Some(Failure::found(Enhanced(4, 4, 2), Why::Lost, stage, words)));
    }

    /// What the session waits for.
    pub fn waits_for(&self) -> Wait {
        match self.phase {
            Phase::Talk => self.awaited.front().map_or(Wait::Nothing, |awaited| awaited.wait()),
            Phase::Content => Wait::Content,
            Phase::Handshake => Wait::Handshake,
            Phase::Ready | Phase::Closed => Wait::Nothing,
        }
    }

    /// What the server offers and is used here; nothing before the reply to EHLO.
    pub fn offers(&self) -> &Offers {
        &self.offers
    }

    /// Whether the connection is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.tls
    }

    /// Goes on up to where more input is wanted.
    fn advance(&mut self) {
        while self.phase != Phase::Closed && self.has_input() {
            if self.phase == Phase::Handshake {
                return self.injected();
            }
            match self.responses.take(self.input.get(self.done..).unwrap_or_default()) {
                Taken::Incomplete(read) => {
                    self.done += read;
                    return;
                }
                Taken::Reply(reply, read) => {
                    self.done += read;
                    self.answer(&Arc::new(reply));
                }
                Taken::Nonsense(words) => return self.nonsense(words),
            }
        }
    }

    fn answer(&mut self, reply: &Arc<Reply>) {
        let stage = self.waits_for();
        let awaited = self.awaited.pop_front();
        if awaited == Some(Awaited::Quit) {
            return self.left();
        }
        // Whatever was asked, the server takes its leave (RFC 5321, 3.8).
        if reply.code == 421 {
            return self.close(Some(Failure::said(reply, Why::Lost, stage)));
        }
        let Some(awaited) = awaited else {
            return self.answer_unasked(reply);
        };
        if !awaited.takes(reply.code) {
            return self.close(Some(Failure::said(reply, Why::Nonsense, stage).passing()));
        }
        let refused = reply.code >= 400;
        match awaited {
            Awaited::Greeting if !refused => self.hello(true),
            Awaited::Hello { extended } if !refused => self.greeted(extended, reply),
            // A server that does not know EHLO may know HELO (RFC 5321, 3.2); what is not now is no question of that.
            Awaited::Hello { extended: true }
                if reply.code >= 500 && self.settings.protocol == Protocol::Smtp =>
            {
                self.hello(false);
            }
            Awaited::StartTls if !refused => {
                // Commands and replies of others must not come in with what is trusted (CVE-2011-0411).
                if self.has_input() { self.injected() } else { self.turn(Phase::Handshake) }
            }
            Awaited::StartTls if self.settings.tls == WantTls::Opportunistic => self.ready(),
            Awaited::StartTls => self.leave(Failure::said(reply, Why::NoTls, stage).passing()),
            Awaited::Reset if !refused => self.ready(),
            Awaited::Greeting | Awaited::Hello { .. } | Awaited::Reset => {
                self.leave(Failure::said(reply, Why::Refused, stage));
            }
            _ => self.answer_running(awaited, reply),
        }
    }

    /// A reply within a transaction.
    fn answer_running(&mut self, awaited: Awaited, reply: &Arc<Reply>) {
        let Some(running) = &mut self.running else { return };
        match awaited {
            Awaited::Mail => running.answer_mail(reply),
            Awaited::Rcpt(at) => running.answer_rcpt(at, reply),
            Awaited::End(at) => running.answer_end(at, reply),
            Awaited::Data => match running.answer_data(reply) {
                AfterData::Finish => {}
                AfterData::Content => return self.turn(Phase::Content),
                AfterData::Nothing => return self.say(".", Awaited::End(None)),
                AfterData::Abort => return self.nonsense("a message is wanted that nobody is to get"),
            },
            _ => {}
        }
        self.carry_on();
    }

    /// A reply while none is due.
    fn answer_unasked(&mut self, reply: &Arc<Reply>) {
        let is_early = self.phase == Phase::Content && reply.code >= 400;
        if let Some(running) = self.running.as_mut().filter(|_| is_early) {
            running.answer_early(reply);
        }
        // Before the end of a content nothing can have been taken over, whatever is said.
        let why = if is_early { Why::Refused } else { Why::Nonsense };
        self.close(Some(Failure::said(reply, why, self.waits_for()).passing()));
    }

    /// Says who we are.
    fn hello(&mut self, extended: bool) {
        let verb = match (self.settings.protocol, extended) {
            (Protocol::Lmtp, _) => "LHLO",
            (Protocol::Smtp, true) => "EHLO",
            (Protocol::Smtp, false) => "HELO",
        };
        let line = format!("{verb} {}", self.settings.name);
        self.say(&line, Awaited::Hello { extended });
    }

    fn greeted(&mut self, extended: bool, reply: &Reply) {
        self.offers = if extended { Offers::of(reply) } else { Offers::of_helo(reply) };
        self.offers.pipelining &= self.settings.pipelining;
        self.offers.chunking &= self.settings.chunking;
        match self.settings.tls {
            WantTls::Opportunistic | WantTls::Required if !self.tls && self.offers.start_tls => {
                self.say("STARTTLS", Awaited::StartTls);
            }
            WantTls::Required if !self.tls => {
                self.leave(no_tls(Wait::Hello, "encryption is required, and the server does not offer it"));
            }
            _ => self.ready(),
        }
    }

    /// Says what is next of the transaction, as far as the server reads ahead.
    fn carry_on(&mut self) {
        let pipelining = self.offers.pipelining;
        let most = if pipelining { FLIGHT } else { 1 };
        while self.phase == Phase::Talk && self.awaited.len() < most {
            let Some(running) = &mut self.running else { return };
            match running.next(self.awaited.len(), pipelining) {
                Next::Wait => return,
                Next::Say(line, awaited) => self.say(&line, awaited),
                Next::Chunk(line) => {
                    self.write(&line);
                    if self.phase == Phase::Talk {
                        self.turn(Phase::Content);
                    }
                }
                Next::Finish => return self.finish(),
            }
        }
    }

    fn finish(&mut self) {
        let Some(running) = self.running.take() else { return };
        let chunks_unknown = running.chunks_unknown();
        let delivery = running.ended();
        let is_over = delivery.recipients.iter().any(Outcome::is_accepted);
        self.sent = Some(delivery);
        if chunks_unknown {
            // It may have read the content as commands.
            let words = "the server offers CHUNKING and refuses BDAT";
            self.close(Some(Failure::found(Enhanced(4, 5, 0), Why::Chunking, Wait::DataEnd, words)));
        } else if is_over || self.quitting {
            self.ready();
        } else {
            self.say("RSET", Awaited::Reset);
        }
    }

    fn send_content(&mut self) {
        if self.phase != Phase::Content {
            return;
        }
        let Some(running) = &mut self.running else { return };
        let (piece, due) = running.piece();
        self.output.extend(piece);
        if let Some(due) = due {
            if self.has_spoken() {
                return self.nonsense("the server answers before the message has ended");
            }
            self.awaited.extend(due);
            self.turn(Phase::Talk);
        }
    }

    /// Says a command.
    fn say(&mut self, line: &str, awaited: Awaited) {
        self.write(line);
        if self.phase != Phase::Closed {
            self.turn(Phase::Talk);
            self.awaited.push_back(awaited);
        }
    }

    /// The only way by which a command leaves. What the server has said already cannot be an answer to it, and a line that
    /// others could take for two is none.
    fn write(&mut self, line: &str) {
        if self.awaited.is_empty() && self.has_spoken() {
            return self.nonsense("the server answers what it was not asked");
        }
        let start = self.output.len();
        self.output.extend_from_slice(line.as_bytes());
        self.output.extend_from_slice(b"\r\n");
        let is_one = line::cut(self.output.get(start..).unwrap_or_default()) == Cut::Line(line.len());
        if !is_one || line.contains('\0') {
            let words = "a command would be more than a line";
            self.close(Some(Failure::found(Enhanced(4, 3, 5), Why::Unsendable, Wait::Nothing, words)));
        }
    }

    fn ready(&mut self) {
        if self.quitting {
            self.say("QUIT", Awaited::Quit);
        } else {
            self.turn(Phase::Ready);
        }
    }

    /// Takes leave of a server that is of no use.
    fn leave(&mut self, failure: Failure) {
        self.say("QUIT", Awaited::Quit);
        if self.phase != Phase::Closed {
            self.failure = Some(Box::new(failure));
        }
    }

    /// QUIT is answered, or will not be.
    fn left(&mut self) {
        self.close(None);
    }

    fn injected(&mut self) {
        let words = "the server goes on in clear where the handshake is due";
        self.close(Some(Failure::found(Enhanced(4, 7, 5), Why::Nonsense, Wait::Handshake, words)));
    }

    fn nonsense(&mut self, words: &str) {
        if self.awaited.front() == Some(&Awaited::Quit) {
            return self.left();
        }
        let stage = self.waits_for();
        self.close(Some(Failure::found(Enhanced(4, 5, 0), Why::Nonsense, stage, words)));
    }

    fn close(&mut self, failure: Option<Failure>) {
        if self.phase == Phase::Closed {
            return;
        }
        if let (Some(running), Some(failure)) = (self.running.take(), &failure) {
            self.sent = Some(running.lost(failure));
        }
        // Why leave was taken holds, whatever came then.
        self.failure = self.failure.take().or(failure.map(Box::new));
        self.input = Vec::new();
        self.done = 0;
        self.output = Vec::new();
        self.awaited.clear();
        self.turn(Phase::Closed);
    }

    fn turn(&mut self, phase: Phase) {
        self.phase = phase;
        self.told = false;
    }

    /// Whether more was said than is answered, be it a piece of a line.
    fn has_spoken(&self) -> bool {
        self.has_input() || self.responses.is_within()
    }

    fn has_input(&self) -> bool {
        self.input.len() > self.done
    }
}

fn no_tls(stage: Wait, words: &str) -> Failure {
    Failure::found(Enhanced(4, 7, 4), Why::NoTls, stage, words)
}
