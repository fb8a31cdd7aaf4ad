//! Between the interface's types and the directory's.

use std::sync::Arc;

use portcullis_directory as dir;
use portcullis_model::{Encoding, Password};

use super::writes::{Placed, PlacedChange};
use super::{AttributeName, LdapGrant};
use crate::bindings::portcullis::writeback::ldap as wit;
use crate::secrets::Held;
use crate::state::OperationState;
use crate::text::without_secrets;

/// The most bytes of attribute values that one answer passes to a guest, so that a directory cannot fill its memory.
const MOST_BYTES: usize = 1 << 20;

pub(super) fn control(control: wit::Control) -> dir::Control {
    dir::Control { oid: control.oid, critical: control.critical, value: control.value }
}

pub(super) fn scope(scope: wit::Scope) -> dir::Scope {
    match scope {
        wit::Scope::Base => dir::Scope::Base,
        wit::Scope::One => dir::Scope::One,
        wit::Scope::Subtree => dir::Scope::Subtree,
    }
}

/// The password of `performer::target`, if it is that.
pub(super) fn performer(state: &OperationState, performer: wit::Performer) -> wasmtime::Result<Option<Held>> {
    match performer {
        wit::Performer::Service => Ok(None),
        wit::Performer::Target(password) => Ok(Some(state.table.get(&password)?.clone())),
    }
}

pub(super) fn change(state: &OperationState, change: wit::Change) -> wasmtime::Result<PlacedChange> {
    let kind = match change.kind {
        wit::ChangeKind::Add => dir::ChangeKind::Add,
        wit::ChangeKind::Delete => dir::ChangeKind::Delete,
        wit::ChangeKind::Replace => dir::ChangeKind::Replace,
    };
    let value = |value| match value {
        wit::Value::Text(text) => Ok(Placed::Plain(text.into_bytes())),
        wit::Value::Bytes(bytes) => Ok(Placed::Plain(bytes)),
        wit::Value::Password(value) => {
            let encoding = match value.encoding {
                wit::Encoding::Utf8 => Encoding::Utf8,
                wit::Encoding::QuotedUtf16le => Encoding::QuotedUtf16Le,
            };
            Ok(Placed::Password(state.table.get(&value.password)?.clone(), encoding))
        }
    };
    let values = change.values.into_iter().map(value).collect::<wasmtime::Result<_>>()?;
    Ok(PlacedChange { kind, attribute: change.attribute, values })
}

/// An entry with what was asked for by these very descriptions, and nothing else that a server may have sent along.
pub(super) fn entry(entry: &dir::Entry, asked: &[AttributeName], left: &mut usize) -> wit::Entry {
    let mut attributes = Vec::new();
    for attribute in entry.attributes.iter().filter(|a| LdapGrant::may_pass(asked, &a.name)) {
        let size = attribute.values.iter().map(Vec::len).sum::<usize>();
        let Some(rest) = left.checked_sub(size) else { continue };
        *left = rest;
        attributes.push(wit::Attribute { name: attribute.name.clone(), values: attribute.values.clone() });
    }
    wit::Entry { dn: entry.dn.clone(), attributes }
}

pub(super) fn entries(found: &[dir::Entry], asked: &[AttributeName]) -> Vec<wit::Entry> {
    let mut left = MOST_BYTES;
    found.iter().map(|one| entry(one, asked, &mut left)).collect()
}

pub(super) fn one_entry(found: &dir::Entry, asked: &[AttributeName]) -> wit::Entry {
    entry(found, asked, &mut MOST_BYTES.clone())
}

/// An answer without the passwords of the operation: a server may repeat what it was sent.
pub(super) fn answer(answer: dir::Answer, secrets: &[Arc<Password>]) -> wit::Answer {
    let control = |control: dir::Control| {
        let value = control.value.filter(|value| !secrets.iter().any(|secret| secret.occurs_in_bytes(value)));
        wit::Control { oid: control.oid, critical: control.critical, value }
    };
    wit::Answer {
        code: answer.code,
        diagnostic: without_secrets(answer.diagnostic, secrets),
        controls: answer.controls.into_iter().map(control).collect(),
    }
}

/// What went wrong, for the guest.
pub(super) fn failure(failure: dir::Failure, write: bool, secrets: &[Arc<Password>]) -> wit::LdapError {
    match failure {
        dir::Failure::BindRefused(refused) => wit::LdapError::BindRefused(answer(refused, secrets)),
        // A bind that was not answered changes nothing: for a guest it is a server that did not answer.
        dir::Failure::InDoubt(text) | dir::Failure::Nonsense(text) if write => {
            wit::LdapError::InDoubt(without_secrets(text, secrets))
        }
        failure => wit::LdapError::Unavailable(without_secrets(failure.to_string(), secrets)),
    }
}
