//! Handles of passwords that are made up.

use portcullis_connector::ldap::{self, Change, Performer, Value};
use portcullis_connector::{Fault, Password, Receipt};

use crate::{Hands, dn, setting};

pub(crate) fn try_it(behave: &str, _: Hands<'_>) -> Option<Result<Receipt, Fault>> {
    Some(match behave {
        "forge-handle" => match setting("handle").parse() {
            Ok(handle) => place(handle),
            Err(_) => Err(crate::mistake("`handle` is no number")),
        },
        "forge-label" => match setting("handle").parse() {
            Ok(handle) => label(handle),
            Err(_) => Err(crate::mistake("`handle` is no number")),
        },
        _ => return None,
    })
}

fn place(handle: u32) -> Result<Receipt, Fault> {
    let password = forged(handle);
    let changes = [Change::replace("userPassword", [Value::utf8(&password)])];
    ldap::modify(&dn()?, &Performer::Service, &changes, &[])?;
    password.take_handle();
    Err(crate::mistake("the host took a handle that it did not give"))
}

fn label(handle: u32) -> Result<Receipt, Fault> {
    let password = forged(handle);
    let label = password.label();
    password.take_handle();
    Err(crate::mistake(&format!("it is the password `{label}`")))
}

fn forged(handle: u32) -> Password {
    // SAFETY: the number goes to the host, which is what has to look at it; nothing here is read through it.
    #[allow(unsafe_code, reason = "making up a handle is what this is for")]
    unsafe {
        Password::from_handle(handle)
    }
}
