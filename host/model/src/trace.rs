//! The events of one operation, in order. Shared by the host's own steps and the capabilities.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::Event;

/// An event and when it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// By the host's clock.
    pub at: SystemTime,
    /// What happened.
    pub event: Event,
}

/// Collects the events of one operation; a clone writes to the same list.
///
/// Of calls that were allowed at most [`Trace::MAX_CALLS`] are kept, and of those that were denied as many: a plugin that
/// calls for ever is stopped by its budget of host calls, and until then must neither fill the memory nor hide a denial
/// behind calls that were allowed. What had an effect is always kept.
#[derive(Debug, Clone, Default)]
pub struct Trace(Arc<Mutex<Moments>>);

#[derive(Debug, Default)]
struct Moments {
    kept: Told,
    allowed: usize,
    denied: usize,
    omitted: usize,
}

/// The events of an operation that is over, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// What happened.
    pub events: Vec<Event>,
    /// When each of them happened.
    at: Vec<SystemTime>,
    /// How many of them somebody took while they happened.
    taken: usize,
}

/// An operation without anything odd has fewer events.
const USUAL: usize = 12;

impl Told {
    /// The events that nobody took while they happened.
    #[must_use]
    pub fn untaken(&self) -> Vec<Moment> {
        let moments = self.events.iter().zip(&self.at).skip(self.taken);
        moments.map(|(event, at)| Moment { at: *at, event: event.clone() }).collect()
    }

    fn push(&mut self, event: Event) {
        if self.events.is_empty() {
            self.events.reserve(USUAL);
            self.at.reserve(USUAL);
        }
        self.events.push(event);
        self.at.push(SystemTime::now());
    }
}

impl Trace {
    /// How many allowed calls are kept, and how many denied ones.
    pub const MAX_CALLS: usize = 1024;

    /// Adds a fact, now.
    pub fn record(&self, event: Event) {
        let mut all = self.all();
        let count = match event {
            Event::Allowed { .. } => Some(&mut all.allowed),
            Event::Denied { .. } => Some(&mut all.denied),
            _ => None,
        };
        if let Some(count) = count {
            *count += 1;
            if *count > Self::MAX_CALLS {
                all.omitted += 1;
                return;
            }
        }
        all.kept.push(event);
    }

    /// Adds the last fact, and before it how many were not kept.
    pub fn end(&self, event: Event) {
        let omitted = self.all().omitted;
        if omitted > 0 {
            self.record(Event::Omitted { count: omitted });
        }
        self.record(event);
    }

    /// What was recorded so far.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.all().kept.events.clone()
    }

    /// Everything that was recorded, for who ends the operation: nothing is left here.
    #[must_use]
    pub fn take_all(&self) -> Told {
        std::mem::take(&mut self.all().kept)
    }

    /// What was recorded since this was asked the last time: for who keeps the events while they happen.
    #[must_use]
    pub fn take_new(&self) -> Vec<Moment> {
        let mut all = self.all();
        let new = all.kept.untaken();
        all.kept.taken = all.kept.events.len();
        new
    }

    fn all(&self) -> MutexGuard<'_, Moments> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(n: usize) -> Event {
        Event::Allowed { capability: "ldap", call: "target", subject: n.to_string(), uses: Vec::new() }
    }

    fn written() -> Event {
        Event::Written { what: vec!["description".into()], server: "a".into(), password: false }
    }

    #[test]
    fn calls_are_bounded_and_effects_are_not() {
        let trace = Trace::default();
        for n in 0..Trace::MAX_CALLS + 3 {
            trace.record(allowed(n));
        }
        trace.record(written());
        trace.end(Event::Ended { outcome: "done", fault: None });
        let events = trace.events();
        assert_eq!(events[1], allowed(1));
        assert_eq!(
            events[Trace::MAX_CALLS..],
            [written(), Event::Omitted { count: 3 }, Event::Ended { outcome: "done", fault: None }]
        );
    }

    #[test]
    fn a_denial_does_not_hide_behind_what_was_allowed() {
        let trace = Trace::default();
        for n in 0..2 * Trace::MAX_CALLS {
            trace.record(allowed(n));
        }
        let (subject, reason) = ("description".to_owned(), "not writable".to_owned());
        let denied = Event::Denied { capability: "ldap", call: "modify", subject, reason, wanted: None };
        trace.record(denied.clone());
        assert_eq!(trace.events().last(), Some(&denied));
    }

    #[test]
    fn what_was_taken_is_not_given_again() {
        let trace = Trace::default();
        trace.record(allowed(0));
        assert_eq!(trace.take_new().len(), 1);
        assert!(trace.take_new().is_empty());
        trace.record(written());
        assert_eq!(trace.take_new().into_iter().map(|moment| moment.event).collect::<Vec<_>>(), [written()]);
        assert_eq!(trace.events().len(), 2);
        trace.record(allowed(1));
        let told = trace.take_all();
        assert_eq!(told.untaken().into_iter().map(|moment| moment.event).collect::<Vec<_>>(), [allowed(1)]);
        assert_eq!(told.events, [allowed(0), written(), allowed(1)]);
        assert_eq!(trace.events(), [], "it was taken out");
    }
}
