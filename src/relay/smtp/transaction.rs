//! A message on its way to a server: what is said next, and what the replies mean for each recipient.

use super::command::MailFrom;
use super::delivery::{Delivery, Failure, Outcome, Wait, Why};
use super::offers::Offers;
use super::reply::{Enhanced, Reply};
use super::request;
use super::server::Protocol;
use super::transfer::{Mode, Transfer};
use crate::base::address::Address;
use crate::relay::store::{Parameters, Recipient};
use std::sync::Arc;

/// A message that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Who it is from; empty is `<>`.
    pub sender: Arc<str>,
    /// What the sender asked for beside. It is passed on where the server offers it; that the content has bytes beyond
    /// ASCII is seen from the content.
    pub parameters: Parameters,
    /// Who it is for.
    pub recipients: Vec<Recipient>,
    /// Trace fields that are put before the content, each with its CR LF.
    pub prefix: Vec<u8>,
    /// The content.
    pub content: Arc<[u8]>,
    /// It may leave over an encrypted connection only.
    pub require_tls: bool,
}

/// What was sent and has no reply yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Awaited {
    Greeting,
    Hello {
        extended: bool,
    },
    StartTls,
    Mail,
    /// Of the recipient at this place.
    Rcpt(usize),
    Data,
    /// Of the recipient at this place, or of all.
    End(Option<usize>),
    Reset,
    Quit,
}

impl Awaited {
    pub(super) fn wait(self) -> Wait {
        match self {
            Awaited::Greeting => Wait::Greeting,
            Awaited::Hello { .. } => Wait::Hello,
            Awaited::StartTls => Wait::StartTls,
            Awaited::Mail => Wait::Mail,
            Awaited::Rcpt(_) => Wait::Rcpt,
            Awaited::Data => Wait::DataStart,
            Awaited::End(_) => Wait::DataEnd,
            Awaited::Reset => Wait::Reset,
            Awaited::Quit => Wait::Quit,
        }
    }

    /// Whether a reply can be an answer at all, be it a refusal.
    pub(super) fn takes(self, code: u16) -> bool {
        code >= 400
            || match self {
                Awaited::Data => code == 354,
                Awaited::StartTls => code == 220,
                _ => code < 300,
            }
    }
}

/// What is done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// A reply is waited for.
    Wait,
    /// A line is sent, without its end here.
    Say(String, Awaited),
    /// A chunk is announced by this line, and follows.
    Chunk(String),
    /// All is said and answered.
    Finish,
}

/// What the reply to DATA leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterData {
    /// The content is sent.
    Content,
    /// An empty content is sent: there is no recipient (RFC 2920, 3.1).
    Nothing,
    /// The connection is closed, so that nobody gets what is not for them.
    Abort,
    /// It was refused.
    Finish,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Slot {
    /// To be named by this line.
    Open(String),
    /// Named.
    Named,
    /// The server takes mail for it.
    Taken,
    Done(Outcome),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Mail,
    /// MAIL is said.
    Recipients,
    /// DATA is said, or the content begun.
    Content,
}

/// A message that is being sent.
#[derive(Debug, Clone)]
pub(super) struct Running {
    from: MailFrom,
    slots: Vec<Slot>,
    /// The first recipient that was not named yet.
    next: usize,
    stage: Stage,
    /// MAIL was refused.
    refused: bool,
    transfer: Transfer,
    mode: Mode,
    protocol: Protocol,
    /// BDAT was refused as if it was not known.
    chunks_unknown: bool,
    dsn: bool,
}

impl Running {
    /// Looks whether a message can be sent there; what it comes to where it cannot.
    pub(super) fn begin(
        transaction: Transaction,
        offers: &Offers,
        protocol: Protocol,
    ) -> Result<Running, Box<Delivery>> {
        let Transaction { sender, parameters, recipients, prefix, content, .. } = transaction;
        let all = |failure: Failure| {
            let recipients = recipients.iter().map(|_| Outcome::Failed(failure.clone()));
            Box::new(Delivery { recipients: recipients.collect(), dsn: false })
        };
        let transfer = Transfer::new(prefix, content).map_err(|_| {
            all(own(Enhanced(5, 6, 0), Why::Unsendable, "the message has a CR or LF on its own, or a NUL"))
        })?;
        check(&transfer, &sender, &parameters, offers).map_err(all)?;
        let slots = recipients.iter().map(|recipient| open(recipient, offers).unwrap_or_else(failed));
        let slots: Vec<Slot> = slots.collect();
        let beyond_ascii = !sender.is_ascii() || recipients.iter().any(|one| !one.address.is_ascii());
        let from = MailFrom {
            sender: Address::parse(&sender),
            text: sender,
            size: offers.size.map(|_| transfer.size()),
            eight_bit: offers.eight_bit && (parameters.eight_bit || transfer.is_eight_bit()),
            utf8: offers.utf8 && (parameters.utf8 || beyond_ascii),
            returns: parameters.returns.filter(|_| offers.dsn),
            envelope_id: parameters.envelope_id.filter(|_| offers.dsn),
            priority: parameters.priority.filter(|_| offers.priority),
        };
        if request::mail(&from).is_none() {
            return Err(all(own(Enhanced(5, 1, 7), Why::Unsendable, "the sender cannot be written")));
        }
        let mode = if offers.chunking { Mode::Chunk } else { Mode::Data };
        let running = Running {
            from,
            slots,
            next: 0,
            stage: Stage::Mail,
            refused: false,
            transfer,
            mode,
            protocol,
            chunks_unknown: false,
            dsn: offers.dsn,
        };
        if running.slots.iter().any(|slot| matches!(slot, Slot::Open(_))) {
            Ok(running)
        } else {
            Err(running.ended())
        }
    }

