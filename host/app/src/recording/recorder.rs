//! One operation is recorded: a recorder is made before it, stands around it, and ends with a [`Recording`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use portcullis_capabilities::Context;
use portcullis_directory::{Answer, Control, Directory, Entry, Failure, Found, Modify, Performer, Search, SetPassword};
use portcullis_model::{Confirmation, Operation, Outcome, Password, Passwords, ResetOptions, Result as Told, Stage};

use super::format::{Account, Call, Ended, Located, Locating, Recording, Request, Scope, digest_of};
use super::keep::Keeper;
use super::listen::{Heard, Listening};
use super::redact::Redactor;
use crate::config::LocateScope;
use crate::connector::Connector;
use crate::operation::{Around, Instead, Report, perform_within};

/// Records one operation.
#[derive(Debug)]
pub struct Recorder {
    keeper: Arc<Keeper>,
    heard: Arc<Heard>,
    located: Arc<Mutex<Vec<Entry>>>,
    locate: Option<Locating>,
    connector: String,
    plugin: String,
}

/// Keeps the entries of the search for the target, until it is known which of them is the target.
#[derive(Debug)]
struct Noting {
    inner: Listening,
    located: Arc<Mutex<Vec<Entry>>>,
}

impl Recorder {
    /// For this operation, through this connector.
    #[must_use]
    pub fn new(connector: &Connector, operation: &Operation) -> Self {
        let read = connector.context.grants.ldap.as_ref().map(|ldap| ldap.read.clone()).unwrap_or_default();
        let locate = connector.file.ldap.as_ref().map(|ldap| Locating {
            base: ldap.locate.base.clone(),
            scope: match ldap.locate.scope {
                LocateScope::One => Scope::One,
                LocateScope::Subtree => Scope::Subtree,
            },
            filter: ldap.locate.filter.clone(),
            exclude: ldap.locate.exclude.clone(),
            read: read.iter().map(ToString::to_string).collect(),
        });
        Self {
            keeper: Arc::new(Keeper { redactor: Redactor::new(operation), read }),
            heard: Arc::default(),
            located: Arc::default(),
            locate,
            connector: connector.file.name.clone(),
            plugin: digest_of(&connector.plugin),
        }
    }

    /// What stands around the operation so that it is heard. What the directory says of itself is asked for anew, since a
    /// recording without it could not be replayed.
    #[must_use]
    pub fn around(&self, connector: &Connector, around: Around) -> Around {
        let Some(directory) = &connector.context.directory else { return around };
        let listening = |stage| Listening {
            inner: Arc::clone(directory),
            stage,
            keeper: Arc::clone(&self.keeper),
            heard: Arc::clone(&self.heard),
        };
        let own = &connector.context;
        let context = Context {
            connector: Arc::clone(&own.connector),
            grants: own.grants.clone(),
            directory: Some(Arc::new(listening(Stage::Connector))),
            limits: own.limits.clone(),
            root_dse: Default::default(),
        };
        let instead = Instead {
            target: None,
            locate: Arc::new(Noting { inner: listening(Stage::Locate), located: Arc::clone(&self.located) }),
            context: Arc::new(context),
            confirm: Arc::new(listening(Stage::Confirm)),
        };
        Around { instead: Some(instead), ..around }
    }

    /// The recording, once the operation has ended; nothing if more was asked and answered than a line can hold.
    #[must_use]
    pub fn finish(&self, operation: &Operation, report: &Report) -> Option<Recording> {
        let options = match &operation.passwords {
            Passwords::New(_, options) => *options,
            _ => ResetOptions::default(),
        };
        let mut events: Vec<_> = report.events.iter().filter_map(|event| serde_json::to_value(event).ok()).collect();
        events.iter_mut().for_each(|event| self.keeper.redactor.json(event));
        Some(Recording {
            v: Recording::VERSION,
            at: humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
            operation: operation.id.to_string(),
            kind: operation.kind,
            asked: Account {
                account: operation.account.to_string(),
                must_change: options.must_change,
                unlock: options.unlock,
            },
            connector: self.connector.clone(),
            plugin: self.plugin.clone(),
            locate: self.locate.clone(),
            target: self.target(report),
            calls: self.calls(report)?,
            events,
            ended: ended(&report.outcome, &self.keeper.redactor),
            milliseconds: u64::try_from(report.timings.connector.as_millis()).unwrap_or(u64::MAX),
            withheld: self.keeper.redactor.withheld(),
        })
    }

