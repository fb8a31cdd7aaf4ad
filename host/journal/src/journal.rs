//! The handle that the service holds.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use portcullis_model::OperationId;
use tokio::sync::broadcast;

use crate::check::{self, Depth};
use crate::folder::Folder;
use crate::writer::{Ages, Command, Writer};
use crate::{
    Accepted, Entry, Event, Filter, JournalError, NewOperation, Page, PageRequest, Pruned, Reader, Record, State,
    schema,
};

/// How many lines a slow watcher may be behind before it misses some.
const WATCHERS: usize = 4096;

/// The durable log of operations. Cheap to clone; the last clone that is dropped ends the writing thread and gives the
/// folder back.
#[derive(Clone)]
pub struct Journal(Arc<Inner>);

struct Inner {
    reader: Reader,
    watchers: broadcast::Sender<Entry>,
    writer: Writer,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Before the writer: the last connection that is closed takes the log away, and only the writer's can.
        self.reader.close();
    }
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal").field("reader", &self.0.reader).finish_non_exhaustive()
    }
}

impl Journal {
    /// Opens the journal of a folder for this process alone, and makes both if the folder never held one. Reads the
    /// disk: not to be called from a thread that others wait for.
    ///
    /// # Errors
    /// [`JournalError::Held`] if another process has it, [`JournalError::Damaged`] or [`JournalError::Newer`] if the
    /// file is not to be used (it is left as it is), [`JournalError::Io`] and [`JournalError::Storage`] otherwise.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        let mut folder = Folder::take(folder)?;
        let path = folder.database()?;
        let connection = schema::connect(&path)?;
        check::identity(&connection, &path)?;
        check::content(&connection, &path, Depth::Start)?;
        if connection.is_readonly(rusqlite::MAIN_DB).map_err(|e| JournalError::sqlite("open", &path, &e))? {
            return Err(JournalError::Storage { doing: "write", what: "the file is read-only".to_owned() });
        }
        let (watchers, _) = broadcast::channel(WATCHERS);
        let reader = Reader::of(path.clone());
        let writer = Writer::start(connection, path, folder, watchers.clone())?;
        Ok(Self(Arc::new(Inner { reader, watchers, writer })))
    }

    /// Opens the journal of a folder to read only, also while a service writes it.
    ///
    /// # Errors
    /// [`JournalError::Missing`] if there is none; otherwise see [`Journal::open`].
    pub fn read_only(folder: &Path) -> Result<Reader, JournalError> {
        Reader::open(folder)
    }

    /// What reads this journal.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.0.reader
    }

    /// Takes an operation on. It is on the disk when this returns.
    ///
    /// # Errors
    /// [`JournalError::OutOfBounds`] and [`JournalError::IdUsed`] for what cannot be taken; [`JournalError::Storage`]
    /// if it could not be written: then it was not taken on.
    pub async fn accept(&self, new: NewOperation) -> Result<Accepted, JournalError> {
        self.0.writer.ask(|reply| Command::Accept(Box::new(new), reply)).await
    }

    /// Writes an event of an operation. It is on the disk when this returns. With an event that ends the operation for
    /// good its sealed password is erased in the same transaction.
    ///
    /// # Errors
    /// [`JournalError::Illegal`] if the event cannot follow, [`JournalError::PasswordErased`] for a retry without the
    /// password that it needs, [`JournalError::NoSuchOperation`], [`JournalError::OutOfBounds`];
    /// [`JournalError::Storage`] if it could not be written: then nothing changed.
    pub async fn record(&self, id: &OperationId, event: Event) -> Result<Record, JournalError> {
        self.0.writer.ask(|reply| Command::Record(id.clone(), event, reply)).await
    }

    /// See [`Reader::get`].
    ///
    /// # Errors
    /// See [`Reader::get`]; so for each of the functions below that only read.
    pub async fn get(&self, id: &OperationId) -> Result<Option<Record>, JournalError> {
        self.0.reader.get(id).await
    }

    /// See [`Reader::sealed`].
    ///
    /// # Errors
    /// See [`Reader::get`].
    pub async fn sealed(&self, id: &OperationId) -> Result<Option<Vec<u8>>, JournalError> {
        self.0.reader.sealed(id).await
    }

    /// See [`Reader::history`].
    ///
    /// # Errors
    /// See [`Reader::history`].
    pub async fn history(&self, id: &OperationId) -> Result<Vec<Entry>, JournalError> {
        self.0.reader.history(id).await
    }

    /// See [`Reader::list`].
    ///
    /// # Errors
    /// See [`Reader::list`].
    pub async fn list(&self, filter: Filter, page: PageRequest) -> Result<Page, JournalError> {
        self.0.reader.list(filter, page).await
    }

    /// See [`Reader::open_operations`].
    ///
    /// # Errors
    /// See [`Reader::get`].
    pub async fn open_operations(&self) -> Result<Vec<Record>, JournalError> {
        self.0.reader.open_operations().await
    }

    /// See [`Reader::entries_after`].
    ///
    /// # Errors
    /// See [`Reader::get`].
    pub async fn entries_after(&self, entry: u64, most: usize) -> Result<Vec<Entry>, JournalError> {
        self.0.reader.entries_after(entry, most).await
    }

    /// Every line from now on, after it is on the disk. Whoever is more than 4,096 lines behind misses some and reads
    /// them with [`Journal::entries_after`].
    #[must_use]
    pub fn watch(&self) -> broadcast::Receiver<Entry> {
        self.0.watchers.subscribe()
    }

    /// See [`Reader::counts`].
    ///
    /// # Errors
    /// See [`Reader::get`].
    pub async fn counts(&self) -> Result<BTreeMap<State, u64>, JournalError> {
        self.0.reader.counts().await
    }

    /// Forgets operations that ended before a time, with their history and the digests of their envelopes, and erases
    /// the password of those that are unknown since before another. Little at a time: others are not held up.
    ///
    /// # Errors
    /// [`JournalError::Storage`]; what was forgotten until then stays so.
    pub async fn prune(
        &self,
        ended_before: SystemTime,
        unknown_sealed_before: SystemTime,
    ) -> Result<Pruned, JournalError> {
        let ages = Ages { ended_before, unknown_sealed_before };
        let mut all = Pruned::default();
        loop {
            let step = self.0.writer.ask(|reply| Command::Prune(ages, reply)).await?;
            if step == Pruned::default() {
                return Ok(all);
            }
            all.operations += step.operations;
            all.passwords += step.passwords;
        }
    }

    /// Brings the log beside the database into it and empties the log, so that nothing erased is left there. Happens by
    /// itself, in an idle moment and at the end.
    ///
    /// # Errors
    /// [`JournalError::Storage`] if a reader is in the way: try again in a moment.
    pub async fn checkpoint(&self) -> Result<(), JournalError> {
        self.0.writer.ask(Command::Checkpoint).await
    }

    /// See [`Reader::backup`].
    ///
    /// # Errors
    /// See [`Reader::backup`].
    pub async fn backup(&self, to: &Path) -> Result<(), JournalError> {
        self.0.reader.backup(to).await
    }

    /// Ends the journal for every clone: what is queued is written, later calls find it closed, and when this returns
    /// another process may open the folder. Happens by itself when the last clone is dropped.
    pub async fn close(&self) {
        let inner = Arc::clone(&self.0);
        let closing = tokio::task::spawn_blocking(move || {
            inner.reader.close();
            inner.writer.close();
        });
        // It ends early only with the runtime.
        let _ = closing.await;
    }
}
