//! `portcullis serve`: the service, until it is told to stop.
//!
//! SIGTERM and SIGINT stop it: nothing more is taken, what runs is finished within a limit, what waits stays in the
//! journal. SIGHUP reads portcullis.toml, the connectors and the keys again; what cannot be used leaves the former
//! configuration in place. systemd is told of each step (sd_notify(3)).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use portcullis_audit::fact::{ConfigurationLoaded, Started, Stopped};
use portcullis_audit::{About, Entry};
use portcullis_journal::{Journal, JournalError};
use portcullis_model::{Fault, FaultCode};
use portcullis_sandbox::{Digest, Sandbox, SandboxOptions};
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::doors::Doors;
use crate::audit::{self, anchors};
use crate::commands::duration::duration;
use crate::commands::setup::Setup;
use crate::config;
use crate::observe::{Metrics, Observe};
use crate::service::registry::ceiling::NO_CEILING;
use crate::service::registry::{CeilingState, Pace, Registry, RegistryOptions};
use crate::service::{Service, ServiceOptions};
use crate::show::ExitCode;

/// Operations of all connectors together that can be in an instance at the same time.
const SLOTS: u32 = 1024;

/// How often what is too old is forgotten, and how often keys that a command made are read.
const TIDY: Duration = Duration::from_secs(3600);
const KEYS: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
pub(in crate::commands) struct Serve {
    /// How long what runs may go on when the service is told to stop.
    #[arg(long, default_value = "20s", value_parser = duration, allow_hyphen_values = true, value_name = "TIME")]
    finish: Duration,
}

impl Serve {
    pub(in crate::commands) async fn run(self, setup: &Setup, level: tracing::Level) -> ExitCode {
        let config = match config::load_service(&setup.config) {
            Ok(config) => config,
            Err(problems) => return setup.problems(problems),
        };
        let observe = match Observe::start(&config.observe, level, setup.json) {
            Ok(observe) => observe,
            Err(fault) => return setup.fault(&fault),
        };
        let served = self.serve(setup, config, observe.metrics()).await;
        observe.shutdown().await;
        match served {
            Ok(()) => ExitCode::Done,
            Err(fault) => setup.fault(&fault),
        }
    }

    async fn serve(self, setup: &Setup, config: config::ServiceConfig, metrics: Arc<Metrics>) -> Result<(), Fault> {
        for warning in &config.warnings {
            tracing::warn!("portcullis.toml: {warning}");
        }
        setup.make_state_folder()?;
        // A second service on the same folder ends here: before anything is run, and before anything is in the log.
        let journal = Journal::open(&setup.state).map_err(|error| unopened(&error))?;
        let mut signals = Signals::new()?;
        let sandbox = Sandbox::new(SandboxOptions { slots: SLOTS }, setup.plugin_cache()).map_err(internal)?;
        let options = RegistryOptions {
            config: setup.config.clone(),
            ceiling: setup.ceiling.clone(),
            state: setup.state.clone(),
            sandbox: Arc::new(sandbox),
        };
        let registry = Registry::start(options).await?;
        let audit = registry.audit().clone();
        let listen = config.clone();
        let state = setup.state.clone();
        let service = Service::start(ServiceOptions { config, journal, state, registry, metrics }).await?;
        let control = setup.state.join(super::control::SOCKET);
        let doors = Doors::open(&listen, &control, Arc::clone(&service), self.finish).await?;
        let watching = service.registry().follow(Pace::default());
        let caring = [tokio::spawn(care(Arc::clone(&service))), tokio::spawn(alive())];
        audit
            .append(vec![started(setup, service.registry().ceiling())])
            .await
            .map_err(|error| audit::unwritable(&error))?;
        let anchoring = tokio::spawn(anchors::keep(audit.clone()));
        tell(&[NotifyState::Ready, NotifyState::Status("serving")]);
        tracing::info!(addresses = ?doors.addresses(), state = %setup.state.display(), "serving");

        while signals.next().await == Wish::Reload {
            tell(&[NotifyState::Reloading, NotifyState::monotonic_usec_now().map_err(internal)?]);
            reload(setup, &service, &doors).await;
            tell(&[NotifyState::Ready]);
        }

        tell(&[NotifyState::Stopping, NotifyState::Status("finishing what runs")]);
        tracing::info!("stopping");
        drop(watching);
        caring[0].abort();
        let (ended, ()) = tokio::join!(service.stop(self.finish), doors.close());
        audit.note(vec![Entry::now(About::default(), Stopped { finished: ended })]);
        anchoring.abort();
        service.close().await;
        anchors::tell(&audit);
        caring[1].abort();
        if !ended {
            tracing::warn!("what still runs is cut off; the next start finds out what became of it");
        }
        Ok(())
    }
}

