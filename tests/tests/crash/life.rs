//! The lives of a service: each in a process of its own, on the same folders.

use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use portcullis_journal::Journal;
use portcullis_tests::Result;
use portcullis_tests::service::{Folders, Wanted};
use rustix::process::{Pid, Signal, kill_process};

/// Longer than any life takes on a slow machine.
const LIMIT: Duration = Duration::from_secs(60);

/// How a life ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// By SIGKILL.
    Killed,
    /// When every operation had ended.
    Finished,
}

/// A service that lives.
pub(crate) struct Life {
    child: Child,
    state: PathBuf,
}

/// Whom to kill from elsewhere. A process keeps its number until it was waited for.
#[derive(Clone, Copy)]
pub(crate) struct Victim(Pid);

impl Victim {
    pub(crate) fn kill(self) {
        // It may have ended by itself.
        let _ = kill_process(self.0, Signal::KILL);
    }
}

/// A service on these folders, until everything has ended or its N-th entry.
pub(crate) fn begin(folders: &Folders, wanted: &[Vec<Wanted>], dies_after: Option<usize>) -> Result<Life> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_victim"));
    command.arg(folders.config()).arg(folders.state()).args(dies_after.map(|n| n.to_string()));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut input = child.stdin.take().ok_or("no input")?;
    input.write_all(&serde_json::to_vec(wanted)?)?;
    Ok(Life { child, state: folders.state().to_owned() })
}

/// Kills it, should nobody wait for it any more.
struct Guard(Victim);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.kill();
    }
}

impl Life {
    pub(crate) fn victim(&self) -> Victim {
        Victim(Pid::from_child(&self.child))
    }

    /// Its end, and what it printed. A test that fails meanwhile does not wait for it. Whatever is neither of the two ends is an error.
    pub(crate) async fn end(self) -> Result<(Ended, String)> {
        let victim = Guard(self.victim());
        let waiting = tokio::task::spawn_blocking(move || self.child.wait_with_output());
        let output: Output = match tokio::time::timeout(LIMIT, waiting).await {
            Ok(output) => output??,
            Err(_) => {
                return Err(format!("not ended within {LIMIT:?}:\n{}", open(&self.state).await?).into());
            }
        };
        // Its number may be another's now.
        std::mem::forget(victim);
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        match (output.status.signal(), output.status.success()) {
            (Some(signal), _) if signal == Signal::KILL.as_raw() => Ok((Ended::Killed, printed)),
            (_, true) => Ok((Ended::Finished, printed)),
            _ => Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr)).into()),
        }
    }
}

/// What is still to be done, as a person reads it.
async fn open(state: &Path) -> Result<String> {
    let reader = Journal::read_only(state)?;
    let mut text = String::new();
    for record in reader.open_operations().await?.into_iter().take(10) {
        text += &format!("{record:?}\n");
        for entry in reader.history(&record.id).await? {
            text += &format!("  {} {:?} {:?}\n", entry.number, entry.at, entry.event);
        }
    }
    Ok(text)
}

/// A whole life.
pub(crate) async fn live(folders: &Folders, wanted: &[Vec<Wanted>], dies_after: Option<usize>) -> Result<Ended> {
    Ok(begin(folders, wanted, dies_after)?.end().await?.0)
}
