//! Following a log as it grows: its lines as they stand in the files, one after the other, from a remembered place on.
//!
//! Nothing is verified here but that the remembered place still is where it was: see [`crate::verify`]. A line that is
//! none is handed out as it stands, because who keeps copies of the log elsewhere wants those most of all.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::line::Links;
use crate::{AuditError, Hash, Line, segment};

/// How much is read at once.
const CHUNK: usize = 256 << 10;

/// Where somebody has come to in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The file, by the number of its first line.
    pub segment: u64,
    /// How many bytes of it were handed out: the end of a line, or 0.
    pub offset: u64,
    /// The number of the line that ends there; of the last line of the file before where `offset` is 0.
    pub seq: u64,
    /// The hash of this line.
    pub hash: Hash,
}

impl Position {
    /// Before everything.
    pub const START: Self = Self { segment: 0, offset: 0, seq: 0, hash: Hash::NONE };
}

/// A line as it stands in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its bytes without the newline.
    pub text: Vec<u8>,
    /// Its number; none for text that is no line of a log.
    pub seq: Option<u64>,
    /// Its hash: with its number it is a [`Place`](crate::Place), to be kept elsewhere.
    pub hash: Hash,
    /// Right behind it.
    pub position: Position,
}

impl Found {
    /// What it says; none for text that is no line of a log.
    #[must_use]
    pub fn line(&self) -> Option<Line> {
        serde_json::from_slice(&self.text).ok()
    }
}

/// Reads a log from a place on, as often as there is more.
#[derive(Debug)]
pub struct Follow {
    folder: PathBuf,
    position: Position,
    file: Option<File>,
    /// What was read behind the position, and from where in it the next line begins.
    ahead: Vec<u8>,
    used: usize,
}

impl Follow {
    /// From the oldest line that is there.
    #[must_use]
    pub fn from_start(state: &Path) -> Self {
        Self::at(state, Position::START)
    }

    /// From the oldest of the last so many files on: each but the last one is as large as a file grows.
    ///
    /// # Errors
    /// The folder cannot be listed.
    pub fn last_files(state: &Path, files: usize) -> Result<Self, AuditError> {
        let all = segment::all(&state.join(crate::FOLDER))?;
        let first = all.get(all.len().saturating_sub(files)).copied().unwrap_or(0);
        Ok(Self::at(state, Position { segment: first, seq: first.saturating_sub(1), ..Position::START }))
    }

    /// From a file on whose first line is older than this, by an hour: an operation's facts are written when it ends.
    ///
    /// # Errors
    /// The folder cannot be listed.
    pub fn since(state: &Path, since: SystemTime) -> Result<Self, AuditError> {
        let folder = state.join(crate::FOLDER);
        let before = since.checked_sub(Duration::from_secs(3_600)).unwrap_or(SystemTime::UNIX_EPOCH);
        let all = segment::all(&folder)?;
        let old = |first: &&u64| first_line(&segment::path(&folder, **first)).is_some_and(|at| at < before);
        let first = all.iter().rev().find(old).or(all.first()).copied().unwrap_or(0);
        Ok(Self::at(state, Position { segment: first, seq: first.saturating_sub(1), ..Position::START }))
    }

    /// From behind a remembered place on.
    ///
    /// # Errors
    /// The file is gone, or another line ends there: the log was turned back, or taken away.
    pub fn after(state: &Path, position: Position) -> Result<Self, AuditError> {
        let follow = Self::at(state, position);
        if position.offset == 0 {
            return Ok(follow);
        }
        let path = segment::path(&follow.folder, position.segment);
        let file = File::open(&path).map_err(AuditError::io("opening", &path))?;
        let last = crate::log::last_line(&file, position.offset).map_err(AuditError::io("reading", &path))?;
        if last != Some(position.hash) {
            let what = format!("line {} is not where and what it was when it was read", position.seq);
            return Err(AuditError::damaged(&path, what));
        }
        Ok(Self { file: Some(file), ..follow })
    }

    /// From the beginning of the file of a remembered place on, or of the oldest one that is left.
    #[must_use]
    pub fn file_of(state: &Path, position: Position) -> Self {
        let seq = position.segment.saturating_sub(1);
        Self::at(state, Position { segment: position.segment, offset: 0, seq, hash: Hash::NONE })
    }

    fn at(state: &Path, position: Position) -> Self {
        Self { folder: state.join(crate::FOLDER), position, file: None, ahead: Vec::new(), used: 0 }
    }

    /// Behind the last line that was handed out.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// The next line; none where the log ends for now.
    ///
    /// # Errors
    /// A file cannot be read. Asked again, it tries again.
    pub fn next_line(&mut self) -> Result<Option<Found>, AuditError> {
        loop {
            if let Some(found) = self.line_ahead() {
                return Ok(Some(found));
            }
            // Listed before the rest of the file is read: nobody writes into it once there is a later one.
            let later = match self.file {
                Some(_) => self.later(self.position.segment + 1)?,
                None => self.later(self.position.segment)?,
            };
            if self.file.is_some() && self.read_more()? {
                continue;
            }
            let Some(next) = later else { return Ok(None) };
            let path = segment::path(&self.folder, next);
            self.file = Some(segment::read(&path)?);
            self.position = Position { segment: next, offset: 0, ..self.position };
            self.ahead.clear();
            self.used = 0;
        }
    }

    fn later(&self, least: u64) -> Result<Option<u64>, AuditError> {
        Ok(segment::all(&self.folder)?.into_iter().find(|first| *first >= least))
    }

    fn line_ahead(&mut self) -> Option<Found> {
        let ahead = self.ahead.get(self.used..)?;
        let length = ahead.iter().position(|byte| *byte == b'\n')?;
        let text = ahead.get(..length)?.to_vec();
        self.used += length + 1;
        let links: Option<Links> = serde_json::from_slice(&text).ok();
        let seq = links.map(|links| links.seq);
        let hash = Hash::of(&text);
        let offset = self.position.offset + length as u64 + 1;
        self.position = Position { offset, seq: seq.unwrap_or(self.position.seq), hash, ..self.position };
        Some(Found { text, seq, hash, position: self.position })
    }

    /// Reads behind what is there; whether there was anything. A line whose end is not there yet is read again from its
    /// beginning: a crash may have left it, and another one takes its place.
    fn read_more(&mut self) -> Result<bool, AuditError> {
        let path = segment::path(&self.folder, self.position.segment);
        let Some(file) = &self.file else { return Ok(false) };
        let before = self.ahead.len() - self.used;
        let mut size = CHUNK.max(before * 2);
        loop {
            let mut bytes = vec![0; size];
            let mut length = 0;
            while length < size {
                let at = self.position.offset + length as u64;
                let read = file.read_at(bytes.get_mut(length..).unwrap_or_default(), at);
                match read.map_err(AuditError::io("reading", &path))? {
                    0 => break,
                    more => length += more,
                }
            }
            bytes.truncate(length);
            let whole = bytes.contains(&b'\n');
            if whole || length < size {
                self.ahead = bytes;
                self.used = 0;
                return Ok(whole);
            }
            size *= 2;
        }
    }
}

/// When the first line of a file was written; none for a file without one.
fn first_line(path: &Path) -> Option<SystemTime> {
    let mut line = Vec::new();
    BufReader::new(segment::read(path).ok()?).read_until(b'\n', &mut line).ok()?;
    humantime::parse_rfc3339(&serde_json::from_slice::<Links>(&line).ok()?.at).ok()
}
