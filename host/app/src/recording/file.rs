//! A file of recordings: one line for each operation.

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::format::Recording;
use super::line::{BadLine, MAX_LINE, from_line};

/// Why a file of recordings is not used. Nothing of it is replayed then.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The file cannot be read.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A line is no recording.
    #[error("{}:{line}: {why}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// Why.
        why: BadLine,
    },
    /// There is no line in it.
    #[error("{} holds no recording", .0.display())]
    Empty(PathBuf),
}

/// Whether lines may be added to a file: it is empty, or begins with a recording and ends with a whole line.
///
/// # Errors
/// [`Unreadable`] for anything that holds something else.
pub fn continues(path: &Path, mut file: &File) -> Result<(), Unreadable> {
    let unreadable = |error| Unreadable::File { path: path.to_owned(), error };
    let cut = |line| Unreadable::Line { path: path.to_owned(), line, why: BadLine::NotJson };
    let mut lines = BufReader::new(file);
    for line in 1.. {
        match next(&mut lines, path, line)? {
            None => break,
            Some(None) => {}
            Some(Some(_)) => {
                let mut last = [0];
                let read = file.seek(SeekFrom::End(-1)).and_then(|_| file.read_exact(&mut last));
                read.map_err(unreadable)?;
                return if last == *b"\n" { Ok(()) } else { Err(cut(line)) };
            }
        }
    }
    Ok(())
}

/// Reads every recording of a file, each with the number of its line. An empty line is none.
///
/// # Errors
/// [`Unreadable`] at the first line that is not what the program wrote.
pub fn read(path: &Path) -> Result<Vec<(usize, Recording)>, Unreadable> {
    let unreadable = |error| Unreadable::File { path: path.to_owned(), error };
    let mut file = BufReader::new(File::open(path).map_err(unreadable)?);
    let mut recordings = Vec::new();
    for line in 1.. {
        match next(&mut file, path, line)? {
            None => break,
            Some(None) => {}
            Some(Some(recording)) => recordings.push((line, recording)),
        }
    }
    if recordings.is_empty() { Err(Unreadable::Empty(path.to_owned())) } else { Ok(recordings) }
}

/// The next line: none at the end of the file, and no recording where the line is empty.
fn next(file: &mut impl BufRead, path: &Path, line: usize) -> Result<Option<Option<Recording>>, Unreadable> {
    let mut bytes = Vec::new();
    let most = u64::try_from(MAX_LINE).unwrap_or(u64::MAX) + 1;
    let read = file.take(most).read_until(b'\n', &mut bytes);
    if read.map_err(|error| Unreadable::File { path: path.to_owned(), error })? == 0 {
        return Ok(None);
    }
    let bad = |why| Unreadable::Line { path: path.to_owned(), line, why };
    if bytes.len() > MAX_LINE {
        return Err(bad(BadLine::TooLong));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| bad(BadLine::NotJson))?.trim_end_matches(['\n', '\r']);
    if text.is_empty() { Ok(Some(None)) } else { from_line(text).map(Some).map(Some).map_err(bad) }
}
