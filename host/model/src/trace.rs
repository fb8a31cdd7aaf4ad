//! The events of one operation, in order. Shared by the host's own steps and the capabilities.

use std::sync::{Arc, Mutex, PoisonError};

use crate::Event;

/// Collects the events of one operation; a clone writes to the same list.
///
/// At most [`Trace::MAX_EVENTS`] are kept: a plugin that calls for ever is stopped by its budget of host calls, and
/// until then must not fill the memory.
#[derive(Debug, Clone, Default)]
pub struct Trace(Arc<Mutex<Events>>);

#[derive(Debug, Default)]
struct Events {
    kept: Vec<Event>,
    dropped: usize,
}

impl Trace {
    /// How many events are kept.
    pub const MAX_EVENTS: usize = 1024;

    /// Adds a fact.
    pub fn record(&self, event: Event) {
        let mut events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if events.kept.len() < Self::MAX_EVENTS {
            events.kept.push(event);
        } else {
            events.dropped += 1;
        }
    }

    /// What was recorded so far.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).kept.clone()
    }

    /// How many events did not fit.
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_order_and_a_bounded_number() {
        let trace = Trace::default();
        for n in 0..Trace::MAX_EVENTS + 3 {
            trace.record(Event::Confirmed { how: n.to_string() });
        }
        assert_eq!(trace.events()[1], Event::Confirmed { how: "1".into() });
        assert_eq!((trace.events().len(), trace.dropped()), (Trace::MAX_EVENTS, 3));
    }
}
