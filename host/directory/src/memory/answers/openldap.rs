//! As slapd with the ppolicy overlay answers.

use super::{BindEnd, Refusal, Words};

/// Errors of the password policy control.
pub(super) mod error {
    pub(in super::super) const ACCOUNT_LOCKED: u8 = 1;
    pub(in super::super) const CHANGE_AFTER_RESET: u8 = 2;
    pub(in super::super) const MUST_SUPPLY_OLD: u8 = 4;
    pub(in super::super) const QUALITY: u8 = 5;
    pub(in super::super) const TOO_SHORT: u8 = 6;
    pub(in super::super) const TOO_YOUNG: u8 = 7;
    pub(in super::super) const IN_HISTORY: u8 = 8;
}

pub(super) fn refusal(refusal: &Refusal) -> Words {
    use Refusal as R;
    let (code, text, error) = match refusal {
        R::TooShort { .. } | R::EmptyPassword => {
            (19, "Password fails quality checking policy".to_owned(), Some(error::TOO_SHORT))
        }
        R::TooSimple => (19, "Password fails quality checking policy".to_owned(), Some(error::QUALITY)),
        R::InHistory => (19, "Password is in history of old passwords".to_owned(), Some(error::IN_HISTORY)),
        R::TooYoung => (19, "Password is too young to change".to_owned(), Some(error::TOO_YOUNG)),
        R::TwoPasswords => (19, "Password policy only allows one password value".to_owned(), None),
        R::WrongOldPassword => {
            (53, "Must supply correct old password to change to new one".to_owned(), Some(error::MUST_SUPPLY_OLD))
        }
        R::MustChangeFirst => (
            50,
            "Operations are restricted to bind/unbind/abandon/StartTLS/modify password".to_owned(),
            Some(error::CHANGE_AFTER_RESET),
        ),
        // These two belong to Active Directory; what stands here keeps the match whole.
        R::ChangeWhileLocked | R::PasswordEncoding => (53, "unwilling to perform".to_owned(), None),
        R::NoRight => (50, String::new(), None),
        R::BadName => (34, "invalid DN".to_owned(), None),
        R::NoSuchObject => (32, String::new(), None),
        R::NoSuchAttribute(name) => (16, format!("modify/delete: {name}: no such attribute"), None),
        R::ValueExists(name) => (20, format!("modify/add: {name}: value #0 already exists"), None),
        R::SingleValued(name) => (19, format!("attribute '{name}' cannot have multiple values"), None),
        R::BadValue(name) => (21, format!("{name}: value #0 invalid per syntax"), None),
        R::UndefinedType(name) => (17, format!("{name}: attribute type undefined"), None),
        R::ReadOnly(name) => (19, format!("{name}: no user modification allowed"), None),
        R::NotOnRdn(name) => (64, format!("value of naming attribute '{name}' is not present in entry"), None),
        R::WillNotPerform(what) => (53, what.clone(), None),
        R::CriticalControl => (12, "critical extension is not recognized".to_owned(), None),
        R::BadControl => (2, "control value is malformed".to_owned(), None),
        R::UnknownExtended => (2, "unsupported extended operation".to_owned(), None),
    };
    (code, text, error)
}

pub(super) fn bind(end: BindEnd) -> Words {
    match end {
        BindEnd::Accepted => (0, String::new(), None),
        BindEnd::MustChange => (0, String::new(), Some(error::CHANGE_AFTER_RESET)),
        BindEnd::Locked => (49, String::new(), Some(error::ACCOUNT_LOCKED)),
        BindEnd::Wrong | BindEnd::Disabled | BindEnd::Expired => (49, String::new(), None),
    }
}
