//! The relay.

mod between;
mod commands;
mod config;
mod dialogue;
mod sending;
mod store;
mod surroundings;