fn unopened(error: &JournalError) -> Fault {
    let code = match error {
        JournalError::Held { .. } => FaultCode::StateInUse,
        _ => FaultCode::JournalUnwritable,
    };
    Fault::new(code, error.to_string())
}

/// Reads everything again. What is wrong is told, and the former stays.
async fn reload(setup: &Setup, service: &Arc<Service>, doors: &Doors) {
    match config::load_service(&setup.config) {
        Ok(config) => {
            let former = service.policy();
            let fixed = |config: &config::ServiceConfig| {
                (config.listen.clone(), config.observe.clone(), config.forward.clone())
            };
            if fixed(&former.config) != fixed(&config) {
                tracing::warn!("[listen], [observe] or [audit] were changed: that needs a restart");
            }
            if let Err(fault) = doors.reload(&config) {
                tracing::error!("the former certificates stay in use: {fault}");
            }
            for warning in &config.warnings {
                tracing::warn!("portcullis.toml: {warning}");
            }
            service.configure(config);
            let loaded = ConfigurationLoaded { file: "portcullis.toml".into(), sha256: digest_of(&setup.config) };
            service.registry().audit().note(vec![Entry::now(About::default(), loaded)]);
            tracing::info!("portcullis.toml is read again");
        }
        Err(problems) => {
            let file = setup.config.join("portcullis.toml");
            for problem in problems.all().iter().filter(|problem| !problem.is_warning()) {
                let line = problem.line().map(|line| format!(":{line}")).unwrap_or_default();
                tracing::error!("the former portcullis.toml stays in use: {}{line}: {problem}", file.display());
            }
        }
    }
    if let Err(error) = service.keys().reload() {
        tracing::error!("{error}");
    }
    service.registry().reload().await;
}

fn started(setup: &Setup, ceiling: CeilingState) -> Entry {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let ceiling = Some(ceiling.sha256.unwrap_or_else(|| NO_CEILING.to_owned()));
    Entry::now(About::default(), Started { version, configuration: digest_of(&setup.config), ceiling })
}

/// Of portcullis.toml as it lies there; of none, that of nothing.
fn digest_of(config: &Path) -> String {
    Digest::of(&std::fs::read(config.join("portcullis.toml")).unwrap_or_default()).to_string()
}

/// Now and then: reads keys that a command made, and forgets what is too old. On its own, so that systemd is told in time
/// that all is well however long this takes.
async fn care(service: Arc<Service>) {
    let mut keys = tokio::time::interval(KEYS);
    let mut tidy = tokio::time::interval(TIDY);
    loop {
        tokio::select! {
            _ = keys.tick() => {
                let service = Arc::clone(&service);
                let read = tokio::task::spawn_blocking(move || service.keys().reload()).await;
                if let Ok(Err(error)) = read {
                    tracing::error!("{error}");
                }
            }
            _ = tidy.tick() => if let Err(fault) = service.tidy().await { tracing::error!("{fault}") },
        }
    }
}

/// Tells systemd that the service lives: that its tasks run.
async fn alive() {
    let Some(most) = sd_notify::watchdog_enabled() else { return };
    let mut alive = tokio::time::interval(most / 3);
    loop {
        alive.tick().await;
        tell(&[NotifyState::Watchdog]);
    }
}

/// Without systemd nobody listens, and that is no fault.
fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!("systemd was not told: {error}");
    }
}

fn internal(error: impl std::fmt::Display) -> Fault {
    Fault::new(FaultCode::HostInternal, error.to_string())
}

#[derive(Debug, PartialEq, Eq)]
enum Wish {
    Reload,
    Stop,
}

struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Self, Fault> {
        let on = |kind| signal(kind).map_err(internal);
        Ok(Self {
            hangup: on(SignalKind::hangup())?,
            terminate: on(SignalKind::terminate())?,
            interrupt: on(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> Wish {
        tokio::select! {
            _ = self.hangup.recv() => Wish::Reload,
            _ = self.terminate.recv() => Wish::Stop,
            _ = self.interrupt.recv() => Wish::Stop,
        }
    }
}
