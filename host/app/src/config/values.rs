//! The small notations of the files: durations, sizes and digests.

use std::time::Duration;

/// Reads `10s`, `500ms`, `2m`, `1h`, `7d`: a whole number and a unit.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = number_and_unit(text)?;
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(milliseconds).map(Duration::from_millis)
}

/// Reads `16 MiB`, `64 KiB`, `512 B`: a whole number and a binary unit. Decimal units are not taken: who writes `MB`
/// may mean either.
pub(super) fn size(text: &str) -> Option<u64> {
    let (number, unit) = number_and_unit(text)?;
    let bytes = match unit {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(bytes)
}

fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(end)?;
    Some((number.parse().ok()?, unit.trim_start_matches(' ')))
}

/// Reads a SHA-256: 64 hexadecimal digits in any case.
pub(super) fn sha256(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    let mut bytes = [0_u8; 32];
    let read = digits.len() == 64
        && bytes.iter_mut().zip(digits.chunks_exact(2)).all(|(byte, pair)| {
            let digit = |at: usize| pair.get(at).and_then(|c| char::from(*c).to_digit(16));
            let value = digit(0).zip(digit(1)).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
            value.map(|value| *byte = value).is_some()
        });
    read.then_some(bytes)
}

/// A duration as people write it.
pub(super) fn show_duration(duration: Duration) -> String {
    match duration.as_millis() {
        ms if ms == 0 || ms % 1_000 != 0 => format!("{ms}ms"),
        ms if ms % 60_000 != 0 => format!("{}s", ms / 1_000),
        ms if ms % 3_600_000 != 0 => format!("{}m", ms / 60_000),
        ms if ms % 86_400_000 != 0 => format!("{}h", ms / 3_600_000),
        ms => format!("{}d", ms / 86_400_000),
    }
}

/// A size as people write it.
pub(super) fn show_size(bytes: u64) -> String {
    match bytes {
        b if b > 0 && b % (1 << 20) == 0 => format!("{} MiB", b >> 20),
        b if b > 0 && b % (1 << 10) == 0 => format!("{} KiB", b >> 10),
        b => format!("{b} B"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refuses_what_is_no_duration_size_or_digest() {
        for text in
            ["", "10", "s", "-1s", "1.5s", "10 sec", "10S", "١s", "18446744073709551615d", "10s ", " 10s", "+1s"]
        {
            assert_eq!(duration(text), None, "{text:?}");
        }
        for text in ["", "00", &"g".repeat(64), &"0".repeat(63), &"0".repeat(65), &"é".repeat(32)] {
            assert_eq!(sha256(text), None, "{text:?}");
        }
        for text in ["", "16", "16 MB", "16 mib", "-1 KiB", "1.5 MiB", "18446744073709551615 GiB", "16  MiB x"] {
            assert_eq!(size(text), None, "{text:?}");
        }
    }

    #[test]
    fn reads_durations_sizes_and_digests() {
        assert_eq!(duration("10s"), Some(Duration::from_secs(10)));
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(duration("2 m"), Some(Duration::from_secs(120)));
        assert_eq!(duration("0s"), Some(Duration::ZERO));
        assert_eq!(duration("7d"), Some(Duration::from_secs(7 * 86_400)));
        assert_eq!(size("16 MiB"), Some(16 << 20));
        assert_eq!(size("64KiB"), Some(64 << 10));
        assert_eq!(size("512 B"), Some(512));
        assert_eq!(sha256(&"aB".repeat(32)), Some([0xab; 32]));
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(n in 0..1_u64 << 40) {
            prop_assert_eq!(size(&show_size(n)), Some(n));
            prop_assert_eq!(duration(&show_duration(Duration::from_millis(n))), Some(Duration::from_millis(n)));
        }

        #[test]
        fn any_text_is_taken_or_refused(text in ".{0,20}") {
            let _ = (duration(&text), size(&text), sha256(&text));
        }
    }
}
