//! One caller, and what it may ask for.

use std::fmt;

use portcullis_model::{Fault, FaultCode, Login, OperationKind};

use super::fold::Wide;
use crate::config::{CallerConfig, See};

/// Somebody who is known. Only [`Callers`](super::Callers) makes one of the configuration, and only for who showed its
/// credential.
pub struct Caller {
    /// The name in log lines, in the journal and in sealed passwords.
    pub name: String,
    rights: Rights,
}

enum Rights {
    /// The operator, who could change the configuration as well.
    Everything,
    Section(Box<Section>),
}

struct Section {
    config: CallerConfig,
    except: Wide,
}

impl Caller {
    /// Who uses the control socket: may ask for everything. The name cannot be a caller's of the configuration.
    #[must_use]
    pub fn operator() -> Self {
        Self { name: "operator".to_owned(), rights: Rights::Everything }
    }

    pub(super) fn new(config: &CallerConfig) -> Self {
        let section = Section { config: config.clone(), except: Wide::new(&config.except) };
        Self { name: config.name.clone(), rights: Rights::Section(Box::new(section)) }
    }

    /// Whether it may ask for this. `except` comes before `accounts`, and holds for every spelling of an account (see
    /// [`folded`](super::folded)); `accounts` takes the name as it is, in any case.
    ///
    /// # Errors
    /// [`FaultCode::CallerNotAllowed`]; the detail names the line of portcullis.toml that says so.
    pub fn may(&self, kind: OperationKind, account: &Login, connector: &str) -> Result<(), Fault> {
        let Rights::Section(section) = &self.rights else { return Ok(()) };
        let config = &section.config;
        // What cannot be seen in a name shows in the log.
        let shown = account.as_str().escape_debug();
        let denied = |line: &str, why: String| {
            let detail = format!("`{line}` of [callers.{}]: {why}", self.name);
            Err(Fault::new(FaultCode::CallerNotAllowed, detail))
        };
        if !config.operations.contains(&kind) {
            return denied("operations", format!("{kind} is not among them"));
        }
        if let Some(why) = section.except.meant(account) {
            return denied("except", format!("{shown} {why}"));
        }
        if !config.accounts.iter().any(|pattern| pattern.matches(account.as_str())) {
            return denied("accounts", format!("{shown} matches none of them"));
        }
        if config.connectors.as_ref().is_some_and(|names| !names.iter().any(|name| name == connector)) {
            return denied("connectors", format!("{connector} is not among them"));
        }
        Ok(())
    }

    /// Whether it may read an operation that the caller of this name asked for.
    #[must_use]
    pub fn may_read(&self, owner: &str) -> bool {
        match &self.rights {
            Rights::Everything => true,
            Rights::Section(section) => section.config.see == See::All || self.name == owner,
        }
    }

    /// Whether it may cancel and retry the operations that it may read.
    #[must_use]
    pub fn may_manage(&self) -> bool {
        match &self.rights {
            Rights::Everything => true,
            Rights::Section(section) => section.config.manage,
        }
    }

    /// The LDAP filter of entries that are never touched for this caller, whatever the connector's own `exclude` is.
    #[must_use]
    pub fn exclude(&self) -> Option<&str> {
        match &self.rights {
            Rights::Everything => None,
            Rights::Section(section) => section.config.exclude.as_deref(),
        }
    }

    /// Whether nothing limits how often it asks.
    pub(super) fn is_operator(&self) -> bool {
        matches!(self.rights, Rights::Everything)
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Caller({:?})", self.name)
    }
}

#[cfg(test)]
mod tests;
