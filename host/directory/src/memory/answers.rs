//! The words in which each dialect says no: result code, diagnostic text, and the control of the password policy.
//!
//! Connectors tell a short password from a used one by these, so they are what the real servers send.

mod active_directory;
mod openldap;
mod plain;

use super::{Context, Dialect};
use crate::request::{Answer, Control};

/// The password policy control (draft-behera-ldap-password-policy section 6).
pub(super) const PPOLICY: &str = "1.3.6.1.4.1.42.2.27.8.5.1";

/// Why a request is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    TooShort {
        min_length: usize,
    },
    TooSimple,
    InHistory,
    TooYoung,
    EmptyPassword,
    TwoPasswords,
    /// `unicodePwd` that is not quoted UTF-16.
    PasswordEncoding,
    WrongOldPassword,
    ChangeWhileLocked,
    MustChangeFirst,
    NoRight,
    BadName,
    NoSuchObject,
    NoSuchAttribute(String),
    ValueExists(String),
    SingleValued(String),
    BadValue(String),
    UndefinedType(String),
    ReadOnly(String),
    NotOnRdn(String),
    /// Nothing to do that the directory would do.
    WillNotPerform(String),
    CriticalControl,
    BadControl,
    UnknownExtended,
}

/// How a bind ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BindEnd {
    Accepted,
    /// Right, but a new password has to be chosen.
    MustChange,
    Wrong,
    Locked,
    Disabled,
    Expired,
}

/// Code, text, and the error of the password policy control.
type Words = (u32, String, Option<u8>);

impl Context<'_> {
    pub(super) fn refuse(&self, refusal: &Refusal, controls: &[Control]) -> Answer {
        let (code, diagnostic, error) = match self.dialect {
            Dialect::Plain => plain::refusal(refusal),
            Dialect::OpenLdap => openldap::refusal(refusal),
            Dialect::ActiveDirectory => active_directory::refusal(refusal),
        };
        let wanted = error.is_some() && self.wants_ppolicy(controls);
        let controls = if wanted { vec![ppolicy(error)] } else { Vec::new() };
        Answer { code, diagnostic, controls, server: self.server.to_owned() }
    }

    pub(super) fn bind_ended(&self, end: BindEnd, controls: &[Control]) -> Answer {
        let (code, diagnostic, error) = match self.dialect {
            Dialect::Plain => plain::bind(end),
            Dialect::OpenLdap => openldap::bind(end),
            Dialect::ActiveDirectory => active_directory::bind(end),
        };
        // A bind gets the control even when there is nothing to tell.
        let controls = if self.wants_ppolicy(controls) { vec![ppolicy(error)] } else { Vec::new() };
        Answer { code, diagnostic, controls, server: self.server.to_owned() }
    }

    pub(super) fn done(&self) -> Answer {
        Answer { code: 0, diagnostic: String::new(), controls: Vec::new(), server: self.server.to_owned() }
    }

    fn wants_ppolicy(&self, controls: &[Control]) -> bool {
        self.dialect != Dialect::ActiveDirectory && controls.iter().any(|control| control.oid == PPOLICY)
    }
}

/// `SEQUENCE { warning [0] OPTIONAL, error [1] ENUMERATED OPTIONAL }`; this directory has no warnings.
fn ppolicy(error: Option<u8>) -> Control {
    let value = error.map_or_else(|| vec![0x30, 0x00], |error| vec![0x30, 0x03, 0x81, 0x01, error]);
    Control { oid: PPOLICY.to_owned(), critical: false, value: Some(value) }
}
