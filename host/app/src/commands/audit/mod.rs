//! `portcullis audit`: what connectors may do and did, and whether the log of it is as it was written.

mod chain;
mod grouped;
mod report;

use clap::{Args, Subcommand};

use super::setup::Setup;
use crate::show::ExitCode;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Audit {
    #[command(subcommand)]
    what: Option<What>,

    #[command(flatten)]
    report: report::Report,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Find out whether the audit log is as it was written: no line edited, deleted, reordered or cut off.
    Verify(chain::Verify),
    /// Print the public key that verifies the log's signatures. Keep it elsewhere.
    Key,
    /// Go on after a log that is damaged, with a line that says so. Nothing is taken away.
    BeginAnew(chain::BeginAnew),
}

impl Audit {
    pub(super) async fn run(self, setup: &Setup) -> ExitCode {
        match self.what {
            None => self.report.run(setup).await,
            Some(What::Verify(verify)) => verify.run(setup),
            Some(What::Key) => chain::key(setup),
            Some(What::BeginAnew(begin)) => begin.run(setup),
        }
    }
}
