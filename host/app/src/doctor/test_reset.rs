//! Step 4: a reset of the test account, by the one path of every operation. The only step that writes.

use std::sync::Arc;
use std::time::Instant;

use portcullis_model::{Confirmation, Fault, FaultCode, Operation, OperationKind, Outcome, Password, ResetOptions};

use super::Wanted;
use super::connectivity::{Reached, ms};
use super::step::{Finding, Step, StepName};
use crate::audit::perform_audited;
use crate::connector::Connector;
use crate::operation::Around;
use crate::show::ExitCode;

/// A reset that was done.
pub(super) struct Done {
    /// The account's entry.
    pub(super) target: String,
    /// The server that took the password.
    pub(super) server: String,
    pub(super) password: Arc<Password>,
    /// When the outcome was there.
    pub(super) at: Instant,
}

pub(super) async fn look(
    connector: Option<&Connector>,
    reached: &Reached,
    wanted: &Wanted<'_>,
) -> (Step, Option<Done>) {
    let skipped = |why: &str| (Step::skipped(StepName::TestReset, why), None);
    let Some(connector) = connector else { return skipped("the connector cannot run: see step 1") };
    let Some(account) = &wanted.account else {
        return skipped("no test account is named: give one with --account, or as `test-account` in portcullis.toml");
    };
    if !wanted.reset {
        return skipped("not asked for: `--no-reset` was given");
    }
    if matches!(reached, Reached::Nothing | Reached::Servers(_)) && reached.first().is_none() {
        return skipped("no server can be used: see step 2");
    }
    if let Err(fault) = connector.may(OperationKind::ResetPassword) {
        return skipped(&format!("the connector does not reset passwords: {}", fault.detail));
    }
    let (log, caller) = match wanted.audit {
        Ok(audit) => audit,
        Err(fault) => return (Step::new(StepName::TestReset).with(Finding::fault(fault)), None),
    };
    let made = Password::generate().and_then(|new| Operation::reset(account.clone(), new, ResetOptions::default()));
    let operation = match made {
        Ok(operation) => operation,
        Err(error) => {
            let fault = Fault::new(FaultCode::HostInternal, format!("the system gives no random bytes: {error}"));
            return (Step::new(StepName::TestReset).with(Finding::fault(&fault)), None);
        }
    };
    let (report, kept) = perform_audited(log, caller.clone(), connector, &operation, Around::default()).await;
    let at = Instant::now();
    let exit = ExitCode::of(&report.outcome);
    let finding = match &report.outcome {
        Outcome::Done(receipt) => {
            let took = ms(receipt.timings.total);
            let reset = format!("the password of {} was reset on {} in {took}", receipt.target, receipt.server);
            match &receipt.confirmation {
                Confirmation::Confirmed(how) => Finding::ok(format!("{reset}, confirmed: {how}")),
                Confirmation::AcceptedOnly(why) => Finding::warning(
                    format!("{reset}, but not confirmed: {why}"),
                    "set `by` in [ldap.confirm], or look why the account cannot sign in",
                ),
                Confirmation::NotNeeded => Finding::ok(reset),
            }
            .took("total-ms", receipt.timings.total)
            .fact("target", receipt.target.as_str())
        }
        Outcome::Refused(fault) => Finding::fault(fault),
        Outcome::Unknown(fault) => {
            Finding::failed(exit, format!("the outcome is unknown: {fault}"), fault.code.remedy())
        }
    };
    let mut step = Step::new(StepName::TestReset);
    step.add(finding.fact("operation", operation.id.as_str()));
    if let Err(fault) = kept {
        step.add(Finding::fault(&fault));
    }
    let done = match (&report.outcome, operation.new_password()) {
        (Outcome::Done(receipt), Some(password)) => {
            if let Some(shortfall) = &receipt.shortfall {
                step.add(Finding::fault(shortfall));
            }
            Some(Done {
                target: receipt.target.clone(),
                server: receipt.server.clone(),
                password: Arc::clone(password),
                at,
            })
        }
        _ => None,
    };
    (step, done)
}
