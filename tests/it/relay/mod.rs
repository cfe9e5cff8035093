//! The relay.

mod between;
mod commands;
mod config;
mod crash;
mod dialogue;
mod limits;
mod postfix;
mod sending;
mod serving;
mod store;
mod surroundings;
mod world;
