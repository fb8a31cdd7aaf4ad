//! The commands that do an operation on an account.

use clap::Args;
use portcullis_model::{Fault, FaultCode, Login, Operation, OperationKind, Outcome, Password, ResetOptions};

use super::OnAccount;
use super::approve::who;
use super::password::Source;
use super::recorded::Recorded;
use super::setup::{Setup, complain};
use crate::audit::perform_audited;
use crate::operation::{Around, Report};
use crate::recording::Recorder;
use crate::show::{self, ExitCode};

#[derive(Debug, Args)]
pub(super) struct Reset {
    #[command(flatten)]
    on: OnAccount,

    #[command(flatten)]
    source: Source,

    /// Make a password and print it once, after it was set.
    #[arg(long, conflicts_with = "password_stdin")]
    generate: bool,

    /// A new password must be chosen at the next sign-in.
    #[arg(long)]
    must_change: bool,

    /// Unlock the account as well.
    #[arg(long)]
    unlock: bool,
}

#[derive(Debug, Args)]
pub(super) struct Change {
    #[command(flatten)]
    on: OnAccount,

    #[command(flatten)]
    source: Source,
}

#[derive(Debug, Args)]
pub(super) struct Verify {
    #[command(flatten)]
    on: OnAccount,

    #[command(flatten)]
    source: Source,
}

type Made = Result<Operation, Fault>;

fn random(error: impl std::fmt::Display) -> Fault {
    Fault::new(FaultCode::HostInternal, format!("the system gives no random bytes: {error}"))
}

impl Reset {
    pub(super) async fn run(self, setup: &Setup) -> ExitCode {
        let options = ResetOptions { must_change: self.must_change, unlock: self.unlock };
        let make = |account| -> Made {
            let new = if self.generate { Password::generate().map_err(random)? } else { self.source.new_password()? };
            Operation::reset(account, new, options).map_err(random)
        };
        operate(setup, &self.on, OperationKind::ResetPassword, make, self.generate).await
    }
}

impl Change {
    pub(super) async fn run(self, setup: &Setup) -> ExitCode {
        let make = |account| -> Made {
            let (old, new) = self.source.old_and_new()?;
            Operation::change(account, old, new).map_err(random)
        };
        operate(setup, &self.on, OperationKind::ChangePassword, make, false).await
    }
}

impl Verify {
    pub(super) async fn run(self, setup: &Setup) -> ExitCode {
        let make = |account| -> Made { Operation::verify(account, self.source.candidate()?).map_err(random) };
        operate(setup, &self.on, OperationKind::VerifyPassword, make, false).await
    }
}

pub(super) async fn unlock(setup: &Setup, on: &OnAccount) -> ExitCode {
    let make = |account| Operation::unlock(account).map_err(random);
    operate(setup, on, OperationKind::UnlockAccount, make, false).await
}

pub(super) async fn status(setup: &Setup, on: &OnAccount) -> ExitCode {
    let make = |account| Operation::status(account).map_err(random);
    operate(setup, on, OperationKind::AccountStatus, make, false).await
}

/// Everything that can be wrong without a password is found before one is asked for.
async fn operate(
    setup: &Setup,
    on: &OnAccount,
    kind: OperationKind,
    make: impl FnOnce(Login) -> Made,
    tell_password: bool,
) -> ExitCode {
    let account = match Login::new(on.account.clone()) {
        Ok(account) => account,
        Err(error) => return setup.fault(&Fault::new(FaultCode::AccountUnusable, error.to_string())),
    };
    let connector = match setup.route(&account, on.connector.as_deref()).and_then(|file| setup.start(file)) {
        Ok(connector) => connector,
        Err(code) => return code,
    };
    let ready = connector.may(kind).and_then(|()| on.record.as_deref().map(Recorded::open).transpose());
    let (recorded, operation) = match ready.and_then(|file| Ok((file, make(account)?))) {
        Ok(ready) => ready,
        Err(fault) => return setup.fault(&fault),
    };
    let log = match setup.audit_log() {
        Ok(log) => log,
        Err(fault) => return setup.fault(&fault),
    };
    let caller = format!("user:{}", who());
    let mut recorded = recorded.map(|file| (file, Recorder::new(&connector, &operation)));
    let around = recorded.as_ref().map(|(_, recorder)| recorder.around(&connector, Around::default()));
    let (report, kept) = perform_audited(&log, caller, &connector, &operation, around.unwrap_or_default()).await;
    log.close();
    if let Err(fault) = kept {
        // What was done is told all the same: it is true.
        tracing::error!("the end of this operation is not in the audit log: {fault}");
    }
    if let Some((file, recorder)) = &mut recorded
        && let Err(fault) = file.add(recorder.finish(&operation, &report).as_ref())
    {
        tracing::error!("{}", fault.detail);
    }
    // A password that may have been set is told even where nobody could find out: it may be the only key there is.
    let password = operation
        .new_password()
        .filter(|_| tell_password && !matches!(report.outcome, Outcome::Refused(_)))
        .map(|password| password.expose_secret());
    tell(setup, on, &operation, &report, password);
    ExitCode::of(&report.outcome)
}

fn tell(setup: &Setup, on: &OnAccount, operation: &Operation, report: &Report, password: Option<&str>) {
    let id = operation.id.as_str();
    if setup.json {
        let mut value = show::outcome_json(&report.outcome, id, on.trace.then_some(report.events.as_slice()));
        if let (Some(password), Some(object)) = (password, value.as_object_mut()) {
            object.insert("password".into(), password.into());
        }
        return setup.print(&show::to_text(&value));
    }
    let trace = if on.trace { format!("What happened:\n{}\n", show::trace(&report.events)) } else { String::new() };
    let text = trace + &show::outcome(&report.outcome, id);
    match report.outcome {
        Outcome::Done(_) => setup.print(&text),
        Outcome::Refused(_) | Outcome::Unknown(_) => complain(&text),
    }
    if let Some(password) = password {
        setup.print(&show::line("password", password));
    }
}
