//! `forwarded.json` in the state folder: up to where the log was forwarded to syslog; `forwarded-otlp.json` is the same for
//! OTLP.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use portcullis_audit::follow::Position;

use crate::config::Collector;

/// The file of a collector's kind.
pub(super) const fn file(of: &Collector) -> &'static str {
    match of {
        Collector::Otlp { .. } => "forwarded-otlp.json",
        Collector::Udp { .. } | Collector::Tcp { .. } | Collector::Tls { .. } | Collector::Unix(_) => "forwarded.json",
    }
}

/// None where there is none, or it cannot be read: then all of the log is forwarded.
pub(super) fn read(state: &Path, file: &str) -> Option<Position> {
    serde_json::from_slice(&fs::read(state.join(file)).ok()?).ok()
}

/// The old file or the new one stays. Lost, it costs repetition and no line.
pub(super) fn write(state: &Path, file: &str, position: Position) -> std::io::Result<()> {
    let new = state.join(format!("{file}.new"));
    let mut open = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
    open.write_all(&serde_json::to_vec(&position)?)?;
    fs::rename(&new, state.join(file))
}
