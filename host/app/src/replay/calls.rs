//! The host calls of a plugin, as recorded and as replayed: which are new, which are missing, which are judged otherwise.

use std::collections::VecDeque;

use portcullis_model::Event;
use serde_json::Value;

use super::divergence::Divergence;
use crate::recording::{Recording, Request, WITHHELD};

/// One host call with its verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Call {
    capability: String,
    call: String,
    subject: String,
    /// The missing grant, of a call that was denied.
    denied: Option<String>,
}

/// Compares what the plugin called. `strange` are requests that the recording has no answer to.
pub(super) fn compare(recording: &Recording, events: &[Event], strange: Vec<Request>) -> Vec<Divergence> {
    let before: Vec<Call> = recording.events.iter().filter_map(recorded).collect();
    let now: Vec<Call> = events.iter().filter_map(replayed).collect();
    let mut strange: VecDeque<Request> = strange.into();
    let mut found = Vec::new();
    let pairs = pairs(&before, &now);
    let mut at = 0;
    for (place, call) in now.iter().enumerate() {
        // What stands before the same call and was not called now.
        if let Some(partner) = pairs[place] {
            found.extend(before[at..partner].iter().map(missing));
            at = partner + 1;
            // The same call; what it sent may still be something else.
            let other = call.denied.is_none() && sends(call) && is_strange(&strange, call);
            if other {
                found.push(another(call, strange.pop_front()));
            }
            continue;
        }
        // A call that was judged otherwise then stands before the next one that is the same.
        let next = pairs[place..].iter().find_map(|pair| *pair).unwrap_or(before.len());
        let judged = before[at..next].iter().position(|then| {
            (&then.capability, &then.call) == (&call.capability, &call.call)
                && then.denied.is_some() != call.denied.is_some()
        });
        if let Some(judged) = judged {
            found.extend(before[at..at + judged].iter().map(missing));
            at += judged + 1;
        }
        match (&call.denied, judged) {
            (Some(reason), _) => {
                found.push(Divergence::Denied {
                    capability: call.capability.clone(),
                    call: call.call.clone(),
                    subject: call.subject.clone(),
                    reason: reason.clone(),
                });
            }
            (None, Some(_)) => {
                found.push(Divergence::Allowed {
                    capability: call.capability.clone(),
                    call: call.call.clone(),
                    subject: call.subject.clone(),
                });
                if sends(call) && is_strange(&strange, call) {
                    found.push(another(call, strange.pop_front()));
                }
            }
            (None, None) => {
                let request = if is_strange(&strange, call) { strange.pop_front() } else { None };
                found.push(another(call, request));
            }
        }
    }
    found.extend(before[at.min(before.len())..].iter().map(missing));
    found
}

/// For each call now the recorded one that it is: the longest common subsequence, so that one call more or less does not
/// make all that follow others.
fn pairs(before: &[Call], now: &[Call]) -> Vec<Option<usize>> {
    let (rows, columns) = (before.len(), now.len());
    let mut common = vec![vec![0_u32; columns + 1]; rows + 1];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            common[row][column] = if before[row].is(&now[column]) {
                common[row + 1][column + 1] + 1
            } else {
                common[row + 1][column].max(common[row][column + 1])
            };
        }
    }
    let mut pairs = vec![None; columns];
    let (mut row, mut column) = (0, 0);
    while row < rows && column < columns {
        if before[row].is(&now[column]) {
            pairs[column] = Some(row);
            (row, column) = (row + 1, column + 1);
        } else if common[row + 1][column] >= common[row][column + 1] {
            row += 1;
        } else {
            column += 1;
        }
    }
    pairs
}

impl Call {
    /// Whether this, which was recorded, is the same call with the same verdict. The words of a denial do not make
    /// another one, and a subject that was withheld fits every one.
    fn is(&self, now: &Self) -> bool {
        let subject = self.subject == now.subject || self.subject == WITHHELD;
        (&self.capability, &self.call) == (&now.capability, &now.call)
            && subject
            && self.denied.is_some() == now.denied.is_some()
    }
}

fn recorded(event: &Value) -> Option<Call> {
    let text = |name: &str| event.get(name).and_then(Value::as_str).map(str::to_owned);
    let denied = match event.get("event")?.as_str()? {
        "allowed" => None,
        "denied" => Some(text("reason")?),
        _ => return None,
    };
    Some(Call { capability: text("capability")?, call: text("call")?, subject: text("subject")?, denied })
}

fn replayed(event: &Event) -> Option<Call> {
    recorded(&serde_json::to_value(event).ok()?)
}

/// Whether a call sends something of the plugin's own making to the directory.
fn sends(call: &Call) -> bool {
    call.capability == "ldap" && ["search", "modify", "set-password", "try-bind"].contains(&call.call.as_str())
}

/// Whether the first request that nobody knows is of this call.
fn is_strange(strange: &VecDeque<Request>, call: &Call) -> bool {
    let Some(request) = strange.front() else { return false };
    match request {
        Request::Search { base, .. } if base.is_empty() => call.call == "root-dse",
        Request::Search { .. } => matches!(call.call.as_str(), "search" | "target"),
        Request::Modify { .. } => call.call == "modify",
        Request::SetPassword { .. } => call.call == "set-password",
        Request::Bind { .. } => call.call == "try-bind",
    }
}

fn another(call: &Call, request: Option<Request>) -> Divergence {
    Divergence::AnotherCall {
        capability: call.capability.clone(),
        call: call.call.clone(),
        subject: call.subject.clone(),
        request: request.map(Box::new),
    }
}

fn missing(call: &Call) -> Divergence {
    Divergence::CallMissing {
        capability: call.capability.clone(),
        call: call.call.clone(),
        subject: call.subject.clone(),
    }
}
