//! `portcullis operations list|show|retry|cancel`: what the service was asked for and what became of it.

use std::time::Duration;

use clap::{Args, Subcommand};
use http::Method;
use portcullis_journal::{Event, Filter, Journal, JournalError, PageRequest, Record, State};
use portcullis_model::{Fault, FaultCode, Login, OperationId, OperationKind};
use serde_json::{Value, json};

use super::control;
use super::words;
use crate::commands::duration::{ago, any};
use crate::commands::setup::Setup;
use crate::show::{self, ExitCode};

/// Whom the journal names as the one who cancelled or retried.
const OPERATOR: &str = "operator";

#[derive(Debug, Subcommand)]
pub(in crate::commands) enum Operations {
    /// List operations, newest first.
    List(List),
    /// Show one operation and what happened to it.
    Show {
        /// The operation.
        id: String,
    },
    /// Carry a waiting operation out now, or one whose outcome is unknown once more.
    Retry {
        /// The operation.
        id: String,
    },
    /// Take a waiting operation back.
    Cancel {
        /// The operation.
        id: String,
    },
}

#[derive(Debug, Args)]
pub(in crate::commands) struct List {
    /// Only those in this state: waiting, acting, in-doubt, done, refused, unknown, superseded, cancelled.
    #[arg(long, value_name = "STATE", value_parser = state)]
    only: Vec<State>,
    /// Only those of this kind.
    #[arg(long, value_parser = kind)]
    kind: Option<OperationKind>,
    /// Only those for this account.
    #[arg(long)]
    account: Option<String>,
    /// Only those through this connector.
    #[arg(long)]
    connector: Option<String>,
    /// Only those of this caller.
    #[arg(long)]
    caller: Option<String>,
    /// Only those accepted in this time until now, for example 2h or 7d.
    #[arg(long, value_name = "TIME", value_parser = any, allow_hyphen_values = true)]
    within: Option<Duration>,
    /// How many at most.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Where the list before ended.
    #[arg(long)]
    cursor: Option<String>,
}

fn state(text: &str) -> Result<State, String> {
    let all = State::ALL.map(|state| state.to_string()).join(", ");
    State::parse(text).ok_or_else(|| format!("one of: {all}"))
}

fn kind(text: &str) -> Result<OperationKind, String> {
    let all = OperationKind::ALL.map(OperationKind::name).join(", ");
    OperationKind::parse(text).ok_or_else(|| format!("one of: {all}"))
}

impl Operations {
    pub(in crate::commands) async fn run(self, setup: &Setup) -> ExitCode {
        let done = match self {
            Self::List(list) => list.run(setup).await,
            Self::Show { id } => shown(setup, &id).await,
            Self::Retry { id } => told(setup, &id, "retry").await,
            Self::Cancel { id } => told(setup, &id, "cancel").await,
        };
        done.unwrap_or_else(|fault| setup.fault(&fault))
    }
}

impl List {
    async fn run(self, setup: &Setup) -> Result<ExitCode, Fault> {
        let filter = Filter {
            states: self.only,
            kind: self.kind,
            account: self.account.map(Login::new).transpose().map_err(unusable)?,
            caller: self.caller,
            connector: self.connector,
            since: self.within.map(ago),
            until: None,
        };
        let reader = Journal::read_only(&setup.state).map_err(unreadable)?;
        let request = PageRequest { limit: self.limit, cursor: self.cursor };
        let page = reader.list(filter, request).await.map_err(unreadable)?;
        if setup.json {
            let all: Vec<Value> = page.records.iter().map(words::record_json).collect();
            setup.print(&show::to_text(&json!({ "operations": all, "next": page.next })));
        } else {
            setup.print(&words::table(&page.records));
            if let Some(next) = page.next {
                setup.print(&format!("there are more: --cursor {next}\n"));
            }
        }
        Ok(ExitCode::Done)
    }
}

async fn shown(setup: &Setup, id: &str) -> Result<ExitCode, Fault> {
    let id = parsed(id)?;
    let reader = Journal::read_only(&setup.state).map_err(unreadable)?;
    let record = reader.get(&id).await.map_err(unreadable)?.ok_or_else(|| none(&id))?;
    let history = reader.history(&id).await.map_err(unreadable)?;
    if setup.json {
        let mut object = words::record_json(&record);
        object["history"] = history.iter().map(words::entry_json).collect();
        setup.print(&show::to_text(&object));
    } else {
        setup.print(&words::whole(&record, &history));
    }
    Ok(ExitCode::Done)
}

/// Through the service if it runs; otherwise straight into the journal, which nobody else writes then.
async fn told(setup: &Setup, id: &str, verb: &str) -> Result<ExitCode, Fault> {
    let id = parsed(id)?;
    let path = format!("/v1/operations/{id}/{verb}");
    let state = match control::ask(&setup.state, Method::POST, &path).await? {
        Some(answer) if answer.status.is_success() => answer.body["state"].as_str().unwrap_or_default().to_owned(),
        Some(answer) => return Err(problem(&answer.body, &id)),
        None => offline(setup, &id, verb).await?.state.to_string(),
    };
    if setup.json {
        setup.print(&show::to_text(&json!({ "operation": id, "state": state })));
    } else {
        setup.print(&format!("operation {id} is {state}\n"));
    }
    Ok(ExitCode::Done)
}

async fn offline(setup: &Setup, id: &OperationId, verb: &str) -> Result<Record, Fault> {
    let journal = Journal::open(&setup.state).map_err(unreadable)?;
    let history = journal.history(id).await.map_err(unreadable)?;
    if verb == "cancel" && history.iter().any(|entry| matches!(entry.state, State::InDoubt | State::Unknown)) {
        let text = "an earlier attempt may have taken effect, so it cannot be taken back";
        return Err(Fault::new(FaultCode::NotPossibleNow, format!("operation {id}: {text}")));
    }
    let event = match verb {
        "cancel" => Event::Cancelled { by: OPERATOR.into() },
        _ => Event::Retried { by: OPERATOR.into() },
    };
    journal.record(id, event).await.map_err(|error| match error {
        JournalError::NoSuchOperation(_) => none(id),
        JournalError::Illegal(_) | JournalError::PasswordErased(_) => {
            Fault::new(FaultCode::NotPossibleNow, error.to_string())
        }
        other => unreadable(other),
    })
}

/// The fault in a problem document of the service.
fn problem(body: &Value, id: &OperationId) -> Fault {
    let code = body["code"].as_str().and_then(FaultCode::parse).unwrap_or(FaultCode::HostInternal);
    // The operator's own text, which the control socket alone gives, says more than a caller's.
    if let Some(said) = body["operator"].as_str() {
        return Fault::new(code, said);
    }
    let detail = body["detail"].as_str().or_else(|| body["title"].as_str()).unwrap_or_default();
    Fault::new(code, format!("operation {id}: {detail}"))
}

fn parsed(id: &str) -> Result<OperationId, Fault> {
    let text = "the id of an operation is 32 hexadecimal digits, as `portcullis operations list` shows them";
    OperationId::parse(id).ok_or_else(|| Fault::new(FaultCode::NoSuchOperation, text))
}

fn none(id: &OperationId) -> Fault {
    Fault::new(FaultCode::NoSuchOperation, format!("the journal holds no operation {id}"))
}

fn unusable(error: impl std::fmt::Display) -> Fault {
    Fault::new(FaultCode::AccountUnusable, error.to_string())
}

fn unreadable(error: JournalError) -> Fault {
    super::journal(&error)
}
