//! The comparison: a connector's file and its plugin's imports against the rules. Pure, and nothing is left out: the files
//! are taken apart field by field, so that a new key does not compile before it was thought of here.

mod directory;
mod values;

use portcullis_sandbox::Surface;

use super::rules::{PluginRules, Rules, SettingRule};
use crate::config::{ConnectorFile, Limits, LogLevel, Pattern, Revealed};

/// One thing that is above the ceiling, before its places are looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Above {
    pub(super) code: &'static str,
    /// The path of the key in the connector's file.
    pub(super) granted: Vec<String>,
    /// The path of the key in the ceiling.
    pub(super) ceiling: Vec<String>,
    pub(super) text: String,
    /// What the ceiling says there.
    pub(super) label: String,
    pub(super) remedy: String,
}

/// Collects what is above.
#[derive(Debug, Default)]
struct Excesses(Vec<Above>);

impl Excesses {
    fn add(
        &mut self,
        code: &'static str,
        granted: &[&str],
        ceiling: &[&str],
        text: String,
        label: &str,
        remedy: String,
    ) {
        let owned = |path: &[&str]| path.iter().map(|&part| part.to_owned()).collect();
        self.0.push(Above {
            code,
            granted: owned(granted),
            ceiling: owned(ceiling),
            text,
            label: label.to_owned(),
            remedy,
        });
    }
}

/// Everything that is above the ceiling.
pub(super) fn above(file: &ConnectorFile, surface: &Surface, rules: &Rules) -> Vec<Above> {
    // A new key of the file has to be thought of here.
    let ConnectorFile {
        name: _,
        path: _,
        plugin: _,
        sha256,
        accounts,
        operations,
        ldap,
        log,
        config,
        reveal,
        limits,
        places: _,
        warnings: _,
    } = file;
    let mut found = Excesses::default();
    found.plugin(sha256.is_some(), surface, rules.plugins);
    found.accounts(accounts, rules);
    for (number, kind) in operations.iter().enumerate().filter(|(_, kind)| !rules.operations.contains(kind)) {
        let text = format!("the operation `{kind}` is not allowed");
        let remedy = format!("take \"{kind}\" out of `operations`, or have it added to `operations` in the ceiling");
        let item = number.to_string();
        found.add("operation", &["operations", &item], &["operations"], text, "does not name it", remedy);
    }
    if let Some(ldap) = ldap {
        found.directory(ldap, &rules.ldap);
    }
    found.log(*log, rules.log);
    if let Some(settings) = config {
        found.settings(settings, rules);
    }
    found.reveal(reveal.as_deref().unwrap_or_default(), &rules.reveal);
    found.limits(limits, &rules.limits);
    found.0
}

impl Excesses {
    fn plugin(&mut self, pinned: bool, surface: &Surface, rules: PluginRules) {
        let PluginRules { require_signature: _, require_sha256, sockets: _ } = rules;
        if require_sha256 && !pinned {
            let text = "the plugin is not pinned".to_owned();
            let remedy = "write the digest of the plugin that was reviewed into the connector's file: sha256 = \"...\"";
            let label = "a pinned plugin is required";
            self.add("not-pinned", &["plugin"], &["plugins", "require-sha256"], text, label, remedy.to_owned());
        }
        if let Some(import) = forbidden_import(surface, rules) {
            let text = format!("the plugin imports raw sockets: {import}");
            let remedy = "choose a plugin that does not import them; connectors reach directories through `ldap`";
            self.add(
                "sockets",
                &["plugin"],
                &["plugins", "sockets"],
                text,
                "raw sockets are not allowed",
                remedy.into(),
            );
        }
    }

