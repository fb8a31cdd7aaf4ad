//! 389 Directory Server, and the products that are made of it.

use portcullis_connector::dialect::{ppolicy, time};
use portcullis_connector::ldap::{self, Answer, Change, Entry, Performer, Value};
use portcullis_connector::{AccountStatus, Fault, FaultCode, Password, ResetOptions, Verdict};

use crate::must_change::MustChange;
use crate::{target, written};

const PASSWORD: &str = "userPassword";
const FAILURES: &str = "passwordRetryCount";
const UNLOCKS_AT: &str = "accountUnlockTime";
const EXPIRES_AT: &str = "passwordExpirationTime";
const MUST_CHANGE: &str = "pwdReset";
const SET_AT: &str = "pwdUpdateTime";
const INACTIVE: &str = "nsAccountLock";

/// As `accountUnlockTime`: never. As `passwordExpirationTime`: a new password must be chosen.
const EPOCH: &str = "19700101000000Z";

/// What a status reads.
pub(crate) const STATUS: [&str; 5] = [UNLOCKS_AT, EXPIRES_AT, MUST_CHANGE, SET_AT, INACTIVE];

/// How often is looked whether the server has done what follows a password.
const LOOKS: usize = 64;

/// A plain write: the server hashes the password and applies the policy to it, and unlike the extended operation it says
/// why it refuses.
///
/// The mark for "must change" goes with the password, and mostly does not stay: only after it has answered does the server
/// write what follows from a new password, an expiration time of its own included, wherever its policy has one. A mark
/// that is written before that is lost, so this waits until the first one is.
pub(crate) fn reset(dn: &str, new: &Password, options: ResetOptions) -> Result<(), Fault> {
    if options.must_change {
        // What may not be read is to be told before anything is written.
        target(&[EXPIRES_AT])?;
    }
    write(dn, &Performer::Service, &with_password(new, options))?;
    if !options.must_change {
        return Ok(());
    }
    for _ in 0..LOOKS {
        if target(&[EXPIRES_AT])?.text(EXPIRES_AT) != Some(EPOCH) {
            // If this fails the password is set all the same; the fault says what is missing, and the host what it saw.
            return written(ldap::modify(dn, &Performer::Service, &[mark()], &[]), Fault::refused);
        }
    }
    Ok(())
}

fn with_password(new: &Password, options: ResetOptions) -> Vec<Change<'_>> {
    // A replace by one value: the server would take two, and let both sign in.
    let mut changes = vec![Change::replace(PASSWORD, [Value::utf8(new)])];
    if options.must_change {
        changes.push(mark());
    }
    if options.unlock {
        changes.extend(unlocked());
    }
    changes
}

fn mark() -> Change<'static> {
    Change::replace(EXPIRES_AT, [EPOCH.into()])
}

/// Both at once: either alone leaves the account locked, or locked again after one more wrong password.
pub(crate) fn unlocked() -> [Change<'static>; 2] {
    [Change::clear(FAILURES), Change::clear(UNLOCKS_AT)]
}

/// As the person, who may write the own password.
pub(crate) fn change(dn: &str, old: &Password, new: &Password) -> Result<(), Fault> {
    write(dn, &Performer::Target(old), &with_password(new, ResetOptions { must_change: false, unlock: false }))
}

fn write(dn: &str, performer: &Performer<'_>, changes: &[Change<'_>]) -> Result<(), Fault> {
    written(ldap::modify(dn, performer, changes, &[ppolicy::request()]), fault)
}

/// Why a password, or the bind before it, was refused. The text comes first: the control calls a password that is too
/// short one of bad quality, and an account without rights one that the policy stops.
fn fault(answer: &Answer) -> Fault {
    let says = |words: &str| answer.diagnostic.to_ascii_lowercase().contains(words);
    let code = match answer.code {
        19 if says("retry limit") => FaultCode::AccountLocked,
        53 if says("inactivated") => FaultCode::AccountDisabled,
        19 if says("characters long") => FaultCode::PasswordTooShort,
        19 if says("in history") => FaultCode::PasswordInHistory,
        19 if says("minimum age") => FaultCode::PasswordTooYoung,
        19 if says("password syntax") => FaultCode::PasswordTooSimple,
        50 => return Fault::refused(answer),
        _ => return ppolicy::fault(answer),
    };
    let length = answer.diagnostic.split_once("at least ").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
    Fault::answered(code, answer).with_limit(length.filter(|_| code == FaultCode::PasswordTooShort))
}

/// What a bind says about the password.
pub(crate) fn verdict(answer: &Answer) -> Result<Verdict, Fault> {
    match fault(answer).code {
        FaultCode::AccountDisabled => Ok(Verdict::Disabled),
        FaultCode::AccountLocked => Ok(Verdict::Locked),
        _ => ppolicy::verdict(answer),
    }
}

/// The state of an account, as far as it can be told without a clock.
pub(crate) fn status(entry: &Entry, setting: MustChange) -> AccountStatus {
    // 0 and 1 second after the epoch are marks, not times.
    let expires = entry.text(EXPIRES_AT).and_then(time::generalized);
    AccountStatus {
        enabled: Some(entry.flag(INACTIVE) != Some(true)),
        locked: match entry.text(UNLOCKS_AT) {
            None => Some(false),
            Some(EPOCH) => Some(true),
            Some(_) => None,
        },
        must_change: match (entry.flag(MUST_CHANGE), expires) {
            (Some(true), _) => Some(true),
            // Only a policy that the operator knows of acts on it.
            (_, Some(0)) => (setting != MustChange::Refuse).then_some(true),
            (_, None | Some(1)) => Some(false),
            _ => None,
        },
        password_set: entry.text(SET_AT).and_then(time::generalized),
        password_expires: expires.filter(|&time| time > 1),
    }
}

#[cfg(test)]
mod tests;
