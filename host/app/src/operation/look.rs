//! Looking again: what became of an operation whose end nobody saw, because the service stopped in the middle of it or
//! the directory never answered. Writes nothing, and makes at most one bind as the account.

use std::time::Instant;

use portcullis_capabilities::{Returned, Seen};
use portcullis_model::{
    Confirmation, Effect, Event, Fault, FaultCode, Operation, OperationKind, Outcome, Receipt, Result as Answer,
    Timings,
};

use super::confirm::{self, Looked};
use super::decide::Known;
use super::{Around, conclude, locate, perform_within};
use crate::config::Confirm;
use crate::connector::Connector;

/// What looking again brought.
#[derive(Debug)]
pub enum LookedAgain {
    /// It took effect.
    Done(Box<Receipt>),
    /// It does not show, which is no proof: a server may still be working on the request, the password was set to
    /// another one since, or the account is locked.
    NotSeen(Fault),
    /// The directory could not be asked; later it may be.
    Unreachable(Fault),
    /// For this kind of operation, or with this configuration, looking can never tell.
    CannotTell(Fault),
}

/// Looks whether an operation took effect.
pub async fn look_again(connector: &Connector, operation: &Operation, around: Around) -> LookedAgain {
    match operation.kind {
        OperationKind::ResetPassword | OperationKind::ChangePassword => password(connector, operation, around).await,
        OperationKind::UnlockAccount => unlocked(connector, operation, around).await,
        // Nothing was written; the answer went to nobody, and a wrong password counted already.
        OperationKind::VerifyPassword | OperationKind::AccountStatus => {
            let text = "the service stopped while it asked the directory; nothing was written";
            LookedAgain::CannotTell(Fault::new(FaultCode::OutcomeUnknown, text))
        }
    }
}

async fn password(connector: &Connector, operation: &Operation, around: Around) -> LookedAgain {
    if let Some(Confirm::ReadBack { attribute }) = connector.file.ldap.as_ref().map(|ldap| &ldap.confirm) {
        let text =
            format!("nobody saw how the operation ended, and what {attribute} was before it is not known any more");
        return LookedAgain::CannotTell(Fault::new(FaultCode::OutcomeUnknown, text));
    }
    let started = Instant::now();
    let directory = connector.context.directory.as_ref();
    let target = match locate::target(connector, directory, operation, around.exclude.as_deref()).await {
        Ok(target) => target,
        Err(fault) => return not_located(fault),
    };
    let mut timings = Timings { locate: started.elapsed(), ..Timings::default() };
    let returned = Returned { effects: vec![Effect::PasswordSet], notes: Vec::new(), result: Answer::Nothing };
    let fault = Fault::new(FaultCode::OutcomeUnknown, "nobody saw how the operation ended");
    let known = Known::InDoubt { returned, fault };
    let looked = confirm::look(connector, directory, operation, &target, &known).await;
    if let (Some(trace), Some(how)) = (&around.trace, looked.words()) {
        trace.record(Event::Confirmed { how });
    }
    timings.confirm = started.elapsed().saturating_sub(timings.locate);
    timings.total = started.elapsed();
    let unseen = match &looked {
        // A locked account may stay locked for ever: waiting for it would hold up everything else of the account.
        Looked::Seen(_) | Looked::Contradicted(_) | Looked::Impossible(_) => LookedAgain::NotSeen,
        Looked::Unreached(_) => LookedAgain::Unreachable,
        Looked::Unasked => LookedAgain::CannotTell,
    };
    match conclude(connector, operation, &target, known, looked, timings, Seen::default()) {
        Outcome::Done(receipt) => LookedAgain::Done(receipt),
        Outcome::Refused(fault) | Outcome::Unknown(fault) => unseen(fault),
    }
}

/// An unlock shows in the account's status, if the connector was granted to read it.
async fn unlocked(connector: &Connector, operation: &Operation, around: Around) -> LookedAgain {
    let doubt = |text: &str| Fault::new(FaultCode::OutcomeUnknown, text);
    if connector.may(OperationKind::AccountStatus).is_err() {
        return LookedAgain::CannotTell(doubt("nobody saw how the unlock ended, and `account-status` is not granted"));
    }
    let question = Operation { kind: OperationKind::AccountStatus, ..operation.clone() };
    let around = Around { intent: None, ..around };
    let receipt = match perform_within(connector, &question, around).await.outcome {
        Outcome::Done(receipt) => receipt,
        Outcome::Refused(fault) | Outcome::Unknown(fault) => return not_located(fault),
    };
    match &receipt.result {
        Answer::Status(status) if status.locked == Some(false) => LookedAgain::Done(Box::new(Receipt {
            kind: operation.kind,
            effects: vec![Effect::Unlocked],
            result: Answer::Nothing,
            confirmation: Confirmation::Confirmed(format!("{} shows the account as not locked", receipt.server)),
            ..*receipt
        })),
        Answer::Status(status) if status.locked == Some(true) => {
            LookedAgain::NotSeen(doubt("nobody saw how the unlock ended, and the account is locked"))
        }
        _ => LookedAgain::CannotTell(doubt("nobody saw how the unlock ended, and the status does not tell")),
    }
}

fn not_located(fault: Fault) -> LookedAgain {
    match fault.code.retry() {
        portcullis_model::Retry::Later => LookedAgain::Unreachable(fault),
        portcullis_model::Retry::Never => LookedAgain::CannotTell(fault),
    }
}
