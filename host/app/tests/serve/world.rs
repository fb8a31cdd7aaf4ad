//! A configuration and a state folder as an operator would set them up, and the commands that an operator types.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use portcullis_tests::plugins::{plugin, root};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::process::{Serve, ended};

pub(crate) const ALICE: &str = "alice@people.example";
pub(crate) const ALICES: &str = "correct horse battery";
pub(crate) const BOB: &str = "bob@people.example";

/// May reset and look, sees all and manages.
pub(crate) const DESK: &str = "desk-token-0123456789abcdef";
/// May change passwords, not Bob's, and sees its own operations.
pub(crate) const PORTAL: &str = "portal-token-0123456789abcdef";

pub(crate) const MOCK: &str = "connectors/mock.toml";
pub(crate) const SERVICE: &str = "portcullis.toml";

/// The two folders of one test; gone afterwards.
pub(crate) struct World {
    config: TempDir,
    state: TempDir,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// It must have ended well; what it printed comes back.
    pub(crate) fn good(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout
    }
}

impl World {
    /// The mock connector, approved, with the two callers.
    pub(crate) fn new() -> Self {
        Self::with("")
    }

    /// With more in portcullis.toml; sections of the caller may be opened again by their names.
    pub(crate) fn with(more: &str) -> Self {
        let this = Self { config: tempfile::tempdir().unwrap(), state: tempfile::tempdir().unwrap() };
        fs::set_permissions(this.config.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for part in ["connectors", "plugins"] {
            fs::create_dir(this.path(part)).unwrap();
        }
        let example = |name: &str| fs::read_to_string(root().join("examples/connectors-toml").join(name)).unwrap();
        this.write(MOCK, example("mock.toml").replace("# state =", "state ="));
        this.write("connectors/people.ldif", example("people.ldif"));
        this.write(
            "plugins/mock.wasm",
            fs::read(plugin("mock").unwrap_or_else(|missing| panic!("{missing}"))).unwrap(),
        );
        this.write(SERVICE, format!("{}{more}", service()));
        this.run(&["approve", "mock", "--yes"]).good();
        this
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.config.path().join(name)
    }

    /// The state folder.
    pub(crate) fn state(&self) -> PathBuf {
        self.state.path().join("state")
    }

    pub(crate) fn control(&self) -> PathBuf {
        self.state().join("control.sock")
    }

    /// Writes as careful programs do: a file beside it, then a rename.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        let beside = path.with_file_name(".new");
        fs::write(&beside, content).unwrap();
        fs::rename(beside, &path).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Replaces a text in a file, which must be there.
    pub(crate) fn edit(&self, name: &str, old: &str, new: &str) {
        let text = self.read(name);
        assert!(text.contains(old), "{old} is not in:\n{text}");
        self.write(name, text.replace(old, new));
    }

    /// What the directory holds: nothing before its first change.
    pub(crate) fn directory(&self) -> String {
        fs::read_to_string(self.path("connectors/people.state.ldif")).unwrap_or_default()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        // One cache for all tests and runs: compiling a plugin takes longer than everything else.
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled-plugins");
        command.env_clear().env("HOME", self.config.path()).env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8");
        command.env("PORTCULLIS_CACHE", cache).env("PORTCULLIS_CONFIG", self.config.path());
        command.env("PORTCULLIS_STATE", self.state()).args(arguments);
        command
    }

    /// Runs a command with nothing to read.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(arguments, "")
    }

    /// Runs a command that reads standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Run {
        let mut command = self.command(arguments);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.unwrap();
        // A command that is refused earlier does not read it.
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
        if ended(&mut child).is_none() {
            drop(child.kill());
        }
        let output = child.wait_with_output().unwrap();
        let plain = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            let (state, config) = (self.state.path().display().to_string(), self.config.path().display().to_string());
            text.replace(&state, "STATE").replace(&config, "DIR")
        };
        Run { code: output.status.code(), stdout: plain(output.stdout), stderr: plain(output.stderr) }
    }

    /// Starts the service; every line of its own is logged, so that what must not be told would be seen.
    pub(crate) fn serve(&self) -> Serve {
        self.serve_with(&[])
    }

    pub(crate) fn serve_with(&self, more: &[&str]) -> Serve {
        let command = self.command(&[&["--log", "trace", "serve"], more].concat());
        Serve::start(command, self.control())
    }

    /// Seals a password by the command, as a caller would.
    pub(crate) fn seal(&self, account: &str, caller: &str, more: &[&str], password: &str) -> String {
        let arguments = [&["seal", account, "--caller", caller, "--password-stdin"], more].concat();
        self.run_with(&arguments, &format!("{password}\n")).good().trim().to_owned()
    }
}

pub(crate) fn hash(token: &str) -> String {
    Sha256::digest(token).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// portcullis.toml as far as all tests need it.
fn service() -> String {
    let (desk, portal) = (hash(DESK), hash(PORTAL));
    format!(
        r#"[listen]
addresses = ["127.0.0.1:0"]

[limits]
account-rate = "1000/h"

[delivery]
retry-first = "1s"
retry-longest = "2s"

[callers.portal]
token-sha256 = ["{portal}"]
operations = ["change-password"]
accounts = ["*@people.example"]
except = ["bob@people.example"]

[callers.desk]
token-sha256 = ["{desk}"]
operations = ["reset-password", "unlock-account", "account-status"]
accounts = ["*@people.example"]
exclude = "(employeeType=administrator)"
see = "all"
manage = true
"#
    )
}

/// The body of a reset.
pub(crate) fn reset(account: &str, password: &str) -> Value {
    json!({ "kind": "reset-password", "account": account, "new_password": { "clear": password } })
}

/// The body of a reset with a sealed password.
pub(crate) fn reset_sealed(account: &str, sealed: &str) -> Value {
    json!({ "kind": "reset-password", "account": account, "new_password": { "sealed": sealed } })
}

/// The body of a change.
pub(crate) fn change(account: &str, old: &str, new: &str) -> Value {
    json!({ "kind": "change-password", "account": account, "old_password": { "clear": old },
        "new_password": { "clear": new } })
}

/// The body of a question.
pub(crate) fn status(account: &str) -> Value {
    json!({ "kind": "account-status", "account": account })
}
