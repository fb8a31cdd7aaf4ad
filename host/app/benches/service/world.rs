//! The folders of an operator, as the service finds them: connectors with the plugin `mock`, and portcullis.toml with
//! one caller whom no rate holds back.

use std::fmt::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt};
use std::path::Path;

use portcullis::service::callers::Token;
use portcullis_sandbox::Digest;
use tempfile::TempDir;

use crate::Result;

/// A directory in the host's memory.
pub(crate) const EMBEDDED: &str =
    "[ldap.embedded]\nseed = \"people.ldif\"\ndialect = \"plain\"\nhistory = 0\nmin-age = \"0s\"\n";

/// The folders, and the credential of the caller.
pub(crate) struct World {
    folder: TempDir,
    pub(crate) token: String,
}

impl World {
    /// With connectors `c0`, `c1`... for the accounts `pN@c0.example`..., each on a directory of its own with so many
    /// people. `extra` are further sections of portcullis.toml.
    pub(crate) fn new(connectors: usize, people: usize, extra: &str) -> Result<Self> {
        let (token, hash) = Token::make()?;
        let world = Self { folder: tempfile::tempdir()?, token: token.to_string() };
        for part in ["config/connectors", "config/plugins"] {
            std::fs::create_dir_all(world.path(part))?;
        }
        std::fs::copy(portcullis_tests::plugins::plugin("mock")?, world.path("config/plugins/mock.wasm"))?;
        std::fs::write(world.path("config/connectors/people.ldif"), ldif(people)?)?;
        for n in 0..connectors {
            world.connector(n, EMBEDDED)?;
        }
        let config = format!(
            "[callers.bench]\ntoken-sha256 = [\"{hash}\"]\noperations = [\"reset-password\"]\naccounts = [\"*\"]\nexcept = [\"*-adm\"]\n\
             rate = \"1000000/s\"\n\n[limits]\naccount-rate = \"1000000/s\"\n\n{extra}"
        );
        std::fs::write(world.path("config/portcullis.toml"), config)?;
        Ok(world)
    }

    /// Writes the file of a connector, with this directory.
    pub(crate) fn connector(&self, n: usize, directory: &str) -> Result {
        let plugin = std::fs::read(self.path("config/plugins/mock.wasm"))?;
        let text = toml(n, &Digest::of(&plugin).to_string(), directory);
        Ok(std::fs::write(self.path(&format!("config/connectors/c{n}.toml")), text)?)
    }

    /// Writes the file of a connector whose directory refuses connections: nobody listens on the port "discard".
    pub(crate) fn gone(&self, n: usize) -> Result {
        let secret = self.path("secret");
        std::fs::write(&secret, "not-a-secret")?;
        std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o600))?;
        let directory = format!(
            "[ldap]\nurls = [\"ldaps://127.0.0.1:9\"]\nbind-dn = \"cn=portcullis\"\nbind-password = {{ file = {secret:?} }}\n"
        );
        self.connector(n, &directory)
    }

    pub(crate) fn path(&self, part: &str) -> std::path::PathBuf {
        self.folder.path().join(part)
    }

    pub(crate) fn config(&self) -> std::path::PathBuf {
        self.path("config")
    }

    /// The folder of the journal, as `portcullis serve` makes it.
    pub(crate) fn state(&self) -> Result<std::path::PathBuf> {
        owned(&self.path("state"))?;
        Ok(self.path("state"))
    }

    /// The folder of compiled plugins.
    pub(crate) fn cache(&self) -> Result<std::path::PathBuf> {
        owned(&self.path("cache"))?;
        Ok(self.path("cache"))
    }
}

/// A folder that nobody else looks into.
fn owned(path: &Path) -> Result {
    Ok(std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?)
}

fn toml(n: usize, digest: &str, directory: &str) -> String {
    format!(
        r#"plugin = "mock.wasm"
sha256 = "{digest}"
accounts = ["*@c{n}.example"]
operations = ["reset-password"]

{directory}
[ldap.locate]
base = "ou=people,dc=people,dc=example"
filter = "(uid={{account.name}})"

[ldap.read]
attributes = ["pwdChangedTime"]

[ldap.write]
userPassword = "password"

[ldap.allow]
controls = ["1.3.6.1.4.1.42.2.27.8.5.1"]

[ldap.confirm]
by = "bind"

[limits]
concurrency = 64
"#
    )
}

fn ldif(people: usize) -> Result<String> {
    let mut text = "dn: dc=people,dc=example\nobjectClass: domain\ndc: people\n\n\
        dn: ou=people,dc=people,dc=example\nobjectClass: organizationalUnit\nou: people\n\n"
        .to_owned();
    for n in 0..people {
        write!(
            text,
            "dn: uid=p{n},ou=people,dc=people,dc=example\nobjectClass: inetOrgPerson\nuid: p{n}\ncn: P {n}\nsn: {n}\n\
             userPassword: First-Passw0rd-{n}\n\n"
        )?;
    }
    Ok(text)
}
