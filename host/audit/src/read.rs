//! Reading the lines, one after the other, without verifying their chain: see [`crate::verify`].

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use crate::{AuditError, Line, segment};

/// The lines of a log, the oldest first.
pub struct Lines {
    folder: PathBuf,
    segments: std::vec::IntoIter<u64>,
    current: Option<(PathBuf, BufReader<File>)>,
}

/// Reads the log of a state folder; none is the same as an empty one.
///
/// # Errors
/// The folder cannot be listed. Each line may be an error of its own: what is no line ends the reading.
pub fn read(state: &Path) -> Result<Lines, AuditError> {
    let folder = state.join(crate::FOLDER);
    let segments = segment::all(&folder)?.into_iter();
    Ok(Lines { folder, segments, current: None })
}

impl Iterator for Lines {
    type Item = Result<Line, AuditError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.current.is_none() {
                let path = segment::path(&self.folder, self.segments.next()?);
                match segment::read(&path) {
                    Ok(file) => self.current = Some((path, BufReader::new(file))),
                    // A file that cannot be read, and not a line that is none.
                    Err(AuditError::Damaged { path, what }) => {
                        return Some(Err(AuditError::Io { doing: "opening", path, why: what }));
                    }
                    Err(error) => return Some(Err(error)),
                }
            }
            let (path, file) = self.current.as_mut()?;
            let mut line = Vec::new();
            match file.read_until(b'\n', &mut line) {
                Ok(0) => self.current = None,
                // The service may be writing this very line.
                Ok(_) if line.last() != Some(&b'\n') => self.current = None,
                Ok(_) => {
                    let parsed = serde_json::from_slice(&line);
                    return Some(parsed.map_err(|error| AuditError::damaged(path, format!("a line is none: {error}"))));
                }
                Err(error) => return Some(Err(AuditError::io("reading", path)(error))),
            }
        }
    }
}
