//! From a file to a compiled plugin. Nothing of the plugin runs here.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::{Producer, Sandbox, Surface, metadata};

/// The SHA-256 of a plugin's bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// Why a file is no plugin that can be run.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It cannot be read.
    #[error("{path}: {}", plainly(error))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// A folder, a pipe, a device.
    #[error("{0} is not a regular file")]
    NotAFile(PathBuf),
    /// Larger than [`Plugin::MAX_BYTES`].
    #[error("{0} is larger than 64 MiB, the largest plugin that is loaded")]
    TooLarge(PathBuf),
    /// No WebAssembly.
    #[error("{0} is not WebAssembly: it does not begin with the bytes `\\0asm`")]
    NotWasm(PathBuf),
    /// A core module.
    #[error(
        "{0} is a core module, not a component: build it with `wasm32-wasip2`, or wrap it with `wasm-tools component new`"
    )]
    CoreModule(PathBuf),
    /// Native code from somewhere else.
    #[error("{0} is native code that an engine compiled before; only WebAssembly itself is loaded")]
    Precompiled(PathBuf),
    /// Truncated or malformed.
    #[error("{path} is not a valid component: {reason}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The engine's words.
        reason: String,
    },
}

/// Who vouches for a plugin's bytes. The sandbox keeps it and knows nothing of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// What the one who trusts the key calls the signer.
    pub signer: String,
    /// The public key, as text.
    pub key: String,
    /// What the signer wrote beside the signature and signed as well; one line.
    pub comment: String,
}

/// A plugin, compiled and ready to be linked.
#[derive(Clone)]
pub struct Plugin {
    pub(crate) component: Component,
    digest: Digest,
    surface: Surface,
    version: Option<String>,
    producers: Vec<Producer>,
    size: usize,
    signed: Option<Signed>,
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin").field("digest", &self.digest).finish_non_exhaustive()
    }
}

impl Plugin {
    /// The largest plugin file that is loaded, in bytes.
    pub const MAX_BYTES: u64 = 64 << 20;

    /// Its digest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What it imports and exports.
    #[must_use]
    pub fn surface(&self) -> &Surface {
        &self.surface
    }

    /// What its maker calls this version, if the file says so (the custom section `version`). Nothing may be decided by
    /// it: only the digest tells plugins apart.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// The tools that made it, if the file says so (the custom sections `producers` of it and of what is inside). Nothing
    /// may be decided by it, as nothing by the version.
    #[must_use]
    pub fn producers(&self) -> &[Producer] {
        &self.producers
    }

    /// Who signed these very bytes, if a signature was verified before they were compiled.
    #[must_use]
    pub fn signed(&self) -> Option<&Signed> {
        self.signed.as_ref()
    }

    /// Bytes of the file.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }
}

impl Sandbox {
    /// Loads a plugin: from the cache if it was compiled before by the same engine, otherwise by compiling it.
    ///
    /// # Errors
    /// [`LoadError`] says what kind of file it is instead.
    pub fn load(&self, path: &Path) -> Result<Plugin, LoadError> {
        self.load_bytes(path, &read(path)?)
    }

    /// Loads a plugin if `admit` takes its bytes: they are read once, and what was admitted is what is compiled.
    ///
    /// # Errors
    /// What `admit` says; otherwise see [`Sandbox::load`].
    pub fn load_if<E: From<LoadError>>(
        &self,
        path: &Path,
        admit: impl FnOnce(&[u8]) -> Result<Option<Signed>, E>,
    ) -> Result<Plugin, E> {
        let bytes = read(path)?;
        let signed = admit(&bytes)?;
        Ok(Plugin { signed, ..self.load_bytes(path, &bytes)? })
    }

    /// Loads a plugin from bytes; the path only stands in messages.
    ///
    /// # Errors
    /// See [`Sandbox::load`].
    pub fn load_bytes(&self, path: &Path, bytes: &[u8]) -> Result<Plugin, LoadError> {
        recognise(path, bytes)?;
        let digest = Digest::of(bytes);
        let component = match self.cache().and_then(|cache| cache.get(self.engine(), &digest)) {
            Some(component) => component,
            None => {
                let component = Component::from_binary(self.engine(), bytes).map_err(|error| LoadError::Invalid {
                    path: path.to_owned(),
                    reason: crate::words::plain(&error),
                })?;
                if let Some(cache) = self.cache() {
                    cache.put(self.engine(), &digest, &component);
                }
                component
            }
        };
        let surface = Surface::of(&component, self.engine());
        if !surface.can_be_shown() {
            let reason = "the name of an import or export holds characters that a terminal would obey".to_owned();
            return Err(LoadError::Invalid { path: path.to_owned(), reason });
        }
        let (version, producers) = (metadata::version(bytes), metadata::producers(bytes));
        Ok(Plugin { component, digest, surface, version, producers, size: bytes.len(), signed: None })
    }
}

fn plainly(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    let unreadable = |error| LoadError::Unreadable { path: path.to_owned(), error };
    let mut bytes = Vec::new();
    // Without waiting: a pipe that nobody writes into would be waited for, for ever.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(unreadable)?;
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err(LoadError::NotAFile(path.to_owned()));
    }
    // Reading one byte more than the limit instead of asking for the size: a growing file has none.
    file.take(Plugin::MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > Plugin::MAX_BYTES {
        return Err(LoadError::TooLarge(path.to_owned()));
    }
    Ok(bytes)
}

/// Tells the kinds of file apart that people offer as plugins, so that the message can say what to do.
fn recognise(path: &Path, bytes: &[u8]) -> Result<(), LoadError> {
    if Engine::detect_precompiled(bytes).is_some() {
        return Err(LoadError::Precompiled(path.to_owned()));
    }
    if !bytes.starts_with(b"\0asm") {
        return Err(LoadError::NotWasm(path.to_owned()));
    }
    match bytes.get(4..8) {
        // The layer field of the preamble (component-model Binary.md): 0 is a core module, 1 a component.
        Some([1, 0, 0, 0]) => Err(LoadError::CoreModule(path.to_owned())),
        Some(_) => Ok(()),
        None => {
            Err(LoadError::Invalid { path: path.to_owned(), reason: "it ends within its first eight bytes".into() })
        }
    }
}
