//! The effects of this capability: each takes a request that passed the grants, lets the directory do it, and records
//! what became of it.

use std::sync::Arc;

use portcullis_directory::{
    Answer, Change, Control, Directory, Entry, Failure, Found, Modify, Performer, Scope, Search, SetPassword, Value,
};
use portcullis_model::Tried;

use super::{LdapGrant, audit};
use crate::Permitted;
use crate::ledger::Sending;
use crate::secrets::{Held, Label};
use crate::state::OperationState;
use crate::text::clean;

impl OperationState {
    pub(super) fn directory(&self) -> wasmtime::Result<Arc<dyn Directory>> {
        self.context.directory.clone().ok_or_else(|| wasmtime::Error::msg("`ldap` was linked without a directory"))
    }

    /// The target as it is now: as it was located, unless something was written since.
    pub(super) async fn read_target(&mut self) -> wasmtime::Result<Option<Result<Entry, Failure>>> {
        let Some(target) = &self.target else { return Ok(None) };
        if self.ledger.with(|seen| seen.written + seen.in_doubt) == 0 {
            return Ok(Some(Ok(target.entry.clone())));
        }
        let grant = self.context.grants.ldap.as_ref();
        let search = Search {
            base: target.entry.dn.clone(),
            scope: Scope::Base,
            filter: "(objectClass=*)".into(),
            attributes: grant.map(|g| g.read.iter().map(ToString::to_string).collect()).unwrap_or_default(),
            limit: 1,
        };
        let directory = self.directory()?;
        let found = self.ledger.clone().waiting(directory.search(&search)).await;
        Ok(Some(self.note(found.and_then(first))))
    }

    /// The description of the server, from a moment ago if there is one.
    pub(super) async fn read_root_dse(&mut self) -> wasmtime::Result<Result<Arc<Entry>, Failure>> {
        if let Some(entry) = self.context.root_dse.get() {
            return Ok(Ok(entry));
        }
        let search = Search {
            base: String::new(),
            scope: Scope::Base,
            filter: "(objectClass=*)".into(),
            attributes: LdapGrant::root_dse_attributes(),
            limit: 1,
        };
        let directory = self.directory()?;
        let found = self.ledger.clone().waiting(directory.search(&search)).await.and_then(first).map(Arc::new);
        if let Ok(entry) = &found {
            self.context.root_dse.put(entry);
        }
        Ok(self.note(found))
    }

    pub(super) async fn run_search(&mut self, search: Permitted<Search>) -> wasmtime::Result<Result<Found, Failure>> {
        let (directory, search) = (self.directory()?, search.into_inner());
        let found = self.ledger.clone().waiting(directory.search(&search)).await;
        Ok(self.note(found))
    }

    pub(super) async fn run_modify(
        &mut self,
        permitted: Permitted<(Performer, Modify)>,
    ) -> wasmtime::Result<Result<Answer, Failure>> {
        let (performer, modify) = permitted.into_inner();
        let what: Vec<String> = modify.changes.iter().map(|change| change.attribute.clone()).collect();
        let password = modify.changes.iter().any(places_password);
        let directory = self.directory()?;
        if let Err(failure) = self.intend().await {
            return Ok(Err(failure));
        }
        let sending = self.ledger.sending(password);
        let result = self.ledger.clone().waiting(directory.modify(&performer, &modify)).await;
        Ok(self.settle(sending, &what, password, result))
    }

    pub(super) async fn run_set_password(
        &mut self,
        permitted: Permitted<(Performer, SetPassword)>,
    ) -> wasmtime::Result<Result<Answer, Failure>> {
        let (performer, request) = permitted.into_inner();
        let what = vec!["password modify (RFC 3062)".to_owned()];
        let directory = self.directory()?;
        if let Err(failure) = self.intend().await {
            return Ok(Err(failure));
        }
        let sending = self.ledger.sending(true);
        let result = self.ledger.clone().waiting(directory.set_password(&performer, &request)).await;
        Ok(self.settle(sending, &what, true, result))
    }

