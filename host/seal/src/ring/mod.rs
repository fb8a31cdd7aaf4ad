//! The keys of the host: which one to seal with, which are still accepted, and when a private key is erased.
//!
//! The files in `<state folder>/keys` are the truth; what is in memory is a copy of them that [`KeyRing::reload`] renews.
//! So a command may rotate the keys while the service runs. A key is never changed, only followed by a newer one: the
//! newest by its time of making is the current one.

mod disk;
mod file;
mod folder;
mod keys;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use portcullis_model::{Login, OperationKind, Password};

use crate::{Binding, Envelope, KeyError, KeyId, KeyInfo, Label, OpenError, PublicKey, suite, unix_seconds};
use folder::Folder;
use keys::Keys;

/// How long after the end of its overlap a private key is kept in any case: an operation that was let in at the last
/// moment, or sealed by the host itself while somebody rotated, is then in the journal and is seen by the one who asks
/// which keys are in use.
pub const GRACE: Duration = Duration::from_secs(60);

/// The keys of the host. Shared by reference; every method may be called from any thread.
///
/// The methods that touch files ([`open`](Self::open), [`existing`](Self::existing), [`reload`](Self::reload), [`rotate`](Self::rotate),
/// [`retire`](Self::retire)) block.
pub struct KeyRing {
    folder: Folder,
    keys: RwLock<Arc<Keys>>,
}

impl KeyRing {
    /// Reads the keys in `<state folder>/keys`; makes the folder (0700) and the first key (0600) where there is none.
    ///
    /// # Errors
    /// [`KeyError`]: a file that others than its owner have access to, or that is no key, is refused.
    pub fn open(state_folder: &Path) -> Result<Self, KeyError> {
        let path = state_folder.join("keys");
        Folder::make(&path)?;
        let folder = Folder::open(path)?;
        let locked = folder.lock()?;
        let keys = match Keys::new(locked.read()?) {
            Some(keys) => keys,
            None => {
                let first = locked.make(unix_seconds(SystemTime::now()))?;
                tracing::info!(key = %first.id, "made the first key for sealed passwords");
                Keys::first(first)
            }
        };
        drop(locked);
        Ok(Self { folder, keys: RwLock::new(Arc::new(keys)) })
    }

    /// Reads the keys in `<state folder>/keys` and makes none: for a command, which may be called with a wrong folder.
    ///
    /// # Errors
    /// As [`KeyRing::open`], and where there is no key.
    pub fn existing(state_folder: &Path) -> Result<Self, KeyError> {
        let folder = Folder::open(state_folder.join("keys"))?;
        let locked = folder.lock()?;
        let keys = Keys::new(locked.read()?).ok_or_else(|| locked.empty())?;
        drop(locked);
        Ok(Self { folder, keys: RwLock::new(Arc::new(keys)) })
    }

    /// Reads the files again, after somebody else rotated.
    ///
    /// # Errors
    /// [`KeyError`]; the keys that were in memory then stay in use.
    pub fn reload(&self) -> Result<(), KeyError> {
        let locked = self.folder.lock()?;
        self.renew(&locked)
    }

    /// The key to seal with.
    #[must_use]
    pub fn current(&self) -> PublicKey {
        self.keys().current().public()
    }

    /// The keys that are accepted now, the current one first: what `GET /v1/keys` gives.
    #[must_use]
    pub fn public(&self) -> Vec<PublicKey> {
        self.keys().accepted(unix_seconds(SystemTime::now())).map(keys::Key::public).collect()
    }

    /// Every key that is kept, the newest first: what `portcullis keys list` prints.
    #[must_use]
    pub fn list(&self) -> Vec<KeyInfo> {
        self.keys().list(unix_seconds(SystemTime::now()))
    }

