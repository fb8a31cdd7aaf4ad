//! The one path of an operation, from intake to receipt.
//!
//! Read [`perform`] to know everything that happens to an operation, in order. What is asked of the plugin is in
//! `portcullis_capabilities::Exports`; what each host call does is in `portcullis_capabilities::ldap`.

mod confirm;
mod decide;
mod locate;
mod look;

use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_capabilities::{Context, Intent, Ledger, OperationState, Seen, Target};
use portcullis_directory::Directory;
use portcullis_model::{
    Confirmation, Event, Fault, FaultCode, Moment, Operation, OperationKind, Outcome, Receipt, Result as Answer,
    Timings, Trace,
};

use tracing::Instrument as _;

pub(crate) use confirm::{Looked, PPOLICY, judge};
pub use locate::Locator;
pub use look::{LookedAgain, look_again};

use crate::connector::Connector;
use decide::Known;

/// How an operation ended, and everything that was seen on the way.
#[derive(Debug)]
pub struct Report {
    /// Done, refused or unknown.
    pub outcome: Outcome,
    /// How long each stage took, as far as it came.
    pub timings: Timings,
    /// Binds as the account that the directory refused: each counts toward locking it.
    pub refused_binds: usize,
    /// What was asked, allowed, denied and done.
    pub events: Vec<Event>,
    /// Those of the events that the [`Intent`] did not take, with their times; none where nobody wanted to know before
    /// the first effect, since nobody keeps them then.
    pub untaken: Vec<Moment>,
}

/// What stands around one operation: neither the caller nor the connector has a say in it.
#[derive(Clone, Default)]
pub struct Around {
    /// A filter besides the connector's `exclude`: what it matches is not touched for this caller.
    pub exclude: Option<String>,
    /// What has to happen before each effect.
    pub intent: Option<Arc<dyn Intent>>,
    /// Another directory than the connector's own.
    pub instead: Option<Instead>,
    /// Where the events go, if somebody outside keeps them; then the report leaves them there.
    pub trace: Option<Trace>,
}

/// Where an operation goes in the place of the connector's own directory: a recording listens there, a replay answers.
#[derive(Debug, Clone)]
pub struct Instead {
    /// The target, if it is known before; then nobody looks for it.
    pub target: Option<Target>,
    /// Who is asked for the target.
    pub locate: Arc<dyn Directory>,
    /// What the connector gets, with its directory.
    pub context: Arc<Context>,
    /// Who is asked whether a password took effect.
    pub confirm: Arc<dyn Directory>,
}

/// Does one operation through one connector, with nothing around it.
pub async fn perform(connector: &Connector, operation: &Operation) -> Report {
    perform_within(connector, operation, Around::default()).await
}

/// Does one operation through one connector and tells the truth about it. Never panics for anything that a plugin, a
/// directory or a caller does; takes at most the connector's time limit and the directory's own timeouts.
pub async fn perform_within(connector: &Connector, operation: &Operation, around: Around) -> Report {
    let (outside, kept) = (around.trace.clone(), around.intent.is_some());
    let trace = outside.clone().unwrap_or_default();
    trace.record(Event::Asked {
        operation: operation.kind,
        account: operation.account.to_string(),
        connector: connector.file.name.clone(),
        plugin: connector.plugin.digest().to_string(),
    });
    let mut timings = Timings::default();
    let ledger = Ledger::default();
    let outcome = path(connector, operation, around, &trace, &mut timings, &ledger).await;
    let outcome = outcome.unwrap_or_else(Outcome::Refused);
    let fault = outcome.fault().map(|fault| fault.code);
    trace.end(Event::Ended { outcome: outcome.word(), fault });
    let refused_binds = ledger.refused_binds();
    if outside.is_some() {
        return Report { outcome, timings, refused_binds, events: trace.events(), untaken: Vec::new() };
    }
    let told = trace.take_all();
    let untaken = if kept { told.untaken() } else { Vec::new() };
    Report { outcome, timings, refused_binds, events: told.events, untaken }
}

