//! How an operation ended, and what a test expects of it.

use std::fmt;

use portcullis::{operation, show};
use portcullis_model::{AccountStatus, Confirmation, Event, Fault, Outcome, Password, Receipt, Result, Verdict};

/// How an operation ended, with everything that the host recorded on the way.
pub struct Report {
    /// Done, refused or unknown.
    pub outcome: Outcome,
    /// What was asked, allowed, denied and done.
    pub events: Vec<Event>,
}

impl Report {
    /// The receipt of an operation that is done as a whole.
    ///
    /// # Panics
    /// If it is not, or if the exit code is not 0, or 20 for a verdict that is no success.
    #[track_caller]
    #[must_use]
    pub fn done(&self) -> &Receipt {
        match &self.outcome {
            Outcome::Done(receipt) if receipt.shortfall.is_none() => {
                let unverified =
                    matches!(receipt.result, Result::Verdict(v) if !matches!(v, Verdict::Valid | Verdict::MustChange));
                self.exits(if unverified { 20 } else { 0 });
                receipt
            }
            _ => self.fail("done was expected"),
        }
    }

    /// The receipt of a password operation that is done as a whole and was confirmed by looking again.
    ///
    /// # Panics
    /// As [`Report::done`], and if nobody looked.
    #[track_caller]
    pub fn confirmed(&self) -> &Receipt {
        let receipt = self.done();
        match &receipt.confirmation {
            Confirmation::Confirmed(_) => receipt,
            other => self.fail(&format!("a confirmed password was expected, not {other:?}")),
        }
    }

    /// The receipt of an operation that is done in part, for want of what the fault with this code says.
    ///
    /// # Panics
    /// If it ended in another way, or the exit code is not 15.
    #[track_caller]
    pub fn in_part(&self, code: &str) -> &Receipt {
        match &self.outcome {
            Outcome::Done(receipt) if receipt.shortfall.as_ref().is_some_and(|fault| fault.code.name() == code) => {
                self.exits(15);
                receipt
            }
            _ => self.fail(&format!("done in part ({code}) was expected")),
        }
    }

    /// The fault of an operation of which nothing was sent that the directory took, with the exit code of a command.
    ///
    /// # Panics
    /// If it ended in another way, if a write was taken or is in doubt, and if the code or the exit code is another one.
    #[track_caller]
    pub fn refused(&self, code: &str, exit: u8) -> &Fault {
        match &self.outcome {
            Outcome::Refused(fault) if fault.code.name() == code => {
                if self.events.iter().any(|event| matches!(event, Event::Written { .. } | Event::InDoubt { .. })) {
                    self.fail("it says refused, and something was written");
                }
                self.exits(exit);
                fault
            }
            _ => self.fail(&format!("refused ({code}) was expected")),
        }
    }

    /// The fault of an operation that may have taken effect.
    ///
    /// # Panics
    /// If it ended in another way, or the exit code is not 14.
    #[track_caller]
    pub fn unknown(&self) -> &Fault {
        match &self.outcome {
            Outcome::Unknown(fault) => {
                self.exits(14);
                fault
            }
            _ => self.fail("unknown was expected"),
        }
    }

    /// What a verification brought.
    ///
    /// # Panics
    /// As [`Report::done`], and if it brought something else.
    #[track_caller]
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self.done().result {
            Result::Verdict(verdict) => verdict,
            _ => self.fail("a verdict was expected"),
        }
    }

    /// What the question for the state brought.
    ///
    /// # Panics
    /// As [`Report::done`], and if it brought something else.
    #[track_caller]
    #[must_use]
    pub fn status(&self) -> &AccountStatus {
        match &self.done().result {
            Result::Status(status) => status,
            _ => self.fail("a status was expected"),
        }
    }

    /// Whether a write was sent that was not answered.
    #[must_use]
    pub fn was_in_doubt(&self) -> bool {
        self.events.iter().any(|event| matches!(event, Event::InDoubt { .. }))
    }

    /// Whether the connector got as far as sending a write.
    #[must_use]
    pub fn sent_a_write(&self) -> bool {
        let write =
            |event: &Event| matches!(event, Event::Written { .. } | Event::InDoubt { .. } | Event::Refused { .. });
        self.events.iter().any(write)
    }

    #[track_caller]
    fn exits(&self, expected: u8) {
        let found = show::ExitCode::of(&self.outcome) as u8;
        if found != expected {
            self.fail(&format!("the exit code is {found} and should be {expected}"));
        }
    }

    /// Nothing that anybody reads may hold a password of the operation.
    pub(super) fn holds_no(&self, secret: &Password) {
        let json = show::outcome_json(&self.outcome, "", Some(&self.events));
        let texts = [self.to_string(), json.to_string(), format!("{:?} {:?}", self.outcome, self.events)];
        // As it stands: names of accounts and passwords of tests share parts.
        if texts.iter().any(|text| text.contains(secret.expose_secret())) {
            self.fail("a password of the operation can be read here");
        }
    }

    #[track_caller]
    fn fail(&self, why: &str) -> ! {
        panic!("{why}:\n{self}")
    }
}

impl From<operation::Report> for Report {
    fn from(report: operation::Report) -> Self {
        Self { outcome: report.outcome, events: report.events }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", show::outcome(&self.outcome, "-"), show::trace(&self.events))
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
