//! Numbers, durations and sizes: their defaults and how far they may go.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::config::file::{Number, Text};
use crate::config::values::{duration, show_duration, show_size, size};

use super::Check;

/// One key that takes a number, a duration (in milliseconds) or a size (in bytes).
pub(in crate::config) struct Scalar {
    path: &'static [&'static str],
    default: u64,
    range: RangeInclusive<u64>,
}

/// A key with its default and its range.
pub(in crate::config) const fn scalar(
    path: &'static [&'static str],
    default: u64,
    range: RangeInclusive<u64>,
) -> Scalar {
    Scalar { path, default, range }
}

pub(in crate::config) const SECOND: u64 = 1_000;
pub(in crate::config) const MINUTE: u64 = 60 * SECOND;
const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
/// What the sandbox has room for.
const MAX_MEMORY: u64 = portcullis_sandbox::Limits::MAX_MEMORY as u64;

pub(super) const TIME: Scalar = scalar(&["limits", "time"], 10 * SECOND, 10..=5 * MINUTE);
pub(super) const MEMORY: Scalar = scalar(&["limits", "memory"], 16 * MIB, 64 * KIB..=MAX_MEMORY);
pub(super) const CONCURRENCY: Scalar = scalar(&["limits", "concurrency"], 64, 1..=1_000);
pub(super) const HOST_CALLS: Scalar = scalar(&["limits", "host-calls"], 256, 1..=100_000);
pub(super) const LOG: Scalar = scalar(&["limits", "log"], 64 * KIB, 0..=16 * MIB);
pub(super) const CONNECTIONS: Scalar = scalar(&["ldap", "connections"], 8, 1..=256);
pub(super) const CONNECT_TIMEOUT: Scalar = scalar(&["ldap", "connect-timeout"], 5 * SECOND, 1..=5 * MINUTE);
pub(super) const REQUEST_TIMEOUT: Scalar = scalar(&["ldap", "request-timeout"], 10 * SECOND, 1..=5 * MINUTE);
pub(super) const MIN_LENGTH: Scalar = scalar(&["ldap", "embedded", "min-length"], 8, 0..=256);
pub(super) const HISTORY: Scalar = scalar(&["ldap", "embedded", "history"], 3, 0..=1_000);
pub(super) const MAX_FAILURES: Scalar = scalar(&["ldap", "embedded", "max-failures"], 5, 0..=1_000_000);
pub(super) const MIN_AGE: Scalar = scalar(&["ldap", "embedded", "min-age"], 0, 0..=365 * 24 * 60 * MINUTE);

impl Scalar {
    fn key(&self) -> &'static str {
        self.path.last().copied().unwrap_or_default()
    }
}

impl Check<'_> {
    /// A whole number within its range.
    pub(in crate::config) fn number(&mut self, number: Option<&Number>, scalar: &Scalar) -> Option<u64> {
        let Some(number) = number else { return Some(scalar.default) };
        let value = u64::try_from(*number.get_ref()).ok().filter(|value| scalar.range.contains(value));
        if value.is_none() {
            let (least, most) = (scalar.range.start(), scalar.range.end());
            self.out_of_range(number.span(), scalar, &number.get_ref().to_string(), &format!("{least} to {most}"));
        }
        value
    }

    /// A duration within its range.
    pub(in crate::config) fn duration(&mut self, text: Option<&Text>, scalar: &Scalar) -> Option<Duration> {
        let Some(text) = text else { return Some(Duration::from_millis(scalar.default)) };
        let Some(value) = duration(text.get_ref()) else {
            self.findings.error(
                "bad-duration",
                text.span(),
                format!("`{}` is not a duration", text.get_ref().escape_debug()),
                "not a duration",
                format!("write a whole number and ms, s, m, h or d: {}", self.example(scalar.path)),
            );
            return None;
        };
        let within = u64::try_from(value.as_millis()).is_ok_and(|ms| scalar.range.contains(&ms));
        if !within {
            let show = |ms: &u64| show_duration(Duration::from_millis(*ms));
            let range = format!("{} to {}", show(scalar.range.start()), show(scalar.range.end()));
            self.out_of_range(text.span(), scalar, text.get_ref(), &range);
        }
        within.then_some(value)
    }

    /// A size within its range.
    pub(super) fn size(&mut self, text: Option<&Text>, scalar: &Scalar) -> Option<u64> {
        let Some(text) = text else { return Some(scalar.default) };
        let Some(value) = size(text.get_ref()) else {
            self.findings.error(
                "bad-size",
                text.span(),
                format!("`{}` is not a size", text.get_ref().escape_debug()),
                "not a size",
                format!("write a whole number and B, KiB or MiB: {}", self.example(scalar.path)),
            );
            return None;
        };
        let within = scalar.range.contains(&value);
        if !within {
            let range = format!("{} to {}", show_size(*scalar.range.start()), show_size(*scalar.range.end()));
            self.out_of_range(text.span(), scalar, text.get_ref(), &range);
        }
        within.then_some(value)
    }

    fn out_of_range(&mut self, at: std::ops::Range<usize>, scalar: &Scalar, value: &str, range: &str) {
        self.findings.error(
            "out-of-range",
            at,
            format!("`{}` goes from {range}", scalar.key()),
            format!("{value} is out of range"),
            format!("write for example: {}", self.example(scalar.path)),
        );
    }
}
