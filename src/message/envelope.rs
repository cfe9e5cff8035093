//! The envelope and the session a message came in: who sent it to whom, and over which connection.
//!
//! Plain data, handed in beside the message. Both are known before a byte of the message is read (RFC 5321, 3.3); a
//! message from a file has no session, and its envelope is made from its header section. Nothing here can fail.

use super::Message;
use crate::base::address::Address;
use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

/// A recipient of the envelope (RFC 5321, RCPT TO).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The address as it compares.
    pub address: Address,
    /// The address as it was given.
    pub text: Arc<str>,
}

/// Who a message is from and who it is for, as the SMTP session said (RFC 5321, MAIL FROM and RCPT TO).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// The sender; `None` is the null sender `<>`.
    pub sender: Option<Address>,
    /// The sender as it was given, without angle brackets; empty for `<>`.
    pub sender_text: Arc<str>,
    /// The recipients, in the order they were given.
    pub recipients: Vec<Recipient>,
}

impl Recipient {
    /// A recipient as given; `None` for what is no address.
    pub fn parse(text: &str) -> Option<Recipient> {
        Some(Recipient { address: Address::parse(text)?, text: bare(text).into() })
    }
}

impl Envelope {
    /// The envelope of a message that came without one: the first mailbox of From is the sender; To, Cc and Bcc are the
    /// recipients, each once. What is no address is left out.
    pub fn from_headers(message: &Message) -> Envelope {
        let mut envelope = Envelope::default();
        if let Some(from) = message.from().iter().find(|mailbox| Address::parse(&mailbox.address).is_some()) {
            envelope = envelope.with_sender(&from.address);
        }
        let mut seen = HashSet::new();
        for mailbox in message.to().iter().chain(message.cc()).chain(message.bcc()) {
            let recipient = Recipient::parse(&mailbox.address);
            envelope.recipients.extend(recipient.filter(|recipient| seen.insert(recipient.address.clone())));
        }
        envelope
    }

    /// With a sender from elsewhere, such as a Return-Path or the `From ` line of a mailbox; `<>` and what is empty is
    /// the null sender, and what is no address changes nothing.
    pub fn with_sender(mut self, text: &str) -> Envelope {
        let text = bare(text);
        match Address::parse(text) {
            Some(address) => {
                self.sender = Some(address);
                self.sender_text = text.into();
            }
            None if text.is_empty() => {
                self.sender = None;
                self.sender_text = "".into();
            }
            None => {}
        }
        self
    }

    /// Adds a recipient that is not there yet; says whether it is an address.
    pub fn add_recipient(&mut self, text: &str) -> bool {
        let Some(recipient) = Recipient::parse(text) else { return false };
        if self.recipients.iter().all(|known| known.address != recipient.address) {
            self.recipients.push(recipient);
        }
        true
    }
}

/// A text without blanks and angle brackets around it.
fn bare(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('<').and_then(|text| text.strip_suffix('>')).unwrap_or(text).trim()
}

/// The connection a message came over. A message from a file has [`Session::default`]: no client at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Session {
    /// The address of the client; `None` where there is no session.
    pub client_ip: Option<IpAddr>,
    /// The host name of the client's address, where the name leads back to the address.
    pub client_name: Option<Arc<str>>,
    /// What the client called itself (RFC 5321, EHLO).
    pub client_helo: Option<Arc<str>>,
    /// The user the client authenticated as (RFC 4954).
    pub client_user: Option<Arc<str>>,
    /// Whether the connection is encrypted (RFC 3207).
    pub client_tls: bool,
    /// The client is one of the site's own, as whoever took the message knows beside its address and user.
    pub client_inside: bool,
}

impl Session {
    /// Whether there was a session: a client with an address or a user.
    pub fn is_present(&self) -> bool {
        self.client_ip.is_some() || self.client_user.is_some()
    }
}
