//! What a plugin can be asked to do, and the one place where it is asked.

use portcullis_model::{Effect, Fault, Note, Operation, OperationKind, Passwords, Result as Answer};
use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre};

use crate::bindings::exports::portcullis::writeback::{accounts, lifecycle, passwords};
use crate::secrets::Label;
use crate::state::wit_account;
use crate::{OperationState, convert};

/// The exported interfaces, looked up once.
pub struct Exports {
    passwords: Option<passwords::GuestIndices>,
    accounts: Option<accounts::GuestIndices>,
    lifecycle: Option<lifecycle::GuestIndices>,
}

/// What a plugin returned: its own words, not yet compared with what the host saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// What it says took effect.
    pub effects: Vec<Effect>,
    /// What the caller should know.
    pub notes: Vec<Note>,
    /// What was read.
    pub result: Answer,
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// As it should be.
    Good,
    /// Works, but look at it.
    Warning,
    /// Operations will fail.
    Problem,
}

/// What a plugin's check found: severity, what was seen, what to do.
pub type Findings = Vec<(Severity, String, String)>;

impl std::fmt::Debug for Exports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kinds: Vec<_> =
            OperationKind::ALL.into_iter().filter(|kind| self.offers(*kind)).map(OperationKind::name).collect();
        f.debug_tuple("Exports").field(&kinds).finish()
    }
}

impl Exports {
    /// Looks up what a linked plugin exports. What has the name of an interface of ours and another shape does not count.
    #[must_use]
    pub fn of(instance: &InstancePre<OperationState>) -> Self {
        Self {
            passwords: passwords::GuestIndices::new(instance).ok(),
            accounts: accounts::GuestIndices::new(instance).ok(),
            lifecycle: lifecycle::GuestIndices::new(instance).ok(),
        }
    }

    /// Whether the plugin exports the interface for this kind of operation.
    #[must_use]
    pub fn offers(&self, kind: OperationKind) -> bool {
        match kind {
            OperationKind::ResetPassword | OperationKind::ChangePassword | OperationKind::VerifyPassword => {
                self.passwords.is_some()
            }
            OperationKind::UnlockAccount | OperationKind::AccountStatus => self.accounts.is_some(),
        }
    }

    /// Whether the plugin has a check of its own.
    #[must_use]
    pub fn offers_check(&self) -> bool {
        self.lifecycle.is_some()
    }

    /// Asks the plugin to do the operation.
    ///
    /// # Errors
    /// The engine's, for a trap. What the plugin reports as a fault is in the inner result.
    pub async fn call(
        &self,
        store: &mut Store<OperationState>,
        instance: &Instance,
        operation: &Operation,
    ) -> wasmtime::Result<Result<Returned, Fault>> {
        let account = wit_account(&operation.account, &operation.id);
        let absent = || wasmtime::Error::msg("the plugin does not export the interface of this operation");
        let done = match (&operation.passwords, operation.kind) {
            (Passwords::New(new, options), _) => {
                let guest = self.passwords.as_ref().ok_or_else(absent)?.load(&mut *store, instance)?;
                let new = store.data_mut().hold(Label::New, new)?;
                receipt(guest.call_reset(&mut *store, &account, new, convert::reset_options(*options)).await?)
            }
            (Passwords::OldAndNew(old, new), _) => {
                let guest = self.passwords.as_ref().ok_or_else(absent)?.load(&mut *store, instance)?;
                let old = store.data_mut().hold(Label::Old, old)?;
                let new = store.data_mut().hold(Label::New, new)?;
                receipt(guest.call_change(&mut *store, &account, old, new).await?)
            }
            (Passwords::Candidate(candidate), _) => {
                let guest = self.passwords.as_ref().ok_or_else(absent)?.load(&mut *store, instance)?;
                let candidate = store.data_mut().hold(Label::Candidate, candidate)?;
                let verdict = guest.call_verify(&mut *store, &account, candidate).await?;
                verdict.map(|verdict| (None, Answer::Verdict(convert::verdict(verdict))))
            }
            (Passwords::None, OperationKind::AccountStatus) => {
                let guest = self.accounts.as_ref().ok_or_else(absent)?.load(&mut *store, instance)?;
                let status = guest.call_status(&mut *store, &account).await?;
                status.map(|status| (None, Answer::Status(convert::status(status))))
            }
            (Passwords::None, _) => {
                let guest = self.accounts.as_ref().ok_or_else(absent)?.load(&mut *store, instance)?;
                receipt(guest.call_unlock(&mut *store, &account).await?)
            }
        };
        let state = store.data();
        Ok(done.map_err(|fault| convert::fault(fault, state)).map(|(receipt, result)| {
            let effects = receipt.as_ref().map(convert::effects).unwrap_or_default();
            let notes = receipt.map(|receipt| convert::notes(receipt, state)).unwrap_or_default();
            Returned { effects, notes, result }
        }))
    }

    /// Asks the plugin to look at its directory and settings.
    ///
    /// # Errors
    /// The engine's, for a trap.
    pub async fn check(&self, store: &mut Store<OperationState>, instance: &Instance) -> wasmtime::Result<Findings> {
        let Some(indices) = &self.lifecycle else { return Ok(Vec::new()) };
        let guest = indices.load(&mut *store, instance)?;
        let findings = guest.call_check(&mut *store).await?;
        let line = |text: &str| crate::text::one_line(text, 1024);
        Ok(findings
            .into_iter()
            .take(64)
            .map(|finding| {
                let severity = match finding.severity {
                    lifecycle::Severity::Good => Severity::Good,
                    lifecycle::Severity::Warning => Severity::Warning,
                    lifecycle::Severity::Problem => Severity::Problem,
                };
                (severity, line(&finding.text), line(&finding.remedy))
            })
            .collect())
    }
}

type WitReceipt = crate::bindings::portcullis::writeback::types::Receipt;
type WitFault = crate::bindings::portcullis::writeback::types::Fault;

fn receipt(result: Result<WitReceipt, WitFault>) -> Result<(Option<WitReceipt>, Answer), WitFault> {
    result.map(|receipt| (Some(receipt), Answer::Nothing))
}
