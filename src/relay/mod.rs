//! Mail between servers: what is received, kept until it is delivered, and sent on.
//!
//! So far the receiving side of the protocol ([`smtp`]).

pub mod smtp;
