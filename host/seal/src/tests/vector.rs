//! A sealed password that another implementation made: pyhpke 0.6.5 (Python), which shares no code with the `hpke` crate.
//! RFC 9180 has no test vector with X25519 and AES-256-GCM.
//!
//! It was made with `create_sender_context(pkr, info=b"portcullis/sealed-password/v1", eks=...)` and `seal(plaintext, aad)`,
//! with the ephemeral key that `kem.derive_key_pair` makes of the text `portcullis worked example, ikm 01`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use portcullis_model::OperationKind;

use super::login;
use crate::suite::PrivateKey;
use crate::{Binding, Envelope, KeyId, KeyRing, Label, OpenError};

const KEY: &str = "eedd883da0a94515";
/// The bytes 0, 1, 2 to 31 in base64.
const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const PUBLIC: &str = "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f";
const ACCOUNT: &str = "alice@corp.example";
const EXPIRES: u64 = 1_893_456_000;
const ASSOCIATED_DATA: &str = "kind=change-password\naccount=alice@corp.example\ncaller=portal\npassword=new\nkey=eedd883da0a94515\nexpires=1893456000\n";
const SEALED: &str = "pcs1.eedd883da0a94515.1893456000.c5OQzNHDi_PxTerW0CDzs94UJY6c0hH8yn8teDZ3GgY.\
    K4Mo_32kUQSk7c4Bn_Q0gO7PLRo7RPYivjwB2Emc3xnf645Xlaha1X2rCMZqDxOrMkSm7_53TiWs0a1Gu6vZ-CCqLzxZU9TLdQEpc9HyVho";
const PASSWORD: &str = "Grüße, Passw0rd 😀";

#[test]
fn the_key_and_the_associated_data_are_those_of_the_other_implementation() {
    let public = PrivateKey::new(&std::array::from_fn(|i| i as u8)).unwrap().public();
    assert_eq!(public.map(|byte| format!("{byte:02x}")).concat(), PUBLIC);
    assert_eq!(KeyId::of(&public).as_str(), KEY);
    let (account, key) = (login(ACCOUNT), KeyId::parse(KEY).unwrap());
    let binding = Binding {
        kind: OperationKind::ChangePassword,
        account: &account,
        caller: "portal",
        label: Label::New,
        key: &key,
        expires: EXPIRES,
    };
    assert_eq!(String::from_utf8(binding.associated_data().unwrap()).unwrap(), ASSOCIATED_DATA);
}

#[test]
fn what_another_implementation_sealed_opens_with_a_key_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path();
    drop(KeyRing::open(state).unwrap());
    let file = state.join(format!("keys/{KEY}.key"));
    let text = format!(r#"{{"version":1,"created":1790000000,"accepted-until":null,"secret":"{SECRET}"}}"#);
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let ring = KeyRing::open(state).unwrap();

    let envelope: Envelope = SEALED.parse().unwrap();
    assert_eq!((envelope.key().as_str(), envelope.expires()), (KEY, EXPIRES));
    assert_eq!(envelope.to_string(), SEALED);
    let open = |label| {
        ring.open_envelope(&envelope, OperationKind::ChangePassword, &login(ACCOUNT), "portal", label)
            .map(|password| password.expose_secret().to_owned())
    };
    assert_eq!(open(Label::Old), Err(OpenError::Unopened));
    assert_eq!(open(Label::New).as_deref(), Ok(PASSWORD));
}

/// The documentation for vendors shows this very example.
#[test]
fn the_worked_example_in_the_documentation_is_this_one() {
    let documentation = include_str!("../binding.rs");
    let shown = SEALED.split('.').chain(ASSOCIATED_DATA.lines()).chain([PUBLIC, PASSWORD]);
    for piece in shown {
        assert!(documentation.contains(piece), "{piece}");
    }
}
