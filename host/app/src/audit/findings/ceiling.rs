//! `wider-than-ceiling`, `no-ceiling` and `ceiling-not-apart`.

use super::{Code, Finding};
use crate::audit::report::{CeilingFacts, Place, Subject};

pub(super) fn look(subject: &Subject<'_>, all: &mut Vec<Finding>) {
    for excess in subject.above(subject.file) {
        let text = format!("{}; it stands against {}", excess.text, excess.ceiling);
        let about = [excess.code.to_owned(), excess.text.clone()];
        all.push(Finding::new(Code::WiderThanCeiling, excess.granted.into(), text, excess.remedy).about(about));
    }
}

/// The service's user, and whoever gets as far as that user, could raise it.
pub(super) fn not_apart(facts: &CeilingFacts, place: Place) -> Option<Finding> {
    let path = facts.not_apart.as_ref()?;
    let text = format!("{} belongs to the very user as whom the service runs: it holds nobody back", path.as_str());
    let remedy = "give the ceiling and its folders to root (root:root, 0644 and 0755), who is not the service's user";
    Some(Finding::new(Code::CeilingNotApart, place, text, remedy))
}

pub(super) fn none(place: Place) -> Finding {
    let text = "there is no ceiling: a connector's file alone decides what its connector may do";
    let remedy = "have the security team write a ceiling.toml that names the most that any connector may be granted";
    Finding::new(Code::NoCeiling, place, text, remedy)
}
