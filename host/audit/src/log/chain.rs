//! The end of the chain: where the next line goes.
//!
//! Several processes write into one log: a lock is held around each batch, and whoever finds that the head is no longer
//! where it left it finds the end anew.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::end::{End, adopt, last_line, last_whole};
use super::lock::{Held, LONGEST_HELD, lock_file};
use crate::fact::{Checkpoint, Repaired, Segment};
use crate::head::Head;
use crate::key::Key;
use crate::line::Line;
use crate::segment;
use crate::{About, AuditError, Entry, Hash, Place, PublicKey};

/// How large a file grows before a further one begins.
pub(super) const SEGMENT: u64 = 64 << 20;

/// After how many lines a checkpoint is written.
const CHECKPOINT: u64 = 1024;

#[derive(Debug)]
pub(super) struct Chain {
    pub(super) folder: PathBuf,
    key: Key,
    lock: File,
    head_file: File,
    /// None until the end was found, and again after an error.
    end: Option<End>,
    /// The last place that the head was seen to name.
    headed: Option<Place>,
    /// Whether lines were written that the head does not name yet.
    dirty: bool,
    /// The last line that a checkpoint covers.
    covered: u64,
    /// How large a file grows.
    pub(super) segment: u64,
    /// How long somebody else may hold the lock.
    pub(super) longest_held: Duration,
}

impl Chain {
    /// The chain of a state folder, made if there never was one.
    pub(super) fn open(state: &Path) -> Result<Self, AuditError> {
        let folder = segment::make_folder(state)?;
        let lock = lock_file(&folder)?;
        // Two that begin at once begin one chain.
        let held = Held::of(&lock, &folder, LONGEST_HELD)?;
        let fresh = Head::read(&folder)?.is_none() && segment::all(&folder)?.is_empty();
        let key = match (Key::open(state, false), fresh) {
            (Err(AuditError::Key { .. }), true) if !state.join(crate::key::FILE).exists() => Key::open(state, true)?,
            (Ok(_), true) => return Err(AuditError::damaged(&folder, crate::key::GONE)),
            (key, _) => key?,
        };
        let mut chain = Self::with(folder.clone(), lock.try_clone().map_err(AuditError::io("opening", &folder))?, key)?;
        if fresh {
            let file = segment::begin(&folder, 1)?;
            segment::sync(&folder)?;
            let end = End { place: Place::START, first: 1, file, length: 0 };
            chain.end = Some(chain.write(end, Vec::new(), true, true)?);
            chain.settle()?;
        }
        drop(held);
        Ok(chain)
    }

    /// Goes on after whatever is there, with a line that is made of the hash of the last one that is.
    pub(super) fn anew(state: &Path, entry: impl FnOnce(Hash) -> Entry) -> Result<(), AuditError> {
        let folder = segment::make_folder(state)?;
        let lock = lock_file(&folder)?;
        let held = Held::of(&lock, &folder, LONGEST_HELD)?;
        let key = match Key::open(state, true) {
            // A key that cannot be used is kept beside, for who wants to look.
            Err(AuditError::Key { path, .. }) => {
                std::fs::rename(&path, path.with_extension("key.old")).map_err(AuditError::io("renaming", &path))?;
                Key::open(state, true)?
            }
            key => key?,
        };
        let last = match segment::all(&folder)?.pop() {
            Some(first) => last_whole(&segment::path(&folder, first), first)?,
            None => Place::START,
        };
        let mut chain = Self::with(folder.clone(), lock, key)?;
        // What is longer than a head would stay behind it.
        let head = folder.join(crate::head::FILE);
        chain.head_file.set_len(0).map_err(AuditError::io("emptying", &head))?;
        let file = segment::begin(&folder, last.seq + 1)?;
        segment::sync(&folder)?;
        let end = End { place: last, first: last.seq + 1, file, length: 0 };
        chain.write(end, vec![entry(last.hash)], true, true)?;
        chain.settle()?;
        drop(held);
        Ok(())
    }

    fn with(folder: PathBuf, lock: File, key: Key) -> Result<Self, AuditError> {
        let head_file = Head::file(&folder)?;
        Ok(Self {
            folder,
            key,
            lock,
            head_file,
            end: None,
            headed: None,
            dirty: false,
            covered: 0,
            segment: SEGMENT,
            longest_held: LONGEST_HELD,
        })
    }

    /// The first head of a chain gets onto the disk at once: a loss of power may leave an older one behind the lines, and
    /// must not leave an empty one.
    fn settle(&self) -> Result<(), AuditError> {
        let path = self.folder.join(crate::head::FILE);
        self.head_file.sync_all().map_err(AuditError::io("writing to disk", &path))?;
        segment::sync(&self.folder)
    }

    /// The last place that is on the disk with everything before it, as far as it was looked for.
    pub(super) fn place(&self) -> Option<Place> {
        self.headed
    }

    pub(super) fn public_key(&self) -> PublicKey {
        self.key.public()
    }

    /// Whether lines were written that are not surely on the disk.
    pub(super) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Writes the lines of these facts; with `sync` they, and all before them, are on the disk when it returns.
    pub(super) fn append(&mut self, entries: Vec<Entry>, sync: bool) -> Result<(), AuditError> {
        let held = Held::of(&self.lock, &self.folder, self.longest_held)?;
        let end = self.find()?;
        let due = end.place.seq + entries.len() as u64 >= self.covered + CHECKPOINT;
        let nothing = entries.is_empty() && !(sync && self.dirty);
        self.end = Some(if nothing { end } else { self.write(end, entries, sync, due)? });
        drop(held);
        Ok(())
    }

