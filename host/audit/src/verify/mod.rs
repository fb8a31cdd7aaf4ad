//! Whether a log is as it was written: every line bound to the one before, every checkpoint signed, the end where the
//! head says. Nothing is written, and nothing is believed that a signature or a hash does not show.

mod finding;
mod report;
mod walk;

use std::path::Path;

use crate::head::Head;
use crate::key::Key;
use crate::{AuditError, Place, PublicKey, segment};
pub use finding::Finding;
pub use report::{MOST_FINDINGS, Report};
use walk::Walk;

/// With what a log is compared.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The key that signed, kept elsewhere. Without it the one beside the log is taken, which whoever made a false log
    /// could have made as well.
    pub key: Option<PublicKey>,
    /// Places of the log that were kept elsewhere: their lines must be there as they were.
    pub anchors: Vec<Place>,
}

/// Verifies the log of a state folder.
///
/// # Errors
/// A file cannot be read, there is no key, or without a key that was kept elsewhere there is no log at all. What does not fit is no error but a finding.
pub fn verify(state: &Path, options: &Options) -> Result<Report, AuditError> {
    let folder = state.join(crate::FOLDER);
    let key = match &options.key {
        Some(key) => key.clone(),
        None => Key::of_log(state)?.public(),
    };
    // Read before the lines: what is written meanwhile only makes the log longer than its head.
    let head = Head::read(&folder);
    let mut walk = Walk::new(key.clone(), options, head.as_ref().ok().and_then(Option::as_ref));
    for first in segment::all(&folder)? {
        let path = segment::path(&folder, first);
        walk.segment(&path, first)?;
    }
    walk.ends(matches!(&head, Ok(Some(head)) if head.is_signed_by(&key) && walk.has(head.place())));
    match head {
        Ok(Some(head)) if head.is_signed_by(&key) => walk.reaches(head.place()),
        Ok(Some(_)) => walk.found(Finding::BadHead { why: "its signature is not the key's".into() }),
        Ok(None) => walk.found(Finding::BadHead { why: "it is gone or empty".into() }),
        Err(error) => walk.found(Finding::BadHead { why: error.to_string() }),
    }
    options.anchors.iter().for_each(|anchor| walk.reaches(*anchor));
    walk.report.signed =
        Head::read(&folder).ok().flatten().filter(|head| head.is_signed_by(&key)).map(|h| h.place().seq);
    Ok(walk.report(options.key.is_some()))
}
