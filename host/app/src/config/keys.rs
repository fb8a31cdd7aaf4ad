//! Every key of a file, with a line that could stand in one: what diagnostics tell people to write.

use super::diagnostic::did_you_mean;

/// The keys of one kind of file.
#[derive(Debug)]
pub(crate) struct Keys {
    /// What the file is called in messages.
    pub(crate) file: &'static str,
    /// One of its sections, for messages.
    pub(crate) section: &'static str,
    /// In the order of the documentation.
    pub(crate) tables: &'static [&'static [Key]],
}

/// Path and example. A `*` stands for a name that the operator chooses.
pub(crate) type Key = (&'static str, &'static str);

/// The keys of a connector's file.
pub(crate) const CONNECTOR: Keys = Keys {
    file: "a connector's file",
    section: "[ldap]",
    tables: &[BEFORE_GRANTS, LDAP_GRANTS, CONFIRM, GRANTS, &[("config.*", r#"variant = "auto""#)]],
};

const BEFORE_GRANTS: &[Key] = &[
    ("plugin", r#"plugin = "active-directory.wasm""#),
    ("sha256", r#"sha256 = "<64 hexadecimal digits>""#),
    ("accounts", r#"accounts = ["*@corp.example"]"#),
    ("operations", r#"operations = ["reset-password", "unlock-account"]"#),
    ("ldap", "[ldap]"),
    ("ldap.urls", r#"urls = ["ldaps://dc1.corp.example"]"#),
    ("ldap.start-tls", "start-tls = true"),
    ("ldap.min-tls", r#"min-tls = "1.3""#),
    ("ldap.ca-file", r#"ca-file = "corp-ca.pem""#),
    ("ldap.bind-dn", r#"bind-dn = "CN=svc-portcullis,OU=Service,DC=corp,DC=example""#),
    ("ldap.bind-password", r#"bind-password = { file = "/run/credentials/portcullis/corp-ad" }"#),
    ("ldap.bind-password.file", r#"bind-password = { file = "/run/credentials/portcullis/corp-ad" }"#),
    ("ldap.bind-password.env", r#"bind-password = { env = "CORP_AD_PASSWORD" }"#),
    ("ldap.bind-password.credential", r#"bind-password = { credential = "corp-ad" }"#),
    ("ldap.connections", "connections = 8"),
    ("ldap.connect-timeout", r#"connect-timeout = "5s""#),
    ("ldap.request-timeout", r#"request-timeout = "10s""#),
    ("ldap.embedded", "[ldap.embedded]"),
    ("ldap.embedded.seed", r#"seed = "people.ldif""#),
    ("ldap.embedded.state", r#"state = "people.state.ldif""#),
    ("ldap.embedded.dialect", r#"dialect = "plain""#),
    ("ldap.embedded.min-length", "min-length = 8"),
    ("ldap.embedded.history", "history = 3"),
    ("ldap.embedded.max-failures", "max-failures = 5"),
    ("ldap.embedded.min-age", r#"min-age = "1d""#),
    ("ldap.locate", "[ldap.locate]"),
    ("ldap.locate.base", r#"base = "OU=Staff,DC=corp,DC=example""#),
    ("ldap.locate.scope", r#"scope = "subtree""#),
    ("ldap.locate.filter", r#"filter = "(&(objectClass=user)(userPrincipalName={account.login}))""#),
    ("ldap.locate.exclude", r#"exclude = "(adminCount=1)""#),
];

/// What is granted in a connector's file and bounded by a ceiling, of the directory.
pub(crate) const LDAP_GRANTS: &[Key] = &[
    ("ldap.read", "[ldap.read]"),
    ("ldap.read.attributes", r#"attributes = ["pwdLastSet", "lockoutTime"]"#),
    ("ldap.search", "[ldap.search]"),
    ("ldap.search.bases", r#"bases = ["CN=Password Settings Container,CN=System,DC=corp,DC=example"]"#),
    ("ldap.write", "[ldap.write]"),
    ("ldap.write.*", r#"lockoutTime = ["0"]"#),
    ("ldap.write.*.values", r#"pwdReset = { values = ["TRUE"], remove = true }"#),
    ("ldap.write.*.remove", r#"pwdReset = { values = ["TRUE"], remove = true }"#),
    ("ldap.allow", "[ldap.allow]"),
    ("ldap.allow.controls", r#"controls = ["1.3.6.1.4.1.42.2.27.8.5.1"]"#),
    ("ldap.allow.set-password", "set-password = true"),
    ("ldap.allow.try-bind", "try-bind = true"),
    ("ldap.allow.as-target", "as-target = true"),
];

const CONFIRM: &[Key] = &[
    ("ldap.confirm", "[ldap.confirm]"),
    ("ldap.confirm.by", r#"by = "bind""#),
    ("ldap.confirm.attribute", r#"attribute = "pwdLastSet""#),
];

/// As [`LDAP_GRANTS`], of everything else. What a setting may be, `config.*`, is written in another way in each.
pub(crate) const GRANTS: &[Key] = &[
    ("log", "[log]"),
    ("log.level", r#"level = "info""#),
    ("config", "[config]"),
    ("reveal", "[reveal]"),
    ("reveal.passwords", r#"passwords = ["new"]"#),
    ("limits", "[limits]"),
    ("limits.time", r#"time = "10s""#),
    ("limits.memory", r#"memory = "16 MiB""#),
    ("limits.concurrency", "concurrency = 64"),
    ("limits.host-calls", "host-calls = 256"),
    ("limits.log", r#"log = "64 KiB""#),
];

impl Keys {
    /// Every key.
    pub(crate) fn all(&self) -> impl Iterator<Item = Key> {
        self.tables.iter().copied().flatten().copied()
    }

    /// A line that could stand for the key of this path.
    pub(crate) fn example<S: AsRef<str>>(&self, path: &[S]) -> Option<&'static str> {
        let fits = |known: &str| {
            known.split('.').count() == path.len()
                && known.split('.').zip(path).all(|(known, key)| known == "*" || known == key.as_ref())
        };
        self.all().find(|(known, _)| fits(known)).map(|(_, example)| example)
    }

    /// What to write instead of a key that is not known.
    pub(crate) fn instead_of<S: AsRef<str>>(&self, path: &[S]) -> String {
        let Some((key, section)) = path.split_last() else {
            return String::new();
        };
        if is_part_of_an_oid(path) {
            return "an OID stands in quotation marks: \"2.5.4.35\" = \"password\"".to_owned();
        }
        let here: Vec<&str> = self.children(section).collect();
        if let Some(meant) = did_you_mean(key.as_ref(), here.iter().copied()) {
            return format!("did you mean `{meant}`?");
        }
        let elsewhere = || {
            let known = self.all().map(|(known, _)| known.rsplit_once('.').unwrap_or(("", known)));
            known.filter(|(parent, name)| !parent.contains('*') && *name != "*")
        };
        let meant = did_you_mean(key.as_ref(), elsewhere().map(|(_, name)| name));
        match meant.and_then(|meant| elsewhere().find(|(_, name)| *name == meant)) {
            Some(("", name)) => format!("`{name}` belongs at the top of the file, before the first section"),
            Some((parent, name)) => format!("`{name}` belongs in the section `[{parent}]`"),
            None => format!("take the line away; known here: {}", here.join(", ")),
        }
    }

    fn children<S: AsRef<str>>(&self, section: &[S]) -> impl Iterator<Item = &'static str> {
        self.all().filter_map(move |(known, _)| {
            let (parent, name) = known.rsplit_once('.').unwrap_or(("", known));
            let parents = || parent.split('.').filter(|part| !part.is_empty());
            let inside = parents().count() == section.len()
                && parents().zip(section).all(|(known, key)| known == "*" || known == key.as_ref());
            (inside && name != "*").then_some(name)
        })
    }
}

/// Whether an OID was written without quotation marks, so that TOML took its dots for sections.
fn is_part_of_an_oid<S: AsRef<str>>(path: &[S]) -> bool {
    let parts: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
    let number = |part: &&str| part.bytes().all(|b| b.is_ascii_digit());
    parts.strip_prefix(&["ldap", "write"]).is_some_and(|name| name.len() > 1 && name.iter().all(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_to_write_instead() {
        assert_eq!(CONNECTOR.instead_of(&["plugn"]), "did you mean `plugin`?");
        assert_eq!(CONNECTOR.instead_of(&["ldap", "ca_file"]), "did you mean `ca-file`?");
        assert_eq!(CONNECTOR.instead_of(&["ldap", "filter"]), "`filter` belongs in the section `[ldap.locate]`");
        assert_eq!(
            CONNECTOR.instead_of(&["ldap", "operations"]),
            "`operations` belongs at the top of the file, before the first section"
        );
        assert_eq!(CONNECTOR.instead_of(&["log", "colour"]), "take the line away; known here: level");
        assert_eq!(CONNECTOR.instead_of(&["ldap", "write", "pwdReset", "value"]), "did you mean `values`?");
    }

    #[test]
    fn every_key_has_an_example_that_begins_with_it() {
        for (path, _) in CONNECTOR.all() {
            let path: Vec<&str> = path.split('.').map(|part| if part == "*" { "x" } else { part }).collect();
            assert!(CONNECTOR.example(&path).is_some(), "{path:?}");
        }
        assert_eq!(CONNECTOR.example(&["limits", "memory"]), Some(r#"memory = "16 MiB""#));
        assert_eq!(CONNECTOR.example(&["config", "anything"]), Some(r#"variant = "auto""#));
        assert_eq!(CONNECTOR.example(&["nothing"]), None);
    }
}
