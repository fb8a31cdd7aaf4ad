//! `Prefer` (RFC 7240): whether the caller waits for the outcome, and how long.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// The header of the request.
pub const PREFER: HeaderName = HeaderName::from_static("prefer");
/// The header of the answer.
pub const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// What the caller would like. Whatever is unknown or makes no sense is left out, as section 2 wants it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Preferences {
    /// `respond-async`: rather 202 than waiting.
    pub respond_async: bool,
    /// `wait=N`, in seconds.
    pub wait: Option<Duration>,
}

impl Preferences {
    /// Reads all `Prefer` headers. Of a preference that is there twice, the first counts.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let mut found = Self::default();
        let mut waits = false;
        for value in headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok()) {
            for preference in split(value, ',') {
                // Parameters after `;` belong to preferences that are not known here.
                let preference = split(preference, ';').next().unwrap_or_default();
                let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
                let (name, value) = (name.trim(), value.trim());
                if name.eq_ignore_ascii_case("respond-async") {
                    found.respond_async = true;
                } else if name.eq_ignore_ascii_case("wait") && !waits {
                    waits = true;
                    found.wait = seconds(value);
                }
            }
        }
        found
    }

    /// How long to wait for an outcome, and what to say in `Preference-Applied` (section 3). `usual` is the service's own
    /// time, `most` the longest.
    ///
    /// `respond-async` alone means not to wait at all; with `wait`, to wait that long first (section 4.3).
    #[must_use]
    pub fn wait(self, usual: Duration, most: Duration) -> (Duration, Option<HeaderValue>) {
        let wait = self.wait.map(|wait| wait.min(most));
        let mut applied = Vec::new();
        if self.respond_async {
            applied.push("respond-async".to_owned());
        }
        if let Some(wait) = wait {
            applied.push(format!("wait={}", wait.as_secs()));
        }
        let applied = (!applied.is_empty()).then(|| HeaderValue::from_str(&applied.join(", ")).ok()).flatten();
        let unasked = if self.respond_async { Duration::ZERO } else { usual };
        (wait.unwrap_or(unasked), applied)
    }
}

/// A number of seconds, in quotes or not.
pub fn seconds(text: &str) -> Option<Duration> {
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let digits = !text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().map(Duration::from_secs)
}

/// The parts between separators that stand outside of quotes.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c| {
        let separates = c == separator && !quoted;
        (quoted, escaped) = match c {
            _ if escaped => (quoted, false),
            '\\' if quoted => (quoted, true),
            '"' => (!quoted, false),
            _ => (quoted, false),
        };
        separates
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(lines: &[&str]) -> Preferences {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(PREFER, HeaderValue::from_str(line).unwrap());
        }
        Preferences::of(&headers)
    }

    fn prefers(respond_async: bool, wait: Option<u64>) -> Preferences {
        Preferences { respond_async, wait: wait.map(Duration::from_secs) }
    }

    #[test]
    fn what_makes_no_sense_is_left_out() {
        for line in
            ["wait=-1", "wait=ten", "wait", "wait=", "wait=1.5", "wait=99999999999", "return=minimal", ",,;=", ""]
        {
            assert_eq!(of(&[line]), prefers(false, None), "{line}");
        }
        assert_eq!(of(&["x=\"respond-async, wait=5\""]), prefers(false, None), "inside of quotes it is a value");
        assert_eq!(of(&["wait=x, wait=5"]), prefers(false, None), "only the first one counts");
    }

    #[test]
    fn both_are_found_however_they_are_written() {
        assert_eq!(of(&["respond-async, wait=10"]), prefers(true, Some(10)));
        assert_eq!(of(&["Wait = \"10\" ; x=y", "RESPOND-ASYNC"]), prefers(true, Some(10)));
        assert_eq!(of(&["lenient; a=\"b,c\", wait=3, wait=9"]), prefers(false, Some(3)));
    }

    #[test]
    fn the_wait_is_held_to_the_services_own() {
        let seconds = Duration::from_secs;
        let wait = |preferences: Preferences| {
            let (wait, applied) = preferences.wait(seconds(20), seconds(60));
            (wait.as_secs(), applied.map(|value| value.to_str().unwrap().to_owned()))
        };
        assert_eq!(wait(prefers(false, None)), (20, None));
        assert_eq!(wait(prefers(true, None)), (0, Some("respond-async".into())));
        assert_eq!(wait(prefers(true, Some(3))), (3, Some("respond-async, wait=3".into())));
        assert_eq!(wait(prefers(false, Some(900))), (60, Some("wait=60".into())));
    }

    proptest! {
        #[test]
        fn any_header_is_read_without_harm(text in "[ -~]{0,200}") {
            of(&[text.as_str()]);
        }
    }
}
