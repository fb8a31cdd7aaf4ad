//! One entry, and what it shows: its attributes, and those that its dialect makes from the state of its login.

use std::borrow::Cow;

use super::Dialect;
use super::login::{Lock, Login};
use crate::dn::Dn;
use crate::request::Attribute;

/// One entry.
#[derive(Debug, Clone)]
pub(super) struct Record {
    /// As it was written.
    pub(super) dn: String,
    pub(super) name: Dn,
    /// Without those that [`computed`] makes, and without passwords.
    pub(super) attributes: Vec<Attribute>,
    pub(super) login: Login,
}

pub(super) type Values<'a> = Cow<'a, [Vec<u8>]>;

/// Attributes that no search returns and no filter sees.
pub(super) fn is_secret(attribute: &str) -> bool {
    let name = attribute.split(';').next().unwrap_or_default();
    ["userPassword", "unicodePwd", "pwdHistory", "ntPwdHistory", "lmPwdHistory", "dBCSPwd"]
        .iter()
        .any(|secret| secret.eq_ignore_ascii_case(name))
}

/// The attributes that are made and not kept.
pub(super) const fn computed(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::Plain | Dialect::OpenLdap => {
            &["pwdChangedTime", "pwdFailureTime", "pwdAccountLockedTime", "pwdReset", "entryDN"]
        }
        Dialect::ActiveDirectory => {
            &["pwdLastSet", "lockoutTime", "badPwdCount", "msDS-User-Account-Control-Computed", "distinguishedName"]
        }
    }
}

/// The name of a computed attribute in its proper case.
pub(super) fn computed_name(dialect: Dialect, name: &str) -> Option<&'static str> {
    computed(dialect).iter().copied().find(|computed| computed.eq_ignore_ascii_case(name))
}

impl Record {
    pub(super) fn stored(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|a| a.name.eq_ignore_ascii_case(name))
    }

    /// The values of an attribute that is not secret; none if it is not there.
    pub(super) fn values(&self, name: &str, dialect: Dialect) -> Values<'_> {
        if is_secret(name) {
            return Cow::Borrowed(&[]);
        }
        match computed_name(dialect, name) {
            Some(name) => Cow::Owned(self.compute(name, dialect)),
            None => Cow::Borrowed(self.stored(name).map_or(&[], |a| &a.values)),
        }
    }

    /// The value of an attribute as a number.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        str::from_utf8(self.stored(name)?.values.first()?).ok()?.parse().ok()
    }

    fn compute(&self, name: &str, dialect: Dialect) -> Vec<Vec<u8>> {
        let login = &self.login;
        let one = |text: String| vec![text.into_bytes()];
        if matches!(name, "entryDN" | "distinguishedName") {
            return one(self.dn.clone());
        }
        if dialect == Dialect::ActiveDirectory && !self.is_account() {
            return Vec::new();
        }
        match name {
            "pwdChangedTime" => login.changed.iter().map(|m| m.generalized().into_bytes()).collect(),
            "pwdFailureTime" => login.failures.iter().map(|m| m.precise().into_bytes()).collect(),
            "pwdAccountLockedTime" => match login.locked {
                None => Vec::new(),
                Some(Lock::Permanent) => one("000001010000Z".to_owned()),
                Some(Lock::At(moment)) => one(moment.generalized()),
            },
            "pwdReset" => login.must_change.iter().map(|&must| truth(must)).collect(),
            // A password of the seed that has no date is as old as the year.
            "pwdLastSet" if login.must_change == Some(true) => one("0".to_owned()),
            "pwdLastSet" => one(login.changed.map_or(125_911_584_000_000_000, |m| m.file_time()).to_string()),
            "lockoutTime" => one(match login.locked {
                None => "0".to_owned(),
                Some(Lock::Permanent) => "1".to_owned(),
                Some(Lock::At(moment)) => moment.file_time().to_string(),
            }),
            "badPwdCount" => one(login.failures.len().to_string()),
            "msDS-User-Account-Control-Computed" => {
                let locked = if login.locked.is_some() { 0x10 } else { 0 };
                let expired = if login.must_change == Some(true) { 0x80_0000 } else { 0 };
                one((locked | expired).to_string())
            }
            _ => Vec::new(),
        }
    }

    fn is_account(&self) -> bool {
        let user = |value: &Vec<u8>| value.eq_ignore_ascii_case(b"user");
        self.login.password.is_some() || self.stored("objectClass").is_some_and(|a| a.values.iter().any(user))
    }
}

fn truth(value: bool) -> Vec<u8> {
    if value { b"TRUE".to_vec() } else { b"FALSE".to_vec() }
}
