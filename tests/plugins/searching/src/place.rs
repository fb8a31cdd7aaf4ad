//! The one thing that a password's handle is for.

use portcullis_connector::ldap::{self, Change, Performer, Value};
use portcullis_connector::{Effect, Fault, Password, Receipt, Verdict};

pub(crate) fn reset(new: &Password) -> Result<Receipt, Fault> {
    write(&Performer::Service, new)
}

pub(crate) fn change(old: &Password, new: &Password) -> Result<Receipt, Fault> {
    write(&Performer::Target(old), new)
}

pub(crate) fn verify(candidate: &Password) -> Result<Verdict, Fault> {
    let answer = ldap::try_bind(&ldap::target(&[])?.dn, candidate, &[])?;
    Ok(if answer.code == 0 { Verdict::Valid } else { Verdict::Invalid })
}

fn write(by: &Performer<'_>, new: &Password) -> Result<Receipt, Fault> {
    let changes = [Change::replace("userPassword", [Value::utf8(new)])];
    ldap::modify(&ldap::target(&[])?.dn, by, &changes, &[])?;
    Ok(Receipt::of(Effect::PasswordSet))
}
