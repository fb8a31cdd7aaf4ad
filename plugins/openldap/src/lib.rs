//! The connector for OpenLDAP and 389 Directory Server: directories whose passwords are in `userPassword` and whose
//! policy is that of draft-behera-ldap-password-policy.
//!
//! They differ in how a password is set so that the policy applies and its reason is told; each has a module of its own.
//! Nothing is written before the root DSE has shown which one it is.

mod check;
mod ds389;
mod must_change;
mod openldap;
mod settings;
mod variant;

use portcullis_connector::dialect::ppolicy;
use portcullis_connector::ldap::{self, Answer, Change, Entry, LdapError};
use portcullis_connector::{
    Account, AccountStatus, Accounts, Effect, Fault, Finding, Lifecycle, Password, Passwords, Receipt, ResetOptions,
    Verdict, export,
};

use self::must_change::MustChange;
use self::settings::{Lockout, Settings};
use self::variant::Variant;

/// The connector.
struct OpenLdap;
export!(OpenLdap);

impl Passwords for OpenLdap {
    fn reset(_account: Account, new: &Password, options: ResetOptions) -> Result<Receipt, Fault> {
        let variant = Variant::look()?;
        let must_change = options.must_change.then(MustChange::setting).transpose()?;
        if let Some(setting) = must_change {
            setting.ensure_it_may_be_asked_for()?;
        }
        let dn = target(&[])?.dn;
        match variant {
            Variant::OpenLdap => openldap::reset(&dn, new, options)?,
            Variant::Ds389 => ds389::reset(&dn, new, options)?,
        }
        match must_change {
            Some(setting) => setting.proved(&dn, new, receipt(options)),
            None => Ok(receipt(options)),
        }
    }

    fn change(_account: Account, old: &Password, new: &Password) -> Result<Receipt, Fault> {
        let variant = Variant::look()?;
        let dn = target(&[])?.dn;
        match variant {
            Variant::OpenLdap => openldap::change(&dn, old, new)?,
            Variant::Ds389 => ds389::change(&dn, old, new)?,
        }
        Ok(Receipt::of(Effect::PasswordSet))
    }

    fn verify(_account: Account, candidate: &Password) -> Result<Verdict, Fault> {
        let variant = Variant::look()?;
        let answer = ldap::try_bind(&target(&[])?.dn, candidate, &[ppolicy::request()])?;
        match variant {
            Variant::OpenLdap => ppolicy::verdict(&answer),
            Variant::Ds389 => ds389::verdict(&answer),
        }
    }
}

impl Accounts for OpenLdap {
    fn status(_account: Account) -> Result<AccountStatus, Fault> {
        match Variant::look()? {
            Variant::OpenLdap => Ok(openldap::status(&target(&openldap::STATUS)?, Lockout::setting()?)),
            Variant::Ds389 => Ok(ds389::status(&target(&ds389::STATUS)?, MustChange::setting()?)),
        }
    }

    fn unlock(_account: Account) -> Result<Receipt, Fault> {
        let changes: Vec<Change<'_>> = match Variant::look()? {
            Variant::OpenLdap => openldap::unlocked().into(),
            Variant::Ds389 => ds389::unlocked().into(),
        };
        written(ldap::modify(&target(&[])?.dn, &ldap::Performer::Service, &changes, &[]), Fault::refused)?;
        Ok(Receipt::of(Effect::Unlocked))
    }
}

impl Lifecycle for OpenLdap {
    fn check() -> Vec<Finding> {
        check::findings(ldap::root_dse(&variant::ROOT_DSE), &Settings::read())
    }
}

/// What a reset has done once every write of it was taken.
fn receipt(options: ResetOptions) -> Receipt {
    let also = [(options.must_change, Effect::ChangeRequired), (options.unlock, Effect::Unlocked)];
    also.into_iter()
        .filter(|(wanted, _)| *wanted)
        .fold(Receipt::of(Effect::PasswordSet), |r, (_, effect)| r.and(effect))
}

fn target(attributes: &[&str]) -> Result<Entry, Fault> {
    Ok(ldap::target(attributes)?)
}

/// What became of a write; a refusal is put into words by `refused`.
fn written(answer: Result<Answer, LdapError>, refused: impl FnOnce(&Answer) -> Fault) -> Result<(), Fault> {
    answer.map(|_| ()).map_err(|error| error.into_fault(refused))
}
