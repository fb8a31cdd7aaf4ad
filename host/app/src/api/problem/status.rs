//! Which HTTP status a fault has.

use axum::http::StatusCode;
use portcullis_model::FaultCode;

/// The HTTP status of a fault (RFC 9110 section 15).
///
/// 4xx: another request can succeed. 5xx: this side or the directory has to change first, and monitoring should see it.
/// Where the request was understood and the directory or a rule said no to what is in it: 422; where the account or the
/// operation is in a state that does not allow it: 409. An outcome that is not known is 504: no word of success may
/// stand over it, and it must look to every client like a request without an answer.
#[must_use]
pub const fn status(code: FaultCode) -> StatusCode {
    use FaultCode as F;
    match code {
        F::RequestMalformed => StatusCode::BAD_REQUEST,
        F::CallerUnknown => StatusCode::UNAUTHORIZED,
        F::CallerNotAllowed | F::OperationNotGranted => StatusCode::FORBIDDEN,
        F::NoSuchOperation => StatusCode::NOT_FOUND,
        F::PasswordTooYoung
        | F::AccountLocked
        | F::AccountDisabled
        | F::AccountExpired
        | F::SealReplayed
        | F::Superseded
        | F::Cancelled
        | F::NotPossibleNow => StatusCode::CONFLICT,
        F::PasswordTooShort
        | F::PasswordTooSimple
        | F::PasswordInHistory
        | F::PasswordRejected
        | F::PasswordUnusable
        | F::PasswordMissing
        | F::PasswordMistyped
        | F::AccountUnusable
        | F::WrongPassword
        | F::NoSuchAccount
        | F::AccountExcluded
        | F::NoConnector
        | F::UnknownConnector
        | F::ConnectorAmbiguous
        | F::IdempotencyKeyReused
        | F::SealUnopened
        | F::SealExpired
        | F::SealTooLong
        | F::SealKeyRetired => StatusCode::UNPROCESSABLE_ENTITY,
        F::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        F::OperationNotOffered => StatusCode::NOT_IMPLEMENTED,
        F::AccountAmbiguous
        | F::NotGranted
        | F::DirectoryDenied
        | F::ServiceAccountRefused
        | F::WrongDirectory
        | F::Misconfigured
        | F::RecordingUnusable
        | F::FileUnusable
        | F::ServiceNotRunning
        | F::ConnectionUnprotected
        | F::PluginUnusable
        | F::PluginUnreadable
        | F::PluginNotGranted
        | F::PluginChanged
        | F::PluginNotApproved
        | F::PluginNotSigned
        | F::SignatureBroken
        | F::AboveCeiling
        | F::SecretUnreadable
        | F::StateInUse
        | F::AuditIncomplete
        | F::HostInternal => StatusCode::INTERNAL_SERVER_ERROR,
        F::PluginTrapped
        | F::PluginLimit
        | F::PluginUntrue
        | F::PluginFault
        | F::LeftOut
        | F::DirectoryRefused
        | F::DirectoryNonsense => StatusCode::BAD_GATEWAY,
        F::DirectoryUnavailable
        | F::ConnectorWithdrawn
        | F::Busy
        | F::Stopping
        | F::JournalUnwritable
        | F::AuditDamaged
        | F::AuditUnwritable => StatusCode::SERVICE_UNAVAILABLE,
        F::OperationTimeout | F::OutcomeUnknown | F::DeadlinePassed => StatusCode::GATEWAY_TIMEOUT,
    }
}

/// The code that a caller reads: an account that the operator excluded looks like one that is not there, and what is wrong
/// with the audit log is the host's to know.
#[must_use]
pub const fn seen_by_callers(code: FaultCode) -> FaultCode {
    match code {
        FaultCode::AccountExcluded => FaultCode::NoSuchAccount,
        FaultCode::AuditDamaged => FaultCode::AuditUnwritable,
        code => code,
    }
}
