//! A change is for who knows the old password. That it is the right one only the directory can tell, and a plugin's word
//! for it is not taken: the directory has to see it, with the write or before.

use portcullis_directory::{ChangeKind, Control};

use super::grant::Denial;
use super::writes::{Placed, PlacedChange};
use crate::secrets::{Held, Label};
use crate::state::OperationState;

/// With this control a server takes no offence at the deletion of a value that is not there (MS-ADTS section
/// 3.1.1.3.4.1.8; OpenLDAP knows it as well), so that the deletion proves nothing.
const PERMISSIVE_MODIFY: &str = "1.2.840.113556.1.4.1413";

/// Whether a write places a new password, and shows the directory the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placing {
    /// It places none.
    Nothing,
    /// The directory refuses it where the old one is wrong.
    Proved,
    /// It takes effect whatever the old one is.
    Unproved,
}

impl Placing {
    pub(super) fn of_changes(performer: Option<&Held>, changes: &[PlacedChange], controls: &[Control]) -> Self {
        let places = |kind: ChangeKind, label: Label| {
            let placed = |value: &Placed| matches!(value, Placed::Password(held, _) if held.label == label);
            changes.iter().any(|change| change.kind == kind && change.values.iter().any(placed))
        };
        let permissive = controls.iter().any(|control| control.oid == PERMISSIVE_MODIFY);
        if !places(ChangeKind::Replace, Label::New) && !places(ChangeKind::Add, Label::New) {
            Self::Nothing
        } else if places(ChangeKind::Delete, Label::Old) && !permissive {
            // All of a modify takes effect or nothing (RFC 4511 section 4.6).
            Self::Proved
        } else {
            Self::of_a_password(performer)
        }
    }

    /// Of a password as such. Who writes as the target is bound with the old one: nothing else is permitted.
    pub(super) fn of_a_password(performer: Option<&Held>) -> Self {
        if performer.is_some() { Self::Proved } else { Self::Unproved }
    }
}

impl OperationState {
    /// Whether a write that is permitted otherwise may be sent in this operation.
    pub(super) fn old_is_proved(&self, placing: Placing) -> Result<(), Denial> {
        if !self.changes || placing != Placing::Unproved || self.ledger.with(|seen| seen.old_taken) {
            return Ok(());
        }
        let reason = "in a change the directory has to see the old password: write as the target, delete the old value and \
                      add the new one in one request, or bind as the target with it before";
        Err(Denial::new("the new password", reason))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

    use std::sync::Arc;

    use portcullis_model::{Encoding, Password};

    use super::*;

    fn held(label: Label) -> Held {
        Held { label, secret: Arc::new(Password::new("Tr0ub4dor&3".to_owned()).unwrap()) }
    }

    fn change(kind: ChangeKind, label: Label) -> PlacedChange {
        PlacedChange {
            kind,
            attribute: "userPassword".to_owned(),
            values: vec![Placed::Password(held(label), Encoding::Utf8)],
        }
    }

    #[test]
    fn what_shows_the_directory_the_old_password() {
        let replace = [change(ChangeKind::Replace, Label::New)];
        let both = [change(ChangeKind::Delete, Label::Old), change(ChangeKind::Add, Label::New)];
        let permissive = Control { oid: PERMISSIVE_MODIFY.to_owned(), critical: true, value: None };
        let old = held(Label::Old);
        assert_eq!(Placing::of_changes(None, &replace, &[]), Placing::Unproved);
        assert_eq!(Placing::of_changes(None, &both[1..], &[]), Placing::Unproved);
        assert_eq!(Placing::of_changes(None, &both, &[permissive]), Placing::Unproved);
        assert_eq!(Placing::of_changes(None, &both, &[]), Placing::Proved);
        assert_eq!(Placing::of_changes(Some(&old), &replace, &[]), Placing::Proved);
        assert_eq!(Placing::of_changes(None, &[], &[]), Placing::Nothing);
        assert_eq!(Placing::of_a_password(None), Placing::Unproved);
    }
}
