//! What a caller asks for, and how it becomes an entry of the journal.

use std::time::{Duration, SystemTime};

use portcullis_journal::{Idempotency, NewOperation, Record};
use portcullis_model::{Fault, FaultCode, Login, OperationId, OperationKind, ResetOptions};
use portcullis_seal::{KeyRing, Label};
use zeroize::Zeroizing;

use super::callers::Caller;
use super::sealed::{self, For, GivenPassword, InClear};

/// What a caller asks for.
#[derive(Debug)]
pub struct Submission {
    /// What is to be done.
    pub kind: OperationKind,
    /// To whom.
    pub account: Login,
    /// Through which connector; without a name, through the one that answers for the account.
    pub connector: Option<String>,
    /// The passwords, each with its label: exactly those of [`labels`].
    pub passwords: Vec<(Label, GivenPassword)>,
    /// What a reset does besides.
    pub options: ResetOptions,
    /// The caller's name for this request, so that repeating it does nothing twice.
    pub repeat: Option<Repeat>,
    /// How long it may take at most; the configuration's `deadline` is the longest.
    pub deadline: Option<Duration>,
}

/// The caller's name for a request: `Idempotency-Key`.
#[derive(Debug, Clone)]
pub struct Repeat(pub String);

/// What became of a submission that was taken.
#[derive(Debug)]
pub enum Admitted {
    /// A new operation, as it stands.
    New(Record),
    /// The operation that the same request made before, as it stands.
    Same(Record),
}

/// Everything that makes one request differ from another, in one form.
pub(super) struct Fingerprint(Vec<Zeroizing<Vec<u8>>>);

impl Fingerprint {
    pub(super) fn parts(&self) -> Vec<&[u8]> {
        self.0.iter().map(|part| part.as_slice()).collect()
    }
}

impl Submission {
    pub(super) fn fingerprint(&self) -> Fingerprint {
        let text = |text: &str| Zeroizing::new(text.as_bytes().to_vec());
        let mut parts = vec![
            text(self.kind.name()),
            text(self.account.as_str()),
            text(self.connector.as_deref().unwrap_or_default()),
            text(&format!("{} {}", self.options.must_change, self.options.unlock)),
            text(&self.deadline.map(|deadline| deadline.as_secs().to_string()).unwrap_or_default()),
        ];
        for (label, password) in &self.passwords {
            parts.push(text(label.name()));
            parts.push(match password {
                GivenPassword::Clear(password) => text(password.expose_secret()),
                GivenPassword::Sealed(envelope) => text(&envelope.to_string()),
            });
        }
        Fingerprint(parts)
    }

    /// Exactly the passwords that the kind of operation needs.
    pub(super) fn complete(&self) -> Result<(), Fault> {
        let given: Vec<Label> = self.passwords.iter().map(|(label, _)| *label).collect();
        let needed = Label::of(self.kind);
        let malformed = |text: String| Err(Fault::new(FaultCode::RequestMalformed, text));
        if let Some(missing) = needed.iter().find(|label| !given.contains(label)) {
            let text = format!("{} needs the password `{}`", self.kind, missing.name());
            return Err(Fault::new(FaultCode::PasswordMissing, text));
        }
        if given.len() != needed.len() {
            return malformed(format!("{} takes {} passwords, and got {}", self.kind, needed.len(), given.len()));
        }
        if self.kind != OperationKind::ResetPassword && self.options != ResetOptions::default() {
            return malformed(format!("{} takes neither `must_change` nor `unlock`", self.kind));
        }
        Ok(())
    }
}

/// The entry of the journal, its passwords sealed; and those that came in clear.
pub(super) fn at_rest(
    keys: &KeyRing,
    id: OperationId,
    caller: &Caller,
    connector: String,
    wanted: Submission,
    deadline: SystemTime,
    digest: Option<[u8; 32]>,
) -> Result<(NewOperation, InClear), Fault> {
    let whom = For { kind: wanted.kind, account: &wanted.account, caller: &caller.name, deadline };
    let rest = sealed::rest(keys, &whom, wanted.passwords)?;
    let new = NewOperation {
        id,
        caller: caller.name.clone(),
        idempotency: wanted.repeat.zip(digest).map(|(Repeat(key), digest)| Idempotency { key, digest }),
        kind: wanted.kind,
        account: wanted.account,
        connector,
        options: wanted.options,
        sealed: rest.bytes,
        envelopes: rest.digests,
        deadline,
    };
    Ok((new, rest.clear))
}