    /// What is done next, where so many replies are still due.
    pub(super) fn next(&mut self, unanswered: usize, pipelining: bool) -> Next {
        match self.stage {
            Stage::Mail => {
                self.stage = Stage::Recipients;
                match request::mail(&self.from) {
                    Some(line) => Next::Say(line, Awaited::Mail),
                    None => Next::Finish,
                }
            }
            Stage::Recipients if !self.refused => self.next_in_envelope(unanswered, pipelining),
            Stage::Recipients | Stage::Content if unanswered > 0 => Next::Wait,
            Stage::Recipients | Stage::Content => Next::Finish,
        }
    }

    fn next_in_envelope(&mut self, unanswered: usize, pipelining: bool) -> Next {
        while let Some(slot) = self.slots.get_mut(self.next) {
            let at = self.next;
            self.next += 1;
            if matches!(slot, Slot::Open(_))
                && let Slot::Open(line) = std::mem::replace(slot, Slot::Named)
            {
                return Next::Say(line, Awaited::Rcpt(at));
            }
        }
        // A chunk goes with its command, and a server that has no recipient might take it for commands: so it waits until
        // there is one. DATA waits for nothing where the server reads ahead.
        if unanswered == 0 && self.taken().next().is_none() {
            return Next::Finish;
        }
        match self.mode {
            Mode::Data if pipelining || unanswered == 0 => {
                self.stage = Stage::Content;
                Next::Say("DATA".to_string(), Awaited::Data)
            }
            Mode::Chunk if unanswered == 0 => {
                self.stage = Stage::Content;
                Next::Chunk(format!("BDAT {} LAST", self.transfer.size()))
            }
            _ => Next::Wait,
        }
    }

    pub(super) fn answer_mail(&mut self, reply: &Arc<Reply>) {
        let outcome = Outcome::of(reply, Wait::Mail);
        if !outcome.is_accepted() {
            self.refused = true;
            self.settle(&outcome);
        }
    }

    pub(super) fn answer_rcpt(&mut self, at: usize, reply: &Arc<Reply>) {
        // Where MAIL was refused, its reply holds.
        if self.slots.get(at) != Some(&Slot::Named) {
            return;
        }
        let is_too_many = matches!(reply.code, 452 | 552)
            && reply.enhanced.is_none_or(|Enhanced(_, subject, detail)| (subject, detail) == (5, 3))
            && self.taken().next().is_some();
        self.set(
            at,
            match Outcome::of(reply, Wait::Rcpt) {
                Outcome::Accepted(_) => Slot::Taken,
                Outcome::Delay(failure) if is_too_many => {
                    let status = Enhanced(4, 5, 3);
                    Slot::Done(Outcome::Delay(Failure { why: Why::TooManyRecipients, status, ..failure }))
                }
                outcome => Slot::Done(outcome),
            },
        );
    }

    pub(super) fn answer_data(&mut self, reply: &Arc<Reply>) -> AfterData {
        if reply.code >= 400 {
            self.settle(&Outcome::of(reply, Wait::DataStart));
            return AfterData::Finish;
        }
        match (self.taken().next().is_some(), self.protocol) {
            (true, _) => AfterData::Content,
            // Which replies would follow an empty message nobody says of LMTP, and an empty message must not go to whom the
            // server may have taken.
            (false, Protocol::Smtp) if !self.refused => AfterData::Nothing,
            (false, _) => AfterData::Abort,
        }
    }

    /// A reply to the end of the content, of one recipient or of all.
    pub(super) fn answer_end(&mut self, at: Option<usize>, reply: &Arc<Reply>) {
        let mut outcome = Outcome::of(reply, Wait::DataEnd);
        if self.mode == Mode::Chunk && (500..=504).contains(&reply.code) {
            // This is said of the command and not of the message.
            self.chunks_unknown = true;
            outcome = Outcome::Delay(Failure::said(reply, Why::Chunking, Wait::DataEnd).passing());
        }
        match at {
            Some(at) => self.set(at, Slot::Done(outcome)),
            None => self.settle(&outcome),
        }
    }

