//! The order in which the operations of one connector are carried out. Pure: no I/O, and the time is given.
//!
//! Operations on one account form a lane: they run in the order they came, one at a time. Lanes run side by side, up to
//! the connector's concurrency, the longest waiting first. While the directory's breaker is open nothing leaves but one
//! operation that tries; what waits then costs nothing. Every step costs the logarithm of what waits.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_model::{OperationId, OperationKind};

use super::breaker::{Breaker, BreakerSettings, Gate};

/// What the plan knows of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ticket {
    /// When it came or may be tried again: from then on it waits for its turn.
    pub(super) since: Instant,
    /// The order in which operations came.
    pub(super) seq: u64,
    pub(super) id: OperationId,
    pub(super) kind: OperationKind,
    /// The account as it was named, in lower case. A lane may hold several that some directory takes for the same.
    pub(super) account: Arc<str>,
    /// A reset that unlocks as well.
    pub(super) unlocks: bool,
    /// When its life ends.
    pub(super) deadline: Instant,
    /// How often it was carried out or looked at in vain.
    pub(super) attempts: u32,
    /// Something was sent, and its end is not known: the host looks, and sends nothing.
    pub(super) in_doubt: bool,
    /// How often looking found nothing.
    pub(super) looks: u32,
}

/// What is to be done next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Job {
    /// Carry the operation out, or look what became of it if it is in doubt.
    Run(Ticket),
    /// Its life is over.
    Expire(Ticket),
}

impl Job {
    /// Whether it is to carry out this operation.
    pub(super) fn is_run_of(&self, id: &OperationId) -> bool {
        matches!(self, Self::Run(ticket) if ticket.id == *id)
    }
}

/// How a run ended, for the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// For good. Whether it took effect, or may have.
    Settled { took_effect: bool, answered: bool },
    /// Again after that time.
    Later { until: Instant, unreachable: bool },
}

/// The operations of one account.
#[derive(Debug, Default)]
struct Lane {
    /// In the order they came.
    queue: VecDeque<Ticket>,
    /// The one that runs, taken out of the queue, and whether it tries an open breaker.
    running: Option<(u64, bool)>,
    /// Nothing before that time, and whether that is for want of the directory.
    pause: Option<(Instant, bool)>,
}

pub(super) type LaneName = Arc<str>;

/// The plan of one connector.
#[derive(Debug)]
pub(super) struct Plan {
    lanes: HashMap<LaneName, Lane>,
    /// Lanes that can run, by the oldest operation in each.
    ready: BTreeMap<u64, LaneName>,
    /// Lanes that pause.
    paused: BTreeSet<(Instant, u64, LaneName)>,
    deadlines: BTreeSet<(Instant, u64, LaneName)>,
    breaker: Breaker,
    /// The newest operation of a lane that set a password a moment ago.
    settled: HashMap<LaneName, (u64, Instant)>,
    running: usize,
    waiting: usize,
    limit: usize,
}

/// How many lanes are remembered before those are forgotten of which nothing was heard for so long.
const REMEMBERED: usize = 4096;
const A_MOMENT: Duration = Duration::from_secs(60);

impl Plan {
    pub(super) fn new(limit: usize, breaker: BreakerSettings) -> Self {
        Self {
            lanes: HashMap::new(),
            ready: BTreeMap::new(),
            paused: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            breaker: Breaker::new(breaker),
            settled: HashMap::new(),
            running: 0,
            waiting: 0,
            limit: limit.max(1),
        }
    }

    /// The connector's concurrency, which a swap may change.
    pub(super) fn set_limit(&mut self, limit: usize) {
        self.limit = limit.max(1);
    }

    /// How many wait, and how many run.
    pub(super) fn depth(&self) -> (usize, usize) {
        (self.waiting, self.running)
    }

    pub(super) fn breaker_is_open(&self) -> bool {
        self.breaker.is_open()
    }

    /// Takes an operation in, at the place in its lane that its number gives it.
    pub(super) fn add(&mut self, lane: LaneName, ticket: Ticket) {
        self.unschedule(&lane);
        self.insert(&lane, ticket);
        self.schedule(&lane);
    }

    fn insert(&mut self, name: &LaneName, ticket: Ticket) {
        self.deadlines.insert((ticket.deadline, ticket.seq, Arc::clone(name)));
        let lane = self.lanes.entry(Arc::clone(name)).or_default();
        let at = lane.queue.partition_point(|other| other.seq < ticket.seq);
        lane.queue.insert(at, ticket);
        self.waiting += 1;
    }

