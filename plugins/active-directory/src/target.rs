//! The target, and whether this connector may touch it at all.

use portcullis_connector::ldap::{self, Entry};
use portcullis_connector::{Fault, FaultCode};

use crate::status::flag;

/// The account whose password signs the tickets of the whole domain. Read-only domain controllers have one each, with a
/// number: `krbtgt_12345`.
const KRBTGT: &str = "krbtgt";

/// The DN of the target.
///
/// # Errors
/// `misconfigured` if the target is `krbtgt`, which only its name in the entry tells for certain: so `sAMAccountName`
/// is read for every operation, and needs a grant.
pub(crate) fn dn() -> Result<String, Fault> {
    allowed(ldap::target(&["sAMAccountName"])?)
}

fn allowed(entry: Entry) -> Result<String, Fault> {
    if is_krbtgt(&entry) {
        let text = format!("{} is krbtgt, which is never touched: exclude it in `[ldap.locate]`", entry.dn);
        return Err(Fault::new(FaultCode::Misconfigured, text));
    }
    Ok(entry.dn)
}

/// A password that never expires is not asked for again, whatever `pwdLastSet` says. So the receipt would promise what
/// does not happen.
pub(crate) fn ensure_it_can_be_asked_to_change() -> Result<(), Fault> {
    can_be_asked_to_change(&ldap::target(&["userAccountControl"])?)
}

fn can_be_asked_to_change(entry: &Entry) -> Result<(), Fault> {
    match entry.number("userAccountControl") {
        Some(flags) if flags & flag::NOT_ASKED_TO_CHANGE != 0 => {
            let text = "the account's password never expires or a smart card is required, so that the directory would \
                        not ask for a new password; nothing was written";
            Err(Fault::new(FaultCode::DirectoryRefused, text))
        }
        _ => Ok(()),
    }
}

/// By name and by RDN, as a directory may hide the name.
fn is_krbtgt(entry: &Entry) -> bool {
    let named = |name: &str| {
        let name = name.trim().to_ascii_lowercase();
        name == KRBTGT || name.strip_prefix(KRBTGT).is_some_and(|rest| rest.starts_with('_'))
    };
    let rdn = entry.dn.split_once('=').map(|(_, rest)| rest.split(',').next().unwrap_or_default());
    entry.text("sAMAccountName").is_some_and(named) || rdn.is_some_and(named)
}

#[cfg(test)]
mod tests {
    use portcullis_connector::testing::entry;

    use super::*;

    fn code(entry: Entry) -> Option<FaultCode> {
        allowed(entry).err().map(|fault| fault.code)
    }

    #[test]
    fn krbtgt_is_refused_by_each_of_its_marks() {
        assert_eq!(code(entry("CN=krbtgt,CN=Users,DC=corp", &[])), Some(FaultCode::Misconfigured));
        assert_eq!(code(entry("cn=KRBTGT_12345,CN=Users,DC=corp", &[])), Some(FaultCode::Misconfigured));
        let renamed = entry("CN=nothing to see,DC=corp", &[("sAMAccountName", &["krbtgt"])]);
        assert_eq!(code(renamed), Some(FaultCode::Misconfigured));
    }

    #[test]
    fn others_are_not() {
        for dn in ["CN=krbtgtson,DC=corp", "CN=alice,OU=krbtgt,DC=corp", "", "no name"] {
            assert_eq!(code(entry(dn, &[("sAMAccountName", &["alice"])])), None, "{dn}");
        }
    }

    #[test]
    fn a_password_that_never_expires_is_not_asked_for_again() {
        let can = |flags: &str| {
            can_be_asked_to_change(&entry("CN=a", &[("userAccountControl", &[flags])])).map_err(|fault| fault.code)
        };
        assert_eq!(can("66048"), Err(FaultCode::DirectoryRefused));
        assert_eq!(can("262656"), Err(FaultCode::DirectoryRefused));
        assert_eq!(can("512"), Ok(()));
    }
}
