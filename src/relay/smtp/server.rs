//! The receiving side of a session (RFC 5321; LMTP, RFC 2033).
//!
//! The owner hands in what it reads ([`Server::receive`]) and carries out what [`Server::step`] says until it says nothing;
//! a question is answered by [`Server::answer`] or [`Server::answer_message`]. Replies of pipelined commands (RFC 2920)
//! leave together. Whoever talks before the greeting or behind a command that must be the last of a group, makes too many
//! mistakes, or names too many recipients that are refused, is told so and let go.

use super::command::{self, Command, Fault, MailFrom, RcptTo};
use super::content::{Content, Flaw};
use super::line::{self, Cut};
use super::reply::{Enhanced, Reply};
use std::collections::VecDeque;

/// What a server offers.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How it calls itself.
    pub name: String,
    /// Octets of a message at most.
    pub message_bytes: usize,
    /// Recipients of a message at most; the others are asked to come with the next.
    pub recipients: usize,
    /// Mistakes after which a client is let go.
    pub mistakes: u32,
    /// Recipients refused for good after which a client is let go; `None` where that does not matter.
    pub refused_recipients: Option<u32>,
    /// Whether it can encrypt.
    pub tls: Tls,
    /// Which protocol it speaks.
    pub protocol: Protocol,
}

/// Whether a server encrypts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// It does not.
    Off,
    /// Where the client wants it (RFC 3207).
    Offered,
    /// No mail comes in without it.
    Required,
    /// It has from the first byte on (RFC 8314, 3.3).
    Implicit,
}

/// Which protocol is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// RFC 5321
    Smtp,
    /// RFC 2033: `LHLO`, and a reply for each recipient.
    Lmtp,
}

/// What the owner has to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Send this.
    Send(Vec<u8>),
    /// Answer this.
    Ask(Ask),
    /// Make the handshake, then call [`Server::tls_started`].
    StartTls,
    /// Close the connection.
    Close,
}

/// A question to the owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Whether mail from there is taken.
    Sender(MailFrom),
    /// Whether mail for this recipient is taken.
    Recipient(RcptTo),
    /// Whether this message is taken.
    Message(Box<Received>),
}

/// A message with its envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Who it is from.
    pub from: MailFrom,
    /// Who it is for, in the order in which they were named.
    pub to: Vec<RcptTo>,
    /// Its content; every line ends with CR LF.
    pub content: Vec<u8>,
    /// How the client calls itself.
    pub client_name: String,
    /// It came encrypted.
    pub tls: bool,
}

#[derive(Debug, Clone)]
enum Phase {
    Greeting,
    Command,
    Sender(MailFrom),
    Recipient(RcptTo),
    Data(Content),
    Chunk { left: u64, last: bool },
    Message,
    Handshake,
    Closed,
}

#[derive(Debug, Clone)]
struct Hello {
    name: String,
    extended: bool,
}

#[derive(Debug, Clone)]
struct Transaction {
    from: MailFrom,
    to: Vec<RcptTo>,
    /// What came in chunks so far.
    chunks: Option<Content>,
}

/// A session.
#[derive(Debug, Clone)]
pub struct Server {
    settings: Settings,
    input: Vec<u8>,
    /// Up to here the input is done.
    done: usize,
    output: Vec<u8>,
    next: VecDeque<Step>,
    phase: Phase,
    hello: Option<Hello>,
    tls: bool,
    transaction: Option<Transaction>,
    errors: u32,
    refused: u32,
}

impl Server {
    /// A session that has just been connected; nothing is sent before [`Server::greet`].
    pub fn new(settings: Settings) -> Server {
        Server {
            tls: settings.tls == Tls::Implicit,
            settings,
            input: Vec::new(),
            done: 0,
            output: Vec::new(),
            next: VecDeque::new(),
            phase: Phase::Greeting,
            hello: None,
            transaction: None,
            errors: 0,
            refused: 0,
        }
    }

