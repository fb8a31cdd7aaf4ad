//! The log as it is written: a thread takes the lines of everybody who writes, so that many share one sync.

mod chain;

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::fact::{BegunAnew, Lost};
use crate::verify::{Options, verify};
use crate::{About, AuditError, Entry, PublicKey};
use chain::Chain;
pub(crate) use chain::last_line;

/// After how long without anything to write the last lines are synced and signed.
const SETTLE: Duration = Duration::from_millis(200);

/// How many writers share a sync at most.
const MOST_TOGETHER: usize = 1024;

/// The audit log of a state folder; a clone writes into the same one.
#[derive(Debug, Clone)]
pub struct AuditLog(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Gone once the log was closed.
    to: Mutex<Option<Sender<Request>>>,
    key: PublicKey,
    /// When the log could not be written the last time, and why; none since it could.
    trouble: Arc<Mutex<Option<(Instant, AuditError)>>>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

struct Request {
    entries: Vec<Entry>,
    /// Whether the lines have to be on the disk before anybody is told.
    sync: bool,
    /// Whether who gave them has them still where they cannot be written, and gives them again: then they are not lost.
    kept: bool,
    /// Told when they are written; nobody waits for a note.
    done: Option<Done>,
}

/// Tells whoever waits, a task or a thread.
type Done = Box<dyn FnOnce(Result<(), AuditError>) + Send>;

impl AuditLog {
    /// Opens the log of a state folder, and makes it if there is none. Several processes may have it open.
    ///
    /// # Errors
    /// The folder cannot be written, the key cannot be used, or the log does not continue where its head says.
    pub fn open(state: &Path) -> Result<Self, AuditError> {
        let mut chain = Chain::open(state)?;
        chain.append(Vec::new(), true)?;
        let key = chain.public_key();
        let (to, from) = channel();
        let trouble: Arc<Mutex<Option<(Instant, AuditError)>>> = Arc::default();
        let noted = Arc::clone(&trouble);
        let thread = std::thread::Builder::new()
            .name("audit".into())
            .spawn(move || write(&mut chain, &from, &noted))
            .map_err(AuditError::io("starting a thread for", state))?;
        Ok(Self(Arc::new(Inner { to: Mutex::new(Some(to)), key, trouble, thread: Mutex::new(Some(thread)) })))
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
        let trouble = self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.as_ref().filter(|(at, _)| at.elapsed() < lately).map(|(_, error)| error.clone())
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

fn write(chain: &mut Chain, from: &Receiver<Request>, trouble: &Mutex<Option<(Instant, AuditError)>>) {
    let mut lost = 0;
    while let Some(first) = next(chain, from) {
        let mut all: Vec<Request> = std::iter::once(first).chain(from.try_iter().take(MOST_TOGETHER - 1)).collect();
        let sync = all.iter().any(|request| request.sync);
        let missing = (lost > 0).then(|| Entry::now(About::default(), Lost { facts: lost }));
        let losing: usize = all.iter().filter(|request| !request.kept).map(|request| request.entries.len()).sum();
        let given = all.iter_mut().flat_map(|request| std::mem::take(&mut request.entries));
        let entries: Vec<Entry> = missing.into_iter().chain(given).collect();
        let result = chain.append(entries, sync);
        lost = if result.is_ok() { 0 } else { lost + losing as u64 };
        if let Err(error) = &result {
            tracing::error!("the audit log could not be written: {error}");
        }
        let noted = result.as_ref().err().map(|error| (Instant::now(), error.clone()));
        *trouble.lock().unwrap_or_else(PoisonError::into_inner) = noted;
        for done in all.into_iter().filter_map(|request| request.done) {
            done(result.clone());
        }
    }
    if let Err(error) = chain.close() {
        tracing::error!("the audit log could not be closed with a checkpoint: {error}");
    }
}

/// What is to be written next; none once the log is closed. Meanwhile what was only written gets onto the disk.
fn next(chain: &mut Chain, from: &Receiver<Request>) -> Option<Request> {
    loop {
        if !chain.is_dirty() {
            return from.recv().ok();
        }
        match from.recv_timeout(SETTLE) {
            Ok(request) => return Some(request),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => {
                if let Err(error) = chain.append(Vec::new(), true) {
                    tracing::error!("the audit log could not be written to disk: {error}");
                    return from.recv().ok();
                }
            }
        }
    }
}
