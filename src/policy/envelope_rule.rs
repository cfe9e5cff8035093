//! Who a message in a mailbox was from and for: rules that make an envelope where no session told one.
//!
//! A mailbox keeps the header section and, if one is lucky, traces of the envelope: `Return-Path` and the `From ` line
//! of an mbox, `Delivered-To` and `X-Original-To`. Headers are written by the sender and may lie, so the rule can be
//! chosen, and fixed values given. Nothing here fails: a message that names no recipient is judged for a stand-in.

use super::test_message::{each_once, header_recipients};
use crate::base::address::Address;
use crate::language::hir::Site;
use crate::message::envelope::{Envelope, Recipient, Session};
use crate::message::mailbox::FromLine;
use crate::message::{Header, Message};

/// Fields in which delivering systems wrote the envelope recipient.
const DELIVERED: [&str; 4] = ["Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To"];

/// Where the sender comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SenderRule {
    /// `Return-Path`, else the `From ` line of the mailbox, else the first From.
    #[default]
    Traces,
    /// The first From.
    Headers,
    /// Always this one; `None` is `<>`.
    Fixed(Option<Address>),
}

/// Where the recipients come from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RecipientRule {
    /// To, Cc and Bcc; where they name nobody, `Delivered-To` and its like.
    #[default]
    Headers,
    /// `Delivered-To` and its like; where there is none, To, Cc and Bcc.
    Traces,
    /// Always these.
    Fixed(Vec<Address>),
}

/// How envelopes are made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EnvelopeRule {
    /// Of the sender.
    pub sender: SenderRule,
    /// Of the recipients.
    pub recipients: RecipientRule,
}

/// A rule that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no envelope rule, or one too many: write either `headers` or `traces`, `from=ADDRESS` (or `from=<>`) and `to=ADDRESS`, parted by commas"
)]
pub struct BadEnvelopeRule(pub String);

impl EnvelopeRule {
    /// Reads `headers`, `traces`, `from=a@b.example`, `from=<>`, `to=c@d.example`, parted by commas; several `to` add up.
    pub fn parse(text: &str) -> Result<EnvelopeRule, BadEnvelopeRule> {
        let mut rule = EnvelopeRule::default();
        let mut fixed = Vec::new();
        let mut general = None;
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let bad = || BadEnvelopeRule(word.to_string());
            // Of two general rules one would be passed over.
            if !word.contains('=') && general.replace(word).is_some() {
                return Err(bad());
            }
            match word.split_once('=') {
                Some(("from", "<>")) => rule.sender = SenderRule::Fixed(None),
                Some(("from", address)) => {
                    rule.sender = SenderRule::Fixed(Some(Address::parse(address).ok_or_else(bad)?));
                }
                Some(("to", address)) => fixed.push(Address::parse(address).ok_or_else(bad)?),
                None if word == "headers" => {
                    rule = EnvelopeRule { sender: SenderRule::Headers, recipients: RecipientRule::Headers };
                }
                None if word == "traces" => {
                    rule = EnvelopeRule { sender: SenderRule::Traces, recipients: RecipientRule::Traces };
                }
                _ => return Err(bad()),
            }
        }
        if !fixed.is_empty() {
            rule.recipients = RecipientRule::Fixed(fixed);
        }
        Ok(rule)
    }

    /// The envelope of a message, and what of its recipients the message does not say. Where it names nobody, the site's
    /// postmaster (or `nobody@mailbox.invalid`) stands in.
    pub fn envelope(&self, message: &Message, hint: Option<&FromLine>, site: &Site) -> (Envelope, Named) {
        let sender = match &self.sender {
            SenderRule::Fixed(sender) => sender.clone(),
            SenderRule::Headers => header_sender(message),
            SenderRule::Traces => traced_sender(message, hint),
        };
        let mut recipients = match &self.recipients {
            RecipientRule::Fixed(addresses) => addresses.iter().map(recipient).collect(),
            RecipientRule::Headers => or_else(header_recipients(message), || delivered(message)),
            RecipientRule::Traces => or_else(delivered(message), || header_recipients(message)),
        };
        let stand_in = recipients.is_empty();
        let too_many = recipients.len() > RECIPIENTS;
        recipients.truncate(RECIPIENTS);
        let recipients = or_else(recipients, || vec![stand_in_recipient(site)]);
        let sender_text = sender.as_ref().map_or_else(String::new, ToString::to_string).into();
        (Envelope { sender, sender_text, recipients }, Named { stand_in, too_many })
    }
}

/// Recipients of one message that are taken from it, as many as mail servers usually take at a time: a message may name
/// tens of thousands, and a record has lines for each.
pub const RECIPIENTS: usize = 1_000;

/// What a message says of its recipients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// Nobody is named, and somebody stands in.
    pub stand_in: bool,
    /// More than [`RECIPIENTS`] are named; the first are taken.
    pub too_many: bool,
}

/// The session that is assumed where a mailbox tells none: that of an authenticated user where the sender is in the
/// site, else of nobody.
pub fn assumed_session(site: &Site, envelope: &Envelope) -> Session {
    let inside = |sender: &&Address| site.domains.iter().any(|pattern| pattern.matches(&sender.domain));
    let user = envelope.sender.as_ref().filter(inside).map(|sender| sender.to_string().into());
    Session { client_user: user, ..Session::default() }
}

fn or_else(first: Vec<Recipient>, other: impl FnOnce() -> Vec<Recipient>) -> Vec<Recipient> {
    if first.is_empty() { other() } else { first }
}

fn header_sender(message: &Message) -> Option<Address> {
    message.from().iter().find_map(|mailbox| Address::parse(&mailbox.address))
}

fn traced_sender(message: &Message, hint: Option<&FromLine>) -> Option<Address> {
    if let Some(path) = message.headers().first("Return-Path").map(Header::value) {
        if path.trim() == "<>" {
            return None;
        }
        if let Some(sender) = Address::parse(path) {
            return Some(sender);
        }
    }
    // A writer that knows no sender puts a name of its own there, which is no address.
    hint.and_then(|hint| Address::parse(&hint.sender)).or_else(|| header_sender(message))
}

fn delivered(message: &Message) -> Vec<Recipient> {
    let fields = DELIVERED.iter().flat_map(|name| message.headers().all(name));
    each_once(
        fields.filter_map(|field| Address::parse(field.value())).map(|address| recipient(&address)).collect(),
    )
}

fn recipient(address: &Address) -> Recipient {
    Recipient { address: address.clone(), text: address.to_string().into() }
}

fn stand_in_recipient(site: &Site) -> Recipient {
    match &site.postmaster {
        Some(postmaster) => recipient(postmaster),
        None => Recipient {
            address: Address { local: "nobody".into(), domain: "mailbox.invalid".into() },
            text: "nobody@mailbox.invalid".into(),
        },
    }
}
