//! Writing to one entry: all changes or none.

mod attributes;
mod password;

use portcullis_model::Encoding;
use zeroize::Zeroizing;

use super::answers::{PPOLICY, Refusal};
use super::bind::bind;
use super::controls::Asked;
use super::record::Record;
use super::store::Store;
use super::{Context, Dialect, Step};
use crate::dn::Dn;
use crate::request::{Answer, Change, Control, Failure, Modify, Performer, SetPassword, Value};

use password::PasswordWrite;

/// As whom a write is done, once that is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Service,
    /// The entry itself.
    Itself,
}

/// The modify operation.
pub(super) fn modify(
    store: &Store,
    context: &Context<'_>,
    performer: &Performer,
    modify: &Modify,
) -> Step<Result<Answer, Failure>> {
    write(store, context, performer, (&modify.dn, &modify.controls), |record, asked, by| {
        apply(context, record, &modify.changes, asked, by)
    })
}

/// The password modify operation (RFC 3062).
pub(super) fn set_password(
    store: &Store,
    context: &Context<'_>,
    performer: &Performer,
    request: &SetPassword,
) -> Step<Result<Answer, Failure>> {
    write(store, context, performer, (&request.dn, &request.controls), |record, asked, by| {
        if context.dialect == Dialect::ActiveDirectory {
            return Err(Refusal::UnknownExtended);
        }
        let new = request.new.encode(Encoding::Utf8);
        password::apply(context, record, &PasswordWrite::Set(new), asked, by)
    })
}

fn write(
    store: &Store,
    context: &Context<'_>,
    performer: &Performer,
    (dn, controls): (&str, &[Control]),
    apply: impl FnOnce(&mut Record, Asked, By) -> Result<(), Refusal>,
) -> Step<Result<Answer, Failure>> {
    let mut signed_in = None;
    if let Performer::Target { dn, password } = performer {
        // The host asks for the state of the password whenever it binds a target.
        let policy = Control { oid: PPOLICY.to_owned(), critical: false, value: None };
        let step = bind(store, context, dn, &password.encode(Encoding::Utf8), &[policy]);
        if step.result.code != 0 {
            return Step { result: Err(Failure::BindRefused(step.result)), change: step.change };
        }
        signed_in = step.change;
    }
    let before = |record: &Record| signed_in.as_ref().map_or(record, |(_, record)| record).clone();
    let attempt = |(id, record): (usize, &Record)| {
        let asked = context.controls(controls)?;
        let by = match performer {
            Performer::Service => By::Service,
            Performer::Target { dn, .. } if Dn::parse(dn).as_ref() == Ok(&record.name) => By::Itself,
            Performer::Target { .. } => return Err(Refusal::NoRight),
        };
        let mut after = before(record);
        apply(&mut after, asked, by)?;
        Ok((id, after))
    };
    let found = Dn::parse(dn).map_err(|_| Refusal::BadName).and_then(|n| store.find(&n).ok_or(Refusal::NoSuchObject));
    match found.clone().and_then(attempt) {
        Ok(change) => Step { result: Ok(context.done()), change: Some(change) },
        Err(refusal) => {
            let counts = refusal == Refusal::WrongOldPassword && context.dialect == Dialect::ActiveDirectory;
            let counted = found.ok().filter(|_| counts).map(|(id, record)| {
                let mut record = before(record);
                record.login.fail(context.policy, context.now);
                (id, record)
            });
            // What the bind changed stays, whatever becomes of the write.
            Step { result: Ok(context.refuse(&refusal, controls)), change: counted.or(signed_in) }
        }
    }
}

fn apply(context: &Context<'_>, record: &mut Record, changes: &[Change], asked: Asked, by: By) -> Result<(), Refusal> {
    let password = password::gather(context.dialect, changes)?;
    let is_password = |change: &&Change| password::is_password(context.dialect, &change.attribute);
    if by == By::Itself && !changes.iter().all(|change| is_password(&change)) {
        let restricted = record.login.must_change == Some(true);
        return Err(if restricted { Refusal::MustChangeFirst } else { Refusal::NoRight });
    }
    // The password first, wherever it stands: what else is said of the login then overrides what comes with it.
    if let Some(password) = password {
        password::apply(context, record, &password, asked, by)?;
    }
    for change in changes.iter().filter(|change| !is_password(change)) {
        attributes::apply(context, record, change, asked)?;
    }
    Ok(())
}

/// The bytes of a value; erased when dropped.
fn bytes(value: &Value) -> Zeroizing<Vec<u8>> {
    match value {
        Value::Plain(bytes) => Zeroizing::new(bytes.clone()),
        Value::Secret(password, encoding) => password.encode(*encoding),
    }
}
