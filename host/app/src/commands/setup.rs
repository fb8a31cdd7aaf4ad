//! What the commands share: the configuration, the sandbox with its cache, the log, and how they end.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use portcullis_audit::{About, AuditLog, Entry, Fact};
use portcullis_model::{Fault, FaultCode, Login};
use portcullis_sandbox::{Cache, Sandbox, SandboxOptions};
use serde_json::{Value, json};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::approve::who;
use crate::audit;
use crate::ceiling::{self, Ceiling};
use crate::config::{self, ConnectorFile, Problems};
use crate::connector::{Connector, NotStarted};
use crate::observe::ours;
use crate::show::{self, ExitCode};

/// Slots of a command's sandbox: it does one thing.
const SLOTS: u32 = 4;

/// What was given on the command line for every command.
pub(super) struct Setup {
    pub(super) config: PathBuf,
    pub(super) ceiling: Option<PathBuf>,
    pub(super) state: PathBuf,
    pub(super) cache: Option<PathBuf>,
    pub(super) json: bool,
}

/// The log goes to standard error, so that standard output holds the receipt alone. Only the host's and the connectors'
/// lines: libraries below log what they send.
pub(super) fn log(level: tracing::Level) {
    let targets = ours(LevelFilter::from_level(level));
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours);
    let lines = lines.with_target(false).without_time();
    // Only a test that runs two commands in one process sets it twice; the first one counts.
    let _ = tracing_subscriber::registry().with(lines).with(targets).try_init();
}

impl Setup {
    /// Every connector's file.
    pub(super) fn files(&self) -> Result<Vec<ConnectorFile>, ExitCode> {
        config::load_folder(&self.config).map_err(|problems| self.problems(problems))
    }

    /// The ceiling. One that cannot be used is none that may be left away.
    pub(super) fn ceiling(&self) -> Result<Ceiling, ExitCode> {
        ceiling::load(&self.config, self.ceiling.as_deref()).map_err(|problems| self.problems(problems))
    }

