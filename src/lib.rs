//! mailfw, an e-mail firewall: policies written in mfp, checked, tested, explained and enforced.
//!
//! The way of a message through the house is the way of the reading. Bytes become a [`message`]; it is judged by
//! the [`plan`] that [`language`] compiled; [`policy`] turns the judgement into a decision with its record and
//! carries out on the text what the decision says; [`tools`] shows it and [`cli`] is how people ask for it.
//!
//! A room imports only rooms above it in this list; a test reads every `use crate::` line against it:
//!
//! 1. [`base`]: sources, spans, diagnostics as data, limits, the clock.
//! 2. [`language`]: text to a typed policy set. No file, network, clock or environment: sources are handed in.
//! 3. [`message`]: bytes to a message, normalised surfaces, attachments, edits. Knows nothing of policies.
//! 4. [`plan`]: a typed policy set lowered to one graph of questions, and the reference interpreter over it.
//! 5. [`lookup`]: what only the outside knows: name servers.
//! 6. [`policy`]: directory lookup, candidates, combination, decision record, tests in the language, dry runs.
//! 7. [`relay`]: mail between servers: what is received, judged, kept and sent on.
//! 8. [`tools`]: rendering of diagnostics and records for people and machines.
//! 9. [`cli`]: one thin file a command; the only room that knows clap.
//!
//! What must never be: a room importing a room below it; an abstract syntax tree with errors reaching lowering
//! (only [`language`] can make a typed set, and only without errors); a message lost or let through because
//! something in it could not be read (that is a fact with a safe default, see [`message`] and [`policy`]).

pub mod base;
pub mod cli;
pub mod language;
pub mod lookup;
pub mod message;
pub mod plan;
pub mod policy;
pub mod relay;
pub mod tools;
