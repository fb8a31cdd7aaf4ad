//! "Is it working?": six steps for one connector, each with a result and a remedy.
//!
//! Read [`examine`] to know what is done, in its order. Nothing is written but by the test reset, which takes the one path
//! of every operation; what the service account may do is read, or asked for in a way that the server cannot carry out.
//! The doctor never sends a password but over the connections of the directory, and never repeats a refused sign-in.

mod configuration;
mod connectivity;
mod every_server;
mod journaled;
mod recent;
mod rights;
mod show;
mod step;
mod test_reset;

use std::time::Duration;

use portcullis_audit::AuditLog;
use portcullis_model::{Fault, Login};
use portcullis_sandbox::{Sandbox, Surface};

pub use journaled::summaries;
pub use recent::{Recent, RecentSummary};
pub use rights::{Besides, besides};
pub use show::{as_json, as_text};
pub use step::{Examination, Finding, Mark, Step, StepName};

use crate::ceiling::Ceiling;
use crate::config::ConnectorFile;
use crate::service::registry::approval::Approvals;
use crate::show::ExitCode;

/// What the operator wants to know.
pub struct Wanted<'a> {
    /// The test account. Without one no password is reset, and rights are looked up only where they can be read.
    pub account: Option<Login>,
    /// Whether its password is reset: the one thing that is written.
    pub reset: bool,
    /// How long to wait until a new password shows on every server.
    pub wait: Duration,
    /// The most that the connector may be granted.
    pub ceiling: Ceiling,
    /// Warnings about the ceiling that concern every connector: words, and what to do.
    pub beside: Vec<(String, String)>,
    /// What the service may run, or why that cannot be known.
    pub approvals: Result<Approvals, Fault>,
    /// Where the test reset is written down, and who typed it; why nothing can be, and then none is done.
    pub audit: &'a Result<(AuditLog, String), Fault>,
    /// Where the recent operations are known; nothing if no service runs here.
    pub recent: Option<&'a dyn Recent>,
}

impl std::fmt::Debug for Wanted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wanted").field("account", &self.account).field("wait", &self.wait).finish_non_exhaustive()
    }
}

/// How a monitor is told of several connectors: by the first of those that are worst.
#[must_use]
pub fn exit_code(all: &[Examination]) -> ExitCode {
    let worst = all.iter().map(Examination::mark).max();
    all.iter().find(|one| Some(one.mark()) == worst).map_or(ExitCode::Done, Examination::exit_code)
}

/// Examines one connector. Takes at most the timeouts of its file for each server, the time of one operation, and
/// [`Wanted::wait`].
pub async fn examine(file: ConnectorFile, sandbox: &Sandbox, wanted: &Wanted<'_>) -> Examination {
    let name = file.name.clone();
    let account = wanted.account.as_ref();
    let (configuration, connector) = configuration::look(&file, sandbox, wanted);
    // No server is contacted, and no secret is sent to one, for a connector that the ceiling forbids.
    // No server is contacted, and no secret is sent to one, for a file that the ceiling forbids: whatever the plugin is.
    let (connectivity, reached) = if wanted.ceiling.check(&file, &Surface::default()).is_empty() {
        connectivity::look(&file).await
    } else {
        connectivity::forbidden()
    };
    let rights = rights::look(connector.as_ref(), &reached, account).await;
    let (test_reset, done) = test_reset::look(connector.as_ref(), &reached, wanted).await;
    let every_server = every_server::look(&reached, done.as_ref(), wanted.wait).await;
    let recent_log = recent::look(&name, wanted.recent);
    Examination {
        connector: name,
        steps: vec![configuration, connectivity, rights, test_reset, every_server, recent_log],
    }
}
