//! Where a secret comes from, and getting it from there into memory that is erased.
//!
//! A secret is never part of the file. It is read when it is needed and not when the file is loaded, so that a file can
//! be checked on a machine that does not hold the secret.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use portcullis_model::Password;
use zeroize::Zeroizing;

use super::diagnostic::Diagnostic;

/// Where the secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// In a file. A line break at its end is not part of the secret.
    File(PathBuf),
    /// In an environment variable. Other processes of the same user can read it, and it cannot be erased.
    Env(String),
    /// In a file of this name in the folder that systemd names by `CREDENTIALS_DIRECTORY`.
    Credential(String),
}

/// A secret, and what is unwise about the way in which it is kept.
#[derive(Debug)]
pub struct Resolved {
    /// The secret.
    pub password: Password,
    /// For example that others can read the file.
    pub warnings: Vec<Diagnostic>,
}

/// A secret that is larger than a password, and what is unwise about the way in which it is kept.
#[derive(Debug)]
pub struct ResolvedBytes {
    /// The secret as it is in its source; erased when dropped.
    pub bytes: Zeroizing<Vec<u8>>,
    /// For example that others can read the file.
    pub warnings: Vec<Diagnostic>,
}

impl SecretSource {
    /// The largest private key that is read, in bytes: more than any key needs, also with its chain beside it.
    pub const MAX_PEM_BYTES: usize = 64 << 10;

    /// Reads a private key in PEM. Only its first line is looked at: whoever uses it finds out whether it is one.
    ///
    /// # Errors
    /// A [`Diagnostic`] that names the source and never what is in it.
    pub fn resolve_pem(&self) -> Result<ResolvedBytes, Diagnostic> {
        self.resolve_pem_with(|name| std::env::var_os(name))
    }

    fn resolve_pem_with(&self, env: impl Fn(&str) -> Option<OsString>) -> Result<ResolvedBytes, Diagnostic> {
        let found = self.bytes(env, Self::MAX_PEM_BYTES)?;
        let marker = b"PRIVATE KEY-----";
        let problem = match &found.bytes {
            bytes if bytes.len() > Self::MAX_PEM_BYTES => "it is larger than 64 KiB",
            bytes if !bytes.windows(marker.len()).any(|window| window == marker) => "it is not in PEM",
            _ => return Ok(found),
        };
        Err(Diagnostic::error(
            "secret-unusable",
            format!("{self} does not hold a usable private key: {problem}"),
            "it begins with -----BEGIN PRIVATE KEY-----; convert DER by `openssl pkey -inform der -in FILE -out FILE.pem`",
        ))
    }

    /// Reads the secret.
    ///
    /// # Errors
    /// A [`Diagnostic`] that names the source and never what is in it.
    pub fn resolve(&self) -> Result<Resolved, Diagnostic> {
        self.resolve_with(|name| std::env::var_os(name))
    }

    fn resolve_with(&self, env: impl Fn(&str) -> Option<OsString>) -> Result<Resolved, Diagnostic> {
        // Two bytes are for the line break.
        let ResolvedBytes { bytes, warnings } = self.bytes(env, Password::MAX_BYTES + 2)?;
        let line = match self {
            Self::Env(_) => bytes.as_slice(),
            Self::File(_) | Self::Credential(_) => without_line_break(&bytes),
        };
        let password = Password::from_bytes(line).map_err(|error| {
            Diagnostic::error(
                "secret-unusable",
                format!("{self} does not hold a usable secret: {error}"),
                "it holds the password and nothing else: one line of UTF-8 text, at most 1024 bytes",
            )
        })?;
        Ok(Resolved { password, warnings })
    }

    /// What is in the source; of a file at most one byte more than `most`, to be told apart from what fits.
    fn bytes(&self, env: impl Fn(&str) -> Option<OsString>, most: usize) -> Result<ResolvedBytes, Diagnostic> {
        match self {
            Self::File(path) => from_file(path, most),
            Self::Env(name) => {
                let value = env(name).ok_or_else(|| {
                    missing(
                        format!("the environment variable {name}, which holds a secret, is not set"),
                        "set it for this process, or name another source: `{ file = \"/path\" }`".to_owned(),
                    )
                })?;
                Ok(ResolvedBytes { bytes: Zeroizing::new(value.into_encoded_bytes()), warnings: Vec::new() })
            }
            Self::Credential(name) => {
                let folder = env("CREDENTIALS_DIRECTORY").ok_or_else(|| {
                    missing(
                        format!("the credential {name} is not there: CREDENTIALS_DIRECTORY is not set"),
                        format!("start the service by systemd with `LoadCredential={name}:/path`, or name a file: `{{ file = \"/path\" }}`"),
                    )
                })?;
                from_file(&Path::new(&folder).join(name), most)
            }
        }
    }
}

impl std::fmt::Display for SecretSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Env(name) => write!(f, "the environment variable {name}"),
            Self::Credential(name) => write!(f, "the credential {name}"),
        }
    }
}

fn missing(message: String, help: String) -> Diagnostic {
    Diagnostic::error("secret-missing", message, help)
}

fn without_line_break(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(b"\n").map_or(bytes, |line| line.strip_suffix(b"\r").unwrap_or(line))
}

fn from_file(path: &Path, most: usize) -> Result<ResolvedBytes, Diagnostic> {
    let shown = path.display();
    let unreadable = |error: std::io::Error| {
        missing(
            format!("the file {shown}, which holds a secret, cannot be read: {error}"),
            "put the secret alone into the file, and let only the user of this service read it (chmod 600)".to_owned(),
        )
    };
    let file = File::open(path).map_err(unreadable)?;
    let warnings = too_open(&file, path).into_iter().collect();
    // The buffer is as large as it may get: growing would leave a copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(most + 1));
    let mut limited = file.take(most as u64 + 1);
    let mut chunk = Zeroizing::new([0_u8; 256]);
    loop {
        match limited.read(chunk.as_mut_slice()) {
            Ok(0) => break,
            Ok(read) => bytes.extend_from_slice(chunk.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(error)),
        }
    }
    Ok(ResolvedBytes { bytes, warnings })
}

