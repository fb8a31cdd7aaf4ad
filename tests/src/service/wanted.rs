//! What a test asks a service for, in a form that another process can read.

use std::time::Duration;

use portcullis::service::callers::Caller;
use portcullis::service::{Admitted, GivenPassword, Service, Submission};
use portcullis_journal::Record;
use portcullis_model::{Login, OperationKind, Password, ResetOptions};
use portcullis_seal::Label;
use portcullis_seal::{Binding, KeyRing};
use serde::{Deserialize, Serialize};

use crate::Result;

/// Later than any test runs.
/// A sealed password may be good for a day at most. In seconds.
const LATER: u64 = 3_600;

/// What is asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Wanted {
    /// What is to be done.
    pub kind: OperationKind,
    /// To whom.
    pub account: String,
    /// The passwords, as the kind of operation wants them one after the other.
    pub passwords: Vec<String>,
    /// Whether the passwords are sealed already.
    pub sealed: bool,
    /// What a reset does besides.
    pub options: ResetOptions,
}

impl Wanted {
    /// One with its passwords in clear.
    #[must_use]
    pub fn new(kind: OperationKind, account: &str, passwords: &[&str]) -> Self {
        let passwords = passwords.iter().map(|&text| text.to_owned()).collect();
        Self { kind, account: account.to_owned(), passwords, sealed: false, options: ResetOptions::default() }
    }

    /// A reset and nothing else.
    #[must_use]
    pub fn reset(account: &str, new: &str) -> Self {
        Self::new(OperationKind::ResetPassword, account, &[new])
    }

    /// The same with its passwords sealed by the operator for the host of these keys.
    ///
    /// # Errors
    /// If a password cannot be one.
    pub fn sealed(self, keys: &KeyRing) -> Result<Self> {
        let (key, account) = (keys.current(), Login::new(&self.account)?);
        let mut sealed = Vec::new();
        for (label, text) in Label::of(self.kind).iter().zip(self.passwords) {
            let (label, key_id) = (*label, &key.id);
            let binding = Binding {
                kind: self.kind,
                account: &account,
                caller: "operator",
                label,
                key: key_id,
                expires: portcullis_seal::unix_seconds(std::time::SystemTime::now()) + LATER,
            };
            sealed.push(portcullis_seal::seal(&key.key, &Password::new(text)?, &binding)?.to_string());
        }
        Ok(Self { passwords: sealed, sealed: true, ..self })
    }

    /// Asks for it as the operator, and waits at most so long for the end.
    ///
    /// # Errors
    /// The fault with which it is not taken.
    pub async fn submit(self, service: &Service, wait: Duration) -> Result<Record> {
        let mut passwords = Vec::new();
        for (label, text) in Label::of(self.kind).iter().zip(self.passwords) {
            let given = match self.sealed {
                true => GivenPassword::Sealed(text.parse()?),
                false => GivenPassword::Clear(Password::new(text)?),
            };
            passwords.push((*label, given));
        }
        let submission = Submission {
            kind: self.kind,
            account: Login::new(&self.account)?,
            connector: None,
            passwords,
            options: self.options,
            repeat: None,
            deadline: None,
        };
        match service.submit(&Caller::operator(), submission, wait).await? {
            Admitted::New(record) | Admitted::Same(record) => Ok(record),
        }
    }
}
