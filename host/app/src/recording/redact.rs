//! What a recording must not hold, taken out: passwords become their names, and what holds one is withheld.
//!
//! Values that the host places are known as passwords and replaced by which one they are. Everything else that comes from
//! a plugin or a directory is searched for each password in the forms in which it may come back: as text in any case, in
//! UTF-16, in hexadecimal, in base64, as a list of bytes, and escaped as filters and names are. A plugin with `reveal`
//! can write a password in a form of its own that nobody knows; a server can, too.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use portcullis_model::{Operation, Password, Passwords};
use zeroize::Zeroizing;

use super::format::{Value, WITHHELD, Which};

/// Below this many bytes the forms other than text are in many values by accident.
const SHORT: usize = 6;

type Bytes = Zeroizing<Vec<u8>>;

/// Knows the passwords of one operation.
pub(crate) struct Redactor {
    passwords: Vec<(Which, Arc<Password>)>,
    /// What is looked for, letters in any case.
    forms: Vec<Bytes>,
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
        let forms = passwords.iter().flat_map(|(_, password)| forms(password)).collect();
        Self { passwords, forms, withheld: AtomicU32::new(0) }
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
        let found = |bytes: &[u8]| self.forms.iter().any(|form| contains(bytes, form));
        let short = |(_, password): &(Which, Arc<Password>)| match std::str::from_utf8(bytes) {
            Ok(text) => password.occurs_in(text),
            Err(_) => password.matches(bytes),
        };
        found(bytes) || unescaped(bytes).is_some_and(|plain| found(&plain)) || self.passwords.iter().any(short)
    }
}

/// What a password looks like where it comes back.
fn forms(password: &Password) -> Vec<Bytes> {
    let utf8: Bytes = Zeroizing::new(password.expose_secret().as_bytes().to_vec());
    if utf8.len() < 4 {
        // Only where it stands alone: see `Password::occurs_in`.
        return Vec::new();
    }
    let mut utf16: Bytes = Zeroizing::new(Vec::with_capacity(2 * utf8.len()));
    for unit in password.expose_secret().encode_utf16() {
        utf16.extend_from_slice(&unit.to_le_bytes());
    }
    let mut forms = Vec::new();
    if utf8.len() >= SHORT {
        for bytes in [&utf8, &utf16] {
            for shift in 0..3 {
                forms.push(base64(&STANDARD_NO_PAD, bytes, shift));
                forms.push(base64(&URL_SAFE_NO_PAD, bytes, shift));
            }
            let mut hex = String::with_capacity(2 * bytes.len());
            let mut list = String::with_capacity(5 * bytes.len());
            for (at, byte) in bytes.iter().enumerate() {
                hex += &format!("{byte:02x}");
                list += &format!("{}{byte}", if at > 0 { ", " } else { "" });
            }
            forms.push(Zeroizing::new(hex.into_bytes()));
            forms.push(Zeroizing::new(list.into_bytes()));
        }
        let escaped = password.expose_secret().escape_debug().to_string();
        forms.push(Zeroizing::new(escaped.into_bytes()));
    }
    forms.extend([utf8, utf16]);
    forms
}

/// The part of the base64 that is the same whatever stands before and after, with `shift` bytes before.
fn base64(engine: &impl base64::Engine, secret: &[u8], shift: usize) -> Bytes {
    let mut padded: Bytes = Zeroizing::new(vec![0; shift]);
    padded.extend_from_slice(secret);
    let encoded = Zeroizing::new(engine.encode(padded.as_slice()));
    let (begin, end) = ((shift * 8).div_ceil(6), (shift + secret.len()) * 8 / 6);
    Zeroizing::new(encoded.as_bytes().get(begin..end).unwrap_or_default().to_vec())
}

/// Letters in any case: servers and names of attributes change it.
fn contains(bytes: &[u8], form: &[u8]) -> bool {
    !form.is_empty() && bytes.windows(form.len()).any(|window| window.eq_ignore_ascii_case(form))
}

/// A text in which `\xx` is a byte (RFC 4514 section 2.4, RFC 4515 section 3); nothing if there is no such escape.
fn unescaped(bytes: &[u8]) -> Option<Bytes> {
    if !bytes.contains(&b'\\') {
        return None;
    }
    let mut plain: Bytes = Zeroizing::new(Vec::with_capacity(bytes.len()));
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        let escaped = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match escaped.filter(|_| first == b'\\').and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => {
                plain.push(byte);
                rest = &after[2..];
            }
            // `\,` is a comma.
            None if first == b'\\' && !after.is_empty() => {
                plain.push(after[0]);
                rest = &after[1..];
            }
            None => {
                plain.push(first);
                rest = after;
            }
        }
    }
    Some(plain)
}
