//! Mail between servers: what is received, judged, kept until it is delivered, and sent on.
//!
//! [`smtp`] speaks the protocol; [`intake`] judges what comes in, [`store`] keeps it, [`route`] and [`deliver`] say where it
//! goes and what becomes of it. Who runs it all writes a [`config`].

pub mod config;
pub mod deliver;
pub mod intake;
pub mod route;
pub mod smtp;
pub mod store;
