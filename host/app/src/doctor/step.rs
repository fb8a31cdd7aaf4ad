//! What a step of the doctor brings: findings, each with a mark, words and a remedy. Plain data, no input or output.

use std::time::Duration;

use portcullis_model::Fault;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::show::ExitCode;

/// How something was found, the lightest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Not looked at; the words say why.
    Skipped,
    /// As it should be.
    Ok,
    /// It works, and somebody should look at it.
    Warning,
    /// It does not work.
    Failed,
}

impl Mark {
    /// The word for people and programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

/// The six steps, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepName {
    /// The connector's file, its plugin and its secrets.
    Configuration,
    /// Each server: connection, TLS, certificate, sign-in, clock.
    Connectivity,
    /// What the service account may do to the account.
    Rights,
    /// A reset of the test account.
    TestReset,
    /// The new password on each server.
    EveryServer,
    /// What the journal says of the last operations.
    RecentLog,
}

impl StepName {
    /// The word for people and programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Connectivity => "connectivity",
            Self::Rights => "rights",
            Self::TestReset => "test-reset",
            Self::EveryServer => "every-server",
            Self::RecentLog => "recent-log",
        }
    }
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How it is.
    pub mark: Mark,
    /// What was found. Holds no secret.
    pub text: String,
    /// What to do next; empty where nothing has to be done.
    pub remedy: String,
    /// At which server.
    pub server: Option<String>,
    /// How a monitor is told, if nothing worse is found.
    pub exit: ExitCode,
    /// The numbers and names in the words, for programs.
    pub facts: Map<String, Value>,
}

impl Finding {
    fn new(mark: Mark, text: impl Into<String>, remedy: impl Into<String>, exit: ExitCode) -> Self {
        Self { mark, text: text.into(), remedy: remedy.into(), server: None, exit, facts: Map::new() }
    }

    pub(super) fn ok(text: impl Into<String>) -> Self {
        Self::new(Mark::Ok, text, "", ExitCode::Done)
    }

    pub(super) fn skipped(why: impl Into<String>) -> Self {
        Self::new(Mark::Skipped, why, "", ExitCode::Done)
    }

    pub(super) fn warning(text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Mark::Warning, text, remedy, ExitCode::Warnings)
    }

    pub(super) fn failed(exit: ExitCode, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Mark::Failed, text, remedy, exit)
    }

    pub(super) fn fault(fault: &Fault) -> Self {
        Self::failed(ExitCode::of_fault(fault), fault.to_string(), fault.code.remedy()).fact("code", fault.code.name())
    }

    pub(super) fn at(mut self, server: &str) -> Self {
        self.server = Some(server.to_owned());
        self
    }

    /// A time in milliseconds, to the microsecond.
    pub(super) fn took(self, name: &str, time: Duration) -> Self {
        self.fact(name, (time.as_secs_f64() * 1e6).round() / 1e3)
    }

    pub(super) fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }
}

/// One step and what it brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which one.
    pub name: StepName,
    /// In the order in which they were found; never empty.
    pub findings: Vec<Finding>,
}

impl Step {
    pub(super) fn new(name: StepName) -> Self {
        Self { name, findings: Vec::new() }
    }

    pub(super) fn skipped(name: StepName, why: impl Into<String>) -> Self {
        Self { name, findings: vec![Finding::skipped(why)] }
    }

    pub(super) fn with(mut self, finding: Finding) -> Self {
        self.findings.push(finding);
        self
    }

    pub(super) fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// The worst of its findings.
    #[must_use]
    pub fn mark(&self) -> Mark {
        self.findings.iter().map(|finding| finding.mark).max().unwrap_or(Mark::Skipped)
    }
}

/// One connector and its six steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examination {
    /// Its name.
    pub connector: String,
    /// All six, in their order.
    pub steps: Vec<Step>,
}

impl Examination {
    /// The worst of its steps.
    #[must_use]
    pub fn mark(&self) -> Mark {
        self.steps.iter().map(Step::mark).max().unwrap_or(Mark::Skipped)
    }

    /// How a monitor is told: by the first thing that failed, otherwise whether there are warnings.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        let worst = self.mark();
        let findings = self.steps.iter().flat_map(|step| &step.findings);
        findings.filter(|finding| finding.mark == worst).map(|finding| finding.exit).next().unwrap_or(ExitCode::Done)
    }
}
