//! Names in the directory: OIDs (RFC 4512 section 1.4), and which attributes hold passwords.

use portcullis_capabilities::ldap::AttributeName;

/// The attribute of a description without its options, in lower case.
pub(super) fn base(description: &AttributeName) -> &str {
    description.as_str().split(';').next().unwrap_or_default()
}

/// Dotted decimal without leading zeros, at least two numbers.
pub(crate) fn is_oid(text: &str) -> bool {
    let number = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) && (part == "0" || !part.starts_with('0'))
    };
    text.contains('.') && text.split('.').all(number)
}

/// Whether an attribute (as [`base`] returns it) takes passwords and nothing else.
pub(crate) fn takes_passwords(attribute: &str) -> bool {
    // unicodePwd and userPassword with their OIDs.
    matches!(attribute, "unicodepwd" | "1.2.840.113556.1.4.90" | "userpassword" | "2.5.4.35")
}

const MORE: [&str; 20] = [
    "authpassword",
    "dbcspwd",
    "krbprincipalkey",
    "lmpwdhistory",
    "ms-mcs-admpwd",
    "mslaps-encryptedpassword",
    "mslaps-encryptedpasswordhistory",
    "mslaps-password",
    "msds-managedpassword",
    "msfve-recoverypassword",
    "mssfu30password",
    "ntpwdhistory",
    "passwordhistory",
    "pwdhistory",
    "sambacleartextpassword",
    "sambalmpassword",
    "sambantpassword",
    "sambapasswordhistory",
    "supplementalcredentials",
    "unixuserpassword",
];

/// Whether an attribute gives passwords away, in the clear or in a form from which they can be guessed.
pub(crate) fn gives_passwords_away(attribute: &str) -> bool {
    takes_passwords(attribute) || MORE.contains(&attribute)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base_of(text: &str) -> String {
        base(&AttributeName::parse(text).unwrap()).to_owned()
    }

    #[test]
    fn refuses_what_is_no_oid() {
        for text in ["", "1", "1.", ".1", "1..2", "a.b", "1.02", "1. 2", "1.2.x", "１.２"] {
            assert!(!is_oid(text), "{text:?}");
        }
        assert!(is_oid("1.3.6.1.4.1.42.2.27.8.5.1") && is_oid("0.0"));
    }

    #[test]
    fn options_and_case_do_not_hide_an_attribute() {
        for text in [
            "userPassword",
            "USERPASSWORD",
            "userPassword;x-a",
            "userPassword;lang-de;binary",
            "2.5.4.35",
            "2.5.4.35;x",
        ] {
            assert!(takes_passwords(&base_of(text)), "{text}");
        }
        assert!(!takes_passwords(&base_of("userPasswordExpiry")));
        assert!(gives_passwords_away(&base_of("sambaNTPassword")));
        assert!(!gives_passwords_away(&base_of("pwdLastSet")));
    }

    #[test]
    fn attributes_are_listed_as_they_are_compared() {
        for name in MORE {
            assert_eq!(base_of(name), name);
        }
    }
}
