//! `portcullis replay`: recorded operations once more, without a directory, with other grants or another plugin.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use portcullis_model::{Fault, FaultCode};

use super::setup::Setup;
use crate::config::{self, ConnectorFile};
use crate::connector::unloadable;
use crate::recording::{self, Recording, Unreadable};
use crate::replay::{Against, Verdict};
use crate::show::{self, ExitCode, Replayed};

#[derive(Debug, Args)]
pub(super) struct Replay {
    /// Files that `portcullis record` or `--record` wrote.
    #[arg(required = true, value_name = "RECORDING")]
    recordings: Vec<PathBuf>,

    /// The connector's file to try; without it, the one that the connector has now.
    #[arg(long, value_name = "FILE")]
    grants: Option<PathBuf>,

    /// The plugin to try, whatever the connector's file names or pins.
    #[arg(long, value_name = "FILE")]
    plugin: Option<PathBuf>,

    /// Only what this connector did.
    #[arg(long, value_name = "NAME")]
    connector: Option<String>,
}

/// A recording and where it stands.
struct Found {
    at: String,
    recording: Recording,
}

impl Replay {
    pub(super) async fn run(self, setup: &Setup) -> ExitCode {
        let found = match self.found() {
            Ok(found) => found,
            Err(fault) => return setup.fault(&fault),
        };
        let mut connectors: Vec<&str> = found.iter().map(|found| found.recording.connector.as_str()).collect();
        connectors.sort_unstable();
        connectors.dedup();
        if connectors.len() > 1 && (self.grants.is_some() || self.plugin.is_some()) {
            let text = format!("the recordings are of {}: say which with --connector", connectors.join(" and "));
            return setup.fault(&Fault::new(FaultCode::ConnectorAmbiguous, text));
        }
        let mut replayed = Vec::new();
        for connector in connectors {
            let against = match self.against(setup, connector) {
                Ok(against) => against,
                Err(code) => return code,
            };
            for Found { at, recording } in found.iter().filter(|found| found.recording.connector == connector) {
                match against.1.replay(recording).await {
                    Ok(divergences) => replayed.push(Replayed {
                        recording: recording.clone(),
                        at: at.clone(),
                        grants: against.0.clone(),
                        plugin: against.1.digest().to_owned(),
                        divergences,
                    }),
                    Err(fault) => {
                        let text = format!("{at}: {}", fault.detail);
                        return setup.fault(&Fault { detail: text, ..fault });
                    }
                }
            }
        }
        let text = if setup.json { show::to_text(&show::replay_json(&replayed)) } else { show::replay(&replayed) };
        setup.print(&text);
        match show::verdict(&replayed) {
            Verdict::Same => ExitCode::Done,
            Verdict::CannotBeTold | Verdict::Diverges => ExitCode::Diverges,
        }
    }

    fn found(&self) -> Result<Vec<Found>, Fault> {
        let (mut found, mut others) = (Vec::new(), BTreeSet::new());
        for path in &self.recordings {
            let recordings = recording::read(path).map_err(|error| match error {
                Unreadable::File { .. } => Fault::new(FaultCode::FileUnusable, error.to_string()),
                Unreadable::Line { .. } | Unreadable::Empty(_) => {
                    Fault::new(FaultCode::RecordingUnusable, error.to_string())
                }
            })?;
            for (line, recording) in recordings {
                others.insert(recording.connector.clone());
                if self.connector.as_ref().is_none_or(|name| *name == recording.connector) {
                    found.push(Found { at: format!("{}:{line}", path.display()), recording });
                }
            }
        }
        match (&self.connector, found.is_empty()) {
            (Some(name), true) => {
                let others = others.into_iter().collect::<Vec<_>>().join(" and ");
                let text = format!("no recording is of the connector {name}; they are of {others}");
                Err(Fault::new(FaultCode::UnknownConnector, text))
            }
            _ => Ok(found),
        }
    }

    /// The connector as the file under test would start it, with the path of the file.
    fn against(&self, setup: &Setup, connector: &str) -> Result<(PathBuf, Against), ExitCode> {
        let file = match &self.grants {
            Some(path) => load(setup, path)?,
            None => setup.file(connector)?,
        };
        let path = file.path.clone();
        // A plugin that is named is to be tried; its digest is nobody's to have pinned yet.
        let file = match &self.plugin {
            Some(plugin) => ConnectorFile { plugin: plugin.clone(), sha256: None, ..file },
            None => file,
        };
        let (ceiling, sandbox) = (setup.ceiling()?, setup.sandbox()?);
        let plugin = sandbox.load(&file.plugin).map_err(|error| setup.fault(&unloadable(&error)))?;
        let against = Against::start(file, plugin, &sandbox, &ceiling).map_err(|fault| setup.fault(&fault))?;
        Ok((path, against))
    }
}

fn load(setup: &Setup, path: &Path) -> Result<ConnectorFile, ExitCode> {
    config::load_file(path, &setup.config.join("plugins")).map_err(|problems| setup.problems(problems))
}
