//! Placeholder.

pub mod mailboxes;
