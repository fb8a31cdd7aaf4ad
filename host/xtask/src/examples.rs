//! Connectors in other languages: each folder of `examples/connectors` has a `build.sh OUT.wasm`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use crate::{
    run::{Result, note, root, step},
    skips,
};

/// The exit code by which a script says that its toolchain is not here and cannot be had.
const NO_TOOLCHAIN: i32 = 3;

/// Builds those that are older than what they are made of; returns what was skipped.
pub(crate) fn build() -> Result<Vec<String>> {
    step("building the example connectors");
    let into = root().join("target/plugins/examples");
    fs::create_dir_all(&into)?;
    let mut skipped = Vec::new();
    let mut folders: Vec<PathBuf> =
        fs::read_dir(root().join("examples/connectors"))?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    folders.retain(|folder| folder.join("build.sh").exists());
    folders.sort();
    for folder in folders {
        let language = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let plugin = into.join(&language).with_extension("wasm");
        let shown = format!("target/plugins/examples/{language}.wasm");
        let changed = newest(&folder)?.max(newest(&root().join("wit"))?);
        if fs::metadata(&plugin).and_then(|data| data.modified()).is_ok_and(|built| built > changed) {
            note(&format!("{shown} is up to date"));
            continue;
        }
        let output = Command::new(folder.join("build.sh")).arg(&plugin).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(0) => note(&shown),
            Some(NO_TOOLCHAIN) => {
                // An old one would let tests pass that nobody ran on the new source.
                let _ = fs::remove_file(&plugin);
                let line = format!("examples/connectors/{language}: {}", said.trim());
                if skips::required("toolchains") {
                    return Err(format!("{line} (PORTCULLIS_REQUIRE wants it)").into());
                }
                skipped.push(line);
            }
            _ => return Err(format!("examples/connectors/{language}/build.sh failed: {}", said.trim()).into()),
        }
    }
    Ok(skipped)
}

/// When a folder's files changed last.
fn newest(folder: &Path) -> Result<SystemTime> {
    let mut newest = SystemTime::UNIX_EPOCH;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            newest = newest.max(self::newest(&entry.path())?);
        } else if kind.is_file() {
            newest = newest.max(entry.metadata()?.modified()?);
        }
    }
    Ok(newest)
}
