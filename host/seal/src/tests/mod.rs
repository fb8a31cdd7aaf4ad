//! Tests of sealing and opening.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod binding;
mod canonical;
mod open;
mod texts;
mod vector;

use portcullis_model::{Login, OperationKind, Password};
use tempfile::TempDir;

use crate::{Binding, Envelope, KeyRing, Label, OpenError, PublicKey, seal};

/// A time far away, in seconds since 1970 UTC.
const LATER: u64 = 4_102_444_800;
const SECRET: &str = "Tr0ub4dor & 3";

fn password(text: &str) -> Password {
    Password::new(text.to_owned()).unwrap()
}

fn login(text: &str) -> Login {
    Login::new(text).unwrap()
}

/// A host with a key of its own.
struct Host {
    ring: KeyRing,
    key: PublicKey,
    _folder: TempDir,
}

impl Host {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ring = KeyRing::open(folder.path()).unwrap();
        Self { key: ring.current(), ring, _folder: folder }
    }

    /// A reset of alice by the portal.
    fn seal(&self, secret: &str) -> Envelope {
        let alice = login("alice@corp.example");
        seal(&self.key.key, &password(secret), &self.binding(&alice)).unwrap()
    }

    fn binding<'a>(&'a self, account: &'a Login) -> Binding<'a> {
        Binding {
            kind: OperationKind::ResetPassword,
            account,
            caller: "portal",
            label: Label::New,
            key: &self.key.id,
            expires: LATER,
        }
    }

    fn open(&self, envelope: &Envelope) -> Result<Password, OpenError> {
        let alice = login("alice@corp.example");
        self.ring.open_envelope(envelope, OperationKind::ResetPassword, &alice, "portal", Label::New)
    }
}
