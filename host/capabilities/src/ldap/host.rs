//! The functions of the interface `ldap`: arguments in, grant, effect, answer out.

use std::sync::LazyLock;

use portcullis_directory as dir;
use portcullis_model::{Event, Use};
use wasmtime::component::Resource;

use super::grant::Denial;
use super::proof::Placing;
use super::writes::{Placed, PlacedChange, one_refused_bind};
use super::{LdapGrant, audit, convert};
use crate::Permitted;
use crate::bindings::portcullis::writeback::ldap::{Answer, Change, Control, Entry, Host, LdapError, Performer, Query};
use crate::secrets::Held;
use crate::state::OperationState;
use crate::text::{as_one_line, clean, holds, one_line};

/// The most entries that one search returns.
const MOST_ENTRIES: u32 = 100;

/// How much of what a call was about is recorded, and of why it was stopped; in bytes.
const MOST_SUBJECT: usize = 256;
const MOST_REASON: usize = 512;

type Call<T> = wasmtime::Result<Result<T, LdapError>>;

impl OperationState {
    fn grant(&self) -> &LdapGrant {
        // Without the grant the linker does not even hold these functions; the default allows next to nothing.
        static NOTHING: LazyLock<LdapGrant> = LazyLock::new(LdapGrant::default);
        self.context.grants.ldap.as_ref().unwrap_or(&NOTHING)
    }

    fn target_dn(&self) -> Result<&str, LdapError> {
        self.target.as_ref().map(|target| &*target.entry.dn).ok_or(LdapError::NoTarget)
    }

    /// The request if it was permitted, with the event either way. What it is about is made of names that were granted;
    /// where a plugin's own words are in it, `about` cleans them.
    fn pass<T>(
        &self,
        call: &'static str,
        about: impl FnOnce(&T) -> (String, Vec<Use>),
        checked: Result<Permitted<T>, Denial>,
    ) -> Result<Permitted<T>, LdapError> {
        match checked {
            Ok(permitted) => {
                let (subject, uses) = permitted.look(about);
                self.trace.record(audit::allowed(call, as_one_line(subject, MOST_SUBJECT), uses));
                Ok(permitted)
            }
            Err(denial) => {
                let fit = |text: &str, most| clean(text, most, &self.secrets);
                let recorded = Denial {
                    subject: fit(&denial.subject, MOST_SUBJECT),
                    reason: fit(&denial.reason, MOST_REASON),
                    wanted: denial.wanted.clone().map(|wanted| wanted.cleaned(|text| fit(text, MOST_SUBJECT))),
                    malformed: denial.malformed,
                };
                let text = |denial: &Denial| format!("ldap.{call} {}: {}", denial.subject, denial.reason);
                let event: Event = audit::denied(call, &recorded);
                self.deny(event, &text(&recorded));
                // The guest reads its own words again, as they were: withholding them would tell it which of its guesses
                // is the password.
                let words = one_line(&text(&denial), MOST_SUBJECT + MOST_REASON);
                Err(if denial.malformed { LdapError::Invalid(words) } else { LdapError::Denied(words) })
            }
        }
    }

    fn answered(&self, write: bool, result: Result<dir::Answer, dir::Failure>) -> Result<Answer, LdapError> {
        match result {
            Ok(answer) if answer.code == 0 || !write => Ok(convert::answer(answer, &self.secrets)),
            Ok(answer) => Err(LdapError::Refused(convert::answer(answer, &self.secrets))),
            Err(failure) => Err(convert::failure(failure, write, &self.secrets)),
        }
    }
}

/// Leaves with an error of the interface, which is a value for the guest and not a trap.
macro_rules! or_return {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(error) => return Ok(Err(error)),
        }
    };
}

impl Host for OperationState {
    async fn target(&mut self, attributes: Vec<String>) -> Call<Entry> {
        self.charge()?;
        let about = |names: &Vec<_>| (audit::names(names), audit::reads(names));
        let names = or_return!(self.pass("target", about, self.grant().permit_read(&attributes)));
        let names = names.into_inner();
        if let Some(entry) = self.target_as_located() {
            return Ok(Ok(convert::one_entry(entry, &names)));
        }
        Ok(match self.read_target().await? {
            None => Err(LdapError::NoTarget),
            Some(Ok(entry)) => Ok(convert::one_entry(&entry, &names)),
            Some(Err(failure)) => Err(convert::failure(failure, false, &self.secrets)),
        })
    }

    async fn search(&mut self, query: Query) -> Call<Vec<Entry>> {
        self.charge()?;
        let search = dir::Search {
            base: query.base,
            scope: convert::scope(query.scope),
            filter: query.filter,
            attributes: query.attributes,
            limit: query.limit.clamp(1, MOST_ENTRIES) as usize,
        };
        let names = self.grant().permit_read(&search.attributes).map(Permitted::into_inner).unwrap_or_default();
        let checked = self.no_password_in(&search).and_then(|()| self.grant().permit_search(search));
        let about = |search: &dir::Search| {
            (clean(&search.base, MOST_SUBJECT, &self.secrets), self.grant().uses_of_search(search))
        };
        let permitted = or_return!(self.pass("search", about, checked));
        // No password was sent, so a server that repeats one has it from the guest: withholding it would confirm a guess.
        Ok(match self.run_search(permitted).await? {
            Ok(found) if found.answer.code == 0 || found.more => Ok(convert::entries(&found.entries, &names)),
            Ok(found) => Err(LdapError::Refused(convert::answer(found.answer, &[]))),
            Err(failure) => Err(convert::failure(failure, false, &[])),
        })
    }

