//! When a delivery is tried again (RFC 5321, 4.5.4.1).

use crate::relay::config::retry::Retry;
use crate::relay::config::route::Route;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// The times of an attempt and the next, and when it is given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The time from the first attempt to the second, from that to the third, and so on; the last one repeats.
    pub delays: Vec<SignedDuration>,
    /// From its arrival on; then it is returned.
    pub give_up_after: SignedDuration,
    /// From its arrival on the sender is told once that it is late; `None`: never.
    pub tell_after: Option<SignedDuration>,
    /// By how many hundredths of it a delay is moved at most, either way.
    pub jitter: i128,
}

impl Default for Schedule {
    /// Soon at first, later each hour, for five days; the sender hears of it after four hours.
    fn default() -> Schedule {
        let minutes = [2, 5, 10, 20, 40, 60];
        Schedule {
            delays: minutes.into_iter().map(SignedDuration::from_mins).collect(),
            give_up_after: SignedDuration::from_hours(5 * 24),
            tell_after: Some(SignedDuration::from_hours(4)),
            jitter: 12,
        }
    }
}

impl Schedule {
    /// The schedule of a configuration; a route may have times of its own.
    pub fn of(retry: &Retry, route: Option<&Route>) -> Schedule {
        let delays = route.and_then(|route| route.schedule.as_ref()).unwrap_or(&retry.schedule);
        let give_up_after = route.and_then(|route| route.expire).unwrap_or(retry.expire);
        Schedule {
            delays: delays.iter().copied().map(signed).collect(),
            give_up_after: signed(give_up_after),
            tell_after: retry.warn_after.duration().map(signed),
            jitter: i128::from(retry.jitter.get()),
        }
    }

    /// When the next attempt is due after so many, this one included. `chance` (any number) moves it, so that
    /// what failed together does not come back together.
    pub fn next(&self, attempts: u32, now: Timestamp, chance: u32) -> Timestamp {
        let at = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        let delay = self.delays.get(at).or(self.delays.last());
        let milliseconds = delay.map_or(60_000, |delay| delay.as_millis().clamp(1_000, 1_000_000_000_000));
        let spread = milliseconds * self.jitter * 2 / 100;
        let moved = milliseconds - spread / 2 + spread * i128::from(chance) / i128::from(u32::MAX);
        let moved = SignedDuration::from_millis(i64::try_from(moved).unwrap_or(i64::MAX));
        now.saturating_add(moved).unwrap_or(now)
    }

    /// Whether what arrived then is given up now.
    pub fn is_over(&self, received: Timestamp, now: Timestamp) -> bool {
        now.duration_since(received) >= self.give_up_after
    }

    /// Whether the sender of what arrived then is to be told now that it is late.
    pub fn is_late(&self, received: Timestamp, now: Timestamp) -> bool {
        self.tell_after.is_some_and(|after| now.duration_since(received) >= after)
    }
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}
