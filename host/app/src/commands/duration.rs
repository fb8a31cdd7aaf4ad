//! Times on the command line: `20s`, `10m`, `24h`, `90d`.

use std::time::{Duration, SystemTime};

/// The longest that anything waits or lasts; beyond it clocks would overflow. How far back somebody looks has no end.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// Reads a time that something may take or last.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    match any(text)? {
        time if time > LONGEST => Err("longer than ten years".into()),
        time => Ok(time),
    }
}

/// Reads how far back somebody looks: any time, however long.
pub(super) fn any(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| "write a number and its unit, as in 30s, 10m, 24h or 90d".into())
}

/// So long ago; never before 1970, which is before every log.
pub(super) fn ago(time: Duration) -> SystemTime {
    SystemTime::now().checked_sub(time).map_or(SystemTime::UNIX_EPOCH, |then| then.max(SystemTime::UNIX_EPOCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit_and_is_not_negative() {
        assert_eq!(duration("90d"), Ok(Duration::from_secs(90 * 24 * 60 * 60)));
        assert_eq!(duration("0s"), Ok(Duration::ZERO));
        for text in ["yesterday", "-5h", "5", "", "99999999999999999999d"] {
            assert!(any(text).unwrap_err().contains("24h or 90d"), "{text}");
        }
        assert_eq!(duration("99999999999d"), Err("longer than ten years".to_owned()));
    }

    #[test]
    fn looking_back_ends_where_time_begins() {
        for far in ["99999999999d", "30000d", "200000000000000d"] {
            assert_eq!(ago(any(far).unwrap()), SystemTime::UNIX_EPOCH, "{far}");
        }
        assert!(ago(any("1h").unwrap()) > SystemTime::UNIX_EPOCH);
    }
}
