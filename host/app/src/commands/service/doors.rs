//! The doors of the service as portcullis.toml wants them, and the task behind them.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use portcullis_model::{Fault, FaultCode};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::api;
use crate::api::listen::tls::{self, ClientCa};
use crate::api::listen::{Limits, ListenError, Listener, Tls};
use crate::config::{self, ServiceConfig};
use crate::service::Service;

/// Open doors.
pub(super) struct Doors {
    addresses: Vec<SocketAddr>,
    tls: Option<Tls>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Doors {
    /// Binds every address and socket, and begins to serve.
    pub(super) async fn open(
        config: &ServiceConfig,
        control: &Path,
        service: Arc<Service>,
        finishing: Duration,
    ) -> Result<Self, Fault> {
        let tls = config.tls.as_ref().map(|tls| certificates(tls).map(Tls::new)).transpose()?;
        let mut listeners = vec![Listener::control(control).map_err(not_open)?];
        for address in &config.listen.addresses {
            listeners.push(Listener::tcp(*address, tls.clone()).await.map_err(not_open)?);
        }
        if let Some(path) = &config.listen.socket {
            listeners.push(Listener::unix(path).map_err(not_open)?);
        }
        let addresses = listeners.iter().filter_map(Listener::address).collect();
        let (stop, stopped) = oneshot::channel();
        let limits = Limits { finishing, ..Limits::default() };
        let stopped = async { drop(stopped.await) };
        let serving = tokio::spawn(api::serve(listeners, service, limits, stopped));
        Ok(Self { addresses, tls, stop, serving })
    }

    pub(super) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Takes new certificates. Addresses and sockets stay as they are until the next start.
    pub(super) fn reload(&self, config: &ServiceConfig) -> Result<(), Fault> {
        match (&self.tls, &config.tls) {
            (Some(open), Some(wanted)) => open.replace(certificates(wanted)?),
            (None, None) => {}
            _ => tracing::warn!("[tls] was added or taken away: that needs a restart"),
        }
        Ok(())
    }

    /// Takes no new connection, and returns when what was asked has been answered or was cut off.
    pub(super) async fn close(self) {
        drop(self.stop);
        if let Err(error) = self.serving.await {
            tracing::error!("the interface ended by itself: {error}");
        }
    }
}

fn certificates(config: &config::Tls) -> Result<rustls::ServerConfig, Fault> {
    let wrong = |text: String| Fault::new(FaultCode::Misconfigured, format!("[tls]: {text}"));
    let read = |path: &Path| std::fs::read(path).map_err(|error| wrong(format!("{}: {error}", path.display())));
    let chain = read(&config.certificate)?;
    let key =
        config.key.resolve_pem().map_err(|problem| Fault::new(FaultCode::SecretUnreadable, problem.to_string()))?;
    for warning in &key.warnings {
        tracing::warn!("{warning}");
    }
    let client_ca = config.client_ca.as_deref().map(read).transpose()?;
    let client_ca = client_ca.as_deref().map(|pem| ClientCa { pem, require: config.require });
    tls::config(&chain, &key.bytes, client_ca).map_err(|error| wrong(error.to_string()))
}

fn not_open(error: ListenError) -> Fault {
    Fault::new(FaultCode::Misconfigured, error.to_string())
}
