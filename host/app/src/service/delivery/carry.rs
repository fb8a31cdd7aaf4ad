//! One attempt at one operation: open the sealed passwords, take the path of an operation, and say in the journal how
//! it ended. What is not in the journal did not happen.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use portcullis_audit::About;
use portcullis_capabilities::Intent;
use portcullis_journal::{Event, JournalError, Record, State};
use portcullis_model::{Blame, Fault, FaultCode, Operation, OperationId, Outcome, Passwords, Receipt, Retry, Trace};

use super::plan::{Ended, Ticket};
use super::{backoff, doubt};
use crate::audit;
use crate::operation::{Around, LookedAgain, look_again};
use crate::service::parts::{Parts, about};
use crate::service::sealed;
use crate::show;

/// How often the host looks for a password that does not show before it says that it does not know, the look at the end of
/// the attempt included. Each look may be a refused bind, which counts toward locking the account.
const LOOKS: usize = 2;

/// How long a server may go on working on a request whose answer was lost, before the host looks the last time; less
/// where the operator wants no pause to be that long.
const SETTLING: Duration = Duration::from_secs(30);

/// Writes into the journal that the operation is being acted on, before its first effect, and into the audit log what
/// led to each effect.
struct Journaled {
    parts: Arc<Parts>,
    about: About,
    id: OperationId,
}

#[async_trait::async_trait]
impl Intent for Journaled {
    async fn before_effect(&self, so_far: &Trace) -> Result<(), Fault> {
        // Against a loss of power the journal's line is enough: it says that something may have been sent.
        let facts = self.parts.audit.write(audit::facts(&self.about, so_far.take_new()));
        let (journaled, audited) = tokio::join!(self.parts.record(&self.id, Event::Acting), facts);
        journaled.map_err(|error| unwritable(&error))?;
        audited.map_err(|error| audit::unwritable(&error))
    }

    async fn before_further_effect(&self, so_far: &Trace) -> Result<(), Fault> {
        let facts = audit::facts(&self.about, so_far.take_new());
        self.parts.audit.write(facts).await.map_err(|error| audit::unwritable(&error))
    }
}

/// The fault of a journal that does not take an event.
pub(in crate::service) fn unwritable(error: &JournalError) -> Fault {
    Fault::new(FaultCode::JournalUnwritable, error.to_string())
}

/// An operation that was accepted a moment ago: it need not be read from the journal again. Should it have changed since,
/// the journal refuses that it is acted on.
pub(super) struct Fresh {
    pub(super) record: Record,
    pub(super) passwords: Passwords,
}

/// Carries an operation out, or looks what became of it. Returns the operation as it stands then, and what that means
/// for the plan.
pub(super) async fn carry(parts: &Arc<Parts>, ticket: &Ticket, fresh: Option<Fresh>) -> (Option<Record>, Ended) {
    let is_fresh = fresh.is_some();
    let (read, passwords) = match fresh {
        Some(Fresh { record, passwords }) => (Ok(Some(record)), Some(passwords)),
        None => (parts.journal.get(&ticket.id).await, None),
    };
    let event = match read {
        // An operator settled it while it waited.
        Ok(Some(record)) if record.state.has_ended() => {
            return (Some(record), Ended::Settled { took_effect: false, answered: false });
        }
        Ok(Some(record)) => attempt(parts, ticket, &record, passwords).await,
        Ok(None) => return (None, Ended::Settled { took_effect: false, answered: false }),
        Err(error) => return (None, later_for_want_of_the_journal(parts, ticket, &error)),
    };
    let ended = meaning(&event);
    let recorded = match is_fresh {
        true => parts.record(&ticket.id, event).await,
        false => doubt::record(parts, &ticket.id, event).await,
    };
    match recorded {
        Ok(record) => (Some(record), ended),
        Err(error) => (None, later_for_want_of_the_journal(parts, ticket, &error)),
    }
}

/// The journal cannot say what happened, so nothing more happens for a while. What was sent is then in doubt there: the
/// journal holds `acting`, and the ticket is looked at, not carried out again.
fn later_for_want_of_the_journal(parts: &Parts, ticket: &Ticket, error: &JournalError) -> Ended {
    tracing::error!(operation = %ticket.id, "{error}");
    much_later(parts)
}

