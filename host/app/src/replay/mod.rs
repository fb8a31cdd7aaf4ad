//! Replaying a recorded operation without its directory: what would other grants, other limits or another plugin have made
//! of it?
//!
//! The plugin runs in the sandbox as ever, with the grants of the file under test. In the place of the directory stands the
//! recording ([`Script`]), which answers what was asked then; what was not asked then it cannot answer, and says so. The
//! target is the recorded one: nobody looks for it. Passwords are new random ones.
//!
//! Nothing here connects to anything, reads a secret, or writes. What was different is a list of [`Divergence`]s.

mod answer;
mod calls;
mod divergence;
mod line;
mod located;
mod script;

use std::sync::Arc;

use portcullis_capabilities::{Context, Target, missing};
use portcullis_directory::Directory;
use portcullis_model::{
    Event, Fault, FaultCode, Login, Operation, OperationId, OperationKind, Password, Passwords, ResetOptions, Stage,
};
use portcullis_sandbox::{Plugin, Sandbox};

pub use divergence::{By, Divergence, Verdict, verdict};
pub use located::Told;

use crate::ceiling::Ceiling;
use crate::config::ConnectorFile;
use crate::connector::{Connector, grants};
use crate::operation::{Around, Instead, Report, perform_within};
use crate::recording::{self, Recording, digest_of};
use script::Script;

/// What recordings are replayed against: a connector's file with a plugin, as it would be started.
#[derive(Debug)]
pub struct Against {
    digest: String,
    /// Without the grants that its plugin imports it would not start.
    started: Result<Box<Connector>, Vec<Divergence>>,
}