    /// Makes the state folder, if it is not there. Nobody but the service's user looks into it.
    pub(super) fn make_state_folder(&self) -> Result<(), Fault> {
        use std::os::unix::fs::DirBuilderExt as _;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.state).map_err(|error| {
            let text = format!(
                "the state folder {} cannot be made: {error}; name another one with --state, or make it for this user",
                self.state.display()
            );
            Fault::new(FaultCode::Misconfigured, text)
        })
    }

    /// The audit log, to write into.
    ///
    /// # Errors
    /// It cannot be written: then nothing is done that belongs into it.
    pub(super) fn audit_log(&self) -> Result<AuditLog, Fault> {
        self.make_state_folder().map_err(|fault| Fault::new(FaultCode::AuditUnwritable, fault.detail))?;
        audit::open(&self.state)
    }

    /// Writes into the audit log what somebody did by a command.
    pub(super) fn audit(&self, fact: impl Into<Fact>) -> Result<(), Fault> {
        let log = self.audit_log()?;
        let about = About { caller: Some(format!("user:{}", who())), ..About::default() };
        let written = log.append_blocking(vec![Entry::now(about, fact)]);
        log.close();
        written.map_err(|error| audit::unwritable(&error))
    }

    /// Writes down which files of the plugins' cache were found altered.
    pub(super) fn tell_altered(&self, sandbox: &Sandbox) -> Result<(), Fault> {
        audit::altered(sandbox).into_iter().try_for_each(|altered| self.audit(altered))
    }

    /// Where compiled plugins are kept, if anywhere.
    pub(super) fn plugin_cache(&self) -> Option<Cache> {
        let folder = self.cache.clone().or_else(default_cache)?;
        Cache::open(folder).inspect_err(|error| tracing::warn!("plugins will not be cached: {error}")).ok()
    }

    /// The sandbox. A cache that cannot be used is a warning: plugins are compiled again each time.
    pub(super) fn sandbox(&self) -> Result<Sandbox, ExitCode> {
        Sandbox::new(SandboxOptions { slots: SLOTS }, self.plugin_cache()).map_err(|error| {
            self.fault(&Fault::new(FaultCode::HostInternal, format!("the sandbox cannot be made: {error:#}")))
        })
    }

    /// The one connector that answers for an account.
    pub(super) fn route(&self, account: &Login, wanted: Option<&str>) -> Result<ConnectorFile, ExitCode> {
        let files = self.files()?;
        let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
        let mut answering: Vec<ConnectorFile> = files
            .into_iter()
            .filter(|file| {
                wanted.is_none_or(|name| file.name == name) && file.accounts.iter().any(|p| p.matches(account.as_str()))
            })
            .collect();
        let fault = match (answering.pop(), answering.is_empty(), wanted) {
            (Some(file), true, _) => return Ok(file),
            (Some(file), false, _) => {
                let mut all: Vec<_> = answering.into_iter().map(|file| file.name).chain([file.name]).collect();
                all.sort();
                Fault::new(
                    FaultCode::ConnectorAmbiguous,
                    format!("{account} matches `accounts` of {}", all.join(" and ")),
                )
            }
            (None, _, Some(name)) if !names.iter().any(|n| n == name) => self.unknown(name, &names),
            (None, _, Some(name)) => {
                Fault::new(FaultCode::NoConnector, format!("{account} matches no pattern in `accounts` of {name}"))
            }
            (None, ..) => {
                let text = format!("{account} matches no pattern in `accounts` of {}", names.join(", "));
                Fault::new(FaultCode::NoConnector, text)
            }
        };
        Err(self.fault(&fault))
    }

    /// Leaves nothing but the connector of this name, if there is one to leave.
    pub(super) fn only(&self, files: &mut Vec<ConnectorFile>, name: Option<&str>) -> Result<(), ExitCode> {
        let Some(name) = name else { return Ok(()) };
        let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
        files.retain(|file| file.name == name);
        if files.is_empty() { Err(self.fault(&self.unknown(name, &names))) } else { Ok(()) }
    }

    /// The fault of a connector's name that is none.
    pub(super) fn unknown(&self, name: &str, names: &[String]) -> Fault {
        let folder = self.config.join("connectors");
        let text = format!("{} holds no {name}.toml; it holds: {}", folder.display(), names.join(", "));
        Fault::new(FaultCode::UnknownConnector, text)
    }

    /// Makes a connector ready, or says why not.
    pub(super) fn start(&self, file: ConnectorFile) -> Result<Connector, ExitCode> {
        for warning in &file.warnings {
            tracing::info!("{}: {warning}", file.path.display());
        }
        let (ceiling, sandbox) = (self.ceiling()?, self.sandbox()?);
        let connector = Connector::start(file, &sandbox, &ceiling);
        self.tell_altered(&sandbox).map_err(|fault| self.fault(&fault))?;
        connector.map_err(|not_started| self.not_started(not_started))
    }

    /// Says why a connector was not started: what is above the ceiling as the mistakes of a file are said.
    pub(super) fn not_started(&self, not_started: NotStarted) -> ExitCode {
        let excesses = match not_started {
            NotStarted::Above(excesses) => excesses,
            NotStarted::Fault(fault) => return self.fault(&fault),
        };
        let fault = excesses.fault();
        if self.json {
            let object = json!({ "outcome": "refused", "fault": show::fault_json(&fault), "excesses": excesses.all });
            self.print(&show::to_text(&object));
        } else {
            report(Box::new(excesses));
        }
        ExitCode::of_fault(&fault)
    }

    /// Says a fault that ends the command before there was an operation.
    pub(super) fn fault(&self, fault: &Fault) -> ExitCode {
        if self.json {
            self.print(&show::to_text(&json!({ "outcome": "refused", "fault": show::fault_json(fault) })));
        } else {
            complain(&show::fault("Refused", fault));
        }
        ExitCode::of_fault(fault)
    }

    /// Says what is wrong with the configuration: file, line, text, why, and what to write instead.
    pub(super) fn problems(&self, problems: Problems) -> ExitCode {
        if self.json {
            let all: Vec<Value> = problems.all().iter().map(show::problem_json).collect();
            let fault = show::fault_json(&Fault::new(FaultCode::Misconfigured, problems.to_string()));
            self.print(&show::to_text(&json!({ "outcome": "refused", "fault": fault, "problems": all })));
        } else {
            report(Box::new(problems));
        }
        ExitCode::Configuration
    }

    /// Writes to standard output. A reader that went away is not a fault of the operation.
    pub(super) fn print(&self, text: &str) {
        let _ = std::io::stdout().lock().write_all(text.as_bytes());
    }
}

/// A report in a form of its own; without it the form is one for the whole process.
struct Shown {
    handler: miette::MietteHandler,
    problems: Box<dyn miette::Diagnostic>,
}

/// Says what is wrong in files, line by line.
fn report(problems: Box<dyn miette::Diagnostic>) {
    // A terminal is as wide as it is; in a log a message stands in one line, to be found again.
    let wrap = std::io::stderr().is_terminal();
    let handler = miette::MietteHandlerOpts::new().wrap_lines(wrap).build();
    complain(&format!("{:?}\n", Shown { handler, problems }));
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        miette::ReportHandler::debug(&self.handler, &*self.problems, f)
    }
}

pub(crate) fn complain(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// The folder that systemd, the desktop or the home folder provides, in this order.
fn default_cache() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    folder("CACHE_DIRECTORY")
        .map(|folder| folder.join("plugins"))
        .or_else(|| folder("XDG_CACHE_HOME").map(|folder| folder.join("portcullis")))
        .or_else(|| folder("HOME").map(|home| home.join(".cache/portcullis")))
}
