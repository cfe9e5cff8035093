//! Opening hours: is a calendar open at a moment, and when does it open or close next?
//!
//! Hours are civil times of a zone; each day's hours become points in time by that day's own offset, so a day of 23 or
//! 25 hours is as long as it is. A time that a clock skips is the moment of the skip; of a time that comes twice the
//! first counts. Cost: one day's hours for "is it open", at most [`SEARCH_DAYS`] days for the next change. A calendar
//! without a change within them has none.

use crate::language::hir::{Calendar, CalendarEvent, Site, Weekday};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};
use std::sync::OnceLock;

/// Days that are looked at for the next opening or closing: a year, and a holiday season on top.
pub const SEARCH_DAYS: usize = 400;

/// Minutes of a day.
const DAY_MINUTES: u16 = 24 * 60;

/// The zone of a name, by the database that is part of the binary; of none, or of a name it does not know (the check
/// refuses such names), UTC.
pub fn zone(name: Option<&str>) -> TimeZone {
    static ZONES: OnceLock<TimeZoneDatabase> = OnceLock::new();
    let zones = ZONES.get_or_init(TimeZoneDatabase::bundled);
    name.and_then(|name| zones.get(name).ok()).unwrap_or(TimeZone::UTC)
}

/// The zone of a site's times.
pub fn site_zone(site: &Site) -> TimeZone {
    zone(site.timezone.as_deref())
}

/// A calendar with its zone.
#[derive(Debug, Clone)]
pub struct OpeningHours {
    zone: TimeZone,
    open: Vec<(Weekday, u16, u16)>,
    closed: Vec<(Date, Date)>,
}

impl OpeningHours {
    /// The hours of a calendar; without a zone of its own it is in the site's.
    pub fn new(calendar: &Calendar, site: &Site) -> OpeningHours {
        let zone = match &calendar.timezone {
            Some(name) => zone(Some(name)),
            None => site_zone(site),
        };
        OpeningHours { zone, open: calendar.open.clone(), closed: calendar.closed.clone() }
    }

    /// Whether it is open.
    pub fn is_open(&self, at: Timestamp) -> bool {
        let today = self.zone.to_datetime(at).date();
        // Hours end at midnight at the latest, so yesterday's never reach into today.
        self.hours(today).iter().any(|&(from, to)| from <= at && at < to)
    }

    /// When it next is open (`Opens`) or closed (`Closes`): now, where it already is; else the next change. `None`
    /// where none comes within [`SEARCH_DAYS`] days.
    pub fn next(&self, event: CalendarEvent, now: Timestamp) -> Option<Timestamp> {
        match (event, self.is_open(now)) {
            (CalendarEvent::Opens, true) | (CalendarEvent::Closes, false) => Some(now),
            (CalendarEvent::Opens, false) => self.next_opening(now),
            (CalendarEvent::Closes, true) => self.next_closing(now),
        }
    }

    fn next_opening(&self, now: Timestamp) -> Option<Timestamp> {
        self.days(now).flat_map(|day| self.hours(day)).map(|(from, _)| from).find(|&from| from > now)
    }

    fn next_closing(&self, now: Timestamp) -> Option<Timestamp> {
        let mut closing = None;
        for (from, to) in self.days(now).flat_map(|day| self.hours(day)).filter(|&(_, to)| to > now) {
            match closing {
                // Hours that go on where others end are one stretch: `22:00..24:00` and `00:00..06:00`.
                Some(end) if from > end => return closing,
                Some(end) => closing = Some(to.max(end)),
                None => closing = Some(to),
            }
        }
        // A stretch that reaches the end of the search never closes, as far as anybody can wait.
        let last_day = self.days(now).last()?;
        closing.filter(|&end| self.instant(last_day, DAY_MINUTES).is_some_and(|last| end < last))
    }

    fn days(&self, now: Timestamp) -> impl Iterator<Item = Date> + use<> {
        let today = self.zone.to_datetime(now).date();
        std::iter::successors(Some(today), |day| day.tomorrow().ok()).take(SEARCH_DAYS)
    }

    /// The open hours of a day, in order, overlapping ones as written.
    fn hours(&self, day: Date) -> Vec<(Timestamp, Timestamp)> {
        if self.closed.iter().any(|&(from, to)| from <= day && day <= to) {
            return Vec::new();
        }
        let mut hours: Vec<(Timestamp, Timestamp)> = self
            .open
            .iter()
            .filter(|&&(weekday, ..)| same_weekday(weekday, day))
            .filter_map(|&(_, from, to)| Some((self.instant(day, from)?, self.instant(day, to)?)))
            .filter(|(from, to)| from < to)
            .collect();
        hours.sort();
        hours
    }

    fn instant(&self, day: Date, minutes: u16) -> Option<Timestamp> {
        let (day, minutes) = if minutes >= DAY_MINUTES { (day.tomorrow().ok()?, 0) } else { (day, minutes) };
        instant(&self.zone, day.to_datetime(time_of(minutes)?))
    }
}

/// The next such time of day in a zone, later than `now`.
pub fn next_time_of_day(zone: &TimeZone, minutes: u16, now: Timestamp) -> Option<Timestamp> {
    let today = zone.to_datetime(now).date();
    let time = time_of(minutes % DAY_MINUTES)?;
    std::iter::successors(Some(today), |day| day.tomorrow().ok())
        .take(3)
        .filter_map(|day| instant(zone, day.to_datetime(time)))
        .find(|&at| at > now)
}

/// The point in time that a civil time of a zone is.
pub fn instant(zone: &TimeZone, civil: DateTime) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(civil);
    match ambiguous.offset() {
        AmbiguousOffset::Gap { .. } => {
            // The clock skips this time. The later offset gives a moment before the skip, so that what follows it is
            // the skip itself.
            let before = ambiguous.earlier().ok()?.checked_sub(SignedDuration::from_secs(1)).ok()?;
            zone.following(before).next().map(|transition| transition.timestamp())
        }
        _ => ambiguous.compatible().ok(),
    }
}

fn time_of(minutes: u16) -> Option<Time> {
    Time::new(i8::try_from(minutes / 60).ok()?, i8::try_from(minutes % 60).ok()?, 0, 0).ok()
}

fn same_weekday(weekday: Weekday, day: Date) -> bool {
    use jiff::civil::Weekday as Civil;
    let civil = match weekday {
        Weekday::Mon => Civil::Monday,
        Weekday::Tue => Civil::Tuesday,
        Weekday::Wed => Civil::Wednesday,
        Weekday::Thu => Civil::Thursday,
        Weekday::Fri => Civil::Friday,
        Weekday::Sat => Civil::Saturday,
        Weekday::Sun => Civil::Sunday,
    };
    day.weekday() == civil
}
