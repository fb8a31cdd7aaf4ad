//! Who waits for the end of an operation, and is told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use portcullis_journal::Record;
use portcullis_model::OperationId;
use tokio::sync::{oneshot, watch};

type Waiters = Mutex<HashMap<OperationId, Vec<oneshot::Sender<Record>>>>;

/// Who waits for which operation.
#[derive(Clone, Default)]
pub(super) struct Ends(Arc<Waiters>);

/// A place among those who wait; it is given up when it is dropped.
pub(super) struct Waiting {
    all: Arc<Waiters>,
    id: OperationId,
    told: oneshot::Receiver<Record>,
}

impl Ends {
    /// Waits for the end of an operation. Asked before looking at the journal, so that no end is missed.
    pub(super) fn wait(&self, id: &OperationId) -> Waiting {
        let (tell, told) = oneshot::channel();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(id.clone()).or_default().push(tell);
        Waiting { all: Arc::clone(&self.0), id: id.clone(), told }
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
}

impl Waiting {
    /// The end, if it comes in time and before the service stops.
    pub(super) async fn end(mut self, most: Duration, mut stopping: watch::Receiver<bool>) -> Option<Record> {
        tokio::select! {
            biased;
            told = &mut self.told => told.ok(),
            () = tokio::time::sleep(most) => None,
            // Who waits is answered with what is known now, and asks again after the next start.
            _ = stopping.wait_for(|stopping| *stopping) => None,
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.told.close();
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(for_one) = all.get_mut(&self.id) {
            for_one.retain(|other| !other.is_closed());
            if for_one.is_empty() {
                all.remove(&self.id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

    use super::*;

    #[tokio::test]
    async fn who_goes_away_leaves_nothing_behind() {
        let (ends, id) = (Ends::default(), OperationId::new().unwrap());
        let stay = ends.wait(&id);
        drop(ends.wait(&id));
        assert_eq!(ends.0.lock().unwrap()[&id].len(), 1);
        let (_stop, stopping) = watch::channel(false);
        assert_eq!(stay.end(Duration::ZERO, stopping).await, None);
        assert!(ends.0.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn nobody_waits_for_a_service_that_stops() {
        let (ends, id) = (Ends::default(), OperationId::new().unwrap());
        let (_stop, stopping) = watch::channel(true);
        assert_eq!(ends.wait(&id).end(Duration::from_secs(3_600), stopping).await, None);
    }
}
