//! Moments as text: RFC 3339 in UTC, with milliseconds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The last moment that has four digits for its year, in seconds since 1970.
const LAST: u64 = 253_402_300_799;

/// `2027-01-15T08:00:00.000Z`. A moment before 1970 or after 9999 is written as the nearest in between.
#[must_use]
pub fn write(at: SystemTime) -> String {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).min(Duration::from_secs(LAST));
    humantime::format_rfc3339_millis(UNIX_EPOCH + since).to_string()
}

/// A moment of RFC 3339 in UTC.
#[must_use]
pub fn read(text: &str) -> Option<SystemTime> {
    humantime::parse_rfc3339(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_outside_of_the_calendar_are_written_too() {
        assert_eq!(write(UNIX_EPOCH - Duration::from_secs(5)), "1970-01-01T00:00:00.000Z");
        assert_eq!(write(UNIX_EPOCH + Duration::from_secs(LAST + 5)), "9999-12-31T23:59:59.000Z");
        let text = "2027-01-15T08:00:00.123Z";
        assert_eq!(read(text).map(write).as_deref(), Some(text));
        for text in [
            "",
            "2027-01-15",
            "2027-01-15 08:00:00Z",
            "1700000000",
            "2027-13-15T08:00:00Z",
            "2027-01-15T08:00:00+01:00",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
