//! Points in time as directories write them: generalized time (RFC 4517 section 3.3.13) and Windows file time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::{Date, Month, PrimitiveDateTime, Time, UtcDateTime};

/// Ticks of 100 nanoseconds since 1601-01-01 UTC: the finer of the two forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(u64);

const TICKS_PER_SECOND: u64 = 10_000_000;
/// From 1601-01-01 to 1970-01-01.
const UNIX_EPOCH_SECONDS: u64 = 11_644_473_600;

impl Moment {
    pub(super) fn from_file_time(ticks: u64) -> Self {
        Self(ticks)
    }

    pub(super) fn file_time(self) -> u64 {
        self.0
    }

    /// To the second, as `pwdChangedTime` is shown.
    pub(super) fn generalized(self) -> String {
        let seconds = i64::try_from(self.0 / TICKS_PER_SECOND).unwrap_or(i64::MAX);
        let seconds = seconds.saturating_sub(UNIX_EPOCH_SECONDS.cast_signed());
        let t = UtcDateTime::from_unix_timestamp(seconds).unwrap_or(UtcDateTime::MAX);
        let (year, month, day) = t.to_calendar_date();
        format!("{year:04}{:02}{day:02}{:02}{:02}{:02}Z", u8::from(month), t.hour(), t.minute(), t.second())
    }

    /// To the tick, so that what is kept in a file is what was in memory.
    pub(super) fn precise(self) -> String {
        let mut text = self.generalized();
        text.pop();
        format!("{text}.{:07}Z", self.0 % TICKS_PER_SECOND)
    }

    /// Generalized time in UTC, with or without a fraction.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.strip_suffix('Z')?;
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if whole.len() != 14 || !digits(whole) || fraction.is_empty() || fraction.len() > 7 || !digits(fraction) {
            return None;
        }
        let part = |at: usize| whole[at..at + 2].parse::<u8>().ok();
        let month = Month::try_from(part(4)?).ok()?;
        let date = Date::from_calendar_date(whole[..4].parse().ok()?, month, part(6)?).ok()?;
        let clock = Time::from_hms(part(8)?, part(10)?, part(12)?).ok()?;
        let seconds = PrimitiveDateTime::new(date, clock).assume_utc().unix_timestamp();
        let seconds = u64::try_from(seconds.checked_add_unsigned(UNIX_EPOCH_SECONDS)?).ok()?;
        let ticks: u64 = format!("{fraction:0<7}").parse().ok()?;
        Some(Self(seconds.checked_mul(TICKS_PER_SECOND)? + ticks))
    }

    /// Whether at least this many seconds have passed since.
    pub(super) fn is_older_than(self, seconds: u64, now: Self) -> bool {
        now.0.saturating_sub(self.0) >= seconds.saturating_mul(TICKS_PER_SECOND)
    }
}

impl From<SystemTime> for Moment {
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default() + Duration::from_secs(UNIX_EPOCH_SECONDS);
        Self(u64::try_from(since.as_nanos() / 100).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn writes_both_forms() {
        let moment = Moment::from(UNIX_EPOCH + Duration::new(1_709_210_096, 123_456_700));
        assert_eq!(moment.generalized(), "20240229123456Z");
        assert_eq!(moment.precise(), "20240229123456.1234567Z");
        assert_eq!(moment.file_time(), 133_536_836_961_234_567);
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "20240229",
            "20230229000000Z",
            "20240229123456",
            "2024022912345xZ",
            "20240229123456.Z",
            "0é240229123456Z",
        ] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(ticks in 0_u64..2_600_000_000_000_000_000) {
            let moment = Moment::from_file_time(ticks);
            prop_assert_eq!(Moment::parse(&moment.precise()), Some(moment));
        }
    }
}
