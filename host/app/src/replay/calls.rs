//! The host calls of a plugin, as recorded and as replayed: which are new, which are missing, which are judged otherwise.

use std::collections::VecDeque;

use portcullis_model::{Event, Use, UsedValue};
use serde_json::Value;

use super::divergence::Divergence;
use super::line::{line, suggested};
use crate::recording::{Recording, Request, WITHHELD};

/// One host call with its verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Call {
    capability: String,
    call: String,
    subject: String,
    /// The missing grant in words, of a call that was denied.
    denied: Option<String>,
    /// What would have to be granted; none where no grant allows it.
    wanted: Option<Use>,
    /// The grants that let it pass.
    uses: Vec<Use>,
}

/// Compares what the plugin called. `strange` are requests that the recording has no answer to.
pub(super) fn compare(recording: &Recording, events: &[Event], strange: Vec<Request>) -> Vec<Divergence> {
    let before: Vec<Call> = recording.events.iter().filter_map(recorded).collect();
    let now: Vec<Call> = events.iter().filter_map(replayed).collect();
    let granted: Vec<&Use> = before.iter().flat_map(|call| &call.uses).collect();
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
        let from = at;
        if let Some(judged) = judged {
            found.extend(before[at..at + judged].iter().map(missing));
            at += judged + 1;
        }
        match (&call.denied, judged) {
            (Some(reason), _) => {
                let used = judged.map(|judged| before[from + judged].uses.as_slice()).unwrap_or_default();
                let wanted = call.wanted.clone().map(|wanted| as_used(wanted, used));
                found.push(Divergence::Denied {
                    capability: call.capability.clone(),
                    call: call.call.clone(),
                    subject: call.subject.clone(),
                    reason: reason.clone(),
                    add: wanted.as_ref().and_then(|wanted| suggested(wanted, &granted)),
                    wanted,
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

/// A host call; a line in the log is none that anything comes of.
fn recorded(event: &Value) -> Option<Call> {
    let text = |name: &str| event.get(name).and_then(Value::as_str).map(str::to_owned);
    let denied = match event.get("event")?.as_str()? {
        "allowed" => None,
        "denied" => Some(text("reason")?),
        _ => return None,
    };
    let capability = text("capability").filter(|capability| capability != "log")?;
    let read = |name: &str| event.get(name).cloned().unwrap_or_default();
    Some(Call {
        capability,
        call: text("call")?,
        subject: text("subject")?,
        denied,
        wanted: serde_json::from_value(read("wanted")).ok(),
        uses: serde_json::from_value(read("uses")).unwrap_or_default(),
    })
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

/// What a denied call wanted, with the value that it wrote when that was granted: a denial does not tell it.
fn as_used(wanted: Use, used: &[Use]) -> Use {
    let Use::Write { attribute, value: UsedValue::Other } = &wanted else { return wanted };
    let same = used.iter().find(|used| matches!(used, Use::Write { attribute: written, .. } if written == attribute));
    same.cloned().unwrap_or(wanted)
}

fn missing(call: &Call) -> Divergence {
    if call.capability == "config" {
        let name = call.subject.clone();
        return Divergence::SettingMissing { add: line(&Use::Setting { name: name.clone() }), name };
    }
    Divergence::CallMissing {
        capability: call.capability.clone(),
        call: call.call.clone(),
        subject: call.subject.clone(),
    }
}
