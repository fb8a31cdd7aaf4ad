//! The server's clock beside this host's. Kerberos refuses what is more than five minutes off (RFC 4120 section 1.6),
//! and with clocks apart a password looks older or younger to the directory than to whoever reads it here.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use portcullis_directory::ldap::LdapDirectory;
use portcullis_directory::{Directory as _, Entry, Scope, Search};
use time::{Date, Month, PrimitiveDateTime, Time};

use super::super::step::Finding;

/// As much as Kerberos takes.
const MOST: i64 = 300;

/// The time by the server's clock: Active Directory tells it in the root DSE, 389 Directory Server in `cn=monitor`.
pub(super) async fn told(directory: &LdapDirectory, root: &Entry) -> Option<String> {
    if let Some(time) = root.text("currentTime") {
        return Some(time.to_owned());
    }
    let search = Search {
        base: "cn=monitor".to_owned(),
        scope: Scope::Base,
        filter: "(objectClass=*)".to_owned(),
        attributes: vec!["currentTime".to_owned()],
        limit: 1,
    };
    let found = directory.search(&search).await.ok()?;
    found.entries.first()?.text("currentTime").map(str::to_owned)
}

pub(super) fn compare(told: Option<&str>, here: SystemTime) -> Finding {
    let Some(told) = told else {
        return Finding::skipped("the server does not tell its time: the clocks were not compared");
    };
    let here = here.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let here = i64::try_from(here).unwrap_or(i64::MAX);
    let Some(there) = seconds(told) else {
        return Finding::skipped(
            "the server tells its time in a way that cannot be read: the clocks were not compared",
        );
    };
    let ahead = there.saturating_sub(here);
    let finding = match ahead {
        -1..=1 => Finding::ok("the clocks agree"),
        _ => {
            let apart = humantime::format_duration(Duration::from_secs(ahead.unsigned_abs()));
            let text =
                format!("the server's clock is {apart} {} this host's", if ahead > 0 { "ahead of" } else { "behind" });
            if ahead.abs() > MOST {
                Finding::warning(
                    text,
                    "let both follow the same time server: from 5 minutes on Kerberos refuses sign-ins, and ages of passwords are wrong",
                )
            } else {
                Finding::ok(text)
            }
        }
    };
    finding.fact("clock-ahead-s", ahead)
}

/// GeneralizedTime in UTC (RFC 4517 section 3.3.13), to the second.
fn seconds(text: &str) -> Option<i64> {
    let rest = text.get(14..)?;
    let fraction = rest.strip_suffix('Z')?;
    if !fraction.is_empty() && !fraction.strip_prefix('.')?.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| {
        text.get(range).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?.parse::<u16>().ok()
    };
    let small = |range| number(range).and_then(|n| u8::try_from(n).ok());
    let date =
        Date::from_calendar_date(i32::from(number(0..4)?), Month::try_from(small(4..6)?).ok()?, small(6..8)?).ok()?;
    let time = Time::from_hms(small(8..10)?, small(10..12)?, small(12..14)?).ok()?;
    Some(PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Mark;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn more_than_five_minutes_are_a_warning_in_both_directions() {
        // 2026-11-23T14:10:10Z
        let here = 1_795_443_010;
        let told = Some("20261123141010.0Z");
        for (here, mark) in [
            (here, Mark::Ok),
            (here + 300, Mark::Ok),
            (here - 300, Mark::Ok),
            (here + 301, Mark::Warning),
            (here - 301, Mark::Warning),
        ] {
            assert_eq!(compare(told, at(here)).mark, mark, "{here}");
        }
        let ahead = compare(told, at(here - 3723));
        assert_eq!(ahead.text, "the server's clock is 1h 2m 3s ahead of this host's");
        assert_eq!(compare(told, at(here + 60)).text, "the server's clock is 1m behind this host's");
    }

    #[test]
    fn nonsense_is_not_compared() {
        for text in [
            "",
            "Z",
            "2026",
            "20261323141010Z",
            "20261123141010",
            "2026112314101éZ",
            "20261123141010.x0Z",
            "+0261123141010Z",
        ] {
            assert_eq!(compare(Some(text), at(0)).mark, Mark::Skipped, "{text}");
        }
        assert_eq!(compare(None, at(0)).mark, Mark::Skipped);
    }
}
