//! Sealed passwords: HPKE (RFC 9180), bound to the operation that they were sealed for.
//!
//! A caller seals a password with a public key of the host; only the host opens it, and only for the kind of operation,
//! the account, the caller, the label, the key and the time that it was sealed for.
//!
//! ```
//! use std::time::SystemTime;
//! use portcullis_model::{Login, OperationKind, Password};
//! use portcullis_seal::{Binding, Envelope, KeyRing, Label, OpenError, seal};
//!
//! # let folder = tempfile::tempdir()?;
//! # let state_folder = folder.path();
//! // The host: the first start makes the first key.
//! let keys = KeyRing::open(state_folder)?;
//!
//! // The caller: takes the current key of `GET /v1/keys`, and seals.
//! let key = keys.current();
//! let alice = Login::new("alice@corp.example")?;
//! let binding = Binding {
//!     kind: OperationKind::ResetPassword,
//!     account: &alice,
//!     caller: "portal",
//!     label: Label::New,
//!     key: &key.id,
//!     expires: 4_102_444_800, // seconds since 1970 UTC
//! };
//! let text = seal(&key.key, &Password::new("A-New Passw0rd".to_owned())?, &binding)?.to_string();
//!
//! // The host: reads the line, asks whether it may be taken now, and opens it at the moment of use.
//! let envelope: Envelope = text.parse()?;
//! keys.admit(&envelope, SystemTime::now())?;
//! let opened = keys.open_envelope(&envelope, OperationKind::ResetPassword, &alice, "portal", Label::New)?;
//! assert_eq!(opened.expose_secret(), "A-New Passw0rd");
//!
//! // Taken from one operation, it opens in no other.
//! let bob = Login::new("bob@corp.example")?;
//! let taken = keys.open_envelope(&envelope, OperationKind::ResetPassword, &bob, "portal", Label::New);
//! assert_eq!(taken.unwrap_err(), OpenError::Unopened);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What this crate never does: it keeps no opened password, it never prints a private key or a password, it says nothing
//! of why a decryption failed, and it does not remember which envelopes were used. The one who accepts an operation
//! remembers [`Envelope::digest`], which is the same for no two envelopes that open.

pub mod binding;
mod envelope;
mod error;
mod key;
mod moment;
mod padding;
mod ring;
mod suite;

#[cfg(test)]
mod tests;

pub use binding::{Binding, Label};
pub use envelope::{Envelope, EnvelopeError};
pub use error::{KeyError, OpenError, SealError};
pub use key::{KeyId, KeyInfo, KeyState, PublicKey};
pub use moment::unix_seconds;
pub use ring::{GRACE, KeyRing};
pub use suite::{INFO, seal};
