//! Whether a password binds: asked of the server by OpenLDAP's `ldapsearch`, which knows nothing of Portcullis.

use std::{
    collections::BTreeMap,
    process::{Command, Stdio},
};

use super::write_secret;
use crate::{
    run::{Result, note, root, step},
    servers::Kind,
};

/// LDAP result code 49, which `ldapsearch` passes on as its exit code.
const INVALID_CREDENTIALS: i32 = 49;

/// Whose password is reset.
pub(super) struct Person {
    login: String,
    dn: String,
    password: String,
    url: String,
    ca_file: String,
}

impl Person {
    pub(super) fn alice(kind: Kind, facts: &BTreeMap<String, String>) -> Result<Self> {
        let fact = |name: &str| facts.get(name).ok_or(format!("the server does not tell {name}"));
        let attribute = if kind == Kind::Samba { "CN" } else { "uid" };
        Ok(Self {
            login: format!("alice@{}", fact("DOMAIN")?),
            dn: format!("{attribute}=alice,{}", fact("PEOPLE_DN")?),
            password: fact("USER_PW")?.clone(),
            url: fact("LDAPS_URL")?.clone(),
            ca_file: fact("CA_FILE")?.clone(),
        })
    }

    pub(super) fn login(&self) -> &str {
        &self.login
    }

    pub(super) fn password(&self) -> &str {
        &self.password
    }
}

/// Binds with each password, tells what happened, and fails if it is not what was expected.
pub(super) fn expect(person: &Person, when: &str, passwords: &[(&str, &str, bool)]) -> Result {
    step(&format!("asking the server itself, {when}: ldapsearch -H {} -D {} -y FILE", person.url, person.dn));
    for (name, password, expected) in passwords {
        let binds = binds(person, password)?;
        note(&format!("{name} {}", if binds { "binds" } else { "does not bind (49, invalid credentials)" }));
        if binds != *expected {
            return Err(format!("{name} should {}", if *expected { "bind" } else { "not bind any more" }).into());
        }
    }
    Ok(())
}

fn binds(person: &Person, password: &str) -> Result<bool> {
    // In a file, because everybody on the machine sees a command line.
    let file = root().join("target/demo/tried-password");
    write_secret(&file, password)?;
    // Reading the root DSE: Samba does not know "who am I" (RFC 4532).
    let mut command = Command::new("ldapsearch");
    command.args(["-x", "-LLL", "-H", &person.url, "-D", &person.dn, "-y"]).arg(&file);
    command.args(["-b", "", "-s", "base", "1.1"]).env("LDAPTLS_CACERT", &person.ca_file);
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    std::fs::remove_file(&file)?;
    match status.map_err(|e| format!("ldapsearch does not start: {e}"))?.code() {
        Some(0) => Ok(true),
        Some(INVALID_CREDENTIALS) => Ok(false),
        code => Err(format!("the server answers a bind with {code:?}").into()),
    }
}
