//! Where the lines end: what stands behind the place that a head names, and the last line of a file.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use crate::line::Links;
use crate::{AuditError, Hash, Place, segment};

/// The end of the chain, with the file that it is in.
#[derive(Debug)]
pub(super) struct End {
    pub(super) place: Place,
    /// The file, by the number of its first line.
    pub(super) first: u64,
    pub(super) file: File,
    /// Up to where the file holds whole lines.
    pub(super) length: u64,
}

/// Takes the whole lines after `end` if they continue the chain, and cuts a torn one off. Returns its bytes.
pub(super) fn adopt(folder: &Path, end: &mut End) -> Result<u64, AuditError> {
    let path = segment::path(folder, end.first);
    let failed = || AuditError::io("reading", &path);
    let length = end.file.metadata().map_err(failed())?.len();
    let Some(behind) = length.checked_sub(end.length) else {
        return Err(AuditError::damaged(&path, "it is shorter than its head says"));
    };
    let mut bytes = vec![0; usize::try_from(behind).unwrap_or(usize::MAX)];
    end.file.read_exact_at(&mut bytes, end.length).map_err(failed())?;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let Some(text) = line.strip_suffix(b"\n") else {
            end.file.set_len(end.length).and_then(|()| end.file.sync_all()).map_err(failed())?;
            return Ok(line.len() as u64);
        };
        let links: Option<Links> = serde_json::from_slice(text).ok();
        match links {
            Some(links)
                if links.v == crate::VERSION && links.seq == end.place.seq + 1 && links.prev == end.place.hash =>
            {
                end.place = Place { seq: links.seq, hash: Hash::of(text) };
                end.length += line.len() as u64;
            }
            _ => {
                let what = format!("what follows line {} does not continue it", end.place.seq);
                return Err(AuditError::damaged(&path, what));
            }
        }
    }
    Ok(0)
}

/// The hash of the line that ends at this place of a file; none if no line does.
pub(crate) fn last_line(file: &File, end: u64) -> std::io::Result<Option<Hash>> {
    if end == 0 {
        return Ok(Some(Hash::NONE));
    }
    if file.metadata()?.len() < end {
        return Ok(None);
    }
    let mut size = end.min(64 << 10);
    loop {
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(usize::MAX)];
        file.read_exact_at(&mut bytes, end - size)?;
        let Some(line) = bytes.strip_suffix(b"\n") else { return Ok(None) };
        if let Some(at) = line.iter().rposition(|byte| *byte == b'\n') {
            return Ok(Some(Hash::of(line.get(at + 1..).unwrap_or_default())));
        }
        if size == end {
            return Ok(Some(Hash::of(line)));
        }
        size = end.min(size * 8);
    }
}

/// The last whole line of a segment, whatever stands before it.
pub(super) fn last_whole(path: &Path, first: u64) -> Result<Place, AuditError> {
    let bytes = std::fs::read(path).map_err(AuditError::io("reading", path))?;
    let whole = bytes.split_inclusive(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\n"));
    let place = |line: &[u8]| {
        let links: Links = serde_json::from_slice(line).ok()?;
        Some(Place { seq: links.seq, hash: Hash::of(line) })
    };
    // A number that is too large must not lead past the files that are there.
    let last = whole.rev().filter_map(place).find(|place| place.seq < first + (1 << 40));
    // A file in which nothing is whole stays as it is, and its number with it.
    let nothing = first.saturating_sub(u64::from(bytes.is_empty()));
    Ok(last.unwrap_or(Place { seq: nothing, hash: Hash::NONE }))
}
