//! A file of recordings: one line for each operation.

use std::io::{BufRead as _, BufReader, Read as _};
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

/// Reads every recording of a file, each with the number of its line. An empty line is none.
///
/// # Errors
/// [`Unreadable`] at the first line that is not what the program wrote.
pub fn read(path: &Path) -> Result<Vec<(usize, Recording)>, Unreadable> {
    let unreadable = |error| Unreadable::File { path: path.to_owned(), error };
    let mut file = BufReader::new(std::fs::File::open(path).map_err(unreadable)?);
    let mut recordings = Vec::new();
    for line in 1.. {
        let mut bytes = Vec::new();
        let most = u64::try_from(MAX_LINE).unwrap_or(u64::MAX) + 1;
        if (&mut file).take(most).read_until(b'\n', &mut bytes).map_err(unreadable)? == 0 {
            break;
        }
        let bad = |why| Unreadable::Line { path: path.to_owned(), line, why };
        if bytes.len() > MAX_LINE {
            return Err(bad(BadLine::TooLong));
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| bad(BadLine::NotJson))?.trim_end_matches(['\n', '\r']);
        if !text.is_empty() {
            recordings.push((line, from_line(text).map_err(bad)?));
        }
    }
    if recordings.is_empty() { Err(Unreadable::Empty(path.to_owned())) } else { Ok(recordings) }
}
