//! What can go wrong, in words that hold no secret.

use std::io;
use std::path::PathBuf;

/// Why a sealed password is not taken. There are few of them on purpose: how far a decryption came tells an attacker
/// what to try next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum OpenError {
    /// Sealed for another kind of operation, account, caller, label or key; altered; or what is inside is no password.
    #[error("the sealed password does not open: it was sealed for something else, or altered")]
    Unopened,
    /// The time until which it could be handed over is over.
    #[error("the sealed password has expired")]
    Expired,
    /// This host has no such key: it never had it, or has erased it.
    #[error("the sealed password was made with a key that this host does not have")]
    KeyUnknown,
    /// The key's overlap is over: nothing new is taken that was sealed with it.
    #[error("the sealed password was made with a key that is no longer accepted")]
    KeyRetired,
}

/// Why a password could not be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum SealError {
    /// The public key is not one that X25519 can seal for (RFC 7748 section 6.1), or not the one that the binding names.
    #[error("the public key cannot be used, or is not the one that the binding names: fetch /v1/keys again")]
    PublicKey,
    /// The name of the caller is empty, longer than 256 bytes, or holds a control character.
    #[error("the caller's name is empty, longer than 256 bytes, or holds a control character")]
    Caller,
    /// The expiry is after the year 9999.
    #[error("the expiry is too far in the future: it is in seconds since 1970 UTC")]
    Expires,
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Random,
    /// The cipher refused.
    #[error("the password could not be sealed")]
    Failed,
}

/// Why the keys of the host cannot be read, made or erased. For operators: each names the file and what to do.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file system refused.
    #[error("{}: {doing}: {source}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Others than the owner may read or write a key, or look into the folder of the keys.
    #[error(
        "{}: others than its owner have access to it (mode {mode:04o}, must be {wanted:04o}). Whoever could read the key can open \
         every password that was sealed with it: run `chmod {wanted:04o} {}`, then `portcullis keys rotate`",
        path.display(),
        path.display()
    )]
    Exposed {
        /// The file or folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
        /// What they must be.
        wanted: u32,
    },
    /// The file does not hold a key as this version writes it.
    #[error(
        "{}: this is not a key file: {reason}. Bring it back from a backup, or move it away: what was sealed with this key then \
         stays closed",
        path.display()
    )]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it; nothing of its content.
        reason: &'static str,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes, so no key can be made: {0}")]
    Random(getrandom::Error),
}
