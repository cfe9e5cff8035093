//! What only the outside knows, each with limits and a time-out: so far the hosts that take mail for a domain ([`dns`]).
//!
//! An answer is data from strangers. Who asks gets something typed and bounded, and "not now" is told apart from "not at
//! all".

pub mod dns;
