//! Real directory servers on loopback, each made and started by a script of `tests/servers`.
//!
//! A test that only needs accounts of its own uses the server that all tests share ([`Kind::shared`]) and makes a fresh
//! account ([`Server::new_account`]). A test that stops, pauses or breaks a server starts its own ([`Kind::start`]):
//! OpenLDAP is there in a third of a second, Samba takes 1 to 10, 389 DS 2 to 5.

mod accounts;
mod facts;
mod kind;
mod native;

use std::{path::PathBuf, process::Command};

pub use accounts::{Account, Policy};
pub use facts::Facts;
pub use kind::Kind::{self, Ds389, OpenLdap, Samba};
pub use native::BindAnswer;

use crate::{NotAvailable, plugins::root};

/// How a server differs from the usual one. The usual one takes passwords over TLS alone and has the right certificate.
#[derive(Debug, Clone, Default)]
pub struct Variant {
    /// Takes simple binds and writes without TLS, too.
    pub plaintext: bool,
    /// What is wrong with the certificate (OpenLDAP alone).
    pub certificate: Certificate,
    /// The folder of another server, whose accounts and CA this one has as well (OpenLDAP alone).
    pub copy_of: Option<PathBuf>,
    /// Answers every write with a referral to this URL (OpenLDAP alone).
    pub referral: Option<String>,
}

/// The certificate of a server. Its CA is always the one in [`Facts::ca_file`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Certificate {
    /// For the server's address, and valid.
    #[default]
    Right,
    /// For another name.
    OtherHost,
    /// For the server's address, and expired.
    Expired,
    /// For the server's address, and valid for ten days.
    EndsSoon,
}

/// A directory server that runs. It ends when this value is dropped, unless it is the one that all tests share.
#[derive(Debug)]
pub struct Server {
    kind: Kind,
    facts: Facts,
    folder: PathBuf,
    /// Deletes the folder, after `Drop` stopped the server. Nothing for a server that somebody else started.
    owned: Option<tempfile::TempDir>,
}

impl Server {
    fn start(kind: Kind, variant: &Variant) -> Result<Self, NotAvailable> {
        let broken = |what: String| NotAvailable::Broken(format!("{kind:?}: {what}"));
        let parent = std::env::var_os("PORTCULLIS_SERVERS").map_or_else(std::env::temp_dir, PathBuf::from);
        // A short path: Samba puts Unix sockets below it.
        let folder = tempfile::Builder::new()
            .prefix("portcullis-")
            .tempdir_in(&parent)
            .map_err(|e| broken(format!("no folder in {}: {e}", parent.display())))?;
        let mut command = script(kind);
        command.arg("start").arg(folder.path()).env("SNAPSHOTS", root().join("target/servers"));
        for name in ["REQUIRE_TLS", "TLS_CERT", "COPY_OF", "REFERRAL", "ADDRESS"] {
            command.env_remove(name);
        }
        if variant.plaintext {
            command.env("REQUIRE_TLS", "0");
        }
        match variant.certificate {
            Certificate::Right => {}
            Certificate::OtherHost => _ = command.env("TLS_CERT", "other-host"),
            Certificate::Expired => _ = command.env("TLS_CERT", "expired"),
            Certificate::EndsSoon => _ = command.env("TLS_CERT", "ends-soon"),
        }
        if let Some(other) = &variant.copy_of {
            command.env("COPY_OF", other);
        }
        if let Some(url) = &variant.referral {
            command.env("REFERRAL", url);
        }
        run(command).map_err(|failed| match failed.code {
            Some(EX_UNAVAILABLE) => NotAvailable::Server(failed.text),
            _ => broken(failed.text),
        })?;
        let facts = Facts::read(&folder.path().join("env")).map_err(broken)?;
        Ok(Self { kind, facts, folder: folder.path().to_owned(), owned: Some(folder) })
    }

    /// The server that `cargo xtask test` started for everybody; the variable names its file of facts.
    fn started_by_others(kind: Kind) -> Option<Result<Self, NotAvailable>> {
        let file = PathBuf::from(std::env::var_os(kind.variable())?);
        let folder = file.parent().map(PathBuf::from).unwrap_or_default();
        Some(
            Facts::read(&file)
                .map(|facts| Self { kind, facts, folder, owned: None })
                .map_err(|e| NotAvailable::Broken(format!("{}: {e}", kind.variable()))),
        )
    }

    /// Which software it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What a client has to know of it.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Where its files are; for [`Variant::copy_of`].
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// Ends it in good order. Its address and data stay for [`Server::restart`].
    ///
    /// # Errors
    /// If the script fails.
    pub fn stop(&mut self) -> crate::Result<()> {
        self.command("stop")
    }

    /// Ends it as a crash would.
    ///
    /// # Errors
    /// If the script fails.
    pub fn kill(&mut self) -> crate::Result<()> {
        self.command("kill")
    }

    /// Ends it if it runs, and starts it at the same address with the same data.
    ///
    /// # Errors
    /// If it does not start.
    pub fn restart(&mut self) -> crate::Result<()> {
        self.command("stop")?;
        self.command("start")
    }

    /// Stops its process where it is: connections stay open, and nothing answers.
    ///
    /// # Errors
    /// If it does not run.
    pub fn pause(&mut self) -> crate::Result<()> {
        self.command("pause")
    }

    /// Lets it go on after [`Server::pause`].
    ///
    /// # Errors
    /// If it does not run.
    pub fn resume(&mut self) -> crate::Result<()> {
        self.command("resume")
    }

    fn command(&self, word: &str) -> crate::Result<()> {
        let mut command = script(self.kind);
        command.arg(word).arg(&self.folder);
        run(command).map_err(|failed| failed.text.into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.owned.is_some() {
            // Nobody reads its data again: the quick way. A failure here would hide the one that the test is about.
            let _ = self.command("kill");
        }
    }
}

/// The exit code by which a script says that the machine lacks something.
const EX_UNAVAILABLE: i32 = 69;

struct Failed {
    code: Option<i32>,
    text: String,
}

fn script(kind: Kind) -> Command {
    Command::new(root().join("tests/servers").join(kind.script()))
}

fn run(mut command: Command) -> Result<(), Failed> {
    let output = command.output().map_err(|e| Failed { code: None, text: format!("{command:?}: {e}") })?;
    if output.status.success() {
        return Ok(());
    }
    Err(Failed { code: output.status.code(), text: String::from_utf8_lossy(&output.stderr).trim().to_owned() })
}
