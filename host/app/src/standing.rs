//! How the bytes of a connector's plugin stand to what was approved: one judgement for typed commands, `check` and
//! `doctor`. Reads nothing and runs nothing.
//!
//! The service runs what is approved or pinned, and nothing else. A typed command also runs what nobody ever approved, so
//! that a connector can be tried before there is a service. It never runs bytes that took the place of approved ones,
//! unless the operator pinned them: a changed byte means not loaded. No text here names the digest of such bytes, because
//! whoever reads one beside the word "pin" pins it.

use portcullis_capabilities::Severity;
use portcullis_model::{Fault, FaultCode};
use portcullis_sandbox::{Digest, Sandbox};

use crate::ceiling::Ceiling;
use crate::check::Finding;
use crate::config::ConnectorFile;
use crate::connector::{Connector, NotStarted};
use crate::service::registry::approval::{Approval, Approvals};

/// How some bytes stand to what was approved and pinned.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// The connector's file pins a digest; whether it is this one is looked at when the connector is made.
    Pinned,
    /// These bytes were approved.
    Approved(Approval),
    /// A file of this name was approved, last with these bytes, and this one has others.
    Changed(Approval),
    /// Others were approved, and never a file of this name.
    NotAmong,
    /// Nobody ever approved anything.
    NothingApproved,
    /// What was approved cannot be known.
    NotKnown(Fault),
}

impl Standing {
    /// How the plugin of a connector stands, with these bytes.
    #[must_use]
    pub fn of(file: &ConnectorFile, digest: Digest, approvals: &Result<Approvals, Fault>) -> Self {
        let approvals = match approvals {
            _ if file.sha256.is_some() => return Self::Pinned,
            Ok(approvals) => approvals,
            Err(fault) => return Self::NotKnown(fault.clone()),
        };
        match (approvals.get(digest), approvals.last_of(&file.plugin)) {
            (Some(this), _) => Self::Approved(this.clone()),
            (None, Some(last)) => Self::Changed(last.clone()),
            (None, None) if approvals.is_empty() => Self::NothingApproved,
            (None, None) => Self::NotAmong,
        }
    }

    /// Why a typed command does not run the plugin either.
    #[must_use]
    pub fn refuses(&self, file: &ConnectorFile) -> Option<Fault> {
        match self {
            Self::Changed(last) => {
                let text = format!(
                    "{} is not the version that {} approved {}: its bytes have changed since, and nobody approved these; \
                     `portcullis approve {}` shows what is new",
                    file.plugin.display(),
                    last.by,
                    last.at,
                    file.name
                );
                Some(Fault::new(FaultCode::PluginNotApproved, text))
            }
            Self::NotKnown(fault) => {
                let text =
                    format!("it cannot be known whether {} was approved: {}", file.plugin.display(), fault.detail);
                Some(Fault { detail: text, ..fault.clone() })
            }
            Self::Pinned | Self::Approved(_) | Self::NotAmong | Self::NothingApproved => None,
        }
    }

    /// What `check` and `doctor` say of it; nothing of a pin, which they look at themselves.
    #[must_use]
    pub fn finding(&self, file: &ConnectorFile, digest: Digest) -> Option<Finding> {
        let approve = format!("`portcullis approve {}`", file.name);
        match self {
            Self::Pinned => None,
            Self::Approved(this) => {
                Some(Finding::new(Severity::Good, format!("{} approved the plugin for the service", this.by), ""))
            }
            Self::Changed(_) => {
                let remedy = format!("find out who changed the file; {approve} shows what is new");
                self.refuses(file).map(|fault| Finding::problem(fault.to_string(), remedy, fault.code))
            }
            Self::NotAmong => {
                let code = FaultCode::PluginNotApproved;
                let text = format!("{code}: nobody approved {}: the service does not run it", file.plugin.display());
                let remedy = format!("find out who put the file there; {approve} shows what it asks for");
                Some(Finding::problem(text, remedy, code))
            }
            Self::NothingApproved => {
                let remedy = format!(
                    "if it is the one that you reviewed, type {approve}, or write sha256 = \"{digest}\" into {}",
                    file.path.display()
                );
                Some(Finding::new(Severity::Warning, "the plugin is not pinned: any file of its name is run", remedy))
            }
            Self::NotKnown(_) => {
                let remedy = "mend approved.toml as the text says, or put back what `portcullis approve` wrote: until \
                              then nothing runs that is not pinned";
                self.refuses(file).map(|fault| Finding::problem(fault.to_string(), remedy, fault.code))
            }
        }
    }
}

/// Makes a connector ready for a typed command, with how its plugin stands to what was approved.
///
/// # Errors
/// As [`Connector::start`]; and `plugin-not-approved`, before anything is linked or opened, where the plugin was changed
/// since its approval.
pub fn start(
    file: ConnectorFile,
    sandbox: &Sandbox,
    ceiling: &Ceiling,
    approvals: &Result<Approvals, Fault>,
) -> Result<(Connector, Standing), (NotStarted, Option<Finding>)> {
    let plugin = ceiling.load(sandbox, &file.plugin).map_err(|fault| (fault.into(), None))?;
    let standing = Standing::of(&file, plugin.digest(), approvals);
    if let Some(fault) = standing.refuses(&file) {
        return Err((fault.into(), standing.finding(&file, plugin.digest())));
    }
    let connector = Connector::of_plugin(file, plugin, None, sandbox, ceiling);
    connector.map(|connector| (connector, standing)).map_err(|not_started| (not_started, None))
}