    /// A refusal that came before all of the content was sent.
    pub(super) fn answer_early(&mut self, reply: &Arc<Reply>) {
        let outcome = Outcome::of(reply, Wait::Content);
        let first = self.taken().next();
        match (self.protocol, first) {
            (Protocol::Lmtp, Some(first)) => self.set(first, Slot::Done(outcome)),
            _ => self.settle(&outcome),
        }
    }

    /// Whether the server has refused BDAT as if it was not known. What it has made of the content cannot be told.
    pub(super) fn chunks_unknown(&self) -> bool {
        self.chunks_unknown
    }

    /// The next piece of the content; once all is out, the replies that are due.
    pub(super) fn piece(&mut self) -> (Vec<u8>, Option<Vec<Awaited>>) {
        let piece = self.transfer.piece(self.mode);
        let due = self.transfer.is_done().then(|| match self.protocol {
            Protocol::Smtp => vec![Awaited::End(None)],
            Protocol::Lmtp => self.taken().map(|at| Awaited::End(Some(at))).collect(),
        });
        (piece, due)
    }

    /// What it came to where the connection has ended.
    pub(super) fn lost(mut self, failure: &Failure) -> Box<Delivery> {
        self.settle(&Outcome::Delay(failure.clone().passing()));
        self.ended()
    }

    /// What it came to.
    pub(super) fn ended(self) -> Box<Delivery> {
        let is_taken = |slot: &Slot| matches!(slot, Slot::Done(outcome) if outcome.is_accepted());
        let some_taken = self.slots.iter().any(is_taken);
        let recipients = self.slots.into_iter().map(|slot| match slot {
            // With LMTP one may have it by a chunk: sent to all once more without chunks, they would have it twice.
            Slot::Done(Outcome::Delay(failure)) if some_taken && failure.why == Why::Chunking => {
                Outcome::Delay(Failure { why: Why::Refused, ..failure })
            }
            Slot::Done(outcome) => outcome,
            Slot::Open(_) | Slot::Named | Slot::Taken => {
                let words = "the server was not asked to the end";
                Outcome::Delay(Failure::found(Enhanced(4, 5, 0), Why::Nonsense, Wait::Nothing, words))
            }
        });
        Box::new(Delivery { recipients: recipients.collect(), dsn: self.dsn })
    }

    fn taken(&self) -> impl Iterator<Item = usize> {
        (0..).zip(&self.slots).filter(|(_, slot)| **slot == Slot::Taken).map(|(at, _)| at)
    }

    /// Whoever is not decided yet gets this.
    fn settle(&mut self, outcome: &Outcome) {
        for slot in &mut self.slots {
            if !matches!(slot, Slot::Done(_)) {
                *slot = Slot::Done(outcome.clone());
            }
        }
    }

    fn set(&mut self, at: usize, slot: Slot) {
        if let Some(place) = self.slots.get_mut(at) {
            *place = slot;
        }
    }
}

/// What of a message the server does not take, before anything is said of it.
fn check(transfer: &Transfer, sender: &str, parameters: &Parameters, offers: &Offers) -> Result<(), Failure> {
    let most = offers.size.filter(|most| *most > 0);
    if most.is_some_and(|most| transfer.size() > most) {
        return Err(own(Enhanced(5, 3, 4), Why::TooBig, "the message is larger than the server takes"));
    }
    if !offers.utf8 && !sender.is_ascii() {
        return Err(no_utf8(Enhanced(5, 6, 7)));
    }
    // Without the flag, bytes beyond ASCII in the header section are what old programs write, and no UTF-8 that counts.
    if !offers.utf8 && parameters.utf8 && transfer.has_eight_bit_header() {
        return Err(no_utf8(Enhanced(5, 6, 9)));
    }
    if !offers.eight_bit && transfer.is_eight_bit() {
        return Err(own(
            Enhanced(5, 6, 3),
            Why::SevenBit,
            "the server takes seven bits and the message has eight",
        ));
    }
    Ok(())
}

/// A recipient as it is named there.
fn open(recipient: &Recipient, offers: &Offers) -> Result<Slot, Failure> {
    if !recipient.address.is_ascii() && !offers.utf8 {
        return Err(no_utf8(Enhanced(5, 6, 7)));
    }
    let (notify, original) = match offers.dsn {
        true => (recipient.notify, recipient.original.as_deref()),
        false => (None, None),
    };
    request::rcpt(&recipient.address, notify, original)
        .map(Slot::Open)
        .ok_or_else(|| own(Enhanced(5, 1, 3), Why::Unsendable, "the recipient cannot be written"))
}

fn failed(failure: Failure) -> Slot {
    Slot::Done(Outcome::Failed(failure))
}

fn no_utf8(status: Enhanced) -> Failure {
    own(status, Why::Utf8, "the server takes no addresses and header fields beyond ASCII")
}

/// A failure that is found before anything is said.
fn own(status: Enhanced, why: Why, words: &str) -> Failure {
    Failure::found(status, why, Wait::Nothing, words)
}
