//! Who signed a plugin: a detached minisign signature beside it, `NAME.wasm.minisig`, verified offline over the very bytes
//! that are then compiled.
//!
//! Only the prehashed form is taken. A signature proves whose key signed these bytes and the trusted comment; it says
//! nothing of what the plugin does.

use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use minisign_verify::{Error, Signature};
use portcullis_capabilities::clean;
use portcullis_model::{Fault, FaultCode};
use portcullis_sandbox::{LoadError, Plugin, Sandbox, Signed};

use super::{Ceiling, Signer};
use crate::connector::unloadable;
use crate::regular;

/// The largest signature that is read, in bytes: four lines.
const MAX_BYTES: u64 = 16 << 10;

/// The longest trusted comment that is kept, in bytes.
const LONGEST: usize = 256;

/// Why a plugin was not loaded.
struct NotLoaded(Fault);

impl From<LoadError> for NotLoaded {
    fn from(error: LoadError) -> Self {
        Self(unloadable(&error))
    }
}

impl Ceiling {
    /// Loads a plugin, if its signature is what the ceiling wants.
    ///
    /// # Errors
    /// The plugin's fault, or the operator's: `plugin-not-signed`, and `signature-broken` where a signer who is trusted
    /// signed other bytes or other words.
    pub fn load(&self, sandbox: &Sandbox, path: &Path) -> Result<Plugin, Fault> {
        let admit = |bytes: &[u8]| self.admit(path, bytes).map_err(NotLoaded);
        sandbox.load_if(path, admit).map_err(|NotLoaded(fault)| fault)
    }

    /// Who signed these bytes of a plugin; the path says where the signature lies.
    pub(super) fn admit(&self, path: &Path, bytes: &[u8]) -> Result<Option<Signed>, Fault> {
        let Some(rules) = self.rules() else { return Ok(None) };
        match beside(&rules.signers, "anybody in `[signers]` of the ceiling", path, bytes) {
            Ok(signed) => Ok(Some(signed)),
            Err(fault) if fault.code == FaultCode::PluginNotSigned && !rules.plugins.require_signature => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Why a plugin that was loaded before, under this ceiling or another, may not be used now.
    pub(crate) fn mistrusts(&self, plugin: &Plugin, path: &Path) -> Option<Fault> {
        let rules = self.rules().filter(|rules| rules.plugins.require_signature)?;
        let signed = plugin.signed();
        let trusted = |signed: &Signed| {
            rules.signers.iter().any(|signer| (&signer.name, &signer.written) == (&signed.signer, &signed.key))
        };
        if signed.is_some_and(trusted) {
            return None;
        }
        let text = match signed {
            Some(signed) => format!("{} was signed by {}, who is not trusted any more", path.display(), signed.signer),
            None => format!("{} was loaded without a signature, and the ceiling wants one", path.display()),
        };
        Some(Fault::new(FaultCode::PluginNotSigned, text))
    }
}

/// Loads a plugin whose signature fits a key, whatever a ceiling says: for whoever wants to know whether it fits.
///
/// # Errors
/// The fault of the plugin or its file, `plugin-not-signed` or `signature-broken`.
pub(crate) fn load_signed(sandbox: &Sandbox, path: &Path, signer: &Signer) -> Result<Plugin, Fault> {
    let by = |bytes: &[u8]| beside(std::slice::from_ref(signer), "that key", path, bytes).map(Some).map_err(NotLoaded);
    sandbox.load_if(path, by).map_err(|NotLoaded(fault)| fault)
}

/// Which of these signed the bytes, by the signature beside the plugin's file.
fn beside(signers: &[Signer], whom: &str, path: &Path, bytes: &[u8]) -> Result<Signed, Fault> {
    let place = signature_of(path);
    let not_signed = |why: String| {
        let text = format!("{} is not signed by {whom}: {why}", path.display());
        Fault::new(FaultCode::PluginNotSigned, text)
    };
    match text_of(&place) {
        Ok(Some(text)) => verify(signers, path, bytes, &text).map_err(|why| match why {
            Bad::NotSigned(why) => not_signed(format!("{} {why}", place.display())),
            Bad::Broken(fault) => fault,
        }),
        Ok(None) => Err(not_signed(format!("there is no {}", place.display()))),
        Err(error) => Err(not_signed(format!("{}: {error}", place.display()))),
    }
}

enum Bad {
    NotSigned(String),
    Broken(Fault),
}

fn verify(signers: &[Signer], path: &Path, bytes: &[u8], text: &str) -> Result<Signed, Bad> {
    let Ok(signature) = Signature::decode(text) else {
        return Err(Bad::NotSigned("is no minisign signature, or not a whole one".to_owned()));
    };
    let mut why = Bad::NotSigned("was made with another key".to_owned());
    for signer in signers {
        match signer.key.verify(bytes, &signature, false) {
            Ok(()) => {
                let (signer, key) = (signer.name.clone(), signer.written.clone());
                return Ok(Signed { signer, key, comment: clean(signature.trusted_comment(), LONGEST, &[]) });
            }
            Err(Error::UnexpectedKeyId) => {}
            Err(Error::UnexpectedAlgorithm) => {
                why = Bad::NotSigned("has minisign's legacy form: sign the prehashed one (`minisign -SH`)".to_owned());
            }
            Err(_) => {
                let text = format!(
                    "{} and its signature do not fit: the key is that of {}, who signed other bytes or another comment",
                    path.display(),
                    signer.name
                );
                why = Bad::Broken(Fault::new(FaultCode::SignatureBroken, text));
            }
        }
    }
    Err(why)
}

/// Where the signature of a plugin lies.
pub(crate) fn signature_of(plugin: &Path) -> PathBuf {
    let mut name = plugin.as_os_str().to_owned();
    name.push(".minisig");
    PathBuf::from(name)
}

/// The text of a signature; nothing if there is none. What is no text, or too long, is no signature either.
fn text_of(place: &Path) -> std::io::Result<Option<String>> {
    let mut bytes = Vec::new();
    match regular::open(place) {
        Ok(file) => file.take(MAX_BYTES).read_to_end(&mut bytes)?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}
