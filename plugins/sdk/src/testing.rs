//! For unit tests, which run outside of the host: entries, answers and a password that stands for nothing.
//!
//! Calls to the host end a test. So a connector keeps what it decides apart from what it calls: "these are the changes",
//! "this answer means that fault" are functions that need no directory.

use crate::Password;
use crate::ldap::{Answer, Attribute, Control, Entry};

/// An entry with these attributes.
#[must_use]
pub fn entry(dn: &str, attributes: &[(&str, &[&str])]) -> Entry {
    let attributes = attributes
        .iter()
        .map(|(name, values)| Attribute {
            name: (*name).to_owned(),
            values: values.iter().map(|value| value.as_bytes().to_vec()).collect(),
        })
        .collect();
    Entry { dn: dn.to_owned(), attributes }
}

/// An answer without controls.
#[must_use]
pub fn answer(code: u32, diagnostic: &str) -> Answer {
    Answer { code, diagnostic: diagnostic.to_owned(), controls: Vec::new() }
}

/// An answer with one control.
#[must_use]
pub fn answer_with(code: u32, diagnostic: &str, oid: &str, value: &[u8]) -> Answer {
    let controls = vec![Control::new(oid).with_value(value)];
    Answer { controls, ..answer(code, diagnostic) }
}

/// A password to build changes with. It can be placed and named in `Debug`; calling it ends the test.
#[must_use]
pub fn password() -> &'static Password {
    // SAFETY: outside of WebAssembly a handle is a number that nothing follows. The value is leaked, so it is never
    // dropped, which would be a call to the host.
    #[allow(unsafe_code, reason = "the bindings offer no other way to make a handle")]
    let password = unsafe { Password::from_handle(1) };
    Box::leak(Box::new(password))
}
