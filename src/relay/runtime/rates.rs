//! What each client network has brought of late: connections, messages and recipients within a minute.
//!
//! The minute slides: of the minute before this one, as much counts as still lies within the last sixty seconds, taken
//! as evenly spread. What is refused is not counted, so that a client that asks again and again is let in at the rate it
//! is allowed. Cost: one look-up. Memory: [`NETWORKS`] entries at most; where more come, those that brought least are
//! forgotten.

use crate::relay::config::quantity::Ceiling;
use ipnet::IpNet;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Networks that are remembered at most.
const NETWORKS: usize = 50_000;
/// Milliseconds of a minute.
const MINUTE: u64 = 60_000;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    Connections,
    Messages,
    Recipients,
}

/// What all networks have brought.
#[derive(Debug)]
pub(super) struct Rates {
    begun: Instant,
    networks: Mutex<HashMap<IpNet, Brought>>,
}

/// What a network has brought.
#[derive(Debug, Clone, Copy, Default)]
struct Brought {
    connections: Window,
    messages: Window,
    recipients: Window,
}

/// Two minutes of one count.
#[derive(Debug, Clone, Copy, Default)]
struct Window {
    minute: u64,
    now: u32,
    before: u32,
}

impl Window {
    fn move_to(&mut self, minute: u64) {
        if minute > self.minute {
            self.before = if minute == self.minute + 1 { self.now } else { 0 };
            self.now = 0;
            self.minute = minute;
        }
    }

    /// How many there were within the last minute, so many milliseconds into this one; rounded up.
    fn count(&self, into: u64) -> u64 {
        let share = u64::from(self.before) * MINUTE.saturating_sub(into);
        u64::from(self.now) + share.div_ceil(MINUTE)
    }
}

impl Rates {
    pub(super) fn new(begun: Instant) -> Rates {
        Rates { begun, networks: Mutex::default() }
    }

    /// Counts one more, where so many are allowed within a minute; says whether it is.
    pub(super) fn allow(&self, network: IpNet, counted: Counted, most: Ceiling, now: Instant) -> bool {
        let Some(most) = most.most() else { return true };
        let elapsed = now.saturating_duration_since(self.begun).as_millis();
        let elapsed = u64::try_from(elapsed).unwrap_or(u64::MAX);
        let (minute, into) = (elapsed / MINUTE, elapsed % MINUTE);
        let mut networks = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
        if networks.len() >= NETWORKS && !networks.contains_key(&network) {
            forget(&mut networks, minute);
        }
        let brought = networks.entry(network).or_default();
        let window = match counted {
            Counted::Connections => &mut brought.connections,
            Counted::Messages => &mut brought.messages,
            Counted::Recipients => &mut brought.recipients,
        };
        window.move_to(minute);
        let allowed = window.count(into) < u64::from(most);
        window.now += u32::from(allowed);
        allowed
    }
}

/// Forgets networks whose counts are over, and where that is not half of them, those that brought least.
fn forget(networks: &mut HashMap<IpNet, Brought>, minute: u64) {
    let of_late = |brought: &Brought| {
        [brought.connections, brought.messages, brought.recipients]
            .iter()
            .filter(|window| window.minute + 1 >= minute)
            .map(|window| u64::from(window.now) + u64::from(window.before))
            .sum::<u64>()
    };
    networks.retain(|_, brought| of_late(brought) > 0);
    if networks.len() > NETWORKS / 2 {
        let mut counts: Vec<u64> = networks.values().map(of_late).collect();
        let (_, middle, _) = counts.select_nth_unstable(NETWORKS / 2);
        let middle = *middle;
        networks.retain(|_, brought| of_late(brought) > middle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv6Addr;
    use std::time::Duration;

    #[test]
    fn the_minute_slides() {
        let begun = Instant::now();
        let rates = Rates::new(begun);
        let network: IpNet = "192.0.2.0/24".parse().unwrap();
        let counted = |second: u64| {
            let now = begun + Duration::from_secs(second);
            let ask = || rates.allow(network, Counted::Messages, Ceiling::of(Some(10)), now);
            (0..20).filter(|_| ask()).count()
        };
        assert_eq!(counted(0), 10);
        assert_eq!(counted(59), 0);
        assert_eq!(counted(60), 0, "all of them are within the last minute");
        assert_eq!(counted(90), 5, "half of them are");
        assert_eq!(counted(300), 10);
        assert!(rates.allow(network, Counted::Recipients, Ceiling::of(Some(1)), begun));
        assert!(rates.allow(network, Counted::Connections, Ceiling::of(None), begun));
    }

    #[test]
    fn of_very_many_networks_those_that_bring_most_are_remembered() {
        let now = Instant::now();
        let rates = Rates::new(now);
        let most = Ceiling::of(Some(5));
        let ask = |number: u128| {
            rates.allow(
                IpNet::from(std::net::IpAddr::from(Ipv6Addr::from(number))),
                Counted::Connections,
                most,
                now,
            )
        };
        assert_eq!((0..9).filter(|_| ask(1)).count(), 5);
        (1_000..1_000 + 2 * NETWORKS as u128).for_each(|number| assert!(ask(number)));
        assert!(rates.networks.lock().unwrap().len() <= NETWORKS);
        assert!(!ask(1), "the busy one is known still");
    }
}
