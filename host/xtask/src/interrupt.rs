//! Ctrl-C: the program that runs is ended, servers are stopped, and only then this program ends.

use std::{
    path::{Path, PathBuf},
    process::{self, Command},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{run::Result, servers};

#[derive(Default)]
struct Open {
    children: Vec<u32>,
    folders: Vec<PathBuf>,
}

static OPEN: Mutex<Open> = Mutex::new(Open { children: Vec::new(), folders: Vec::new() });

fn open() -> MutexGuard<'static, Open> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes care of SIGINT, SIGTERM and SIGHUP from here on.
pub(crate) fn prepare() -> Result {
    ctrlc::set_handler(|| {
        eprintln!("\ninterrupted: stopping what was started");
        // The terminal sends Ctrl-C to the children as well, `kill` does not.
        for child in std::mem::take(&mut open().children) {
            let _ = Command::new("kill").arg(child.to_string()).status();
        }
        for folder in std::mem::take(&mut open().folders) {
            servers::sweep(&folder);
        }
        process::exit(130);
    })?;
    Ok(())
}

/// Ends a child if this program is interrupted while the value lives.
pub(crate) fn child(id: u32) -> Running {
    open().children.push(id);
    Running(id)
}

/// See [`child`].
pub(crate) struct Running(u32);

impl Drop for Running {
    fn drop(&mut self) {
        open().children.retain(|id| *id != self.0);
    }
}

/// Sweeps a folder with servers if this program is interrupted, until [`forget`].
pub(crate) fn folder(path: &Path) {
    open().folders.push(path.to_owned());
}

/// The folder was swept.
pub(crate) fn forget(path: &Path) {
    open().folders.retain(|folder| folder != path);
}
