//! `portcullis audit [CONNECTOR]`: reads the files, the plugins and the log, and says what `crate::audit::report` and
//! `crate::audit::findings` make of them. Nothing of a plugin runs, and nothing is connected without `--live`.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use clap::{Args, ValueEnum};
use portcullis_audit::PublicKey;
use portcullis_model::{Fault, FaultCode};
use portcullis_sandbox::Sandbox;
use rustix::fs::OFlags;

use super::chain::parse_key;
use crate::audit::findings::{self, Severity};
use crate::audit::report::{self, Approved, CeilingFacts, Place, PluginFacts, Rights, Subject, Text, used};
use crate::audit::show as form;
use crate::ceiling::{CEILING_FILE, Ceiling};
use crate::commands::ceiling::Lying;
use crate::commands::duration::{ago, any};
use crate::commands::recorded::is_link;
use crate::commands::setup::{Setup, complain};
use crate::config::{ConnectorFile, DirectorySource, Folder};
use crate::doctor::{Besides, besides};
use crate::service::registry::approval::Approvals;
use crate::show::{self, ExitCode};

#[derive(Debug, Args)]
pub(super) struct Report {
    /// One connector; all of them without it.
    connector: Option<String>,

    /// In which form: for people, for programs (the same as `--json`), for code scanning (SARIF 2.1.0), or as one page
    /// for a reviewer, to be opened in a browser. Without it for people.
    // The values stand in the name: mandoc does not like the list of them that comes otherwise.
    #[arg(long, value_name = "text|json|sarif|html", value_enum, hide_possible_values = true)]
    format: Option<Format>,

    /// Into this file, instead of standard output.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,

    /// From which severity on findings end the command with code 23.
    #[arg(long, value_name = "error|warning|note", value_enum, hide_possible_values = true, default_value_t = FailOn::Warning)]
    fail_on: FailOn,

    /// How far back the log is looked at for what was used: 90d, 12h.
    #[arg(long, value_name = "TIME", value_parser = any, allow_hyphen_values = true)]
    since: Option<Duration>,

    /// Connect to the directories as the service accounts, and find out whether these have more rights than the grants
    /// need. Writes nothing.
    #[arg(long)]
    live: bool,

    /// The public key that `portcullis audit key` printed when the log was begun; without it the one beside the log.
    #[arg(long, value_name = "BASE64", value_parser = parse_key)]
    key: Option<PublicKey>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Sarif,
    Html,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Error,
    Warning,
    Note,
}

impl Report {
    pub(super) async fn run(self, setup: &Setup) -> ExitCode {
        if setup.json && self.format.is_some_and(|format| format != Format::Json) {
            complain("error: `--json` is `--format json`, and another form was asked for: leave one of them away\n");
            return ExitCode::Usage;
        }
        let loaded = setup.folder().and_then(|folder| setup.sandbox().map(|sandbox| (folder, sandbox)));
        let (mut folder, sandbox) = match loaded {
            Ok(both) => both,
            Err(code) => return code,
        };
        if let Some(name) = &self.connector {
            let names = folder.names();
            folder.usable.retain(|file| file.name == *name);
            folder.broken.retain(|broken| broken.name == *name);
            if folder.names().is_empty() {
                return setup.fault(&setup.unknown(name, &names));
            }
        }
        let ceiling = match setup.ceiling() {
            Ok(ceiling) => ceiling,
            Err(code) => return code,
        };
        let report = self.gather(setup, &folder, &sandbox, &ceiling).await;
        let written = self.shown(setup, &report).and_then(|text| match &self.to {
            None => {
                setup.print(&text);
                Ok(())
            }
            Some(path) => write(path, &text),
        });
        if let Err(why) = written {
            return setup.fault(&Fault::new(FaultCode::Misconfigured, format!("the report cannot be written: {why}")));
        }
        let from = match self.fail_on {
            FailOn::Error => Severity::Error,
            FailOn::Warning => Severity::Warning,
            FailOn::Note => Severity::Note,
        };
        if report.findings_from(from) == 0 { ExitCode::Done } else { ExitCode::AuditFindings }
    }

