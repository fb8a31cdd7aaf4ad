//! The capability `log`: lines for the host's log. A connector cannot forge a line of the host's, and its volume is
//! bounded; what it prints to standard output and error (see [`crate::wasi`]) counts into the same bound.

mod host;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};

use portcullis_model::{Event, Password, Trace, Use};

use crate::text::clean;

/// How much a connector's line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For its vendor.
    Debug,
    /// For the curious.
    Info,
    /// For the operator.
    Warn,
    /// For the operator, soon.
    Error,
}

/// Which lines are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogGrant {
    /// This level and above.
    pub level: Level,
}

fn allowed() -> Event {
    Event::Allowed { capability: "log", call: "log", subject: "lines".into(), uses: vec![Use::Log] }
}

fn used_up(bytes: usize) -> Event {
    let reason = format!("it wrote more than {bytes} bytes: raise `log` in [limits] if the need is honest");
    Event::Denied { capability: "log", call: "log", subject: "volume".into(), reason, wanted: None }
}

/// The longest line, in bytes.
pub const MAX_LINE: usize = 4096;

/// The log of one operation: passes lines on until the operation's volume is used up.
#[derive(Debug, Clone)]
pub struct Sink(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    connector: Arc<str>,
    operation: String,
    secrets: Vec<Arc<Password>>,
    trace: Trace,
    most: usize,
    /// Nothing once the end was announced.
    left: Mutex<Option<usize>>,
}

impl Sink {
    pub(crate) fn new(
        connector: Arc<str>,
        operation: String,
        secrets: Vec<Arc<Password>>,
        trace: Trace,
        most: usize,
    ) -> Self {
        Self(Arc::new(Inner { connector, operation, secrets, trace, most, left: Mutex::new(Some(most)) }))
    }

    /// Writes one line, or nothing if the volume is used up; the line that meets the limit says so.
    pub(crate) fn line(&self, level: Level, source: &'static str, text: &str) {
        let Some(text) = self.admit(text) else { return };
        let (connector, operation) = (&*self.0.connector, &*self.0.operation);
        match level {
            Level::Debug => tracing::debug!(target: "connector", connector, operation, source, "{text}"),
            Level::Info => tracing::info!(target: "connector", connector, operation, source, "{text}"),
            Level::Warn => tracing::warn!(target: "connector", connector, operation, source, "{text}"),
            Level::Error => tracing::error!(target: "connector", connector, operation, source, "{text}"),
        }
    }

    /// The line as it will stand in the log. Empty lines cost too: a flood of them is a flood.
    fn admit(&self, text: &str) -> Option<String> {
        let mut left = self.0.left.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = (*left)?;
        let line = clean(text, MAX_LINE, &self.0.secrets);
        let cost = line.len() + 1;
        if cost > bytes {
            *left = None;
            self.0.trace.record(used_up(self.0.most));
            return Some(
                "(the connector's log volume for this operation is used up; further lines are dropped)".into(),
            );
        }
        *left = Some(bytes - cost);
        Some(line)
    }
}
