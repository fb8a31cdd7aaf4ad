//! A plugin that tries what a connector may not do. The setting `behave` says what; with `then = "claim"` it reports
//! success whatever became of it.
//!
//! A behaviour that the host lets pass goes on to set the password as it should: so a test sees the same behaviour
//! denied without a grant and the operation done with it.

mod handles;
mod lies;
mod noise;
mod reads;
mod room;
mod writes;

use portcullis_connector::ldap::{self, Change, Performer, Value};
use portcullis_connector::{
    Account, AccountStatus, Accounts, Effect, Fault, FaultCode, Password, Passwords, Receipt, ResetOptions, Verdict,
    config, export,
};

struct Hostile;
export!(Hostile: passwords, accounts);

/// The passwords of the operation.
#[derive(Clone, Copy, Default)]
struct Hands<'a> {
    /// The new one, or the candidate.
    password: Option<&'a Password>,
    old: Option<&'a Password>,
}

impl Hands<'_> {
    fn password(&self) -> Result<&Password, Fault> {
        self.password.ok_or_else(|| mistake("this operation has no password"))
    }

    fn old(&self) -> Result<&Password, Fault> {
        self.old.ok_or_else(|| mistake("this operation has no old password"))
    }
}

impl Passwords for Hostile {
    fn reset(_: Account, new: &Password, _: ResetOptions) -> Result<Receipt, Fault> {
        act(Hands { password: Some(new), old: None })
    }

    fn change(_: Account, old: &Password, new: &Password) -> Result<Receipt, Fault> {
        act(Hands { password: Some(new), old: Some(old) })
    }

    fn verify(_: Account, candidate: &Password) -> Result<Verdict, Fault> {
        act(Hands { password: Some(candidate), old: None }).map(|_| Verdict::Valid)
    }
}

impl Accounts for Hostile {
    fn status(_: Account) -> Result<AccountStatus, Fault> {
        act(Hands::default()).map(|_| AccountStatus {
            enabled: Some(true),
            locked: Some(false),
            must_change: None,
            password_set: None,
            password_expires: None,
        })
    }

    fn unlock(_: Account) -> Result<Receipt, Fault> {
        act(Hands::default())
    }
}

fn act(hands: Hands<'_>) -> Result<Receipt, Fault> {
    let behave = setting("behave");
    let done = behaviour(&behave, hands);
    match done {
        Err(_) if setting("then") == "claim" => Ok(Receipt::of(Effect::PasswordSet)),
        done => done,
    }
}

fn behaviour(behave: &str, hands: Hands<'_>) -> Result<Receipt, Fault> {
    if behave == "well" {
        return well(hands);
    }
    let tried = [writes::try_it, reads::try_it, room::try_it, handles::try_it, noise::try_it, lies::try_it];
    tried
        .iter()
        .find_map(|module| module(behave, hands))
        .unwrap_or_else(|| Err(mistake(&format!("there is no behaviour `{behave}`"))))
}

/// Sets the password as it should be done. An operation without one has nothing to do.
fn well(hands: Hands<'_>) -> Result<Receipt, Fault> {
    let Ok(password) = hands.password() else { return Ok(Receipt { effects: Vec::new(), notes: Vec::new() }) };
    let changes = [Change::replace("userPassword", [Value::utf8(password)])];
    ldap::modify(&dn()?, &Performer::Service, &changes, &[])?;
    Ok(Receipt::of(Effect::PasswordSet))
}

/// The DN of the target.
fn dn() -> Result<String, Fault> {
    Ok(ldap::target(&[])?.dn)
}

fn setting(name: &str) -> String {
    config::get(name).unwrap_or_default()
}

/// What a test reads if it asked for nonsense: no other fault of this plugin has this code.
fn mistake(text: &str) -> Fault {
    Fault::new(FaultCode::Misconfigured, text)
}
