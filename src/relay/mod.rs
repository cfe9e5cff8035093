//! Mail between servers: what is received, kept until it is delivered, and sent on.
//!
//! So far the receiving side of the protocol ([`smtp`]) and what a store promises ([`store`]).

pub mod config;
pub mod route;
pub mod smtp;
pub mod store;
