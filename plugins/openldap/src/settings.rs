//! What the operator writes under `[config]`.

use portcullis_connector::{Fault, config};

use crate::must_change::MustChange;
use crate::variant::Variant;

/// `lockout`: how long a lock lasts in OpenLDAP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lockout {
    /// Until somebody unlocks the account (`pwdLockoutDuration` is 0 or absent).
    UntilUnlocked,
    /// For a while (`pwdLockoutDuration`). A sandbox has no clock: whether a lock still lasts is then not told.
    Timed,
}

/// Every setting, each as it was read.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) variant: Result<Option<Variant>, Fault>,
    pub(crate) lockout: Result<Lockout, Fault>,
    pub(crate) must_change: Result<MustChange, Fault>,
}

impl Settings {
    pub(crate) fn read() -> Self {
        Self { variant: variant(), lockout: Lockout::setting(), must_change: MustChange::setting() }
    }
}

/// `variant`; nothing for `auto`.
pub(crate) fn variant() -> Result<Option<Variant>, Fault> {
    let choices = [("auto", None), ("openldap", Some(Variant::OpenLdap)), ("389ds", Some(Variant::Ds389))];
    config::choice("variant", &choices)
}

impl Lockout {
    pub(crate) fn setting() -> Result<Self, Fault> {
        config::choice("lockout", &[("until-unlocked", Self::UntilUnlocked), ("timed", Self::Timed)])
    }
}
