//! A message of a mailbox as if it had just arrived: its envelope, session, clock and answers, as far as it tells.

use super::assumed::{Assumed, ClientSource};
use super::dry_run::Options;
use super::envelope_rule::{self, Named, SenderRule};
use super::mailboxes::MailItem;
use super::traces::{self, Traces};
use crate::base::limits::MessageLimits;
use crate::language::hir::Site;
use crate::message::Message;
use crate::message::envelope::{Envelope, Session};
use crate::message::mailbox::FromLine;
use crate::plan::Case;
use jiff::Timestamp;

/// A message of a mailbox as if it had just arrived.
pub struct Arrived {
    /// The message.
    pub message: Message,
    envelope: Envelope,
    session: Session,
    received: Timestamp,
    /// What is assumed of the outside.
    pub lookups: Assumed,
    /// What the message says of its recipients.
    pub named: Named,
}

impl Arrived {
    /// Reads a message and makes up its arrival.
    pub fn read(item: MailItem, site: &Site, options: &Options) -> Arrived {
        let message = parse(item.bytes, item.truncated, &options.limits);
        let (envelope, named) = options.envelope.envelope(&message, item.envelope_hint.as_ref(), site);
        let traces = traces::read(&message, &envelope, site, options.trust);
        let received = arrival(&traces, &message, item.envelope_hint.as_ref(), item.modified, options.now);
        // A sender who is given has the session he is assumed to have, not that of whoever sent the message.
        let is_given = matches!(options.envelope.sender, SenderRule::Fixed(_));
        let (session, client) = match traces.session.filter(|_| !is_given) {
            Some(session) => (session, ClientSource::Received),
            None => (envelope_rule::assumed_session(site, &envelope), ClientSource::Assumed),
        };
        let lookups = Assumed::new(options.unanswered, client, traces.results);
        Arrived { message, envelope, session, received, lookups, named }
    }

    /// What is judged.
    pub fn case(&self) -> Case<'_> {
        Case {
            message: &self.message,
            envelope: &self.envelope,
            session: &self.session,
            received: self.received,
            lookups: &self.lookups,
        }
    }
}

/// Reads a message of a mailbox. Of one that was cut at the limit the last byte is not read, so that the limit shows
/// as the fact it is.
pub fn parse(bytes: Vec<u8>, truncated: bool, limits: &MessageLimits) -> Message {
    if !truncated {
        return Message::parse(bytes, limits);
    }
    let message_bytes = limits.message_bytes.min(bytes.len().saturating_sub(1));
    Message::parse(bytes, &MessageLimits { message_bytes, ..limits.clone() })
}

/// When a message arrived: as the server that received it says, else as its author says, else as the mailbox says. What
/// lies before 1970 is no time at which a message arrived.
fn arrival(
    traces: &Traces,
    message: &Message,
    hint: Option<&FromLine>,
    modified: Option<Timestamp>,
    now: Timestamp,
) -> Timestamp {
    let believable = |moment: &Timestamp| *moment > Timestamp::UNIX_EPOCH;
    let of_mailbox = || hint.and_then(|hint| hint.moment());
    let received = traces.arrived.filter(believable);
    let received = received.or_else(|| message.date().filter(believable));
    received.or_else(|| of_mailbox().filter(believable)).or(modified).unwrap_or(now)
}
