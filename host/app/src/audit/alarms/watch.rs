//! The service's watch over the log: a thread that reads what is written, by whomever, and tells of alarms: as a fact in
//! the log, as a line, as a metric. No operation waits for it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime};

use portcullis_audit::AuditLog;
use portcullis_model::Fault;

use super::{Kept, Kind, Raised, resume};
use crate::audit::background::Background;
use crate::config::Alarms as Settings;
use crate::observe::Metrics;

/// How often the log is looked at, and how often what is known is kept.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Between two looks.
    pub look: Duration,
    /// Between two times that it is kept.
    pub keep: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { look: Duration::from_millis(500), keep: Duration::from_secs(60) }
    }
}

/// Ends when it is dropped, or with [`Watch::stop`].
#[derive(Debug)]
pub struct Watch(Background);

impl Watch {
    /// Begins to watch. `settings` is asked at each look; none ends it.
    ///
    /// # Errors
    /// The host's fault: there is no thread for it.
    pub fn start(
        state: PathBuf,
        log: AuditLog,
        settings: impl Fn() -> Option<Settings> + Send + 'static,
        metrics: Arc<Metrics>,
        pace: Pace,
    ) -> Result<Self, Fault> {
        let watching = Watching { state, log, metrics, kept: None, told: Vec::new(), troubled: false };
        Background::start("alarms", move |stopped| watching.watch(&settings, pace, stopped)).map(Self)
    }

    /// Looks a last time, keeps what is known, and ends. Blocks for as long as that takes.
    pub fn stop(&self) {
        self.0.stop();
    }
}

struct Watching {
    state: PathBuf,
    log: AuditLog,
    metrics: Arc<Metrics>,
    kept: Option<Kept>,
    /// Written down, and not read again from the log yet.
    told: Vec<Raised>,
    /// Whether the last look failed, so that the log tells of a change alone.
    troubled: bool,
}

impl Watching {
    fn watch(mut self, settings: &dyn Fn() -> Option<Settings>, pace: Pace, stopped: &Receiver<()>) {
        let mut kept_at = Instant::now();
        let mut changed = false;
        loop {
            let last = !matches!(stopped.recv_timeout(pace.look), Err(RecvTimeoutError::Timeout));
            let Some(settings) = settings() else { return };
            let looked = self.look(&settings);
            if let Err(why) = &looked
                && !self.troubled
            {
                tracing::error!("alarms are not raised: {why}");
            }
            self.troubled = looked.is_err();
            changed |= looked.is_ok_and(|lines| lines > 0);
            if changed && (last || kept_at.elapsed() >= pace.keep) {
                kept_at = Instant::now();
                changed = false;
                if let Some(error) = self.kept.as_ref().and_then(|kept| kept.write(&self.state).err()) {
                    tracing::warn!("alarms.json cannot be written: {error}; the next start reads the log instead");
                }
            }
            if last {
                return;
            }
        }
    }

    fn look(&mut self, settings: &Settings) -> Result<usize, String> {
        let mut kept = match self.kept.take() {
            Some(kept) => kept,
            None => resume(&self.state, settings.clone()).map_err(|error| error.to_string())?,
        };
        kept.alarms.configure(settings);
        let caught_up = kept.catch_up();
        if caught_up.is_ok() {
            kept.alarms.pass(SystemTime::now());
        }
        let open = kept.alarms.open().to_vec();
        self.kept = Some(kept);
        let lines = caught_up.map_err(|error| error.to_string())?;
        self.told.retain(|told| open.contains(told));
        for raised in open {
            if !self.told.contains(&raised) {
                self.log.append_blocking(vec![raised.entry()]).map_err(|error| error.to_string())?;
                self.tell(&raised);
                self.told.push(raised);
            }
        }
        Ok(lines)
    }

    fn tell(&self, raised: &Raised) {
        let connector = raised.about.connector.as_deref().unwrap_or_default();
        let Raised { kind, about, alarm, .. } = raised;
        // Those that are not listed are alarms each; of all others each is one, however often it happened.
        self.metrics.alarm(*kind, connector, if *kind == Kind::Unlisted { alarm.count } else { 1 });
        let (operation, caller) = (about.operation.as_deref(), about.caller.as_deref());
        let (subject, count) = (&alarm.subject, alarm.count);
        tracing::warn!(parent: None, connector, operation, caller, subject, count, "alarm {}: {}", alarm.alarm, alarm.text);
    }
}