#[cfg(unix)]
fn too_open(file: &File, path: &Path) -> Option<Diagnostic> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = file.metadata().ok()?;
    let mode = metadata.permissions().mode();
    (metadata.is_file() && mode & 0o044 != 0).then(|| {
        let path = path.display();
        Diagnostic::error(
            "secret-readable-by-others",
            format!("the file {path} holds a secret and can be read by others (its mode is {:03o})", mode & 0o777),
            format!("take the right away: `chmod 600 {path}`, owned by the user of this service"),
        )
        .into_warning()
    })
}

#[cfg(not(unix))]
fn too_open(_: &File, _: &Path) -> Option<Diagnostic> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: &[u8], mode: u32) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, content).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
        (folder, path)
    }

    #[test]
    fn names_the_source_that_is_missing() {
        let error = SecretSource::File("/nowhere/secret".into()).resolve().unwrap_err().to_string();
        assert!(error.contains("/nowhere/secret"), "{error}");
        let none = |_: &str| None;
        let error = SecretSource::Env("BIND_PW".into()).resolve_with(none).unwrap_err().to_string();
        assert!(error.contains("BIND_PW"), "{error}");
        let error = SecretSource::Credential("corp-ad".into()).resolve_with(none).unwrap_err().to_string();
        assert!(error.contains("corp-ad") && error.contains("CREDENTIALS_DIRECTORY"), "{error}");
    }

    #[test]
    fn an_unusable_secret_is_named_and_not_told() {
        for content in [&b"hunter2\nhunter3\n"[..], b"hunter2\0", b"hunter2\xff", b"\n", b"", &[b'x'; 2000]] {
            let (_folder, path) = file(content, 0o600);
            let error = SecretSource::File(path.clone()).resolve().unwrap_err();
            let text = format!("{error:?}");
            assert!(
                text.contains(path.to_str().unwrap()) && !text.contains("hunter") && !text.contains("xxx"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_line_break_at_the_end_is_not_part_of_the_secret() {
        for content in ["hunter2", "hunter2\n", "hunter2\r\n"] {
            let (_folder, path) = file(content.as_bytes(), 0o600);
            let resolved = SecretSource::File(path).resolve().unwrap();
            assert_eq!(resolved.password.expose_secret(), "hunter2");
            assert!(resolved.warnings.is_empty());
        }
        let longest = "x".repeat(Password::MAX_BYTES);
        let (_folder, path) = file(format!("{longest}\r\n").as_bytes(), 0o600);
        assert_eq!(SecretSource::File(path).resolve().unwrap().password.expose_secret(), longest);
    }

    #[test]
    fn takes_the_environment_and_credentials() {
        let env = |_: &str| Some(OsString::from("hunter2"));
        let resolved = SecretSource::Env("BIND_PW".into()).resolve_with(env).unwrap();
        assert_eq!(resolved.password.expose_secret(), "hunter2");
        let (folder, _) = file(b"hunter2\n", 0o400);
        let env = |name: &str| (name == "CREDENTIALS_DIRECTORY").then(|| folder.path().as_os_str().to_owned());
        let resolved = SecretSource::Credential("secret".into()).resolve_with(env).unwrap();
        assert_eq!(resolved.password.expose_secret(), "hunter2");
    }

    #[test]
    fn a_key_that_is_none_is_named_and_not_told() {
        let large = [b"-----BEGIN PRIVATE KEY-----".as_slice(), &[b'x'; SecretSource::MAX_PEM_BYTES]].concat();
        for content in [&b"hunter2"[..], b"", b"-----BEGIN CERTIFICATE-----\nhunter2\n", &large] {
            let (_folder, path) = file(content, 0o600);
            let error = SecretSource::File(path.clone()).resolve_pem().unwrap_err();
            let text = format!("{error:?}");
            assert!(
                text.contains(path.to_str().unwrap()) && !text.contains("hunter") && !text.contains("xxx"),
                "{text}"
            );
        }
        let error = SecretSource::File("/nowhere/server.key".into()).resolve_pem().unwrap_err();
        assert_eq!(error.name(), "secret-missing");
    }

    #[test]
    fn a_key_is_larger_than_a_password_and_comes_as_it_is() {
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", "MII".repeat(2_000));
        let (folder, path) = file(pem.as_bytes(), 0o600);
        let credentials = |name: &str| (name == "CREDENTIALS_DIRECTORY").then(|| folder.path().as_os_str().to_owned());
        let variable = |_: &str| Some(OsString::from(&pem));
        for resolved in [
            SecretSource::File(path.clone()).resolve_pem(),
            SecretSource::Credential("secret".into()).resolve_pem_with(credentials),
            SecretSource::Env("KEY".into()).resolve_pem_with(variable),
        ] {
            assert_eq!(*resolved.unwrap().bytes, pem.as_bytes());
        }
        assert!(SecretSource::File(path).resolve().is_err(), "a key is no password");
    }

    #[cfg(unix)]
    #[test]
    fn warns_when_others_can_read_it() {
        for (mode, warned) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true), (0o644, true)] {
            let (_folder, path) = file(b"hunter2", mode);
            let warnings = SecretSource::File(path).resolve().unwrap().warnings;
            assert_eq!(!warnings.is_empty(), warned, "{mode:o}");
            assert!(warnings.iter().all(|w| w.is_warning() && w.name() == "secret-readable-by-others"));
        }
    }
}
