//! Whether a write may be sent: attribute by attribute, value by value.

use std::collections::BTreeMap;

use portcullis_directory::{Change, ChangeKind, Control, Modify, Performer, SetPassword, Value};
use portcullis_model::{Encoding, Use, UsedValue};

use super::grant::{Denial, MOST_ITEMS};
use super::{AttributeName, LdapGrant, WriteGrant};
use crate::Permitted;
use crate::secrets::{Held, Label};

/// A value that a connector wants to write, with the label of a password, which the grant looks at.
#[derive(Debug, Clone)]
pub enum Placed {
    /// Anything but a password.
    Plain(Vec<u8>),
    /// A password of the operation.
    Password(Held, Encoding),
}

/// A change that a connector wants.
#[derive(Debug, Clone)]
pub struct PlacedChange {
    /// What is done.
    pub kind: ChangeKind,
    /// The attribute as the connector wrote it.
    pub attribute: String,
    /// The values.
    pub values: Vec<Placed>,
}

impl LdapGrant {
    /// Whether the target may be changed like this.
    ///
    /// # Errors
    /// The first thing that is not granted, and the grant that it would need.
    pub fn permit_modify(
        &self,
        target: &str,
        dn: &str,
        performer: Option<&Held>,
        changes: Vec<PlacedChange>,
        controls: Vec<Control>,
    ) -> Result<Permitted<(Performer, Modify)>, Denial> {
        let performer = self.permit_write(target, dn, performer, &controls)?;
        if changes.is_empty() || changes.len() > MOST_ITEMS {
            return Err(Denial::malformed("changes", format!("a modify has 1 to {MOST_ITEMS} changes")));
        }
        let mut by_attribute: BTreeMap<AttributeName, Vec<&PlacedChange>> = BTreeMap::new();
        for change in &changes {
            let name = AttributeName::parse(&change.attribute)
                .map_err(|bad| Denial::malformed(&*change.attribute, bad.to_string()))?;
            by_attribute.entry(name).or_default().push(change);
        }
        for (name, changes) in &by_attribute {
            match self.write.get(name) {
                Some(WriteGrant::Password) => permit_password(name, changes)?,
                Some(WriteGrant::Values { values, remove }) => {
                    changes.iter().try_for_each(|change| permit_values(name, change, values, *remove))?;
                }
                None => {
                    let value = changes.iter().map(|change| change.uses()).next_back().unwrap_or(UsedValue::Other);
                    // A fact and no advice: what a plugin asks for is its own word.
                    let reason = match value {
                        UsedValue::Password => {
                            format!("the password may not be written here: `{name}` is not in [ldap.write]")
                        }
                        _ => format!("not writable: `{name}` is not in [ldap.write]"),
                    };
                    let wanted = Use::Write { attribute: name.to_string(), value };
                    return Err(Denial::new(name.to_string(), reason).wanting(wanted));
                }
            }
        }
        // The target's DN is the host's own text, never the plugin's, even though they were just found equal.
        let changes = changes.into_iter().map(PlacedChange::into_change).collect();
        Ok(Permitted::new((performer, Modify { dn: target.to_owned(), changes, controls })))
    }

    /// Whether the target's password may be set by RFC 3062.
    ///
    /// # Errors
    /// The first thing that is not granted, and the grant that it would need.
    pub fn permit_set_password(
        &self,
        target: &str,
        dn: &str,
        performer: Option<&Held>,
        new: Held,
        controls: Vec<Control>,
    ) -> Result<Permitted<(Performer, SetPassword)>, Denial> {
        let performer = self.permit_write(target, dn, performer, &controls)?;
        if !self.set_password {
            return Err(Denial::new("set-password", "not granted: write `set-password = true` in [ldap.allow]")
                .wanting(Use::SetPassword));
        }
        if new.label != Label::New {
            let reason = format!("the password `{}` is not the one to be set", new.label.name());
            return Err(Denial::new("set-password", reason));
        }
        Ok(Permitted::new((performer, SetPassword { dn: target.to_owned(), new: new.secret, controls })))
    }

    /// Whether the target may be bound to try a password.
    ///
    /// # Errors
    /// The first thing that is not granted. A connector has one refused bind in each operation: more of them would
    /// lock the account of the person whom the operation is about.
    pub fn permit_bind(
        &self,
        target: &str,
        dn: &str,
        password: Held,
        refused_before: usize,
        controls: Vec<Control>,
    ) -> Result<Permitted<(String, Held, Vec<Control>)>, Denial> {
        if !self.try_bind {
            return Err(
                Denial::new("try-bind", "not granted: write `try-bind = true` in [ldap.allow]").wanting(Use::TryBind)
            );
        }
        same_entry(target, dn)?;
        self.permit_controls(&controls)?;
        one_refused_bind(refused_before)?;
        Ok(Permitted::new((target.to_owned(), password, controls)))
    }