    fn accounts(&mut self, accounts: &[Pattern], rules: &Rules) {
        for (number, pattern) in accounts.iter().enumerate() {
            if rules.accounts.iter().any(|allowed| pattern.is_within(allowed)) {
                continue;
            }
            let text = format!("accounts like `{pattern}` are not allowed");
            let remedy = format!("name fewer accounts, or have \"{pattern}\" added to `accounts` in the ceiling");
            let item = number.to_string();
            self.add("account", &["accounts", &item], &["accounts"], text, "none of these covers it", remedy);
        }
    }

    fn log(&mut self, wanted: Option<LogLevel>, allowed: Option<LogLevel>) {
        let remedy = |how: &str| format!("{how}, or have the level raised in `[log]` of the ceiling");
        match (wanted, allowed) {
            (Some(_), None) => {
                let text = "lines for the log are not allowed".to_owned();
                self.add("log", &["log"], &["log"], text, "no `[log]`", remedy("take `[log]` away"));
            }
            (Some(wanted), Some(allowed)) if wanted < allowed => {
                let text = "the log is more detailed than allowed".to_owned();
                let label = "from this level on";
                self.add("log", &["log", "level"], &["log", "level"], text, label, remedy("choose a higher level"));
            }
            _ => {}
        }
    }

    fn settings(&mut self, settings: &std::collections::BTreeMap<String, String>, rules: &Rules) {
        let Some(allowed) = &rules.config else {
            let text = "settings are not allowed".to_owned();
            let remedy = "take `[config]` away, or have the settings named in `[config]` of the ceiling".to_owned();
            return self.add("setting", &["config"], &["config"], text, "no `[config]`", remedy);
        };
        for (name, value) in settings {
            let (text, label) = match allowed.get(name) {
                Some(SettingRule::Any) => continue,
                Some(SettingRule::Values(values)) if values.contains(value) => continue,
                Some(SettingRule::Values(_)) => {
                    (format!("this value of the setting `{name}` is not allowed"), "only these")
                }
                None => (format!("the setting `{name}` is not allowed"), "does not name it"),
            };
            let remedy =
                format!("take the line away, or have it allowed in `[config]` of the ceiling: {name} = \"any\"");
            self.add("setting", &["config", name], &["config", name], text, label, remedy);
        }
    }

    fn reveal(&mut self, wanted: &[Revealed], allowed: &[Revealed]) {
        for password in wanted.iter().filter(|password| !allowed.contains(password)) {
            let name = match password {
                Revealed::New => "new",
                Revealed::Old => "old",
                Revealed::Candidate => "candidate",
            };
            let text = format!("the connector may read passwords: `{name}` is not allowed");
            let remedy =
                "take it out of `[reveal]`; a connector that only places passwords does not need it".to_owned();
            let label = "not one of these passwords may be read otherwise";
            self.add("reveal", &["reveal", "passwords"], &["reveal", "passwords"], text, label, remedy);
        }
    }

    fn limits(&mut self, wanted: &Limits, allowed: &Limits) {
        // A new limit has to be thought of here.
        let Limits { time, memory, concurrency, host_calls, log } = wanted;
        let over = [
            ("time", *time > allowed.time),
            ("memory", *memory > allowed.memory),
            ("concurrency", *concurrency > allowed.concurrency),
            ("host-calls", *host_calls > allowed.host_calls),
            ("log", *log > allowed.log),
        ];
        for (key, _) in over.iter().filter(|(_, over)| *over) {
            let text = format!("the limit `{key}` is higher than allowed");
            let remedy = format!("lower `{key}` in `[limits]`, or have it raised in `[limits]` of the ceiling");
            let label = "the most; what is not named here is what a connector has that names nothing";
            self.add("limit", &["limits", key], &["limits", key], text, label, remedy);
        }
    }
}

/// An import that the rules allow to no plugin: raw sockets, those of WASI in any version.
fn forbidden_import(surface: &Surface, rules: PluginRules) -> Option<&str> {
    let sockets = |interface: &&str| interface.to_ascii_lowercase().starts_with("wasi:sockets");
    surface.imports.iter().map(|import| &*import.interface).find(sockets).filter(|_| !rules.sockets)
}
