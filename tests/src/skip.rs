//! Skipping by name: a test that cannot run here says so, and `cargo xtask test` repeats it at the end.

use std::{env, fs::OpenOptions, io::Write as _, thread};

/// Why something that a test needs is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAvailable {
    /// This machine lacks a directory server. The test is skipped, by name.
    #[error("{0}")]
    Server(String),
    /// This machine lacks the toolchain of another language. The test is skipped, by name.
    #[error("{0}")]
    Toolchain(String),
    /// It should be there and is broken. The test fails.
    #[error("{0}")]
    Broken(String),
}

/// Takes what a test needs, or records that the test is skipped: it then has to return.
///
/// The line `SKIPPED <test>: <reason>` is printed and appended to the file that `PORTCULLIS_SKIPS` names.
///
/// # Panics
/// For [`NotAvailable::Broken`], and where `PORTCULLIS_REQUIRE` says that this machine must have what is missing: `1` is
/// everything, `servers` and `toolchains` (with a comma: both) what they say.
pub fn or_skip<T>(needed: Result<T, NotAvailable>) -> Option<T> {
    let (what, reason) = match needed {
        Ok(value) => return Some(value),
        Err(NotAvailable::Server(reason)) => ("servers", reason),
        Err(NotAvailable::Toolchain(reason)) => ("toolchains", reason),
        Err(NotAvailable::Broken(reason)) => return fail(&reason),
    };
    let required = env::var("PORTCULLIS_REQUIRE").unwrap_or_default();
    if required.split(',').any(|word| word == "1" || word == what) {
        return fail(&format!("{reason} (PORTCULLIS_REQUIRE={required} turns a skipped test into a failed one)"));
    }
    let line = format!("SKIPPED {}: {reason}\n", test_name());
    print!("{line}");
    if let Some(path) = env::var_os("PORTCULLIS_SKIPS") {
        // One write of one short line: the tests of many processes append to the same file.
        let written = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(line.as_bytes()));
        if let Err(error) = written {
            return fail(&format!(
                "{} cannot be written, so that a skipped test would not be seen: {error}",
                path.display()
            ));
        }
    }
    None
}

#[expect(clippy::panic, reason = "called by tests alone, which fail by panicking")]
fn fail<T>(reason: &str) -> Option<T> {
    panic!("{reason}")
}

/// The harness names the thread of a test after the test.
fn test_name() -> String {
    let test = thread::current().name().unwrap_or("(a thread without a name)").to_owned();
    let binary = env::current_exe().ok().and_then(|path| Some(path.file_stem()?.to_string_lossy().into_owned()));
    match binary.as_deref().and_then(|name| name.rsplit_once('-')) {
        Some((binary, _hash)) => format!("{binary}::{test}"),
        None => test,
    }
}
