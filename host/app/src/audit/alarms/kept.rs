//! `alarms.json` in the state folder: what is known of the log, and up to which line, so that a start does not read all
//! of it again. It holds nothing that the log does not hold; where it is missing, it is made from the log.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use portcullis_audit::AuditError;
use portcullis_audit::follow::{Follow, Position};
use serde::{Deserialize, Serialize};

use super::Alarms;
use crate::config::Alarms as Settings;

const FILE: &str = "alarms.json";

/// Larger than whatever is kept.
const MOST_BYTES: u64 = 64 << 20;

/// How many files of the log are read where nothing is kept: a gigabyte at most.
const FILES: usize = 16;

/// What is older is no news where nothing was kept.
const NEWS: Duration = Duration::from_secs(86_400);

/// What is known, and from where on the log is to be read.
#[derive(Debug)]
pub struct Kept {
    /// What is known.
    pub alarms: Alarms,
    follow: Follow,
    /// Nothing was kept: what is found up to the end of the log is learned, and only the news of it told.
    anew: bool,
}

#[derive(Serialize, Deserialize)]
struct Content {
    v: u32,
    position: Position,
    alarms: Alarms,
}

/// What is known of the log of a state folder. Writes nothing.
///
/// # Errors
/// The folder cannot be listed.
pub fn resume(state: &Path, settings: Settings) -> Result<Kept, AuditError> {
    if let Some(content) = read(&state.join(FILE))
        && let Ok(follow) = Follow::after(state, content.position)
    {
        let mut alarms = content.alarms;
        alarms.configure(&settings);
        return Ok(Kept { alarms, follow, anew: false });
    }
    Ok(Kept { alarms: Alarms::new(settings), follow: Follow::last_files(state, FILES)?, anew: true })
}

impl Kept {
    /// Takes every line that is there by now. Says how many there were.
    ///
    /// # Errors
    /// The log cannot be read on; what was read counts.
    pub fn catch_up(&mut self) -> Result<usize, AuditError> {
        let mut lines = 0;
        while let Some(found) = self.follow.next_line()? {
            if let Some(line) = found.line() {
                self.alarms.feed(&line);
            }
            lines += 1;
        }
        if std::mem::take(&mut self.anew) {
            self.alarms.forget_older(NEWS);
        }
        Ok(lines)
    }

    /// Keeps it. The old file or the new one stays, also after a loss of power.
    pub(super) fn write(&self, state: &Path) -> std::io::Result<()> {
        let content = Content { v: 1, position: self.follow.position(), alarms: self.alarms.clone() };
        let (path, new) = (state.join(FILE), state.join("alarms.json.new"));
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
        file.write_all(&serde_json::to_vec(&content)?)?;
        file.sync_all()?;
        fs::rename(&new, &path)
    }
}

fn read(path: &Path) -> Option<Content> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok().filter(|content: &Content| content.v == 1)
}