    /// What was heard. Of an entry that became no target, as an excluded one, not even its name is kept.
    fn calls(&self, report: &Report) -> Option<Vec<Call>> {
        let mut calls = self.heard.calls()?;
        let located = self.target(report);
        let own = self.locate.as_ref().map(|locate| locate.base.as_str());
        for call in calls.iter_mut().filter(|call| call.stage == Stage::Locate) {
            if let Request::Search { base, .. } = &mut call.request {
                let target = located.as_ref().is_some_and(|located| located.entry.dn == *base);
                if !target && Some(base.as_str()) != own {
                    *base = "(an entry that is not the target)".to_owned();
                }
            }
        }
        Some(calls)
    }

    /// The one entry that the host took for the target.
    fn target(&self, report: &Report) -> Option<Located> {
        let (dn, server) = report.events.iter().find_map(|event| match event {
            portcullis_model::Event::Located { dn, server } => Some((dn, server)),
            _ => None,
        })?;
        let located = self.located.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = located.iter().find(|entry| entry.dn == *dn)?;
        Some(Located { entry: self.keeper.entry(entry, &[]), server: server.clone() })
    }
}

/// Does one operation as [`perform_within`] does, and records it.
pub(crate) async fn perform_recorded(
    connector: &Connector,
    operation: &Operation,
    around: Around,
) -> (Report, Option<Recording>) {
    let recorder = Recorder::new(connector, operation);
    let report = perform_within(connector, operation, recorder.around(connector, around)).await;
    let recording = recorder.finish(operation, &report);
    (report, recording)
}

/// An outcome as a recording has it: codes, and no words.
pub(crate) fn ended(outcome: &Outcome, redactor: &Redactor) -> Ended {
    let fault = outcome.fault();
    let mut ended = Ended {
        outcome: outcome.word().to_owned(),
        fault: fault.map(|fault| fault.code.name().to_owned()),
        limit: fault.and_then(|fault| fault.limit),
        effects: Vec::new(),
        confirmed: None,
        status: None,
        verdict: None,
        notes: Vec::new(),
    };
    if let Outcome::Done(receipt) = outcome {
        ended.effects.clone_from(&receipt.effects);
        ended.confirmed = match receipt.confirmation {
            Confirmation::Confirmed(_) => Some(true),
            Confirmation::AcceptedOnly(_) => Some(false),
            Confirmation::NotNeeded => None,
        };
        ended.notes = receipt.notes.iter().map(|note| redactor.text(&note.code)).collect();
        match &receipt.result {
            Told::Nothing => {}
            Told::Status(status) => ended.status = Some(status.clone()),
            Told::Verdict(verdict) => ended.verdict = Some(*verdict),
        }
    }
    ended
}

#[async_trait]
impl Directory for Noting {
    async fn search(&self, search: &Search) -> Result<Found, Failure> {
        let found = self.inner.search(search).await;
        if let Ok(found) = &found {
            let mut located = self.located.lock().unwrap_or_else(PoisonError::into_inner);
            located.extend(found.entries.iter().take(2).cloned());
        }
        found
    }

    async fn modify(&self, performer: &Performer, modify: &Modify) -> Result<Answer, Failure> {
        self.inner.modify(performer, modify).await
    }

    async fn set_password(&self, performer: &Performer, request: &SetPassword) -> Result<Answer, Failure> {
        self.inner.set_password(performer, request).await
    }

    async fn bind(&self, dn: &str, password: &Password, controls: &[Control]) -> Result<Answer, Failure> {
        self.inner.bind(dn, password, controls).await
    }
}
