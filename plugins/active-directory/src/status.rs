//! What the attributes of an account say about its state.

use portcullis_connector::AccountStatus;
use portcullis_connector::dialect::time;
use portcullis_connector::ldap::Entry;

use crate::{LOCKED_AT, SET_AT};

const FLAGS: &str = "userAccountControl";
const COMPUTED: &str = "msDS-User-Account-Control-Computed";
const EXPIRES: &str = "msDS-UserPasswordExpiryTimeComputed";
const ACCOUNT_EXPIRES: &str = "accountExpires";

/// What a status reads. The computed ones are the server's own conclusions, which know the policy and the time.
pub(crate) const ATTRIBUTES: [&str; 6] = [FLAGS, LOCKED_AT, SET_AT, COMPUTED, EXPIRES, ACCOUNT_EXPIRES];

/// Bits of `userAccountControl` and its computed companion (MS-ADTS section 2.2.16).
pub(crate) mod flag {
    pub(crate) const DISABLED: i64 = 0x2;
    pub(crate) const LOCKED: i64 = 0x10;
    pub(crate) const PASSWORD_EXPIRED: i64 = 0x80_0000;
    /// The password never expires (0x10000), or a smart card is required (0x40000).
    pub(crate) const NOT_ASKED_TO_CHANGE: i64 = 0x5_0000;
}

/// The state of an account at the time `now`; nothing where the directory hides an attribute.
pub(crate) fn of(entry: &Entry, now: Option<u64>) -> AccountStatus {
    let computed = entry.number(COMPUTED);
    AccountStatus {
        enabled: enabled(entry, now),
        locked: computed.map(|computed| computed & flag::LOCKED != 0).or_else(|| locked(entry)),
        must_change: computed.map(|computed| computed & flag::PASSWORD_EXPIRED != 0).or_else(|| must_change(entry)),
        password_set: entry.number(SET_AT).and_then(time::filetime),
        password_expires: entry.number(EXPIRES).and_then(time::filetime),
    }
}

/// Neither switched off nor expired. No time of expiry, 0 and the largest number all mean that it never expires.
fn enabled(entry: &Entry, now: Option<u64>) -> Option<bool> {
    if entry.number(FLAGS)? & flag::DISABLED != 0 {
        return Some(false);
    }
    match entry.number(ACCOUNT_EXPIRES).and_then(time::filetime) {
        None => Some(true),
        Some(expires) => now.map(|now| now < expires),
    }
}

/// Without the server's conclusion: 0 is not locked. A time is when it was locked, and only the policy knows how long
/// that lasts; no value is an account that never was, or an attribute that is hidden.
fn locked(entry: &Entry) -> Option<bool> {
    (entry.number(LOCKED_AT)? == 0).then_some(false)
}

/// Without the server's conclusion: 0 asks for a new password, unless passwords of the account never expire.
fn must_change(entry: &Entry) -> Option<bool> {
    let never = entry.number(FLAGS)? & flag::NOT_ASKED_TO_CHANGE != 0;
    match entry.number(SET_AT)? {
        0 => Some(!never),
        // It may have expired since; only the policy knows.
        _ if never => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use portcullis_connector::testing::entry;

    use super::*;

    const NEVER: &str = "9223372036854775807";

    #[test]
    fn what_is_hidden_is_not_told() {
        let nothing = AccountStatus {
            enabled: None,
            locked: None,
            must_change: None,
            password_set: None,
            password_expires: None,
        };
        assert_eq!(of(&entry("", &[]), Some(0)), nothing);
        let odd = entry("", &[(FLAGS, &["x"]), (LOCKED_AT, &[""]), (SET_AT, &["-5"]), (EXPIRES, &[NEVER])]);
        assert_eq!(of(&odd, Some(0)), nothing);
    }

    #[test]
    fn the_servers_conclusions_come_first() {
        let account = entry(
            "",
            &[
                (FLAGS, &["514"]),
                (LOCKED_AT, &["0"]),
                (SET_AT, &["134116992000000000"]),
                (COMPUTED, &["8388624"]),
                (EXPIRES, &["134116992010000000"]),
            ],
        );
        let status = of(&account, None);
        assert_eq!((status.enabled, status.locked, status.must_change), (Some(false), Some(true), Some(true)));
        assert_eq!((status.password_set, status.password_expires), (Some(1_767_225_600), Some(1_767_225_601)));
    }

    #[test]
    fn without_them_only_what_is_certain_is_told() {
        let status = |flags: &str, locked: &str, set: &str| {
            let status = of(&entry("", &[(FLAGS, &[flags]), (LOCKED_AT, &[locked]), (SET_AT, &[set])]), None);
            (status.enabled, status.locked, status.must_change)
        };
        assert_eq!(status("512", "0", "0"), (Some(true), Some(false), Some(true)));
        assert_eq!(status("66048", "0", "0"), (Some(true), Some(false), Some(false)));
        assert_eq!(status("512", "134116992000000000", "134116992000000000"), (Some(true), None, None));
    }

    #[test]
    fn an_expired_account_is_not_enabled() {
        let enabled =
            |expires: &[&str], now| of(&entry("", &[(FLAGS, &["512"]), (ACCOUNT_EXPIRES, expires)]), now).enabled;
        for never in [&[][..], &["0"], &[NEVER]] {
            assert_eq!(enabled(never, None), Some(true), "{never:?}");
        }
        let at = &["134116992000000000"];
        assert_eq!(enabled(at, Some(1_767_225_600)), Some(false));
        assert_eq!(enabled(at, Some(1_767_225_599)), Some(true));
        assert_eq!(enabled(at, None), None, "whether it has come is not known");
    }
}
