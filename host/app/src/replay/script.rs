//! The directory of a replay: it answers what was asked when the operation was recorded, and nothing else.
//!
//! A request is the recorded one if it is the same in the form in which recordings keep it, passwords by their names. A
//! text that was withheld fits every text. Reads may come in another order between two writes; a write never comes before
//! or after its place.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use portcullis_directory::{Answer, Control, Directory, Failure, Found, Modify, Performer, Search, SetPassword};
use portcullis_model::{Event, Operation, Password, Stage, Use};

use super::answer;
use super::divergence::Divergence;
use super::located::Told;
use crate::connector::Connector;
use crate::recording::{Call, Keeper, Recording, Redactor, Reply, Request, Value, WITHHELD};

/// The recorded calls of one operation, and what was asked besides.
#[derive(Debug)]
pub(super) struct Script {
    keeper: Keeper,
    target: String,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    calls: Vec<(Call, bool)>,
    /// Before it stands a write that was replayed.
    floor: usize,
    strange: Vec<Request>,
    told: BTreeSet<String>,
    confirming: bool,
}

/// The script as one stage sees it.
#[derive(Debug)]
struct View {
    script: Arc<Script>,
    stage: Stage,
}

impl Script {
    pub(super) fn new(recording: &Recording, connector: &Connector, operation: &Operation) -> Self {
        let read = connector.context.grants.ldap.as_ref().map(|ldap| ldap.read.clone()).unwrap_or_default();
        let keeper = Keeper { redactor: Redactor::new(operation), read };
        let calls = recording.calls.iter().cloned().map(|call| (call, false)).collect();
        let state = State { calls, floor: 0, strange: Vec::new(), told: BTreeSet::new(), confirming: false };
        let target = recording.target.as_ref().map(|target| target.entry.dn.clone()).unwrap_or_default();
        Self { keeper, target, state: Mutex::new(state) }
    }

    pub(super) fn directory(this: &Arc<Self>, stage: Stage) -> Arc<dyn Directory> {
        Arc::new(View { script: Arc::clone(this), stage })
    }

    pub(super) fn redactor(&self) -> &Redactor {
        &self.keeper.redactor
    }

    /// What the plugin asked and the recording does not hold.
    pub(super) fn strange(&self) -> Vec<Request> {
        self.with(|state| state.strange.clone())
    }

    /// What would have to be known to go on as a directory would.
    pub(super) fn told(&self, recording: &Recording, events: &[Event]) -> Vec<Divergence> {
        let read = recording.locate.as_ref().map(|locate| locate.read.as_slice()).unwrap_or_default();
        let unread = events.iter().flat_map(|event| match event {
            Event::Allowed { call: "target", uses, .. } => uses.as_slice(),
            _ => &[],
        });
        let unread = unread.filter_map(|used| match used {
            Use::Read { attribute } if !read.contains(attribute) => Some(attribute.clone()),
            _ => None,
        });
        self.with(|state| {
            state.told.extend(unread);
            let attributes = state.told.iter().cloned().map(|attribute| Told::Attribute { attribute });
            let confirm = state.confirming.then_some(Told::Confirm);
            attributes.chain(confirm).map(Divergence::CannotBeTold).collect()
        })
    }

