//! What a recording must not hold, taken out: passwords become their names, and what holds one is withheld.
//!
//! Values that the host places are known as passwords and replaced by which one they are. Everything else that comes from
//! a plugin or a directory is searched for each password in the forms in which it may come back: see
//! [`Password::occurs_in_bytes`]. A plugin with `reveal` can write a password in a form of its own that nobody knows; a
//! server can, too.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portcullis_model::{Operation, Password, Passwords};

use super::format::{Value, WITHHELD, Which};

/// Knows the passwords of one operation.
pub(crate) struct Redactor {
    passwords: Vec<(Which, Arc<Password>)>,
    withheld: AtomicU32,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redactor").finish_non_exhaustive()
    }
}

impl Redactor {
    pub(crate) fn new(operation: &Operation) -> Self {
        let passwords = match &operation.passwords {
            Passwords::None => Vec::new(),
            Passwords::New(new, _) => vec![(Which::New, Arc::clone(new))],
            Passwords::OldAndNew(old, new) => vec![(Which::Old, Arc::clone(old)), (Which::New, Arc::clone(new))],
            Passwords::Candidate(candidate) => vec![(Which::Candidate, Arc::clone(candidate))],
        };
        Self { passwords, withheld: AtomicU32::new(0) }
    }

    /// How many texts and values were withheld so far.
    pub(super) fn withheld(&self) -> u32 {
        self.withheld.load(Ordering::Relaxed)
    }

    /// Which password of the operation this is: the same one in memory, and otherwise one that reads the same.
    pub(super) fn which(&self, password: &Password) -> Option<Which> {
        let same = self.passwords.iter().find(|(_, known)| std::ptr::eq(&**known, password));
        let equal = || self.passwords.iter().find(|(_, known)| known.matches(password.expose_secret().as_bytes()));
        same.or_else(equal).map(|(which, _)| *which)
    }

    /// A text of a plugin or a directory.
    pub(super) fn text(&self, text: &str) -> String {
        if self.holds(text.as_bytes()) {
            self.withheld.fetch_add(1, Ordering::Relaxed);
            return WITHHELD.to_owned();
        }
        text.to_owned()
    }

    /// A value of a plugin or a directory.
    pub(super) fn value(&self, bytes: &[u8]) -> Value {
        if self.holds(bytes) {
            self.withheld.fetch_add(1, Ordering::Relaxed);
            return Value::Withheld;
        }
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) => {
                Value::Text(text.to_owned())
            }
            _ => Value::Base64(STANDARD.encode(bytes)),
        }
    }

    /// Every text of a JSON value, but for fields that the host fills in from what it or the operator wrote.
    pub(super) fn json(&self, value: &mut serde_json::Value) {
        const HOSTS: [&str; 17] = [
            "event",
            "operation",
            "account",
            "connector",
            "dn",
            "server",
            "capability",
            "call",
            "outcome",
            "fault",
            "code",
            "grant",
            "base",
            "caller",
            "uses",
            "value",
            "password",
        ];
        match value {
            serde_json::Value::String(text) => *text = self.text(text),
            serde_json::Value::Array(all) => all.iter_mut().for_each(|one| self.json(one)),
            serde_json::Value::Object(fields) => {
                let others = fields.iter_mut().filter(|(name, _)| !HOSTS.contains(&name.as_str()));
                others.for_each(|(_, field)| self.json(field));
            }
            _ => {}
        }
    }

    fn holds(&self, bytes: &[u8]) -> bool {
        self.passwords.iter().any(|(_, password)| password.occurs_in_bytes(bytes))
    }
}
