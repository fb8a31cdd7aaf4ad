//! What can go another way than it was recorded: a type for each, so that a program can act on it.

use std::fmt;

use portcullis_model::Use;
use serde::Serialize;

use super::located::Told;
use crate::recording::{Ended, Request};

/// What a replay comes to. The worst of all counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It went as it was recorded.
    Same,
    /// The recording does not hold what would be needed to tell.
    CannotBeTold,
    /// It would have gone another way.
    Diverges,
}

/// One thing that is not as it was recorded.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "divergence", rename_all = "kebab-case")]
pub enum Divergence {
    /// The connector would not be asked, or would not touch the account.
    NoLongerAnswers {
        /// What of the file says so.
        by: By,
        /// What it is about: the account, the operation, the target's name.
        what: String,
        /// The line that would allow it.
        add: Option<String>,
    },
    /// The plugin imports what is not granted: the connector would not start.
    PluginNotGranted {
        /// The interface.
        interface: String,
        /// The section that would grant it; none if the host offers it to nobody.
        add: Option<String>,
    },
    /// It is another plugin than recorded, or than pinned.
    PluginChanged {
        /// The recorded digest, or the pinned one.
        from: String,
        /// The plugin's digest.
        to: String,
        /// The file pins another one: the connector would not start.
        pinned: bool,
    },
    /// A call that was allowed is denied now.
    Denied {
        /// `ldap`, `reveal`, ...
        capability: String,
        /// The function of the interface.
        call: String,
        /// What it was about.
        subject: String,
        /// Which grant is missing, in words.
        reason: String,
        /// Which grant is missing; none where no grant allows it.
        wanted: Option<Use>,
        /// The line that would grant it.
        add: Option<String>,
    },
    /// A call that was denied is allowed now.
    Allowed {
        /// `ldap`, `reveal`, ...
        capability: String,
        /// The function of the interface.
        call: String,
        /// What it was about.
        subject: String,
    },
    /// The plugin makes a call that it did not make, or another request with it.
    AnotherCall {
        /// `ldap`, `reveal`, ...
        capability: String,
        /// The function of the interface.
        call: String,
        /// What it was about.
        subject: String,
        /// What would have been sent, where that was something new.
        request: Option<Box<Request>>,
    },
    /// The plugin made a call that it does not make now.
    CallMissing {
        /// `ldap`, `reveal`, ...
        capability: String,
        /// The function of the interface.
        call: String,
        /// What it was about.
        subject: String,
    },
    /// The plugin read a setting that is not there now.
    SettingMissing {
        /// Its name.
        name: String,
        /// The line that it needs.
        add: Option<String>,
    },
    /// A limit was met that was not met.
    LimitMet {
        /// Which, in words.
        reason: String,
    },
    /// The plugin ended other than by returning.
    PluginEnded {
        /// The code of the fault.
        code: String,
        /// The trap.
        reason: String,
    },
    /// It ended another way.
    OutcomeChanged {
        /// As recorded.
        from: Box<Ended>,
        /// As replayed.
        to: Box<Ended>,
    },
    /// The recording does not hold what would be needed.
    CannotBeTold(Told),
}

/// What several divergences of one operation come to: the worst of them. Where a text that the plugin read was withheld,
/// any of them may come of that.
#[must_use]
pub fn verdict(divergences: &[Divergence]) -> Verdict {
    let withheld = |one: &&Divergence| matches!(one, Divergence::CannotBeTold(Told::Withheld { .. }));
    match divergences.iter().find(withheld) {
        Some(_) => Verdict::CannotBeTold,
        None => divergences.iter().map(Divergence::verdict).max().unwrap_or(Verdict::Same),
    }
}

/// What of a connector's file keeps it from answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// No pattern of `accounts` matches.
    Accounts,
    /// `operations` does not list the kind.
    Operations,
    /// The plugin does not export the interface.
    Plugin,
    /// The target does not lie below `base` of `[ldap.locate]`, or not in its `scope`.
    Base,
    /// `filter` of `[ldap.locate]` does not match the target.
    Filter,
    /// `exclude` of `[ldap.locate]` matches the target.
    Exclude,
}

impl By {
    const fn name(self) -> &'static str {
        match self {
            Self::Accounts => "`accounts`",
            Self::Operations => "`operations`",
            Self::Plugin => "the plugin",
            Self::Base => "`base` of [ldap.locate]",
            Self::Filter => "`filter` of [ldap.locate]",
            Self::Exclude => "`exclude` of [ldap.locate]",
        }
    }
}