    fn with<R>(&self, look: impl FnOnce(&mut State) -> R) -> R {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The recorded reply; within it nothing where the operation ended before one came.
    fn take(&self, stage: Stage, asked: &Request) -> Option<Option<Reply>> {
        self.with(|state| {
            let fits = |(at, (call, used)): (usize, &(Call, bool))| {
                at >= state.floor && !used && call.stage == stage && same(&call.request, asked)
            };
            let Some(at) = state.calls.iter().enumerate().position(fits) else {
                match stage {
                    Stage::Confirm => state.confirming = true,
                    Stage::Locate | Stage::Connector => state.strange.push(asked.clone()),
                }
                return None;
            };
            let (call, used) = &mut state.calls[at];
            *used = true;
            state.told.extend(self.unknown(&call.request, asked));
            if !matches!(call.request, Request::Search { .. }) {
                state.floor = at + 1;
            }
            Some(call.reply.clone())
        })
    }

    /// The attributes that a search asks for and the recorded one did not. The host itself asks for every granted one when
    /// it reads the target again; whether the plugin looks at it is seen in its call.
    fn unknown(&self, recorded: &Request, asked: &Request) -> Vec<String> {
        let (Request::Search { attributes: before, .. }, Request::Search { attributes, base, filter, .. }) =
            (recorded, asked)
        else {
            return Vec::new();
        };
        if *base == self.target && filter == "(objectClass=*)" {
            return Vec::new();
        }
        let known = |name: &&String| before.iter().any(|known| known.eq_ignore_ascii_case(name));
        attributes.iter().filter(|name| !known(name)).map(|name| name.to_ascii_lowercase()).collect()
    }
}

/// Whether a request is the recorded one. Which attributes a search returns does not make it another one.
fn same(recorded: &Request, asked: &Request) -> bool {
    let text = |recorded: &str, asked: &str| recorded == asked || recorded == WITHHELD;
    match (recorded, asked) {
        (
            Request::Search { base, scope, filter, limit, .. },
            Request::Search { base: base2, scope: scope2, filter: filter2, limit: limit2, .. },
        ) => text(base, base2) && text(filter, filter2) && (scope, limit) == (scope2, limit2),
        (
            Request::Modify { performer, dn, changes, controls },
            Request::Modify { performer: performer2, dn: dn2, changes: changes2, controls: controls2 },
        ) => {
            let same_values = changes.len() == changes2.len()
                && changes.iter().zip(changes2).all(|(one, other)| {
                    (one.kind, &one.attribute) == (other.kind, &other.attribute) && values(&one.values, &other.values)
                });
            (performer, dn) == (performer2, dn2) && same_values && same_controls(controls, controls2)
        }
        (
            Request::SetPassword { performer, dn, password, controls },
            Request::SetPassword { performer: performer2, dn: dn2, password: password2, controls: controls2 },
        ) => (performer, dn, password) == (performer2, dn2, password2) && same_controls(controls, controls2),
        (
            Request::Bind { dn, password, controls },
            Request::Bind { dn: dn2, password: password2, controls: controls2 },
        ) => (dn, password) == (dn2, password2) && same_controls(controls, controls2),
        _ => false,
    }
}

fn values(recorded: &[Value], asked: &[Value]) -> bool {
    let fits = |(recorded, asked): (&Value, &Value)| recorded == asked || *recorded == Value::Withheld;
    recorded.len() == asked.len() && recorded.iter().zip(asked).all(fits)
}

fn same_controls(recorded: &[crate::recording::Control], asked: &[crate::recording::Control]) -> bool {
    recorded.len() == asked.len()
        && recorded.iter().zip(asked).all(|(one, other)| {
            (&one.oid, one.critical) == (&other.oid, other.critical)
                && values(one.value.as_slice(), other.value.as_slice())
        })
}

impl View {
    async fn reply<R>(&self, asked: Request, read: impl FnOnce(&Reply) -> Result<R, Failure>) -> Result<R, Failure> {
        match self.script.take(self.stage, &asked) {
            Some(Some(reply)) => read(&reply),
            // It had not been answered when the operation ended: it is not answered now.
            Some(None) => std::future::pending().await,
            None => Err(Failure::Unavailable("the recording holds no answer to this request".to_owned())),
        }
    }
}

#[async_trait]
impl Directory for View {
    async fn search(&self, search: &Search) -> Result<Found, Failure> {
        self.reply(self.script.keeper.search(search), answer::found).await
    }

    async fn modify(&self, performer: &Performer, modify: &Modify) -> Result<Answer, Failure> {
        self.reply(self.script.keeper.modify(performer, modify), answer::answered).await
    }

    async fn set_password(&self, performer: &Performer, request: &SetPassword) -> Result<Answer, Failure> {
        self.reply(self.script.keeper.set_password(performer, request), answer::answered).await
    }

    async fn bind(&self, dn: &str, password: &Password, controls: &[Control]) -> Result<Answer, Failure> {
        self.reply(self.script.keeper.bind(dn, password, controls), answer::answered).await
    }
}

/// The directory of a connector while nothing is replayed: there is none.
#[derive(Debug)]
pub(super) struct Nobody;

#[async_trait]
impl Directory for Nobody {
    async fn search(&self, _: &Search) -> Result<Found, Failure> {
        Err(none())
    }

    async fn modify(&self, _: &Performer, _: &Modify) -> Result<Answer, Failure> {
        Err(none())
    }

    async fn set_password(&self, _: &Performer, _: &SetPassword) -> Result<Answer, Failure> {
        Err(none())
    }

    async fn bind(&self, _: &str, _: &Password, _: &[Control]) -> Result<Answer, Failure> {
        Err(none())
    }
}

fn none() -> Failure {
    Failure::Unavailable("a replay has no directory".to_owned())
}
