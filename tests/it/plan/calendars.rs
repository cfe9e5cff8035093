//! Opening hours, closed days, and clocks that are set forward and back.

use jiff::Timestamp;
use mailfw::base::source::Span;
use mailfw::language::hir::{Calendar, CalendarEvent, Site, Weekday};
use mailfw::plan::calendar::{OpeningHours, next_time_of_day, zone};

const WORKDAYS: [Weekday; 5] = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

fn hours(zone: Option<&str>, days: &[Weekday], from: u16, to: u16, closed: &[&str]) -> OpeningHours {
    let calendar = Calendar {
        name: "office".into(),
        timezone: zone.map(str::to_string),
        open: days.iter().map(|&day| (day, from, to)).collect(),
        closed: closed.iter().map(|day| (day.parse().unwrap(), day.parse().unwrap())).collect(),
        span: Span::default(),
    };
    OpeningHours::new(&calendar, &Site { timezone: Some("Europe/London".to_string()), ..Site::default() })
}

fn office() -> OpeningHours {
    hours(Some("Europe/Berlin"), &WORKDAYS, 8 * 60, 18 * 60, &["2026-12-25"])
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn hours_exclude_their_end_and_closed_days() {
    let office = office();
    assert!(!office.is_open(at("2026-11-24T07:59:59+01:00")));
    assert!(office.is_open(at("2026-11-24T08:00:00+01:00")));
    assert!(office.is_open(at("2026-11-24T17:59:59+01:00")));
    assert!(!office.is_open(at("2026-11-24T18:00:00+01:00")));
    assert!(!office.is_open(at("2026-11-28T12:00:00+01:00")), "a Saturday");
    assert!(!office.is_open(at("2026-12-25T12:00:00+01:00")), "a closed day");
}

#[test]
fn the_next_change_skips_nights_weekends_and_closed_days() {
    let office = office();
    let next = |event, now: &str| office.next(event, at(now));
    assert_eq!(
        next(CalendarEvent::Closes, "2026-11-24T09:00:00+01:00"),
        Some(at("2026-11-24T18:00:00+01:00"))
    );
    assert_eq!(
        next(CalendarEvent::Opens, "2026-11-24T20:00:00+01:00"),
        Some(at("2026-11-25T08:00:00+01:00"))
    );
    // Thursday evening; Friday is closed, then comes a weekend.
    assert_eq!(
        next(CalendarEvent::Opens, "2026-12-24T19:00:00+01:00"),
        Some(at("2026-12-28T08:00:00+01:00"))
    );
}

#[test]
fn what_is_open_already_opens_now() {
    let office = office();
    let now = at("2026-11-24T09:00:00+01:00");
    assert_eq!(office.next(CalendarEvent::Opens, now), Some(now));
    let night = at("2026-11-24T23:00:00+01:00");
    assert_eq!(office.next(CalendarEvent::Closes, night), Some(night));
}

#[test]
fn hours_follow_the_clock_over_its_changes() {
    let office = office();
    // The clock is set forward on 29 March 2026 and back on 25 October 2026.
    assert_eq!(
        office.next(CalendarEvent::Opens, at("2026-03-27T19:00:00+01:00")),
        Some(at("2026-03-30T08:00:00+02:00"))
    );
    assert_eq!(
        office.next(CalendarEvent::Opens, at("2026-10-23T19:00:00+02:00")),
        Some(at("2026-10-26T08:00:00+01:00"))
    );
}

#[test]
fn hours_that_the_clock_skips_start_with_what_follows_and_hours_it_repeats_count_whole() {
    let night = hours(Some("Europe/Berlin"), &WEEK, 2 * 60 + 30, 4 * 60, &[]);
    // 02:00 becomes 03:00: half past two does not come.
    assert!(!night.is_open(at("2026-03-29T01:59:59+01:00")));
    assert!(night.is_open(at("2026-03-29T03:00:00+02:00")));
    assert_eq!(
        night.next(CalendarEvent::Opens, at("2026-03-29T00:00:00+01:00")),
        Some(at("2026-03-29T03:00:00+02:00"))
    );
    // 03:00 becomes 02:00: from the first half past two to four it is two hours and a half.
    assert!(night.is_open(at("2026-10-25T02:30:00+02:00")));
    assert!(night.is_open(at("2026-10-25T02:15:00+01:00")), "the second time around it is open still");
    assert_eq!(
        night.next(CalendarEvent::Closes, at("2026-10-25T02:45:00+02:00")),
        Some(at("2026-10-25T04:00:00+01:00"))
    );
    let skipped = hours(Some("Europe/Berlin"), &WEEK, 2 * 60 + 15, 2 * 60 + 45, &[]);
    assert_eq!(
        skipped.next(CalendarEvent::Opens, at("2026-03-29T00:00:00+01:00")),
        Some(at("2026-03-30T02:15:00+02:00")),
        "hours that do not come at all are left out"
    );
}

#[test]
fn hours_up_to_midnight_join_those_of_the_next_day() {
    let calendar = Calendar {
        name: "nights".into(),
        timezone: Some("UTC".to_string()),
        open: WEEK.iter().flat_map(|&day| [(day, 22 * 60, 24 * 60), (day, 0, 6 * 60)]).collect(),
        closed: Vec::new(),
        span: Span::default(),
    };
    let nights = OpeningHours::new(&calendar, &Site::default());
    assert_eq!(
        nights.next(CalendarEvent::Closes, at("2026-01-05T23:00:00Z")),
        Some(at("2026-01-06T06:00:00Z"))
    );
}

#[test]
fn a_calendar_that_never_changes_says_so() {
    let never = hours(Some("UTC"), &[], 0, 60, &[]);
    assert_eq!(never.next(CalendarEvent::Opens, at("2026-01-05T23:00:00Z")), None);
    let always = hours(Some("UTC"), &WEEK, 0, 24 * 60, &[]);
    assert!(always.is_open(at("2026-01-05T23:59:59Z")));
    assert_eq!(always.next(CalendarEvent::Closes, at("2026-01-05T23:00:00Z")), None);
}

#[test]
fn a_calendar_without_a_zone_is_in_the_sites() {
    let office = hours(None, &WORKDAYS, 8 * 60, 18 * 60, &[]);
    assert!(office.is_open(at("2026-07-01T08:00:00+01:00")));
    assert!(!office.is_open(at("2026-07-01T07:59:00+01:00")));
}

#[test]
fn the_next_time_of_day_is_later_than_now() {
    let berlin = zone(Some("Europe/Berlin"));
    let next = |now: &str| next_time_of_day(&berlin, 6 * 60, at(now)).unwrap();
    assert_eq!(next("2026-11-24T05:00:00+01:00"), at("2026-11-24T06:00:00+01:00"));
    assert_eq!(next("2026-11-24T06:00:00+01:00"), at("2026-11-25T06:00:00+01:00"));
    assert_eq!(next("2026-03-28T12:00:00+01:00"), at("2026-03-29T06:00:00+02:00"));
}
