//! What clients in other languages seal, the host opens.
//!
//! Without the library that they need the tests are skipped by name: `examples/clients/install.sh` fetches it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime};

use portcullis_model::{Login, OperationKind};
use portcullis_seal::{Envelope, KeyRing, Label, OpenError};
use portcullis_tests::{NotAvailable, or_skip, plugins};

/// A host, and the client in Python with what it needs.
struct Client {
    ring: KeyRing,
    folder: tempfile::TempDir,
    python: PathBuf,
}

impl Client {
    fn new() -> Option<Self> {
        let python = plugins::root().join("target/toolchains/pyhpke-0.6.5");
        let installed = python.join("installed").exists().then(|| python.join("bin/python3"));
        let python = or_skip(installed.ok_or_else(|| {
            NotAvailable::Toolchain("pyhpke 0.6.5 is not there: run examples/clients/install.sh".to_owned())
        }))?;
        let folder = tempfile::tempdir().unwrap();
        let ring = KeyRing::open(folder.path()).unwrap();
        Some(Self { ring, folder, python })
    }

    /// The answer to `GET /v1/keys`.
    fn keys(&self) -> String {
        serde_json::json!({ "keys": self.ring.public() }).to_string()
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn run(&self, keys: &Path, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(&self.python)
            .arg(plugins::root().join("examples/clients/seal.py"))
            .arg(keys)
            .args(arguments)
            // The account is the bytes of the command line, whatever the machine's language.
            .env("PYTHONUTF8", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    fn sealed(&self, keys: &Path, arguments: &[&str], input: &str) -> Envelope {
        let output = self.run(keys, arguments, input);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let line = String::from_utf8(output.stdout).unwrap();
        line.strip_suffix('\n').unwrap().parse().unwrap()
    }

    fn open(&self, envelope: &Envelope, kind: &str, account: &str, label: Label) -> Result<String, OpenError> {
        self.ring.admit(envelope, SystemTime::now())?;
        let (kind, account) = (OperationKind::parse(kind).unwrap(), Login::new(account).unwrap());
        let opened = self.ring.open_envelope(envelope, kind, &account, "portal", label)?;
        Ok(opened.expose_secret().to_owned())
    }
}

#[test]
fn python_seals_for_the_host() {
    let Some(client) = Client::new() else { return };
    let keys = client.file("keys.json", &client.keys());
    let longest = "x".repeat(1024);
    for (kind, label, account, password) in [
        ("reset-password", Label::New, "alice@corp.example", "A-New Passw0rd \"\u{1f600}\""),
        ("change-password", Label::Old, "Zoë Müller", "\u{e9} is not e\u{301}"),
        ("change-password", Label::New, " spaces = kept ", "x"),
        ("verify-password", Label::Candidate, "*)(uid=*", &longest),
    ] {
        let arguments = [
            "--kind",
            kind,
            "--account",
            account,
            "--caller",
            "portal",
            "--label",
            label.name(),
            "--password-file",
            "-",
        ];
        let envelope = client.sealed(&keys, &arguments, &format!("{password}\n"));
        assert_eq!(client.open(&envelope, kind, "bob", label), Err(OpenError::Unopened));
        assert_eq!(client.open(&envelope, kind, account, label).as_deref(), Ok(password), "{kind} {account}");
    }
}

/// The keys from standard input, the password from a file, the label from the kind; and the newest key of several.
#[test]
fn python_takes_the_current_key() {
    let Some(client) = Client::new() else { return };
    let former = client.ring.current();
    let current = client.ring.rotate(Duration::from_secs(60)).unwrap();
    let password = client.file("password", "secret\r\n");
    let password = password.display().to_string();
    let arguments =
        ["--kind", "reset-password", "--account", "alice", "--caller", "portal", "--password-file", &password];
    let envelope = client.sealed(Path::new("-"), &arguments, &client.keys());
    assert_eq!(envelope.key(), &current.id);
    assert_ne!(envelope.key(), &former.id);
    assert_eq!(client.open(&envelope, "reset-password", "alice", Label::New).as_deref(), Ok("secret"));

    let arguments = [&arguments[..], &["--seconds", "-1"]].concat();
    let expired = client.sealed(Path::new("-"), &arguments, &client.keys());
    assert_eq!(client.open(&expired, "reset-password", "alice", Label::New), Err(OpenError::Expired));
}

#[test]
fn python_seals_nothing_that_could_not_be_opened() {
    let Some(client) = Client::new() else { return };
    let keys = client.file("keys.json", &client.keys());
    let other = client.file("other.json", &client.keys().replacen("\"key\":\"", "\"key\":\"A", 1));
    let none = client.file("none.json", "{\"keys\":[]}");
    let change: &[&str] =
        &["--kind", "change-password", "--account", "alice", "--caller", "portal", "--password-file", "-"];
    let reset: &[&str] =
        &["--kind", "reset-password", "--account", "alice", "--caller", "portal", "--password-file", "-"];
    let line_break: &[&str] =
        &["--kind", "reset-password", "--account", "a\nb", "--caller", "portal", "--password-file", "-"];
    let too_long = "x".repeat(1025);
    for (keys, arguments, password, says) in [
        (&keys, change, "secret", "a change-password takes old and new"),
        (&keys, reset, "", "1 to 1024 bytes"),
        (&keys, reset, &too_long, "1 to 1024 bytes"),
        (&keys, line_break, "secret", "control character"),
        (&other, reset, "secret", "seal.py:"),
        (&none, reset, "secret", "no current key"),
    ] {
        let output = client.run(keys, arguments, password);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && output.stdout.is_empty(), "{arguments:?}");
        assert!(said.contains(says) && !said.contains("Traceback"), "{said}");
        assert!(password.is_empty() || !said.contains(password), "{said}");
    }
}
