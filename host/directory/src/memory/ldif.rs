//! LDIF (RFC 2849), entries only: what a directory is filled with and kept in.
//!
//! No change records and no `:<` URLs: a file fills a directory and reaches for nothing else.

mod read;
#[cfg(test)]
mod tests;
mod write;

use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

pub(super) use read::read;
pub(super) use write::write;

/// One entry, as it stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LdifEntry {
    /// Where its `dn:` stands, from 1; 0 for an entry that was not read.
    pub(super) line: usize,
    pub(super) dn: String,
    pub(super) lines: Vec<LdifLine>,
}

/// One value of one attribute.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct LdifLine {
    pub(super) line: usize,
    pub(super) name: String,
    /// Some are passwords.
    pub(super) value: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for LdifLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LdifLine({}: withheld)", self.name)
    }
}

/// What is wrong with an LDIF file, where, and what to write instead. Holds no value of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LdifError {
    /// The file; nothing for a text that came from elsewhere.
    pub file: Option<PathBuf>,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
    /// What to write instead.
    pub remedy: String,
}

impl LdifError {
    pub(super) fn new(line: usize, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { file: None, line, problem: problem.into(), remedy: remedy.into() }
    }

    pub(super) fn in_file(mut self, file: &Path) -> Self {
        self.file = Some(file.to_owned());
        self
    }
}

impl fmt::Display for LdifError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{}:{}: ", file.display(), self.line)?,
            None => write!(f, "line {} of the LDIF: ", self.line)?,
        }
        write!(f, "{}; {}", self.problem, self.remedy)
    }
}

impl std::error::Error for LdifError {}
