//! The ceiling: the most that any connector may ever be granted. The security team's file, `ceiling.toml`.
//!
//! A connector runs with what its plugin requests and its file grants; a file that grants more than the ceiling allows
//! does not start. Two rules decide everything: what the ceiling does not name is not allowed, and what it may demand
//! (a signature, a pinned digest, an exclusion) is demanded unless it says otherwise. Limits and the version of TLS,
//! which cannot be nothing, are those of a connector's file that names none.
//!
//! The path is that of every other file: `text -> shape (serde) -> checks -> plain data`. [`Ceiling::check`] compares and
//! reads nothing; [`load`] and [`Ceiling::load`] read files. Nothing here grants anything.

mod check;
mod excess;
mod file;
mod keys;
mod owner;
mod read;
mod rules;
mod servers;
mod signature;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

pub use excess::{Excess, Excesses};
pub use owner::Owner;
pub use rules::{LdapRules, PluginRules, Rules, SettingRule, Signer};
pub use servers::ServerPattern;

pub(crate) use signature::{load_signed, signature_of};

use crate::config::Problems;
use crate::config::check::Check;
use crate::config::diagnostic::Findings;
use crate::config::{ConnectorFile, broken, read as shape};
use portcullis_sandbox::{Digest, Surface};

/// The name of the file in the folder of the configuration.
pub const CEILING_FILE: &str = "ceiling.toml";

/// The most that any connector may be granted; without a file there is none, and everything is allowed.
#[derive(Debug, Clone, Default)]
pub struct Ceiling {
    rules: Option<Arc<Rules>>,
    owner: Option<Arc<Owner>>,
}

impl Ceiling {
    /// No ceiling: a connector may be granted anything.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// What it says; nothing without a file.
    #[must_use]
    pub fn rules(&self) -> Option<&Rules> {
        self.rules.as_deref()
    }

    /// Everything in a connector's file, and in what its plugin imports, that is more than the ceiling allows. Pure.
    #[must_use]
    pub fn check(&self, file: &ConnectorFile, surface: &Surface) -> Vec<Excess> {
        let Some(rules) = &self.rules else { return Vec::new() };
        check::above(file, surface, rules).into_iter().map(|above| Excess::of(above, file, rules)).collect()
    }

    /// The SHA-256 of the file's text: two ceilings with the same one are the same.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        self.rules.as_ref().map(|rules| rules.digest)
    }

    /// Whose the file is; nothing without a file.
    #[must_use]
    pub fn owner(&self) -> Option<&Owner> {
        self.owner.as_deref()
    }

    /// Reads a text; the path only stands in messages.
    ///
    /// # Errors
    /// All [`Problems`] of the text.
    pub fn of_text(text: &str, path: &Path) -> Result<Self, Problems> {
        let mut findings = Findings::new(&path.display().to_string(), text);
        let read = shape::shape(text, &keys::CEILING, &mut findings);
        let rules = read.and_then(|read| {
            let mut check = Check { findings: &mut findings, text, path, keys: &keys::CEILING };
            check.ceiling(read)
        });
        let warnings = findings.finish()?;
        let rules = rules.map(|rules| Rules { warnings, ..rules }).ok_or_else(|| broken(path))?;
        Ok(Self { rules: Some(Arc::new(rules)), owner: None })
    }
}

/// Reads the ceiling: the file that is named, which must be there, or `ceiling.toml` in the folder of the configuration,
/// which need not.
///
/// # Errors
/// All [`Problems`] of the file; also where others than its owner could change or replace it.
pub fn load(config: &Path, named: Option<&Path>) -> Result<Ceiling, Problems> {
    let path = match named {
        Some(path) => path.to_owned(),
        None => {
            let path = config.join(CEILING_FILE);
            // A link to nowhere is a mistake, not an absent file.
            if std::fs::symlink_metadata(&path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
                return Ok(Ceiling::none());
            }
            path
        }
    };
    let (text, owner) = owner::text_of(&path)?;
    Ok(Ceiling { owner: Some(Arc::new(owner)), ..Ceiling::of_text(&text, &path)? })
}
