//! From the directory's types to those of a recording: the one form in which requests are both kept and compared.

use std::collections::BTreeSet;

use portcullis_capabilities::ldap::AttributeName;
use portcullis_directory as dir;
use portcullis_model::{Encoding as Coding, Password, Stage};

use super::format::{
    Answer, Attribute, Change, ChangeKind, Control, Encoding, Entry, Failure, Performer, Reply, Request, Scope, Value,
    Which,
};
use super::redact::Redactor;

/// What may stand in a recording of one operation.
#[derive(Debug)]
pub(crate) struct Keeper {
    pub(crate) redactor: Redactor,
    /// What was granted to be read.
    pub(crate) read: BTreeSet<AttributeName>,
}

impl Keeper {
    pub(crate) fn search(&self, search: &dir::Search) -> Request {
        Request::Search {
            base: self.redactor.text(&search.base),
            scope: match search.scope {
                dir::Scope::Base => Scope::Base,
                dir::Scope::One => Scope::One,
                dir::Scope::Subtree => Scope::Subtree,
            },
            filter: self.redactor.text(&search.filter),
            attributes: search.attributes.clone(),
            limit: search.limit,
        }
    }

    pub(crate) fn modify(&self, performer: &dir::Performer, modify: &dir::Modify) -> Request {
        Request::Modify {
            performer: self.performer(performer),
            dn: modify.dn.clone(),
            changes: modify.changes.iter().map(|change| self.change(change)).collect(),
            controls: self.controls(&modify.controls),
        }
    }

    pub(crate) fn set_password(&self, performer: &dir::Performer, request: &dir::SetPassword) -> Request {
        Request::SetPassword {
            performer: self.performer(performer),
            dn: request.dn.clone(),
            password: self.which(&request.new),
            controls: self.controls(&request.controls),
        }
    }

    pub(crate) fn bind(&self, dn: &str, password: &Password, controls: &[dir::Control]) -> Request {
        Request::Bind { dn: dn.to_owned(), password: self.which(password), controls: self.controls(controls) }
    }

    pub(crate) fn found(&self, stage: Stage, search: &dir::Search, found: &Result<dir::Found, dir::Failure>) -> Reply {
        let found = match found {
            Ok(found) => found,
            Err(failure) => return self.failed(failure),
        };
        // The target stands apart, and other entries that the search for it met are nobody's to read.
        let entries = match stage {
            Stage::Locate => &[],
            Stage::Connector | Stage::Confirm => found.entries.as_slice(),
        };
        // The root DSE describes the server, and what the host asks of it needs no grant.
        let open: &[String] = if search.base.is_empty() { &search.attributes } else { &[] };
        Reply::Found {
            entries: entries
                .iter()
                .map(|entry| Entry { dn: self.redactor.text(&entry.dn), ..self.entry(entry, open) })
                .collect(),
            more: found.more,
            answer: self.answer(&found.answer),
        }
    }

    pub(crate) fn answered(&self, answered: &Result<dir::Answer, dir::Failure>) -> Reply {
        match answered {
            Ok(answer) => Reply::Answered { answer: self.answer(answer) },
            Err(failure) => self.failed(failure),
        }
    }

    /// An entry with what was granted, and what is open to everybody.
    pub(crate) fn entry(&self, entry: &dir::Entry, open: &[String]) -> Entry {
        let attribute = |attribute: &dir::Attribute| {
            let name = AttributeName::parse(&attribute.name).ok()?;
            let open = self.read.contains(&name) || open.iter().any(|open| open.eq_ignore_ascii_case(name.as_str()));
            let values = || attribute.values.iter().map(|value| self.redactor.value(value)).collect();
            open.then(|| Attribute { name: attribute.name.clone(), values: values() })
        };
        Entry { dn: entry.dn.clone(), attributes: entry.attributes.iter().filter_map(attribute).collect() }
    }

    fn performer(&self, performer: &dir::Performer) -> Performer {
        match performer {
            dir::Performer::Service => Performer::Service,
            dir::Performer::Target { password, .. } => Performer::Target(self.which(password)),
        }
    }

    /// A password that is none of the operation's would be a bug of the host; it is called the new one and not told.
    fn which(&self, password: &Password) -> Which {
        self.redactor.which(password).unwrap_or(Which::New)
    }

    fn change(&self, change: &dir::Change) -> Change {
        let value = |value: &dir::Value| match value {
            dir::Value::Plain(bytes) => self.redactor.value(bytes),
            dir::Value::Secret(password, coding) => Value::Password(
                self.which(password),
                match coding {
                    Coding::Utf8 => Encoding::Utf8,
                    Coding::QuotedUtf16Le => Encoding::QuotedUtf16Le,
                },
            ),
        };
        Change {
            kind: match change.kind {
                dir::ChangeKind::Add => ChangeKind::Add,
                dir::ChangeKind::Delete => ChangeKind::Delete,
                dir::ChangeKind::Replace => ChangeKind::Replace,
            },
            attribute: change.attribute.clone(),
            values: change.values.iter().map(value).collect(),
        }
    }

    fn controls(&self, controls: &[dir::Control]) -> Vec<Control> {
        let one = |control: &dir::Control| Control {
            oid: control.oid.clone(),
            critical: control.critical,
            value: control.value.as_deref().map(|value| self.redactor.value(value)),
        };
        controls.iter().map(one).collect()
    }

    fn answer(&self, answer: &dir::Answer) -> Answer {
        Answer {
            code: answer.code,
            diagnostic: self.redactor.text(&answer.diagnostic),
            controls: self.controls(&answer.controls),
            server: answer.server.clone(),
        }
    }

    fn failed(&self, failure: &dir::Failure) -> Reply {
        let (kind, text, answer) = match failure {
            dir::Failure::Unavailable(text) => (Failure::Unavailable, text.as_str(), None),
            dir::Failure::ServiceAccount(text) => (Failure::ServiceAccount, text.as_str(), None),
            dir::Failure::Unprotected(text) => (Failure::Unprotected, text.as_str(), None),
            dir::Failure::BindRefused(answer) => (Failure::BindRefused, "", Some(self.answer(answer))),
            dir::Failure::InDoubt(text) => (Failure::InDoubt, text.as_str(), None),
            dir::Failure::Nonsense(text) => (Failure::Nonsense, text.as_str(), None),
        };
        Reply::Failed { failure: kind, text: self.redactor.text(text), answer }
    }
}
