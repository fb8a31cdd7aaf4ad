//! Between the library's types and ours. Nothing here trusts an answer to be well-formed, and nothing panics on one.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};

use ldap3::asn1::StructureTag;
use ldap3::controls::RawControl;
use ldap3::{LdapResult, Mod};
use portcullis_model::{Password, misleads};
use zeroize::Zeroizing;

use crate::{Answer, Attribute, Change, ChangeKind, Control, Entry, Value};

/// The most of a server's words that is kept.
const DIAGNOSTIC_BYTES: usize = 2048;

/// What stands in the place of words that held the service account's password.
const WITHHELD: &str = "(withheld: the text held the service account's password)";

fn diagnostic(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(DIAGNOSTIC_BYTES));
    text
}

/// A server's words in one line for people: nothing in it that a terminal obeys, and no password.
pub(super) fn words(text: String, secret: Option<&Password>) -> String {
    let text = diagnostic(text);
    if secret.is_some_and(|secret| secret.occurs_in(&text)) {
        return "its words hold the password and are withheld".to_owned();
    }
    text.chars().map(|c| if misleads(c) { ' ' } else { c }).collect()
}

/// An answer without the service account's password: the server that was bound to knows it, and nobody above this
/// crate does, so that nobody could take it out there.
pub(super) fn answer(result: LdapResult, server: &str, service: Option<&Password>) -> Answer {
    let holds = |bytes: &[u8]| service.is_some_and(|password| password.occurs_in_bytes(bytes));
    let text = diagnostic(result.text);
    let control = |control: RawControl| {
        let value = control.val.filter(|value| !holds(value));
        Control { oid: control.ctype, critical: control.crit, value }
    };
    Answer {
        code: result.rc,
        diagnostic: if holds(text.as_bytes()) { WITHHELD.to_owned() } else { text },
        controls: result.ctrls.into_iter().map(|raw| control(raw.1)).collect(),
        server: server.to_owned(),
    }
}

pub(super) fn controls(controls: &[Control]) -> Vec<RawControl> {
    controls
        .iter()
        .map(|control| RawControl { ctype: control.oid.clone(), crit: control.critical, val: control.value.clone() })
        .collect()
}

/// A name or a value on its way out, erased when the library has encoded it.
#[derive(PartialEq, Eq)]
pub(super) struct Bytes(Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Hash for Bytes {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_slice().hash(state);
    }
}

/// The changes in their order; passwords are encoded here and nowhere before.
pub(super) fn changes(changes: &[Change]) -> Vec<Mod<Bytes>> {
    changes
        .iter()
        .map(|change| {
            let attribute = Bytes(Zeroizing::new(change.attribute.clone().into_bytes()));
            let values: HashSet<_> = change
                .values
                .iter()
                .map(|value| match value {
                    Value::Plain(bytes) => Bytes(Zeroizing::new(bytes.clone())),
                    Value::Secret(password, encoding) => Bytes(password.encode(*encoding)),
                })
                .collect();
            match change.kind {
                ChangeKind::Add => Mod::Add(attribute, values),
                ChangeKind::Delete => Mod::Delete(attribute, values),
                ChangeKind::Replace => Mod::Replace(attribute, values),
            }
        })
        .collect()
}

/// SearchResultEntry (RFC 4511 section 4.5.2); none if it is something else.
pub(super) fn entry(tag: StructureTag) -> Option<Entry> {
    let [dn, attributes] = <[_; 2]>::try_from(tag.expect_constructed()?).ok()?;
    let attributes = attributes.expect_constructed()?.into_iter().map(attribute).collect::<Option<_>>()?;
    Some(Entry { dn: text(dn)?, attributes })
}

fn attribute(tag: StructureTag) -> Option<Attribute> {
    let [name, values] = <[_; 2]>::try_from(tag.expect_constructed()?).ok()?;
    let values = values.expect_constructed()?.into_iter().map(StructureTag::expect_primitive).collect::<Option<_>>()?;
    Some(Attribute { name: text(name)?, values })
}

fn text(tag: StructureTag) -> Option<String> {
    String::from_utf8(tag.expect_primitive()?).ok()
}

#[cfg(test)]
mod tests {
    use ldap3::asn1::{PL, TagClass};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cuts_a_long_diagnostic_between_characters() {
        let cut = diagnostic("é".repeat(3000));
        assert_eq!(cut.len(), 2048);
        assert_eq!(diagnostic(format!("x{}", "é".repeat(3000))).len(), 2047);
        assert_eq!(diagnostic("short".to_owned()), "short");
    }

    fn any_tag() -> impl Strategy<Value = StructureTag> {
        let leaf = prop::collection::vec(any::<u8>(), 0..4).prop_map(PL::P);
        let tag = |payload| StructureTag { class: TagClass::Universal, id: 4, payload };
        leaf.prop_map(tag).prop_recursive(5, 32, 4, move |inner| {
            prop::collection::vec(inner, 0..4).prop_map(move |parts| tag(PL::C(parts)))
        })
    }

    proptest! {
        #[test]
        fn no_entry_panics(tag in any_tag()) {
            let _ = entry(tag);
        }
    }
}
