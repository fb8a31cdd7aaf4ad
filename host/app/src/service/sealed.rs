//! The passwords of an operation as they rest: sealed, one line each, `new pcs1...`.
//!
//! A password that came in clear is sealed here at once, for the host itself, so the journal knows one form only. Opening
//! it again a moment later would only cost time: those that came in clear are given back for an operation that is carried
//! out at once, and nothing here keeps one.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use portcullis_journal::Record;
use portcullis_model::{Fault, FaultCode, Login, OperationKind, Password, Passwords};
use portcullis_seal::{Binding, Envelope, KeyRing, Label, OpenError, seal, unix_seconds};

/// How long a sealed password may be good at most. The journal remembers each one for as long as its operation, which
/// is a day at least: nothing that was forgotten may still be good.
const LONGEST: Duration = Duration::from_secs(86_400);

/// A password as a caller gave it.
#[derive(Debug)]
pub enum GivenPassword {
    /// As text.
    Clear(Password),
    /// Sealed for this host, this operation and this caller.
    Sealed(Envelope),
}

/// Whom and what a password is sealed for.
pub(super) struct For<'a> {
    pub(super) kind: OperationKind,
    pub(super) account: &'a Login,
    pub(super) caller: &'a str,
    pub(super) deadline: SystemTime,
}

/// Passwords that came in clear, by their labels. Erased when the last who holds one drops it.
pub(super) type InClear = Vec<(Label, Arc<Password>)>;

/// Passwords at rest, and the digests of the envelopes that came from outside: each may be used once.
pub(super) struct AtRest {
    pub(super) bytes: Vec<u8>,
    pub(super) digests: Vec<[u8; 32]>,
    pub(super) clear: InClear,
}

/// Seals what came in clear, and admits what came sealed.
pub(super) fn rest(keys: &KeyRing, whom: &For<'_>, given: Vec<(Label, GivenPassword)>) -> Result<AtRest, Fault> {
    let (mut lines, mut digests, mut clear) = (String::new(), Vec::new(), Vec::new());
    for (label, password) in given {
        let envelope = match password {
            GivenPassword::Clear(password) => {
                let envelope = own(keys, whom, label, &password)?;
                clear.push((label, Arc::new(password)));
                envelope
            }
            GivenPassword::Sealed(envelope) => {
                let now = SystemTime::now();
                admit(keys, &envelope, now)?;
                if envelope.expires() > unix_seconds(now + LONGEST) {
                    let text = "its expiry is more than 24 hours away";
                    return Err(Fault::new(FaultCode::SealTooLong, text));
                }
                digests.push(envelope.digest());
                envelope
            }
        };
        lines.push_str(&format!("{label} {envelope}\n"));
    }
    Ok(AtRest { bytes: lines.into_bytes(), digests, clear })
}

/// A key that a command made a moment ago is read first.
fn admit(keys: &KeyRing, envelope: &Envelope, now: SystemTime) -> Result<(), Fault> {
    let mut admitted = keys.admit(envelope, now);
    if admitted == Err(OpenError::KeyUnknown) && keys.reload().is_ok() {
        admitted = keys.admit(envelope, now);
    }
    admitted.map_err(not_opened)
}

fn own(keys: &KeyRing, whom: &For<'_>, label: Label, password: &Password) -> Result<Envelope, Fault> {
    let key = keys.current();
    let binding = Binding {
        kind: whom.kind,
        account: whom.account,
        caller: whom.caller,
        label,
        key: &key.id,
        expires: unix_seconds(whom.deadline),
    };
    seal(&key.key, password, &binding).map_err(|error| Fault::new(FaultCode::HostInternal, error.to_string()))
}

/// The envelopes at rest.
pub(super) fn envelopes(bytes: &[u8]) -> impl Iterator<Item = (&str, Envelope)> {
    let lines = std::str::from_utf8(bytes).unwrap_or_default().lines();
    lines.filter_map(|line| {
        let (label, text) = line.split_once(' ')?;
        Some((label, text.parse().ok()?))
    })
}

/// Opens the passwords of an operation.
pub(super) fn open(keys: &KeyRing, record: &Record, bytes: &[u8]) -> Result<Passwords, Fault> {
    let open = |label: Label| {
        let name = label.to_string();
        let (_, envelope) = envelopes(bytes).find(|(found, _)| *found == name).ok_or(OpenError::Unopened)?;
        keys.open_envelope(&envelope, record.kind, &record.account, &record.caller, label).map(Arc::new)
    };
    of_labels(record, open).map_err(not_opened)
}

/// The passwords of an operation that all came in clear; nothing if one did not.
pub(super) fn given(record: &Record, clear: &[(Label, Arc<Password>)]) -> Option<Passwords> {
    let given = |label| clear.iter().find(|(found, _)| *found == label).map(|(_, password)| Arc::clone(password));
    of_labels(record, |label| given(label).ok_or(())).ok()
}

fn of_labels<E>(record: &Record, of: impl Fn(Label) -> Result<Arc<Password>, E>) -> Result<Passwords, E> {
    Ok(match record.kind {
        OperationKind::ResetPassword => Passwords::New(of(Label::New)?, record.options),
        OperationKind::ChangePassword => Passwords::OldAndNew(of(Label::Old)?, of(Label::New)?),
        OperationKind::VerifyPassword => Passwords::Candidate(of(Label::Candidate)?),
        OperationKind::UnlockAccount | OperationKind::AccountStatus => Passwords::None,
    })
}

fn not_opened(error: OpenError) -> Fault {
    let code = match error {
        OpenError::Unopened | OpenError::KeyUnknown => FaultCode::SealUnopened,
        OpenError::Expired => FaultCode::SealExpired,
        OpenError::KeyRetired => FaultCode::SealKeyRetired,
    };
    Fault::new(code, error.to_string())
}