    /// Whether a newer operation of the lane has set a password already: two that were accepted together can come here in
    /// either order.
    pub(super) fn is_late(&self, name: &LaneName, seq: u64) -> bool {
        self.settled.get(name).is_some_and(|(newest, _)| *newest > seq)
    }

    /// What can be done now. The caller does it and comes back with [`Plan::ended`], but for an expired one.
    pub(super) fn next(&mut self, now: Instant) -> Option<(LaneName, Job)> {
        if let Some(expired) = self.expired(now) {
            return Some(expired);
        }
        self.wake(now);
        let gate = self.breaker.gate(now);
        if self.running >= self.limit || matches!(gate, Gate::Open(_)) {
            return None;
        }
        let (_, name) = self.ready.pop_first()?;
        let lane = self.lanes.get_mut(&name)?;
        let ticket = lane.queue.remove(chosen(&lane.queue))?;
        let tries = gate == Gate::Try;
        if tries {
            self.breaker.tries();
        }
        lane.running = Some((ticket.seq, tries));
        self.deadlines.remove(&(ticket.deadline, ticket.seq, Arc::clone(&name)));
        self.waiting -= 1;
        self.running += 1;
        Some((name, Job::Run(ticket)))
    }

    /// When something may be possible that is not possible now.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        let deadline = self.deadlines.first().map(|(at, ..)| *at);
        let gate = match self.breaker.gate(now) {
            Gate::Open(until) if !self.ready.is_empty() => until,
            _ => None,
        };
        let paused = self.paused.first().map(|(at, ..)| *at);
        [deadline, gate, paused].into_iter().flatten().min()
    }

    /// What became of a run. Returns the operations of the lane that it has overtaken, which are taken out.
    pub(super) fn ended(&mut self, name: &LaneName, ticket: Ticket, ended: Ended, now: Instant) -> Vec<Ticket> {
        let tried = match self.lanes.get_mut(name).and_then(|lane| lane.running.take()) {
            Some((_, tried)) => tried,
            None => return Vec::new(),
        };
        self.running -= 1;
        let mut overtaken = Vec::new();
        match ended {
            Ended::Settled { took_effect, answered } => {
                if answered {
                    self.answered();
                } else if tried {
                    self.breaker.undecided();
                }
                if took_effect && ticket.kind.sets_password() {
                    if self.settled.len() >= REMEMBERED {
                        self.settled.retain(|_, (_, at)| now.saturating_duration_since(*at) < A_MOMENT);
                    }
                    self.settled.insert(Arc::clone(name), (ticket.seq, now));
                }
                if took_effect {
                    overtaken = self.take_pointless(name, &ticket);
                }
            }
            Ended::Later { until, unreachable } => {
                let open = match (unreachable, tried) {
                    (true, _) => self.unreachable(now, tried),
                    (false, true) => {
                        self.breaker.undecided();
                        false
                    }
                    (false, false) => false,
                };
                self.insert(name, ticket);
                if let Some(lane) = self.lanes.get_mut(name) {
                    // While the breaker is open it is the one that waits: when the directory is back, all go in order.
                    lane.pause = (!open || !unreachable).then_some((until, unreachable));
                }
            }
        }
        self.schedule(name);
        overtaken
    }

    /// Takes a waiting operation out. Nothing if it runs, is in doubt, or is not here.
    pub(super) fn cancel(&mut self, name: &LaneName, id: &OperationId) -> Option<Ticket> {
        let at = self.lanes.get(name)?.queue.iter().position(|ticket| ticket.id == *id && !ticket.in_doubt)?;
        self.unschedule(name);
        let ticket = self.remove(name, at);
        self.schedule(name);
        ticket
    }

    /// Lets an account's lane run now instead of after its pause. What is in doubt is given its time: a server may still
    /// be working on it.
    pub(super) fn hurry(&mut self, name: &LaneName) {
        if self.lanes.get(name).is_some_and(|lane| lane.queue.iter().all(|ticket| !ticket.in_doubt)) {
            self.resume(name);
        }
    }

    fn resume(&mut self, name: &LaneName) {
        self.unschedule(name);
        if let Some(lane) = self.lanes.get_mut(name) {
            lane.pause = None;
        }
        self.schedule(name);
    }

    fn answered(&mut self) {
        self.breaker.answered();
    }

    /// Says whether the breaker is open; if it has just opened, what pauses for want of the directory waits for it.
    fn unreachable(&mut self, now: Instant, tried: bool) -> bool {
        let was_open = self.breaker.is_open();
        let open = self.breaker.failed(now, tried);
        if open && !was_open {
            let waiting: Vec<LaneName> = self.paused.iter().map(|(.., name)| Arc::clone(name)).collect();
            for name in waiting {
                if self.lanes.get(&name).is_some_and(|lane| lane.pause.is_some_and(|(_, unreachable)| unreachable)) {
                    self.resume(&name);
                }
            }
        }
        open
    }

    fn wake(&mut self, now: Instant) {
        while let Some((at, ..)) = self.paused.first()
            && *at <= now
        {
            if let Some((.., name)) = self.paused.first().cloned() {
                self.resume(&name);
            }
        }
    }

    fn expired(&mut self, now: Instant) -> Option<(LaneName, Job)> {
        let (at, seq, name) = self.deadlines.first().cloned()?;
        if at > now {
            return None;
        }
        self.unschedule(&name);
        let at = self.lanes.get(&name).and_then(|lane| lane.queue.iter().position(|ticket| ticket.seq == seq));
        let ticket = at.and_then(|at| self.remove(&name, at));
        self.schedule(&name);
        ticket.map(|ticket| (name, Job::Expire(ticket)))
    }

    /// Takes out what a newer operation that took effect has made pointless.
    fn take_pointless(&mut self, name: &LaneName, newer: &Ticket) -> Vec<Ticket> {
        let mut pointless = Vec::new();
        while let Some(at) = self.lanes.get(name).and_then(|lane| lane.queue.iter().position(|t| newer.overtakes(t))) {
            pointless.extend(self.remove(name, at));
        }
        pointless
    }

    fn remove(&mut self, name: &LaneName, at: usize) -> Option<Ticket> {
        let ticket = self.lanes.get_mut(name)?.queue.remove(at)?;
        self.deadlines.remove(&(ticket.deadline, ticket.seq, Arc::clone(name)));
        self.waiting -= 1;
        Some(ticket)
    }

    /// Takes a lane out of the places where it waits to be chosen.
    fn unschedule(&mut self, name: &LaneName) {
        let Some(lane) = self.lanes.get(name) else { return };
        let Some(first) = lane.queue.front().map(|ticket| ticket.seq) else { return };
        self.ready.remove(&first);
        if let Some((at, _)) = lane.pause {
            self.paused.remove(&(at, first, Arc::clone(name)));
        }
    }

    /// Puts a lane where it can be chosen, unless one of it runs.
    fn schedule(&mut self, name: &LaneName) {
        let Some(lane) = self.lanes.get_mut(name) else { return };
        if lane.running.is_some() {
            return;
        }
        match (lane.queue.front().map(|ticket| ticket.seq), lane.pause) {
            (None, _) => {
                self.lanes.remove(name);
            }
            (Some(first), None) => {
                self.ready.insert(first, Arc::clone(name));
            }
            (Some(first), Some((at, _))) => {
                self.paused.insert((at, first, Arc::clone(name)));
            }
        }
    }
}

/// Which operation of a lane runs: the first, with two exceptions. What is in doubt is looked at before anything else is
/// sent. And of passwords that are set one after the other only the last one counts, so the newest reset goes first; the
/// older ones are superseded if it takes effect and have their turn if it is refused. A question in between wants to see
/// what was before it, and ends the run.
fn chosen(queue: &VecDeque<Ticket>) -> usize {
    if let Some(doubt) = queue.iter().position(|ticket| ticket.in_doubt) {
        return doubt;
    }
    let run = queue.iter().take_while(|ticket| ticket.kind.sets_password()).count();
    let overtakes =
        |at: &usize| queue.get(*at).is_some_and(|newest| queue.iter().take(*at).all(|older| newest.overtakes(older)));
    (1..run).rev().find(overtakes).unwrap_or(0)
}

impl Ticket {
    /// Whether this operation, once it took effect, makes an older one pointless: a reset of the same account, of
    /// everything that would only have set another password. An unlock would be lost, unless this one unlocks as well.
    fn overtakes(&self, older: &Self) -> bool {
        self.kind == OperationKind::ResetPassword
            && older.seq < self.seq
            && older.account == self.account
            && older.kind.sets_password()
            && !older.in_doubt
            && (self.unlocks || !older.unlocks)
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
