//! What the pure functions are given, made by hand.

use portcullis_audit::Line;
use portcullis_sandbox::{Import, Surface};
use serde_json::json;
use tempfile::TempDir;

use crate::audit::findings::{self, Finding};
use crate::audit::report::used::{Log, LogState, Tally, Used};
use crate::audit::report::{self, ConnectorReport, PluginFacts, Report, Rights, Subject};
use crate::ceiling::Ceiling;
use crate::config::{ConnectorFile, load_file};

/// A surface of interfaces of the host's package, each with its functions after a colon; others are named in full.
pub(super) fn surface(imports: &[&str], exports: &[&str]) -> Surface {
    let full = |name: &str| {
        if name.contains('/') { name.to_owned() } else { format!("portcullis:writeback/{name}@0.1.0") }
    };
    let import = |import: &&str| {
        let (interface, functions) = import.split_once(" calls ").unwrap_or((import, ""));
        let functions = functions.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        Import { interface: full(interface), functions }
    };
    Surface { imports: imports.iter().map(import).collect(), exports: exports.iter().map(|name| full(name)).collect() }
}

/// One connector and everything that is known of it.
pub(super) struct World {
    folder: TempDir,
    pub(super) text: String,
    pub(super) plugin: PluginFacts,
    pub(super) used: Used,
    pub(super) log: Log,
    pub(super) rights: Rights,
    pub(super) ceiling: Ceiling,
}

impl World {
    /// A connector's file after its first lines, and a plugin that calls everything of `ldap`.
    pub(super) fn new(grants: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("plugins")).unwrap();
        std::fs::write(folder.path().join("plugins/a.wasm"), "").unwrap();
        let text = format!("plugin = \"a.wasm\"\naccounts = [\"*@a.example\"]\n{grants}");
        let all = ["ldap calls target search modify set-password try-bind root-dse"];
        let plugin = PluginFacts {
            path: folder.path().join("plugins/a.wasm"),
            surface: Some(surface(&all, &["passwords", "accounts"])),
            sha256: "ab".repeat(32),
            signer: Some("vendor".into()),
            ..PluginFacts::default()
        };
        let state = LogState::Whole { place: "1:ab".into(), key: "ab".into(), key_was_given: true };
        let log = Log { folder: "audit".into(), state, since: None, lines: 0, left_out: 0 };
        Self { folder, text, plugin, used: Used::default(), log, rights: Rights::default(), ceiling: Ceiling::none() }
    }

    pub(super) fn file(&self) -> ConnectorFile {
        let path = self.folder.path().join("a.toml");
        std::fs::write(&path, &self.text).unwrap();
        load_file(&path, &self.folder.path().join("plugins"))
            .unwrap_or_else(|problems| panic!("{:?}\n{}", problems.all(), self.text))
    }

    fn with<T>(&self, look: impl Fn(&Subject<'_>) -> T) -> T {
        let file = self.file();
        look(&Subject {
            file: &file,
            plugin: &self.plugin,
            ceiling: &self.ceiling,
            used: &self.used,
            log: &self.log,
            rights: &self.rights,
        })
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        self.with(findings::of)
    }

    /// Codes alone, without the one for a file that pins nothing.
    pub(super) fn codes(&self) -> Vec<&'static str> {
        self.findings().iter().map(|finding| finding.code.name()).filter(|code| *code != "unpinned").collect()
    }

    pub(super) fn report(&self) -> ConnectorReport {
        self.with(report::of)
    }

    /// The report about it alone.
    pub(super) fn whole(&self) -> Report {
        Report {
            version: report::VERSION,
            portcullis: "0",
            made: "2026-01-02T03:04:05Z".into(),
            configuration: "/etc/portcullis".into(),
            ceiling: None,
            log: self.log.clone(),
            connectors: vec![self.report()],
            findings: self.findings(),
        }
    }

    /// Lines of the log, each a fact about the connector.
    pub(super) fn logs(&mut self, lines: impl IntoIterator<Item = serde_json::Value>) {
        let mut tally = Tally::new([("a".to_owned(), self.file().accounts)].into());
        lines.into_iter().for_each(|fact| tally.add(&line(fact)));
        self.used = tally.used().remove("a").unwrap();
    }
}

/// A line about connector `a`; what stands in the fact takes precedence.
pub(super) fn line(fact: serde_json::Value) -> Line {
    let mut line = json!({
        "v": 1, "seq": 1, "at": "2026-01-02T03:04:05.678Z", "prev": "0".repeat(64), "connector": "a", "operation": "o",
    });
    line.as_object_mut().unwrap().extend(fact.as_object().unwrap().clone());
    serde_json::from_value(line).unwrap()
}

/// Operations of these kinds, each done, with these uses.
pub(super) fn done(kinds: &[&str], times: usize, uses: &serde_json::Value) -> Vec<serde_json::Value> {
    let one = |kind: &&str, n: usize| {
        let operation = format!("{kind}-{n}");
        [
            json!({"fact": "asked", "kind": kind, "account": "x@a.example", "operation": operation}),
            json!({"fact": "allowed", "capability": "ldap", "call": "modify", "subject": "", "uses": uses, "operation": operation}),
            json!({"fact": "ended", "outcome": "done", "operation": operation}),
        ]
    };
    (0..times).flat_map(|n| kinds.iter().flat_map(move |kind| one(kind, n))).collect()
}
