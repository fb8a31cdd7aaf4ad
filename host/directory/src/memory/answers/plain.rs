//! The directory's own words: the codes of OpenLDAP, and texts that a person can act on.

use super::openldap::{self, error};
use super::{BindEnd, Refusal, Words};

pub(super) fn refusal(refusal: &Refusal) -> Words {
    let (code, theirs, error) = openldap::refusal(refusal);
    let text = match refusal {
        Refusal::TooShort { min_length } => format!("the password has fewer than {min_length} characters"),
        Refusal::TooSimple => "the password has too few kinds of characters".to_owned(),
        Refusal::EmptyPassword => "the password is empty".to_owned(),
        Refusal::InHistory => "the password was used before".to_owned(),
        Refusal::TooYoung => "the password is too new to be changed".to_owned(),
        Refusal::TwoPasswords => "an entry has one password".to_owned(),
        Refusal::WrongOldPassword => "the old password is wrong".to_owned(),
        Refusal::NoRight => "an entry may change its own password and nothing else".to_owned(),
        Refusal::NoSuchObject => "there is no such entry".to_owned(),
        _ => theirs,
    };
    (code, text, error)
}

pub(super) fn bind(end: BindEnd) -> Words {
    let (code, theirs, error) = openldap::bind(end);
    // Whoever did not ask for the control is told no more than that it failed.
    debug_assert!(end != BindEnd::Locked || error == Some(error::ACCOUNT_LOCKED));
    let text = if code == 49 { "wrong name or password".to_owned() } else { theirs };
    (code, text, error)
}