    /// Greets. A client that has talked before is none that speaks the protocol.
    pub fn greet(&mut self) {
        if !matches!(self.phase, Phase::Greeting) {
            return;
        }
        if self.has_input() {
            return self.let_go(Reply::new(554, Enhanced(5, 5, 1), "the server speaks first"));
        }
        let protocol = if self.settings.protocol == Protocol::Lmtp { "LMTP" } else { "ESMTP" };
        let greeting = format!("{} {protocol}", self.settings.name);
        self.reply(&Reply::plain(220, &greeting));
        self.phase = Phase::Command;
    }

    /// Greets with a refusal, and closes.
    pub fn refuse(&mut self, reply: Reply) {
        self.let_go(reply);
    }

    /// Takes what was read.
    pub fn receive(&mut self, bytes: &[u8]) {
        if self.done > 0 {
            self.input.drain(..self.done);
            self.done = 0;
        }
        self.input.extend_from_slice(bytes);
    }

    /// Whether more may be read now: not while a question is open, so that what is kept stays small.
    pub fn wants_input(&self) -> bool {
        matches!(self.phase, Phase::Command | Phase::Data(_) | Phase::Chunk { .. })
    }

    /// What to do next; `None` where an answer or more input is wanted.
    pub fn step(&mut self) -> Option<Step> {
        if let Some(step) = self.next.pop_front() {
            return Some(step);
        }
        let step = self.advance();
        if self.output.is_empty() {
            return step;
        }
        self.next.extend(step);
        Some(Step::Send(std::mem::take(&mut self.output)))
    }

    /// Whether a message comes in: its content is under way, or further chunks of it.
    pub fn in_message(&self) -> bool {
        let is_chunked = |transaction: &Transaction| transaction.chunks.is_some();
        matches!(self.phase, Phase::Data(_) | Phase::Chunk { .. })
            || self.transaction.as_ref().is_some_and(is_chunked)
    }

    /// The answer about a sender or a recipient; a 421 is the last one (RFC 5321, 3.8).
    pub fn answer(&mut self, reply: &Reply) {
        match std::mem::replace(&mut self.phase, Phase::Command) {
            Phase::Sender(from) if reply.accepts() => {
                self.transaction = Some(Transaction { from, to: Vec::new(), chunks: None });
            }
            Phase::Recipient(to) if reply.accepts() => {
                if let Some(transaction) = &mut self.transaction {
                    transaction.to.push(to);
                }
            }
            Phase::Recipient(_) if reply.code / 100 == 5 => self.refused = self.refused.saturating_add(1),
            Phase::Sender(_) | Phase::Recipient(_) => {}
            other => {
                self.phase = other;
                return;
            }
        }
        if reply.code == 421 {
            return self.let_go(reply.clone());
        }
        self.reply(reply);
        if self.settings.refused_recipients.is_some_and(|most| self.refused >= most) {
            self.let_go(Reply::new(421, Enhanced(4, 7, 0), "too many recipients that cannot be had"));
        }
    }

    /// The answer about a message: one reply, or with LMTP one for each recipient in their order.
    pub fn answer_message(&mut self, replies: &[Reply]) {
        if matches!(self.phase, Phase::Message) {
            self.phase = Phase::Command;
            replies.iter().for_each(|reply| self.reply(reply));
        }
    }

    /// The handshake has been made. Nothing that was said before holds any more (RFC 3207, 4.2).
    pub fn tls_started(&mut self) {
        if matches!(self.phase, Phase::Handshake) {
            self.tls = true;
            self.phase = Phase::Command;
            self.input.clear();
            self.done = 0;
        }
    }

    /// How the client calls itself, once it has said so.
    pub fn client_name(&self) -> Option<&str> {
        self.hello.as_ref().map(|hello| hello.name.as_str())
    }

    /// Ends the session: the client was silent for too long, or the server stops.
    pub fn end(&mut self, text: &str) {
        if !matches!(self.phase, Phase::Closed) {
            self.let_go(Reply::new(421, Enhanced(4, 4, 2), text));
        }
    }

