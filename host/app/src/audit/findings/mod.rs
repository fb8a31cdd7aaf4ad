//! What somebody should look at: each finding with a stable code, a place, what to do, and where it applies the tighter
//! grant to paste. Pure: a finding is made from what the report knows, and nothing is looked up here.

mod ceiling;
mod code;
mod connector;
mod denied;
mod directory;
mod log;
mod plugin;
mod tighter;
mod unused;

use std::collections::BTreeSet;

use serde::Serialize;

pub use code::{Code, Severity};

use super::report::{CeilingFacts, Place, Report, Subject, Text, used::Log};
use crate::config::Broken;

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// Whose it is; none for the whole configuration.
    pub connector: Option<Text>,
    /// Where to look.
    pub place: Place,
    /// What was found.
    pub text: Text,
    /// What to do.
    pub remedy: Text,
    /// What the finding is about, apart: interfaces, grants.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<Text>,
    /// Lines to paste in the place of those that are there; empty where there are none to paste.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paste: Vec<Text>,
}

impl Finding {
    fn new(code: Code, place: Place, text: impl AsRef<str>, remedy: impl AsRef<str>) -> Self {
        let (text, remedy) = (Text::from(text), Text::from(remedy));
        let severity = code.severity();
        Self { code, severity, connector: None, place, text, remedy, about: Vec::new(), paste: Vec::new() }
    }

    fn about<S: AsRef<str>>(mut self, about: impl IntoIterator<Item = S>) -> Self {
        self.about = about.into_iter().map(Text::from).collect();
        self
    }

    fn paste<S: AsRef<str>>(mut self, lines: impl IntoIterator<Item = S>) -> Self {
        self.paste = lines.into_iter().map(Text::from).collect();
        self
    }
}

/// What is to be said of one connector.
#[must_use]
pub fn of(subject: &Subject<'_>) -> Vec<Finding> {
    let mut all = Vec::new();
    ceiling::look(subject, &mut all);
    plugin::look(subject, &mut all);
    denied::look(subject, &mut all);
    directory::look(subject, &mut all);
    unused::look(subject, &mut all);
    all.iter_mut().for_each(|finding| finding.connector = Some(subject.file.name.as_str().into()));
    all
}

/// What is to be said of a connector whose file cannot be used: each mistake.
#[must_use]
pub fn of_broken(broken: &Broken) -> Vec<Finding> {
    let mut all = connector::of(broken);
    all.iter_mut().for_each(|finding| finding.connector = Some(broken.name.as_str().into()));
    all
}

/// What is to be said of the whole configuration; `place` is where the ceiling is, or would be.
#[must_use]
pub fn of_all(log: &Log, ceiling: Option<&CeilingFacts>, place: Place) -> Vec<Finding> {
    let mut all = log::of(log);
    match ceiling {
        None => all.push(ceiling::none(place)),
        Some(facts) => all.extend(ceiling::not_apart(facts, place)),
    }
    all
}

/// The heaviest first; of those that weigh the same, in the order of connectors and lines.
pub fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        let key = |f: &Finding| (std::cmp::Reverse(f.severity), f.connector.clone(), f.place.clone(), f.code);
        key(a).cmp(&key(b))
    });
}

impl Finding {
    /// Whether the host runs nothing of the connector because of this, neither the service nor a command.
    #[must_use]
    pub fn stops(&self) -> bool {
        match self.code {
            Code::ConnectorUnusable | Code::WiderThanCeiling | Code::PluginUnusable | Code::RequestedNotGranted => true,
            // One that was not approved is still run by commands.
            Code::PluginChanged => !self.about.iter().any(|about| about.as_str() == APPROVED),
            _ => false,
        }
    }
}

/// What a changed plugin is not any more.
const APPROVED: &str = "approved";

impl Report {
    /// Whether the host runs nothing of a connector, as it stands.
    #[must_use]
    pub fn is_stopped(&self, connector: &Text) -> bool {
        self.findings.iter().any(|finding| finding.connector.as_ref() == Some(connector) && finding.stops())
    }

    /// The connectors of which nothing but findings can be told: their files cannot be used.
    #[must_use]
    pub fn unusable(&self) -> BTreeSet<&Text> {
        let broken = self.findings.iter().filter(|finding| finding.code == Code::ConnectorUnusable);
        broken.filter_map(|finding| finding.connector.as_ref()).collect()
    }

    /// How many findings weigh as much as this or more.
    #[must_use]
    pub fn findings_from(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity >= severity).count()
    }
}
