//! Packages that real servers need: Debian's, and only where that takes no password.

use std::{path::Path, process::Command};

use crate::{
    run::{self, Result, note, root, step},
    servers::Kind,
};

/// A file that shows that a package is installed.
const PACKAGES: &[(&str, &str, &[Kind])] = &[
    ("openssl", "/usr/bin/openssl", &Kind::ALL),
    ("ldap-utils", "/usr/bin/ldapsearch", &[Kind::Openldap, Kind::Samba]),
    ("slapd", "/usr/sbin/slapd", &[Kind::Openldap]),
    ("samba", "/usr/sbin/samba", &[Kind::Samba]),
    ("samba-ad-provision", "/usr/share/samba/setup/ad-schema", &[Kind::Samba]),
    ("samba-dsdb-modules", "/usr/share/doc/samba-dsdb-modules", &[Kind::Samba]),
    ("python3-samba", "/usr/lib/python3/dist-packages/samba", &[Kind::Samba]),
    ("389-ds-base", "/usr/sbin/ns-slapd", &[Kind::Ds389]),
    ("libnss3-tools", "/usr/bin/certutil", &[Kind::Ds389]),
];

/// Installs what these servers lack, if this user may. What still lacks is found out by the server's script.
///
/// # Errors
/// None for a missing right or another system: that is said, and tests are skipped by name.
pub(crate) fn for_servers(kinds: &[Kind]) -> Result {
    let missing: Vec<&str> = PACKAGES
        .iter()
        .filter(|(_, file, needed_by)| needed_by.iter().any(|kind| kinds.contains(kind)) && !Path::new(file).exists())
        .map(|(package, ..)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(" ");
    if !Path::new("/usr/bin/apt-get").exists() {
        note(&format!("not installed, and this is no Debian on which to install it: {packages}"));
        return Ok(());
    }
    let script = root().join("tests/servers/install.sh");
    let is_root = run::output(Command::new("id").arg("-u"))?.trim() == "0";
    let mut command = if is_root {
        Command::new(script)
    } else if run::output(Command::new("sudo").args(["-n", "true"])).is_ok() {
        let mut sudo = Command::new("sudo");
        sudo.arg("-n").arg(script);
        sudo
    } else {
        note(&format!("not installed, and installing needs root: apt-get install {packages}"));
        return Ok(());
    };
    step(&format!("apt-get install {packages} (their services are kept from starting)"));
    if let Err(error) = run::run(command.args(&missing)) {
        note(&format!("nothing was installed: {error}"));
    }
    Ok(())
}