impl Against {
    /// Starts the connector of a file with a plugin, without its directory: no secret is read and nothing is connected.
    /// A digest that is pinned and another one than the plugin's is a divergence, as an import that is not granted is.
    ///
    /// # Errors
    /// A fault of the operator's or the plugin's for a file or a plugin that cannot be used at all, or that stands above the
    /// ceiling.
    pub fn start(file: ConnectorFile, plugin: Plugin, sandbox: &Sandbox, ceiling: &Ceiling) -> Result<Self, Fault> {
        let digest = digest_of(&plugin);
        let pin = file.sha256.map(|pin| pin.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        let mut refused = Vec::new();
        if let Some(pin) = pin.as_ref().filter(|pin| **pin != digest) {
            refused.push(Divergence::PluginChanged { from: pin.clone(), to: digest.clone(), pinned: true });
        }
        let lacking = missing(plugin.surface(), &grants(&file)?).into_iter();
        refused.extend(lacking.map(|lacks| Divergence::PluginNotGranted {
            interface: lacks.interface,
            // A plugin that asks for the text of passwords is a matter for people.
            add: lacks.section.filter(|section| *section != "reveal").map(|section| format!("[{section}]")),
        }));
        if !refused.is_empty() {
            return Ok(Self { digest, started: Err(refused) });
        }
        let nobody: Arc<dyn Directory> = Arc::new(script::Nobody);
        let connector = Connector::of_plugin(file, plugin, Some(nobody), sandbox, ceiling)?;
        Ok(Self { digest, started: Ok(Box::new(connector)) })
    }

    /// The digest of the plugin.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Replays one operation: what went another way than recorded, in the order in which it happened.
    ///
    /// # Errors
    /// A fault of the recording's that names what is wrong with it, or the host's for want of random bytes.
    pub async fn replay(&self, recording: &Recording) -> Result<Vec<Divergence>, Fault> {
        let operation = operation(recording)?;
        let connector = match &self.started {
            Ok(connector) => connector,
            Err(refused) => return Ok(refused.clone()),
        };
        let mut divergences = Vec::new();
        if self.digest != recording.plugin {
            let (from, to) = (recording.plugin.clone(), self.digest.clone());
            divergences.push(Divergence::PluginChanged { from, to, pinned: false });
        }
        let asked = located::answers(connector, recording, &operation);
        let may = !asked.iter().any(|divergence| divergence.stops());
        divergences.extend(asked);
        let Some(located) = recording.target.as_ref().filter(|_| may) else { return Ok(divergences) };

        let script = Arc::new(Script::new(recording, connector, &operation));
        let entry = answer::entry(&located.entry);
        let target = Target { entry, server: located.server.clone() };
        let around = Around { instead: Some(instead(connector, &script, target)), ..Around::default() };
        let report = perform_within(connector, &operation, around).await;
        divergences.extend(found(recording, connector, &report, &script));
        Ok(divergences)
    }
}

fn instead(connector: &Connector, script: &Arc<Script>, target: Target) -> Instead {
    let own = &connector.context;
    let context = Context {
        connector: Arc::clone(&own.connector),
        grants: own.grants.clone(),
        directory: Some(Script::directory(script, Stage::Connector)),
        limits: own.limits.clone(),
        root_dse: Default::default(),
    };
    Instead {
        target: Some(target),
        locate: Script::directory(script, Stage::Locate),
        context: Arc::new(context),
        confirm: Script::directory(script, Stage::Confirm),
    }
}

/// Everything that went another way, causes before what came of them.
fn found(recording: &Recording, connector: &Connector, report: &Report, script: &Script) -> Vec<Divergence> {
    let mut found = calls::compare(recording, &report.events, script.strange());
    let told = script.told(recording, &report.events);
    let looked = !told.contains(&Divergence::CannotBeTold(Told::Confirm));
    found.extend(told);
    found.extend(limits(recording, connector, &report.events));
    let now = recording::ended(&report.outcome, script.redactor());
    // Where nobody could look, nothing follows from what was not seen.
    if recording.ended != now && (looked || now.outcome == "refused") {
        found.push(Divergence::OutcomeChanged { from: Box::new(recording.ended.clone()), to: Box::new(now) });
    }
    if withheld(recording) && found.iter().any(|divergence| divergence.verdict() == Verdict::Diverges) {
        found.push(Divergence::CannotBeTold(Told::Withheld { texts: recording.withheld }));
    }
    found
}

/// Whether something that the plugin was answered is not in the recording.
fn withheld(recording: &Recording) -> bool {
    let answers = recording.calls.iter().map(|call| serde_json::to_string(&call.reply));
    let target = serde_json::to_string(&recording.target);
    answers.chain([target]).any(|text| text.is_ok_and(|text| text.contains("withheld")))
}

/// How the plugin ended, where that is new, and the time that it took when a directory answered.
fn limits(recording: &Recording, connector: &Connector, events: &[Event]) -> Vec<Divergence> {
    let before = recording.events.iter().any(|event| event["event"] == "plugin-ended");
    let ended = events.iter().find_map(|event| match event {
        Event::PluginEnded { code, reason } if !before => Some((*code, reason.clone())),
        _ => None,
    });
    let limit = u64::try_from(connector.file.limits.time.as_millis()).unwrap_or(u64::MAX);
    match ended {
        Some((FaultCode::PluginLimit | FaultCode::OperationTimeout, reason)) => vec![Divergence::LimitMet { reason }],
        Some((code, reason)) => vec![Divergence::PluginEnded { code: code.name().to_owned(), reason }],
        None if !before && recording.milliseconds > limit => {
            let took = recording.milliseconds;
            let reason = format!("it took {took} ms with its directory, and `time` in [limits] is {limit} ms");
            vec![Divergence::LimitMet { reason }]
        }
        None => Vec::new(),
    }
}

/// The recorded operation with new passwords.
fn operation(recording: &Recording) -> Result<Operation, Fault> {
    let bad = |what: &str| Fault::new(FaultCode::RecordingUnusable, format!("the recording has {what}"));
    let id = OperationId::parse(&recording.operation).ok_or_else(|| bad("no operation's id"))?;
    let account = Login::new(recording.asked.account.clone()).map_err(|error| bad(&format!("no account: {error}")))?;
    let password = || {
        let made = Password::generate();
        made.map(Arc::new).map_err(|error| Fault::new(FaultCode::HostInternal, error.to_string()))
    };
    let options = ResetOptions { must_change: recording.asked.must_change, unlock: recording.asked.unlock };
    let passwords = match recording.kind {
        OperationKind::ResetPassword => Passwords::New(password()?, options),
        OperationKind::ChangePassword => Passwords::OldAndNew(password()?, password()?),
        OperationKind::VerifyPassword => Passwords::Candidate(password()?),
        OperationKind::UnlockAccount | OperationKind::AccountStatus => Passwords::None,
    };
    Ok(Operation { id, account, passwords, kind: recording.kind })
}
