//! Who waits for the end of an operation, and is told.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use portcullis_journal::Record;
use portcullis_model::OperationId;
use tokio::sync::oneshot;

/// Who waits for which operation.
#[derive(Default)]
pub(super) struct Ends(Mutex<HashMap<OperationId, Vec<oneshot::Sender<Record>>>>);

impl Ends {
    /// Waits for the end of an operation. Asked before looking at the journal, so that no end is missed.
    pub(super) fn wait(&self, id: &OperationId) -> oneshot::Receiver<Record> {
        let (told, waiting) = oneshot::channel();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let for_one = all.entry(id.clone()).or_default();
        // Those who went away make room, so that one who asks again and again costs nothing.
        for_one.retain(|other| !other.is_closed());
        for_one.push(told);
        waiting
    }

    /// Tells those who wait, if it is an end.
    pub(super) fn tell(&self, record: Record) {
        if !record.state.has_ended() {
            return;
        }
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&record.id);
        for one in waiting.into_iter().flatten() {
            // Who went away does not want to know.
            let _ = one.send(record.clone());
        }
    }

    /// Forgets the places of those who went away.
    pub(super) fn forget(&self, id: &OperationId) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(for_one) = all.get_mut(id) {
            for_one.retain(|other| !other.is_closed());
            if for_one.is_empty() {
                all.remove(id);
            }
        }
    }
}
