//! When a delivery is tried again (RFC 5321, 4.5.4.1), by the times of a configuration.

use crate::relay::config::retry::Retry;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// When the next attempt is due after so many, this one included. `chance` (any number) moves it, so that what failed together
/// does not come back together.
pub fn next(retry: &Retry, attempts: u32, now: Timestamp, chance: u32) -> Timestamp {
    let milliseconds = i128::try_from(retry.wait_after(attempts).as_millis()).unwrap_or(i128::MAX);
    let milliseconds = milliseconds.clamp(1_000, 1_000_000_000_000);
    let spread = milliseconds * i128::from(retry.jitter.get()) * 2 / 100;
    let moved = milliseconds - spread / 2 + spread * i128::from(chance) / i128::from(u32::MAX);
    let moved = SignedDuration::from_millis(i64::try_from(moved).unwrap_or(i64::MAX));
    now.saturating_add(moved).unwrap_or(now)
}

/// Whether what arrived then is given up now.
pub fn is_over(retry: &Retry, received: Timestamp, now: Timestamp) -> bool {
    waited(received, now) >= retry.expire
}

/// Whether the sender of what arrived then is to be told now that it is late.
pub fn is_late(retry: &Retry, received: Timestamp, now: Timestamp) -> bool {
    retry.warn_after.duration().is_some_and(|after| waited(received, now) >= after)
}

/// What arrived in the future, as the clock has it now, has not waited.
fn waited(received: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(received)).unwrap_or_default()
}
