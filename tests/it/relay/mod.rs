//! The relay.

mod commands;
mod dialogue;