    /// Goes on up to a question or to where more input is wanted.
    fn advance(&mut self) -> Option<Step> {
        loop {
            match &mut self.phase {
                Phase::Greeting
                | Phase::Sender(_)
                | Phase::Recipient(_)
                | Phase::Message
                | Phase::Handshake => {
                    return None;
                }
                Phase::Closed => return Some(Step::Close),
                Phase::Command => {
                    let input = self.input.get(self.done..).unwrap_or_default();
                    match line::cut(input) {
                        Cut::Incomplete => return None,
                        Cut::Line(length) => {
                            let line = input.get(..length).unwrap_or_default().to_vec();
                            self.done += length + 2;
                            if let Some(step) = self.command(&line) {
                                return Some(step);
                            }
                        }
                        Cut::TooLong => self.let_go(Reply::new(500, Enhanced(5, 5, 6), "line too long")),
                        Cut::BareEnd => self.let_go(Reply::new(
                            500,
                            Enhanced(5, 5, 2),
                            "a line ends with CR LF, and neither stands alone",
                        )),
                    }
                }
                Phase::Data(content) => {
                    let input = self.input.get(self.done..).unwrap_or_default();
                    let (taken, ended) = content.take_data(input);
                    self.done += taken;
                    if !ended {
                        return None;
                    }
                    if let Phase::Data(content) = std::mem::replace(&mut self.phase, Phase::Command)
                        && let Some(step) = self.message(content)
                    {
                        return Some(step);
                    }
                }
                Phase::Chunk { left, last } => {
                    let input = self.input.get(self.done..).unwrap_or_default();
                    let piece = input.get(..usize::try_from(*left).unwrap_or(usize::MAX)).unwrap_or(input);
                    if let Some(chunks) = self.transaction.as_mut().and_then(|one| one.chunks.as_mut()) {
                        chunks.take_chunk(piece);
                    }
                    self.done += piece.len();
                    *left -= piece.len() as u64;
                    if *left > 0 {
                        return None;
                    }
                    let last = *last;
                    if let Some(step) = self.chunk_ended(last) {
                        return Some(step);
                    }
                }
            }
        }
    }

    fn command(&mut self, line: &[u8]) -> Option<Step> {
        let command = match command::parse(line) {
            Ok(command) => command,
            Err(fault) => {
                self.mistake(&fault_reply(fault, line));
                return None;
            }
        };
        let ends_group = matches!(
            command,
            Command::Ehlo(_)
                | Command::Helo(_)
                | Command::Lhlo(_)
                | Command::Data
                | Command::StartTls
                | Command::Quit
        );
        if ends_group && self.has_input() {
            self.let_go(Reply::new(503, Enhanced(5, 5, 1), "wait for the reply to this command"));
            return None;
        }
        match command {
            Command::Ehlo(name) => self.hello(name, true, Protocol::Smtp),
            Command::Helo(name) => self.hello(name, false, Protocol::Smtp),
            Command::Lhlo(name) => self.hello(name, true, Protocol::Lmtp),
            Command::Mail(from) => return self.mail(from),
            Command::Rcpt(to) => return self.rcpt(to),
            Command::Data => self.data(),
            Command::Bdat { size, last } => self.chunk(size, last),
            Command::StartTls => return self.start_tls(),
            Command::Rset => {
                self.transaction = None;
                self.reply(&Reply::new(250, Enhanced(2, 0, 0), "forgotten"));
            }
            Command::Noop => self.reply(&Reply::new(250, Enhanced(2, 0, 0), "nothing done")),
            Command::Vrfy => self.reply(&Reply::new(252, Enhanced(2, 5, 2), "send it, and it will be tried")),
            Command::Help => self.reply(&Reply::new(214, Enhanced(2, 0, 0), "see RFC 5321")),
            Command::Quit => self.let_go(Reply::new(221, Enhanced(2, 0, 0), "goodbye")),
        }
        None
    }

