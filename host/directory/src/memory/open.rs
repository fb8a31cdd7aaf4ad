//! Opening a directory: its state if there is one, its seed if not.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use super::file::{StateFile, read_all};
use super::ldif::LdifError;
use super::moment::Moment;
use super::store::Store;
use super::{Context, Faults, Held, Inner, MemoryDirectory, Settings, load};

/// Why an embedded directory cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file of LDIF is wrong.
    #[error(transparent)]
    Ldif(#[from] LdifError),
    /// The seed cannot be read.
    #[error("the seed {} cannot be read: {source}; name an LDIF file that this user may read", .path.display())]
    Seed {
        /// The file.
        path: PathBuf,
        /// What happened.
        source: io::Error,
    },
    /// The state cannot be read or written.
    #[error("the state {} cannot be used: {source}; name a file in a folder that exists and that this user may write", .path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// What happened.
        source: io::Error,
    },
    /// Neither a seed nor a state that exists.
    #[error("the embedded directory {name} has nothing in it; name an LDIF file as its seed")]
    Nothing {
        /// The name of the directory.
        name: String,
    },
}

pub(super) fn from_ldif(text: &str, settings: Settings) -> Result<MemoryDirectory, LdifError> {
    let server = format!("embedded:{}", settings.name);
    let store = load::load(text, &context(&server, &settings))?;
    Ok(directory(server, settings, None, Held { store, seen: None }))
}

pub(super) fn open(mut settings: Settings) -> Result<MemoryDirectory, OpenError> {
    let server = format!("embedded:{}", settings.name);
    let Some(path) = settings.state.take() else {
        let store = seed(&settings, &context(&server, &settings))?;
        return Ok(directory(server, settings, None, Held { store, seen: None }));
    };
    let file = StateFile::new(path);
    let failed = |source| OpenError::State { path: file.path().to_owned(), source };
    // Under the lock: of several processes that start at once, one seeds and the others read what it wrote.
    let lock = file.lock().map_err(failed)?;
    let held = if let Some((text, seen)) = file.read().map_err(failed)? {
        let store = load::load(&text, &context(&server, &settings)).map_err(|e| e.in_file(file.path()))?;
        Held { store, seen: Some(seen) }
    } else {
        let store = seed(&settings, &context(&server, &settings))?;
        let seen = file.write(&load::save(&store)).map_err(failed)?;
        Held { store, seen: Some(seen) }
    };
    drop(lock);
    Ok(directory(server, settings, Some(file), held))
}

fn seed(settings: &Settings, context: &Context<'_>) -> Result<Store, OpenError> {
    let Some(path) = settings.seed.as_deref() else {
        return Err(OpenError::Nothing { name: settings.name.clone() });
    };
    let failed = |source| OpenError::Seed { path: path.to_owned(), source };
    let text = File::open(path).and_then(|file| read_all(&file)).map_err(failed)?;
    load::load(&text, context).map_err(|e| e.in_file(Path::new(path)).into())
}

fn context<'a>(server: &'a str, settings: &'a Settings) -> Context<'a> {
    let now = Moment::from((settings.clock)());
    Context { server, policy: &settings.policy, dialect: settings.dialect, now }
}

fn directory(server: String, settings: Settings, file: Option<StateFile>, held: Held) -> MemoryDirectory {
    let Settings { policy, dialect, clock, .. } = settings;
    let inner = Inner { server, policy, dialect, clock, file, held: RwLock::new(held) };
    MemoryDirectory { inner: Arc::new(inner), faults: Faults::default() }
}
