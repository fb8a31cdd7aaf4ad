//! Times of directories, as seconds since 1970-01-01 UTC.

/// Seconds from 1601-01-01, where Windows starts to count, to 1970-01-01.
const WINDOWS_EPOCH: u64 = 11_644_473_600;

/// A FILETIME: 100 nanoseconds since 1601-01-01 UTC. Nothing for 0 and for the largest number, which mean "not set" and
/// "never", and for what lies before 1970.
#[must_use]
pub fn filetime(number: i64) -> Option<u64> {
    match number {
        i64::MAX => None,
        _ => (u64::try_from(number).ok()? / 10_000_000).checked_sub(WINDOWS_EPOCH),
    }
}

/// A GeneralizedTime (RFC 4517 section 3.3.13), for example `20300101120000Z`. Nothing for what is malformed or lies
/// before 1970.
#[must_use]
pub fn generalized(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    let two = |at: usize| -> Option<u64> {
        let pair = bytes.get(at..at + 2)?;
        pair.iter().all(u8::is_ascii_digit).then(|| u64::from(pair[0] - b'0') * 10 + u64::from(pair[1] - b'0'))
    };
    // Minutes and seconds may be left out, and a fraction belongs to the last part that is there.
    let (minute, second, unit) = match digits {
        10 => (0, 0, 3600),
        12 => (two(10)?, 0, 60),
        14 => (two(10)?, two(12)?, 1),
        _ => return None,
    };
    let (year, month, day, hour) = (two(0)? * 100 + two(2)?, two(4)?, two(6)?, two(8)?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (fraction, zone) = fraction(bytes.get(digits..)?, unit)?;
    let local = days_since_1970(year, month, day)? * 86_400 + hour * 3600 + minute * 60 + second + fraction;
    match zone {
        b"Z" => Some(local),
        [sign @ (b'+' | b'-'), offset @ ..] if matches!(offset.len(), 2 | 4) => {
            let at = bytes.len() - offset.len();
            let minutes = if offset.len() == 4 { two(at + 2)? } else { 0 };
            let (hours, seconds) = (two(at)?, two(at)? * 3600 + minutes * 60);
            if hours > 23 || minutes > 59 {
                return None;
            }
            if *sign == b'+' { local.checked_sub(seconds) } else { local.checked_add(seconds) }
        }
        _ => None,
    }
}

/// The fraction at the start of `rest`, in whole seconds, and what follows it.
fn fraction(rest: &[u8], unit: u64) -> Option<(u64, &[u8])> {
    let [b'.' | b',', rest @ ..] = rest else { return Some((0, rest)) };
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let (digits, zone) = rest.split_at_checked(digits)?;
    if digits.is_empty() {
        return None;
    }
    // Nine digits are more than enough for seconds of an hour.
    let (value, scale) = digits.iter().take(9).fold((0_u64, 1_u64), |(v, s), d| (v * 10 + u64::from(d - b'0'), s * 10));
    Some((value * unit / scale, zone))
}

/// Days from 1970-01-01 to a day of the Gregorian calendar.
fn days_since_1970(year: u64, month: u64, day: u64) -> Option<u64> {
    const BEFORE_MONTH: [u64; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let index = usize::try_from(month.checked_sub(1)?).ok()?;
    let (before, after) = (*BEFORE_MONTH.get(index)?, *BEFORE_MONTH.get(index + 1)?);
    let leap_day = |in_month: u64| u64::from(leap(year) && month == in_month);
    if year < 1970 || day == 0 || day > after - before + leap_day(2) {
        return None;
    }
    let leap_days_until = |year: u64| year / 4 - year / 100 + year / 400;
    let leap_days = leap_days_until(year - 1) - leap_days_until(1969);
    let past_february = u64::from(leap(year) && month > 2);
    Some((year - 1970) * 365 + leap_days + before + past_february + day - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "Z",
            "2030",
            "20300101",
            "20300101120000",
            "20300132120000Z",
            "20301301000000Z",
            "20300101240000Z",
            "20300101120060Zx",
            "20230229000000Z",
            "000001010000Z",
            "20300101120000.Z",
            "20300101120000+1",
            "１２３４",
            "20300101120000+2500",
            "19691231235959Z",
        ] {
            assert_eq!(generalized(text), None, "{text}");
        }
        assert_eq!(filetime(0), None);
        assert_eq!(filetime(-1), None);
        assert_eq!(filetime(i64::MAX), None);
    }

    #[test]
    fn reads_the_forms_that_servers_send() {
        assert_eq!(generalized("19700101000000Z"), Some(0));
        assert_eq!(generalized("20260101000000Z"), Some(1_767_225_600));
        assert_eq!(generalized("20260101000000.123456Z"), Some(1_767_225_600));
        assert_eq!(generalized("202601010000Z"), Some(1_767_225_600));
        assert_eq!(generalized("2026010100.5Z"), Some(1_767_227_400));
        assert_eq!(generalized("20260101013000+0130"), Some(1_767_225_600));
        assert_eq!(generalized("20251231230000-01"), Some(1_767_225_600));
        assert_eq!(generalized("20240229000000Z"), Some(1_709_164_800));
        assert_eq!(filetime(134_116_992_000_000_000), Some(1_767_225_600));
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,24}", digits in "[0-9]{8,16}[.,Z+-]{0,2}[0-9]{0,12}Z?", number: i64) {
            let _ = (generalized(&text), generalized(&digits), filetime(number));
        }

        #[test]
        fn each_day_follows_the_one_before(day in 0_u64..2_900_000) {
            // Written by the inverse of what is tested: count years and months forward.
            let leap = |y: u64| u64::from(y.is_multiple_of(4) && (!y.is_multiple_of(100) || y.is_multiple_of(400)));
            let (mut year, mut month, mut left) = (1970, 0, day);
            while left >= 365 + leap(year) { left -= 365 + leap(year); year += 1; }
            let lengths = [31, 28 + leap(year), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            while left >= lengths[month] { left -= lengths[month]; month += 1; }
            let text = format!("{year:04}{:02}{:02}000000Z", month + 1, left + 1);
            prop_assert_eq!(generalized(&text), Some(day * 86_400), "{}", text);
        }
    }
}
