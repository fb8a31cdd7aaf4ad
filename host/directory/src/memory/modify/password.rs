//! Passwords in a modify: which attribute, which form, and what comes with a new one.

use zeroize::Zeroizing;

use super::{By, bytes};
use crate::memory::answers::Refusal;
use crate::memory::controls::Asked;
use crate::memory::hash::Hash;
use crate::memory::policy::Applied;
use crate::memory::record::Record;
use crate::memory::{Context, Dialect};
use crate::request::{Change, ChangeKind};

type Secret = Zeroizing<Vec<u8>>;

/// What a request does to the password. The texts are UTF-8, whatever form they came in.
pub(super) enum PasswordWrite {
    /// The password is this one, whatever it was.
    Set(Secret),
    /// It is this one, and there was none.
    First(Secret),
    /// From the old one to a new one.
    Change { old: Option<Secret>, new: Secret },
    /// No password any more.
    Remove { old: Option<Secret> },
}

pub(super) fn is_password(dialect: Dialect, attribute: &str) -> bool {
    attribute.eq_ignore_ascii_case(match dialect {
        Dialect::Plain | Dialect::OpenLdap => "userPassword",
        Dialect::ActiveDirectory => "unicodePwd",
    })
}

/// Puts the changes of the password attribute together.
pub(super) fn gather(dialect: Dialect, changes: &[Change]) -> Result<Option<PasswordWrite>, Refusal> {
    let [mut added, mut deleted, mut replaced] = [None, None, None];
    for change in changes.iter().filter(|change| is_password(dialect, &change.attribute)) {
        let place = match change.kind {
            ChangeKind::Add => &mut added,
            ChangeKind::Delete => &mut deleted,
            ChangeKind::Replace => &mut replaced,
        };
        let values: Result<Vec<_>, _> = change.values.iter().map(|value| decode(dialect, bytes(value))).collect();
        if place.replace(values?).is_some() {
            return Err(Refusal::TwoPasswords);
        }
    }
    let write = match (replaced, deleted, added) {
        (None, None, None) => return Ok(None),
        (Some(new), None, None) => match at_most_one(new)? {
            Some(new) => PasswordWrite::Set(new),
            None => PasswordWrite::Remove { old: None },
        },
        (None, Some(old), None) => PasswordWrite::Remove { old: at_most_one(old)? },
        (None, old, Some(new)) => {
            let new = at_most_one(new)?.ok_or(Refusal::EmptyPassword)?;
            match old {
                None => PasswordWrite::First(new),
                Some(old) => PasswordWrite::Change { old: at_most_one(old)?, new },
            }
        }
        _ => return Err(Refusal::TwoPasswords),
    };
    Ok(Some(write))
}

fn at_most_one(mut values: Vec<Secret>) -> Result<Option<Secret>, Refusal> {
    if values.len() > 1 { Err(Refusal::TwoPasswords) } else { Ok(values.pop()) }
}

/// To UTF-8.
fn decode(dialect: Dialect, value: Secret) -> Result<Secret, Refusal> {
    if dialect != Dialect::ActiveDirectory {
        return Ok(value);
    }
    let (pairs, rest) = value.as_chunks::<2>();
    let units = || pairs.iter().map(|pair| u16::from_le_bytes(*pair));
    let quoted = pairs.len() >= 2 && [units().next(), units().next_back()] == [Some(0x22), Some(0x22)];
    if !quoted || !rest.is_empty() {
        return Err(Refusal::PasswordEncoding);
    }
    // Three bytes for two are the most that UTF-8 needs: the buffer never grows and leaves no copy behind.
    let mut text = Zeroizing::new(Vec::with_capacity(value.len() * 2));
    for c in char::decode_utf16(units().skip(1).take(pairs.len() - 2)) {
        let c = c.map_err(|_| Refusal::PasswordEncoding)?;
        text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Ok(text)
}

/// Does it to the entry, if the policy allows it.
pub(super) fn apply(
    context: &Context<'_>,
    record: &mut Record,
    write: &PasswordWrite,
    asked: Asked,
    by: By,
) -> Result<(), Refusal> {
    let active_directory = context.dialect == Dialect::ActiveDirectory;
    let (new, change) = match write {
        // Only its owner's knowledge of the old password makes it the owner's.
        PasswordWrite::Set(_) if active_directory && by == By::Itself => return Err(Refusal::NoRight),
        PasswordWrite::Set(new) => (new, false),
        PasswordWrite::First(_) if record.login.password.is_some() => return Err(Refusal::TwoPasswords),
        PasswordWrite::First(new) => (new, false),
        PasswordWrite::Change { old, new } => {
            verify_old(context, record, old.as_ref())?;
            (new, true)
        }
        PasswordWrite::Remove { old } => return remove(context, record, old.as_ref(), by),
    };
    if new.is_empty() {
        return Err(Refusal::EmptyPassword);
    }
    let own = change || by == By::Itself;
    let applied = Applied { history: !active_directory || own || asked.history, min_age: own };
    context.policy.check(&record.login, new, applied, context.now)?;
    let hash = Hash::new(new, context.policy.hash_iterations)
        .map_err(|e| Refusal::WillNotPerform(format!("no random bytes to hash the password with: {e}")))?;
    let login = &mut record.login;
    login.set(hash, context.policy, context.now);
    login.must_change = (!own && context.policy.must_change).then_some(true);
    // The draft's reset unlocks; Active Directory's does not.
    if !active_directory {
        login.unlock();
    }
    Ok(())
}

fn verify_old(context: &Context<'_>, record: &Record, old: Option<&Secret>) -> Result<(), Refusal> {
    match old {
        Some(_) if context.dialect == Dialect::ActiveDirectory && record.login.locked.is_some() => {
            Err(Refusal::ChangeWhileLocked)
        }
        Some(old) if record.login.password.as_ref().is_some_and(|hash| hash.matches(old)) => Ok(()),
        Some(_) => Err(Refusal::WrongOldPassword),
        None if context.dialect == Dialect::ActiveDirectory => {
            Err(Refusal::WillNotPerform("delete of unicodePwd needs the old value".to_owned()))
        }
        None => Ok(()),
    }
}

/// OpenLDAP takes it and disables the login; the others refuse.
fn remove(context: &Context<'_>, record: &mut Record, old: Option<&Secret>, by: By) -> Result<(), Refusal> {
    match context.dialect {
        _ if by == By::Itself => Err(Refusal::NoRight),
        Dialect::ActiveDirectory => Err(Refusal::WillNotPerform("an account has a password".to_owned())),
        Dialect::Plain => Err(Refusal::EmptyPassword),
        Dialect::OpenLdap => {
            let right = old.is_none_or(|old| record.login.password.as_ref().is_some_and(|hash| hash.matches(old)));
            if !right {
                return Err(Refusal::NoSuchAttribute("userPassword".to_owned()));
            }
            record.login.password = None;
            Ok(())
        }
    }
}
