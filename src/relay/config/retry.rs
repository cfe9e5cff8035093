//! When mail that could not be delivered is tried again, and when it is given up.

use super::codes;
use super::declare::section;
use super::quantity::{After, Percent, words};
use super::reader::{Reader, Table};
use super::route::Route;
use crate::base::diagnostic::Diagnostic;
use crate::base::source::Span;
use std::time::Duration;

section! {
    /// When mail that could not be delivered for now is tried again, and when it is given up.
    pub struct Retry in "retry" {
        /// How long to wait after the first failure, after the second, and so on. The last stands for all that follow.
        schedule: Vec<Duration> = "[\"5m\", \"10m\", \"20m\", \"40m\", \"1h\", \"2h\", \"4h\"]";
        /// After how long mail is given up and returned (RFC 5321, 4.5.4.1 asks for four to five days).
        expire: Duration = "\"5d\"";
        /// After how long the sender is told that the mail is late (RFC 3461, 4.1: where the sender wants to be).
        warn_after: After = "\"4h\"";
        /// By how much a wait is longer or shorter than it should be, by chance, so that what failed together does not come
        /// together again.
        jitter: Percent = "\"10%\"";
    }
}

impl Retry {
    /// How long to wait after so many failures; `failures` counts from 1. Without the jitter.
    pub fn wait_after(&self, failures: u32) -> Duration {
        let index = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX);
        // A schedule is never empty.
        self.schedule.get(index).or(self.schedule.last()).copied().unwrap_or(Duration::from_secs(3600))
    }

    /// The same with what a route says otherwise.
    pub fn of_route(&self, route: &Route) -> Retry {
        Retry {
            schedule: route.schedule.clone().unwrap_or_else(|| self.schedule.clone()),
            expire: route.expire.unwrap_or(self.expire),
            ..self.clone()
        }
    }

    /// Sees that the keys go together.
    pub(super) fn check(&self, table: &Table<'_>, reader: &mut Reader) {
        if self.schedule.is_empty() {
            let message = "mail that fails would never be tried again";
            reader.push(
                Diagnostic::error(codes::MISSING, table.at("schedule"), message)
                    .help("write how long to wait: `schedule = [\"5m\", \"1h\"]`, or leave it out"),
            );
        }
        if let Some(warn_after) = self.warn_after.duration().filter(|after| *after >= self.expire) {
            let message = format!("nobody is told after {}: mail is given up before", words(warn_after));
            reader.push(
                Diagnostic::warning(codes::UNUSED, table.at("warn_after"), message)
                    .also(table.at("expire"), format!("given up after {}", words(self.expire)))
                    .help("make `warn_after` shorter than `expire`, or write `warn_after = \"never\"`"),
            );
        }
        self.check_schedule(table.at("schedule"), table.at("expire"), reader);
    }

    /// Sees that there is a second attempt before mail is given up.
    pub(super) fn check_schedule(&self, schedule: Span, expire: Span, reader: &mut Reader) {
        let Some(first) = self.schedule.first().filter(|first| **first >= self.expire) else { return };
        let message =
            format!("mail is given up after {}, before it is tried a second time", words(self.expire));
        reader.push(
            Diagnostic::error(codes::CONTRADICTION, expire, message)
                .also(schedule, format!("the second attempt comes after {}", words(*first)))
                .help("make `expire` longer than the first wait of the schedule"),
        );
    }
}