/// An attempt that panicked: what it did is not known.
pub(super) fn broke_down(parts: &Parts, ticket: &Ticket) -> Ended {
    tracing::error!(operation = %ticket.id, "the attempt broke down; what became of it is looked at");
    much_later(parts)
}

fn much_later(parts: &Parts) -> Ended {
    Ended::Later { until: Instant::now() + parts.delivery().retry_longest, unreachable: false }
}

async fn attempt(parts: &Arc<Parts>, ticket: &Ticket, record: &Record, passwords: Option<Passwords>) -> Event {
    match record.state {
        State::Waiting => {
            if passwords.is_none() {
                match doubt::overtaken(parts, record).await {
                    Ok(Some(by)) => return Event::Superseded { by },
                    Ok(None) => {}
                    Err(error) => return postponed(parts, ticket, unwritable(&error)),
                }
            }
            let delivered = deliver(parts, ticket, record, passwords).await;
            delivered.unwrap_or_else(|fault| postponed(parts, ticket, fault))
        }
        State::InDoubt => look(parts, ticket, record).await,
        // The end of the last attempt could not be written down: it is in doubt.
        _ => Event::Interrupted,
    }
}

/// An error here is a fault before anything was sent.
async fn deliver(
    parts: &Arc<Parts>,
    ticket: &Ticket,
    record: &Record,
    passwords: Option<Passwords>,
) -> Result<Event, Fault> {
    let (running, around) = prepared(parts, record)?;
    let operation = opened(parts, record, passwords).await?;
    let about = about(record);
    let intent = Journaled { parts: Arc::clone(parts), about: about.clone(), id: record.id.clone() };
    let around = Around { intent: Some(Arc::new(intent)), ..around };
    let report = parts.recordings.perform(&running.connector, &operation, around).await;
    // Before anybody is told. What was done stays true if it cannot be written: then nothing more is taken.
    if let Err(error) = parts.audit.append(audit::facts(&about, report.untaken)).await {
        tracing::error!(operation = %record.id, "the end of this attempt is not in the audit log: {error}");
    }
    parts.registry.note(&record.connector, report.outcome.fault());
    parts.metrics.performed(&record.connector, &report.timings);
    Ok(match report.outcome {
        Outcome::Done(receipt) => done(&receipt),
        // Each further attempt would be one more refused bind, and lock the account.
        Outcome::Refused(fault) if report.refused_binds > 0 => Event::Refused { fault },
        Outcome::Refused(fault) => postponed(parts, ticket, fault),
        Outcome::Unknown(fault) => Event::Doubted { fault, until: SystemTime::now() + settling(parts) },
    })
}

async fn look(parts: &Parts, ticket: &Ticket, record: &Record) -> Event {
    let looked = match prepared(parts, record) {
        Ok((running, around)) => match opened(parts, record, None).await {
            Ok(operation) => {
                let trace = Trace::default();
                let looked =
                    look_again(&running.connector, &operation, Around { trace: Some(trace.clone()), ..around }).await;
                parts.audit.note(audit::facts(&about(record), trace.take_new()));
                looked
            }
            Err(fault) => LookedAgain::CannotTell(fault),
        },
        Err(fault) => LookedAgain::Unreachable(fault),
    };
    match looked {
        LookedAgain::Done(receipt) => {
            parts.metrics.performed(&record.connector, &receipt.timings);
            done(&receipt)
        }
        LookedAgain::NotSeen(fault) if doubt::looks(parts, record).await + 1 < LOOKS => {
            Event::Looked { fault, until: SystemTime::now() + settling(parts) }
        }
        LookedAgain::Unreachable(fault) => Event::Looked { fault, until: SystemTime::now() + pause(parts, ticket) },
        LookedAgain::NotSeen(fault) | LookedAgain::CannotTell(fault) => Event::Unknown { fault },
    }
}

/// What the journal keeps of a receipt: what is missing of what was asked for belongs to it.
fn done(receipt: &Receipt) -> Event {
    let mut kept = show::receipt_json(receipt);
    if let Some(shortfall) = &receipt.shortfall {
        kept["shortfall"] = show::fault_json(shortfall);
    }
    Event::Done { receipt: kept }
}

