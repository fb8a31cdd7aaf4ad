//! How an embedded directory is opened.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use serde::Deserialize;

use super::Policy;

/// Which directory this one plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// Itself: the attributes and codes of the password policy draft, with texts that a person can act on.
    #[default]
    Plain,
    /// slapd with the ppolicy overlay.
    #[serde(rename = "openldap")]
    OpenLdap,
    /// Active Directory.
    ActiveDirectory,
}

/// What time it is.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// How a directory is opened.
#[derive(Clone)]
pub struct Settings {
    /// Its name in answers, after `embedded:`.
    pub name: String,
    /// LDIF that it is filled from, unless there is a state already.
    pub seed: Option<PathBuf>,
    /// Where it is kept; with nothing, it is gone when the process ends.
    pub state: Option<PathBuf>,
    /// The password policy.
    pub policy: Policy,
    /// Which directory it plays.
    pub dialect: Dialect,
    /// Asked for the age of passwords; the system's by default.
    pub clock: Clock,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: "memory".to_owned(),
            seed: None,
            state: None,
            policy: Policy::default(),
            dialect: Dialect::default(),
            clock: Arc::new(SystemTime::now),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, seed, state, policy, dialect, clock: _ } = self;
        let mut shown = f.debug_struct("Settings");
        shown.field("name", name).field("seed", seed).field("state", state).field("policy", policy);
        shown.field("dialect", dialect).finish_non_exhaustive()
    }
}
