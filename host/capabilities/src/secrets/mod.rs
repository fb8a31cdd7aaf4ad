//! The capability `secrets`: passwords as handles. It is given to every connector, since a handle alone does nothing:
//! its one function tells which password it is. Reading one is [`crate::reveal`], placing one is [`crate::ldap`].

mod host;

use std::sync::Arc;

use portcullis_model::Password;

/// Which password of the operation a handle stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// The one to be set.
    New,
    /// The present one, as the caller knows it.
    Old,
    /// The one to be verified.
    Candidate,
}

impl Label {
    /// The name in the interface.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Old => "old",
            Self::Candidate => "candidate",
        }
    }
}

/// A password behind a handle.
#[derive(Debug, Clone)]
pub struct Held {
    /// Which one it is.
    pub label: Label,
    /// The password itself; it never crosses into the sandbox.
    pub secret: Arc<Password>,
}
