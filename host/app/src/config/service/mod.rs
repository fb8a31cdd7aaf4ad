//! `DIR/portcullis.toml`: how the service listens, who may ask it for what, and how long it tries and remembers.
//!
//! The file is optional: without it the service listens on loopback and knows no caller. It is read like a connector's
//! file, `text -> shape (serde) -> checks -> plain data`, and one run tells every mistake. Nothing here opens a socket
//! or reads a secret.

mod alarms;
mod callers;
mod check;
mod data;
mod file;
mod forward;
mod hours;
mod keys;
#[cfg(test)]
mod tests;

use std::path::Path;

pub use alarms::Alarms;
pub use data::{
    CallerConfig, ClientCertificate, Delivery, Listen, LogFormat, Observe, Per, Rate, Retention, SealKeys, See,
    ServiceConfig, ServiceLimits, Tls,
};
pub use forward::Collector;
pub use hours::Hours;

use super::check::Check;
use super::diagnostic::{Findings, Problems};
use super::{broken, files_of, name_of, read, text_of};
use keys::SERVICE;

/// The name of the file in the folder of the configuration.
pub const SERVICE_FILE: &str = "portcullis.toml";

/// Reads `DIR/portcullis.toml`; the defaults, if there is no such file. A connector that the file names and that
/// `DIR/connectors/` does not hold is a warning, because it may be dropped in later.
///
/// # Errors
/// All [`Problems`] of the file.
pub fn load_service(folder: &Path) -> Result<ServiceConfig, Problems> {
    let path = folder.join(SERVICE_FILE);
    // A link to nowhere is a mistake, not an absent file.
    if std::fs::symlink_metadata(&path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        return Ok(ServiceConfig::default());
    }
    let text = text_of(&path, SERVICE.file)?;
    load_service_text(&text, &path, &connectors_of(folder))
}

fn load_service_text(text: &str, path: &Path, connectors: &[String]) -> Result<ServiceConfig, Problems> {
    let mut findings = Findings::new(&path.display().to_string(), text);
    let shape = read::shape(text, &SERVICE, &mut findings);
    let service = shape.and_then(|shape| {
        let mut check = Check { findings: &mut findings, text, path, keys: &SERVICE };
        check.service(shape, connectors)
    });
    let warnings = findings.finish()?;
    service.map(|service| ServiceConfig { warnings, ..service }).ok_or_else(|| broken(path))
}

/// The names of the connectors in the folder; none if it cannot be read, which is told where connectors are loaded.
fn connectors_of(folder: &Path) -> Vec<String> {
    let files = files_of(&folder.join("connectors")).unwrap_or_default();
    files.iter().filter_map(|file| name_of(file).ok()).collect()
}
