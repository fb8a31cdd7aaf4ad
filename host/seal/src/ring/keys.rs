//! Which key is good for what at a given time: pure, no files, no clock.

use crate::suite::PrivateKey;
use crate::{KeyId, KeyInfo, KeyState, PublicKey};

/// One key, as its file says.
pub(super) struct Key {
    pub(super) id: KeyId,
    pub(super) private: PrivateKey,
    pub(super) public: [u8; 32],
    pub(super) created: u64,
    /// The end of its overlap. [`Keys`] takes none for the newest.
    pub(super) accepted_until: Option<u64>,
}

impl Key {
    pub(super) fn public(&self) -> PublicKey {
        let Self { id, public, created, accepted_until, .. } = self;
        PublicKey { id: id.clone(), key: *public, created: *created, accepted_until: *accepted_until }
    }

    /// Whether something new that was sealed with it is taken.
    pub(super) fn accepted(&self, now: u64) -> bool {
        self.accepted_until.is_none_or(|until| now < until)
    }

    fn state(&self, now: u64) -> KeyState {
        match self.accepted_until {
            None => KeyState::Current,
            Some(until) if now < until => KeyState::Accepted { until },
            Some(since) => KeyState::Retired { since },
        }
    }
}

/// The keys of the host, the newest first. There is always one.
pub(super) struct Keys {
    current: Key,
    former: Vec<Key>,
}

impl Keys {
    /// Orders what was read; nothing if nothing was.
    pub(super) fn new(mut keys: Vec<Key>) -> Option<Self> {
        keys.sort_by(|a, b| (b.created, &b.id).cmp(&(a.created, &a.id)));
        let mut keys = keys.into_iter();
        let mut current = keys.next()?;
        // An end that it has is the one of a rotation that was broken off before the next key was there.
        current.accepted_until = None;
        let mut newer = current.created;
        let former = keys
            .map(|mut key| {
                // A file that was brought back from a backup may not know its end: it ended when the next one was made.
                key.accepted_until.get_or_insert(newer);
                newer = key.created;
                key
            })
            .collect();
        Some(Self { current, former })
    }

    pub(super) fn first(current: Key) -> Self {
        Self { current, former: Vec::new() }
    }

    pub(super) fn current(&self) -> &Key {
        &self.current
    }

    pub(super) fn get(&self, id: &KeyId) -> Option<&Key> {
        self.all().find(|key| key.id == *id)
    }

    pub(super) fn accepted(&self, now: u64) -> impl Iterator<Item = &Key> {
        self.all().filter(move |key| key.accepted(now))
    }

    /// Those whose overlap ended at that time or before.
    pub(super) fn ended(&self, at: u64) -> impl Iterator<Item = &Key> {
        self.former.iter().filter(move |key| key.accepted_until.is_some_and(|until| until <= at))
    }

    pub(super) fn list(&self, now: u64) -> Vec<KeyInfo> {
        self.all().map(|key| KeyInfo { id: key.id.clone(), created_at: key.created, state: key.state(now) }).collect()
    }

    fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.current).chain(&self.former)
    }
}
