//! What operators write: one TOML file for each connector, in a folder, and one for the service.
//!
//! ```text
//! DIR/portcullis.toml             the service: where it listens, who may ask for what
//! DIR/connectors/corp-ad.toml      one connector; the name of the file is the name of the connector
//! DIR/plugins/active-directory.wasm
//! ```
//!
//! A file becomes a [`ConnectorFile`] or a [`ServiceConfig`], or [`Problems`] that show every mistake at its line. The path is
//! `text -> shape (serde) -> checks -> plain data`. Nothing here connects to a directory, runs a plugin or holds a
//! secret: a [`SecretSource`] is resolved when the secret is needed.

pub(crate) mod check;
mod connector;
pub(crate) mod diagnostic;
pub(crate) mod file;
mod folder;
pub(crate) mod keys;
mod pattern;
mod places;
pub(crate) mod read;
mod redact;
mod secret;
mod service;
#[cfg(test)]
pub(crate) mod tests;
mod values;

use std::io::Read as _;
use std::path::{Path, PathBuf};

pub use connector::{
    Allow, Bind, Confirm, ConnectorFile, Dialect, DirectorySource, Embedded, Ldap, Limits, Locate, LocateScope,
    LogLevel, MinTls, Revealed, Servers, WriteGrant,
};
pub use diagnostic::{Diagnostic, Problems};
pub use folder::{Broken, Folder};
pub use pattern::Pattern;
pub use places::{Place, Places};
pub use secret::{Resolved, ResolvedBytes, SecretSource};
pub use service::{
    Alarms, CallerConfig, ClientCertificate, Collector, Delivery, Hours, Listen, LogFormat, Observe, Per, Rate,
    Retention, SERVICE_FILE, SealKeys, See, ServiceConfig, ServiceLimits, Tls, load_service,
};

pub(crate) use check::{gives_passwords_away, is_oid, takes_passwords};

use check::Check;
use diagnostic::Findings;

/// The largest file that is read, in bytes: nobody writes one by hand, and a device has no end.
const MAX_BYTES: u64 = 1 << 20;

/// Reads everything of a folder: the connectors and portcullis.toml.
///
/// # Errors
/// All [`Problems`] of all files.
pub fn load_all(folder: &Path) -> Result<(Vec<ConnectorFile>, ServiceConfig), Problems> {
    match (load_service(folder), load_folder(folder)) {
        (Ok(service), Ok(connectors)) => Ok((connectors, service)),
        (Err(problems), Ok(_)) | (Ok(_), Err(problems)) => Err(problems),
        (Err(service), Err(connectors)) => {
            let all = service.into_all().into_iter().chain(connectors.into_all()).collect();
            Err(Problems::many(folder.display(), all))
        }
    }
}

/// Reads every connector of a folder: `DIR/connectors/*.toml`, in the order of their names, with plugins from
/// `DIR/plugins/`. Files whose names begin with a dot are left alone.
///
/// # Errors
/// All [`Problems`] of all files: a folder with one broken file is not used in part. [`Folder`] tells the others apart.
pub fn load_folder(folder: &Path) -> Result<Vec<ConnectorFile>, Problems> {
    let Folder { usable, broken } = Folder::load(folder)?;
    if broken.is_empty() {
        return Ok(usable);
    }
    let problems = broken.into_iter().flat_map(|broken| broken.problems.into_all()).collect();
    Err(Problems::many(folder.join("connectors").display(), problems))
}

/// The connectors' files of a folder, in the order of their names: what [`load_folder`] reads.
///
/// # Errors
/// One [`Diagnostic`] of the name `no-folder` if it cannot be read, `no-connector` if there is none.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>, Problems> {
    files_of(&folder.join("connectors"))
}

/// Reads one connector, with plugins from the folder `plugins`.
///
/// # Errors
/// All [`Problems`] of the file.
pub fn load_file(path: &Path, plugins: &Path) -> Result<ConnectorFile, Problems> {
    let name = name_of(path)?;
    let text = text_of(path, keys::CONNECTOR.file)?;
    load_text(&name, &text, path, plugins)
}

fn load_text(name: &str, text: &str, path: &Path, plugins: &Path) -> Result<ConnectorFile, Problems> {
    let mut findings = Findings::new(&path.display().to_string(), text);
    let keys = &keys::CONNECTOR;
    let shape = read::shape(text, keys, &mut findings);
    let connector = shape.and_then(|shape| {
        let mut check = Check { findings: &mut findings, text, path, keys };
        check.file(name, shape, plugins)
    });
    let warnings = findings.finish()?;
    match connector {
        Some(connector) => Ok(ConnectorFile { warnings, ..connector }),
        None => Err(broken(path)),
    }
}

/// A check that gives nothing has said why; this is for the day on which one does not.
pub(crate) fn broken(path: &Path) -> Problems {
    Problems::one(Diagnostic::error(
        "unusable",
        format!("{} cannot be used", path.display()),
        "report this as a defect of Portcullis, with the file",
    ))
}

fn files_of(connectors: &Path) -> Result<Vec<PathBuf>, Problems> {
    let shown = connectors.display();
    let unreadable = |error: std::io::Error| {
        Problems::one(Diagnostic::error(
            "no-folder",
            format!("the folder {shown} cannot be read: {error}"),
            "make it, and put one file for each connector into it, for example corp-ad.toml",
        ))
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(connectors).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(Problems::one(Diagnostic::error(
            "no-connector",
            format!("the folder {shown} holds no connector"),
            "put one file for each connector into it; its name ends in .toml, for example corp-ad.toml",
        )));
    }
    files.sort();
    Ok(files)
}

/// The connector's name stands in every log line and in commands: no spaces, no characters with a meaning.
fn name_of(path: &Path) -> Result<String, Problems> {
    let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let fits = name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.len() <= 64
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if fits {
        return Ok(name.to_owned());
    }
    Err(Problems::one(Diagnostic::error(
        "bad-name",
        format!("{} is not a name for a connector's file", path.display()),
        "the file's name is the connector's: up to 64 letters, digits, `-`, `_` and `.`, for example corp-ad.toml",
    )))
}

pub(crate) fn text_of(path: &Path, what: &str) -> Result<String, Problems> {
    let shown = path.display();
    let unreadable = |error: std::io::Error| {
        let help = format!("name {what} that the user of this process may read");
        Problems::one(Diagnostic::error("file-missing", format!("{shown} cannot be read: {error}"), help))
    };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        let message = format!("{shown} is larger than 1 MiB");
        return Err(Problems::one(Diagnostic::error("too-large", message, format!("this is hardly {what}"))));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes().iter().take(valid).filter(|byte| **byte == b'\n').count();
        let message = format!("{shown} is not UTF-8 text: see line {line}");
        Problems::one(Diagnostic::error("not-utf8", message, "save the file as UTF-8 in your editor"))
    })
}
