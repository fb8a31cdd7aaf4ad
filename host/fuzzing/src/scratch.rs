//! A folder for the files of one process, in memory where there is such a file system.

use std::path::{Path, PathBuf};

/// Makes an empty folder. What a run leaves in memory goes with the next start of the machine.
pub(crate) fn folder(name: &str) -> PathBuf {
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    // Threads of a test run one target each; processes differ by their number.
    let folder = parent.join(format!("portcullis-fuzz-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder for files");
    folder
}
