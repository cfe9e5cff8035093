//! Mail between servers: what is received, judged, kept until it is delivered, and sent on.
//!
//! [`smtp`] speaks the protocol; [`intake`] judges what comes in, [`store`] keeps it, [`route`] and [`deliver`] say where it
//! goes and what becomes of it. [`runtime`] has the sockets, threads and clock for all that; who runs it writes a [`config`].

pub mod config;
pub mod deliver;
pub mod intake;
pub mod operate;
pub mod route;
pub mod runtime;
pub mod smtp;
pub mod store;