    fn shown(&self, setup: &Setup, report: &report::Report) -> Result<String, String> {
        match self.format.unwrap_or(if setup.json { Format::Json } else { Format::Text }) {
            Format::Html => Ok(form::html(report)),
            Format::Sarif => {
                let here = std::env::current_dir().map_err(|error| format!("the folder of this run: {error}"))?;
                Ok(show::to_text(&form::sarif(report, &here)))
            }
            Format::Text => Ok(form::text(report)),
            Format::Json => form::json(report).map(|value| show::to_text(&value)).map_err(|error| error.to_string()),
        }
    }

    async fn rights(&self, file: &ConnectorFile) -> Rights {
        let servers = file.ldap.as_ref().is_some_and(|ldap| matches!(ldap.source, DirectorySource::Servers(_)));
        if !self.live || !servers {
            return Rights::NotLookedAt;
        }
        match besides(file).await {
            Ok(Besides { target, attributes }) => {
                Rights::Seen { target: target.into(), besides: attributes.iter().map(Text::from).collect() }
            }
            Err(why) => Rights::NotTold { why: why.into() },
        }
    }

    async fn gather(
        &self,
        setup: &Setup,
        Folder { usable: files, broken }: &Folder,
        sandbox: &Sandbox,
        ceiling: &Ceiling,
    ) -> report::Report {
        let since = self.since.map(ago);
        let (log, used) = used::read(&setup.state, files, since, self.key.clone());
        let approvals = Approvals::read(&setup.state);
        let mut connectors = Vec::with_capacity(files.len());
        let path = setup.ceiling.clone().unwrap_or_else(|| setup.config.join(CEILING_FILE));
        let facts = Lying::of(setup, ceiling).map(|lying| CeilingFacts {
            file: lying.file.display().to_string().into(),
            sha256: lying.sha256.into(),
            owner: lying.owner.into(),
            not_apart: lying.not_apart.map(|path| path.display().to_string().into()),
        });
        let mut all = findings::of_all(&log, facts.as_ref(), Place::whole(&path));
        all.extend(broken.iter().flat_map(findings::of_broken));
        let nothing = used::Used::default();
        for file in files {
            let subject = Subject {
                file,
                plugin: &plugin(sandbox, ceiling, &file.plugin, &approvals),
                ceiling,
                used: used.get(&file.name).unwrap_or(&nothing),
                log: &log,
                rights: &self.rights(file).await,
            };
            connectors.push(report::of(&subject));
            all.extend(findings::of(&subject));
        }
        findings::sort(&mut all);
        report::Report {
            version: report::VERSION,
            portcullis: env!("CARGO_PKG_VERSION"),
            made: humantime::format_rfc3339_seconds(SystemTime::now()).to_string().into(),
            configuration: setup.config.display().to_string().into(),
            ceiling: facts,
            log,
            connectors,
            findings: all,
        }
    }
}

/// Writes the file anew, and never what a link in its place points to.
fn write(path: &Path, text: &str) -> Result<(), String> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    options.open(path).and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| match is_link(&error) {
        true => format!("{} is a link: name the file itself", path.display()),
        false => format!("{}: {error}", path.display()),
    })
}

/// A plugin's file, and whether the service would run it.
fn plugin(sandbox: &Sandbox, ceiling: &Ceiling, path: &Path, approvals: &Result<Approvals, Fault>) -> PluginFacts {
    let plugin = match sandbox.load(path) {
        Ok(plugin) => plugin,
        Err(error) => {
            let unusable = Some(error.to_string());
            return PluginFacts { path: path.to_owned(), unusable, ..PluginFacts::default() };
        }
    };
    let approval = match approvals {
        Err(fault) => Approved::NotKnown(fault.to_string()),
        Ok(approvals) => match (approvals.get(plugin.digest()), approvals.last_of(path)) {
            (Some(this), _) => Approved::This { at: this.at.clone(), by: this.by.clone() },
            (None, Some(last)) => Approved::Other { sha256: last.sha256.clone(), at: last.at.clone() },
            (None, None) => Approved::Never,
        },
    };
    // What its binary says is told in any case; whether the ceiling lets it be loaded is told besides.
    let (signer, mistrusted) = match ceiling.load(sandbox, path) {
        Ok(plugin) => (plugin.signed().map(|signed| signed.signer.clone()), None),
        Err(fault) => (None, Some(fault)),
    };
    PluginFacts { approval, signer, mistrusted, ..PluginFacts::of(path.to_owned(), &plugin) }
}
