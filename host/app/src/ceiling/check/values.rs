//! `[ldap.write]` against the ceiling's: attribute by attribute, value by value.

use std::collections::BTreeMap;

use portcullis_capabilities::ldap::AttributeName;

use super::Excesses;
use crate::config::WriteGrant;

type Writes = BTreeMap<String, WriteGrant>;

/// Adds what may be written beyond the ceiling.
pub(super) fn write(found: &mut Excesses, wanted: &Writes, allowed: &Writes) {
    for (name, grant) in wanted {
        let most = most(allowed, name);
        let here = most.map_or(name.as_str(), |(name, _)| name);
        let against = ["ldap", "write", here];
        let mut add = |item: &[&str], text: String, label: &str| {
            let remedy = format!("take it out of `[ldap.write]`, or have it allowed for `{name}` in the ceiling");
            found.add("write", &[&["ldap", "write", name][..], item].concat(), &against, text, label, remedy);
        };
        match (grant, most.map(|(_, grant)| grant)) {
            (_, None) => add(&[], format!("`{name}` may not be writable"), "does not name it"),
            (WriteGrant::Password, Some(WriteGrant::Password)) => {}
            (WriteGrant::Password, Some(WriteGrant::Values { .. })) => {
                add(&[], format!("the password may not be written into `{name}`"), "only these values");
            }
            (WriteGrant::Values { .. }, Some(WriteGrant::Password)) => {
                add(
                    &[],
                    format!("`{name}` may be written with the password in hand alone"),
                    "nothing but the password",
                );
            }
            (WriteGrant::Values { values, remove }, Some(WriteGrant::Values { values: most, remove: may })) => {
                // Byte for byte, as the grants compare them.
                for value in values.iter().filter(|value| !most.contains(value)) {
                    add(&[], format!("`{name}` may not be written with {value:?}"), "does not name the value");
                }
                if *remove && !may {
                    add(&[], format!("`{name}` may not be emptied"), "does not allow to remove it");
                }
            }
        }
    }
}

/// What the ceiling says of an attribute, and how it spells it; compared as the grants compare them.
fn most<'r>(allowed: &'r Writes, name: &str) -> Option<(&'r str, &'r WriteGrant)> {
    let name = AttributeName::parse(name).ok()?;
    let same = |written: &str| AttributeName::parse(written).is_ok_and(|written| written == name);
    allowed.iter().find(|(written, _)| same(written)).map(|(written, grant)| (written.as_str(), grant))
}