    fn hello(&mut self, name: String, extended: bool, protocol: Protocol) {
        if protocol != self.settings.protocol {
            return self.mistake(&Reply::new(500, Enhanced(5, 5, 1), "not in this protocol"));
        }
        self.transaction = None;
        let mut reply = Reply::plain(250, &format!("{} greets {name}", self.settings.name));
        if extended {
            let size = format!("SIZE {}", self.settings.message_bytes);
            let offers = [
                "PIPELINING",
                &size,
                "8BITMIME",
                "SMTPUTF8",
                "CHUNKING",
                "DSN",
                "ENHANCEDSTATUSCODES",
                "MT-PRIORITY",
            ];
            reply.lines.extend(offers.map(str::to_string));
            if self.may_start_tls() {
                reply.lines.push("STARTTLS".to_string());
            }
        }
        self.hello = Some(Hello { name, extended });
        self.reply(&reply);
    }

    fn may_start_tls(&self) -> bool {
        !self.tls && matches!(self.settings.tls, Tls::Offered | Tls::Required)
    }

    fn mail(&mut self, from: MailFrom) -> Option<Step> {
        let Some(hello) = &self.hello else {
            self.out_of_order("say who you are first");
            return None;
        };
        let plain = MailFrom { sender: from.sender.clone(), text: from.text.clone(), ..MailFrom::default() };
        if self.settings.tls == Tls::Required && !self.tls {
            self.mistake(&Reply::new(530, Enhanced(5, 7, 0), "issue STARTTLS first"));
        } else if self.transaction.is_some() {
            self.out_of_order("a sender was named already");
        } else if !hello.extended && from != plain {
            self.mistake(&Reply::new(555, Enhanced(5, 5, 4), "parameters want EHLO"));
        } else if from.size.is_some_and(|size| size > self.settings.message_bytes as u64) {
            self.reply(&Reply::new(552, Enhanced(5, 3, 4), "the message is too big"));
        } else {
            self.phase = Phase::Sender(from.clone());
            return Some(Step::Ask(Ask::Sender(from)));
        }
        None
    }

    fn rcpt(&mut self, to: RcptTo) -> Option<Step> {
        let most = self.settings.recipients;
        let Some(transaction) = &self.transaction else {
            self.out_of_order("name the sender first");
            return None;
        };
        let text = to.recipient.as_ref().map_or("", |recipient| &*recipient.text);
        if transaction.chunks.is_some() {
            self.out_of_order("the message has begun");
        } else if transaction.to.len() >= most {
            self.reply(&Reply::new(452, Enhanced(4, 5, 3), "too many recipients; send to the others next"));
        } else if !text.is_ascii() && !transaction.from.utf8 {
            self.mistake(&Reply::new(553, Enhanced(5, 6, 7), "an address beyond ASCII wants SMTPUTF8"));
        } else {
            self.phase = Phase::Recipient(to.clone());
            return Some(Step::Ask(Ask::Recipient(to)));
        }
        None
    }

    fn data(&mut self) {
        match &self.transaction {
            None => self.out_of_order("name sender and recipients first"),
            Some(transaction) if transaction.chunks.is_some() => self.out_of_order("the message has begun"),
            Some(transaction) if transaction.to.is_empty() => {
                self.mistake(&Reply::new(554, Enhanced(5, 5, 1), "no recipient was accepted"));
            }
            Some(_) => {
                self.reply(&Reply::plain(354, "go on; end with a dot on a line of its own"));
                self.phase = Phase::Data(Content::new(self.settings.message_bytes));
            }
        }
    }

    /// A chunk is read whatever is wrong with it, since the client sends it with the command (RFC 3030, 2).
    fn chunk(&mut self, size: u64, last: bool) {
        let most = self.settings.message_bytes;
        if size > most as u64 {
            return self.let_go(Reply::new(552, Enhanced(5, 3, 4), "the message is too big"));
        }
        if let Some(transaction) = self.transaction.as_mut().filter(|transaction| !transaction.to.is_empty())
        {
            transaction.chunks.get_or_insert_with(|| Content::new(most));
        }
        self.phase = Phase::Chunk { left: size, last };
    }

    fn chunk_ended(&mut self, last: bool) -> Option<Step> {
        self.phase = Phase::Command;
        let Some(transaction) = &mut self.transaction else {
            self.out_of_order("name sender and recipients first");
            return None;
        };
        if transaction.chunks.is_none() {
            self.mistake(&Reply::new(554, Enhanced(5, 5, 1), "no recipient was accepted"));
            return None;
        }
        if !last {
            self.reply(&Reply::new(250, Enhanced(2, 0, 0), "go on"));
            return None;
        }
        let content = transaction.chunks.take()?;
        self.message(content)
    }

