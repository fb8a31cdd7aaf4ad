//! The one thread that writes. It takes what has queued into one transaction, and answers after the commit: what is
//! queued while a commit runs makes the next batch (group commit).
//!
//! Never answers before the disk has it, never tells a watcher of what was not committed, never ends for an error.

mod accept;
mod batch;
mod prune;
mod record;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use portcullis_model::OperationId;
use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, oneshot};

use crate::folder::Folder;
use crate::{Accepted, Entry, Event, JournalError, NewOperation, Pruned, Record};

pub(crate) use prune::Ages;
pub(crate) use record::restored;

/// The most commands that wait for the thread; further callers wait before they queue.
const QUEUE: usize = 1024;
/// The most commands of one transaction.
const BATCH: usize = 256;
/// The longest that a batch waits for others to come, see [`Work::gather`].
const GATHER: Duration = Duration::from_millis(1);
/// How long nothing must have happened until erased passwords are taken out of the log beside the database...
const IDLE: Duration = Duration::from_millis(200);
/// ...and how long they may stay there under load.
const ERASED_STAY: Duration = Duration::from_secs(10);

type Reply<T> = oneshot::Sender<Result<T, JournalError>>;

/// One thing to write.
pub(crate) enum Command {
    Accept(Box<NewOperation>, Reply<Accepted>),
    Record(OperationId, Event, Reply<Record>),
    Prune(Ages, Reply<Pruned>),
    Checkpoint(Reply<()>),
    Close,
}

/// The way to the thread.
pub(crate) struct Writer {
    commands: Sender<(Command, Option<OwnedSemaphorePermit>)>,
    places: Arc<Semaphore>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread. It holds the folder until it ends.
    pub(crate) fn start(
        connection: Connection,
        path: PathBuf,
        folder: Folder,
        watchers: broadcast::Sender<Entry>,
    ) -> Result<Self, JournalError> {
        let (commands, queue) = channel();
        let at = folder.path().to_owned();
        let work = Work { connection, path, watchers, queue, gather: Duration::ZERO, erased_since: None };
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || {
                work.run();
                drop(folder);
            })
            .map_err(JournalError::io("start the thread of", &at))?;
        Ok(Self { commands, places: Arc::new(Semaphore::new(QUEUE)), thread: Mutex::new(Some(thread)) })
    }

    /// Has something written, and waits until it is.
    pub(crate) async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, JournalError> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| JournalError::Closed)?;
        let (reply, answer) = oneshot::channel();
        self.commands.send((command(reply), Some(place))).map_err(|_| JournalError::Closed)?;
        answer.await.map_err(|_| JournalError::Closed)?
    }

    /// Ends the thread after what is queued now, and waits for it; later calls find the journal closed.
    pub(crate) fn close(&self) {
        self.places.close();
        let _ = self.commands.send((Command::Close, None));
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

struct Work {
    connection: Connection,
    path: PathBuf,
    watchers: broadcast::Sender<Entry>,
    queue: Receiver<(Command, Option<OwnedSemaphorePermit>)>,
    /// How long the next batch waits for others after its first command: a part of what the commit before took, if that
    /// one had company. Without it, whoever is answered first has a commit for itself, and all others wait for that.
    gather: Duration,
    /// Since when the log beside the database may hold erased passwords.
    erased_since: Option<Instant>,
}

impl Work {
    fn run(mut self) {
        let mut open = true;
        while open {
            let Some(first) = self.next() else { continue };
            let mut batch = batch::Batch::default();
            // The places are given back only after the commit, so that QUEUE bounds what is under way as well.
            let mut places = Vec::new();
            let mut next = Some(first);
            let mut checkpoints = Vec::new();
            let until = Instant::now() + self.gather;
            while let Some((command, place)) = next.take() {
                places.push(place);
                match command {
                    Command::Close => open = false,
                    Command::Checkpoint(reply) => checkpoints.push(reply),
                    command => batch.add(command),
                }
                if open && places.len() < BATCH {
                    next = self.queue.recv_timeout(until.saturating_duration_since(Instant::now())).ok();
                }
            }
            let begun = Instant::now();
            let erased = batch.write(&self.connection, &self.path, &self.watchers);
            self.gather = if places.len() > 1 { (begun.elapsed() / 4).min(GATHER) } else { Duration::ZERO };
            if erased {
                self.erased_since.get_or_insert_with(Instant::now);
            }
            for reply in checkpoints {
                let _ = reply.send(self.checkpoint());
            }
            if self.erased_since.is_some_and(|since| since.elapsed() > ERASED_STAY) {
                self.forget();
            }
        }
        self.forget();
        if let Err((_, error)) = self.connection.close() {
            tracing::warn!(journal = %self.path.display(), %error, "the journal could not be closed in order");
        }
    }

    /// The next command; nothing after an idle moment, which is used to clean the log.
    fn next(&mut self) -> Option<(Command, Option<OwnedSemaphorePermit>)> {
        let received = match self.erased_since {
            Some(_) => self.queue.recv_timeout(IDLE),
            None => self.queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match received {
            Ok(command) => Some(command),
            Err(RecvTimeoutError::Timeout) => {
                self.forget();
                None
            }
            Err(RecvTimeoutError::Disconnected) => Some((Command::Close, None)),
        }
    }

    /// Takes erased passwords out of the log, if no reader is in the way; otherwise the next idle moment does.
    fn forget(&mut self) {
        if let Err(error) = self.checkpoint() {
            tracing::debug!(journal = %self.path.display(), %error, "erased passwords stay in the log a little longer");
        }
    }

    /// Brings the log into the database and empties it.
    fn checkpoint(&mut self) -> Result<(), JournalError> {
        let failed = |e: rusqlite::Error| JournalError::sqlite("checkpoint", &self.path, &e);
        // Not waiting for readers: meanwhile nothing would be written.
        self.connection.busy_timeout(Duration::ZERO).map_err(failed)?;
        let busy = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
        self.connection.busy_timeout(Duration::from_secs(5)).map_err(failed)?;
        if busy.map_err(failed)? {
            let what = "a reader is still in the log; try again in a moment".to_owned();
            return Err(JournalError::Storage { doing: "checkpoint", what });
        }
        self.erased_since = None;
        Ok(())
    }
}
