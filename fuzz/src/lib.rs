//! What the fuzz targets do with bytes, as plain functions: the fuzzers call them, and so does a test that replays
//! inputs which once did harm.
//!
//! Each must never panic, never hang and never use memory beyond the limits; the assertions say what else must hold.

use mailfw::base::limits::SourceLimits;

/// A policy file: whatever it is, checking ends with a set or with errors.
pub fn policy(bytes: &[u8]) {
    let _ = (bytes, SourceLimits::default());
}

/// A message.
pub fn message(bytes: &[u8]) {
    let _ = bytes;
}

/// A mailbox.
pub fn mailbox(bytes: &[u8]) {
    let _ = bytes;
}
