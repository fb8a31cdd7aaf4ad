//! A directory in the host's memory: seeded from LDIF, kept in a file if wanted, with a small password policy and a
//! lockout. It needs no server, and answers on the paths that connectors use as the real ones do.
//!
//! ```
//! use portcullis_directory::memory::{Dialect, MemoryDirectory, Policy};
//!
//! let seed = "dn: uid=alice,dc=example\nobjectClass: person\nuid: alice\nuserPassword: correct horse\n";
//! let directory = MemoryDirectory::from_ldif(seed, Policy::default(), Dialect::Plain)?;
//! # Ok::<(), portcullis_directory::memory::LdifError>(())
//! ```
//!
//! It is made for demonstrations, benchmarks and tests, and for nobody's real passwords. It has no schema, no access
//! rules but one (an entry may change its own password, the service account may do everything), never adds or removes
//! an entry, and never speaks to a network. Passwords are kept hashed, and no search returns or compares them.

mod answers;
mod bind;
mod controls;
mod faults;
mod file;
mod hash;
mod ldif;
mod load;
mod login;
mod matching;
mod modify;
mod moment;
mod open;
mod policy;
mod record;
mod root_dse;
mod search;
mod settings;
mod store;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use portcullis_model::{Encoding, Password};
use zeroize::Zeroizing;

pub use faults::Faults;
pub use ldif::LdifError;
pub use open::OpenError;
pub use policy::Policy;
pub use settings::{Clock, Dialect, Settings};

use crate::request::{Answer, Control, Failure, Found, Modify, Performer, Search, SetPassword};
use faults::Fate;
use file::{Seen, StateFile};
use moment::Moment;
use record::Record;
use store::Store;

/// A directory in memory. Clones are the same directory.
#[derive(Clone)]
pub struct MemoryDirectory {
    inner: Arc<Inner>,
    faults: Faults,
}

struct Inner {
    server: String,
    policy: Policy,
    dialect: Dialect,
    clock: Clock,
    file: Option<StateFile>,
    held: RwLock<Held>,
}

/// What is in memory, and the file that it came from or went to.
struct Held {
    store: Store,
    seen: Option<Seen>,
}

/// What every step of an operation needs to know.
struct Context<'a> {
    server: &'a str,
    policy: &'a Policy,
    dialect: Dialect,
    now: Moment,
}

/// What came out of an operation, and the entry that it changes.
struct Step<R> {
    result: R,
    change: Option<(usize, Record)>,
}

impl<R> Step<R> {
    fn unchanged(result: R) -> Self {
        Self { result, change: None }
    }
}

impl fmt::Debug for MemoryDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryDirectory").field("server", &self.inner.server).finish_non_exhaustive()
    }
}

