//! How an operation ended. One of three words: done, refused, unknown.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{AccountStatus, Effect, Fault, Note, OperationId, OperationKind, Verdict};

/// What an operation that only reads brought back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Result {
    /// Nothing but the effects.
    Nothing,
    /// The state of the account.
    Status(AccountStatus),
    /// What the directory thinks of the password.
    Verdict(Verdict),
}

/// How the host made sure that a password took effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "confirmation", content = "how", rename_all = "kebab-case")]
pub enum Confirmation {
    /// Seen: by a bind as the target, or by reading back. The text says which and where.
    Confirmed(String),
    /// The directory accepted the write, and looking again was not possible or not wanted; the text says why.
    AcceptedOnly(String),
    /// There was nothing to confirm.
    NotNeeded,
}

/// A stage of the path of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Finding the target.
    Locate,
    /// The plugin, the directory's answers to it included.
    Connector,
    /// Making sure.
    Confirm,
}

/// How long each stage took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timings {
    /// Finding the target.
    pub locate: Duration,
    /// The plugin, the directory's answers to it included.
    pub connector: Duration,
    /// The part of `connector` in which the plugin waited for the directory.
    pub directory: Duration,
    /// Making sure.
    pub confirm: Duration,
    /// From intake to receipt.
    pub total: Duration,
}

/// What the caller gets back for something that took effect, or for a question that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The operation.
    pub id: OperationId,
    /// What was asked for.
    pub kind: OperationKind,
    /// The account as the caller named it.
    pub account: String,
    /// The connector that did it.
    pub connector: String,
    /// The entry that it was done to.
    pub target: String,
    /// The server that took it.
    pub server: String,
    /// What took effect, as the connector says and the host saw.
    pub effects: Vec<Effect>,
    /// What the caller should know.
    pub notes: Vec<Note>,
    /// What was read.
    pub result: Result,
    /// How the host made sure.
    pub confirmation: Confirmation,
    /// How long it took.
    pub timings: Timings,
    /// What was asked for and did not take effect although the rest did, for example an unlock after the password.
    pub shortfall: Option<Fault>,
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It took effect, or the question was answered.
    Done(Box<Receipt>),
    /// Nothing took effect.
    Refused(Fault),
    /// It may have taken effect; nobody could find out. The fault says what was tried.
    Unknown(Fault),
}

impl Outcome {
    /// `done`, `refused` or `unknown`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Refused(_) => "refused",
            Self::Unknown(_) => "unknown",
        }
    }

    /// The fault, a shortfall included.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Done(receipt) => receipt.shortfall.as_ref(),
            Self::Refused(fault) | Self::Unknown(fault) => Some(fault),
        }
    }
}
