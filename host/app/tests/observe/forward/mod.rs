//! The audit log as collectors get it, over real sockets: in order, none missing, also after the collector or the host was
//! away.

mod otlp;
mod receiver;
mod syslog;
mod tls;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis::audit::forward::{Forward, Pace};
use portcullis::config::{Collector, LogFormat, Observe as Settings};
use portcullis::observe::{Look, Metrics, Observe};
use portcullis_audit::fact::Confirmed;
use portcullis_audit::{About, AuditLog, Entry};
use tempfile::TempDir;
use tracing::{Dispatch, Level};

use crate::world::{Lines, SOON};

const PACE: Pace =
    Pace { look: Duration::from_millis(10), settle: Duration::from_millis(100), refused: Duration::from_millis(700) };

/// A log, and what forwards it.
struct Host {
    state: TempDir,
    log: AuditLog,
    metrics: Arc<Metrics>,
    dispatch: Dispatch,
    /// What the operator reads.
    lines: Lines,
}

impl Host {
    fn new() -> Self {
        let state = tempfile::tempdir().unwrap();
        let log = AuditLog::open(state.path()).unwrap();
        let lines = Lines::default();
        let (to, look) = (lines.clone(), Look { format: LogFormat::Text, time: false, colours: false });
        let (observe, dispatch) =
            Observe::prepare(&Settings::default(), Level::INFO, look, move || to.clone()).unwrap();
        Self { log, state, metrics: observe.metrics(), dispatch, lines }
    }

    fn write(&self, facts: std::ops::Range<usize>) {
        for n in facts {
            self.say(&format!("fact {n}"));
        }
    }

    fn say(&self, how: &str) {
        let how = how.to_owned();
        self.log.append_blocking(vec![Entry::now(About::default(), Confirmed { how })]).unwrap();
    }

    fn forward(&self, to: &Collector) -> Forward {
        self.forward_at(to, PACE)
    }

    fn forward_at(&self, to: &Collector, pace: Pace) -> Forward {
        let (state, metrics) = (self.state.path().to_owned(), Arc::clone(&self.metrics));
        tracing::dispatcher::with_default(&self.dispatch, || Forward::start(state, to.clone(), metrics, pace).unwrap())
    }

    /// So many lines wait for a kind of collector.
    fn is_behind(&self, collector: &str, lines: u64) -> bool {
        let shown = format!("portcullis_audit_behind{{collector=\"{collector}\"}} {lines}");
        self.metrics.render().lines().any(|line| line == shown)
    }

    fn is_not_behind(&self) -> bool {
        self.is_behind("syslog", 0)
    }

    /// The number of the last line that counts as forwarded, as it is kept for the next start.
    fn kept(&self, file: &str) -> Option<u64> {
        let kept: serde_json::Value =
            serde_json::from_slice(&std::fs::read(self.state.path().join(file)).ok()?).unwrap();
        kept["seq"].as_u64()
    }
}

fn until(what: &str, mut so: impl FnMut() -> bool) {
    let end = Instant::now() + SOON;
    while !so() {
        assert!(Instant::now() < end, "it never happened: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The lines of the log as they stand in its files.
fn written(state: &Path) -> Vec<String> {
    let file = state.join("audit/audit-0000000000000001.jsonl");
    std::fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect()
}