    async fn root_dse(&mut self, attributes: Vec<String>) -> Call<Entry> {
        self.charge()?;
        // What describes the server needs no grant, so none is used.
        let about = |names: &Vec<_>| (audit::names(names), Vec::new());
        let names = or_return!(self.pass("root-dse", about, LdapGrant::permit_root_dse(&attributes)));
        Ok(match self.read_root_dse().await? {
            Ok(entry) => Ok(convert::one_entry(&entry, &names.into_inner())),
            Err(failure) => Err(convert::failure(failure, false, &self.secrets)),
        })
    }

    async fn modify(
        &mut self,
        dn: String,
        performer: Performer,
        changes: Vec<Change>,
        controls: Vec<Control>,
    ) -> Call<Answer> {
        self.charge()?;
        let performer = convert::performer(self, performer)?;
        let changes =
            changes.into_iter().map(|change| convert::change(self, change)).collect::<wasmtime::Result<Vec<_>>>()?;
        let controls: Vec<_> = controls.into_iter().map(convert::control).collect();
        let target = or_return!(self.target_dn());
        let subject = described(&changes);
        let placing = Placing::of_changes(performer.as_ref(), &changes, &controls);
        let checked = self
            .may_write(performer.as_ref())
            .and_then(|()| self.grant().permit_modify(target, &dn, performer.as_ref(), changes, controls))
            .and_then(|permitted| self.old_is_proved(placing).map(|()| permitted));
        let about = |(performer, modify): &(dir::Performer, dir::Modify)| {
            let written = modify.changes.iter().flat_map(audit::writes);
            (subject, written.chain(audit::sent_with(performer, &modify.controls)).collect())
        };
        let permitted = or_return!(self.pass("modify", about, checked));
        let result = self.run_modify(permitted).await?;
        Ok(self.answered(true, result))
    }

    async fn set_password(
        &mut self,
        dn: String,
        performer: Performer,
        new: Resource<Held>,
        controls: Vec<Control>,
    ) -> Call<Answer> {
        self.charge()?;
        let performer = convert::performer(self, performer)?;
        let new = self.table.get(&new)?.clone();
        let controls = controls.into_iter().map(convert::control).collect();
        let target = or_return!(self.target_dn());
        let placing = Placing::of_a_password(performer.as_ref());
        let checked = self
            .may_write(performer.as_ref())
            .and_then(|()| self.grant().permit_set_password(target, &dn, performer.as_ref(), new, controls))
            .and_then(|permitted| self.old_is_proved(placing).map(|()| permitted));
        let about = |(performer, request): &(dir::Performer, dir::SetPassword)| {
            let with = audit::sent_with(performer, &request.controls);
            ("the target's password".into(), [Use::SetPassword].into_iter().chain(with).collect())
        };
        let permitted = or_return!(self.pass("set-password", about, checked));
        let result = self.run_set_password(permitted).await?;
        Ok(self.answered(true, result))
    }

    async fn try_bind(&mut self, dn: String, password: Resource<Held>, controls: Vec<Control>) -> Call<Answer> {
        self.charge()?;
        let password = self.table.get(&password)?.clone();
        let controls = controls.into_iter().map(convert::control).collect();
        let target = or_return!(self.target_dn());
        let refused = self.ledger.refused_binds();
        let subject = format!("as the target with the password `{}`", password.label.name());
        let checked = self.grant().permit_bind(target, &dn, password, refused, controls);
        let about = |(_, _, controls): &(String, Held, Vec<dir::Control>)| {
            let with = audit::sent_with(&dir::Performer::Service, controls);
            (subject, [Use::TryBind].into_iter().chain(with).collect())
        };
        let permitted = or_return!(self.pass("try-bind", about, checked));
        let result = self.run_bind(permitted).await?;
        Ok(self.answered(false, result))
    }
}

impl OperationState {
    /// Searches stand in the logs of servers, and go over connections that no password may: one that the plugin has read
    /// is not sent in a search. One that it has not read is not looked for, since the answer would confirm its guesses.
    fn no_password_in(&self, search: &dir::Search) -> Result<(), Denial> {
        const REASON: &str = "a password may not be part of a search";
        if holds(&search.base, &self.revealed) {
            return Err(Denial::new(&*search.base, REASON));
        }
        if holds(&search.filter, &self.revealed) {
            return Err(Denial::new("filter", REASON));
        }
        Ok(())
    }

    fn may_write(&self, performer: Option<&Held>) -> Result<(), Denial> {
        if !self.writes {
            return Err(Denial::new("the target", "this operation only asks: nothing may be written in it"));
        }
        performer.map_or(Ok(()), |_| one_refused_bind(self.ledger.refused_binds()))
    }
}

/// Changes in words, without their values.
fn described(changes: &[PlacedChange]) -> String {
    let mut words = String::with_capacity(changes.iter().map(|change| change.attribute.len() + 32).sum());
    for change in changes {
        if !words.is_empty() {
            words.push_str(", ");
        }
        words.push_str(match change.kind {
            dir::ChangeKind::Add => "add ",
            dir::ChangeKind::Delete => "delete ",
            dir::ChangeKind::Replace => "replace ",
        });
        words.push_str(&change.attribute);
        words.push_str(match change.values.as_slice() {
            [] => " with nothing",
            values if values.iter().any(|value| matches!(value, Placed::Password(..))) => " with a password",
            _ => "",
        });
    }
    words
}
