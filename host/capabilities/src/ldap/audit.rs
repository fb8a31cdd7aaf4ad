//! The events of this capability, one function for each fact.

use portcullis_model::Event;

use super::AttributeName;
use super::grant::Denial;

const CAPABILITY: &str = "ldap";

pub(super) fn allowed(call: &'static str, subject: String) -> Event {
    Event::Allowed { capability: CAPABILITY, call, subject }
}

pub(super) fn denied(call: &'static str, denial: &Denial) -> Event {
    Event::Denied { capability: CAPABILITY, call, subject: denial.subject.clone(), reason: denial.reason.clone() }
}

pub(super) fn names(attributes: &[AttributeName]) -> String {
    if attributes.is_empty() {
        return "(no attributes)".into();
    }
    attributes.iter().map(AttributeName::as_str).collect::<Vec<_>>().join(", ")
}

pub(super) fn written(what: &[String], server: &str, password: bool) -> Event {
    Event::Written { what: what.to_vec(), server: server.to_owned(), password }
}

pub(super) fn refused(what: &[String], code: u32, server: &str) -> Event {
    Event::Refused { what: what.to_vec(), code, server: server.to_owned() }
}

pub(super) fn in_doubt(what: &[String], password: bool, reason: String) -> Event {
    Event::InDoubt { what: what.to_vec(), password, reason }
}
