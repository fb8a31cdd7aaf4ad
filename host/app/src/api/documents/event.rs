//! A line of the journal as a caller reads it in the stream of events.

use portcullis_journal::{Entry, Event};
use serde::Serialize;
use utoipa::ToSchema;

use super::moment;
use super::receipt::FaultDocument;

/// The data of one event of the stream; its `id` is the number, its `event` the name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventDocument {
    /// Its place among all events: it grows, with gaps.
    number: u64,
    /// The operation.
    operation: String,
    /// What happened: `accepted`, `acting`, `postponed`, `interrupted`, `doubted`, `looked`, `done`, `refused`, `unknown`,
    /// `superseded`, `cancelled`, `retried` or `restored`.
    event: String,
    /// Where the operation stood afterwards.
    state: String,
    /// When (RFC 3339).
    #[schema(format = DateTime)]
    at: String,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    fault: Option<FaultDocument>,
    /// Nothing more is done for it before (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    until: Option<String>,
    /// The newer operation that took its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    superseded_by: Option<String>,
}

impl EventDocument {
    /// Of a line about an operation that the reader may read.
    #[must_use]
    pub fn of(entry: &Entry, operator: bool) -> Self {
        let by = if let Event::Superseded { by } = &entry.event { Some(by.to_string()) } else { None };
        Self {
            number: entry.number,
            operation: entry.operation.to_string(),
            event: entry.event.name().to_owned(),
            state: entry.state.name().to_owned(),
            at: moment(entry.at),
            fault: entry.event.fault().map(|fault| FaultDocument::of(fault.code, fault.limit, operator)),
            until: entry.event.until().map(moment),
            superseded_by: by,
        }
    }
}