impl Divergence {
    /// What it comes to. That the plugin is another one says nothing about what it does.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::CannotBeTold(_) => Verdict::CannotBeTold,
            Self::PluginChanged { pinned: false, .. } => Verdict::Same,
            _ => Verdict::Diverges,
        }
    }

    /// Whether the plugin would not even be asked.
    pub(super) const fn stops(&self) -> bool {
        matches!(self, Self::NoLongerAnswers { by: By::Operations | By::Plugin, .. })
    }

    /// The stable name, as in the JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NoLongerAnswers { .. } => "no-longer-answers",
            Self::PluginNotGranted { .. } => "plugin-not-granted",
            Self::PluginChanged { .. } => "plugin-changed",
            Self::Denied { .. } => "denied",
            Self::Allowed { .. } => "allowed",
            Self::AnotherCall { .. } => "another-call",
            Self::CallMissing { .. } => "call-missing",
            Self::SettingMissing { .. } => "setting-missing",
            Self::LimitMet { .. } => "limit-met",
            Self::PluginEnded { .. } => "plugin-ended",
            Self::OutcomeChanged { .. } => "outcome-changed",
            Self::CannotBeTold(_) => "cannot-be-told",
        }
    }
}

/// One line for people, without the name.
impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let add = |f: &mut fmt::Formatter<'_>, add: &Option<String>| match add {
            Some(line) => write!(f, "; add: {line}"),
            None => Ok(()),
        };
        match self {
            Self::NoLongerAnswers { by, what, add: line } => {
                write!(f, "{} would refuse {what}", by.name())?;
                add(f, line)
            }
            Self::PluginNotGranted { interface, add: line } => {
                write!(f, "the connector would not start: its plugin imports {interface}")?;
                add(f, line)
            }
            Self::PluginChanged { from, to, pinned: true } => {
                write!(f, "the connector would not start: its file pins {from}, and the plugin is {to}")
            }
            Self::PluginChanged { from, to, pinned: false } => {
                write!(f, "recorded with the plugin {from}, replayed with {to}")
            }
            Self::Denied { capability, call, subject, add: line @ Some(_), .. } => {
                write!(f, "{capability}.{call} {subject}: not granted")?;
                add(f, line)
            }
            Self::Denied { capability, call, subject, reason, add: None, .. } => {
                write!(f, "{capability}.{call} {subject}: {reason}")
            }
            Self::Allowed { capability, call, subject } => {
                write!(f, "{capability}.{call} {subject}: was denied before")
            }
            Self::AnotherCall { capability, call, subject, request: None } => {
                write!(f, "{capability}.{call} {subject}: was not called before")
            }
            Self::AnotherCall { capability, call, subject, request: Some(_) } => {
                write!(f, "{capability}.{call} {subject}: was not asked like this before")
            }
            Self::CallMissing { capability, call, subject } => {
                write!(f, "{capability}.{call} {subject}: is not called any more")
            }
            Self::SettingMissing { name, add: line } => {
                write!(f, "the plugin reads the setting {name}")?;
                add(f, line)
            }
            Self::LimitMet { reason } => f.write_str(reason),
            Self::PluginEnded { code, reason } => write!(f, "{code}: {reason}"),
            Self::OutcomeChanged { from, to } => {
                write!(f, "{} before, {} now", words(from, to), words(to, from))
            }
            Self::CannotBeTold(told) => told.fmt(f),
        }
    }
}

/// An outcome, as far as it differs from another one.
fn words(ended: &Ended, other: &Ended) -> String {
    let mut text = ended.outcome.clone();
    if let Some(fault) = &ended.fault {
        text += &format!(" ({fault})");
    }
    if (&ended.outcome, &ended.fault) != (&other.outcome, &other.fault) {
        return text;
    }
    if ended.effects != other.effects {
        let effects: Vec<_> = ended.effects.iter().map(ToString::to_string).collect();
        text += &format!(", effects: {}", if effects.is_empty() { "none".to_owned() } else { effects.join("; ") });
    }
    if ended.confirmed != other.confirmed {
        text += if ended.confirmed == Some(true) { ", confirmed" } else { ", not confirmed" };
    }
    if ended.verdict != other.verdict {
        text += &format!(", verdict {}", json(&ended.verdict));
    }
    if ended.status != other.status {
        text += &format!(", status {}", json(&ended.status));
    }
    if ended.notes != other.notes {
        text += &format!(", notes: {}", ended.notes.join(", "));
    }
    text
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
