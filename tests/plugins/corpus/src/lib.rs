//! What the plugins of the corpus share. Each file of `examples` is a plugin of its own that tries one thing; which one,
//! and what has to become of it, is told in `docs/hostile-corpus.md`.
//!
//! What the host lets pass ends with a fault that no test expects, or with the password set: never with what would look
//! like a refusal.

pub mod raw;

use portcullis_connector::ldap::{self, Change, LdapError, Performer, Query, Scope, Value};
use portcullis_connector::{Effect, Fault, FaultCode, Password, Receipt, config};

/// Where the people of the test's directory are.
pub const PEOPLE: &str = "ou=people,dc=people,dc=example";

/// The passwords of the operation.
#[derive(Debug, Clone, Copy)]
pub struct Hands<'a> {
    /// The new one, or the candidate.
    pub new: &'a Password,
}

/// Makes a plugin of one function, which is called whatever operation with a password is asked for.
#[macro_export]
macro_rules! attempt {
    ($attempt:path) => {
        struct Attempt;
        portcullis_connector::export!(Attempt: passwords);
        type Done = Result<portcullis_connector::Receipt, portcullis_connector::Fault>;

        impl portcullis_connector::Passwords for Attempt {
            fn reset(
                _: portcullis_connector::Account,
                new: &portcullis_connector::Password,
                _: portcullis_connector::ResetOptions,
            ) -> Done {
                $attempt($crate::Hands { new })
            }

            fn change(
                _: portcullis_connector::Account,
                _: &portcullis_connector::Password,
                new: &portcullis_connector::Password,
            ) -> Done {
                $attempt($crate::Hands { new })
            }

            fn verify(
                _: portcullis_connector::Account,
                new: &portcullis_connector::Password,
            ) -> Result<portcullis_connector::Verdict, portcullis_connector::Fault> {
                $attempt($crate::Hands { new }).map(|_| portcullis_connector::Verdict::Valid)
            }
        }
    };
}

/// The end of an attempt that the host did not stop.
///
/// # Errors
/// Always.
pub fn let_pass() -> Result<Receipt, Fault> {
    Err(mistake("the host let it pass"))
}

/// What a test reads if something is wrong with the test.
#[must_use]
pub fn mistake(text: &str) -> Fault {
    Fault::new(FaultCode::Misconfigured, text)
}

/// Sets the password as it should be done.
///
/// # Errors
/// The host's or the directory's.
pub fn well(hands: Hands<'_>) -> Result<Receipt, Fault> {
    place(hands.new)?;
    Ok(Receipt::of(Effect::PasswordSet))
}

/// Writes a password where it belongs.
///
/// # Errors
/// The host's or the directory's.
pub fn place(password: &Password) -> Result<(), Fault> {
    change([Change::replace("userPassword", [Value::utf8(password)])])
}

/// Changes the target.
///
/// # Errors
/// The host's or the directory's.
pub fn change<const N: usize>(changes: [Change<'_>; N]) -> Result<(), Fault> {
    ldap::modify(&dn()?, &Performer::Service, &changes, &[])?;
    Ok(())
}

/// Searches for names.
///
/// # Errors
/// The host's or the directory's.
pub fn search(base: &str, filter: &str) -> Result<(), LdapError> {
    let (base, filter) = (base.to_owned(), filter.to_owned());
    ldap::search(&Query { base, scope: Scope::Subtree, filter, attributes: vec!["cn".to_owned()], limit: 10 })?;
    Ok(())
}

/// The text of a password.
///
/// # Errors
/// If it was not granted.
pub fn reveal(password: &Password) -> Result<String, Fault> {
    portcullis_connector::reveal::reveal(password).map_err(|denied| mistake(&denied.reason))
}

/// The DN of the target.
///
/// # Errors
/// The host's.
pub fn dn() -> Result<String, Fault> {
    Ok(ldap::target(&[])?.dn)
}

/// A setting of the connector's file.
#[must_use]
pub fn setting(name: &str) -> String {
    config::get(name).unwrap_or_default()
}

/// A password behind a number that may be none.
#[must_use]
pub fn handle(number: u32) -> Password {
    // SAFETY: the number goes to the host, which is what has to look at it; nothing here is read through it.
    #[allow(unsafe_code, reason = "making up a handle is what this is for")]
    unsafe {
        Password::from_handle(number)
    }
}

/// Gives a handle back, and with it the right to use its number.
pub fn give_back(number: u32) {
    drop(handle(number));
}
