//! What a server's certificate says, and for how long it still counts.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use portcullis_directory::ldap::Certificate;

use super::super::step::Finding;

const DAY: i64 = 86_400;
/// A certificate that ends sooner is worth a warning: renewing one takes some places weeks.
const SOON: i64 = 30;

/// The server's own certificate, and that one of its chain which ends first.
///
/// Whether it was accepted is said elsewhere; a refused one is shown so that its names can be compared.
pub(super) fn look(chain: &[Certificate], verified: bool, now: SystemTime) -> Vec<Finding> {
    let Some(own) = chain.first() else { return Vec::new() };
    let now = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    let days = days_left(own, now);
    let names = if own.names.is_empty() { "no name".to_owned() } else { own.names.join(", ") };
    let ends = match days {
        ..0 => format!("expired {} days ago", -days),
        _ => format!("expires in {days} days"),
    };
    let chain_word = if verified { "its chain is verified" } else { "it was not accepted" };
    let text = format!("the certificate is for {names}, issued by {}, {ends}; {chain_word}", own.issuer);
    let finding = if verified && days < SOON {
        Finding::warning(text, "renew the server's certificate before it ends")
    } else if verified {
        Finding::ok(text)
    } else {
        Finding::skipped(text)
    };
    let facts = finding
        .fact("names", own.names.clone())
        .fact("issuer", own.issuer.as_str())
        .fact("not-after", time(own.not_after))
        .fact("days-left", days)
        .fact("verified", verified);
    let mut findings = vec![facts];
    if let Some(other) =
        chain.iter().skip(1).min_by_key(|one| one.not_after).filter(|one| verified && days_left(one, now) < SOON)
    {
        let text = format!("the certificate of its issuer {} expires in {} days", other.subject, days_left(other, now));
        findings
            .push(Finding::warning(text, "have the issuer's certificate renewed, and give the new one to the server"));
    }
    findings
}

fn days_left(certificate: &Certificate, now: i64) -> i64 {
    certificate.not_after.saturating_sub(now).div_euclid(DAY)
}

fn time(seconds: i64) -> String {
    let since = Duration::from_secs(u64::try_from(seconds).unwrap_or(0).min(253_402_300_799));
    humantime::format_rfc3339_seconds(UNIX_EPOCH + since).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Mark;

    fn certificate(days: i64) -> Certificate {
        Certificate {
            subject: "CN=dc1".into(),
            issuer: "CN=Corp CA".into(),
            names: vec!["dc1.corp.example".into()],
            not_before: 0,
            not_after: 1_000 * DAY + days * DAY + 5,
        }
    }

    fn marks(chain: &[i64], verified: bool) -> Vec<Mark> {
        let chain: Vec<_> = chain.iter().map(|days| certificate(*days)).collect();
        look(&chain, verified, UNIX_EPOCH + Duration::from_secs(1_000 * 86_400)).iter().map(|f| f.mark).collect()
    }

    #[test]
    fn what_ends_soon_is_warned_of_and_what_does_not_is_not() {
        assert_eq!(marks(&[29], true), [Mark::Warning]);
        assert_eq!(marks(&[30], true), [Mark::Ok]);
        assert_eq!(marks(&[400, 5000], true), [Mark::Ok]);
        assert_eq!(marks(&[400, 12, 5000], true), [Mark::Ok, Mark::Warning], "the issuer's ends first");
        assert_eq!(marks(&[], true), []);
    }

    #[test]
    fn one_that_was_refused_is_shown_and_judged_elsewhere() {
        let found = look(&[certificate(-3)], false, UNIX_EPOCH + Duration::from_secs(1_000 * 86_400));
        assert_eq!(found[0].mark, Mark::Skipped);
        assert!(
            found[0].text.contains("expired 3 days ago") && found[0].text.contains("dc1.corp.example"),
            "{found:?}"
        );
    }
}
