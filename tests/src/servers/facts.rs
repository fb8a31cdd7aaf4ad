//! The file of facts that a script writes beside its server: lines `NAME='value'`.

use std::{fs, path::Path, path::PathBuf};

/// What a client has to know of a server. The same people live in each: `alice` to `heidi`, all with [`Facts::user_pw`].
/// `frank` may not change his password for a day, `grace` needs 20 characters, `admin-zoe` is the one to exclude
/// (`adminCount=1`, or `employeeType=admin`), and `heidi` is disabled in Active Directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The server's IP address, its own among the loopback addresses.
    pub address: String,
    /// Without TLS.
    pub ldap_url: String,
    /// With TLS.
    pub ldaps_url: String,
    /// The CA that issued the server's certificate.
    pub ca_file: PathBuf,
    /// A CA that issued nothing.
    pub other_ca_file: PathBuf,
    /// The suffix.
    pub base_dn: String,
    /// Below it live the people for whom the service account has rights.
    pub people_dn: String,
    /// Below it are the password policies `min-age`, `must-change` (not in Active Directory) and `long`.
    pub policies_dn: String,
    /// What follows the `@` in the people's names.
    pub domain: String,
    /// The service account: the rights that a reset needs, and no other.
    pub svc_dn: String,
    /// Its password.
    pub svc_pw: String,
    /// A service account that may read, and write nothing.
    pub readonly_dn: String,
    /// Its password.
    pub readonly_pw: String,
    /// May do anything; for the fixture, never for what is under test.
    pub admin_dn: String,
    /// Its password.
    pub admin_pw: String,
    /// The password of the people who are there from the start.
    pub user_pw: String,
}

impl Facts {
    pub(super) fn read(file: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
        Self::parse(&text).map_err(|name| format!("{} does not tell {name}", file.display()))
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let get = |name: &'static str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix("='"));
            line.and_then(|value| value.strip_suffix('\'')).map(str::to_owned).ok_or(name)
        };
        Ok(Self {
            address: get("ADDRESS")?,
            ldap_url: get("LDAP_URL")?,
            ldaps_url: get("LDAPS_URL")?,
            ca_file: get("CA_FILE")?.into(),
            other_ca_file: get("OTHER_CA_FILE")?.into(),
            base_dn: get("BASE_DN")?,
            people_dn: get("PEOPLE_DN")?,
            policies_dn: get("POLICIES_DN")?,
            domain: get("DOMAIN")?,
            svc_dn: get("SVC_DN")?,
            svc_pw: get("SVC_PW")?,
            readonly_dn: get("READONLY_DN")?,
            readonly_pw: get("READONLY_PW")?,
            admin_dn: get("ADMIN_DN")?,
            admin_pw: get("ADMIN_PW")?,
            user_pw: get("USER_PW")?,
        })
    }
}