/// An error here means that nothing was written.
async fn path(
    connector: &Connector,
    operation: &Operation,
    around: Around,
    trace: &Trace,
    timings: &mut Timings,
    ledger: &Ledger,
) -> Result<Outcome, Fault> {
    let started = Instant::now();

    // May it be asked at all?
    connector.may(operation.kind)?;

    let Around { exclude, intent, instead, .. } = around;
    let own = connector.context.directory.as_ref();
    let context = instead.as_ref().map_or(&connector.context, |instead| &instead.context);

    // The host finds the target; the connector never does.
    let located = match instead.as_ref().and_then(|instead| instead.target.clone()) {
        Some(known) => Ok(known),
        None => {
            let directory = instead.as_ref().map(|instead| &instead.locate).or(own);
            let located = locate::target(connector, directory, operation, exclude.as_deref());
            located.instrument(tracing::debug_span!("locate")).await
        }
    };
    timings.locate = started.elapsed();
    timings.total = timings.locate;
    let target = Arc::new(located?);
    trace.record(Event::Located { dn: target.entry.dn.clone(), server: target.server.clone() });

    // A fresh instance asks for what it needs; each call is checked, done and recorded by the capabilities.
    let state = OperationState::new(Arc::clone(context), operation, Arc::clone(&target), trace.clone(), ledger.clone())
        .with_intent(intent);
    let ended = connector
        .prepared
        .run(state, async |store, instance| connector.exports.call(store, instance, operation).await)
        .instrument(tracing::debug_span!("sandbox"))
        .await;
    timings.connector = started.elapsed().saturating_sub(timings.locate);
    timings.directory = ledger.waited().min(timings.connector);

    // What the plugin says is compared with what the host saw; where that leaves a doubt, the host looks.
    let seen = ledger.seen();
    let known = decide::compare(operation, ended, &seen, trace);
    let confirming = Instant::now();
    let directory = instead.as_ref().map(|instead| &instead.confirm).or(own);
    let looked = confirm::look(connector, directory, operation, &target, &known);
    let looked = looked.instrument(tracing::debug_span!("confirm")).await;
    if let Some(how) = looked.words() {
        trace.record(Event::Confirmed { how });
    }
    // Where nothing was to confirm no time is told.
    timings.confirm = if looked == Looked::Unasked { Duration::ZERO } else { confirming.elapsed() };
    timings.total = started.elapsed();
    Ok(conclude(connector, operation, &target, known, looked, *timings, seen))
}

/// Three words, decided in one place.
fn conclude(
    connector: &Connector,
    operation: &Operation,
    target: &Target,
    known: Known,
    looked: Looked,
    timings: Timings,
    seen: Seen,
) -> Outcome {
    let (returned, shortfall, confirmation) = match (known, looked) {
        (Known::Nothing(fault), _) => return Outcome::Refused(fault),
        (Known::Unknown(fault), _) => return Outcome::Unknown(fault),
        // The request was sent and no answer came, but the password is there.
        (Known::InDoubt { returned, fault }, Looked::Seen(how)) => {
            let rest = decide::left_in_doubt(operation, &returned, &fault);
            (returned, rest, Confirmation::Confirmed(how))
        }
        (Known::InDoubt { fault, .. }, looked) => {
            let seen = looked.words().unwrap_or_else(|| "nobody looked: `[ldap.confirm]` says `by = \"none\"`".into());
            return Outcome::Unknown(Fault::new(fault.code, format!("{}; {seen}", fault.detail)));
        }
        (Known::Done { .. }, Looked::Contradicted(how)) => {
            let text = format!("the directory accepted the password, and yet it does not work: {how}");
            return Outcome::Unknown(Fault::new(FaultCode::OutcomeUnknown, text));
        }
        (Known::Done { returned, shortfall }, Looked::Seen(how)) => (returned, shortfall, Confirmation::Confirmed(how)),
        (Known::Done { returned, shortfall }, Looked::Impossible(why) | Looked::Unreached(why)) => {
            (returned, shortfall, Confirmation::AcceptedOnly(why))
        }
        (Known::Done { returned, shortfall }, Looked::Unasked) => {
            let confirmation = if operation.kind.sets_password() {
                Confirmation::AcceptedOnly("the directory accepted it; `[ldap.confirm]` says not to look again".into())
            } else {
                Confirmation::NotNeeded
            };
            (returned, shortfall, confirmation)
        }
    };
    // What the caller asked for besides the password and the connector does not claim is missing, and said to be.
    let shortfall = shortfall.or_else(|| decide::left_out(operation, &returned));
    let result = if operation.kind.writes() { Answer::Nothing } else { returned.result };
    Outcome::Done(Box::new(Receipt {
        id: operation.id.clone(),
        kind: operation.kind,
        account: operation.account.to_string(),
        connector: connector.file.name.clone(),
        target: target.entry.dn.clone(),
        server: seen.server.unwrap_or_else(|| target.server.clone()),
        effects: returned.effects,
        notes: returned.notes,
        result,
        confirmation,
        timings,
        shortfall,
    }))
}

/// The kinds of operation that a connector both was granted and can do.
#[must_use]
pub fn kinds(connector: &Connector) -> Vec<OperationKind> {
    OperationKind::ALL.into_iter().filter(|kind| connector.may(*kind).is_ok()).collect()
}
