//! Between the interface's words and the host's: receipts, faults, states.

use portcullis_model::{AccountStatus, Effect, Fault, FaultCode, Note, ResetOptions, Verdict};

use crate::bindings::exports::portcullis::writeback::{accounts, passwords};
use crate::bindings::portcullis::writeback::types as wit;
use crate::state::OperationState;
use crate::text::clean;

/// How many notes and effects of a receipt are kept.
const MOST_NOTES: usize = 16;

impl wit::Host for OperationState {}

pub(crate) fn reset_options(options: ResetOptions) -> passwords::ResetOptions {
    passwords::ResetOptions { must_change: options.must_change, unlock: options.unlock }
}

pub(crate) fn verdict(verdict: passwords::Verdict) -> Verdict {
    match verdict {
        passwords::Verdict::Valid => Verdict::Valid,
        passwords::Verdict::MustChange => Verdict::MustChange,
        passwords::Verdict::Invalid => Verdict::Invalid,
        passwords::Verdict::Locked => Verdict::Locked,
        passwords::Verdict::Disabled => Verdict::Disabled,
    }
}

pub(crate) fn status(status: accounts::AccountStatus) -> AccountStatus {
    AccountStatus {
        enabled: status.enabled,
        locked: status.locked,
        must_change: status.must_change,
        password_set: status.password_set,
        password_expires: status.password_expires,
    }
}

pub(crate) fn effects(receipt: &wit::Receipt) -> Vec<Effect> {
    let effect = |effect: &wit::Effect| match effect {
        wit::Effect::PasswordSet => Effect::PasswordSet,
        wit::Effect::ChangeRequired => Effect::ChangeRequired,
        wit::Effect::Unlocked => Effect::Unlocked,
    };
    let mut seen = Vec::new();
    for effect in receipt.effects.iter().take(MOST_NOTES).map(effect) {
        if !seen.contains(&effect) {
            seen.push(effect);
        }
    }
    seen
}

/// The notes of a receipt. The caller reads them, so they are cut, cleaned, and hold no password of the operation.
pub(crate) fn notes(receipt: wit::Receipt, state: &OperationState) -> Vec<Note> {
    let fit = |text: &str, most| clean(text, most, &state.secrets);
    let note = |note: wit::Note| Note { code: fit(&note.code, 64), text: fit(&note.text, 512) };
    receipt.notes.into_iter().take(MOST_NOTES).map(note).collect()
}

pub(crate) fn fault(fault: wit::Fault, state: &OperationState) -> Fault {
    use wit::FaultCode as W;
    let code = match fault.code {
        W::PasswordTooShort => FaultCode::PasswordTooShort,
        W::PasswordTooSimple => FaultCode::PasswordTooSimple,
        W::PasswordInHistory => FaultCode::PasswordInHistory,
        W::PasswordTooYoung => FaultCode::PasswordTooYoung,
        W::PasswordRejected => FaultCode::PasswordRejected,
        W::WrongPassword => FaultCode::WrongPassword,
        W::AccountLocked => FaultCode::AccountLocked,
        W::AccountDisabled => FaultCode::AccountDisabled,
        W::AccountExpired => FaultCode::AccountExpired,
        W::DirectoryDenied => FaultCode::DirectoryDenied,
        W::WrongDirectory => FaultCode::WrongDirectory,
        W::NotGranted => FaultCode::NotGranted,
        W::Misconfigured => FaultCode::Misconfigured,
        W::DirectoryUnavailable => FaultCode::DirectoryUnavailable,
        W::DirectoryRefused => FaultCode::DirectoryRefused,
        W::OutcomeUnknown => FaultCode::OutcomeUnknown,
        W::Internal => FaultCode::PluginFault,
    };
    Fault::new(code, clean(&fault.detail, 1024, &state.secrets)).with_limit(fault.limit)
}
