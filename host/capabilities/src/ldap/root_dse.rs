//! The root DSE of the connector's directory, kept for a while: connectors look at it before each write to make sure
//! that they met the right kind of directory, and it does not change between two operations.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use portcullis_directory::Entry;

/// How long an answer is good for.
const FRESH: Duration = Duration::from_secs(60);

/// What the root DSE said, if that was not long ago.
#[derive(Debug, Default)]
pub struct RootDseCache(Mutex<Option<(Instant, Arc<Entry>)>>);

impl RootDseCache {
    pub(super) fn get(&self) -> Option<Arc<Entry>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(when, _)| when.elapsed() < FRESH).map(|(_, entry)| Arc::clone(entry))
    }

    pub(super) fn put(&self, entry: &Arc<Entry>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), Arc::clone(entry)));
    }
}
