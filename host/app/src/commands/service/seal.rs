//! `portcullis seal`: makes a sealed password, as a caller would.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::Args;
use portcullis_model::{Fault, FaultCode, Login, OperationKind};
use portcullis_seal::{Binding, Label, PublicKey, seal, unix_seconds};
use serde::Deserialize;
use serde_json::json;

use crate::commands::duration::duration;
use crate::commands::password::Source;
use crate::commands::setup::Setup;
use crate::show::{self, ExitCode};

#[derive(Debug, Args)]
pub(in crate::commands) struct Seal {
    /// The account, exactly as the request will name it.
    account: String,

    /// The caller that will send it, as portcullis.toml names it.
    #[arg(long)]
    caller: String,

    /// The kind of operation.
    #[arg(long, default_value = "reset-password", value_parser = kind)]
    kind: OperationKind,

    /// Which of the operation's passwords it is: new, old or candidate; needed for a change only.
    #[arg(long, value_parser = label)]
    label: Option<Label>,

    /// How long it may be handed over, for example 10m.
    #[arg(long, default_value = "10m", value_name = "TIME", value_parser = duration, allow_hyphen_values = true)]
    expires: Duration,

    /// The answer of `GET /v1/keys`, in a file; without it the keys of the state folder are used.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,

    #[command(flatten)]
    source: Source,
}

fn kind(text: &str) -> Result<OperationKind, String> {
    OperationKind::parse(text)
        .filter(|kind| !Label::of(*kind).is_empty())
        .ok_or_else(|| "one of: reset-password, change-password, verify-password".to_owned())
}

fn label(text: &str) -> Result<Label, String> {
    Label::parse(text).ok_or_else(|| "one of: new, old, candidate".to_owned())
}

/// `GET /v1/keys`.
#[derive(Deserialize)]
struct Published {
    keys: Vec<PublicKey>,
}

impl Seal {
    pub(in crate::commands) fn run(self, setup: &Setup) -> ExitCode {
        match self.sealed(setup) {
            Ok(text) if setup.json => setup.print(&show::to_text(&json!({ "sealed": text }))),
            Ok(text) => setup.print(&format!("{text}\n")),
            Err(fault) => return setup.fault(&fault),
        }
        ExitCode::Done
    }

    fn sealed(&self, setup: &Setup) -> Result<String, Fault> {
        let label = match (self.label, Label::of(self.kind)) {
            (None, [only]) => *only,
            (Some(label), known) if known.contains(&label) => label,
            (label, known) => {
                let names: Vec<&str> = known.iter().map(|known| known.name()).collect();
                let said = label.map(|label| format!(", and not `{}`", label.name())).unwrap_or_default();
                let text = format!("{} takes --label {}{said}", self.kind, names.join(" or --label "));
                return Err(Fault::new(FaultCode::RequestMalformed, text));
            }
        };
        let account = Login::new(self.account.clone())
            .map_err(|error| Fault::new(FaultCode::AccountUnusable, error.to_string()))?;
        let key = self.key(setup)?;
        let password = if label == Label::New { self.source.new_password()? } else { self.source.candidate()? };
        let binding = Binding {
            kind: self.kind,
            account: &account,
            caller: &self.caller,
            label,
            key: &key.id,
            expires: unix_seconds(SystemTime::now() + self.expires),
        };
        let envelope = seal(&key.key, &password, &binding)
            .map_err(|error| Fault::new(FaultCode::RequestMalformed, error.to_string()))?;
        Ok(envelope.to_string())
    }

    fn key(&self, setup: &Setup) -> Result<PublicKey, Fault> {
        let wrong = |text: String| Fault::new(FaultCode::Misconfigured, text);
        let Some(path) = &self.keys else {
            return super::keys(setup).map(|ring| ring.current());
        };
        let bytes = std::fs::read(path).map_err(|error| wrong(format!("{}: {error}", path.display())))?;
        let published: Published = serde_json::from_slice(&bytes)
            .map_err(|error| wrong(format!("{} is not the answer of GET /v1/keys: {error}", path.display())))?;
        let current = published.keys.into_iter().find(|key| key.accepted_until.is_none());
        current.ok_or_else(|| wrong(format!("{} holds no current key", path.display())))
    }
}
