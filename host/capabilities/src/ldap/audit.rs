//! The events of this capability, one function for each fact.

use portcullis_directory::{Change, Control, Performer, Value};
use portcullis_model::{Event, Tried, Use, UsedValue};

use super::AttributeName;
use super::grant::Denial;
use crate::secrets::Label;

const CAPABILITY: &str = "ldap";

pub(super) fn allowed(call: &'static str, subject: String, uses: Vec<Use>) -> Event {
    Event::Allowed { capability: CAPABILITY, call, subject, uses }
}

pub(super) fn denied(call: &'static str, denial: &Denial) -> Event {
    let Denial { subject, reason, wanted, .. } = denial.clone();
    Event::Denied { capability: CAPABILITY, call, subject, reason, wanted }
}

pub(super) fn names(attributes: &[AttributeName]) -> String {
    if attributes.is_empty() {
        return "(no attributes)".into();
    }
    attributes.iter().map(AttributeName::as_str).collect::<Vec<_>>().join(", ")
}

pub(super) fn reads(attributes: &[AttributeName]) -> Vec<Use> {
    attributes.iter().map(|name| Use::Read { attribute: name.to_string() }).collect()
}

/// What a change uses. It was permitted, so each of its values is one that the operator granted.
pub(super) fn writes(change: &Change) -> Vec<Use> {
    let attribute = AttributeName::parse(&change.attribute).map(|name| name.to_string()).unwrap_or_default();
    let used = |value| Use::Write { attribute: attribute.clone(), value };
    let value = |value: &Value| match value {
        Value::Secret(..) => used(UsedValue::Password),
        Value::Plain(bytes) => used(UsedValue::Granted(String::from_utf8_lossy(bytes).into_owned())),
    };
    if change.values.is_empty() { vec![used(UsedValue::Removed)] } else { change.values.iter().map(value).collect() }
}

pub(super) fn sent_with(performer: &Performer, controls: &[Control]) -> Vec<Use> {
    let as_target = matches!(performer, Performer::Target { .. }).then_some(Use::AsTarget);
    let control = |control: &Control| Use::Control { oid: control.oid.clone() };
    as_target.into_iter().chain(controls.iter().map(control)).collect()
}

pub(super) fn written(what: &[String], server: &str, password: bool) -> Event {
    Event::Written { what: what.to_vec(), server: server.to_owned(), password }
}

pub(super) fn refused(what: &[String], code: u32, server: &str) -> Event {
    Event::Refused { what: what.to_vec(), code, server: server.to_owned() }
}

pub(super) fn tried(password: Label, answer: Tried) -> Event {
    Event::Tried { password: password.name(), answer }
}

pub(super) fn in_doubt(what: &[String], password: bool, reason: String) -> Event {
    Event::InDoubt { what: what.to_vec(), password, reason }
}
