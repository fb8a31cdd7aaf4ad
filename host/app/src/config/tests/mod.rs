//! What is refused and what the operator then reads; what is taken, and what comes out.

mod accepted;
mod examples;
mod folder;
mod refused;
mod robust;

use std::path::{Path, PathBuf};

use miette::{GraphicalReportHandler, GraphicalTheme};
use tempfile::TempDir;

use super::{ConnectorFile, Problems, load_file};

/// A file in which every section is used and nothing is wrong.
const CORP: &str = r#"plugin = "active-directory.wasm"
accounts = ["*@corp.example"]
operations = ["reset-password", "unlock-account"]

[ldap]
urls = ["ldaps://dc1.corp.example", "ldaps://dc2.corp.example"]
ca-file = "corp-ca.pem"
bind-dn = "CN=svc,DC=corp,DC=example"
bind-password = { file = "/run/secrets/corp-ad" }
connections = 8
connect-timeout = "5s"

[ldap.locate]
base = "OU=Staff,DC=corp,DC=example"
filter = "(&(objectClass=user)(userPrincipalName={account.login}))"
exclude = "(adminCount=1)"

[ldap.read]
attributes = ["pwdLastSet", "lockoutTime"]

[ldap.search]
bases = ["CN=System,DC=corp,DC=example"]

[ldap.write]
unicodePwd = "password"
lockoutTime = ["0"]

[ldap.allow]
controls = ["1.2.840.113556.1.4.2239"]
try-bind = true

[ldap.confirm]
by = "read-back"
attribute = "pwdLastSet"

[log]
level = "info"

[config]
variant = "auto"

[limits]
time = "10s"
memory = "16 MiB"
concurrency = 64
"#;

/// A folder with what [`CORP`] names.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for sub in ["connectors", "plugins"] {
            std::fs::create_dir(folder.path().join(sub)).unwrap();
        }
        let this = Self(folder);
        this.write("plugins/active-directory.wasm", b"");
        this.write("connectors/corp-ca.pem", b"-----BEGIN CERTIFICATE-----\n");
        this
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn load(&self, text: &str) -> Result<ConnectorFile, Problems> {
        let file = self.write("connectors/corp.toml", text.as_bytes());
        load_file(&file, &self.path().join("plugins"))
    }

    /// What an operator reads, with the folder as `DIR`.
    pub(super) fn shown(&self, diagnostic: &dyn miette::Diagnostic) -> String {
        shown(diagnostic).replace(&self.path().display().to_string(), "DIR")
    }
}

pub(super) fn shown(diagnostic: &dyn miette::Diagnostic) -> String {
    let mut text = String::new();
    GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
        .with_width(1_000)
        .without_syntax_highlighting()
        .render_report(&mut text, diagnostic)
        .unwrap();
    text
}

/// A text with replacements, each of which must apply.
pub(crate) fn with(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "{old} is not in the text");
        text.replacen(old, new, 1)
    })
}
