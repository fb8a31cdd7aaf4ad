//! What is refused and what the operator then reads; what is taken, and what comes out.

mod accepted;
mod example;
mod refused;
mod robust;

use super::super::diagnostic::Problems;
use super::super::tests::Folder;
use super::{ServiceConfig, load_service};

/// A file in which every section is used and nothing is wrong.
const SERVICE: &str = r#"[listen]
addresses = ["127.0.0.1:8440", "[::1]:8440"]
socket = "/run/portcullis/api.sock"

[tls]
certificate = "server.pem"
key = { file = "server.key" }
client-ca = "clients-ca.pem"
require = true

[callers.portal]
token-sha256 = ["1111111111111111111111111111111111111111111111111111111111111111"]
operations = ["change-password", "verify-password"]
accounts = ["*@corp.example"]
except = ["*-adm@corp.example"]
exclude = "(adminCount=1)"
connectors = ["corp-ad"]
rate = "60/s"

[callers.help-desk]
certificate = { dns = "Desk.corp.example" }
uid = 998
operations = ["reset-password"]
accounts = ["*@corp.example"]
exclude = "(adminCount=1)"
see = "all"
manage = true

[limits]
account-rate = "10/h"

[delivery]
wait = "20s"
deadline = "1h"
retry-first = "2s"
retry-longest = "2m"
breaker-failures = 5
breaker-pause = "10s"

[journal]
keep = "90d"
keep-unknown = "7d"

[keys]
overlap = "7d"

[alarms]
denials = "1/h"
account-resets = "5/h"
caller-resets = "200/h"
hours = "Mon-Fri 06:00-22:00"
time-zone = "+01:00"
new-use = true
learn = "7d"

[audit]
syslog = "udp://127.0.0.1:514"
otlp = "https://collector.corp.example:4318"
ca-file = "collector-ca.pem"

[observe]
log-format = "json"
otlp = "http://127.0.0.1:4318"

[connectors.corp-ad.test-account]
login = "portcullis-test@corp.example"
"#;

/// A folder with what [`SERVICE`] names.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("connectors/corp-ad.toml", b"");
    for name in ["server.pem", "clients-ca.pem", "collector-ca.pem"] {
        folder.write(name, b"-----BEGIN CERTIFICATE-----\n");
    }
    folder
}

fn load(folder: &Folder, text: &str) -> Result<ServiceConfig, Problems> {
    folder.write("portcullis.toml", text.as_bytes());
    load_service(folder.path())
}