    /// A checkpoint over everything.
    pub(super) fn close(&mut self) -> Result<(), AuditError> {
        let held = Held::of(&self.lock, &self.folder, self.longest_held)?;
        let end = self.find()?;
        if end.place.seq > self.covered {
            self.write(end, Vec::new(), true, true)?;
        }
        drop(held);
        Ok(())
    }

    /// The end of the chain: where we left it, or where somebody else did. It is put back by who writes; after an error
    /// it is looked for anew.
    fn find(&mut self) -> Result<End, AuditError> {
        let path = || self.folder.join(crate::head::FILE);
        let Some(head) = Head::read(&self.folder)? else {
            return Err(AuditError::damaged(&path(), "it is empty or gone"));
        };
        let known = self.end.take();
        if let Some(end) = known
            && self.headed == Some(head.place())
            && end.file.metadata().map_err(AuditError::io("looking at", &self.folder))?.len() == end.length
        {
            return Ok(end);
        }
        if self.headed.is_some_and(|headed| head.place().seq < headed.seq) {
            return Err(AuditError::damaged(&path(), "it was turned back to an earlier place"));
        }
        let end = self.recover(&head)?;
        self.headed = Some(head.place());
        self.dirty |= end.place != head.place();
        Ok(end)
    }

    /// Goes from the head to the end: what another process wrote meanwhile, or what a crash left behind the head.
    fn recover(&mut self, head: &Head) -> Result<End, AuditError> {
        let path = segment::path(&self.folder, head.segment);
        if !head.is_signed_by(&self.key.public()) {
            return Err(AuditError::damaged(&self.folder.join(crate::head::FILE), "its signature is not of audit.key"));
        }
        let file = segment::open(&self.folder, head.segment)?;
        if last_line(&file, head.end).map_err(AuditError::io("reading", &path))? != Some(head.place().hash) {
            return Err(AuditError::damaged(&path, format!("line {} is not what its head says", head.place().seq)));
        }
        let mut end = End { place: head.place(), first: head.segment, file, length: head.end };
        let mut torn = 0;
        let later = segment::all(&self.folder)?.into_iter().filter(|first| *first > head.segment);
        for next in std::iter::once(None).chain(later.map(Some)) {
            if let Some(first) = next {
                end = End { first, file: segment::open(&self.folder, first)?, length: 0, ..end };
            }
            torn += adopt(&self.folder, &mut end)?;
        }
        if torn > 0 {
            tracing::warn!(bytes = torn, "the audit log ended in the middle of a line, which was cut off");
            let repaired = Entry::now(About::default(), Repaired { bytes: torn });
            return self.write(end, vec![repaired], true, false);
        }
        Ok(end)
    }

    /// The lines, the sync, the head: in this order, and without the sync no head, so that it is never ahead.
    fn write(&mut self, mut end: End, entries: Vec<Entry>, sync: bool, checkpoint: bool) -> Result<End, AuditError> {
        let mut bytes = Vec::with_capacity(entries.len() * 384);
        let sync = sync || checkpoint || end.length > self.segment;
        if end.length > self.segment {
            let previous = segment::path(&self.folder, end.first);
            let previous = previous.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let first = end.place.seq + 1;
            end.file.sync_data().map_err(AuditError::io("writing to disk", &self.folder))?;
            end = End { first, file: segment::begin(&self.folder, first)?, length: 0, ..end };
            segment::sync(&self.folder)?;
            add(&mut bytes, &mut end.place, Entry::now(About::default(), Segment { previous }))?;
        }
        for entry in entries {
            add(&mut bytes, &mut end.place, entry)?;
        }
        if checkpoint {
            let signature = self.key.sign(end.place.seq, end.place.hash);
            let fact = Checkpoint { key: self.key.public().id(), signature };
            add(&mut bytes, &mut end.place, Entry::now(About::default(), fact))?;
            self.covered = end.place.seq;
        }
        let path = segment::path(&self.folder, end.first);
        let written = end.file.write_all(&bytes).and_then(|()| if sync { end.file.sync_data() } else { Ok(()) });
        written.map_err(AuditError::io("writing", &path))?;
        end.length += bytes.len() as u64;
        self.dirty |= !bytes.is_empty();
        if sync {
            let head = Head::new(end.place, end.first, end.length, &self.key);
            head.write(&self.head_file).map_err(AuditError::io("writing", &self.folder.join(crate::head::FILE)))?;
            self.headed = Some(end.place);
            self.dirty = false;
        }
        Ok(end)
    }
}

fn add(bytes: &mut Vec<u8>, place: &mut Place, entry: Entry) -> Result<(), AuditError> {
    let line = Line::after(*place, entry.at, entry.about, entry.fact);
    let from = bytes.len();
    serde_json::to_writer(&mut *bytes, &line).map_err(|error| AuditError::Io {
        doing: "writing a line",
        path: PathBuf::from(crate::FOLDER),
        why: error.to_string(),
    })?;
    *place = Place { seq: line.seq, hash: Hash::of(bytes.get(from..).unwrap_or_default()) };
    bytes.push(b'\n');
    Ok(())
}
