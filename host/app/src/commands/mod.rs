//! The command line: what can be typed, and which command does it.

mod check;
mod connectors;
mod inspect;
mod operations;
mod password;
mod setup;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::show::ExitCode;

const AFTER_HELP: &str = "\
Exit codes: 0 done, 1 Portcullis failed, 2 wrong usage, 10 refused by policy, 11 no such account, 12 not granted,
13 directory unreachable, 14 outcome unknown, 15 done in part, 16 wrong old password or account locked, disabled or
expired, 17 configuration, 18 plugin, 19 directory refused, 20 password not verified.";

/// Carries identity changes into directories through sandboxed connectors.
#[derive(Debug, Parser)]
#[command(name = "portcullis", version, after_help = AFTER_HELP)]
pub struct Cli {
    /// The folder with `connectors/` and `plugins/`.
    #[arg(long, global = true, env = "PORTCULLIS_CONFIG", default_value = "/etc/portcullis", value_name = "DIR")]
    config: PathBuf,

    /// Where compiled plugins are kept; without it a folder of the user's own.
    #[arg(long, global = true, env = "PORTCULLIS_CACHE", value_name = "DIR")]
    cache: Option<PathBuf>,

    /// Which lines of the log go to standard error: error, warn, info, debug.
    #[arg(long, global = true, env = "PORTCULLIS_LOG", default_value = "warn", value_name = "LEVEL")]
    log: tracing::Level,

    /// Answer with JSON, for programs.
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Set a new password without knowing the old one.
    Reset(operations::Reset),
    /// Set a new password, knowing the old one.
    Change(operations::Change),
    /// Let an account sign in again after too many wrong passwords.
    Unlock(OnAccount),
    /// Show what the directory knows of an account.
    Status(OnAccount),
    /// Find out whether a password is the account's. A wrong one counts as a failed sign-in.
    Verify(operations::Verify),
    /// List the connectors, what they answer for, and whether they are usable.
    Connectors,
    /// Look whether connectors, their plugins and their directories are what they should be. Writes nothing.
    Check {
        /// One connector; all of them without it.
        connector: Option<String>,
    },
    /// Show what a plugin file is, what it can do and what it can reach. Runs nothing of it.
    Inspect {
        /// The plugin file.
        plugin: PathBuf,
    },
}

/// What every operation is about.
#[derive(Debug, Args)]
struct OnAccount {
    /// The account, as the connectors' `accounts` patterns know it.
    account: String,

    /// The connector to go through; without it, the one whose `accounts` match.
    #[arg(long, value_name = "NAME")]
    connector: Option<String>,

    /// Show what the connector asked for and what it was allowed.
    #[arg(long)]
    trace: bool,
}

impl Cli {
    /// Does what was typed.
    pub async fn run(self) -> ExitCode {
        setup::log(self.log);
        let setup = setup::Setup { config: self.config, cache: self.cache, json: self.json };
        match self.command {
            Command::Reset(reset) => reset.run(&setup).await,
            Command::Change(change) => change.run(&setup).await,
            Command::Verify(verify) => verify.run(&setup).await,
            Command::Unlock(on) => operations::unlock(&setup, &on).await,
            Command::Status(on) => operations::status(&setup, &on).await,
            Command::Connectors => connectors::run(&setup),
            Command::Check { connector } => check::run(&setup, connector.as_deref()).await,
            Command::Inspect { plugin } => inspect::run(&setup, &plugin),
        }
    }
}
