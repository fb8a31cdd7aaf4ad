//! One connection: the library's handle, and the library's driver, which is polled only while a request is under way.
//!
//! The driver is never a task of its own: it reads no faster than the request takes its answers, its panics are caught
//! with the request's, and dropping the connection closes the socket there and then. The library panics on some
//! malformed answers; such a panic costs the connection and the one request.

use std::future::Future;
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future;
use lber::guard::{self, Answers, Refusal};
use ldap3::{Ldap, LdapConnAsync, LdapError};
use tokio::time::{Instant, timeout};

use super::tls;

type Driver = Pin<Box<dyn Future<Output = Result<(), LdapError>> + Send>>;

const UNREADABLE: &str = "the server sent something that is not LDAP";
const UNEXPECTED: &str = "the server sent an answer to something else";
const TOO_MUCH: &str = "the server sent more at once than an answer can need";
const TOOK_LEAVE: &str = "the server took its leave (notice of disconnection)";

/// A connection whose request broke is closed, and refuses the next request.
pub(super) struct Connection {
    ldap: Ldap,
    driver: Option<Driver>,
    used: Instant,
}

/// Why a request has no answer.
#[derive(Debug)]
pub(super) enum Broken {
    /// Nothing of the request was sent.
    Unsent(String),
    /// The connection ended after the request was, or may have been, sent.
    Closed(String),
    /// No answer, or not all of it, came in time.
    TimedOut(Duration),
    /// The answer is not LDAP.
    Unreadable(String),
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unsent(why) | Self::Closed(why) | Self::Unreadable(why) => f.write_str(why),
            Self::TimedOut(limit) => write!(f, "no complete answer within {limit:?}"),
        }
    }
}

impl Connection {
    pub(super) fn new(driver: LdapConnAsync, ldap: Ldap) -> Self {
        Self { ldap, driver: Some(Box::pin(driver.drive())), used: Instant::now() }
    }

    /// A handle for one request, to be used inside [`Connection::exchange`].
    pub(super) fn handle(&self) -> Ldap {
        self.ldap.clone()
    }

    pub(super) fn idle(&self) -> Duration {
        self.used.elapsed()
    }

    /// Sends one request and waits for its answer; any other answer breaks it.
    pub(super) async fn exchange<T>(
        &mut self,
        limit: Duration,
        answers: Answers,
        request: impl Future<Output = Result<T, LdapError>> + Send,
    ) -> Result<T, Broken> {
        // Taken out: whatever ends this function early, the caller's drop included, closes the connection.
        let Some(mut driver) = self.driver.take().map(Some) else {
            return Err(Broken::Unsent("the connection is closed".to_owned()));
        };
        let mut request = Box::pin(request);
        let (mut sent, mut end) = (false, None);
        let exchange = future::poll_fn(|cx| {
            if !sent
                && let Some(running) = &mut driver
                && let Poll::Ready(ended) = poll_driver(running, cx, Answers::NONE)
            {
                // What the server did while the connection was idle is seen before anything is sent.
                end = Some(ended);
                return Poll::Ready(None);
            }
            sent = true;
            // The request first, from then on: a server that sends without a pause would let the driver use up the time
            // that the runtime gives to both of them, again and again, and all that it reads would be kept.
            match panic::catch_unwind(AssertUnwindSafe(|| request.as_mut().poll(cx))) {
                Ok(Poll::Pending) => {}
                Ok(Poll::Ready(answer)) => return Poll::Ready(Some(Some(answer))),
                Err(_) => return Poll::Ready(Some(None)),
            }
            if let Some(running) = &mut driver
                && let Poll::Ready(ended) = poll_driver(running, cx, answers)
            {
                // What the driver read before it ended is still there to be taken.
                driver = None;
                end = Some(ended);
                cx.waker().wake_by_ref();
            }
            Poll::Pending
        });
        let answer = match timeout(limit, exchange).await {
            Err(_) => return Err(Broken::TimedOut(limit)),
            Ok(None) => return Err(Broken::Unsent(broken_by(end).to_string())),
            Ok(Some(None)) => return Err(Broken::Unreadable(UNREADABLE.to_owned())),
            Ok(Some(Some(answer))) => answer,
        };
        match answer {
            Ok(answer) => {
                self.driver = driver;
                self.used = Instant::now();
                Ok(answer)
            }
            Err(LdapError::OpSend { .. }) => Err(Broken::Unsent(broken_by(end).to_string())),
            Err(e @ (LdapError::FilterParsing | LdapError::AddNoValues)) => Err(Broken::Unsent(e.to_string())),
            Err(_) => Err(broken_by(end)),
        }
    }

