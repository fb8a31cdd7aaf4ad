//! What somebody should look at: each finding with a stable code, a place, what to do, and where it applies the tighter
//! grant to paste. Pure: a finding is made from what the report knows, and nothing is looked up here.

mod ceiling;
mod denied;
mod directory;
mod log;
mod plugin;
mod tighter;
mod unused;

use serde::Serialize;

use super::report::{CeilingFacts, Place, Report, Subject, Text, used::Log};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to know.
    Note,
    /// Somebody should look at it.
    Warning,
    /// Something is wrong.
    Error,
}

impl Severity {
    /// The word for people, and of SARIF's `level` (section 3.27.10).
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

macro_rules! codes {
    ($($variant:ident = $name:literal, $severity:ident, $title:literal;)*) => {
        /// What kind of finding it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code { $(#[doc = $title] $variant,)* }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable name.
            #[must_use]
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $name,)* } }

            /// How much it matters.
            #[must_use]
            pub const fn severity(self) -> Severity { match self { $(Self::$variant => Severity::$severity,)* } }

            /// One sentence for people.
            #[must_use]
            pub const fn title(self) -> &'static str { match self { $(Self::$variant => $title,)* } }
        }
    };
}

codes! {
    WiderThanCeiling = "wider-than-ceiling", Error, "A connector is granted more than the ceiling allows.";
    PluginUnusable = "plugin-unusable", Error, "A plugin cannot be loaded.";
    PluginChanged = "plugin-changed", Error, "A plugin is not the one that was pinned or approved.";
    RequestedNotGranted = "requested-not-granted", Error, "A plugin imports what its connector is not granted.";
    PasswordElsewhere = "password-elsewhere", Error, "A plugin tried to write a password where none belongs.";
    Plaintext = "plaintext", Error, "A server is reached without TLS.";
    LogNotWhole = "log-not-whole", Error, "The audit log is not as it was written.";
    LogUnreadable = "log-unreadable", Error, "The audit log cannot be read.";
    ServiceAccountTooMighty = "service-account-too-mighty", Warning, "The service account has more rights than the grants need.";
    CeilingNotApart = "ceiling-not-apart", Warning, "The ceiling belongs to the user as whom the service runs.";
    RevealGranted = "reveal-granted", Warning, "A connector may read the text of passwords.";
    WriteWithoutExclude = "write-without-exclude", Warning, "A connector writes, and no account is excluded.";
    Unpinned = "unpinned", Warning, "A connector runs any file of its plugin's name.";
    DeniedNotGranted = "denied-not-granted", Warning, "Calls were stopped that a grant would let pass.";
    DeniedOutright = "denied-outright", Warning, "Calls were stopped that no grant would let pass.";
    GrantedNotRequested = "granted-not-requested", Warning, "Something is granted that the plugin cannot use.";
    GrantedNeverUsed = "granted-never-used", Warning, "Something is granted that was never used.";
    LogNotVerified = "log-not-verified", Warning, "The audit log could not be verified.";
    SeveralVersions = "several-versions", Note, "Several versions of a plugin ran.";
    Unsigned = "unsigned", Note, "A plugin has no signature of anybody who is trusted.";
    NoCeiling = "no-ceiling", Note, "There is no ceiling.";
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

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

impl Report {
    /// How many findings weigh as much as this or more.
    #[must_use]
    pub fn findings_from(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity >= severity).count()
    }
}
