//! A terminal with somebody in front of it.

use std::io::{Read as _, Write as _};
use std::process::Child;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use pty_process::blocking::{Pty, open};
use rustix::termios::{LocalModes, tcgetattr};

use crate::folder::Folder;

/// Longer than anything takes; only a broken test waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A command on a terminal that echoes what is typed, as terminals do.
pub(crate) struct Terminal {
    typing: Pty,
    child: Child,
    screen: Receiver<Vec<u8>>,
    /// Everything that was on the screen.
    pub(crate) seen: String,
}

impl Terminal {
    pub(crate) fn run(folder: &Folder, arguments: &[&str]) -> Self {
        let (typing, end) = open().unwrap();
        let environment: Vec<_> = folder
            .command(arguments)
            .command
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        let command = pty_process::blocking::Command::new(env!("CARGO_BIN_EXE_portcullis"));
        let child = command.env_clear().envs(environment).args(arguments).spawn(end).unwrap();
        let mut reading = std::fs::File::from(std::os::fd::AsFd::as_fd(&typing).try_clone_to_owned().unwrap());
        let (sender, screen) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // The system answers with an error once nobody has the terminal open any more.
            while let Ok(read @ 1..) = reading.read(&mut buffer) {
                if sender.send(buffer[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { typing, child, screen, seen: String::new() }
    }

    /// Waits until the text is on the screen `times` times in all.
    pub(crate) fn expect(&mut self, text: &str, times: usize) {
        let end = Instant::now() + PATIENCE;
        while self.seen.matches(text).count() < times {
            assert!(self.read(end), "the command ended without {text:?}:\n{}", self.seen);
        }
    }

    /// Types a line.
    pub(crate) fn enter(&mut self, line: &str) {
        self.type_in(&format!("{line}\n"));
    }

    pub(crate) fn type_in(&mut self, text: &str) {
        self.typing.write_all(text.as_bytes()).unwrap();
    }

    /// Whether the terminal is as a person wants it: it shows what is typed, and an interrupt is one.
    pub(crate) fn is_in_order(&self) -> bool {
        tcgetattr(&self.typing).unwrap().local_modes.contains(LocalModes::ECHO | LocalModes::ISIG | LocalModes::ICANON)
    }

    /// Waits for the end, and tells the exit code.
    pub(crate) fn end(&mut self) -> i32 {
        let end = Instant::now() + PATIENCE;
        while self.read(end) {}
        self.child.wait().unwrap().code().unwrap_or(-1)
    }

    /// Whether there was more to read.
    fn read(&mut self, end: Instant) -> bool {
        match self.screen.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(bytes) => {
                self.seen += &String::from_utf8_lossy(&bytes);
                true
            }
            Err(RecvTimeoutError::Disconnected) => false,
            Err(RecvTimeoutError::Timeout) => panic!("nothing happened any more:\n{}", self.seen),
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
