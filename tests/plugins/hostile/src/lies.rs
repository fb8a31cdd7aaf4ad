//! Saying what is not so, and breaking down in the worst moment.

use portcullis_connector::ldap::{self, Change, Performer};
use portcullis_connector::{Effect, Fault, FaultCode, Receipt};

use crate::{Hands, dn, room, well};

pub(crate) fn try_it(behave: &str, hands: Hands<'_>) -> Option<Result<Receipt, Fault>> {
    Some(match behave {
        "claim-the-password" => Ok(Receipt::of(Effect::PasswordSet)),
        "claim-unlocked" => Ok(Receipt::of(Effect::Unlocked)),
        "claim-nothing" => Ok(Receipt { effects: Vec::new(), notes: Vec::new() }),
        "doubt-nothing" => Err(Fault::new(FaultCode::OutcomeUnknown, "who knows")),
        "blame-the-caller" => Err(Fault::new(FaultCode::PasswordInHistory, "used before")),
        "write-then-say-refused" => {
            well(hands).and_then(|_| Err(Fault::new(FaultCode::PasswordTooShort, "it was not taken")))
        }
        "write-then-say-unknown" => {
            well(hands).and_then(|_| Err(Fault::new(FaultCode::OutcomeUnknown, "no answer came")))
        }
        "write-then-panic" => well(hands).map(|_| panic_now()),
        "write-then-loop" => well(hands).inspect(|_| room::endless()),
        "write-something-then-fail" => something_then_fail(),
        _ => return None,
    })
}

#[expect(clippy::panic, reason = "that is what it is for")]
fn panic_now() -> Receipt {
    panic!("after the write")
}

/// Something else takes effect, and the password does not.
fn something_then_fail() -> Result<Receipt, Fault> {
    ldap::modify(&dn()?, &Performer::Service, &[Change::replace("pwdReset", ["TRUE".into()])], &[])?;
    Err(Fault::new(FaultCode::PasswordTooShort, "too short"))
}
