//! Facts about one operation.

use portcullis_model::{self as model, Event, Use};
use serde::{Deserialize, Serialize};

use super::Fact;

/// An operation came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// `reset-password`, ...
    pub kind: String,
    /// For which account, as the caller named it.
    pub account: String,
    /// The SHA-256 of the plugin that was to do it; left out by hosts that did not write it yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
}

/// The host found the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Located {
    /// Its DN.
    pub dn: String,
    /// The server that said so.
    pub server: String,
}

/// A call of the plugin passed the grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowed {
    /// `ldap`, `reveal`, `log`, `config`.
    pub capability: String,
    /// The function of the interface.
    pub call: String,
    /// What it was about; never a value.
    pub subject: String,
    /// The grants that let it pass; left out where it needed none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<Use>,
}

/// A call of the plugin was stopped; nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denied {
    /// `ldap`, `reveal`.
    pub capability: String,
    /// The function of the interface.
    pub call: String,
    /// What it was about; never a value.
    pub subject: String,
    /// Which grant is missing, in words.
    pub reason: String,
    /// What would have to be granted; left out where no grant allows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<Use>,
}

/// The directory took a write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The attributes, or the name of the extended operation.
    pub what: Vec<String>,
    /// The server that took it.
    pub server: String,
    /// Whether a password of the operation went with it.
    pub password: bool,
}

/// The directory refused a write, or a bind for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The attributes, or the name of the extended operation.
    pub what: Vec<String>,
    /// The LDAP result code (RFC 4511 appendix A).
    pub code: u32,
    /// The server.
    pub server: String,
}

/// A write was sent and no answer came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InDoubt {
    /// The attributes, or the name of the extended operation.
    pub what: Vec<String>,
    /// Whether a password of the operation went with it.
    pub password: bool,
    /// What happened to the connection.
    pub reason: String,
}

/// A bind as the target was tried for the plugin, to see whether a password is the target's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// Which password of the operation: `new`, `old`, `candidate`.
    pub password: String,
    /// The LDAP result code (RFC 4511 appendix A): 0 where the password is right; left out where no answer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
    /// The server that answered; left out where none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// What happened to the connection; left out where an answer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The host looked whether the password took effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmed {
    /// How, and what was seen.
    pub how: String,
}

/// The plugin ended other than by returning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginEnded {
    /// The fault's code.
    pub code: String,
    /// The trap, or the limit that was met.
    pub reason: String,
}

/// More calls were allowed or denied than are written down. What had an effect is always written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Omitted {
    /// How many.
    pub count: usize,
}

/// An attempt at an operation is over. What the service makes of it is told by `reached`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// `done`, `refused`, `unknown`.
    pub outcome: String,
    /// The fault's code, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// An operation of the service reached a state in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// `waiting`, `in-doubt`, `done`, `refused`, `unknown`, `superseded`, `cancelled`.
    pub state: String,
    /// By which event of the journal: `postponed`, `interrupted`, `looked`, `done`, `retried`, `cancelled`, ...
    pub by: String,
    /// The fault's code, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// Who cancelled it or had it tried again: a caller of the service, or `operator`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
}

impl From<Event> for Fact {
    fn from(event: Event) -> Self {
        match event {
            Event::Asked { operation, account, plugin, .. } => {
                Asked { kind: operation.to_string(), account, plugin: Some(plugin) }.into()
            }
            Event::Located { dn, server } => Located { dn, server }.into(),
            Event::Allowed { capability, call, subject, uses } => {
                Allowed { capability: capability.into(), call: call.into(), subject, uses }.into()
            }
            Event::Denied { capability, call, subject, reason, wanted } => {
                Denied { capability: capability.into(), call: call.into(), subject, reason, wanted }.into()
            }
            Event::Written { what, server, password } => Written { what, server, password }.into(),
            Event::Refused { what, code, server } => Refused { what, code, server }.into(),
            Event::InDoubt { what, password, reason } => InDoubt { what, password, reason }.into(),
            Event::Tried { password, answer: model::Tried::Answered { code, server } } => {
                Tried { password: password.into(), code: Some(code), server: Some(server), reason: None }.into()
            }
            Event::Tried { password, answer: model::Tried::Unanswered { reason } } => {
                Tried { password: password.into(), code: None, server: None, reason: Some(reason) }.into()
            }
            Event::Confirmed { how } => Confirmed { how }.into(),
            Event::PluginEnded { code, reason } => PluginEnded { code: code.to_string(), reason }.into(),
            Event::Omitted { count } => Omitted { count }.into(),
            Event::Ended { outcome, fault } => {
                Ended { outcome: outcome.into(), fault: fault.map(|code| code.to_string()) }.into()
            }
        }
    }
}
