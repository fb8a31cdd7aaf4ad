//! `audit.head`: the signed place of the last line that is surely on the disk.
//!
//! It is written in place and in one piece after the lines were synced, so it never runs ahead of them; after a crash it may
//! be a few lines behind. It has one size, so that a newer one never leaves the end of an older one behind.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::key::Key;
use crate::segment;
use crate::{AuditError, Hash, KeyId, PublicKey};

/// The name of the file in the log's folder.
pub(crate) const FILE: &str = "audit.head";

/// A sector: what a disk writes whole or not at all.
const SIZE: usize = 512;

/// A place in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The number of a line; 0 is before the first.
    pub seq: u64,
    /// The hash of this line.
    pub hash: Hash,
}

impl Place {
    /// Before the first line.
    pub const START: Self = Self { seq: 0, hash: Hash::NONE };

    /// `SEQ:HASH`, as `portcullis audit verify` prints it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (seq, hash) = text.trim().split_once(':')?;
        Some(Self { seq: seq.parse().ok()?, hash: Hash::parse(hash)? })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

/// The place of the last line that is surely on the disk, as `audit.head` says; none if that cannot be read. Its signature
/// is not verified: see [`crate::verify`].
#[must_use]
pub fn head(state: &Path) -> Option<Place> {
    Head::read(&state.join(crate::FOLDER)).ok().flatten().map(|head| head.place())
}

/// The content of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    v: u32,
    seq: u64,
    hash: Hash,
    /// The file that holds the line, by the number of its first line.
    pub(crate) segment: u64,
    /// Where the line ends in it.
    pub(crate) end: u64,
    key: KeyId,
    signature: String,
}

impl Head {
    pub(crate) fn new(place: Place, segment: u64, end: u64, key: &Key) -> Self {
        let signature = key.sign(place.seq, place.hash);
        Self { v: 1, seq: place.seq, hash: place.hash, segment, end, key: key.public().id(), signature }
    }

    pub(crate) fn place(&self) -> Place {
        Place { seq: self.seq, hash: self.hash }
    }

    pub(crate) fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.signed(self.seq, self.hash, &self.signature)
    }

    /// The head of a log; none if there is no log yet.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>, AuditError> {
        let path = folder.join(FILE);
        if std::fs::metadata(&path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        segment::read(&path)?.read_to_end(&mut bytes).map_err(AuditError::io("reading", &path))?;
        // Made, and nothing written into it yet.
        if bytes.is_empty() {
            return Ok(None);
        }
        let head = serde_json::from_slice(&bytes);
        head.map(Some).map_err(|error| AuditError::damaged(&path, format!("it cannot be read: {error}")))
    }

    /// The file, to be written into.
    pub(crate) fn file(folder: &Path) -> Result<File, AuditError> {
        segment::made(folder, FILE, 0o640)
    }

    /// Writes it in one piece.
    pub(crate) fn write(&self, file: &File) -> std::io::Result<()> {
        let mut bytes = serde_json::to_vec(self)?;
        bytes.resize(SIZE.max(bytes.len() + 1) - 1, b' ');
        bytes.push(b'\n');
        file.write_all_at(&bytes, 0)
    }
}
