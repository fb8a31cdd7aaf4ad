//! Facts about an operation, each a struct or variant of its own; what was asked, allowed, denied and done.
//!
//! No event holds a password or a value that was written.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{FaultCode, OperationKind, Use};

/// An effect on the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// The password in hand is the target's password.
    PasswordSet,
    /// A new password must be chosen at the next sign-in.
    ChangeRequired,
    /// The target can sign in again.
    Unlocked,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PasswordSet => "password set",
            Self::ChangeRequired => "must change it at the next sign-in",
            Self::Unlocked => "unlocked",
        })
    }
}

/// Something that the caller should know although the operation succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// A stable word in kebab-case.
    pub code: String,
    /// For a person.
    pub text: String,
}

/// What became of a bind that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Tried {
    /// A server answered.
    Answered {
        /// The LDAP result code: 0 where the password is right.
        code: u32,
        /// The server.
        server: String,
    },
    /// No answer came.
    Unanswered {
        /// What happened to the connection.
        reason: String,
    },
}

/// One fact about an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// An operation came in.
    Asked {
        /// What is asked for.
        operation: OperationKind,
        /// For which account, as the caller named it.
        account: String,
        /// The connector that answers for it.
        connector: String,
        /// The SHA-256 of the connector's plugin, in hexadecimal.
        plugin: String,
    },
    /// The host found the target.
    Located {
        /// Its DN.
        dn: String,
        /// The server that said so.
        server: String,
    },
    /// A capability call passed the grants.
    Allowed {
        /// `ldap`, `reveal`, ...
        capability: &'static str,
        /// The function of the interface.
        call: &'static str,
        /// What it was about: attribute names, a base, an OID; never a value.
        subject: String,
        /// The grants that let it pass.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        uses: Vec<Use>,
    },
    /// A capability call was stopped; nothing was sent.
    Denied {
        /// `ldap`, `reveal`, ...
        capability: &'static str,
        /// The function of the interface.
        call: &'static str,
        /// What it was about.
        subject: String,
        /// Which grant is missing.
        reason: String,
        /// What would have to be granted; none where no grant allows it.
        #[serde(skip_serializing_if = "Option::is_none")]
        wanted: Option<Use>,
    },
    /// The directory took a write.
    Written {
        /// The attributes, or the name of the extended operation.
        what: Vec<String>,
        /// The server that took it.
        server: String,
        /// Whether a password of the operation went with it.
        password: bool,
    },
    /// The directory answered a write with another code than success.
    Refused {
        /// The attributes, or the name of the extended operation.
        what: Vec<String>,
        /// The LDAP result code.
        code: u32,
        /// The server.
        server: String,
    },
    /// A write was sent and no answer came.
    InDoubt {
        /// The attributes, or the name of the extended operation.
        what: Vec<String>,
        /// Whether a password of the operation went with it.
        password: bool,
        /// What happened to the connection.
        reason: String,
    },
    /// A bind as the target was tried for the plugin (`try-bind`): whether a password is the target's.
    Tried {
        /// Which password of the operation.
        password: &'static str,
        /// What became of it.
        answer: Tried,
    },
    /// The host looked whether the password took effect.
    Confirmed {
        /// How, and what was seen.
        how: String,
    },
    /// The plugin ended other than by returning.
    PluginEnded {
        /// The code of the fault.
        code: FaultCode,
        /// The trap, or the limit that was met.
        reason: String,
    },
    /// More calls were allowed or denied than are kept. What had an effect is always kept.
    Omitted {
        /// How many.
        count: usize,
    },
    /// How the operation ended.
    Ended {
        /// `done`, `refused`, `unknown`.
        outcome: &'static str,
        /// The fault, if there is one.
        fault: Option<FaultCode>,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked { operation, account, connector, .. } => {
                write!(f, "asked      {operation} for {account} through {connector}")
            }
            Self::Located { dn, server } => write!(f, "located    {dn} on {server}"),
            Self::Allowed { capability, call, subject, .. } => write!(f, "allowed    {capability}.{call} {subject}"),
            Self::Denied { capability, call, subject, reason, .. } => {
                write!(f, "DENIED     {capability}.{call} {subject}: {reason}")
            }
            Self::Written { what, server, password } => {
                let with = if *password { " (the password in hand)" } else { "" };
                write!(f, "written    {}{with} on {server}", what.join(", "))
            }
            Self::Refused { what, code, server } => {
                write!(f, "refused    {} by {server}: result code {code}", what.join(", "))
            }
            Self::InDoubt { what, reason, .. } => write!(f, "in doubt   {}: {reason}", what.join(", ")),
            Self::Tried { password, answer: Tried::Answered { code, server } } => {
                write!(f, "tried      a bind with the password `{password}` on {server}: result code {code}")
            }
            Self::Tried { password, answer: Tried::Unanswered { reason } } => {
                write!(f, "tried      a bind with the password `{password}`: {reason}")
            }
            Self::Confirmed { how } => write!(f, "confirmed  {how}"),
            Self::PluginEnded { code, reason } => write!(f, "plugin     {code}: {reason}"),
            Self::Omitted { count } => write!(f, "omitted    {count} more calls that were allowed or denied"),
            Self::Ended { outcome, fault: None } => write!(f, "ended      {outcome}"),
            Self::Ended { outcome, fault: Some(code) } => write!(f, "ended      {outcome}: {code}"),
        }
    }
}
