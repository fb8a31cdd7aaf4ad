//! Sealed passwords: what is not the one text that was sealed does not open.
//!
//! The key is the one of the worked example in `portcullis_seal::binding`, and so is the envelope that opens. Every other
//! envelope, and the same one for another operation, account, caller or label, stays closed. A text that is read is the
//! one text of its envelope, since a second one would get past the memory of what was used.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::sync::LazyLock;
use std::time::SystemTime;

use portcullis_model::{Login, OperationKind, Password};
use portcullis_seal::{Binding, Envelope, KeyRing, Label, seal};

use crate::scratch;

/// The bytes 00 to 1f in base64.
const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const KEY: &str = "eedd883da0a94515";

/// What opens, and for what.
const SEALED: &str = "pcs1.eedd883da0a94515.1893456000.c5OQzNHDi_PxTerW0CDzs94UJY6c0hH8yn8teDZ3GgY.\
                      K4Mo_32kUQSk7c4Bn_Q0gO7PLRo7RPYivjwB2Emc3xnf645Xlaha1X2rCMZqDxOrMkSm7_53TiWs0a1Gu6vZ-CCqLzxZU9TLdQEpc9HyVho";
const KIND: OperationKind = OperationKind::ChangePassword;
const ACCOUNT: &str = "alice@corp.example";
const CALLER: &str = "portal";
const LABEL: Label = Label::New;

static RING: LazyLock<KeyRing> = LazyLock::new(|| {
    let state = scratch::folder("envelope");
    let keys = state.join("keys");
    DirBuilder::new().mode(0o700).create(&keys).expect("the folder of the keys");
    let file = keys.join(format!("{KEY}.key"));
    let text = format!("{{\"version\":1,\"created\":1790000000,\"accepted-until\":null,\"secret\":\"{SECRET}\"}}\n");
    fs::write(&file, text).expect("the key");
    fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("the key is its owner's alone");
    KeyRing::open(&state).expect("the keys")
});

pub(crate) fn run(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let kind = OperationKind::ALL[usize::from(first & 7) % OperationKind::ALL.len()];
    let label = Label::ALL[usize::from(first >> 3 & 3) % Label::ALL.len()];
    let mut lines = text.split('\n');
    let mut line = || lines.next().unwrap_or_default();
    let (sealed, account, caller) = (line(), line(), line());
    // Empty lines stand for what fits, so that a change in one place is enough to be looked at.
    let account = if account.is_empty() { ACCOUNT } else { account };
    let caller = if caller.is_empty() { CALLER } else { caller };
    let Ok(account) = Login::new(account) else { return };
    if let Ok(envelope) = sealed.parse::<Envelope>() {
        assert_eq!(envelope.to_string(), sealed, "an envelope with two texts");
        let _ = RING.admit(&envelope, SystemTime::UNIX_EPOCH);
        let opened = RING.open_envelope(&envelope, kind, &account, caller, label);
        let same = sealed == SEALED && (kind, account.as_str(), caller, label) == (KIND, ACCOUNT, CALLER, LABEL);
        assert_eq!(opened.is_ok(), same, "{sealed} opened for {kind} {account} {caller} {label}");
    }
    if first & 0x80 != 0 {
        anew(sealed, kind, &account, caller, label, first & 0x40 != 0);
    }
}

/// What is sealed opens to what it was, and not when one thing is another.
fn anew(password: &str, kind: OperationKind, account: &Login, caller: &str, label: Label, expired: bool) {
    let Ok(password) = Password::new(password.to_owned()) else { return };
    let key = RING.current();
    let expires = if expired { 0 } else { 4_102_444_800 };
    let binding = Binding { kind, account, caller, label, key: &key.id, expires };
    let Ok(envelope) = seal(&key.key, &password, &binding) else {
        assert!(binding.associated_data().is_none(), "a password was not sealed");
        return;
    };
    let text = envelope.to_string();
    assert!(text.len() <= Envelope::MAX_TEXT);
    let envelope: Envelope = text.parse().expect("what was sealed is an envelope");
    let opened = RING.open_envelope(&envelope, kind, account, caller, label).expect("what was sealed opens");
    assert_eq!(opened.expose_secret(), password.expose_secret());
    let other = Login::new(format!("{account}x")).unwrap_or_else(|_| Login::new("x").expect("a name"));
    assert!(RING.open_envelope(&envelope, kind, &other, caller, label).is_err(), "opened for another account");
    assert!(RING.open_envelope(&envelope, kind, account, &format!("{caller}x"), label).is_err(), "for another caller");
}