    pub(super) async fn run_bind(
        &mut self,
        permitted: Permitted<(String, Held, Vec<Control>)>,
    ) -> wasmtime::Result<Result<Answer, Failure>> {
        let (dn, held, controls) = permitted.into_inner();
        let directory = self.directory()?;
        if let Err(failure) = self.intend().await {
            return Ok(Err(failure));
        }
        let result = self.ledger.clone().waiting(directory.bind(&dn, &held.secret, &controls)).await;
        let answer = match &result {
            Ok(answer) => {
                self.ledger.with(|seen| {
                    seen.refused_binds += usize::from(answer.code != 0);
                    match held.label {
                        Label::Candidate => seen.candidate = Some(answer.clone()),
                        Label::Old => seen.old_taken |= answer.code == 0,
                        Label::New => {}
                    }
                    seen.server = Some(answer.server.clone());
                });
                Tried::Answered { code: answer.code, server: answer.server.clone() }
            }
            Err(failure) => Tried::Unanswered { reason: clean(&failure.to_string(), 1024, &self.secrets) },
        };
        self.trace.record(audit::tried(held.label, answer));
        Ok(self.note(result))
    }

    /// Before each effect. What failed once fails for every later effect of the operation: what led to it is not kept.
    async fn intend(&mut self) -> Result<(), Failure> {
        let Some(intent) = &self.intent else { return Ok(()) };
        if let Some(fault) = self.ledger.with(|seen| seen.unintended.clone()) {
            return Err(Failure::Unavailable(fault.to_string()));
        }
        let intended = match self.intended {
            false => intent.before_effect(&self.trace).await,
            true => intent.before_further_effect(&self.trace).await,
        };
        self.intended = true;
        intended.map_err(|fault| {
            let text = fault.to_string();
            self.ledger.with(|seen| seen.unintended = Some(fault));
            Failure::Unavailable(text)
        })
    }

    /// Writes down what became of a write, in the ledger and in the trace.
    fn settle(
        &self,
        sending: Sending,
        what: &[String],
        password: bool,
        result: Result<Answer, Failure>,
    ) -> Result<Answer, Failure> {
        match &result {
            Ok(answer) if answer.code == 0 => {
                sending.written(&answer.server);
                self.trace.record(audit::written(what, &answer.server, password));
            }
            Ok(answer) => {
                sending.refused(&answer.server);
                self.trace.record(audit::refused(what, answer.code, &answer.server));
            }
            Err(Failure::BindRefused(answer)) => {
                sending.not_sent();
                self.ledger.with(|seen| seen.refused_binds += 1);
                self.trace.record(audit::refused(&["bind as the target".to_owned()], answer.code, &answer.server));
            }
            Err(Failure::Unavailable(_) | Failure::Unprotected(_) | Failure::ServiceAccount(_)) => sending.not_sent(),
            Err(failure @ (Failure::InDoubt(_) | Failure::Nonsense(_))) => {
                // The write stays in doubt: dropping `sending` is what says so.
                drop(sending);
                let reason = clean(&failure.to_string(), 1024, &self.secrets);
                self.trace.record(audit::in_doubt(what, password, reason));
            }
        }
        self.note(result)
    }

    /// Keeps the operator's words for a failure; the guest gets its own.
    fn note<R>(&self, result: Result<R, Failure>) -> Result<R, Failure> {
        if let Err(failure) = &result {
            let text = clean(&failure.to_string(), 1024, &self.secrets);
            self.ledger.with(|seen| match failure {
                Failure::Unprotected(_) => seen.unprotected = Some(text),
                Failure::ServiceAccount(_) => seen.service_account = Some(text),
                Failure::BindRefused(_) => {}
                Failure::Unavailable(_) | Failure::InDoubt(_) | Failure::Nonsense(_) => seen.unreachable = Some(text),
            });
        }
        result
    }
}

fn places_password(change: &Change) -> bool {
    change.values.iter().any(|value| matches!(value, Value::Secret(..)))
}

fn first(found: Found) -> Result<Entry, Failure> {
    let code = found.answer.code;
    found
        .entries
        .into_iter()
        .next()
        .ok_or_else(|| Failure::Unavailable(format!("the entry could not be read: result code {code}")))
}
