//! Handles of passwords: one kept for the next operation, one made up, one never given back.

use std::sync::atomic::{AtomicU32, Ordering};

use portcullis_connector::ldap::{self, Change, Performer, Value};
use portcullis_connector::{Fault, FaultCode, Password, Receipt};

use crate::{Hands, dn, setting, well};

/// The handle of the first operation in this instance.
static KEPT: AtomicU32 = AtomicU32::new(0);

pub(crate) fn try_it(behave: &str, hands: Hands<'_>) -> Option<Result<Receipt, Fault>> {
    Some(match behave {
        "keep-handle" => hands.password().and_then(|new| match KEPT.swap(new.handle(), Ordering::Relaxed) {
            0 => well(hands),
            kept => place(kept).and(Err(Fault::new(FaultCode::Internal, "a handle of an operation before was there"))),
        }),
        "forge-handle" => match setting("handle").parse() {
            Ok(handle) => place(handle),
            Err(_) => Err(crate::mistake("`handle` is no number")),
        },
        "forge-label" => match setting("handle").parse() {
            Ok(handle) => label(handle),
            Err(_) => Err(crate::mistake("`handle` is no number")),
        },
        "leak-handle" => well(hands).and_then(|receipt| {
            // The binding believes that somebody else took it over, and does not give it back.
            hands.password()?.take_handle();
            Ok(receipt)
        }),
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
