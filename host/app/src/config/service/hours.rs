//! `hours = "Mon-Fri 06:00-22:00, Sat 08:00-12:00"`: the hours in which operations are expected, by a clock on a wall.

use std::fmt;
use std::time::SystemTime;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const DAY: u32 = 24 * 60;
const WEEK: u32 = 7 * DAY;

/// Hours of the week in a time zone; a span over midnight belongs to the day on which it begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Hours {
    /// As the operator wrote it.
    text: String,
    /// First minute of the week, and how many minutes.
    spans: Vec<(u32, u32)>,
    zone: TimeZone,
}

impl Hours {
    /// Reads `DAYS HH:MM-HH:MM`, several of them after commas. `DAYS` is `Mon` or `Mon-Fri`; `24:00` is an end.
    #[must_use]
    pub fn parse(text: &str, zone: TimeZone) -> Option<Self> {
        let mut spans = Vec::new();
        for part in text.split(',') {
            let (days, times) = part.trim().split_once(' ')?;
            let (first, last) = days.split_once('-').unwrap_or((days, days));
            let (first, last) = (day(first)?, day(last)?);
            let (from, to) = times.trim_start().split_once('-')?;
            let (from, to) = (minute(from)?, minute(to)?);
            if from == to || from == DAY {
                return None;
            }
            let length = if to > from { to - from } else { to + DAY - from };
            for count in 0..=(last + 7 - first) % 7 {
                spans.push(((first + count) % 7 * DAY + from, length));
            }
        }
        Some(Self { text: text.trim().to_owned(), spans, zone })
    }

    /// Whether a moment is within them.
    #[must_use]
    pub fn hold(&self, at: SystemTime) -> bool {
        // Beyond the year 9999 nobody works.
        let Ok(at) = Timestamp::try_from(at) else { return false };
        let local = self.zone.to_datetime(at);
        let day = u32::from(local.weekday().to_monday_zero_offset().unsigned_abs());
        let minute = day * DAY + u32::from(local.hour().unsigned_abs()) * 60 + u32::from(local.minute().unsigned_abs());
        self.spans.iter().any(|(from, length)| (minute + WEEK - from) % WEEK < *length)
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// `local`, `+01:00`, `UTC`, or a name of the time zone database (`Europe/Berlin`) that this machine knows.
pub(super) fn zone(text: &str) -> Option<TimeZone> {
    if text == "local" {
        return TimeZone::try_system().ok();
    }
    let Some((sign, rest)) = text.strip_prefix('+').map(|rest| (1, rest)).or(text.strip_prefix('-').map(|r| (-1, r)))
    else {
        return TimeZone::get(text).ok();
    };
    let minutes = i32::try_from(minute(rest).filter(|minutes| *minutes <= 14 * 60)?).ok()?;
    Offset::from_seconds(sign * minutes * 60).ok().map(TimeZone::fixed)
}

fn day(name: &str) -> Option<u32> {
    (0..).zip(DAYS).find(|(_, day)| day.eq_ignore_ascii_case(name)).map(|(at, _)| at)
}

fn minute(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    let two = |text: &str| {
        (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse::<u32>().ok()).flatten()
    };
    let at = two(hour)? * 60 + two(minute).filter(|minute| *minute < 60)?;
    (at <= DAY).then_some(at)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> SystemTime {
        humantime::parse_rfc3339(text).unwrap()
    }

    fn hold(hours: &str, zone_text: &str, moment: &str) -> bool {
        Hours::parse(hours, zone(zone_text).unwrap()).unwrap().hold(at(moment))
    }

    #[test]
    fn the_end_is_outside_and_the_beginning_is_not() {
        // 2 January 2026 is a Friday.
        let office = "Mon-Fri 06:00-22:00";
        assert!(!hold(office, "UTC", "2026-01-02T05:59:59Z"));
        assert!(hold(office, "UTC", "2026-01-02T06:00:00Z"));
        assert!(hold(office, "UTC", "2026-01-02T21:59:59.999Z"));
        assert!(!hold(office, "UTC", "2026-01-02T22:00:00Z"));
        assert!(!hold(office, "UTC", "2026-01-03T12:00:00Z"), "Saturday");
        assert!(hold("Mon-Fri 06:00-22:00, Sat 08:00-13:00", "UTC", "2026-01-03T12:00:00Z"));
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        assert!(hold("Sun 22:00-06:00", "UTC", "2026-01-05T05:59:00Z"), "Monday morning, over the end of the week");
        assert!(!hold("Sun 22:00-06:00", "UTC", "2026-01-04T05:59:00Z"), "Sunday morning");
        assert!(hold("Mon-Sun 00:00-24:00", "UTC", "2026-01-04T23:59:59Z"));
        assert!(hold("Fri-Mon 10:00-11:00", "UTC", "2026-01-05T10:30:00Z"));
        assert!(!hold("Fri-Mon 10:00-11:00", "UTC", "2026-01-06T10:30:00Z"));
    }

    #[test]
    fn hours_are_those_of_their_zone_in_summer_as_well() {
        assert!(hold("Thu 00:00-00:30", "+01:00", "2025-12-31T23:10:00Z"));
        assert!(hold("Wed 18:00-18:30", "-05:30", "2025-12-31T23:40:00Z"));
        let berlin = |moment| hold("Mon-Sun 08:00-09:00", "Europe/Berlin", moment);
        assert!(berlin("2026-01-05T07:30:00Z") && !berlin("2026-01-05T06:30:00Z"), "winter");
        assert!(berlin("2026-07-06T06:30:00Z") && !berlin("2026-07-06T07:30:00Z"), "summer");
    }

    #[test]
    fn what_is_none() {
        for text in [
            "",
            "Mon",
            "Mon 6-22",
            "Mon 06:00-06:00",
            "Mon 24:00-06:00",
            "Mo 06:00-22:00",
            "Mon 06:60-07:00",
            "Mon 06:00-25:00",
            "Mon 06:00-22:00,",
            "Mon-Fri-Sat 06:00-22:00",
        ] {
            assert!(Hours::parse(text, TimeZone::UTC).is_none(), "{text}");
        }
        for text in ["", "+1", "+15:00", "+01:00:00", "Europe/Atlantis", "Local"] {
            assert!(zone(text).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_minute_is_inside_or_outside_as_it_is_written(day in 0..7_u32, from in 0..DAY, to in 0..=DAY, now in 0..WEEK) {
            prop_assume!(from != to);
            let text = format!("{} {:02}:{:02}-{:02}:{:02}", DAYS[day as usize], from / 60, from % 60, to / 60, to % 60);
            let hours = Hours::parse(&text, TimeZone::UTC).unwrap();
            // 5 January 2026 is a Monday.
            let moment = at("2026-01-05T00:00:00Z") + std::time::Duration::from_secs(u64::from(now) * 60);
            let (on, of) = (now / DAY, now % DAY);
            let expected = if from < to { on == day && (from..to).contains(&of) } else {
                (on == day && of >= from) || (on == (day + 1) % 7 && of < to)
            };
            prop_assert_eq!(hours.hold(moment), expected, "{} at {}", text, now);
        }

        #[test]
        fn any_text_is_hours_or_is_not(text in "[MonFriSat0-9:, -]{0,24}") {
            drop(Hours::parse(&text, TimeZone::UTC));
            drop(zone(&text));
        }
    }
}
