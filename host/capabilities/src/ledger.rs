//! What the host saw take effect in one operation. The connector's own account of it is compared with this one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use portcullis_directory::Answer;
use portcullis_model::Fault;
use tracing::Instrument as _;

/// What became of the password of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PasswordState {
    /// It was never sent.
    #[default]
    NotSent,
    /// It was sent and the directory refused it.
    Refused,
    /// It was sent, and no answer came.
    InDoubt,
    /// The directory took it.
    Written,
}

/// What was seen so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// The new password.
    pub password: PasswordState,
    /// Writes that the directory took, the password's included.
    pub written: usize,
    /// Writes without an answer, the password's included.
    pub in_doubt: usize,
    /// The server that answered last.
    pub server: Option<String>,
    /// A call of the plugin waits for the directory.
    pub waiting: bool,
    /// Binds that the directory refused.
    pub refused_binds: usize,
    /// What the directory answered to the last bind with the candidate.
    pub candidate: Option<Answer>,
    /// The directory took a bind with the old password.
    pub old_taken: bool,
    /// The first call that the grants stopped, in words.
    pub denied: Option<String>,
    /// A password was not sent because the connection is not protected; which one, in words.
    pub unprotected: Option<String>,
    /// The directory refused the service account itself, in words.
    pub service_account: Option<String>,
    /// Why nothing more may take effect: the intent could not be written down.
    pub unintended: Option<Fault>,
    /// The last time that the directory could not be reached or made no sense, in words.
    pub unreachable: Option<String>,
}

/// Keeps what was seen, outside of the sandbox: it outlives an instance that is dropped in the middle of a call.
#[derive(Debug, Clone, Default)]
pub struct Ledger(Arc<Kept>);

#[derive(Debug, Default)]
struct Kept {
    seen: Mutex<Seen>,
    waits: Mutex<Waits>,
}

/// Time for the directory.
#[derive(Debug, Default)]
struct Waits {
    /// Since when a call waits; one that was dropped in the middle leaves it behind.
    since: Option<Instant>,
    /// The calls that were answered.
    answered: Duration,
}

impl Ledger {
    /// A copy of what was seen.
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.with(|seen| seen.clone())
    }

    pub(crate) fn with<R>(&self, look: impl FnOnce(&mut Seen) -> R) -> R {
        look(&mut self.0.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for the directory, and remembers that it does: who runs out of time while waiting is not to blame.
    pub(crate) async fn waiting<F: Future>(&self, answer: F) -> F::Output {
        self.with(|seen| seen.waiting = true);
        self.clock(|waits| waits.since = Some(Instant::now()));
        let answer = answer.instrument(tracing::debug_span!("directory")).await;
        self.clock(|waits| waits.answered += waits.since.take().map(|since| since.elapsed()).unwrap_or_default());
        self.with(|seen| seen.waiting = false);
        answer
    }

    /// How long calls of the plugin have waited for the directory; one that was dropped while it waited, until now.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.clock(|waits| waits.answered + waits.since.map(|since| since.elapsed()).unwrap_or_default())
    }

    fn clock<R>(&self, look: impl FnOnce(&mut Waits) -> R) -> R {
        look(&mut self.0.waits.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Before a write is sent: in doubt until an answer says otherwise, so that a call that is dropped while it waits
    /// leaves the truth behind.
    pub(crate) fn sending(&self, password: bool) -> Sending {
        let before = self.with(|seen| {
            seen.in_doubt += 1;
            let before = seen.password;
            if password {
                seen.password = PasswordState::InDoubt;
            }
            before
        });
        Sending { ledger: self.clone(), password, before }
    }
}

/// A write under way. Dropping it without an answer leaves the write in doubt.
#[must_use]
pub(crate) struct Sending {
    ledger: Ledger,
    password: bool,
    before: PasswordState,
}

impl Sending {
    /// The directory took it.
    pub(crate) fn written(self, server: &str) {
        self.settle(PasswordState::Written, |seen| {
            seen.written += 1;
            seen.server = Some(server.to_owned());
        });
    }

    /// The directory refused it.
    pub(crate) fn refused(self, server: &str) {
        // A refusal takes nothing back: a password that was written before is still written.
        let after = if self.before == PasswordState::NotSent { PasswordState::Refused } else { self.before };
        self.settle(after, |seen| seen.server = Some(server.to_owned()));
    }

    /// It never left the host.
    pub(crate) fn not_sent(self) {
        let before = self.before;
        self.settle(before, |_| ());
    }

    fn settle(self, password: PasswordState, note: impl FnOnce(&mut Seen)) {
        self.ledger.with(|seen| {
            seen.in_doubt -= 1;
            if self.password {
                seen.password = password;
            }
            note(seen);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_write_stays_in_doubt() {
        let ledger = Ledger::default();
        drop(ledger.sending(true));
        assert_eq!((ledger.seen().password, ledger.seen().in_doubt), (PasswordState::InDoubt, 1));
    }

    #[test]
    fn a_refusal_takes_nothing_back() {
        let ledger = Ledger::default();
        ledger.sending(true).written("a");
        ledger.sending(true).refused("a");
        assert_eq!((ledger.seen().password, ledger.seen().written), (PasswordState::Written, 1));
        let other = Ledger::default();
        other.sending(true).refused("a");
        assert_eq!((other.seen().password, other.seen().in_doubt), (PasswordState::Refused, 0));
    }

    #[tokio::test]
    async fn waiting_is_added_up_and_a_dropped_wait_counts() {
        let ledger = Ledger::default();
        let pause = Duration::from_millis(20);
        for _ in 0..2 {
            ledger.waiting(tokio::time::sleep(pause)).await;
        }
        let answered = ledger.waited();
        assert!(answered >= 2 * pause && answered == ledger.waited(), "{answered:?}");
        let dropped = tokio::time::timeout(pause, ledger.waiting(std::future::pending::<()>())).await;
        assert!(dropped.is_err() && ledger.waited() >= 3 * pause, "{:?}", ledger.waited());
    }

    #[test]
    fn what_never_left_leaves_no_mark() {
        let ledger = Ledger::default();
        ledger.sending(true).not_sent();
        assert_eq!(ledger.seen(), Seen::default());
    }
}
