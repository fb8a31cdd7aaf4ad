//! What a line says of itself, as far as who forwards it has to know. The line itself goes out as it stands.

use portcullis_audit::follow::Found;
use serde::Deserialize;

/// The fields of a line that stand outside of it as well.
#[derive(Debug, Deserialize)]
pub(super) struct Said {
    /// RFC 3339, as the log writes it; whatever stands there, if it is not the host that wrote it.
    pub(super) at: String,
    /// The kind of fact.
    pub(super) fact: String,
    pub(super) operation: Option<String>,
    pub(super) connector: Option<String>,
}

impl Said {
    /// None for text that is no line of a log.
    pub(super) fn of(found: &Found) -> Option<Self> {
        serde_json::from_slice(&found.text).ok()
    }
}

/// Whether somebody should look at a fact of this kind, or at text that is no line.
pub(super) fn is_warning(fact: Option<&str>) -> bool {
    matches!(
        fact,
        None | Some(
            "" | "alarm"
                | "cache-altered"
                | "ceiling-gone"
                | "ceiling-kept"
                | "denied"
                | "connector-refused"
                | "repaired"
                | "begun-anew"
        )
    )
}
