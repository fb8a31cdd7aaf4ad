//! The log as it is written: a thread takes the lines of everybody who writes, so that many share one sync.

mod chain;
mod end;
mod lock;
#[cfg(test)]
mod tests;
mod writer;

use std::path::Path;
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::fact::BegunAnew;
use crate::verify::{Options, verify};
use crate::{About, AuditError, Entry, Place, PublicKey};
use chain::Chain;
pub(crate) use end::last_line;
use writer::{Request, State, write};

/// The audit log of a state folder; a clone writes into the same one.
#[derive(Debug, Clone)]
pub struct AuditLog(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Gone once the log was closed.
    to: Mutex<Option<Sender<Request>>>,
    key: PublicKey,
    state: Arc<State>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl AuditLog {
    /// Opens the log of a state folder, and makes it if there is none. Several processes may have it open.
    ///
    /// # Errors
    /// The folder cannot be written, the key cannot be used, or the log does not continue where its head says.
    pub fn open(state: &Path) -> Result<Self, AuditError> {
        Self::of(Chain::open(state)?, state)
    }

    fn of(mut chain: Chain, folder: &Path) -> Result<Self, AuditError> {
        let opened = chain.append(Vec::new(), true);
        let state = Arc::new(State::default());
        state.tell(&chain, &opened);
        opened?;
        let key = chain.public_key();
        let (to, from) = channel();
        let told = Arc::clone(&state);
        let thread = std::thread::Builder::new()
            .name("audit".into())
            .spawn(move || write(&mut chain, &from, &told))
            .map_err(AuditError::io("starting a thread for", folder))?;
        Ok(Self(Arc::new(Inner { to: Mutex::new(Some(to)), key, state, thread: Mutex::new(Some(thread)) })))
    }

    /// Begins a new chain after a log that is damaged, and says so in its first line. The old files stay as they are.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn begin_anew(state: &Path, why: String, who: String) -> Result<(), AuditError> {
        let found = match verify(state, &Options::default()) {
            Ok(report) if report.is_whole() => "nothing: the log was whole".to_owned(),
            Ok(report) => report.findings.iter().take(3).map(ToString::to_string).collect::<Vec<_>>().join("; "),
            Err(error) => error.to_string(),
        };
        Chain::anew(state, |last| Entry::now(About::default(), BegunAnew { why, who, found, last }))
    }

    /// Writes facts down, in this order and together. When it returns, they are on the disk.
    ///
    /// # Errors
    /// They are not surely on the disk.
    pub async fn append(&self, entries: Vec<Entry>) -> Result<(), AuditError> {
        self.waited_for(entries, true, false).await
    }

    /// [`AuditLog::append`] for who keeps the facts of an error and gives them again: they are not counted as lost.
    ///
    /// # Errors
    /// They are not surely on the disk. [`Line::tells`](crate::Line::tells) says whether one is.
    pub async fn append_kept(&self, entries: Vec<Entry>) -> Result<(), AuditError> {
        self.waited_for(entries, true, true).await
    }

    /// Writes facts down, and waits until they are written: the end of the process does not lose them any more, a loss of
    /// power may until something after them was [appended](Self::append).
    ///
    /// # Errors
    /// They are not surely written.
    pub async fn write(&self, entries: Vec<Entry>) -> Result<(), AuditError> {
        self.waited_for(entries, false, false).await
    }

    async fn waited_for(&self, entries: Vec<Entry>, sync: bool, kept: bool) -> Result<(), AuditError> {
        let (done, told) = oneshot::channel();
        // Who no longer waits need not know.
        self.pass(Request { entries, sync, kept, done: Some(Box::new(|result| drop(done.send(result)))) });
        told.await.unwrap_or(Err(AuditError::Closed))
    }

    /// [`AuditLog::append`] for who may block.
    ///
    /// # Errors
    /// They are not surely on the disk.
    pub fn append_blocking(&self, entries: Vec<Entry>) -> Result<(), AuditError> {
        let (done, told) = sync_channel(1);
        self.pass(Request {
            entries,
            sync: true,
            kept: false,
            done: Some(Box::new(move |result| drop(done.send(result)))),
        });
        told.recv().unwrap_or(Err(AuditError::Closed))
    }

    /// Writes facts down before any that are given later, without waiting for it: for what is told besides.
    pub fn note(&self, entries: Vec<Entry>) {
        self.pass(Request { entries, sync: false, kept: false, done: None });
    }

    /// Why the log could not be written the last time, if that was so lately. After a moment somebody may try again.
    #[must_use]
    pub fn trouble(&self, lately: Duration) -> Option<AuditError> {
        let trouble = self.0.state.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.as_ref().filter(|(at, _)| at.elapsed() < lately).map(|(_, error)| error.clone())
    }

    /// The last line that is surely on the disk, as far as this log wrote and looked; none before it could. Kept elsewhere,
    /// it is an anchor ([`Options::anchors`](crate::verify::Options::anchors)).
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        *self.0.state.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The public half of the key that signs.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.0.key
    }

    /// Writes what was given, closes with a checkpoint, and takes nothing more.
    pub fn close(&self) {
        drop(self.0.to.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.0.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the audit log's thread broke down");
        }
    }

    fn pass(&self, request: Request) {
        // Without the thread the request is dropped, and who waits for it reads that the log is closed.
        if let Some(to) = &*self.0.to.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = to.send(request);
        }
    }
}