/// Who asked may have lost the right since; the connector may have been withdrawn.
fn prepared(parts: &Parts, record: &Record) -> Result<(Arc<crate::service::registry::Running>, Around), Fault> {
    let Some(caller) = parts.policy().callers.named(&record.caller) else {
        let text = format!("the caller {} is no longer in portcullis.toml", record.caller);
        return Err(Fault::new(FaultCode::CallerUnknown, text));
    };
    caller.may(record.kind, &record.account, &record.connector)?;
    let Some(running) = parts.registry.get(&record.connector) else {
        let text = format!("the connector {} is not running; `portcullis connectors` says why", record.connector);
        return Err(Fault::new(FaultCode::ConnectorWithdrawn, text));
    };
    Ok((running, Around { exclude: caller.exclude().map(str::to_owned), ..Around::default() }))
}

async fn opened(parts: &Parts, record: &Record, passwords: Option<Passwords>) -> Result<Operation, Fault> {
    let passwords = if let Some(passwords) = passwords {
        passwords
    } else if record.has_password {
        let sealed = parts.journal.sealed(&record.id).await.map_err(|error| unwritable(&error))?;
        sealed::open(&parts.keys, record, &sealed.unwrap_or_default())?
    } else {
        Passwords::None
    };
    Ok(Operation { id: record.id.clone(), account: record.account.clone(), passwords, kind: record.kind })
}

/// Refused for good, or tried again: only where the directory or the host is to blame, and only while there is time.
fn postponed(parts: &Parts, ticket: &Ticket, fault: Fault) -> Event {
    let again = fault.code.retry() == Retry::Later && fault.code.blame() != Blame::Caller;
    if again {
        Event::Postponed { fault, until: SystemTime::now() + pause(parts, ticket) }
    } else {
        Event::Refused { fault }
    }
}

fn pause(parts: &Parts, ticket: &Ticket) -> Duration {
    let settings = parts.delivery();
    backoff::pause(ticket.attempts + ticket.looks + 1, settings.retry_first, settings.retry_longest)
}

fn settling(parts: &Parts) -> Duration {
    SETTLING.min(parts.delivery().retry_longest)
}

/// What an event means for the plan.
fn meaning(event: &Event) -> Ended {
    let settled = |took_effect, answered| Ended::Settled { took_effect, answered };
    let later = |until: &SystemTime, fault: &Fault| Ended::Later {
        until: Instant::now() + until.duration_since(SystemTime::now()).unwrap_or_default(),
        unreachable: unreachable(fault),
    };
    match event {
        Event::Done { .. } => settled(true, true),
        // Nobody knows, so it counts as if it had taken effect: an older password must not be written over it.
        Event::Unknown { .. } => settled(true, false),
        Event::Superseded { .. } => settled(false, false),
        Event::Refused { fault } => settled(false, matches!(fault.code.blame(), Blame::Caller | Blame::Directory)),
        Event::Postponed { fault, until } | Event::Doubted { fault, until } | Event::Looked { fault, until } => {
            later(until, fault)
        }
        _ => Ended::Later { until: Instant::now(), unreachable: false },
    }
}

/// Whether a fault says that the directory cannot be asked at all.
fn unreachable(fault: &Fault) -> bool {
    matches!(fault.code, FaultCode::DirectoryUnavailable | FaultCode::OperationTimeout)
}

/// The life of an operation is over: refused if nothing was sent, and otherwise unknown.
pub(super) async fn expire(parts: &Parts, ticket: &Ticket) -> Result<Option<Record>, JournalError> {
    let Some(record) = parts.journal.get(&ticket.id).await? else { return Ok(None) };
    let last = record.fault.map_or("it was not tried".to_owned(), |code| format!("the last fault was {code}"));
    let event = match record.state {
        State::Waiting => Event::Refused { fault: Fault::new(FaultCode::DeadlinePassed, last) },
        State::Acting => {
            parts.record(&ticket.id, Event::Interrupted).await?;
            Event::Unknown { fault: Fault::new(FaultCode::OutcomeUnknown, last) }
        }
        State::InDoubt => Event::Unknown { fault: Fault::new(FaultCode::OutcomeUnknown, last) },
        _ => return Ok(Some(record)),
    };
    doubt::record(parts, &ticket.id, event).await.map(Some)
}
