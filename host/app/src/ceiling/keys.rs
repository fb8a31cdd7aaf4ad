//! Every key of a ceiling, with a line that could stand in it.

use crate::config::keys::{GRANTS, Key, Keys, LDAP_GRANTS};

/// The keys of a ceiling.
pub(super) const CEILING: Keys = Keys {
    file: "a ceiling",
    section: "[ldap.write]",
    tables: &[BEFORE_GRANTS, LDAP_GRANTS, GRANTS, &[("config.*", r#"variant = ["openldap", "389ds"]"#)]],
};

const BEFORE_GRANTS: &[Key] = &[
    ("accounts", r#"accounts = ["*@corp.example"]"#),
    ("operations", r#"operations = ["reset-password", "unlock-account"]"#),
    ("plugins", "[plugins]"),
    ("plugins.require-signature", "require-signature = true"),
    ("plugins.require-sha256", "require-sha256 = true"),
    ("plugins.sockets", "sockets = false"),
    ("signers", "[signers]"),
    ("signers.*", r#"vendor = "<the second line of minisign.pub>""#),
    ("ldap", "[ldap]"),
    ("ldap.urls", r#"urls = ["ldaps://*.corp.example"]"#),
    ("ldap.embedded", "embedded = false"),
    ("ldap.min-tls", r#"min-tls = "1.2""#),
    ("ldap.locate", "[ldap.locate]"),
    ("ldap.locate.bases", r#"bases = ["OU=Staff,DC=corp,DC=example"]"#),
    ("ldap.locate.require-exclude", "require-exclude = true"),
];
