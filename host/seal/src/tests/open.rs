use portcullis_model::OperationKind;
use zeroize::Zeroizing;

use super::{Host, LATER, SECRET, login, password};
use crate::padding::{pad, unpad};
use crate::suite::seal_padded;
use crate::{Binding, Envelope, KeyId, Label, OpenError, SealError, seal};

/// Taken from one operation, it opens in no other.
#[test]
fn opens_only_for_what_it_was_sealed_for() {
    let host = Host::new();
    let (alice, bob) = (login("alice@corp.example"), login("bob@corp.example"));
    let envelope = host.seal(SECRET);
    let reset = OperationKind::ResetPassword;
    for (kind, account, caller, label) in [
        (OperationKind::ChangePassword, &alice, "portal", Label::New),
        (OperationKind::VerifyPassword, &alice, "portal", Label::New),
        (reset, &bob, "portal", Label::New),
        (reset, &login("Alice@corp.example"), "portal", Label::New),
        (reset, &alice, "help-desk", Label::New),
        (reset, &alice, "", Label::New),
        (reset, &alice, "portal\n", Label::New),
        (reset, &alice, "portal", Label::Old),
        (reset, &alice, "portal", Label::Candidate),
    ] {
        let opened = host.ring.open_envelope(&envelope, kind, account, caller, label);
        assert_eq!(opened.unwrap_err(), OpenError::Unopened, "{kind} {account} {caller:?} {label}");
    }
    let opened = host.ring.open_envelope(&envelope, reset, &alice, "portal", Label::New).unwrap();
    assert_eq!(opened.expose_secret(), SECRET);
}

#[test]
fn a_changed_expiry_or_byte_does_not_open() {
    let host = Host::new();
    let envelope = host.seal(SECRET);
    let (key, encapsulated) = (envelope.key().clone(), *envelope.encapsulated());
    for expires in [LATER - 1, LATER + 1, 0] {
        let other = Envelope::new(key.clone(), expires, encapsulated, envelope.ciphertext().to_vec());
        assert_eq!(host.open(&other).unwrap_err(), OpenError::Unopened, "{expires}");
    }
    for at in 0..envelope.ciphertext().len() {
        let mut ciphertext = envelope.ciphertext().to_vec();
        ciphertext[at] ^= 1;
        let other = Envelope::new(key.clone(), LATER, encapsulated, ciphertext);
        assert_eq!(host.open(&other).unwrap_err(), OpenError::Unopened, "byte {at}");
    }
}

/// Sealed for one key and called after another: known to the host or not, it does not open.
#[test]
fn another_key_does_not_open() {
    let (host, other) = (Host::new(), Host::new());
    assert_eq!(other.open(&host.seal(SECRET)).unwrap_err(), OpenError::KeyUnknown);
    let envelope = host.seal(SECRET);
    let renamed = Envelope::new(other.key.id.clone(), LATER, *envelope.encapsulated(), envelope.ciphertext().to_vec());
    assert_eq!(other.open(&renamed).unwrap_err(), OpenError::Unopened);
    assert_eq!(host.open(&renamed).unwrap_err(), OpenError::KeyUnknown);
}

#[test]
fn the_same_password_is_never_the_same_envelope() {
    let host = Host::new();
    let (one, other) = (host.seal(SECRET), host.seal(SECRET));
    assert_ne!(one.digest(), other.digest());
    assert_ne!(one.encapsulated(), other.encapsulated());
    assert_ne!(one.ciphertext(), other.ciphertext());
}

#[test]
fn a_public_key_that_is_none_is_refused() {
    let host = Host::new();
    let alice = login("alice");
    // A point of low order, and a key that is not the one that the binding names.
    for key in [[0; 32], [9; 32]] {
        let id = if key == [0; 32] { KeyId::of(&key) } else { host.key.id.clone() };
        let binding = Binding { key: &id, ..host.binding(&alice) };
        assert_eq!(seal(&key, &password(SECRET), &binding).unwrap_err(), SealError::PublicKey);
    }
    let never = Binding { expires: u64::MAX, ..host.binding(&alice) };
    assert_eq!(seal(&host.key.key, &password(SECRET), &never).unwrap_err(), SealError::Expires);
}

#[test]
fn the_length_shows_in_steps_of_64_bytes_only() {
    let host = Host::new();
    for (length, sealed) in
        [(1, 80), (8, 80), (62, 80), (63, 144), (126, 144), (127, 208), (1022, 1040), (1023, 1104), (1024, 1104)]
    {
        let envelope = host.seal(&"x".repeat(length));
        assert_eq!(envelope.ciphertext().len(), sealed, "{length}");
        assert_eq!(host.open(&envelope).unwrap().expose_secret().len(), length);
    }
}

/// The holder of a public key can seal any bytes: only the one padded form of a password is taken.
#[test]
fn what_is_not_padded_as_it_should_be_does_not_open() {
    let host = Host::new();
    let alice = login("alice@corp.example");
    let padded = |start: &[u8], size: usize| {
        let mut bytes = start.to_vec();
        bytes.resize(size, 0);
        bytes
    };
    let mut tail = padded(b"\0\x06secret", 64);
    tail[63] = 1;
    let bad = [
        ("no password", padded(b"", 64)),
        ("a length beyond the end", padded(b"\0\x3f", 64)),
        ("the longest length", padded(b"\xff\xffsecret", 64)),
        ("a block too many", padded(b"\0\x06secret", 128)),
        ("no zeros at the end", tail),
        ("the length little-endian", padded(b"\x06\0secret", 64)),
        ("not UTF-8", padded(b"\0\x02\xff\xfe", 64)),
        ("a control character", padded(b"\0\x07secret\n", 64)),
        ("cut off", padded(b"\0\x06secret", 32)),
        ("nothing", Vec::new()),
    ];
    for (what, bytes) in bad {
        assert!(unpad(&bytes).is_none(), "{what}");
        let envelope = seal_padded(&host.key.key, Zeroizing::new(bytes), &host.binding(&alice)).unwrap();
        assert_eq!(host.open(&envelope).unwrap_err(), OpenError::Unopened, "{what}");
    }
    let good = padded(b"\0\x06secret", 64);
    assert_eq!(*pad(&password("secret")).unwrap(), good);
    let envelope = seal_padded(&host.key.key, Zeroizing::new(good), &host.binding(&alice)).unwrap();
    assert_eq!(host.open(&envelope).unwrap().expose_secret(), "secret");
}
