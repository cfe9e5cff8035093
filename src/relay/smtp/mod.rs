//! The Simple Mail Transfer Protocol (RFC 5321) as state machines that touch no socket and no timer.
//!
//! Bytes go in, bytes and questions come out; whoever owns a machine carries both. So every dialogue can be tested as a
//! text, and cut anywhere it must come to the same.
//!
//! [`server`] receives and [`client`] sends. What an outsider could do harm with is refused here, once and for all. A line
//! ends with CR LF and with nothing else, in commands, replies and messages, so what is one message to us is one to whoever
//! gets it; nothing that came before a TLS handshake is believed after it; with who talks out of turn the session ends.
//! Memory is bounded by the settings and by the sizes of [`line`], [`response`] and [`transfer`].

pub mod client;
pub mod command;
pub mod content;
pub mod delivery;
pub mod line;
pub mod offers;
pub mod reply;
pub mod request;
pub mod response;
pub mod server;
pub mod transaction;
pub mod transfer;
