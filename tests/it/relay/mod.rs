//! The relay.

mod commands;
mod config;
mod dialogue;
mod store;
mod surroundings;
