//! Forwarding the audit log to a collector: a thread that follows the log's files and sends each line, as a message of
//! syslog or as a log record of OpenTelemetry, in its order, at least once.
//!
//! How far it came stands in a file in the state folder, so that what was written while the collector was down, or the
//! service, is sent later. A line counts as sent once the collector said that it has it (OTLP), or once the way was still
//! open some time after it (syslog, which has no answers); until then it is sent again. Nobody waits for it, and it changes
//! nothing of the log.

mod kept;
mod otlp;
mod said;
mod syslog;
mod telling;
mod way;

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
use telling::Telling;
use way::{Again, Sent, Trouble, Way};

/// How many lines are sent at once: between two looks at whether the way is open, or in one request.
const BATCH: usize = 256;

/// How many bytes of lines, unless it is one: proxies before collectors often take 1 MiB at once.
const BATCH_BYTES: usize = 512 << 10;

/// How many batches may be on the way.
const MOST_ON_THE_WAY: usize = 16;

/// How long batch is sent after batch before somebody looks whether to stop.
const ROUND: Duration = Duration::from_secs(2);

/// The longest pause after a failure.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How fast it goes.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Between two looks at the log, and the first pause after a failure.
    pub look: Duration,
    /// How long a way must stay open after a line before the line counts as sent, where nobody answers.
    pub settle: Duration,
    /// The pause after an answer that no repetition changes.
    pub refused: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { look: Duration::from_millis(500), settle: Duration::from_secs(2), refused: Duration::from_secs(600) }
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

    /// Tells it to stop, and does not wait.
    pub fn begin_to_stop(&self) {
        self.0.begin_to_stop();
    }

    /// Sends what is there, if the collector takes it, and ends. Blocks for some seconds at most. What was sent in the last
    /// moment is sent again by the next start, unless the collector said that it has it.
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
    /// Everything up to here was sent, and the way was open after it, or the collector has it.
    sent: Position,
    /// Behind the batches that are on the way, and when they were sent.
    on_the_way: VecDeque<(Position, Instant)>,
    failing: Option<Failing>,
    telling: Telling,
}

struct Failing {
    pause: Duration,
    again: Instant,
    /// Nothing is tried before, not even for the last time.
    asked_to_wait: bool,
}

impl Forwarding {
    fn new(state: PathBuf, to: Collector, metrics: Arc<Metrics>, pace: Pace) -> Self {
        let sent = kept::read(&state, kept::file(&to)).unwrap_or(Position::START);
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let (on_the_way, telling) = (VecDeque::new(), Telling::default());
        Self { state, to, metrics, pace, host, way: None, follow: None, sent, on_the_way, failing: None, telling }
    }

    fn run(mut self, stopped: &Receiver<()>) {
        loop {
            let last = !matches!(stopped.recv_timeout(self.pace.look), Err(RecvTimeoutError::Timeout));
            if self.is_time(last) {
                match self.round() {
                    Ok(()) => self.works(),
                    Err(trouble) => self.failed(&trouble),
                }
            }
            self.telling.tell(&self.to, last);
            self.measure();
            if last {
                return;
            }
        }
    }

    fn is_time(&self, last: bool) -> bool {
        let Some(failing) = &self.failing else { return true };
        failing.again <= Instant::now() || (last && !failing.asked_to_wait)
    }

    /// Looks at what was sent, and sends what is there.
    fn round(&mut self) -> Result<(), Trouble> {
        let end = Instant::now() + ROUND;
        loop {
            if let Some(way) = &mut self.way {
                way.is_open()?;
            }
            self.settle()?;
            if self.on_the_way.len() >= MOST_ON_THE_WAY || Instant::now() > end {
                return Ok(());
            }
            let lines = self.next_batch().map_err(Trouble::soon)?;
            let Some(last) = lines.last().map(|line| line.position) else { return Ok(()) };
            let way = match &mut self.way {
                Some(way) => way,
                way => way.insert(Way::open(&self.to, &self.host)?),
            };
            match way.send(&lines, &self.host)? {
                Sent::OnTheWay => self.on_the_way.push_back((last, Instant::now())),
                Sent::Accepted(note) => {
                    self.arrived(last)?;
                    // It works, even if another batch fails right after it.
                    self.works();
                    if let Some(note) = note {
                        if note.rejected > 0 {
                            self.metrics.audit_rejected(note.rejected);
                        }
                        self.telling.noted(&lines, note);
                    }
                }
            }
        }
    }

    /// What was sent long enough ago counts as sent.
    fn settle(&mut self) -> Result<(), Trouble> {
        let settled = self.on_the_way.iter().take_while(|(_, at)| at.elapsed() >= self.pace.settle).count();
        let Some((position, _)) = self.on_the_way.drain(..settled).next_back() else { return Ok(()) };
        self.arrived(position)
    }

    fn arrived(&mut self, position: Position) -> Result<(), Trouble> {
        self.sent = position;
        let file = kept::file(&self.to);
        kept::write(&self.state, file, position)
            .map_err(|error| Trouble::soon(format!("{file} cannot be written: {error}")))
    }

    fn next_batch(&mut self) -> Result<Vec<Found>, String> {
        let mut follow = match self.follow.take() {
            Some(follow) => follow,
            None => self.resume(),
        };
        let (mut lines, mut bytes) = (Vec::new(), 0);
        let mut read = Ok(());
        while lines.len() < BATCH && bytes < BATCH_BYTES {
            match follow.next_line() {
                Ok(Some(line)) => {
                    bytes += line.text.len();
                    lines.push(line);
                }
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
            self.telling.works(&self.to);
        }
    }

    /// Everything that is not surely sent is sent again.
    fn failed(&mut self, trouble: &Trouble) {
        self.way = None;
        self.follow = None;
        self.on_the_way.clear();
        let growing = self.failing.as_ref().map_or(self.pace.look, |failing| (failing.pause * 2).min(LONGEST_PAUSE));
        let (pause, asked_to_wait) = match trouble.again {
            Again::Soon => (growing, false),
            Again::After(asked) => (asked.max(growing), true),
            Again::MuchLater => (self.pace.refused.max(growing), true),
        };
        self.telling.failed(&self.to, trouble, self.behind());
        self.failing = Some(Failing { pause: growing, again: Instant::now() + pause, asked_to_wait });
    }

    fn behind(&self) -> u64 {
        portcullis_audit::head(&self.state).map_or(0, |head| head.seq.saturating_sub(self.sent.seq))
    }

    fn measure(&self) {
        self.metrics.audit_behind(self.to.key(), self.behind());
    }
}
