//! How long a client is waited for, by what its session has come to.
//!
//! A command is waited for from the last reply on, whatever drips in meanwhile; a message has a bound on its silence and one
//! on all of it. A session that has lasted long enough ends between messages.

use crate::relay::config::listen::Listener;
use std::time::{Duration, Instant};

/// Since when.
#[derive(Debug)]
pub(super) struct Patience {
    begun: Instant,
    replied: Instant,
    message: Option<Instant>,
}

impl Patience {
    /// For a session that begins now.
    pub(super) fn new(now: Instant) -> Patience {
        Patience { begun: now, replied: now, message: None }
    }

    /// The client was told something.
    pub(super) fn replied(&mut self, now: Instant) {
        self.replied = now;
    }

    /// How long to wait for what comes next, and what is said when nothing has come.
    pub(super) fn wait(
        &mut self,
        limits: &Listener,
        in_message: bool,
        now: Instant,
    ) -> (Duration, &'static str) {
        let silence = "nothing came for too long";
        let left = |since: Instant, most: Duration| most.saturating_sub(now.saturating_duration_since(since));
        let (usual, whole, words) = if in_message {
            let since = *self.message.get_or_insert(now);
            (limits.data_timeout, left(since, limits.message_timeout), "the message took too long to come in")
        } else {
            self.message = None;
            let words = "this connection has lasted long enough; connect again";
            (left(self.replied, limits.command_timeout), left(self.begun, limits.session_timeout), words)
        };
        if usual <= whole { (usual, silence) } else { (whole, words) }
    }
}
