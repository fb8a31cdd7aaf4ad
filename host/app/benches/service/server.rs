//! The service in this process, behind two doors on loopback: one in clear and one with TLS.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use portcullis::api::listen::{Limits, Listener, Tls, tls};
use portcullis::config::load_service;
use portcullis::observe::Metrics;
use portcullis::service::registry::{Registry, RegistryOptions};
use portcullis::service::{Service, ServiceOptions};
use portcullis_journal::Journal;
use portcullis_sandbox::{Cache, Sandbox, SandboxOptions};
use rustls::pki_types::CertificateDer;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::world::World;
use crate::Result;

/// A service that serves, on a runtime of its own with two workers.
pub(crate) struct Server {
    runtime: Runtime,
    pub(crate) service: Arc<Service>,
    pub(crate) clear: SocketAddr,
    pub(crate) encrypted: SocketAddr,
    /// Whom its callers have to believe.
    pub(crate) certificate: CertificateDer<'static>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Server {
    pub(crate) fn start(world: &World) -> Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(2).thread_name("service").enable_all().build()?;
        let (service, listeners, certificate) = runtime.block_on(open(world))?;
        let mut addresses = listeners.iter().filter_map(Listener::address);
        let (clear, encrypted) = addresses.next().zip(addresses.next()).ok_or("a door without an address")?;
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async { drop(stopped.await) };
        let serving = runtime.spawn(portcullis::api::serve(listeners, service.clone(), Limits::default(), stopped));
        Ok(Self { runtime, service, clear, encrypted, certificate, stop, serving })
    }

    /// Has the service's own runtime do something.
    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub(crate) fn stop(self) -> Result {
        drop(self.stop);
        self.runtime.block_on(self.serving)?;
        let ended = self.runtime.block_on(self.service.stop(Duration::from_secs(10)));
        if ended { Ok(()) } else { Err("operations still ran when the service was stopped".into()) }
    }
}

async fn open(world: &World) -> Result<(Arc<Service>, Vec<Listener>, CertificateDer<'static>)> {
    let cache = Cache::open(world.cache()?)?;
    let sandbox = Sandbox::new(SandboxOptions { slots: 256 }, Some(cache)).map_err(|error| error.to_string())?;
    let state = world.state()?;
    let options =
        RegistryOptions { config: world.config(), ceiling: None, state: state.clone(), sandbox: Arc::new(sandbox) };
    let registry = Registry::start(options).await?;
    if let Some(refused) = registry.states().iter().find(|state| registry.get(&state.name).is_none()) {
        return Err(format!("a connector does not run: {refused:?}").into());
    }
    let config = load_service(&world.config()).map_err(|problems| problems.to_string())?;
    let journal = Journal::open(&state)?;
    let service =
        Service::start(ServiceOptions { config, journal, state, registry, metrics: Arc::new(Metrics::new()?) }).await?;

    let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let (pem, key) = (issued.cert.pem(), issued.signing_key.serialize_pem());
    let tls = Tls::new(tls::config(pem.as_bytes(), key.as_bytes(), None)?);
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let listeners = vec![Listener::tcp(anywhere, None).await?, Listener::tcp(anywhere, Some(tls)).await?];
    Ok((service, listeners, issued.cert.der().clone()))
}
