//! From the start of the command to its receipt: `portcullis reset` as people and scripts run it, a process each time.
//!
//! Not in the figures: a network, and a program file that the system has yet to read from the disk.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::figure::{Figure, Goal, Section};
use crate::{Result, mock};

const METHOD: &str = "`portcullis reset` on the connector `mock` with `[ldap.confirm] by = \"bind\"`, from the start of the \
    process to its end after the receipt; the password comes on standard input. Warm: the plugin was compiled before. \
    Cold: the folder of compiled plugins is deleted before each run. The two are taken in turns.";

const PROGRAM: &str = env!("CARGO_BIN_EXE_portcullis");

/// Measures.
pub(crate) fn measure(quick: bool) -> Result<Section> {
    let rounds = if quick { 5 } else { 50 };
    let folder = mock::folder("bind")?;
    let (warm_cache, cold_cache) = (folder.path().join("warm"), folder.path().join("cold"));
    reset(folder.path(), &warm_cache)?;
    let [mut program, mut warm, mut cold] = [const { Vec::new() }; 3];
    for round in 0..rounds {
        program.push(run(Command::new(PROGRAM).arg("--version"), "")?);
        warm.push(reset(folder.path(), &warm_cache)?);
        if round % 5 == 0 {
            if cold_cache.exists() {
                std::fs::remove_dir_all(&cold_cache)?;
            }
            cold.push(reset(folder.path(), &cold_cache)?);
        }
    }
    let program = Figure::of("the program alone, `portcullis --version`", "ms", &program);
    let why = format!("Starting the program alone takes {:.1} ms here.", program.value.unwrap_or_default());
    let figures = vec![
        Figure::of("command to receipt, the plugin compiled before", "ms", &warm).goal(Goal::AtMost(40.0), why),
        Figure::of("command to receipt, compiling the plugin", "ms", &cold),
        program,
    ];
    Ok(Section { title: "The command", method: METHOD.to_owned(), figures })
}

/// Resets a password; the time in milliseconds.
fn reset(config: &Path, cache: &Path) -> Result<f64> {
    let mut command = Command::new(PROGRAM);
    command.arg("--config").arg(config).arg("--cache").arg(cache);
    run(command.args(["reset", "p1@people.example", "--password-stdin"]), "Second-Passw0rd-1\n")
}

/// Runs a program to its end; the time in milliseconds.
fn run(command: &mut Command, input: &str) -> Result<f64> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let start = Instant::now();
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take().filter(|_| !input.is_empty()) {
        stdin.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    let time = start.elapsed().as_secs_f64() * 1e3;
    if output.status.success() && !output.stdout.is_empty() {
        Ok(time)
    } else {
        Err(format!("portcullis ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr)).into())
    }
}