    /// Makes a new current key and gives it. The one before is accepted for `overlap` from now on; older ones as long as
    /// they were.
    ///
    /// The new key counts from the moment at which its file has its name: what is broken off before changes nothing.
    ///
    /// # Errors
    /// [`KeyError`]; the keys are then as they were.
    pub fn rotate(&self, overlap: Duration) -> Result<PublicKey, KeyError> {
        let locked = self.folder.lock()?;
        self.renew(&locked)?;
        let now = unix_seconds(SystemTime::now());
        let keys = self.keys();
        let former = keys.current();
        locked.end(former, now.saturating_add(overlap.as_secs()).min(crate::moment::LATEST))?;
        // Later than every other, also where the clock was set back or two rotations fall into one second.
        let made = locked.make(now.max(former.created.saturating_add(1)))?;
        self.renew(&locked)?;
        tracing::info!(key = %made.id, former = %former.id, "rotated the keys for sealed passwords");
        Ok(made.public())
    }

    /// Whether something new that was sealed with this key is taken.
    #[must_use]
    pub fn accepts(&self, key: &KeyId, now: SystemTime) -> bool {
        self.keys().get(key).is_some_and(|key| key.accepted(unix_seconds(now)))
    }

    /// Whether an envelope may be handed over now: its key is accepted, and it has not expired.
    ///
    /// Asked once, when an operation is accepted. [`KeyRing::open_envelope`] does not ask again: what was handed over in
    /// time must be opened also after a long outage, be it only to look whether it took effect.
    ///
    /// # Errors
    /// [`OpenError::KeyUnknown`], [`OpenError::KeyRetired`] or [`OpenError::Expired`].
    pub fn admit(&self, envelope: &Envelope, now: SystemTime) -> Result<(), OpenError> {
        let now = unix_seconds(now);
        let keys = self.keys();
        let key = keys.get(envelope.key()).ok_or(OpenError::KeyUnknown)?;
        if !key.accepted(now) {
            return Err(OpenError::KeyRetired);
        }
        if envelope.expires() <= now { Err(OpenError::Expired) } else { Ok(()) }
    }

    /// Opens a sealed password for the operation that it was sealed for, with any key that is kept, be it retired.
    ///
    /// It asks for no time: see [`KeyRing::admit`].
    ///
    /// # Errors
    /// [`OpenError::KeyUnknown`], or [`OpenError::Unopened`] for every other reason.
    pub fn open_envelope(
        &self,
        envelope: &Envelope,
        kind: OperationKind,
        account: &Login,
        caller: &str,
        label: Label,
    ) -> Result<Password, OpenError> {
        let keys = self.keys();
        let key = keys.get(envelope.key()).ok_or(OpenError::KeyUnknown)?;
        let binding = Binding { kind, account, caller, label, key: &key.id, expires: envelope.expires() };
        suite::open(&key.private, envelope, &binding)
    }

    /// Erases the private keys whose overlap ended at least [`GRACE`] ago and that are not in use, and gives their names.
    /// The current key is never erased.
    ///
    /// Erasing is overwriting and removing the file. A file system that keeps old versions of blocks (a snapshot, a
    /// solid-state disk) or a backup may hold it longer; this is for them to say.
    ///
    /// # Errors
    /// [`KeyError`]; the keys that were erased before it are forgotten also in memory.
    pub fn retire(&self, in_use: &BTreeSet<KeyId>, now: SystemTime) -> Result<Vec<KeyId>, KeyError> {
        let locked = self.folder.lock()?;
        self.renew(&locked)?;
        let keys = self.keys();
        let mut erased = Vec::new();
        let mut failed = None;
        for key in keys.ended(unix_seconds(now).saturating_sub(GRACE.as_secs())).filter(|key| !in_use.contains(&key.id))
        {
            match locked.erase(&key.id) {
                Ok(()) => {
                    tracing::info!(key = %key.id, "erased a retired key for sealed passwords");
                    erased.push(key.id.clone());
                }
                Err(error) => failed = Some(error),
            }
        }
        self.renew(&locked)?;
        failed.map_or(Ok(erased), Err)
    }

    fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn renew(&self, locked: &folder::Locked<'_>) -> Result<(), KeyError> {
        let keys = Keys::new(locked.read()?).ok_or_else(|| locked.empty())?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        Ok(())
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRing").field("folder", &self.folder.path()).field("current", &self.current().id).finish()
    }
}
