//! The password policy: few rules, the same for every entry.

use serde::Deserialize;

use super::answers::Refusal;
use super::login::Login;
use super::moment::Moment;

/// What the directory demands of passwords.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Policy {
    /// The fewest characters that a password may have; 8 by default.
    pub min_length: usize,
    /// Whether a password needs three of: lower case, upper case, digits, other characters.
    pub complexity: bool,
    /// How many former passwords may not come back; the present one may not either, unless this is 0.
    pub history: usize,
    /// How many seconds a password must be kept before its owner may change it. A reset by the service account is free.
    pub min_age: u64,
    /// How many wrong passwords lock the entry; 0 for never. The lock stays until somebody removes it; 5 by default.
    pub max_failures: usize,
    /// Whether a reset by the service account makes the owner choose a new password at the next sign-in.
    pub must_change: bool,
    /// Iterations of PBKDF2 for passwords at rest; 1 by default, enough for a directory that only plays one.
    pub hash_iterations: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            min_length: 8,
            complexity: false,
            history: 0,
            min_age: 0,
            max_failures: 5,
            must_change: false,
            hash_iterations: 1,
        }
    }
}

/// Which rules apply to a new password besides those about its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Applied {
    pub(super) history: bool,
    pub(super) min_age: bool,
}

impl Policy {
    /// # Errors
    /// The first rule that the password breaks.
    pub(super) fn check(&self, login: &Login, new: &[u8], applied: Applied, now: Moment) -> Result<(), Refusal> {
        let young = login.changed.is_some_and(|changed| !changed.is_older_than(self.min_age, now));
        // Who must choose a new password may do so at once.
        if applied.min_age && young && login.must_change != Some(true) {
            return Err(Refusal::TooYoung);
        }
        let length = str::from_utf8(new).map_or(new.len(), |text| text.chars().count());
        if length < self.min_length {
            return Err(Refusal::TooShort { min_length: self.min_length });
        }
        if self.complexity && classes(new) < 3 {
            return Err(Refusal::TooSimple);
        }
        if applied.history && self.history > 0 && login.had(new, self.history) {
            return Err(Refusal::InHistory);
        }
        Ok(())
    }
}

fn classes(password: &[u8]) -> usize {
    let classes: [fn(&u8) -> bool; 4] =
        [u8::is_ascii_lowercase, u8::is_ascii_uppercase, u8::is_ascii_digit, |b| !b.is_ascii_alphanumeric()];
    classes.iter().filter(|class| password.iter().any(class)).count()
}
