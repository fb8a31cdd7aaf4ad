//! The servers of a directory, each with its pool of connections that are bound as the service account.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{self, Metrics, Object, Pool, PoolError, QueueMode, RecycleError, RecycleResult, TimeoutType};
use lber::guard::Answers;
use ldap3::{LdapError, RequestId};
use portcullis_model::Password;
use tokio::time::Instant;

use super::connect::{self, Deadline};
use super::connection::{Broken, Connection};
use super::convert;
use super::settings::{Settings, SetupError, Target};

/// How long a server that could not be used is left alone while another one can.
const HOLD_OFF: Duration = Duration::from_secs(5);
/// RFC 4511: the result code `invalidCredentials`.
const INVALID_CREDENTIALS: u32 = 49;

/// One server.
pub(super) struct Server {
    pub(super) target: Arc<Target>,
    pool: Pool<Connections>,
    connections: usize,
    idle_timeout: Duration,
    held_until: Mutex<Option<Instant>>,
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum NoConnection {
    /// This server cannot be used at the moment.
    Unusable(String),
    /// This server has no connection left for us; nothing is wrong with it.
    Busy(String),
    /// The service account's name or password is wrong, here and most likely on every other server.
    Credentials(String),
}

impl Server {
    pub(super) fn new(target: Target, settings: &Settings) -> Result<Self, SetupError> {
        let target = Arc::new(target);
        let manager = Connections {
            target: Arc::clone(&target),
            bind: settings.bind.clone(),
            connect_timeout: settings.connect_timeout,
        };
        let pool = Pool::builder(manager)
            .max_size(settings.connections)
            // The last one used is the next one: the others grow idle when there is little to do.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(settings.connect_timeout))
            .build()
            .map_err(|_| SetupError::Zero("the number of connections"))?;
        let (connections, idle_timeout) = (settings.connections, settings.idle_timeout);
        Ok(Self { target, pool, connections, idle_timeout, held_until: Mutex::new(None) })
    }

    pub(super) fn url(&self) -> &str {
        &self.target.url
    }

    /// The connections as they are now.
    pub(super) fn pooled(&self) -> crate::Connections {
        let status = self.pool.status();
        let busy = status.size.saturating_sub(status.available);
        crate::Connections { server: self.url().to_owned(), idle: status.available, busy }
    }

    /// A connection that is bound as the service account.
    pub(super) async fn lease(&self) -> Result<Lease, NoConnection> {
        drop(self.pool.retain(|connection, _| connection.idle() < self.idle_timeout));
        match self.pool.get().await {
            Ok(object) => Ok(Lease(Some(object))),
            Err(PoolError::Backend(why)) => Err(why),
            Err(PoolError::Timeout(TimeoutType::Wait)) => {
                Err(NoConnection::Busy(format!("all {} connections to it are in use", self.connections)))
            }
            Err(other) => Err(NoConnection::Unusable(other.to_string())),
        }
    }

    /// Closes the connections that nobody uses, so that the next one is new.
    pub(super) fn forget_idle(&self) {
        drop(self.pool.retain(|_, _| false));
    }

    /// Leaves the server alone for a while.
    pub(super) fn hold_off(&self, why: &str) {
        tracing::warn!(server = self.url(), why, "the directory server is left alone for {HOLD_OFF:?}");
        *self.held_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + HOLD_OFF);
    }

    pub(super) fn is_held_off(&self) -> bool {
        self.held_until.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| Instant::now() < until)
    }
}

/// A connection on loan. It goes back to the pool by [`Lease::give_back`] alone: dropped in any other way, by an error,
/// a panic or a caller who went away, it is closed.
pub(super) struct Lease(Option<Object<Connections>>);

impl Lease {
    /// One request and its answer, made with the connection's handle.
    pub(super) async fn exchange<T, F>(
        &mut self,
        limit: Duration,
        answers: Answers,
        request: impl FnOnce(ldap3::Ldap) -> F,
    ) -> Result<T, Broken>
    where
        F: Future<Output = Result<T, LdapError>> + Send,
    {
        match &mut self.0 {
            Some(connection) => {
                let request = request(connection.handle());
                connection.exchange(limit, answers, request).await
            }
            None => Err(Broken::Unsent("the connection is closed".to_owned())),
        }
    }

    /// Takes a request that was answered out of the library's memory.
    ///
    /// The library keeps what it sent in a buffer that it never clears, and that nobody else can reach; with the next
    /// message it takes another one (the change in `third-party/lber`). The one message to which no server has an answer
    /// is the abandoning of a request that it has answered (RFC 4511 section 4.11).
    pub(super) async fn forget_request(&mut self, limit: Duration, answered: RequestId) -> Result<(), Broken> {
        self.exchange(limit, Answers::NONE, |mut ldap| async move { ldap.abandon(answered).await }).await
    }

    pub(super) fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(object) = self.0.take() {
            drop(Object::take(object));
        }
    }
}

/// Makes the connections of one server's pool.
pub(super) struct Connections {
    target: Arc<Target>,
    bind: Option<(String, Arc<Password>)>,
    connect_timeout: Duration,
}

impl managed::Manager for Connections {
    type Type = Connection;
    type Error = NoConnection;

    async fn create(&self) -> Result<Connection, NoConnection> {
        let deadline = Deadline::after(self.connect_timeout);
        let mut connection = connect::open(&self.target, deadline).await.map_err(NoConnection::Unusable)?;
        let Some((dn, password)) = &self.bind else { return Ok(connection) };
        let result = connect::bind(&mut connection, dn, password, &[], deadline).await.map_err(|broken| {
            NoConnection::Unusable(format!("the bind of the service account {dn} failed: {broken}"))
        })?;
        if result.rc == 0 {
            return Ok(connection);
        }
        let text = convert::words(result.text, Some(password));
        let refusal = format!("the service account {dn} was refused with code {} ({text})", result.rc);
        Err(match result.rc {
            INVALID_CREDENTIALS => NoConnection::Credentials(refusal),
            _ => NoConnection::Unusable(refusal),
        })
    }

    async fn recycle(&self, connection: &mut Connection, _: &Metrics) -> RecycleResult<NoConnection> {
        if connection.is_alive().await { Ok(()) } else { Err(RecycleError::message("the server closed it")) }
    }
}

impl std::fmt::Display for NoConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unusable(why) | Self::Busy(why) | Self::Credentials(why) => f.write_str(why),
        }
    }
}
