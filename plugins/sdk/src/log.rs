//! Lines for the host's log. The host adds the connector, the operation and the time.

use crate::bindings::host::portcullis::writeback::log;

pub use crate::bindings::host::portcullis::writeback::log::Level;

/// For the vendor: what the connector saw and decided.
pub fn debug(message: &str) {
    log::log(Level::Debug, message);
}

/// For the operator: something worth knowing.
pub fn info(message: &str) {
    log::log(Level::Info, message);
}

/// For the operator: something that should be looked at.
pub fn warn(message: &str) {
    log::log(Level::Warn, message);
}

/// For the operator: something that went wrong.
pub fn error(message: &str) {
    log::log(Level::Error, message);
}
