//! What became of a message that was sent, for each recipient.

use super::reply::{Enhanced, Reply};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What became of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Of each recipient, in the order in which they were given.
    pub recipients: Vec<Outcome>,
    /// What the sender wants to hear (RFC 3461) was passed on; else whoever sends is the last who can tell (5.2.2 there).
    pub dsn: bool,
}

/// What became of a message for a recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The server has taken it over, and said so at the end of the message.
    Accepted(Arc<Reply>),
    /// Not now: it is to be tried again.
    Delay(Failure),
    /// It will never be taken as it is.
    Failed(Failure),
}

/// Why a server did not take over a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The status code that the server said, or the one that fits. What is delayed has class 4, what failed class 5; of a
    /// connection, the class that the server says of itself.
    pub status: Enhanced,
    /// The kind of it.
    pub why: Why,
    /// What was waited for.
    pub stage: Wait,
    /// What the server said, where it has spoken.
    pub response: Option<Arc<Reply>>,
    /// In words: the server's, else our own.
    pub words: String,
}

/// Kinds of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// The server refuses.
    Refused,
    /// The server has taken others and wants this recipient in a transaction of its own (RFC 5321, 4.5.3.1.10), which may
    /// follow at once.
    TooManyRecipients,
    /// The connection has ended: it was lost, or silent for too long, or the server closes it (421).
    Lost,
    /// The server says what makes no sense there.
    Nonsense,
    /// There must be encryption, and the server does not offer it or refuses.
    NoTls,
    /// The handshake failed. Where encryption is opportunistic, a new connection may be made with
    /// [`super::client::WantTls::Never`].
    Handshake,
    /// The server has offered CHUNKING and does not know BDAT. A new connection may be made without.
    Chunking,
    /// The message is larger than the server takes.
    TooBig,
    /// The content has bytes beyond ASCII, and the server takes seven bits: it may be converted.
    SevenBit,
    /// An address or a header field has characters beyond ASCII, and the server does not take them (RFC 6531).
    Utf8,
    /// An address, a parameter or the content has what must never be sent.
    Unsendable,
}

/// What a client waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wait {
    /// The greeting.
    Greeting,
    /// The reply to EHLO, HELO or LHLO.
    Hello,
    /// The reply to STARTTLS.
    StartTls,
    /// The handshake, which the owner makes.
    Handshake,
    /// The reply to MAIL.
    Mail,
    /// The reply to RCPT.
    Rcpt,
    /// The reply to DATA.
    DataStart,
    /// That the content leaves; no reply is due.
    Content,
    /// The reply to the end of the content.
    DataEnd,
    /// The reply to RSET.
    Reset,
    /// The reply to QUIT.
    Quit,
    /// Nothing: the owner may start a transaction, or the connection is closed.
    Nothing,
}

impl Wait {
    /// How long to wait at least (RFC 5321, 4.5.3.2). For what is not named there: as for a command, but for QUIT, behind
    /// which nothing hangs.
    pub fn patience(self) -> Duration {
        Duration::from_secs(match self {
            Wait::DataStart => 120,
            Wait::Content => 180,
            Wait::DataEnd => 600,
            Wait::Quit => 10,
            _ => 300,
        })
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Wait::Greeting => "the greeting",
            Wait::Hello => "the reply to EHLO",
            Wait::StartTls => "the reply to STARTTLS",
            Wait::Handshake => "the handshake",
            Wait::Mail => "the reply to MAIL",
            Wait::Rcpt => "the reply to RCPT",
            Wait::DataStart => "the reply to DATA",
            Wait::Content => "the message to be sent",
            Wait::DataEnd => "the reply to the message",
            Wait::Reset => "the reply to RSET",
            Wait::Quit => "the reply to QUIT",
            Wait::Nothing => "nothing",
        })
    }
}

impl Failure {
    /// A failure that a server has spoken of.
    pub fn said(response: &Arc<Reply>, why: Why, stage: Wait) -> Failure {
        let class = u8::try_from(response.code / 100).unwrap_or(4);
        let words = response.lines.iter().filter(|line| !line.is_empty()).map(String::as_str);
        let words = words.collect::<Vec<_>>().join(" ");
        Failure {
            status: response.enhanced.unwrap_or(Enhanced(class, 0, 0)),
            why,
            stage,
            response: Some(response.clone()),
            words: if words.is_empty() { "no reason was given".to_string() } else { words },
        }
    }

    /// A failure that we have found.
    pub fn found(status: Enhanced, why: Why, stage: Wait, words: &str) -> Failure {
        Failure { status, why, stage, response: None, words: words.to_string() }
    }

    /// The failure as one that may pass.
    pub fn passing(mut self) -> Failure {
        self.status.0 = 4;
        self
    }
}

/// On one line: the server's reply, or the status and our words.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.response {
            Some(response) => write!(f, "{response}"),
            None => write!(f, "{} {}", self.status, self.words),
        }
    }
}

impl Outcome {
    /// What a reply says of a message, where a 2xx takes it.
    pub(super) fn of(reply: &Arc<Reply>, stage: Wait) -> Outcome {
        match (reply.code, stage) {
            (200..=299, _) => Outcome::Accepted(reply.clone()),
            // Said of a recipient, it is that there are too many (RFC 5321, 4.5.3.1.10).
            (552, Wait::Rcpt) => Outcome::Delay(Failure::said(reply, Why::Refused, stage).passing()),
            (500..=599, _) => Outcome::Failed(Failure::said(reply, Why::Refused, stage)),
            _ => Outcome::Delay(Failure::said(reply, Why::Refused, stage)),
        }
    }

    /// Whether the server has taken it over.
    pub fn is_accepted(&self) -> bool {
        matches!(self, Outcome::Accepted(_))
    }
}
