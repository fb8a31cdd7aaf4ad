//! The circuit breaker of a directory: after some failures in a row nobody asks it for a while, then one operation
//! tries. Pure: the time is given.

use std::time::{Duration, Instant};

/// How a breaker behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BreakerSettings {
    /// Failures in a row after which it opens; at least 1.
    pub(crate) failures: u32,
    /// How long it stays open the first time; each failed try doubles it.
    pub(crate) pause: Duration,
    /// The longest it stays open.
    pub(crate) longest: Duration,
}

/// What may go to the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    /// Anything.
    Closed,
    /// One operation, to find out.
    Try,
    /// Nothing until then; without a time, until the one that tries comes back.
    Open(Option<Instant>),
}

/// One directory's breaker.
#[derive(Debug)]
pub(super) struct Breaker {
    settings: BreakerSettings,
    failed: u32,
    /// Open until then, and how often it opened in a row.
    open: Option<(Instant, u32)>,
    trying: bool,
}

impl Breaker {
    pub(super) fn new(settings: BreakerSettings) -> Self {
        Self { settings, failed: 0, open: None, trying: false }
    }

    pub(super) fn gate(&self, now: Instant) -> Gate {
        match self.open {
            None => Gate::Closed,
            Some(_) if self.trying => Gate::Open(None),
            Some((until, _)) if now < until => Gate::Open(Some(until)),
            Some(_) => Gate::Try,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// One operation is on its way while the breaker is not closed.
    pub(super) fn tries(&mut self) {
        self.trying = true;
    }

    /// The directory answered, whatever it said.
    pub(super) fn answered(&mut self) {
        (self.failed, self.open, self.trying) = (0, None, false);
    }

    /// The directory could not be asked. Says whether the breaker is open now.
    pub(super) fn failed(&mut self, now: Instant, tried: bool) -> bool {
        self.failed = self.failed.saturating_add(1);
        match self.open {
            // One that left before the breaker opened says nothing new.
            Some(_) if !tried => {}
            Some((_, times)) => {
                self.trying = false;
                let pause = self.settings.pause.saturating_mul(1 << times.min(16)).min(self.settings.longest);
                self.open = Some((now + pause, times + 1));
            }
            None if self.failed >= self.settings.failures => {
                self.open = Some((now + self.settings.pause, 1));
            }
            None => {}
        }
        self.open.is_some()
    }

    /// The one that tried came back without having asked the directory: another one may try.
    pub(super) fn undecided(&mut self) {
        self.trying = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn breaker() -> Breaker {
        Breaker::new(BreakerSettings { failures: 3, pause: 10 * SECOND, longest: 30 * SECOND })
    }

    #[test]
    fn opens_after_failures_in_a_row_and_not_before() {
        let (mut breaker, now) = (breaker(), Instant::now());
        assert!(!breaker.failed(now, false) && !breaker.failed(now, false));
        breaker.answered();
        assert!(!breaker.failed(now, false) && !breaker.failed(now, false), "an answer in between counts anew");
        assert!(breaker.failed(now, false));
        assert_eq!(breaker.gate(now + 9 * SECOND), Gate::Open(Some(now + 10 * SECOND)));
    }

    #[test]
    fn one_tries_and_its_failure_doubles_the_pause_up_to_the_longest() {
        let (mut breaker, mut now) = (breaker(), Instant::now());
        (0..3).for_each(|_| assert!(breaker.failed(now, false) || !breaker.is_open()));
        for pause in [10, 20, 30, 30] {
            assert_eq!(
                breaker.gate(now + pause * SECOND - Duration::from_millis(1)),
                Gate::Open(Some(now + pause * SECOND))
            );
            now += pause * SECOND;
            assert_eq!(breaker.gate(now), Gate::Try);
            breaker.tries();
            assert_eq!(breaker.gate(now), Gate::Open(None), "only one at a time");
            breaker.failed(now, true);
        }
    }

    #[test]
    fn an_answer_closes_it() {
        let (mut breaker, now) = (breaker(), Instant::now());
        (0..3).for_each(|_| assert!(breaker.failed(now, false) || !breaker.is_open()));
        breaker.tries();
        breaker.answered();
        assert_eq!(breaker.gate(now), Gate::Closed);
        assert!(!breaker.failed(now, false), "and the count begins anew");
    }

    #[test]
    fn a_late_failure_does_not_lengthen_the_pause() {
        let (mut breaker, now) = (breaker(), Instant::now());
        (0..10).for_each(|_| assert!(breaker.failed(now, false) || !breaker.is_open()));
        assert_eq!(breaker.gate(now + 10 * SECOND), Gate::Try);
    }
}
