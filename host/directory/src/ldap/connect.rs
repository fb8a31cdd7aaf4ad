//! A new connection to one server: socket, TLS, bind.
//!
//! A password never goes over a connection that is not protected, whatever the server would take.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use lber::guard::Answers;
use ldap3::{LdapConnAsync, LdapConnSettings, LdapError, LdapResult, StdStream};
use portcullis_model::Password;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::connection::{Broken, Connection};
use super::settings::{Protection, Target};
use super::{convert, start_tls, tls};
use crate::Control;

/// A connection to the server, with TLS where the target says so.
///
/// # Errors
/// What happened, for the operator. Nothing but StartTLS and the handshake was sent.
pub(super) async fn open(target: &Target, deadline: Deadline) -> Result<Connection, String> {
    let mut settings = LdapConnSettings::new();
    if let Some(config) = &target.tls {
        settings = settings.set_config(Arc::clone(config));
    }
    if let Some((host, port)) = &target.tcp {
        let mut stream = timeout_at(deadline.at, TcpStream::connect((host.as_str(), *port)))
            .await
            .map_err(|_| format!("no connection within {:?}", deadline.limit))?
            .map_err(|e| format!("no connection ({e})"))?;
        if target.protection == Protection::StartTls {
            timeout_at(deadline.at, start_tls::ask(&mut stream))
                .await
                .unwrap_or_else(|_| Err(format!("StartTLS failed: no answer within {:?}", deadline.limit)))
                .map_err(|why| format!("{why}; no password was sent"))?;
        }
        let stream = stream.set_nodelay(true).and_then(|()| stream.into_std());
        settings = settings.set_std_stream(StdStream::Tcp(stream.map_err(|e| format!("no connection ({e})"))?));
    }
    let negotiation = Box::pin(LdapConnAsync::from_url_with_settings(settings, &target.library_url));
    match timeout_at(deadline.at, AssertUnwindSafe(negotiation).catch_unwind()).await {
        Ok(Ok(Ok((driver, ldap)))) => Ok(Connection::new(driver, ldap)),
        Ok(Ok(Err(error))) => Err(refused(target, error)),
        Ok(Err(_)) => Err("the connection cannot be used".to_owned()),
        Err(_) if target.tls.is_some() => Err(format!("no TLS handshake within {:?}", deadline.limit)),
        Err(_) => Err(format!("no connection within {:?}", deadline.limit)),
    }
}

/// When a connection has to be ready.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    at: Instant,
    limit: Duration,
}

impl Deadline {
    pub(super) fn after(limit: Duration) -> Self {
        Self { at: Instant::now() + limit, limit }
    }

    fn left(self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }
}

/// Binds. The caller has made sure that the connection is protected.
pub(super) async fn bind(
    connection: &mut Connection,
    dn: &str,
    password: &Password,
    controls: &[Control],
    deadline: Deadline,
) -> Result<LdapResult, Broken> {
    let mut ldap = connection.handle();
    let request = async move {
        if !controls.is_empty() {
            ldap.with_controls(convert::controls(controls));
        }
        ldap.simple_bind(dn, password.expose_secret()).await
    };
    connection.exchange(deadline.left(), Answers::BIND, request).await.map_err(|broken| match broken {
        // The time that was left says nothing to the operator; the time that was set does.
        Broken::TimedOut(_) => Broken::TimedOut(deadline.limit),
        other => other,
    })
}

fn refused(target: &Target, error: LdapError) -> String {
    let what = if target.tls.is_some() { "the TLS handshake failed" } else { "no connection" };
    match error {
        LdapError::Io { source } => match source.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>()) {
            Some(error) => tls::in_words(error),
            None => format!("{what} ({source})"),
        },
        other => format!("{what} ({other})"),
    }
}
