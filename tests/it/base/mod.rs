//! The base room: tables of addresses, domains, networks and texts.

mod addresses;
mod tables;
