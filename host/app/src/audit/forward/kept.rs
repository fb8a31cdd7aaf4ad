//! `forwarded.json` in the state folder: up to where the log was forwarded.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use portcullis_audit::follow::Position;

const FILE: &str = "forwarded.json";

/// None where there is none, or it cannot be read: then all of the log is forwarded.
pub(super) fn read(state: &Path) -> Option<Position> {
    serde_json::from_slice(&fs::read(state.join(FILE)).ok()?).ok()
}

/// The old file or the new one stays. Lost, it costs repetition and no line.
pub(super) fn write(state: &Path, position: Position) -> std::io::Result<()> {
    let new = state.join("forwarded.json.new");
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
    file.write_all(&serde_json::to_vec(&position)?)?;
    fs::rename(&new, state.join(FILE))
}
