//! What a check finds: which directory it is, what it offers, and whether the settings make sense.

use portcullis_connector::dialect::ppolicy;
use portcullis_connector::ldap::{Entry, LdapError};
use portcullis_connector::{Fault, Finding};

use crate::must_change::MustChange;
use crate::settings::Settings;
use crate::variant::Variant;

/// The password modify operation (RFC 3062).
const PASSWORD_MODIFY: &str = "1.3.6.1.4.1.4203.1.11.1";

pub(crate) fn findings(root: Result<Entry, LdapError>, settings: &Settings) -> Vec<Finding> {
    let setting = settings.variant.as_ref().ok().copied().flatten();
    let mut findings = match root {
        Ok(root) => match Variant::of(&root, setting) {
            Ok(variant) => about(variant, &root, settings),
            Err(fault) => {
                let remedy = "Choose the plugin for this kind of directory, or correct `urls` or `variant`.";
                vec![Finding::problem(fault.detail, remedy)]
            }
        },
        Err(error) => {
            let text = format!("the root DSE could not be read: {}", Fault::from(error).detail);
            vec![Finding::problem(text, "Look at the servers in `urls`, the service account and the certificate.")]
        }
    };
    let faults =
        [settings.variant.as_ref().err(), settings.lockout.as_ref().err(), settings.must_change.as_ref().err()];
    for fault in faults.into_iter().flatten() {
        findings.push(Finding::problem(fault.detail.clone(), "Correct the setting under `[config]`."));
    }
    findings
}

fn about(variant: Variant, root: &Entry, settings: &Settings) -> Vec<Finding> {
    let version = root.text("vendorVersion").unwrap_or("the version is not told");
    let mut findings = vec![Finding::good(format!("the directory is {} ({version})", variant.name()))];
    if variant == Variant::OpenLdap && !root.lists("supportedExtension", PASSWORD_MODIFY) {
        findings.push(Finding::problem(
            format!("the directory does not list the password modify operation, {PASSWORD_MODIFY}"),
            "Let the service account read `supportedExtension` of the root DSE, or enable the operation.",
        ));
    }
    findings.push(if root.lists("supportedControl", ppolicy::OID) {
        Finding::good(format!("refusals come with their reason, by the control {}", ppolicy::OID))
    } else {
        Finding::warning(
            format!("the directory does not list the password policy control, {}", ppolicy::OID),
            "Load the password policy overlay (slapo-ppolicy); without it every password is taken.",
        )
    });
    if let Ok(setting) = settings.must_change {
        findings.push(Finding::good(match setting {
            MustChange::Prove => {
                "a reset that asks for a new password is proved by a bind, which needs `try-bind = true`"
            }
            MustChange::Trust => "a reset that asks for a new password is not proved: `must-change` is `trust`",
            MustChange::Refuse => "a reset that asks for a new password is refused: `must-change` is `refuse`",
        }));
    }
    findings
}

#[cfg(test)]
mod tests {
    use portcullis_connector::FaultCode;
    use portcullis_connector::Severity::{self, Good, Problem, Warning};
    use portcullis_connector::testing::entry;

    use super::*;
    use crate::settings::Lockout;
    use crate::variant::tests::{active_directory, ds389, openldap};

    fn settings(must_change: MustChange) -> Settings {
        Settings { variant: Ok(None), lockout: Ok(Lockout::UntilUnlocked), must_change: Ok(must_change) }
    }

    fn severities(root: Result<Entry, LdapError>, settings: &Settings) -> Vec<Severity> {
        let findings = findings(root, settings);
        for finding in &findings {
            assert_eq!(finding.remedy.is_empty(), finding.severity == Good, "{finding:?}");
        }
        findings.into_iter().map(|finding| finding.severity).collect()
    }

    fn with_everything(mut root: Entry) -> Entry {
        let more: [(&str, &[&str]); 2] =
            [("supportedControl", &[ppolicy::OID]), ("supportedExtension", &[PASSWORD_MODIFY])];
        root.attributes.extend(entry("", &more).attributes);
        root
    }

    #[test]
    fn what_is_missing_has_a_remedy() {
        let settings = settings(MustChange::Refuse);
        assert_eq!(severities(Err(LdapError::Unavailable("no server".into())), &settings), [Problem]);
        assert_eq!(severities(Ok(active_directory()), &settings), [Problem]);
        assert_eq!(severities(Ok(openldap()), &settings), [Good, Problem, Warning, Good]);
        assert_eq!(severities(Ok(ds389()), &settings), [Good, Warning, Good]);
    }

    #[test]
    fn a_setting_that_makes_no_sense_is_a_problem() {
        let mut settings = settings(MustChange::Prove);
        settings.lockout = Err(Fault::new(FaultCode::Misconfigured, "`lockout` is `x`"));
        assert_eq!(severities(Ok(with_everything(openldap())), &settings), [Good, Good, Good, Problem]);
    }

    #[test]
    fn a_directory_in_order() {
        assert_eq!(severities(Ok(with_everything(openldap())), &settings(MustChange::Prove)), [Good, Good, Good]);
        assert_eq!(severities(Ok(with_everything(ds389())), &settings(MustChange::Trust)), [Good, Good, Good]);
    }
}
