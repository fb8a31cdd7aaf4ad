//! The folder that the host is pointed at: connectors and plugins.

use std::{collections::BTreeMap, fs, path::PathBuf};

use super::write_secret;
use crate::{
    run::{Result, root, step},
    servers::Kind,
};

const FOLDER: &str = "target/demo";

/// A folder whose one connector has its directory in memory.
pub(super) fn mock() -> Result<PathBuf> {
    let folder = fresh("mock")?;
    fs::write(root().join(&folder).join("connectors/mock.toml"), include_str!("mock.toml"))?;
    fs::write(root().join(&folder).join("connectors/people.ldif"), include_str!("people.ldif"))?;
    Ok(folder)
}

/// A folder whose one connector has a real directory.
pub(super) fn real(kind: Kind, facts: &BTreeMap<String, String>) -> Result<PathBuf> {
    let (plugin, template) = match kind {
        Kind::Samba => ("active-directory", include_str!("active-directory.toml")),
        Kind::Openldap | Kind::Ds389 => ("openldap", include_str!("openldap.toml")),
    };
    let folder = fresh(plugin)?;
    let password = root().join(&folder).join("bind-password");
    write_secret(&password, facts.get("SVC_PW").ok_or("the server tells no password")?)?;
    let mut file = template.replace("@BIND_PASSWORD_FILE@", &password.display().to_string());
    for (name, value) in facts {
        file = file.replace(&format!("@{name}@"), value);
    }
    fs::write(root().join(&folder).join("connectors").join(plugin).with_extension("toml"), file)?;
    Ok(folder)
}

fn fresh(plugin: &str) -> Result<PathBuf> {
    step(&format!("setting up {FOLDER}: the connector's file and its plugin"));
    let folder = root().join(FOLDER);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    for part in ["connectors", "plugins"] {
        fs::create_dir_all(folder.join(part))?;
    }
    let plugin = PathBuf::from(plugin).with_extension("wasm");
    fs::copy(root().join("target/plugins").join(&plugin), folder.join("plugins").join(&plugin))?;
    Ok(FOLDER.into())
}
