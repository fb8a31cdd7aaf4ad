//! Delivery: what was accepted is carried out, in order for each account, side by side for different ones, again where
//! trying again can help, and never more often than the journal can answer for.
//!
//! [`plan`] decides what runs next and knows no I/O; [`carry`] does one attempt; this module brings them together. It
//! never decides what an outcome is (`crate::operation` does) and holds no password.

mod backoff;
mod breaker;
mod carry;
mod doubt;
mod plan;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use futures_util::FutureExt as _;
use portcullis_journal::{Event, JournalError, Record, State};
use portcullis_model::{OperationKind, Password};
use portcullis_seal::Label;
use tokio::sync::Notify;
use tracing::Instrument as _;

use super::callers::folded;
use super::ends::Ends;
use super::parts::Parts;
use breaker::BreakerSettings;
use carry::Fresh;
use plan::{Ended, Job, LaneName, Plan, Ticket};

pub(super) use carry::unwritable;
pub(super) use doubt::record as record_end;

/// What is in doubt is looked at for at least this long, however old it is.
const LOOKED_AT: Duration = Duration::from_secs(600);

/// How much waits and runs for a connector.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Load {
    /// Operations that wait.
    pub waiting: usize,
    /// Operations that run.
    pub running: usize,
    /// Whether the directory is left alone for the moment.
    pub breaker_open: bool,
}

/// Carries out what was accepted.
pub(super) struct Delivery {
    parts: Arc<Parts>,
    ends: Ends,
    state: Mutex<Inner>,
    /// Something to wake up for that the timer does not know yet.
    woken: Notify,
    /// An operation ended while the service was stopping.
    idle: Notify,
}

#[derive(Default)]
struct Inner {
    plans: HashMap<String, Plan>,
    running: usize,
    stopping: bool,
}

impl Delivery {
    pub(super) fn new(parts: Arc<Parts>, ends: Ends) -> Arc<Self> {
        Arc::new(Self { parts, ends, state: Mutex::default(), woken: Notify::new(), idle: Notify::new() })
    }

    /// Takes up what the journal holds from before, and begins to deliver.
    pub(super) async fn start(self: &Arc<Self>) -> Result<(), JournalError> {
        for record in self.parts.journal.open_operations().await? {
            let record = match record.state {
                State::Acting => self.parts.record(&record.id, Event::Interrupted).await?,
                _ => record,
            };
            let least = self.least(&record).await?;
            self.plan(&record, least);
        }
        tokio::spawn(Arc::clone(self).keep_time());
        self.pump();
        Ok(())
    }

    /// What an operator wanted to be tried again while the service was away is tried, however old it is.
    async fn least(&self, record: &Record) -> Result<Duration, JournalError> {
        if record.state != State::Waiting || record.deadline > SystemTime::now() {
            return Ok(Duration::ZERO);
        }
        let history = self.parts.journal.history(&record.id).await?;
        let wanted = matches!(history.last().map(|entry| &entry.event), Some(Event::Retried { .. }));
        Ok(if wanted { self.parts.delivery().deadline } else { Duration::ZERO })
    }

    /// Takes an operation that is in the journal, and lets it try for `least` at least, however old it is.
    pub(super) fn take(self: &Arc<Self>, record: &Record, least: Duration) {
        self.plan(record, least);
        self.pump();
        self.woken.notify_one();
    }

    /// Takes an operation that has just been accepted. If it can be carried out at once, what is still in memory is used;
    /// if it has to wait, it is read from the journal when its turn comes, and nothing of it stays in memory.
    pub(super) fn take_new(self: &Arc<Self>, record: &Record, clear: &[(Label, Arc<Password>)]) {
        self.plan(record, Duration::ZERO);
        let late = self.lock().plans.get(&record.connector).is_some_and(|plan| plan.is_late(&lane(record), record.seq));
        let passwords = super::sealed::given(record, clear).filter(|_| !late);
        self.pump_with(passwords.map(|passwords| Fresh { record: record.clone(), passwords }));
        self.woken.notify_one();
    }

    /// Takes a waiting operation out; says whether it was there.
    pub(super) fn withdraw(&self, record: &Record) -> bool {
        let mut state = self.lock();
        let plan = state.plans.get_mut(&record.connector);
        plan.is_some_and(|plan| plan.cancel(&lane(record), &record.id).is_some())
    }

    /// Lets an account's operations run now instead of after their pause.
    pub(super) fn hurry(self: &Arc<Self>, record: &Record) {
        if let Some(plan) = self.lock().plans.get_mut(&record.connector) {
            plan.hurry(&lane(record));
        }
        self.pump();
    }

    /// How many wait, all connectors together.
    pub(super) fn waiting(&self) -> usize {
        self.lock().plans.values().map(|plan| plan.depth().0).sum()
    }

    /// How much waits and runs, by connector.
    pub(super) fn load(&self) -> HashMap<String, Load> {
        let load = |plan: &Plan| {
            let (waiting, running) = plan.depth();
            Load { waiting, running, breaker_open: plan.breaker_is_open() }
        };
        self.lock().plans.iter().map(|(name, plan)| (name.clone(), load(plan))).collect()
    }

