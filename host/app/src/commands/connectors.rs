//! `portcullis connectors`: which connectors there are, what they answer for, and whether they could run.
//!
//! While a service runs on the state folder, this is what it says; otherwise it is what the files say.

use portcullis_model::{Fault, FaultCode};
use serde_json::{Value, json};

use super::ceiling::Lying;
use super::service::control;
use super::setup::Setup;
use crate::config::{ConnectorFile, DirectorySource};
use crate::operation;
use crate::service::registry::approval::{self, Approvals};
use crate::service::registry::{CeilingState, ConnectorState, State};
use crate::show::{self, ExitCode};
use crate::standing::{self, Standing};

pub(super) async fn run(setup: &Setup) -> ExitCode {
    match running(setup).await {
        Ok(Some(code)) => code,
        Ok(None) => from_files(setup),
        Err(fault) => setup.fault(&fault),
    }
}

/// What the service that runs on the state folder says.
async fn running(setup: &Setup) -> Result<Option<ExitCode>, Fault> {
    let Some(answer) = control::ask(&setup.state, http::Method::GET, "/v1/connectors").await? else { return Ok(None) };
    let nonsense = |why: String| Fault::new(FaultCode::HostInternal, format!("the service said: {why}"));
    if !answer.status.is_success() {
        return Err(nonsense(answer.body.to_string()));
    }
    if setup.json {
        setup.print(&show::to_text(&answer.body));
    }
    let all = answer.body["connectors"].clone();
    let states: Vec<ConnectorState> = serde_json::from_value(all).map_err(|error| nonsense(error.to_string()))?;
    let held: Option<CeilingState> = serde_json::from_value(answer.body["ceiling"].clone()).ok();
    if !setup.json {
        setup.print(&show::connectors(&states));
        setup.print(&held.as_ref().map(show::ceiling).unwrap_or_default());
    }
    let kept = held.is_some_and(|held| held.trouble.is_some());
    let worst = states.iter().rev().find_map(of_state);
    Ok(Some(worst.unwrap_or(if kept { ExitCode::Configuration } else { ExitCode::Done })))
}

/// The code of why a connector of the service is not what its files want, as it is without a service; nothing if it is.
fn of_state(state: &ConnectorState) -> Option<ExitCode> {
    let fault = state.candidate.as_ref().map(|candidate| FaultCode::parse(&candidate.fault));
    match fault {
        Some(code) => Some(code.map_or(ExitCode::Plugin, |code| ExitCode::of_fault(&Fault::new(code, "")))),
        None => (state.state != State::Running).then_some(ExitCode::Plugin),
    }
}

fn from_files(setup: &Setup) -> ExitCode {
    let (files, sandbox) = match setup.files().and_then(|files| setup.sandbox().map(|sandbox| (files, sandbox))) {
        Ok(both) => both,
        Err(code) => return code,
    };
    let ceiling = match setup.ceiling() {
        Ok(ceiling) => ceiling,
        Err(code) => return code,
    };
    // Without a state folder there is no service that would ask for an approval.
    // A folder that only commands used so far holds their audit log, and neither a journal nor anything approved.
    let there = |name: &str| setup.state.join(name).exists();
    let served = setup.state.is_dir() && (!there("audit") || there("journal.db") || there(approval::FILE));
    let approvals = Approvals::read(&setup.state);
    let mut worst = ExitCode::Done;
    let mut objects = Vec::new();
    let mut text = String::new();
    for file in files {
        let mut facts = Facts::of(&file);
        facts.any_file = approvals.as_ref().is_ok_and(|approvals| approvals.last_of(&file.plugin).is_none());
        let started = standing::start(file, &sandbox, &ceiling, &approvals);
        match started.map_err(|(not_started, _)| Fault::from(not_started)) {
            Ok((connector, standing)) => {
                let kinds: Vec<_> = operation::kinds(&connector).iter().map(|kind| kind.name()).collect();
                let digest = connector.plugin.digest();
                facts.approved = served.then_some(matches!(standing, Standing::Pinned | Standing::Approved(_)));
                let digest = digest.to_string();
                text += &facts.people("usable", &kinds.join(", "), Some(&digest), None);
                objects.push(facts.json("usable", &json!(kinds), Some(&digest), Value::Null));
            }
            Err(fault) => {
                worst = ExitCode::of_fault(&fault);
                text += &facts.people("NOT USABLE", "none", None, Some(&fault));
                objects.push(facts.json("unusable", &json!([]), None, show::fault_json(&fault)));
            }
        }
    }
    let lying = Lying::of(setup, &ceiling);
    if setup.json {
        let ceiling = lying.map(|lying| lying.json());
        setup.print(&show::to_text(&json!({ "connectors": objects, "ceiling": ceiling })));
    } else {
        setup.print(&text);
    }
    worst
}

/// What is known from the file alone.
struct Facts {
    name: String,
    file: String,
    plugin: String,
    pinned: bool,
    /// Whether commands run any file of the plugin's name: nobody ever approved one.
    any_file: bool,
    /// Whether the service may run it; nothing where that is not known, or the plugin is not usable at all.
    approved: Option<bool>,
    accounts: Vec<String>,
    directory: Vec<String>,
    warnings: Vec<String>,
}

impl Facts {
    fn of(file: &ConnectorFile) -> Self {
        let directory = match file.ldap.as_ref().map(|ldap| &ldap.source) {
            None => vec!["none".to_owned()],
            Some(DirectorySource::Servers(servers)) => servers.urls.clone(),
            Some(DirectorySource::Embedded(_)) => vec!["embedded".to_owned()],
        };
        Self {
            name: file.name.clone(),
            file: file.path.display().to_string(),
            plugin: file.plugin.display().to_string(),
            pinned: file.sha256.is_some(),
            any_file: true,
            approved: None,
            accounts: file.accounts.iter().map(ToString::to_string).collect(),
            directory,
            warnings: file.warnings.iter().map(ToString::to_string).collect(),
        }
    }

    fn people(&self, state: &str, operations: &str, digest: Option<&str>, fault: Option<&Fault>) -> String {
        let pinned = match (self.pinned, self.any_file) {
            (true, _) => "pinned",
            (false, true) => "not pinned: any file of this name is run",
            (false, false) => "not pinned: the approved one is run",
        };
        let mut lines = vec![
            ("file", self.file.clone()),
            ("plugin", format!("{} ({pinned})", self.plugin)),
            ("accounts", self.accounts.join(", ")),
            ("operations", operations.to_owned()),
            ("directory", self.directory.join(", ")),
        ];
        lines.extend(digest.map(|digest| ("sha256", digest.to_owned())));
        lines.extend(self.approved.map(|approved| match approved {
            true => ("service", "approved".to_owned()),
            false => ("service", format!("NOT APPROVED, so not run; type `portcullis approve {}`", self.name)),
        }));
        if let Some(fault) = fault {
            lines.extend([("fault", fault.to_string()), ("remedy", fault.code.remedy().to_owned())]);
        }
        lines.extend(self.warnings.iter().map(|warning| ("warning", warning.clone())));
        let body: String = lines.iter().map(|(label, value)| show::line(label, value)).collect();
        format!("{}: {state}\n{body}", self.name)
    }

    fn json(&self, state: &str, operations: &Value, digest: Option<&str>, fault: Value) -> Value {
        json!({
            "name": self.name, "state": state, "file": self.file, "plugin": self.plugin, "pinned": self.pinned, "approved": self.approved,
            "sha256": digest, "accounts": self.accounts, "operations": operations, "directory": self.directory,
            "warnings": self.warnings, "fault": fault,
        })
    }
}
