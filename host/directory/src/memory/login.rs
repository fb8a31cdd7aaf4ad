//! What a directory knows of an entry's password and lock, whatever the dialect calls it.

use super::hash::Hash;
use super::moment::Moment;
use super::policy::Policy;

/// Since when an entry is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lock {
    At(Moment),
    /// By an administrator, as `000001010000Z`.
    Permanent,
}

/// The state behind `userPassword`, `unicodePwd`, `pwdReset`, `lockoutTime` and the like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) password: Option<Hash>,
    /// The newest first, without the present one.
    pub(super) history: Vec<Hash>,
    /// Nothing: long ago.
    pub(super) changed: Option<Moment>,
    pub(super) failures: Vec<Moment>,
    pub(super) locked: Option<Lock>,
    /// Nothing: not said, which means no.
    pub(super) must_change: Option<bool>,
}

impl Login {
    /// Whether this is or was the password, looking back over `former` passwords.
    pub(super) fn had(&self, password: &[u8], former: usize) -> bool {
        self.password.iter().chain(self.history.iter().take(former)).any(|hash| hash.matches(password))
    }

    /// Counts a wrong password, and locks once there are too many.
    pub(super) fn fail(&mut self, policy: &Policy, now: Moment) {
        if policy.max_failures == 0 {
            return;
        }
        self.failures.push(now);
        if self.failures.len() >= policy.max_failures {
            self.locked = Some(Lock::At(now));
        }
    }

    pub(super) fn unlock(&mut self) {
        self.locked = None;
        self.failures.clear();
    }

    /// Puts a new password in the place of the present one.
    pub(super) fn set(&mut self, hash: Hash, policy: &Policy, now: Moment) {
        if let Some(former) = self.password.replace(hash) {
            self.history.insert(0, former);
        }
        self.history.truncate(policy.history);
        self.changed = Some(now);
    }
}
