//! `portcullis connectors`: which connectors there are, what they answer for, and whether they could run.

use portcullis_model::Fault;
use serde_json::{Value, json};

use super::setup::Setup;
use crate::config::{ConnectorFile, DirectorySource};
use crate::connector::Connector;
use crate::operation;
use crate::show::{self, ExitCode};

pub(super) fn run(setup: &Setup) -> ExitCode {
    let (files, sandbox) = match setup.files().and_then(|files| setup.sandbox().map(|sandbox| (files, sandbox))) {
        Ok(both) => both,
        Err(code) => return code,
    };
    let mut worst = ExitCode::Done;
    let mut objects = Vec::new();
    let mut text = String::new();
    for file in files {
        let facts = Facts::of(&file);
        match Connector::start(file, &sandbox) {
            Ok(connector) => {
                let kinds: Vec<_> = operation::kinds(&connector).iter().map(|kind| kind.name()).collect();
                let digest = connector.plugin.digest().to_string();
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
    setup.print(&if setup.json { show::to_text(&json!({ "connectors": objects })) } else { text });
    worst
}

/// What is known from the file alone.
struct Facts {
    name: String,
    file: String,
    plugin: String,
    pinned: bool,
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
            accounts: file.accounts.iter().map(ToString::to_string).collect(),
            directory,
            warnings: file.warnings.iter().map(ToString::to_string).collect(),
        }
    }

    fn people(&self, state: &str, operations: &str, digest: Option<&str>, fault: Option<&Fault>) -> String {
        let pinned = if self.pinned { "pinned" } else { "not pinned: any file of this name is run" };
        let mut lines = vec![
            ("file", self.file.clone()),
            ("plugin", format!("{} ({pinned})", self.plugin)),
            ("accounts", self.accounts.join(", ")),
            ("operations", operations.to_owned()),
            ("directory", self.directory.join(", ")),
        ];
        lines.extend(digest.map(|digest| ("sha256", digest.to_owned())));
        if let Some(fault) = fault {
            lines.extend([("fault", fault.to_string()), ("remedy", fault.code.remedy().to_owned())]);
        }
        lines.extend(self.warnings.iter().map(|warning| ("warning", warning.clone())));
        let body: String = lines.iter().map(|(label, value)| show::line(label, value)).collect();
        format!("{}: {state}\n{body}", self.name)
    }

    fn json(&self, state: &str, operations: &Value, digest: Option<&str>, fault: Value) -> Value {
        json!({
            "name": self.name, "state": state, "file": self.file, "plugin": self.plugin, "pinned": self.pinned,
            "sha256": digest, "accounts": self.accounts, "operations": operations, "directory": self.directory,
            "warnings": self.warnings, "fault": fault,
        })
    }
}
