//! How many events the journal writes in one commit: counted from what it says of each commit.

use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

static COMMITS: AtomicU64 = AtomicU64::new(0);
static EVENTS: AtomicU64 = AtomicU64::new(0);

/// Begins to count. Nothing else is listened to, so nothing else is made into text.
pub(super) fn count() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| drop(tracing_subscriber::registry().with(Counter).try_init()));
}

/// What was counted so far.
#[derive(Clone, Copy)]
pub(super) struct Counted {
    commits: u64,
    events: u64,
}

pub(super) fn counted() -> Counted {
    Counted { commits: COMMITS.load(Ordering::SeqCst), events: EVENTS.load(Ordering::SeqCst) }
}

impl Counted {
    /// Events for each commit since then.
    pub(super) fn since(self, before: Self) -> f64 {
        (self.events - before.events) as f64 / (self.commits - before.commits).max(1) as f64
    }
}

struct Counter;

impl<S: Subscriber> Layer<S> for Counter {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.is_event() && metadata.target() == "portcullis_journal::writer::batch"
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut Events);
    }
}

struct Events;

impl Visit for Events {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "commands" {
            COMMITS.fetch_add(1, Ordering::SeqCst);
            EVENTS.fetch_add(value, Ordering::SeqCst);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
