//! The audit log on the disk, changed by somebody who has no key.
//!
//! Whatever stands in the files, reading and verifying end with a report or an error. The one log that is whole is the one
//! that was written, byte for byte: each edited, deleted, reordered or truncated line is found, and a log that was cut at
//! its end as well.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use portcullis_audit::fact::Confirmed;
use portcullis_audit::verify::{MOST_FINDINGS, Options, verify};
use portcullis_audit::{About, AuditLog, Entry, read};

use crate::scratch;

struct Log {
    state: PathBuf,
    lines: (PathBuf, Vec<u8>),
    head: (PathBuf, Vec<u8>),
}

static LOG: LazyLock<Log> = LazyLock::new(|| {
    let state = scratch::folder("audit");
    let log = AuditLog::open(&state).expect("a log");
    for n in 0..6 {
        let about = About { operation: Some(format!("op-{n}")), ..About::default() };
        log.append_blocking(vec![Entry::now(about, Confirmed { how: format!("fact {n}") })]).expect("a line");
    }
    log.close();
    let file = |name: &str| {
        let path = state.join("audit").join(name);
        let bytes = fs::read(&path).expect("a file of the log");
        (path, bytes)
    };
    Log { lines: file("audit-0000000000000001.jsonl"), head: file("audit.head"), state }
});

/// The first byte says what is changed: the lines, the head, or both are replaced by what follows or edited by it.
pub(crate) fn run(data: &[u8]) {
    let Some((how, rest)) = data.split_first() else { return };
    let Log { state, lines, head } = &*LOG;
    let changed = |original: &[u8]| if how & 4 == 0 { edited(original, rest) } else { rest.to_vec() };
    let of_lines = if how & 1 == 0 { changed(&lines.1) } else { lines.1.clone() };
    let of_head = if how & 2 == 0 { head.1.clone() } else { changed(&head.1) };
    fs::write(&lines.0, &of_lines).expect("the lines are written");
    fs::write(&head.0, &of_head).expect("the head is written");
    let same = of_lines == lines.1 && of_head == head.1;
    match verify(state, &Options::default()) {
        Ok(report) => {
            assert!(report.findings.len() <= MOST_FINDINGS);
            let text = || String::from_utf8_lossy(&of_lines).into_owned();
            assert!(!same || report.is_whole(), "the log as it was written: {report:?}");
            // Not all of the head is signed: of what it says, the place alone is believed.
            // What lacks the end of a line behind the last one is no line, and told apart.
            let lines_are_whole = match report.torn {
                None => of_lines == lines.1,
                Some(torn) => of_lines
                    .strip_prefix(&*lines.1)
                    .is_some_and(|rest| rest.len() as u64 == torn && !rest.contains(&b'\n')),
            };
            assert!(!report.is_whole() || lines_are_whole, "{report:?}\n{}", text());
            report.findings.iter().for_each(|finding| assert!(!finding.to_string().is_empty()));
        }
        Err(error) => assert!(!same, "the log as it was written: {error}"),
    }
    if let Ok(found) = read(state) {
        // What is no line ends the reading for whoever reads; here it must end by itself as well.
        let most = of_lines.iter().filter(|byte| **byte == b'\n').count() + 1;
        assert!(found.take(most + 1).count() <= most, "more lines than there are");
    }
}

/// Edits, one after the other: what is done, where (two bytes), how many bytes or lines, and for an insertion the bytes.
fn edited(original: &[u8], edits: &[u8]) -> Vec<u8> {
    let (mut bytes, mut rest) = (original.to_vec(), edits);
    while let Some(([what, low, high, count], after)) = rest.split_first_chunk::<4>() {
        rest = after;
        let at = usize::from(u16::from_le_bytes([*low, *high])) % (bytes.len() + 1);
        let count = usize::from(*count);
        let end = (at + count).min(bytes.len());
        match what % 7 {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let (new, after) = rest.split_at(count.min(rest.len()));
                bytes.splice(at..at, new.iter().copied());
                rest = after;
            }
            2 => {
                let (new, after) = rest.split_at(count.min(rest.len()));
                bytes.splice(at..end, new.iter().copied());
                rest = after;
            }
            3 => bytes.truncate(at),
            // Whole lines change places, are there twice, or go.
            what => {
                let mut lines: Vec<Vec<u8>> =
                    bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
                if let (Some(one), Some(other)) = (at.checked_rem(lines.len()), count.checked_rem(lines.len())) {
                    match what {
                        4 => lines.swap(one, other),
                        5 => lines.insert(one, lines[other].clone()),
                        _ => drop(lines.drain(one.min(other)..=one.max(other))),
                    }
                }
                bytes = lines.concat();
            }
        }
        // Edits that insert are not to fill the memory.
        bytes.truncate(1 << 16);
    }
    bytes
}
