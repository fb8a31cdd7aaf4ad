//! A few connections that can only read, used from asynchronous code without stopping it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use portcullis_model::OperationId;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::{Entry, Filter, JournalError, Page, PageRequest, Record, State, backup, check, folder, read, schema};

/// The most reads at once.
const CONNECTIONS: usize = 4;

/// Reads a journal, also while a service writes it. Cheap to clone.
#[derive(Clone)]
pub struct Reader(Arc<Pool>);

struct Pool {
    path: PathBuf,
    places: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("path", &self.0.path).finish_non_exhaustive()
    }
}

impl Reader {
    /// Opens the journal of a folder, without holding it.
    pub(crate) fn open(folder: &Path) -> Result<Self, JournalError> {
        let missing = || JournalError::Missing { folder: folder.to_owned() };
        let path = folder::database(&folder.canonicalize().map_err(|_| missing())?);
        if !folder::exists(&path)? {
            return Err(missing());
        }
        let connection = schema::connect_to_read(&path)?;
        check::identity(&connection, &path)?;
        let reader = Self::of(path);
        reader.0.give_back(connection);
        Ok(reader)
    }

    /// Reads a file that was checked.
    pub(crate) fn of(path: PathBuf) -> Self {
        Self(Arc::new(Pool { path, places: Arc::new(Semaphore::new(CONNECTIONS)), idle: Mutex::default() }))
    }

    /// One operation, if the journal holds it.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] or [`JournalError::Storage`]; so for each of the functions below.
    pub async fn get(&self, id: &OperationId) -> Result<Option<Record>, JournalError> {
        let id = id.clone();
        self.with(move |c| read::by_id(c, &id)).await
    }

    /// The sealed password of an operation, as long as it is kept.
    ///
    /// # Errors
    /// See [`Reader::get`].
    pub async fn sealed(&self, id: &OperationId) -> Result<Option<Vec<u8>>, JournalError> {
        let id = id.clone();
        self.with(move |c| read::sealed(c, &id)).await
    }

    /// The operation that a caller asked for with an idempotency key, and the digest of that request.
    ///
    /// # Errors
    /// See [`Reader::get`].
    pub async fn by_key(&self, caller: &str, key: &str) -> Result<Option<read::Keyed>, JournalError> {
        let (caller, key) = (caller.to_owned(), key.to_owned());
        self.with(move |c| read::by_key(c, &caller, &key)).await
    }

    /// Every sealed password that is kept: which keys are still needed is read from them.
    ///
    /// # Errors
    /// See [`Reader::get`].
    pub async fn all_sealed(&self) -> Result<Vec<Vec<u8>>, JournalError> {
        self.with(read::all_sealed).await
    }

    /// The lines of one operation, in order; none for one that the journal does not hold.
    ///
    /// # Errors
    /// See [`Reader::get`]; lines that do not lead to the operation's state are damage.
    pub async fn history(&self, id: &OperationId) -> Result<Vec<Entry>, JournalError> {
        let id = id.clone();
        self.with(move |c| read::history(c, &id)).await
    }

    /// A page of the operations that a filter lets through, newest first.
    ///
    /// # Errors
    /// See [`Reader::get`], and [`JournalError::OutOfBounds`] for a limit or cursor that cannot be.
    pub async fn list(&self, filter: Filter, page: PageRequest) -> Result<Page, JournalError> {
        self.with(move |c| read::list(c, &filter, &page)).await
    }

    /// Every operation that has not ended, in the order in which they came.
    ///
    /// # Errors
    /// See [`Reader::get`].
    pub async fn open_operations(&self) -> Result<Vec<Record>, JournalError> {
        self.with(read::open_operations).await
    }

    /// At most so many lines after the one of a number, in order.
    ///
    /// # Errors
    /// See [`Reader::get`].
    pub async fn entries_after(&self, entry: u64, most: usize) -> Result<Vec<Entry>, JournalError> {
        self.with(move |c| read::entries_after(c, entry, most)).await
    }

    /// How many operations are in each state.
    ///
    /// # Errors
    /// See [`Reader::get`].
    pub async fn counts(&self) -> Result<BTreeMap<State, u64>, JournalError> {
        self.with(read::counts).await
    }

    /// Writes the journal as it is at one moment into a new file, while the service goes on. The file holds the sealed
    /// passwords of open operations: only its owner may read it (mode 0600).
    ///
    /// # Errors
    /// [`JournalError::Exists`] if there is such a file; otherwise see [`Reader::get`].
    pub async fn backup(&self, to: &Path) -> Result<(), JournalError> {
        let to = to.to_owned();
        self.with(move |c| backup::backup(c, &to)).await
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let place = Arc::clone(&self.0.places).acquire_owned().await.map_err(|_| JournalError::Closed)?;
        let pool = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || {
            let _place = place;
            let connection = match pool.take() {
                Some(connection) => connection,
                None => schema::connect_to_read(&pool.path)?,
            };
            let result = work(&connection)?;
            // After an error the connection is not used again.
            pool.give_back(connection);
            Ok(result)
        });
        done.await.map_err(|_| JournalError::Closed)?
    }

    /// Ends reading: nothing new is read, and idle connections are closed.
    pub(crate) fn close(&self) {
        self.0.places.close();
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Pool {
    fn take(&self) -> Option<Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn give_back(&self, connection: Connection) {
        if !self.places.is_closed() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}
