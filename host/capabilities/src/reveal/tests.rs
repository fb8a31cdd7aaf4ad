use std::sync::Arc;

use portcullis_model::Password;

use super::*;

fn held(label: Label) -> Held {
    Held { label, secret: Arc::new(Password::new("Tr0ub4dor".to_owned()).unwrap()) }
}

#[test]
fn nothing_is_read_by_default() {
    for label in [Label::New, Label::Old, Label::Candidate] {
        assert!(RevealGrant::default().permit(held(label)).is_err());
    }
}

#[test]
fn a_grant_covers_the_password_that_it_names_and_no_other() {
    let grant = RevealGrant { passwords: vec![Label::New] };
    let reason = grant.permit(held(Label::Old)).unwrap_err();
    assert_eq!(reason, "the password `old` may not be read: add \"old\" to `passwords` in [reveal] if it must be");
    assert_eq!(grant.permit(held(Label::New)).unwrap().into_inner().label, Label::New);
}