    /// Whether the server still holds the connection open, as far as can be told without a request.
    pub(super) async fn is_alive(&mut self) -> bool {
        // The second look comes after the runtime has looked at its sockets.
        for look in 0..2 {
            if look == 1 {
                tokio::task::yield_now().await;
            }
            let Some(driver) = &mut self.driver else { return false };
            if future::poll_fn(|cx| Poll::Ready(poll_driver(driver, cx, Answers::NONE).is_ready())).await {
                self.driver = None;
            }
        }
        self.driver.is_some()
    }

    /// Takes leave of the server (RFC 4511 section 4.3).
    pub(super) async fn close(mut self) {
        let mut ldap = self.handle();
        // Nothing depends on it: the socket is closed in any case.
        let _ = self.exchange(Duration::from_millis(250), Answers::NONE, async move { ldap.unbind().await }).await;
    }
}

/// How the driver ended.
enum End {
    Finished(Result<(), LdapError>),
    Refused(Refusal),
    Panicked,
}

fn poll_driver(driver: &mut Driver, cx: &mut Context<'_>, answers: Answers) -> Poll<End> {
    let poll = || panic::catch_unwind(AssertUnwindSafe(|| driver.as_mut().poll(cx)));
    match guard::watch(answers, poll) {
        (Ok(Poll::Pending), None) => Poll::Pending,
        (_, Some(refusal)) => Poll::Ready(End::Refused(refusal)),
        (Ok(Poll::Ready(ended)), None) => Poll::Ready(End::Finished(ended)),
        (Err(_), None) => Poll::Ready(End::Panicked),
    }
}

/// What the end of the driver means for a request that has no answer.
fn broken_by(end: Option<End>) -> Broken {
    let source = match end {
        None | Some(End::Finished(Ok(()))) => return Broken::Closed("the server closed the connection".to_owned()),
        Some(End::Refused(Refusal::Disconnection)) => return Broken::Closed(TOOK_LEAVE.to_owned()),
        Some(End::Refused(Refusal::Unexpected)) => return Broken::Unreadable(UNEXPECTED.to_owned()),
        Some(End::Refused(Refusal::TooMuch)) => return Broken::Unreadable(TOO_MUCH.to_owned()),
        Some(End::Refused(Refusal::NotLdap) | End::Panicked) => return Broken::Unreadable(UNREADABLE.to_owned()),
        Some(End::Finished(Err(LdapError::Io { source }))) => source,
        Some(End::Finished(Err(other))) => return Broken::Closed(format!("the connection broke: {other}")),
    };
    if let Some(error) = source.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>()) {
        return Broken::Closed(tls::in_words(error));
    }
    match (source.kind(), source.to_string().as_str()) {
        // The words of the library's decoder and of its framing; they have no kind of their own.
        (_, "decoding error") => Broken::Unreadable(UNREADABLE.to_owned()),
        (_, "bytes remaining on stream") => {
            Broken::Closed("the server closed the connection in the middle of an answer".to_owned())
        }
        (std::io::ErrorKind::UnexpectedEof, _) => Broken::Closed("the server closed the connection".to_owned()),
        (_, text) => Broken::Closed(format!("the connection broke: {text}")),
    }
}
