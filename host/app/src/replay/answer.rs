//! From a recording back to what a directory answers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portcullis_directory as dir;

use crate::recording::{Answer, Control, Entry, Failure, Reply, Value, WITHHELD};

/// A recorded reply to a search.
pub(super) fn found(reply: &Reply) -> Result<dir::Found, dir::Failure> {
    match reply {
        Reply::Found { entries, more, answer: final_one } => {
            Ok(dir::Found { entries: entries.iter().map(entry).collect(), more: *more, answer: answer(final_one) })
        }
        Reply::Answered { .. } => Err(nonsense()),
        Reply::Failed { failure: kind, text, answer } => Err(failure(*kind, text, answer.as_ref())),
    }
}

/// A recorded reply to anything else.
pub(super) fn answered(reply: &Reply) -> Result<dir::Answer, dir::Failure> {
    match reply {
        Reply::Answered { answer: one } => Ok(answer(one)),
        Reply::Found { .. } => Err(nonsense()),
        Reply::Failed { failure: kind, text, answer } => Err(failure(*kind, text, answer.as_ref())),
    }
}

/// A recorded entry.
pub(super) fn entry(entry: &Entry) -> dir::Entry {
    let attributes = entry.attributes.iter().map(|attribute| dir::Attribute {
        name: attribute.name.clone(),
        values: attribute.values.iter().map(value).collect(),
    });
    dir::Entry { dn: entry.dn.clone(), attributes: attributes.collect() }
}

fn value(value: &Value) -> Vec<u8> {
    match value {
        Value::Text(text) => text.clone().into_bytes(),
        Value::Base64(text) => STANDARD.decode(text).unwrap_or_default(),
        Value::Password(..) | Value::Withheld => WITHHELD.as_bytes().to_vec(),
    }
}

fn answer(answer: &Answer) -> dir::Answer {
    dir::Answer {
        code: answer.code,
        diagnostic: answer.diagnostic.clone(),
        controls: answer.controls.iter().map(control).collect(),
        server: answer.server.clone(),
    }
}

fn control(control: &Control) -> dir::Control {
    dir::Control { oid: control.oid.clone(), critical: control.critical, value: control.value.as_ref().map(value) }
}

fn failure(kind: Failure, text: &str, refused: Option<&Answer>) -> dir::Failure {
    let text = text.to_owned();
    match kind {
        Failure::Unavailable => dir::Failure::Unavailable(text),
        Failure::ServiceAccount => dir::Failure::ServiceAccount(text),
        Failure::Unprotected => dir::Failure::Unprotected(text),
        Failure::BindRefused => refused.map_or_else(nonsense, |refused| dir::Failure::BindRefused(answer(refused))),
        Failure::InDoubt => dir::Failure::InDoubt(text),
        Failure::Nonsense => dir::Failure::Nonsense(text),
    }
}

fn nonsense() -> dir::Failure {
    dir::Failure::Nonsense("the recording holds a reply of another kind than the request".to_owned())
}
