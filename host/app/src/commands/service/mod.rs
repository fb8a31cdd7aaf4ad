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

use std::path::PathBuf;

/// Where the state folder is, unless it was said: where systemd puts it, or where a package does.
pub(super) fn default_state() -> PathBuf {
    std::env::var_os("STATE_DIRECTORY")
        .filter(|value| !value.is_empty())
        .map_or_else(|| PathBuf::from("/var/lib/portcullis"), PathBuf::from)
}
