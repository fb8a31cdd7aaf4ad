//! What is above the ceiling, and what is not; what the file may say; who signed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod above;
mod any_spelling;
mod examples;
mod read;
mod signed;

use std::path::Path;

use portcullis_sandbox::Surface;

use super::{Ceiling, Excess};
use crate::config::tests::{Folder, with};
use crate::config::{ConnectorFile, load_file};

/// A connector's file in which every grant is used.
const CORP: &str = r#"plugin = "corp.wasm"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
accounts = ["*@corp.example"]
operations = ["reset-password", "unlock-account"]

[ldap]
urls = ["ldaps://dc1.corp.example", "ldaps://dc2.corp.example"]
min-tls = "1.3"
bind-dn = "CN=svc,DC=corp,DC=example"
bind-password = { file = "/run/secrets/corp-ad" }

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
pwdReset = { values = ["TRUE"], remove = true }

[ldap.allow]
controls = ["1.2.840.113556.1.4.2239"]
set-password = true
try-bind = true
as-target = true

[log]
level = "info"

[config]
variant = "auto"
retries = 3

[reveal]
passwords = ["new"]

[limits]
time = "10s"
memory = "16 MiB"
concurrency = 64
host-calls = 256
log = "64 KiB"
"#;

/// A ceiling that is exactly as high.
const CEILING: &str = r#"accounts = ["*@corp.example", "*@other.example"]
operations = ["reset-password", "unlock-account"]

[plugins]
require-signature = false

[ldap]
urls = ["ldaps://*.corp.example"]
min-tls = "1.3"

[ldap.locate]
bases = ["OU=Staff,DC=corp,DC=example"]

[ldap.read]
attributes = ["pwdLastSet", "lockoutTime"]

[ldap.search]
bases = ["CN=System,DC=corp,DC=example"]

[ldap.write]
unicodePwd = "password"
lockoutTime = ["0"]
pwdReset = { values = ["TRUE"], remove = true }

[ldap.allow]
controls = ["1.2.840.113556.1.4.2239"]
set-password = true
try-bind = true
as-target = true

[log]
level = "info"

[config]
variant = ["auto"]
retries = "any"

[reveal]
passwords = ["new"]
"#;

/// A folder with the plugin that [`CORP`] names.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("corp.wasm", b"");
    folder
}

fn connector(text: &str) -> ConnectorFile {
    let folder = folder();
    let path = folder.write("corp.toml", text.as_bytes());
    load_file(&path, folder.path()).unwrap_or_else(|problems| panic!("{:#?}", problems.all()))
}

/// What is above when a connector's file meets a ceiling.
fn above(connector: &str, ceiling: &str) -> Vec<Excess> {
    ceiling_of(ceiling).check(&self::connector(connector), &Surface::default())
}

fn ceiling_of(text: &str) -> Ceiling {
    Ceiling::of_text(text, Path::new("ceiling.toml")).unwrap_or_else(|problems| panic!("{:#?}", problems.all()))
}
