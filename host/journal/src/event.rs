//! What happens to an operation: each event is one line of the journal and one transition.
//!
//! An event holds no password and nothing sealed. The detail of a fault is the operator's text: a caller must not
//! read it.

use std::time::SystemTime;

use portcullis_model::{Fault, OperationId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One thing that happened to an operation. As JSON it has its name in `type`; times are milliseconds since
/// 1970-01-01 UTC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Event {
    /// Taken on. Only [`crate::Journal::accept`] writes it, as the first.
    Accepted,
    /// Written right before the first effect leaves the host: a write, or a bind as the account.
    Acting,
    /// Nothing took effect; it is tried again.
    Postponed {
        /// Why.
        #[serde(with = "stored_fault")]
        fault: Fault,
        /// Not before.
        #[serde(with = "stored_time")]
        until: SystemTime,
    },
    /// Found acting when the service started: whether something took effect is not known.
    Interrupted,
    /// Sent, and what became of it is not known; the host will look.
    Doubted {
        /// Why.
        #[serde(with = "stored_fault")]
        fault: Fault,
        /// When to look, at the earliest.
        #[serde(with = "stored_time")]
        until: SystemTime,
    },
    /// Looked, and could not tell.
    Looked {
        /// Why.
        #[serde(with = "stored_fault")]
        fault: Fault,
        /// When to look again, at the earliest.
        #[serde(with = "stored_time")]
        until: SystemTime,
    },
    /// It took effect, or the question was answered.
    Done {
        /// What the caller gets back; the journal does not look into it.
        receipt: Value,
    },
    /// Nothing took effect, and it is not tried again.
    Refused {
        /// Why.
        #[serde(with = "stored_fault")]
        fault: Fault,
    },
    /// It may have taken effect; the host gave up finding out.
    Unknown {
        /// What was tried.
        #[serde(with = "stored_fault")]
        fault: Fault,
    },
    /// A newer operation for the same account took its place.
    Superseded {
        /// The newer one.
        #[serde(with = "stored_id")]
        by: OperationId,
    },
    /// Taken back.
    Cancelled {
        /// Who did it: a caller's name, or the operator.
        by: String,
    },
    /// To be tried again, now.
    Retried {
        /// Who wanted it: a caller's name, the operator, or the host.
        by: String,
    },
    /// Open in a backup that was put back: what became of it after the backup was made is not known.
    Restored,
}

impl Event {
    /// The name, as in JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Acting => "acting",
            Self::Postponed { .. } => "postponed",
            Self::Interrupted => "interrupted",
            Self::Doubted { .. } => "doubted",
            Self::Looked { .. } => "looked",
            Self::Done { .. } => "done",
            Self::Refused { .. } => "refused",
            Self::Unknown { .. } => "unknown",
            Self::Superseded { .. } => "superseded",
            Self::Cancelled { .. } => "cancelled",
            Self::Retried { .. } => "retried",
            Self::Restored => "restored",
        }
    }

    /// The fault that the event tells of.
    #[must_use]
    pub const fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Postponed { fault, .. }
            | Self::Doubted { fault, .. }
            | Self::Looked { fault, .. }
            | Self::Refused { fault }
            | Self::Unknown { fault } => Some(fault),
            _ => None,
        }
    }

    /// The time before which nothing more is done for the operation.
    #[must_use]
    pub const fn until(&self) -> Option<SystemTime> {
        match self {
            Self::Postponed { until, .. } | Self::Doubted { until, .. } | Self::Looked { until, .. } => Some(*until),
            _ => None,
        }
    }

    pub(crate) fn fault_mut(&mut self) -> Option<&mut Fault> {
        match self {
            Self::Postponed { fault, .. }
            | Self::Doubted { fault, .. }
            | Self::Looked { fault, .. }
            | Self::Refused { fault }
            | Self::Unknown { fault } => Some(fault),
            _ => None,
        }
    }
}

mod stored_fault {
    use portcullis_model::{Fault, FaultCode};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Stored {
        code: String,
        detail: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    }

    pub(super) fn serialize<S: Serializer>(fault: &Fault, serializer: S) -> Result<S::Ok, S::Error> {
        let Fault { code, detail, limit } = fault;
        Stored { code: code.name().to_owned(), detail: detail.clone(), limit: *limit }.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fault, D::Error> {
        let Stored { code, detail, limit } = Stored::deserialize(deserializer)?;
        // A code that this version does not know was written by another one: the name is kept for the operator.
        Ok(match FaultCode::parse(&code) {
            Some(code) => Fault { code, detail, limit },
            None => Fault { code: FaultCode::HostInternal, detail: format!("{code}: {detail}"), limit },
        })
    }
}

mod stored_time {
    use std::time::SystemTime;

    use serde::{Deserialize, Deserializer, Serializer};

    use crate::row::{millis, time};

    pub(super) fn serialize<S: Serializer>(at: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(millis(*at))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
        Ok(time(i64::deserialize(deserializer)?))
    }
}

mod stored_id {
    use portcullis_model::OperationId;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(id: &OperationId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(id.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OperationId, D::Error> {
        let text = String::deserialize(deserializer)?;
        OperationId::parse(&text).ok_or_else(|| D::Error::custom("not the id of an operation"))
    }
}
