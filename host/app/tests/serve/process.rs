//! A process of the service: started, spoken to, told to stop, and killed if the test that started it has failed.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http::{Answer, PATIENCE, exchange, request, tcp, unix};

/// What the process wrote so far.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<(Mutex<String>, Condvar)>);

impl Log {
    fn follow(&self, from: impl std::io::Read + Send + 'static) {
        let log = self.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(from).lines() {
                let Ok(line) = line else { return };
                let (text, changed) = &*log.0;
                text.lock().unwrap().push_str(&(line + "\n"));
                changed.notify_all();
            }
        });
    }

    pub(crate) fn text(&self) -> String {
        self.0.0.lock().unwrap().clone()
    }

    /// The first line with these words after so many bytes; nothing after [`PATIENCE`].
    fn line(&self, words: &str, after: usize) -> Option<String> {
        let (text, changed) = &*self.0;
        let until = Instant::now() + PATIENCE;
        let mut text = text.lock().unwrap();
        loop {
            if let Some(line) = text[after..].lines().find(|line| line.contains(words)) {
                return Some(line.to_owned());
            }
            let left = until.checked_duration_since(Instant::now())?;
            text = changed.wait_timeout(text, left).unwrap().0;
        }
    }
}

/// A running service.
pub(crate) struct Serve {
    child: Child,
    pub(crate) log: Log,
    pub(crate) address: SocketAddr,
    pub(crate) control: PathBuf,
}

impl Serve {
    /// Starts it, and waits until it says that it serves.
    pub(crate) fn start(mut command: Command, control: PathBuf) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Log::default();
        log.follow(child.stderr.take().unwrap());
        let mut this = Self { child, log, address: ([127, 0, 0, 1], 0).into(), control };
        // In the log of either form.
        let line = this.wait_for("addresses");
        let (_, rest) = line.split_once("addresses").and_then(|(_, rest)| rest.split_once('[')).unwrap();
        // Without an address of TCP the list is empty.
        if let Ok(address) = rest.split([']', ',']).next().unwrap().parse() {
            this.address = address;
        }
        this
    }

    /// A line of the log with these words, which came or comes.
    pub(crate) fn wait_for(&self, words: &str) -> String {
        self.wait_after(0, words)
    }

    /// One that came or comes after what [`Serve::mark`] saw.
    pub(crate) fn wait_after(&self, mark: usize, words: &str) -> String {
        self.log.line(words, mark).unwrap_or_else(|| panic!("{words:?} is not in the log:\n{}", self.log.text()))
    }

    pub(crate) fn mark(&self) -> usize {
        self.log.text().len()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// How it ended, once it has.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        ended(&mut self.child).unwrap_or_else(|| panic!("it does not end:\n{}", self.log.text()))
    }

    /// Stops it, as an operator would; it must end well. What it wrote comes back.
    pub(crate) fn stop(&mut self) -> String {
        self.signal("TERM");
        let status = self.ended();
        let log = self.log.text();
        assert_eq!(status.code(), Some(0), "{log}");
        log
    }

    /// One request on a connection of its own.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        exchange(tcp(self.address), &request(method, path, headers, body))
    }

    /// The same on the control socket.
    pub(crate) fn operator(&self, method: &str, path: &str) -> Answer {
        exchange(unix(&self.control), &request(method, path, &[], b""))
    }

    pub(crate) fn get(&self, token: &str, path: &str) -> Answer {
        self.ask("GET", path, &[("authorization", &format!("Bearer {token}"))], b"")
    }

    pub(crate) fn post(&self, token: &str, body: &Value, more: &[(&str, &str)]) -> Answer {
        self.post_bytes(token, body.to_string().as_bytes(), more)
    }

    pub(crate) fn post_bytes(&self, token: &str, body: &[u8], more: &[(&str, &str)]) -> Answer {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("authorization", bearer.as_str()), ("content-type", "application/json")];
        headers.extend(more);
        self.ask("POST", "/v1/operations", &headers, body)
    }

    /// How many operations the journal holds.
    pub(crate) fn operations(&self) -> Vec<Value> {
        let all = self.operator("GET", "/v1/operations?limit=500").json();
        all["operations"].as_array().unwrap().clone()
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Waits for the end of a process, at most [`PATIENCE`].
pub(crate) fn ended(child: &mut Child) -> Option<ExitStatus> {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    None
}

/// Waits until something is so, at most [`PATIENCE`].
pub(crate) fn until(what: &str, so: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < end, "it never happened: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