    fn message(&mut self, content: Content) -> Option<Step> {
        self.phase = Phase::Command;
        let Transaction { from, to, .. } = self.transaction.take()?;
        let count = if self.settings.protocol == Protocol::Lmtp { to.len() } else { 1 };
        let content = match content.finish() {
            Ok(content) => content,
            Err(flaw) => {
                let reply = flaw_reply(flaw);
                (1..count).for_each(|_| self.reply(&reply));
                match flaw {
                    Flaw::TooBig => self.reply(&reply),
                    // Where the client sees the end elsewhere, what follows may be no command.
                    Flaw::BareEnd | Flaw::Nul => self.let_go(reply),
                }
                return None;
            }
        };
        let client_name = self.hello.as_ref().map_or_else(String::new, |hello| hello.name.clone());
        self.phase = Phase::Message;
        Some(Step::Ask(Ask::Message(Box::new(Received { from, to, content, client_name, tls: self.tls }))))
    }

    fn start_tls(&mut self) -> Option<Step> {
        if self.tls {
            self.out_of_order("the connection is encrypted");
            return None;
        }
        if !self.may_start_tls() {
            self.mistake(&Reply::new(502, Enhanced(5, 5, 1), "not offered"));
            return None;
        }
        self.reply(&Reply::new(220, Enhanced(2, 0, 0), "go on"));
        self.hello = None;
        self.transaction = None;
        self.phase = Phase::Handshake;
        Some(Step::StartTls)
    }

    fn has_input(&self) -> bool {
        self.input.len() > self.done
    }

    fn reply(&mut self, reply: &Reply) {
        self.output.extend(reply.bytes());
    }

    fn out_of_order(&mut self, text: &str) {
        self.mistake(&Reply::new(503, Enhanced(5, 5, 1), text));
    }

    fn mistake(&mut self, reply: &Reply) {
        self.errors += 1;
        self.reply(reply);
        if self.errors >= self.settings.mistakes {
            self.let_go(Reply::new(421, Enhanced(4, 7, 0), "too many mistakes"));
        }
    }

    fn let_go(&mut self, reply: Reply) {
        self.reply(&reply);
        self.transaction = None;
        self.input.clear();
        self.done = 0;
        self.phase = Phase::Closed;
    }
}

fn fault_reply(fault: Fault, line: &[u8]) -> Reply {
    let is_of = |verb: &[u8]| line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(verb));
    match fault {
        Fault::Unknown => Reply::new(500, Enhanced(5, 5, 2), "no such command"),
        Fault::NotImplemented => Reply::new(502, Enhanced(5, 5, 1), "not carried out here"),
        Fault::Arguments => Reply::new(501, Enhanced(5, 5, 4), "the arguments cannot be read"),
        Fault::Parameter => Reply::new(555, Enhanced(5, 5, 4), "a parameter is not known, or is there twice"),
        Fault::Address if is_of(b"RCPT") => Reply::new(501, Enhanced(5, 1, 3), "this is no address"),
        Fault::Address => Reply::new(501, Enhanced(5, 1, 7), "this is no address"),
        Fault::NotAscii if is_of(b"MAIL") || is_of(b"RCPT") => {
            Reply::new(553, Enhanced(5, 6, 7), "an address beyond ASCII wants SMTPUTF8")
        }
        Fault::NotAscii => Reply::new(500, Enhanced(5, 5, 2), "commands are ASCII"),
    }
}

fn flaw_reply(flaw: Flaw) -> Reply {
    match flaw {
        Flaw::BareEnd => {
            Reply::new(550, Enhanced(5, 6, 0), "the message has a carriage return or line feed on its own")
        }
        Flaw::Nul => Reply::new(550, Enhanced(5, 6, 0), "the message has a NUL"),
        Flaw::TooBig => Reply::new(552, Enhanced(5, 3, 4), "the message is too big"),
    }
}
