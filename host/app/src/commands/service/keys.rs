//! `portcullis keys list|rotate`: the keys that callers seal passwords with.

use std::time::Duration;

use clap::Subcommand;
use portcullis_audit::fact::KeyRotated;
use portcullis_model::{Fault, FaultCode};
use portcullis_seal::KeyError;
use serde_json::json;

use crate::commands::duration::duration;
use crate::commands::setup::Setup;
use crate::config;
use crate::show::{self, ExitCode};

#[derive(Debug, Subcommand)]
pub(in crate::commands) enum Keys {
    /// List the keys and what each is good for.
    List,
    /// Make a new key. What was sealed with the former ones is taken until the overlap ends.
    Rotate {
        /// How long the former keys are still taken, for example 7d; without it `[keys] overlap` of portcullis.toml.
        #[arg(long, value_name = "TIME", value_parser = duration, allow_hyphen_values = true)]
        overlap: Option<Duration>,
    },
}

impl Keys {
    pub(in crate::commands) fn run(self, setup: &Setup) -> ExitCode {
        let overlap = match &self {
            Self::List => None,
            Self::Rotate { overlap: Some(overlap) } => Some(*overlap),
            Self::Rotate { overlap: None } => match config::load_service(&setup.config) {
                Ok(config) => Some(config.keys.overlap),
                Err(problems) => return setup.problems(problems),
            },
        };
        match done(setup, overlap) {
            Ok(()) => ExitCode::Done,
            Err(fault) => setup.fault(&fault),
        }
    }
}

fn done(setup: &Setup, rotate: Option<Duration>) -> Result<(), Fault> {
    let wrong = |error: KeyError| Fault::new(FaultCode::Misconfigured, error.to_string());
    let keys = super::keys(setup)?;
    if let Some(overlap) = rotate {
        // A log that takes nothing is found before there is something to be written down.
        setup.audit_log()?.close();
        let made = keys.rotate(overlap).map_err(wrong)?;
        setup.audit(KeyRotated { key: made.id.to_string() })?;
    }
    let all = keys.list();
    if setup.json {
        setup.print(&show::to_text(&json!({ "keys": all })));
        return Ok(());
    }
    let mut text = format!("{:16}  {:20}  STATE\n", "KEY", "MADE");
    for key in all {
        text += &format!("{:16}  {:20}  {}\n", key.id, key.created().to_string(), key.state);
    }
    setup.print(&text);
    Ok(())
}
