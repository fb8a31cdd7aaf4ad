use std::collections::BTreeSet;

use portcullis_model::OperationKind;
use proptest::prelude::*;

use super::{Host, LATER, login, password};
use crate::{Binding, KeyId, Label, SealError, seal};

fn key() -> KeyId {
    KeyId::of(&[7; 32])
}

#[test]
fn a_caller_whose_name_could_look_like_another_line_is_refused() {
    let (account, key) = (login("alice"), key());
    let host = Host::new();
    let longest = "c".repeat(Binding::MAX_CALLER);
    for caller in ["", "portal\npassword=new", "portal\r", "portal\0", &format!("{longest}c")] {
        let binding = Binding {
            kind: OperationKind::ResetPassword,
            account: &account,
            caller,
            label: Label::New,
            key: &key,
            expires: 1,
        };
        assert_eq!(binding.associated_data(), None, "{caller:?}");
        let binding = Binding { key: &host.key.id, ..binding };
        assert_eq!(seal(&host.key.key, &password("secret"), &binding).unwrap_err(), SealError::Caller);
    }
    let binding = Binding {
        kind: OperationKind::ResetPassword,
        account: &account,
        caller: &longest,
        label: Label::New,
        key: &key,
        expires: 1,
    };
    assert!(binding.associated_data().is_some());
}

#[test]
fn every_part_is_in_the_bytes() {
    let (alice, bob, key, other) = (login("alice"), login("bob"), key(), KeyId::of(&[8; 32]));
    let first = Binding {
        kind: OperationKind::ChangePassword,
        account: &alice,
        caller: "portal",
        label: Label::New,
        key: &key,
        expires: 10,
    };
    let all = [
        first,
        Binding { kind: OperationKind::ResetPassword, ..first },
        Binding { account: &bob, ..first },
        Binding { caller: "help-desk", ..first },
        Binding { label: Label::Old, ..first },
        Binding { key: &other, ..first },
        Binding { expires: 11, ..first },
    ];
    let bytes: BTreeSet<_> = all.iter().map(|binding| binding.associated_data().unwrap()).collect();
    assert_eq!(bytes.len(), all.len());
}

/// The account goes in as it was sent: nobody trims, lowers or normalises it.
#[test]
fn the_account_is_bound_as_it_was_sent() {
    let host = Host::new();
    let (sent, key) = (login(" Alice=\u{e9} "), key());
    let text = String::from_utf8(Binding { key: &key, ..host.binding(&sent) }.associated_data().unwrap()).unwrap();
    assert!(text.contains("\naccount= Alice=\u{e9} \n"), "{text}");
    let decomposed = login(" Alice=e\u{301} ");
    assert_ne!(host.binding(&sent).associated_data(), host.binding(&decomposed).associated_data());
}

proptest! {
    /// Two bindings with the same bytes are the same binding, whatever the names hold.
    #[test]
    fn no_two_bindings_have_the_same_bytes(
        accounts in (r"[ -~é]{1,20}", r"[ -~é]{1,20}"),
        callers in (r"[ -~é\n]{1,20}", r"[ -~é\n]{1,20}"),
        expires in (0..LATER, 0..LATER),
    ) {
        let key = key();
        let (a, b) = (login(&accounts.0), login(&accounts.1));
        let one = Binding {
            kind: OperationKind::ResetPassword, account: &a, caller: &callers.0, label: Label::New, key: &key, expires: expires.0,
        };
        let other = Binding { account: &b, caller: &callers.1, expires: expires.1, ..one };
        if let (Some(one), Some(other)) = (one.associated_data(), other.associated_data()) {
            let same = (a, callers.0, expires.0) == (b, callers.1, expires.1);
            prop_assert_eq!(one == other, same);
        }
    }
}
