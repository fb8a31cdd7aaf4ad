//! The thread that writes: it takes what many want written, so that they share one sync, and tells each when it is done.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::chain::Chain;
use crate::fact::Lost;
use crate::{About, AuditError, Entry, Place};

/// After how long without anything to write the last lines are synced and signed.
const SETTLE: Duration = Duration::from_millis(200);

/// How many writers share a sync at most.
const MOST_TOGETHER: usize = 1024;

/// What the thread tells of itself.
#[derive(Debug, Default)]
pub(super) struct State {
    /// When the log could not be written the last time, and why; none since it could.
    pub(super) trouble: Mutex<Option<(Instant, AuditError)>>,
    /// The last place that was seen to be on the disk.
    pub(super) place: Mutex<Option<Place>>,
}

impl State {
    pub(super) fn tell(&self, chain: &Chain, result: &Result<(), AuditError>) {
        let trouble = result.as_ref().err().map(|error| (Instant::now(), error.clone()));
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = chain.place();
    }
}

pub(super) struct Request {
    pub(super) entries: Vec<Entry>,
    /// Whether the lines have to be on the disk before anybody is told.
    pub(super) sync: bool,
    /// Whether who gave them has them still where they cannot be written, and gives them again: then they are not lost.
    pub(super) kept: bool,
    /// Told when they are written; nobody waits for a note.
    pub(super) done: Option<Done>,
}

/// Tells whoever waits, a task or a thread.
pub(super) type Done = Box<dyn FnOnce(Result<(), AuditError>) + Send>;

/// Writes what is asked for until nobody can ask any more, and closes the chain.
pub(super) fn write(chain: &mut Chain, from: &Receiver<Request>, state: &State) {
    let mut lost = 0;
    while let Some(first) = next(chain, from, state) {
        let mut all: Vec<Request> = std::iter::once(first).chain(from.try_iter().take(MOST_TOGETHER - 1)).collect();
        let sync = all.iter().any(|request| request.sync);
        let missing = (lost > 0).then(|| Entry::now(About::default(), Lost { facts: lost }));
        let losing: usize = all.iter().filter(|request| !request.kept).map(|request| request.entries.len()).sum();
        let given = all.iter_mut().flat_map(|request| std::mem::take(&mut request.entries));
        let entries: Vec<Entry> = missing.into_iter().chain(given).collect();
        let result = chain.append(entries, sync);
        lost = if result.is_ok() { 0 } else { lost + losing as u64 };
        if let Err(error) = &result {
            tracing::error!("the audit log could not be written: {error}");
        }
        state.tell(chain, &result);
        for done in all.into_iter().filter_map(|request| request.done) {
            done(result.clone());
        }
    }
    let closed = chain.close();
    state.tell(chain, &closed);
    if let Err(error) = closed {
        tracing::error!("the audit log could not be closed with a checkpoint: {error}");
    }
}

/// What is to be written next; none once the log is closed. Meanwhile what was only written gets onto the disk.
fn next(chain: &mut Chain, from: &Receiver<Request>, state: &State) -> Option<Request> {
    loop {
        if !chain.is_dirty() {
            return from.recv().ok();
        }
        match from.recv_timeout(SETTLE) {
            Ok(request) => return Some(request),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => {
                let settled = chain.append(Vec::new(), true);
                state.tell(chain, &settled);
                if let Err(error) = settled {
                    tracing::error!("the audit log could not be written to disk: {error}");
                    return from.recv().ok();
                }
            }
        }
    }
}
