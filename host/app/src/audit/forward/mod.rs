//! Forwarding the audit log to a collector: a thread that follows the log's files and sends each line as a message of
//! syslog, in its order, at least once.
//!
//! How far it came stands in `forwarded.json` in the state folder, so that what was written while the collector was down,
//! or the service, is sent later. A line counts as sent once the way was still open some time after it; until then it is
//! sent again. Nobody waits for it, and it changes nothing of the log.

mod kept;
mod message;
mod socket;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use portcullis_audit::follow::{Follow, Found, Position};
use portcullis_model::Fault;

use crate::audit::background::Background;
use crate::config::Collector;
use crate::observe::Metrics;
use socket::Way;

/// How many lines are sent between two looks at whether the way is open.
const BATCH: usize = 256;

/// How many batches may be on the way.
const MOST_ON_THE_WAY: usize = 16;

/// The longest pause after a failure.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How often a trouble that lasts is told.
const TELL_AGAIN: Duration = Duration::from_secs(600);

/// How fast it goes.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Between two looks at the log, and the first pause after a failure.
    pub look: Duration,
    /// How long a way must stay open after a line before the line counts as sent.
    pub settle: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { look: Duration::from_millis(500), settle: Duration::from_secs(2) }
    }
}

/// Ends when it is dropped, or with [`Forward::stop`].
#[derive(Debug)]
pub struct Forward(Background);

impl Forward {
    /// Begins to forward what is in the log of a state folder.
    ///
    /// # Errors
    /// The host's fault: there is no thread for it.
    pub fn start(state: PathBuf, to: Collector, metrics: Arc<Metrics>, pace: Pace) -> Result<Self, Fault> {
        let forwarding = Forwarding::new(state, to, metrics, pace);
        Background::start("forward", move |stopped| forwarding.run(stopped)).map(Self)
    }

    /// Sends what is there, if the collector takes it, and ends. Blocks for some seconds at most. What was sent in the last
    /// moment is sent again by the next start.
    pub fn stop(&self) {
        self.0.stop();
    }
}

struct Forwarding {
    state: PathBuf,
    to: Collector,
    metrics: Arc<Metrics>,
    pace: Pace,
    host: String,
    way: Option<Way>,
    follow: Option<Follow>,
    /// Everything up to here was sent, and the way was open after it.
    sent: Position,
    /// Behind the batches that are on the way, and when they were sent.
    on_the_way: VecDeque<(Position, Instant)>,
    failing: Option<Failing>,
}

struct Failing {
    told: Instant,
    pause: Duration,
    again: Instant,
}

impl Forwarding {
    fn new(state: PathBuf, to: Collector, metrics: Arc<Metrics>, pace: Pace) -> Self {
        let sent = kept::read(&state).unwrap_or(Position::START);
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let on_the_way = VecDeque::new();
        Self { state, to, metrics, pace, host, way: None, follow: None, sent, on_the_way, failing: None }
    }

    fn run(mut self, stopped: &Receiver<()>) {
        loop {
            let last = !matches!(stopped.recv_timeout(self.pace.look), Err(RecvTimeoutError::Timeout));
            if last || self.failing.as_ref().is_none_or(|failing| failing.again <= Instant::now()) {
                match self.round() {
                    Ok(()) => self.works(),
                    Err(why) => self.failed(&why),
                }
            }
            self.measure();
            if last {
                return;
            }
        }
    }

    /// Looks at what was sent, and sends what is there.
    fn round(&mut self) -> Result<(), String> {
        loop {
            if let Some(way) = &mut self.way {
                way.is_open().map_err(|error| error.to_string())?;
            }
            self.settle()?;
            if self.on_the_way.len() >= MOST_ON_THE_WAY {
                return Ok(());
            }
            let lines = self.next_batch()?;
            let Some(last) = lines.last().map(|line| line.position) else { return Ok(()) };
            let way = match &mut self.way {
                Some(way) => way,
                way => way.insert(Way::open(&self.to).map_err(|error| error.to_string())?),
            };
            way.send(&lines, &self.host).map_err(|error| error.to_string())?;
            self.on_the_way.push_back((last, Instant::now()));
        }
    }

    /// What was sent long enough ago counts as sent.
    fn settle(&mut self) -> Result<(), String> {
        let settled = self.on_the_way.iter().take_while(|(_, at)| at.elapsed() >= self.pace.settle).count();
        let Some((position, _)) = self.on_the_way.drain(..settled).next_back() else { return Ok(()) };
        self.sent = position;
        kept::write(&self.state, position).map_err(|error| format!("forwarded.json cannot be written: {error}"))
    }

    fn next_batch(&mut self) -> Result<Vec<Found>, String> {
        let mut follow = match self.follow.take() {
            Some(follow) => follow,
            None => self.resume(),
        };
        let mut lines = Vec::new();
        let mut read = Ok(());
        while lines.len() < BATCH {
            match follow.next_line() {
                Ok(Some(line)) => lines.push(line),
                Ok(None) => break,
                Err(error) => {
                    read = Err(error.to_string());
                    break;
                }
            }
        }
        self.follow = Some(follow);
        // What was read before an error is sent first.
        if lines.is_empty() { read.map(|()| lines) } else { Ok(lines) }
    }

    fn resume(&self) -> Follow {
        Follow::after(&self.state, self.sent).unwrap_or_else(|error| {
            tracing::warn!("what was forwarded of the audit log up to line {} is sent again: {error}", self.sent.seq);
            Follow::file_of(&self.state, self.sent)
        })
    }

    fn works(&mut self) {
        if self.failing.take().is_some() {
            tracing::info!("the audit log is forwarded again");
        }
    }

    /// Everything that is not surely sent is sent again.
    fn failed(&mut self, why: &str) {
        self.way = None;
        self.follow = None;
        self.on_the_way.clear();
        let now = Instant::now();
        let pause = self.failing.as_ref().map_or(self.pace.look, |failing| (failing.pause * 2).min(LONGEST_PAUSE));
        let told = self.failing.as_ref().map(|failing| failing.told).filter(|told| told.elapsed() < TELL_AGAIN);
        let told = told.unwrap_or_else(|| {
            let behind = self.behind();
            tracing::warn!(behind, "the audit log is not forwarded to {}: {why}; what waits is sent later", self.to);
            now
        });
        self.failing = Some(Failing { told, pause, again: now + pause });
    }

    fn behind(&self) -> u64 {
        portcullis_audit::head(&self.state).map_or(0, |head| head.seq.saturating_sub(self.sent.seq))
    }

    fn measure(&self) {
        self.metrics.audit_behind(self.behind());
    }
}
