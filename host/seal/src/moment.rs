//! Times: whole seconds since 1970 UTC, as they are in envelopes and key files.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The latest time that is taken: the end of the year 9999, so that every time can be written in RFC 3339.
pub(crate) const LATEST: u64 = 253_402_300_799;

/// Whole seconds since 1970 UTC; 0 for a clock that stands before it.
#[must_use]
pub fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()).min(LATEST)
}

/// Writes seconds since 1970 UTC as people read them: `2027-01-15T08:00:00Z`.
pub(crate) fn write(seconds: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let time = UNIX_EPOCH + Duration::from_secs(seconds.min(LATEST));
    write!(f, "{}", humantime::format_rfc3339_seconds(time))
}
