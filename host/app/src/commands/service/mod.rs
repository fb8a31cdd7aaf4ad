//! The commands of the service: it itself, and what an operator says to it.
//!
//! What only reads goes to the files, so it works whether the service runs or not. What changes the course of an
//! operation goes through the control socket while the service runs, because one process alone writes the journal.

pub(super) mod backup;
pub(super) mod control;
mod doors;
pub(super) mod keys;
pub(super) mod operations;
pub(super) mod record;
pub(super) mod seal;
pub(super) mod serve;
mod words;

use std::path::{Path, PathBuf};

use portcullis_journal::JournalError;
use portcullis_model::{Fault, FaultCode};
use portcullis_seal::KeyRing;

use super::setup::Setup;

/// Where a package puts the state folder.
const STATE: &str = "/var/lib/portcullis";

/// Where the state folder is, unless it was said: where systemd puts it, or where a package does. Where neither did,
/// somebody tries the commands as a user of the machine, who has a folder for such things.
pub(super) fn default_state() -> PathBuf {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let own = || {
        let ours = !rustix::process::geteuid().is_root() && !Path::new(STATE).exists();
        let home = || folder("HOME").map(|home| home.join(".local/state"));
        ours.then(|| folder("XDG_STATE_HOME").or_else(home))?.map(|folder| folder.join("portcullis"))
    };
    folder("STATE_DIRECTORY").or_else(own).unwrap_or_else(|| PathBuf::from(STATE))
}

/// The fault of a command that needs the journal.
fn journal(error: &JournalError) -> Fault {
    let code = match error {
        JournalError::Missing { .. } => FaultCode::Misconfigured,
        JournalError::Exists { .. } => FaultCode::FileUnusable,
        _ => FaultCode::JournalUnwritable,
    };
    Fault::new(code, error.to_string())
}

/// The keys of the state folder.
fn keys(setup: &Setup) -> Result<KeyRing, Fault> {
    let wrong = |text: String| Fault::new(FaultCode::Misconfigured, text);
    if !setup.state.join("keys").exists() {
        let text = format!(
            "there are no keys in {}: the service makes the first one when it starts; name its state folder with --state",
            setup.state.display()
        );
        return Err(wrong(text));
    }
    KeyRing::existing(&setup.state).map_err(|error| wrong(error.to_string()))
}
