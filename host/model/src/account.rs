//! Whom an operation is about, and what a directory knows of it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An account as the caller named it: 1 to 256 bytes of UTF-8 without control characters.
///
/// Nothing else is refused here: `*)(` or a DN is a legal, if unlikely, name, and it is the host's work to escape it
/// where it enters a filter (RFC 4515 section 3).
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Login(String);

/// Why a text is not the name of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// Nothing was given.
    #[error("the account name is empty")]
    Empty,
    /// Longer than [`Login::MAX_BYTES`].
    #[error("the account name is longer than 256 bytes")]
    TooLong,
    /// A control character, for example a line break or NUL.
    #[error("the account name holds a control character")]
    ControlCharacter,
}

impl Login {
    /// The longest name that is taken, in bytes.
    pub const MAX_BYTES: usize = 256;

    /// Takes a name.
    ///
    /// # Errors
    /// [`LoginError`] for an empty, overlong or unprintable one.
    pub fn new(text: impl Into<String>) -> Result<Self, LoginError> {
        let text = text.into();
        if text.is_empty() {
            return Err(LoginError::Empty);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(LoginError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(LoginError::ControlCharacter);
        }
        Ok(Self(text))
    }

    /// The name as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login({:?})", self.0)
    }
}

/// The state of an account, as far as the directory tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountStatus {
    /// Not switched off by an administrator.
    pub enabled: Option<bool>,
    /// Locked after too many wrong passwords.
    pub locked: Option<bool>,
    /// A new password must be chosen at the next sign-in.
    pub must_change: Option<bool>,
    /// When the password was set, in seconds since 1970-01-01 UTC.
    pub password_set: Option<u64>,
    /// When the password expires, in seconds since 1970-01-01 UTC.
    pub password_expires: Option<u64>,
}

/// What a directory thinks of a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Right, and the account can sign in with it.
    Valid,
    /// Right, but a new one must be chosen first.
    MustChange,
    /// The sign-in failed; the directory does not say more.
    Invalid,
    /// The account is locked; whether the password is right is not told.
    Locked,
    /// The account is disabled or has expired.
    Disabled,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_no_account_is_called() {
        assert_eq!(Login::new(""), Err(LoginError::Empty));
        assert_eq!(Login::new("a".repeat(257)), Err(LoginError::TooLong));
        assert_eq!(Login::new("alice\nbob"), Err(LoginError::ControlCharacter));
        assert_eq!(Login::new("alice\0"), Err(LoginError::ControlCharacter));
    }

    #[test]
    fn takes_strange_names_as_they_are() {
        for name in ["alice", "*)(uid=*", "uid=alice,dc=example", "élise@corp.example", "a\\b"] {
            assert_eq!(Login::new(name).map(|l| l.to_string()), Ok(name.to_owned()));
        }
    }
}