impl Inner {
    fn context(&self) -> Context<'_> {
        let now = Moment::from((self.clock)());
        Context { server: &self.server, policy: &self.policy, dialect: self.dialect, now }
    }

    fn reading(&self) -> RwLockReadGuard<'_, Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn writing(&self) -> RwLockWriteGuard<'_, Held> {
        self.held.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something that changes nothing.
    fn read<R>(&self, look: impl FnOnce(&Store, &Context<'_>) -> R) -> Result<R, Failure> {
        let context = self.context();
        if let Some(file) = &self.file {
            let changed = file.changed_since(self.reading().seen.as_ref()).map_err(|e| self.unavailable(&e))?;
            if changed {
                self.reload(file, &mut self.writing())?;
            }
        }
        Ok(look(&self.reading().store, &context))
    }

    /// Does something that may change one entry. What is answered is kept by then.
    fn write<R>(&self, decide: impl FnOnce(&Store, &Context<'_>) -> Step<R>) -> Result<R, Failure> {
        let context = self.context();
        // The file's lock first: who waits for it must not keep readers in this process waiting.
        let locked = self.file.as_ref().map(|file| file.lock().map(|lock| (file, lock))).transpose();
        let locked = locked.map_err(|e| self.unavailable(&e))?;
        let mut held = self.writing();
        if let Some((file, _)) = &locked {
            self.reload(file, &mut held)?;
        }
        let step = decide(&held.store, &context);
        let Some((id, record)) = step.change else { return Ok(step.result) };
        let former = held.store.replace(id, record);
        if let Some((file, _)) = &locked {
            match file.write(&load::save(&held.store)) {
                Ok(seen) => held.seen = Some(seen),
                Err(e) => {
                    held.store.replace(id, former);
                    return Err(self.unavailable(&e));
                }
            }
        }
        Ok(step.result)
    }

    fn reload(&self, file: &StateFile, held: &mut Held) -> Result<(), Failure> {
        if !file.changed_since(held.seen.as_ref()).map_err(|e| self.unavailable(&e))? {
            return Ok(());
        }
        let Some((text, seen)) = file.read().map_err(|e| self.unavailable(&e))? else { return Ok(()) };
        let store = load::load(&text, &self.context()).map_err(|e| self.unavailable(&e.in_file(file.path())))?;
        *held = Held { store, seen: Some(seen) };
        Ok(())
    }

    fn unavailable(&self, problem: &dyn fmt::Display) -> Failure {
        let path = self.file.as_ref().map(|file| file.path().display().to_string()).unwrap_or_default();
        Failure::Unavailable(format!(
            "{}: its state {path} cannot be used: {problem}; nothing was changed",
            self.server
        ))
    }
}

impl MemoryDirectory {
    /// Opens a directory.
    ///
    /// # Errors
    /// [`OpenError`] names the file, and the line if it is one of LDIF.
    pub fn open(settings: Settings) -> Result<Self, OpenError> {
        open::open(settings)
    }

    /// Makes a directory that is kept nowhere.
    ///
    /// # Errors
    /// [`LdifError`] names the line.
    pub fn from_ldif(text: &str, policy: Policy, dialect: Dialect) -> Result<Self, LdifError> {
        open::from_ldif(text, Settings { policy, dialect, ..Settings::default() })
    }

    /// As [`MemoryDirectory::from_ldif`], with a name and a clock as well. The seed and the state of the settings are not
    /// looked at.
    ///
    /// # Errors
    /// [`LdifError`] names the line.
    pub fn from_ldif_with(text: &str, settings: Settings) -> Result<Self, LdifError> {
        open::from_ldif(text, settings)
    }

    /// How to make it misbehave.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.faults.clone()
    }

    /// The directory as LDIF, passwords hashed: what would stand in its file.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] if its file cannot be read.
    pub fn to_ldif(&self) -> Result<String, Failure> {
        self.inner.read(|store, _| load::save(store))
    }

    /// Runs what may wait for a disk where waiting holds up nobody.
    async fn run<Q, R>(
        &self,
        request: &Q,
        work: fn(&Inner, &Q) -> Result<R, Failure>,
        stopped: fn(String) -> Failure,
    ) -> Result<R, Failure>
    where
        Q: Clone + Send + Sync + 'static,
        R: Send + 'static,
    {
        if self.faults.take_unavailable() {
            self.faults.wait().await;
            return Err(Failure::Unavailable(format!("{}: told to be unavailable", self.inner.server)));
        }
        let result = if self.inner.file.is_none() {
            work(&self.inner, request)
        } else {
            let (inner, request) = (Arc::clone(&self.inner), request.clone());
            let done = tokio::task::spawn_blocking(move || work(&inner, &request)).await;
            done.unwrap_or_else(|e| Err(stopped(format!("{}: stopped in between: {e}", self.inner.server))))
        };
        self.faults.wait().await;
        result
    }

    async fn run_write<Q>(
        &self,
        request: &Q,
        work: fn(&Inner, &Q) -> Result<Answer, Failure>,
    ) -> Result<Answer, Failure>
    where
        Q: Clone + Send + Sync + 'static,
    {
        let fate = self.faults.take_fate();
        let in_doubt = || Err(Failure::InDoubt(format!("{}: told to give no answer", self.inner.server)));
        if fate == Fate::LostInDoubt {
            self.faults.wait().await;
            return in_doubt();
        }
        let answer = self.run(request, work, Failure::InDoubt).await?;
        if fate == Fate::AppliedInDoubt { in_doubt() } else { Ok(answer) }
    }
}

#[async_trait]
impl crate::Directory for MemoryDirectory {
    async fn search(&self, search: &Search) -> Result<Found, Failure> {
        let work =
            |inner: &Inner, search: &Search| inner.read(|store, context| search::search(store, context, search))?;
        self.run(search, work, Failure::Nonsense).await
    }

    async fn modify(&self, performer: &Performer, modify: &Modify) -> Result<Answer, Failure> {
        self.run_write(&(performer.clone(), modify.clone()), |inner, (performer, modify)| {
            inner.write(|store, context| modify::modify(store, context, performer, modify))?
        })
        .await
    }

    async fn set_password(&self, performer: &Performer, request: &SetPassword) -> Result<Answer, Failure> {
        self.run_write(&(performer.clone(), request.clone()), |inner, (performer, request)| {
            inner.write(|store, context| modify::set_password(store, context, performer, request))?
        })
        .await
    }

    async fn bind(&self, dn: &str, password: &Password, controls: &[Control]) -> Result<Answer, Failure> {
        type Request = (String, Zeroizing<Vec<u8>>, Vec<Control>);
        let request: Request = (dn.to_owned(), password.encode(Encoding::Utf8), controls.to_vec());
        let work = |inner: &Inner, (dn, password, controls): &Request| inner.bind(dn, password, controls);
        self.run(&request, work, Failure::Nonsense).await
    }
}

impl Inner {
    fn bind(&self, dn: &str, password: &[u8], controls: &[Control]) -> Result<Answer, Failure> {
        // Most sign-ins are right and change nothing: they need not wait for each other.
        let step = self.read(|store, context| bind::bind(store, context, dn, password, controls))?;
        if step.change.is_none() {
            return Ok(step.result);
        }
        self.write(|store, context| bind::bind(store, context, dn, password, controls))
    }
}
