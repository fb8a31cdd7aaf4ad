//! Logs and their files.

use std::fs;
use std::path::{Path, PathBuf};

use portcullis_audit::fact::Confirmed;
use portcullis_audit::verify::{Finding, Options, Report, verify};
use portcullis_audit::{About, AuditLog, Entry};
use tempfile::TempDir;

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

pub(crate) fn fact(n: usize) -> Entry {
    let about = About { operation: Some(format!("op-{n}")), ..About::default() };
    Entry::now(about, Confirmed { how: format!("fact {n}") })
}

/// Writes so many facts, each on its own, and closes the log.
pub(crate) fn written(state: &Path, facts: usize) {
    let log = AuditLog::open(state).unwrap();
    for n in 0..facts {
        log.append_blocking(vec![fact(n)]).unwrap();
    }
    log.close();
}

pub(crate) fn segments(state: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(state.join("audit")).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.retain(|path| path.extension().is_some_and(|end| end == "jsonl"));
    all.sort();
    all
}

pub(crate) fn lines(state: &Path) -> Vec<String> {
    let all = segments(state).into_iter().map(|path| fs::read_to_string(path).unwrap()).collect::<String>();
    all.lines().map(str::to_owned).collect()
}

/// Puts these lines in the place of those of the one segment.
pub(crate) fn put(state: &Path, lines: &[String]) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(&segments(state)[0], text).unwrap();
}

pub(crate) fn verified(state: &Path) -> Report {
    verify(state, &Options::default()).unwrap()
}

pub(crate) fn findings(state: &Path) -> Vec<Finding> {
    verified(state).findings
}
