//! The thread that writes: it takes what many want written, so that they share one sync, and tells each when it is done.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::chain::Chain;
use crate::{AuditError, Entry, Place};

/// After how long without anything to write the last lines are synced and signed.
const SETTLE: Duration = Duration::from_millis(200);

/// How often it is looked whether the log is still where it was, while there is nothing to write. Who says that it is not
/// says so for longer ([`AuditLog::trouble`](crate::AuditLog::trouble)).
const LOOK: Duration = Duration::from_secs(2);

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
    fn is_troubled(&self) -> bool {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Whether the trouble is one that looking can see the end of.
    fn is_damaged(&self) -> bool {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.as_ref().is_some_and(|(_, error)| error.is_damage())
    }

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
    while let Some(first) = next(chain, from, state) {
        let mut all: Vec<Request> = std::iter::once(first).chain(from.try_iter().take(MOST_TOGETHER - 1)).collect();
        let sync = all.iter().any(|request| request.sync);
        let losing: usize = all.iter().filter(|request| !request.kept).map(|request| request.entries.len()).sum();
        let entries: Vec<Entry> = all.iter_mut().flat_map(|request| std::mem::take(&mut request.entries)).collect();
        let result = chain.append_or_lose(entries, sync, losing as u64);
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

/// What is to be written next; none once the log is closed. Meanwhile what was only written gets onto the disk, and now and
/// then it is looked whether the files are still there: who asks whether the log takes anything must not learn it from the
/// first operation that is refused.
fn next(chain: &mut Chain, from: &Receiver<Request>, state: &State) -> Option<Request> {
    let mut failing = state.is_troubled();
    loop {
        let settles = chain.is_dirty() && !failing;
        match from.recv_timeout(if settles { SETTLE } else { LOOK }) {
            Ok(request) => return Some(request),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => {
                let looked = chain.append(Vec::new(), true);
                match &looked {
                    Err(error) if !failing => tracing::error!("the audit log could not be written: {error}"),
                    // Nothing was written, so this says nothing of a disk that is full.
                    Ok(()) if !settles && state.is_troubled() && !state.is_damaged() => continue,
                    _ => {}
                }
                failing = looked.is_err();
                state.tell(chain, &looked);
            }
        }
    }
}
