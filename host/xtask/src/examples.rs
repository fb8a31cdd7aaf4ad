//! Connectors in other languages: each folder of `examples/connectors` has a `build.sh OUT.wasm`. And what the clients in
//! `examples/clients` need.

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
        let lacking =
            script(Command::new(folder.join("build.sh")).arg(&plugin), &format!("examples/connectors/{language}"))?;
        match lacking {
            None => note(&shown),
            Some(line) => {
                // An old one would let tests pass that nobody ran on the new source.
                let _ = fs::remove_file(&plugin);
                skipped.push(line);
            }
        }
    }
    step("fetching what the example clients need");
    skipped.extend(script(&mut Command::new(root().join("examples/clients/install.sh")), "examples/clients")?);
    Ok(skipped)
}

/// Runs a script of an example; returns what is lacking, if it says that its toolchain cannot be had.
fn script(command: &mut Command, name: &str) -> Result<Option<String>> {
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) => Ok(None),
        Some(NO_TOOLCHAIN) => {
            let line = format!("{name}: {}", said.trim());
            if skips::required("toolchains") {
                return Err(format!("{line} (PORTCULLIS_REQUIRE wants it)").into());
            }
            Ok(Some(line))
        }
        _ => Err(format!("the script of {name} failed: {}", said.trim()).into()),
    }
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
