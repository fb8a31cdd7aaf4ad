//! The command line: what can be typed, and which command does it.

mod alarms;
mod approve;
mod audit;
mod ceiling;
mod check;
mod completions;
mod connectors;
mod doctor;
mod duration;
mod inspect;
mod manual;
mod operations;
mod password;
mod recorded;
mod replay;
mod service;
mod setup;
mod terminal;
mod token;

use std::path::PathBuf;

pub(crate) use setup::complain;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, Parser, Subcommand};

use crate::show::ExitCode;

/// The heading of the options that every command takes.
const EVERYWHERE: &str = "Everywhere";

/// Carries identity changes into directories through sandboxed connectors.
#[derive(Debug, Parser)]
#[command(name = "portcullis", version, after_help = ExitCode::table())]
pub struct Cli {
    /// The folder with `connectors/` and `plugins/`.
    #[arg(
        long,
        global = true,
        help_heading = EVERYWHERE,
        env = "PORTCULLIS_CONFIG",
        hide_env_values = true,
        default_value = "/etc/portcullis",
        value_name = "DIR"
    )]
    config: PathBuf,

    /// The security team's file: the most that any connector may be granted. It must be there; without this the file
    /// ceiling.toml in the folder of the configuration is used, if there is one.
    #[arg(long, global = true, help_heading = EVERYWHERE, env = "PORTCULLIS_CEILING", hide_env_values = true, value_name = "FILE")]
    ceiling: Option<PathBuf>,

    /// Where compiled plugins are kept; without it a folder of the user's own.
    #[arg(long, global = true, help_heading = EVERYWHERE, env = "PORTCULLIS_CACHE", hide_env_values = true, value_name = "DIR")]
    cache: Option<PathBuf>,

    /// Where the service keeps its journal and its keys; without it where systemd says, or /var/lib/portcullis.
    #[arg(long, global = true, help_heading = EVERYWHERE, env = "PORTCULLIS_STATE", hide_env_values = true, value_name = "DIR")]
    state: Option<PathBuf>,

    /// Which lines of the log go to standard error: error, warn, info, debug. Without it warn, and info for `serve`.
    #[arg(long, global = true, help_heading = EVERYWHERE, env = "PORTCULLIS_LOG", hide_env_values = true, value_name = "LEVEL")]
    log: Option<tracing::Level>,

    /// Answer with JSON, for programs.
    #[arg(long, global = true, help_heading = EVERYWHERE)]
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
    /// Look whether portcullis.toml, connectors, plugins and directories are what they should be. Changes nothing.
    Check {
        /// One connector; all of them, and portcullis.toml, without it.
        connector: Option<String>,
    },
    /// Serve callers until told to stop.
    Serve(service::serve::Serve),
    /// Look at what the service was asked for, try it again, or take it back.
    #[command(subcommand)]
    Operations(service::operations::Operations),
    /// Look at the keys for sealed passwords, or make a new one.
    #[command(subcommand)]
    Keys(service::keys::Keys),
    /// Seal a password for one operation, as a caller would.
    Seal(service::seal::Seal),
    /// Write the service's journal into a file, also while the service runs.
    Backup {
        /// The file, which must not exist yet.
        to: PathBuf,
    },
    /// Put a journal back that `backup` wrote. The service must not run.
    Restore {
        /// The file that `backup` wrote.
        from: PathBuf,
    },
    /// Make a token for a caller of the service, and the line for portcullis.toml. The token is shown this once.
    Token,
    /// Show what a plugin asks for, and let the service run it from now on. Runs nothing of it.
    Approve(approve::Approve),
    /// Show what connectors may do and did, what should be tightened, and whether the log of it is as it was written.
    Audit(audit::Audit),
    /// List the alarms of the audit log, for people and for monitoring: it ends with 23 if there are any.
    Alarms(alarms::Alarms),
    /// Find out in six steps whether connectors work, each with what to do. Writes nothing but with a test account.
    Doctor(doctor::Doctor),
    /// Record what the running service does next, for `replay`. A recording holds no password.
    Record(service::record::Record),
    /// Run recorded operations again without a directory, and say what other grants or another plugin would have broken.
    Replay(replay::Replay),
    /// Show what a plugin file is, what it can do and what it can reach. Runs nothing of it.
    Inspect(inspect::Inspect),
    /// Print the completions of a shell. The Debian package brings them along.
    Completions {
        /// The shell.
        // As with the forms of `audit`: mandoc does not like the list of values that comes otherwise.
        #[arg(value_name = "bash|zsh|fish", hide_possible_values = true)]
        shell: completions::Shell,
    },
    /// Print the man page, or write those of all commands. The Debian package brings them along.
    Man {
        /// The folder into which one file for each command is written; it is made if it is not there.
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
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

    /// Add a recording of the operation to a file, for `replay`. It holds no password.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

impl Cli {
    /// What was typed; ends the process where it makes no sense, or asks for help.
    #[must_use]
    pub fn from_command_line() -> Self {
        Self::try_parse().unwrap_or_else(|error| usage(error).exit())
    }

    /// Does what was typed.
    pub async fn run(self) -> ExitCode {
        // The service's log is what portcullis.toml says.
        if !matches!(self.command, Command::Serve(_)) {
            // What a replay would deny is its answer, and nothing that happened.
            let replay = matches!(self.command, Command::Replay(_));
            let usual = if replay { tracing::Level::ERROR } else { tracing::Level::WARN };
            setup::log(self.log.unwrap_or(usual));
        }
        let state = self.state.unwrap_or_else(service::default_state);
        let setup =
            setup::Setup { config: self.config, ceiling: self.ceiling, state, cache: self.cache, json: self.json };
        match self.command {
            Command::Reset(reset) => reset.run(&setup).await,
            Command::Change(change) => change.run(&setup).await,
            Command::Verify(verify) => verify.run(&setup).await,
            Command::Unlock(on) => operations::unlock(&setup, &on).await,
            Command::Status(on) => operations::status(&setup, &on).await,
            Command::Connectors => connectors::run(&setup).await,
            Command::Check { connector } => check::run(&setup, connector.as_deref()).await,
            Command::Serve(serve) => serve.run(&setup, self.log.unwrap_or(tracing::Level::INFO)).await,
            Command::Operations(operations) => operations.run(&setup).await,
            Command::Keys(keys) => keys.run(&setup),
            Command::Seal(seal) => seal.run(&setup),
            Command::Backup { to } => service::backup::backup(&setup, &to).await,
            Command::Restore { from } => service::backup::put_back(&setup, &from),
            Command::Token => token::run(&setup),
            Command::Approve(approve) => approve.run(&setup),
            Command::Audit(audit) => audit.run(&setup).await,
            Command::Alarms(alarms) => alarms.run(&setup),
            Command::Doctor(doctor) => doctor.run(&setup).await,
            Command::Record(record) => record.run(&setup).await,
            Command::Replay(replay) => replay.run(&setup).await,
            Command::Inspect(inspect) => inspect.run(&setup),
            Command::Completions { shell } => completions::run(&setup, shell),
            Command::Man { dir } => manual::run(&setup, dir.as_deref()),
        }
    }
}

/// People try to give a password as an argument. It is refused, and must not go from there into a log as well.
fn usage(mut error: clap::Error) -> clap::Error {
    let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg) else { return error };
    let plain = argument.starts_with("--") && argument.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    if error.kind() == ErrorKind::TooManyValues {
        error.insert(ContextKind::InvalidValue, ContextValue::String("(not shown)".to_owned()));
    }
    if error.kind() == ErrorKind::UnknownArgument && !plain {
        error.insert(ContextKind::InvalidArg, ContextValue::String("(not shown, it may be a password)".to_owned()));
        let tip = "passwords are never arguments: leave it away to be asked, or use '--password-stdin'".into();
        error.remove(ContextKind::SuggestedArg);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    }
    error
}
