//! Which directory it is.

use portcullis_connector::ldap::{self, Entry};
use portcullis_connector::{Fault, FaultCode};

use crate::settings;

/// What is asked of the root DSE. OpenLDAP has no `vendorName`; it is known by the class of the entry.
pub(crate) const ROOT_DSE: [&str; 6] =
    ["objectClass", "vendorName", "vendorVersion", "supportedCapabilities", "supportedControl", "supportedExtension"];

/// A kind of directory that this connector knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variant {
    OpenLdap,
    Ds389,
}

impl Variant {
    /// Reads the root DSE. Every operation begins with it.
    pub(crate) fn look() -> Result<Self, Fault> {
        let setting = settings::variant()?;
        Self::of(&ldap::root_dse(&ROOT_DSE)?, setting)
    }

    /// What the server shows must not contradict the setting. The setting decides where the server shows nothing, which
    /// is so where the operator has closed the root DSE.
    ///
    /// # Errors
    /// `wrong-directory`.
    pub(crate) fn of(root: &Entry, setting: Option<Self>) -> Result<Self, Fault> {
        let vendor = root.text("vendorName").unwrap_or_default();
        let shown = if vendor.contains("389") {
            Some(Self::Ds389)
        } else if root.lists("objectClass", "OpenLDAProotDSE") {
            Some(Self::OpenLdap)
        } else {
            None
        };
        let wrong = |text: String| Err(Fault::new(FaultCode::WrongDirectory, text));
        match (setting, shown) {
            (Some(wanted), Some(shown)) if wanted != shown => {
                wrong(format!("the directory is {}, and `variant` says {}", shown.name(), wanted.name()))
            }
            (_, Some(shown)) => Ok(shown),
            (Some(wanted), None) if vendor.is_empty() && root.values("supportedCapabilities").is_empty() => Ok(wanted),
            (_, None) if !root.values("supportedCapabilities").is_empty() => {
                wrong("the directory is Active Directory".to_owned())
            }
            (_, None) => {
                let vendor = if vendor.is_empty() { "nobody" } else { vendor };
                wrong(format!("the directory is by {vendor}: neither OpenLDAP nor 389 Directory Server"))
            }
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OpenLdap => "OpenLDAP",
            Self::Ds389 => "389 Directory Server",
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use portcullis_connector::testing::entry;

    use super::*;

    pub(crate) fn openldap() -> Entry {
        entry("", &[("objectClass", &["top", "OpenLDAProotDSE"])])
    }

    pub(crate) fn ds389() -> Entry {
        entry("", &[("objectClass", &["top"]), ("vendorName", &["389 Project"])])
    }

    pub(crate) fn active_directory() -> Entry {
        entry("", &[("supportedCapabilities", &["1.2.840.113556.1.4.800"])])
    }

    fn code(root: &Entry, setting: Option<Variant>) -> Result<Variant, FaultCode> {
        Variant::of(root, setting).map_err(|fault| fault.code)
    }

    #[test]
    fn other_directories_are_refused_whatever_the_setting() {
        let embedded = entry("", &[("vendorName", &["Portcullis embedded directory"])]);
        let samba =
            entry("", &[("vendorName", &["Samba Team"]), ("supportedCapabilities", &["1.2.840.113556.1.4.800"])]);
        for root in [embedded, samba, active_directory()] {
            for setting in [None, Some(Variant::OpenLdap), Some(Variant::Ds389)] {
                assert_eq!(code(&root, setting), Err(FaultCode::WrongDirectory), "{root:?} {setting:?}");
            }
        }
    }

    #[test]
    fn a_setting_that_contradicts_the_server_is_refused() {
        assert_eq!(code(&openldap(), Some(Variant::Ds389)), Err(FaultCode::WrongDirectory));
        assert_eq!(code(&ds389(), Some(Variant::OpenLdap)), Err(FaultCode::WrongDirectory));
    }

    #[test]
    fn a_closed_root_dse_needs_the_setting() {
        let closed = entry("", &[]);
        assert_eq!(code(&closed, None), Err(FaultCode::WrongDirectory));
        assert_eq!(code(&closed, Some(Variant::OpenLdap)), Ok(Variant::OpenLdap));
    }

    #[test]
    fn both_are_known() {
        assert_eq!(code(&openldap(), None), Ok(Variant::OpenLdap));
        assert_eq!(code(&ds389(), None), Ok(Variant::Ds389));
    }
}
