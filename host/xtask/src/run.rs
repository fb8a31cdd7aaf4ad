//! Running other programs, and saying so.

use std::{
    error::Error,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
};

use serde_json::Value;

use crate::interrupt;

/// What a command of this program returns. The errors are for a person.
pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// The folder of the whole project.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).map(Path::to_path_buf).unwrap_or_default()
}

/// Tells what happens next.
pub(crate) fn step(text: &str) {
    println!("==> {text}");
}

/// Tells something about the present step.
pub(crate) fn note(text: &str) {
    println!("    {text}");
}

/// The cargo that started this program.
pub(crate) fn cargo() -> Command {
    program(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// A program that is started in the folder of the project.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root());
    // What cargo told this program about its own package would reach the build scripts of others, and those that look
    // at it (ring's does) would be built again each time somebody changes between `cargo xtask` and plain `cargo`.
    for (name, _) in std::env::vars_os() {
        let of_package = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
        if of_package.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command
}

/// Whether a cargo command such as `nextest` is installed.
pub(crate) fn cargo_has(subcommand: &str) -> bool {
    let tried = cargo().args([subcommand, "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}

/// The members of a workspace, as `cargo metadata` describes them.
pub(crate) fn packages(manifest: &Path) -> Result<Vec<Value>> {
    let mut command = cargo();
    command.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]).arg(manifest);
    let mut metadata: Value = serde_json::from_str(&output(&mut command)?)?;
    match metadata["packages"].take() {
        Value::Array(packages) => Ok(packages),
        _ => Err("cargo metadata tells no packages".into()),
    }
}

/// Runs a program to its end, on this terminal.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus> {
    let mut child = command.spawn().map_err(|e| format!("{} does not start: {e}", shown(command)))?;
    let _running = interrupt::child(child.id());
    Ok(child.wait()?)
}

/// Runs a program to its end, on this terminal; anything but success is an error.
pub(crate) fn run(command: &mut Command) -> Result {
    let status = status(command)?;
    if status.success() { Ok(()) } else { Err(format!("{} failed ({status})", shown(command)).into()) }
}

/// Runs a program and returns what it printed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.output().map_err(|e| format!("{} does not start: {e}", shown(command)))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{} failed ({}): {}", shown(command), output.status, said.trim()).into())
}

fn shown(command: &Command) -> String {
    let words: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args()).collect();
    words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