    /// Starts nothing more, and waits until what runs has ended, at most so long. Says whether all did.
    pub(super) async fn stop(&self, most: Duration) -> bool {
        self.lock().stopping = true;
        self.woken.notify_one();
        let ended = async {
            loop {
                let idle = self.idle.notified();
                if self.lock().running == 0 {
                    return;
                }
                idle.await;
            }
        };
        tokio::time::timeout(most, ended).await.is_ok()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plan(&self, record: &Record, least: Duration) {
        let settings = self.parts.delivery();
        let breaker = BreakerSettings {
            failures: settings.breaker_failures,
            pause: settings.breaker_pause,
            longest: settings.retry_longest.max(settings.breaker_pause),
        };
        let limit = self.limit(&record.connector);
        let mut state = self.lock();
        let plan = state.plans.entry(record.connector.clone()).or_insert_with(|| Plan::new(limit, breaker));
        plan.set_limit(limit);
        plan.add(lane(record), ticket(record, least));
    }

    fn limit(&self, connector: &str) -> usize {
        self.parts.registry.get(connector).map_or(1, |running| running.connector.file.limits.concurrency)
    }

    /// Starts everything that can run now.
    fn pump(self: &Arc<Self>) {
        self.pump_with(None);
    }

    fn pump_with(self: &Arc<Self>, mut fresh: Option<Fresh>) {
        let now = Instant::now();
        let mut state = self.lock();
        if state.stopping {
            return;
        }
        let Inner { plans, running, .. } = &mut *state;
        for (connector, plan) in plans.iter_mut() {
            while let Some((lane, job)) = plan.next(now) {
                *running += 1;
                let fresh = fresh.take_if(|fresh| job.is_run_of(&fresh.record.id));
                tokio::spawn(Arc::clone(self).run(connector.clone(), lane, job, fresh));
            }
        }
    }

    async fn run(self: Arc<Self>, connector: String, lane: LaneName, job: Job, fresh: Option<Fresh>) {
        match job {
            Job::Run(ticket) => {
                let waited = ticket.since.elapsed();
                let span = self.parts.metrics.taken_up(&ticket.id, ticket.kind, &connector, waited);
                // A defect of the host or of a library costs this attempt, never the account's later operations.
                let carried = AssertUnwindSafe(carry::carry(&self.parts, &ticket, fresh).instrument(span));
                let (record, ended) = match carried.catch_unwind().await {
                    Ok(carried) => carried,
                    Err(_) => (None, carry::broke_down(&self.parts, &ticket)),
                };
                self.ended(&connector, &lane, ticket, record, ended).await;
            }
            Job::Expire(ticket) => match carry::expire(&self.parts, &ticket).await {
                Ok(record) => record.into_iter().for_each(|record| self.ends.tell(record)),
                Err(error) => {
                    // Its life stays over: the journal is asked again after a while, and nothing is sent meanwhile.
                    tracing::error!(operation = %ticket.id, "{error}");
                    tokio::time::sleep(self.parts.delivery().retry_first).await;
                    if let Some(plan) = self.lock().plans.get_mut(&connector) {
                        plan.add(lane, ticket);
                    }
                }
            },
        }
        self.lock().running -= 1;
        self.idle.notify_waiters();
        self.pump();
        self.woken.notify_one();
    }

    async fn ended(&self, connector: &str, lane: &LaneName, ticket: Ticket, record: Option<Record>, ended: Ended) {
        let by = ticket.id.clone();
        let ticket = match &record {
            Some(record) => {
                let new = self::ticket(record, Duration::ZERO);
                let deadline = match new.in_doubt && !ticket.in_doubt {
                    true => ticket.deadline.max(new.deadline),
                    false => ticket.deadline,
                };
                Ticket { deadline, ..new }
            }
            // The journal does not answer: until it does, something may have been sent.
            None => Ticket { in_doubt: true, attempts: ticket.attempts + 1, ..ticket },
        };
        let overtaken = match self.lock().plans.get_mut(connector) {
            Some(plan) => plan.ended(lane, ticket, ended, Instant::now()),
            None => Vec::new(),
        };
        if let Some(record) = record {
            self.ends.tell(record);
        }
        for older in overtaken {
            match doubt::record(&self.parts, &older.id, Event::Superseded { by: by.clone() }).await {
                Ok(record) => self.ends.tell(record),
                Err(error) => {
                    // When its turn comes again, the journal tells that it was overtaken.
                    tracing::error!(operation = %older.id, "{error}");
                    if let Some(plan) = self.lock().plans.get_mut(connector) {
                        plan.add(Arc::clone(lane), older);
                    }
                }
            }
        }
    }

    /// Wakes up when something becomes possible that nobody's end makes possible: a pause, a deadline.
    async fn keep_time(self: Arc<Self>) {
        loop {
            let now = Instant::now();
            let due = {
                let state = self.lock();
                if state.stopping {
                    return;
                }
                state.plans.values().filter_map(|plan| plan.due(now)).min()
            };
            match due {
                Some(due) => tokio::select! {
                    () = self.woken.notified() => {}
                    () = tokio::time::sleep_until(due.into()) => {}
                },
                None => self.woken.notified().await,
            }
            self.pump();
        }
    }
}

/// The lane of an account. Spellings that a directory takes for the same are one account.
fn lane(record: &Record) -> LaneName {
    folded(&record.account).into()
}

fn ticket(record: &Record, least: Duration) -> Ticket {
    let in_doubt = matches!(record.state, State::InDoubt | State::Acting);
    let left = record.deadline.duration_since(SystemTime::now()).unwrap_or_default();
    let left = if in_doubt { left.max(LOOKED_AT) } else { left.max(least) };
    let pause = record.not_before.and_then(|until| until.duration_since(SystemTime::now()).ok()).unwrap_or_default();
    Ticket {
        since: Instant::now() + pause,
        seq: record.seq,
        id: record.id.clone(),
        kind: record.kind,
        account: record.account.as_str().to_lowercase().into(),
        unlocks: record.kind == OperationKind::ResetPassword && record.options.unlock,
        deadline: Instant::now() + left,
        attempts: record.attempts,
        in_doubt,
        looks: record.looks,
    }
}
