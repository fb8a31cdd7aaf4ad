//! Whether a reset may bring back a former password.
//!
//! Active Directory applies the history to a change but not to a reset, unless the request carries a control that
//! Windows has and Samba 4.17 does not.

use portcullis_connector::ldap::Control;
use portcullis_connector::{Fault, Receipt, config};

use crate::server::Server;

/// LDAP_SERVER_POLICY_HINTS_OID and its older form (MS-ADTS section 3.1.1.3.4.1.27), the newer one first.
pub(crate) const POLICY_HINTS: [&str; 2] = ["1.2.840.113556.1.4.2239", "1.2.840.113556.1.4.2066"];

/// `SEQUENCE { flags INTEGER }` with the flag 1: apply the history.
const APPLY: [u8; 5] = [0x30, 0x03, 0x02, 0x01, 0x01];

/// The setting `history`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum History {
    /// Wherever the server offers it.
    WhenOffered,
    /// Never.
    Off,
}

impl History {
    /// What the operator wrote.
    pub(crate) fn setting() -> Result<Self, Fault> {
        config::choice("history", &[("when-offered", Self::WhenOffered), ("off", Self::Off)])
    }

    /// The control that makes this server apply the history, if it is wanted and offered. It is critical: a server that
    /// lists it and does not know it shall refuse the reset rather than do another one than was asked for.
    pub(crate) fn control(self, server: &Server) -> Option<Control> {
        if self == Self::Off {
            return None;
        }
        let oid = POLICY_HINTS.into_iter().find(|oid| server.offers(oid))?;
        Some(Control::new(oid).critical().with_value(&APPLY))
    }
}

/// A receipt that says so.
pub(crate) fn not_enforced(receipt: Receipt) -> Receipt {
    receipt.noting("history-not-enforced", "The directory did not compare the password with the account's former ones.")
}

#[cfg(test)]
mod tests {
    use portcullis_connector::testing::entry;

    use super::*;

    fn server(controls: &[&str]) -> Server {
        let capabilities: &[&str] = &["1.2.840.113556.1.4.800"];
        Server::of(entry("", &[("supportedCapabilities", capabilities), ("supportedControl", controls)])).unwrap()
    }

    #[test]
    fn nothing_is_sent_that_is_not_wanted_or_not_offered() {
        assert_eq!(History::Off.control(&server(&POLICY_HINTS)), None);
        assert_eq!(History::WhenOffered.control(&server(&["1.2.840.113556.1.4.805"])), None);
    }

    #[test]
    fn the_newer_control_is_preferred_and_critical() {
        let oid = |controls: &[&str]| History::WhenOffered.control(&server(controls)).map(|control| control.oid);
        assert_eq!(oid(&[POLICY_HINTS[1], POLICY_HINTS[0]]).as_deref(), Some(POLICY_HINTS[0]));
        assert_eq!(oid(&[POLICY_HINTS[1]]).as_deref(), Some(POLICY_HINTS[1]));
        let control = History::WhenOffered.control(&server(&POLICY_HINTS)).unwrap();
        assert_eq!((control.critical, control.value.as_deref()), (true, Some(&[0x30, 3, 2, 1, 1][..])));
    }
}
