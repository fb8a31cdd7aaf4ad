//! A recording as one line of JSON, with a digest at its end by which a line that was damaged or edited is found.
//!
//! The digest is no signature: who edits a line can write another digest. It keeps a replay from judging by a file that
//! was cut, mixed up or changed by hand.

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::format::Recording;

/// The longest line, in bytes. An operation that asked for more is not recorded.
pub const MAX_LINE: usize = 1 << 20;

/// Before the digest; after it come a quote and a brace.
const SEAL: &str = ",\"sha256\":\"";

/// Why a line is no recording.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadLine {
    /// Longer than [`MAX_LINE`].
    #[error("it is longer than 1 MiB")]
    TooLong,
    /// Not JSON, for example because it was cut.
    #[error("it is not a whole line of JSON: it may have been cut off")]
    NotJson,
    /// Another version of the format.
    #[error("it has the version {0} of the format, and this program knows version {known}", known = Recording::VERSION)]
    Version(u64),
    /// Another digest than its own.
    #[error("its digest does not fit: it was changed after it was recorded")]
    Altered,
    /// The fields are not those of the version.
    #[error("it has not the fields of a recording: {0}")]
    Shape(String),
}

/// The line, with a line break at its end; nothing if it would be too long.
#[must_use]
pub fn to_line(recording: &Recording) -> Option<String> {
    let body = serde_json::to_string(recording).ok()?;
    let open = body.strip_suffix('}')?;
    let line = format!("{open}{SEAL}{}\"}}\n", digest(&body));
    (line.len() <= MAX_LINE).then_some(line)
}

/// Reads a line, without its line break.
///
/// # Errors
/// [`BadLine`] for anything that [`to_line`] did not write.
pub fn from_line(line: &str) -> Result<Recording, BadLine> {
    #[derive(Deserialize)]
    struct Version {
        v: u64,
    }
    if line.len() >= MAX_LINE {
        return Err(BadLine::TooLong);
    }
    serde_json::from_str::<serde::de::IgnoredAny>(line).map_err(|_| BadLine::NotJson)?;
    let Version { v } = serde_json::from_str(line).map_err(|_| BadLine::Shape("the field `v` is missing".into()))?;
    if v != u64::from(Recording::VERSION) {
        return Err(BadLine::Version(v));
    }
    let (open, seal) = line.rsplit_once(SEAL).ok_or(BadLine::Altered)?;
    let body = format!("{open}}}");
    if seal.strip_suffix("\"}") != Some(digest(&body).as_str()) {
        return Err(BadLine::Altered);
    }
    serde_json::from_str(&body).map_err(|error| BadLine::Shape(error.to_string()))
}

fn digest(body: &str) -> String {
    Sha256::digest(body.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
