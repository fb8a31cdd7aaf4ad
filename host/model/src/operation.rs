//! One thing asked for.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Login, Password};

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OperationKind {
    /// A new password without the old one.
    ResetPassword,
    /// A new password by a person who knows the old one.
    ChangePassword,
    /// Whether a password is the account's.
    VerifyPassword,
    /// Sign-in again after too many wrong passwords.
    UnlockAccount,
    /// What the directory knows of the account.
    AccountStatus,
}

impl OperationKind {
    /// Every kind, in the order in which people read them.
    pub const ALL: [Self; 5] =
        [Self::ResetPassword, Self::ChangePassword, Self::UnlockAccount, Self::VerifyPassword, Self::AccountStatus];

    /// The name in configuration, messages and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ResetPassword => "reset-password",
            Self::ChangePassword => "change-password",
            Self::VerifyPassword => "verify-password",
            Self::UnlockAccount => "unlock-account",
            Self::AccountStatus => "account-status",
        }
    }

    /// The kind of a name; nothing for any other text.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether the operation changes the directory.
    #[must_use]
    pub const fn writes(self) -> bool {
        matches!(self, Self::ResetPassword | Self::ChangePassword | Self::UnlockAccount)
    }

    /// Whether the operation places a password.
    #[must_use]
    pub const fn sets_password(self) -> bool {
        matches!(self, Self::ResetPassword | Self::ChangePassword)
    }
}

impl fmt::Display for OperationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Names one operation in logs, receipts and audit: 128 random bits in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct OperationId(String);

impl OperationId {
    /// A new id.
    ///
    /// # Errors
    /// [`getrandom::Error`] if the system gives no random bytes.
    pub fn new() -> Result<Self, getrandom::Error> {
        let mut bytes = [0_u8; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes.iter().map(|b| format!("{b:02x}")).collect()))
    }

    /// Takes an id that was made before; nothing if the text is not 32 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        fits.then(|| Self(text.to_owned()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a reset does besides setting the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResetOptions {
    /// A new password must be chosen at the next sign-in.
    pub must_change: bool,
    /// Unlock the account as well.
    pub unlock: bool,
}

/// The passwords that belong to an operation, shared by reference so that each is in memory once.
#[derive(Debug, Clone)]
pub enum Passwords {
    /// None: unlock and status.
    None,
    /// A reset.
    New(Arc<Password>, ResetOptions),
    /// A change.
    OldAndNew(Arc<Password>, Arc<Password>),
    /// A verification.
    Candidate(Arc<Password>),
}

/// One thing asked for, about one account.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its name in every line about it.
    pub id: OperationId,
    /// Whom it is about.
    pub account: Login,
    /// The passwords; they also say how the operation is done.
    pub passwords: Passwords,
    /// What is asked for.
    pub kind: OperationKind,
}

impl Operation {
    /// A reset.
    ///
    /// # Errors
    /// [`getrandom::Error`] if no id can be made; so for each of the functions below.
    pub fn reset(account: Login, new: Password, options: ResetOptions) -> Result<Self, getrandom::Error> {
        Self::with(OperationKind::ResetPassword, account, Passwords::New(Arc::new(new), options))
    }

    /// A change.
    ///
    /// # Errors
    /// See [`Operation::reset`].
    pub fn change(account: Login, old: Password, new: Password) -> Result<Self, getrandom::Error> {
        Self::with(OperationKind::ChangePassword, account, Passwords::OldAndNew(Arc::new(old), Arc::new(new)))
    }

    /// A verification.
    ///
    /// # Errors
    /// See [`Operation::reset`].
    pub fn verify(account: Login, candidate: Password) -> Result<Self, getrandom::Error> {
        Self::with(OperationKind::VerifyPassword, account, Passwords::Candidate(Arc::new(candidate)))
    }

    /// An unlock.
    ///
    /// # Errors
    /// See [`Operation::reset`].
    pub fn unlock(account: Login) -> Result<Self, getrandom::Error> {
        Self::with(OperationKind::UnlockAccount, account, Passwords::None)
    }

    /// A question for the state.
    ///
    /// # Errors
    /// See [`Operation::reset`].
    pub fn status(account: Login) -> Result<Self, getrandom::Error> {
        Self::with(OperationKind::AccountStatus, account, Passwords::None)
    }

    fn with(kind: OperationKind, account: Login, passwords: Passwords) -> Result<Self, getrandom::Error> {
        Ok(Self { id: OperationId::new()?, account, passwords, kind })
    }

    /// The password that the operation sets, if it sets one.
    #[must_use]
    pub fn new_password(&self) -> Option<&Arc<Password>> {
        match &self.passwords {
            Passwords::New(new, _) | Passwords::OldAndNew(_, new) => Some(new),
            Passwords::None | Passwords::Candidate(_) => None,
        }
    }

    /// Every password of the operation, to be withheld from texts.
    pub fn secrets(&self) -> impl Iterator<Item = &Arc<Password>> {
        let (first, second) = match &self.passwords {
            Passwords::None => (None, None),
            Passwords::New(p, _) | Passwords::Candidate(p) => (Some(p), None),
            Passwords::OldAndNew(old, new) => (Some(old), Some(new)),
        };
        first.into_iter().chain(second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_taken_back_and_nothing_else_is() {
        let id = OperationId::new().unwrap();
        assert_eq!(OperationId::parse(id.as_str()), Some(id.clone()));
        let upper = id.as_str().to_uppercase() + "A";
        for text in ["", "abc", &upper, &id.as_str()[1..], "../../../../../../../etc/passwd00"] {
            assert_eq!(OperationId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_kind_is_found_by_its_name() {
        assert!(OperationKind::ALL.into_iter().all(|kind| OperationKind::parse(kind.name()) == Some(kind)));
        assert_eq!(OperationKind::parse("reset"), None);
    }
}
