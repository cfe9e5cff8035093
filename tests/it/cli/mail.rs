//! Mailboxes for the tests of commands.

use super::{HELLO, SECRET};

/// An mbox of the two messages, so many times over.
pub fn mbox(times: usize) -> String {
    let one = |message: &str| format!("From anna@acme.example Mon Nov 23 10:00:00 2026\n{message}\n");
    format!("{}{}", one(SECRET), one(HELLO)).repeat(times)
}
