//! Every target over its seeds and over what was once found, on any compiler. One test for each target.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use portcullis_fuzzing::{TARGETS, target};

/// Says which file a target failed with.
struct Running(PathBuf);

impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the input was {}", self.0.display());
        }
    }
}

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

fn names(folder: &Path) -> BTreeSet<String> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeSet::new() };
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.'))
        .collect()
}

fn run(name: &str) {
    let mut seeds = 0;
    for kind in ["seeds", "regressions"] {
        let folder = fuzz().join(kind).join(name);
        for file in names(&folder) {
            let running = Running(folder.join(file));
            target(name)(&fs::read(&running.0).unwrap());
            seeds += usize::from(kind == "seeds");
        }
    }
    assert!(seeds > 0, "{name} has no seeds");
}

macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        $(#[test] fn $name() { run(stringify!($name)); })*

        /// A target that is missing somewhere would be skipped without a word.
        #[test]
        fn every_target_is_run_everywhere() {
            let all: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
            assert_eq!(all, [$(stringify!($name).to_owned()),*].into());
            assert_eq!(all, names(&fuzz().join("seeds")));
            let binaries = names(&fuzz().join("fuzz_targets"));
            assert_eq!(all, binaries.iter().map(|file| file.trim_end_matches(".rs").to_owned()).collect());
            assert!(names(&fuzz().join("regressions")).is_subset(&all));
        }
    };
}

targets!(answer, api, audit, ceiling, component, config, dn, envelope, filter, grants);
