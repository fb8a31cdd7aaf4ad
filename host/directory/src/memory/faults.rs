//! A directory that misbehaves on demand, for tests and benchmarks of what stands above it.
//!
//! Nothing here is reachable from a configuration: who holds the [`super::MemoryDirectory`] holds the handle.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// A handle to the faults of one directory. Clones are the same handle.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    unavailable: AtomicUsize,
    in_doubt_applied: AtomicUsize,
    in_doubt_lost: AtomicUsize,
    delay_micros: AtomicU64,
}

/// What becomes of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Answered,
    AppliedInDoubt,
    LostInDoubt,
}

impl Faults {
    /// The next `calls` calls, of any kind, answer [`crate::Failure::Unavailable`] and do nothing.
    pub fn unavailable(&self, calls: usize) {
        self.0.unavailable.store(calls, Ordering::SeqCst);
    }

    /// The next `writes` writes take effect and answer [`crate::Failure::InDoubt`]. One that would have failed before it
    /// was sent (a refused bind) fails as ever.
    pub fn in_doubt_after_applying(&self, writes: usize) {
        self.0.in_doubt_applied.store(writes, Ordering::SeqCst);
    }

    /// The next `writes` writes take no effect and answer [`crate::Failure::InDoubt`].
    pub fn in_doubt_without_applying(&self, writes: usize) {
        self.0.in_doubt_lost.store(writes, Ordering::SeqCst);
    }

    /// Every answer comes this much later; the effect does not. Whoever stops waiting leaves a write that was done.
    pub fn delay(&self, delay: Duration) {
        self.0.delay_micros.store(u64::try_from(delay.as_micros()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }

    pub(super) fn take_unavailable(&self) -> bool {
        take(&self.0.unavailable)
    }

    pub(super) fn take_fate(&self) -> Fate {
        if take(&self.0.in_doubt_lost) {
            Fate::LostInDoubt
        } else if take(&self.0.in_doubt_applied) {
            Fate::AppliedInDoubt
        } else {
            Fate::Answered
        }
    }

    pub(super) async fn wait(&self) {
        let micros = self.0.delay_micros.load(Ordering::SeqCst);
        if micros > 0 {
            tokio::time::sleep(Duration::from_micros(micros)).await;
        }
    }
}

fn take(counter: &AtomicUsize) -> bool {
    counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok()
}
