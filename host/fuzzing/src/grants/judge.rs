//! Whether a call was granted, decided once more and in another way.

use std::collections::BTreeMap;

use portcullis_capabilities::secrets::Label;
use portcullis_directory::ChangeKind;

use super::{Asked, BASE, CONTROL, Calls, Granted, READ, TARGET, WRITE, Wanted};
use crate::oracle::{Description, careless, strict};

/// What was let pass is, by the grammar, the description that was granted. Then a careless directory takes it for nothing
/// else either.
fn granted<'g>(name: &str, grants: impl IntoIterator<Item = &'g str>) -> Description {
    let description = strict(name).unwrap_or_else(|| panic!("{name:?} was let pass and is no attribute description"));
    let granted = grants.into_iter().find(|granted| strict(granted).as_ref() == Some(&description));
    let granted = granted.unwrap_or_else(|| panic!("{name:?} was let pass and was never granted"));
    assert_eq!(careless(name), careless(granted), "{name:?} was let pass as {granted}");
    description
}

pub(super) fn readable(name: &str) {
    granted(name, READ);
}

/// The names in a filter stand after each parenthesis that no `&`, `|` or `!` follows (RFC 4515 section 3).
pub(super) fn filter(text: &str) {
    for item in text.split('(').skip(1).filter(|item| !item.starts_with(['&', '|', '!'])) {
        let end = item.find(['=', '~', '<', '>', ':']).expect("an item without a sign was let pass");
        let (name, sign) = item.split_at(end);
        readable(name);
        let dn = sign.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(":dn:"));
        assert!(!dn, "a filter that looks at the parts of a DN was let pass: {text}");
    }
}

/// Ends in the granted base, up to the case and spaces where RFC 4514 lets them stand, from where a part begins.
pub(super) fn base(text: &str) {
    let plain: String = text.to_lowercase().chars().filter(|c| *c != ' ').collect();
    let before = plain.strip_suffix(BASE);
    // `ou=peopl\65` is another spelling of the same; the target `dn` judges those.
    let inside = plain.contains('\\') || before.is_some_and(|before| before.is_empty() || before.ends_with(','));
    assert!(inside, "a search below {text:?} was let pass");
}

pub(super) fn modify(calls: &Calls<'_>) {
    assert_eq!(calls.entry.unwrap_or(TARGET), TARGET, "another entry was let pass");
    assert!(calls.controls.iter().all(|oid| *oid == CONTROL), "a control was let pass: {:?}", calls.controls);
    assert!(calls.performer.is_none_or(|label| label == Label::Old), "the target is bound with a password of no use");
    assert!(!calls.changes.is_empty(), "a modify that changes nothing was let pass");
    let mut changes: BTreeMap<Description, Vec<&Asked<'_>>> = BTreeMap::new();
    for change in &calls.changes {
        changes.entry(granted(change.attribute, WRITE.map(|(name, _)| name))).or_default().push(change);
    }
    for (name, changes) in changes {
        let (_, grant) = WRITE.iter().find(|(granted, _)| strict(granted).as_ref() == Some(&name)).expect("a grant");
        match grant {
            Granted::Password => password(&name, &changes),
            Granted::Values { values, remove } => changes.iter().for_each(|change| {
                assert!(*remove || !change.values.is_empty(), "{name:?} may not be removed");
                let fits = |value: &Wanted<'_>| matches!(value, Wanted::Plain(text) if values.contains(text));
                assert!(change.values.iter().all(fits), "{name:?} takes {values:?}, not {:?}", change.values);
            }),
        }
    }
}

/// The new password alone, or the old one goes and the new one comes.
fn password(name: &Description, changes: &[&Asked<'_>]) {
    let one = |change: &Asked<'_>, kind, label| change.kind == kind && change.values == [Wanted::Password(label)];
    let fits = match changes {
        [replace] => one(replace, ChangeKind::Replace, Label::New),
        [delete, add] => one(delete, ChangeKind::Delete, Label::Old) && one(add, ChangeKind::Add, Label::New),
        _ => false,
    };
    assert!(fits, "{name:?} takes the password in hand alone, not {changes:?}");
}
