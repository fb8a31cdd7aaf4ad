//! `wider-than-ceiling` and `no-ceiling`.

use super::{Code, Finding};
use crate::audit::report::{Place, Subject};

pub(super) fn look(subject: &Subject<'_>, all: &mut Vec<Finding>) {
    for excess in subject.above(subject.file) {
        let text = format!("{}; it stands against {}", excess.text, excess.ceiling);
        let about = [excess.code.to_owned(), excess.text.clone()];
        all.push(Finding::new(Code::WiderThanCeiling, excess.granted.into(), text, excess.remedy).about(about));
    }
}

pub(super) fn none(place: Place) -> Finding {
    let text = "there is no ceiling: a connector's file alone decides what its connector may do";
    let remedy = "have the security team write a ceiling.toml that names the most that any connector may be granted";
    Finding::new(Code::NoCeiling, place, text, remedy)
}