    fn permit_write(
        &self,
        target: &str,
        dn: &str,
        performer: Option<&Held>,
        controls: &[Control],
    ) -> Result<Performer, Denial> {
        same_entry(target, dn)?;
        self.permit_controls(controls)?;
        let Some(held) = performer else { return Ok(Performer::Service) };
        if !self.as_target {
            return Err(Denial::new(
                "performer",
                "writing as the target is not granted: write `as-target = true` in [ldap.allow]",
            )
            .wanting(Use::AsTarget));
        }
        if held.label != Label::Old {
            let reason = format!("the target is bound with its `old` password, not with `{}`", held.label.name());
            return Err(Denial::new("performer", reason));
        }
        Ok(Performer::Target { dn: target.to_owned(), password: held.secret.clone() })
    }
}

pub(super) fn one_refused_bind(refused_before: usize) -> Result<(), Denial> {
    if refused_before > 0 {
        return Err(Denial::new(
            "bind",
            "a bind was refused already in this operation; another one could lock the account",
        ));
    }
    Ok(())
}

/// Byte for byte: two spellings of one DN are for the directory to compare, not for a check that must not be fooled.
fn same_entry(target: &str, dn: &str) -> Result<(), Denial> {
    if dn == target {
        return Ok(());
    }
    Err(Denial::new(dn, "not the target of this operation; only the entry that `target` returned may be touched"))
}

/// An attribute granted as "password" takes the password in hand and nothing else: either it is replaced by exactly the
/// new one, or the old one is deleted and the new one added in the same request.
fn permit_password(name: &AttributeName, changes: &[&PlacedChange]) -> Result<(), Denial> {
    let one = |change: &PlacedChange| match change.values.as_slice() {
        [Placed::Password(held, _)] => Some((change.kind, held.label)),
        _ => None,
    };
    let parts: Vec<_> = changes.iter().map(|change| one(change)).collect();
    match parts.as_slice() {
        [Some((ChangeKind::Replace, Label::New))] => Ok(()),
        [Some((ChangeKind::Delete, Label::Old)), Some((ChangeKind::Add, Label::New))] => Ok(()),
        _ => Err(Denial::new(
            name.to_string(),
            "granted for the password in hand alone: replace it by exactly the new password, or delete the old one and add the new one",
        )),
    }
}

fn permit_values(name: &AttributeName, change: &PlacedChange, values: &[String], remove: bool) -> Result<(), Denial> {
    if change.values.is_empty() {
        return if remove {
            Ok(())
        } else {
            Err(Denial::new(
                name.to_string(),
                format!("may not be removed: write `{name} = \"remove\"` in [ldap.write] to allow it"),
            )
            .wanting(Use::Write { attribute: name.to_string(), value: UsedValue::Removed }))
        };
    }
    for value in &change.values {
        match value {
            Placed::Password(..) => {
                return Err(Denial::new(name.to_string(), "a password may not be written into this attribute")
                    .wanting(Use::Write { attribute: name.to_string(), value: UsedValue::Password }));
            }
            Placed::Plain(bytes) if values.iter().any(|granted| granted.as_bytes() == bytes) => {}
            // The value stays out of the text: it may be anything, a password that was guessed included.
            Placed::Plain(_) => {
                return Err(Denial::new(
                    name.to_string(),
                    format!("not one of the granted values of `{name}` in [ldap.write]"),
                )
                .wanting(Use::Write { attribute: name.to_string(), value: UsedValue::Other }));
            }
        }
    }
    Ok(())
}

impl PlacedChange {
    /// What goes into the attribute, without a value that nobody granted.
    fn uses(&self) -> UsedValue {
        match self.values.first() {
            None => UsedValue::Removed,
            Some(Placed::Password(..)) => UsedValue::Password,
            Some(Placed::Plain(_)) => UsedValue::Other,
        }
    }

    fn into_change(self) -> Change {
        let value = |placed| match placed {
            Placed::Plain(bytes) => Value::Plain(bytes),
            Placed::Password(held, encoding) => Value::Secret(held.secret, encoding),
        };
        Change { kind: self.kind, attribute: self.attribute, values: self.values.into_iter().map(value).collect() }
    }
}
