//! One integration binary, a module for each room.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by failing"
)]

mod architecture;
mod base;
mod cli;
mod corpus;
mod documentation;
mod examples;
mod fuzzing;
mod language;
mod mailboxes;
mod message;
mod message_text;
mod plan;
mod policy;
mod relay;
mod schema;
mod stdlib;
mod tools;
