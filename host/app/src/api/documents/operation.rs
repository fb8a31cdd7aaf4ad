//! An operation as a caller reads it.

use portcullis_journal::{Record, State};
use portcullis_model::{Fault, FaultCode, OperationId};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::moment;
use super::receipt::{FaultDocument, ReceiptDocument, limit};
use crate::api::problem::Problem;

/// One thing that was asked for, and what became of it. Holds no password, sealed or not.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Operation)]
pub struct OperationDocument {
    /// Its name in every answer and log line.
    #[schema(example = "00112233445566778899aabbccddeeff")]
    id: String,
    /// What was asked for.
    #[schema(example = "reset-password")]
    kind: String,
    /// Whom it is about.
    #[schema(example = "alice@corp.example")]
    account: String,
    /// By which connector.
    connector: String,
    /// Who asked.
    caller: String,
    /// `waiting`, `acting` and `in-doubt` are under way; `done`, `refused`, `unknown`, `superseded` and `cancelled` are
    /// ends.
    #[schema(example = "done")]
    state: String,
    /// A new password must be chosen at the next sign-in.
    must_change: bool,
    /// The account is unlocked as well.
    unlock: bool,
    /// How often it was tried.
    attempts: u32,
    /// When it was taken on (RFC 3339).
    #[schema(format = DateTime)]
    accepted_at: String,
    /// Until when it is tried (RFC 3339).
    #[schema(format = DateTime)]
    deadline: String,
    /// Nothing is done for it before (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    next_attempt: Option<String>,
    /// When it ended (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    ended_at: Option<String>,
    /// What was done, once it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    receipt: Option<ReceiptDocument>,
    /// Why it was not done, or not yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    fault: Option<FaultDocument>,
    /// The newer operation that took its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    superseded_by: Option<String>,
}

impl OperationDocument {
    /// Of a record that the reader may read.
    #[must_use]
    pub fn of(record: &Record, operator: bool) -> Self {
        let outcome = record.outcome.as_ref();
        let done = record.state == State::Done;
        Self {
            id: record.id.to_string(),
            kind: record.kind.name().to_owned(),
            account: record.account.to_string(),
            connector: record.connector.clone(),
            caller: record.caller.clone(),
            state: record.state.name().to_owned(),
            must_change: record.options.must_change,
            unlock: record.options.unlock,
            attempts: record.attempts,
            accepted_at: moment(record.accepted_at),
            deadline: moment(record.deadline),
            next_attempt: record.not_before.filter(|_| !record.state.has_ended()).map(moment),
            ended_at: record.ended_at.map(moment),
            receipt: outcome.filter(|_| done).map(|outcome| ReceiptDocument::of(outcome, operator)),
            fault: fault(record).map(|fault| FaultDocument::of(fault.code, fault.limit, operator)),
            superseded_by: overtaken_by(outcome).map(|id| id.to_string()),
        }
    }

    /// The problem that an operation ended in; nothing for one that is done or under way.
    #[must_use]
    pub fn problem(record: &Record) -> Option<Problem> {
        let fault = fault(record).filter(|_| record.state.has_ended())?;
        Some(Problem::from(fault).about(&record.id).overtaken_by(overtaken_by(record.outcome.as_ref())))
    }
}

/// Why an operation is not done. An end has a fault by its word alone, whatever the journal knows besides.
fn fault(record: &Record) -> Option<Fault> {
    let code = match record.state {
        State::Done => return None,
        State::Waiting | State::Acting | State::InDoubt => record.fault?,
        State::Refused => record.fault.unwrap_or(FaultCode::HostInternal),
        State::Unknown => FaultCode::OutcomeUnknown,
        State::Superseded => FaultCode::Superseded,
        State::Cancelled => FaultCode::Cancelled,
    };
    let detail = format!("`portcullis operations show {}` tells its history", record.id);
    Some(Fault::new(code, detail).with_limit(record.outcome.as_ref().and_then(limit)))
}

fn overtaken_by(outcome: Option<&Value>) -> Option<OperationId> {
    OperationId::parse(outcome?.get("by")?.as_str()?)
}

/// A page of operations, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Operations {
    /// The operations.
    pub operations: Vec<OperationDocument>,
    /// Where the next page is; not there on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "/v1/operations?limit=50&cursor=4711")]
    pub next: Option<String>,
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use axum::http::StatusCode;
    use portcullis_model::{Login, OperationKind, ResetOptions};
    use serde_json::json;

    use super::*;

    fn record(state: State, outcome: Option<Value>) -> Record {
        Record {
            seq: 1,
            id: OperationId::new().unwrap(),
            caller: "desk".to_owned(),
            kind: OperationKind::ResetPassword,
            account: Login::new("alice").unwrap(),
            connector: "mock".to_owned(),
            options: ResetOptions::default(),
            state,
            attempts: 1,
            looks: 0,
            accepted_at: SystemTime::now(),
            deadline: SystemTime::now(),
            not_before: None,
            fault: Some(FaultCode::OperationTimeout),
            outcome,
            ended_at: state.has_ended().then(SystemTime::now),
            has_password: true,
        }
    }

    #[test]
    fn each_end_is_a_problem_but_done() {
        let newer = "00112233445566778899aabbccddeeff";
        for (state, expected) in [
            (State::Waiting, None),
            (State::Acting, None),
            (State::InDoubt, None),
            (State::Done, None),
            (State::Refused, Some((FaultCode::OperationTimeout, StatusCode::GATEWAY_TIMEOUT))),
            (State::Unknown, Some((FaultCode::OutcomeUnknown, StatusCode::GATEWAY_TIMEOUT))),
            (State::Superseded, Some((FaultCode::Superseded, StatusCode::CONFLICT))),
            (State::Cancelled, Some((FaultCode::Cancelled, StatusCode::CONFLICT))),
        ] {
            let problem = OperationDocument::problem(&record(state, Some(json!({"by": newer}))));
            assert_eq!(problem.map(|problem| (problem.fault().code, problem.status())), expected, "{state}");
        }
        let shown = OperationDocument::of(&record(State::Superseded, Some(json!({"by": newer}))), false);
        assert_eq!(shown.superseded_by.as_deref(), Some(newer));
    }
}
