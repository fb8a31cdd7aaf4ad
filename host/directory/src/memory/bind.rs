//! Signing in, and what too many wrong passwords do.

use super::answers::BindEnd;
use super::login::Login;
use super::record::Record;
use super::store::Store;
use super::{Context, Dialect, Step};
use crate::dn::Dn;
use crate::request::{Answer, Control};

/// `userAccountControl`: ACCOUNTDISABLE.
const DISABLED: i64 = 0x2;

/// Binds an entry with a password. A wrong one may change the entry: it is counted.
pub(super) fn bind(
    store: &Store,
    context: &Context<'_>,
    dn: &str,
    password: &[u8],
    controls: &[Control],
) -> Step<Answer> {
    if let Err(refusal) = context.controls(controls) {
        return Step::unchanged(context.refuse(&refusal, controls));
    }
    let ended = |end| context.bind_ended(end, controls);
    let name = match Dn::parse(dn) {
        Ok(name) => name,
        Err(_) if context.dialect == Dialect::ActiveDirectory => return Step::unchanged(ended(BindEnd::Wrong)),
        Err(_) => return Step::unchanged(context.refuse(&super::answers::Refusal::BadName, controls)),
    };
    let Some((id, record)) = store.find(&name) else { return Step::unchanged(ended(BindEnd::Wrong)) };
    let end = judge(record, context, password);
    let mut login = record.login.clone();
    match end {
        BindEnd::Wrong => login.fail(context.policy, context.now),
        BindEnd::Accepted => login.failures.clear(),
        // Bound all the same where the dialect lets it in to choose a new password.
        BindEnd::MustChange if context.dialect != Dialect::ActiveDirectory => login.failures.clear(),
        _ => {}
    }
    let change = (login != record.login).then(|| (id, Record { login, ..record.clone() }));
    Step { result: ended(end), change }
}

/// Does not count anything.
fn judge(record: &Record, context: &Context<'_>, password: &[u8]) -> BindEnd {
    let Login { password: Some(hash), .. } = &record.login else { return BindEnd::Wrong };
    if record.login.locked.is_some() {
        return BindEnd::Locked;
    }
    // What is told about an account is told to whoever knows its password.
    if !hash.matches(password) {
        return BindEnd::Wrong;
    }
    if context.dialect == Dialect::ActiveDirectory {
        if record.number("userAccountControl").is_some_and(|bits| bits & DISABLED != 0) {
            return BindEnd::Disabled;
        }
        if is_over(record, context) {
            return BindEnd::Expired;
        }
    }
    if record.login.must_change == Some(true) { BindEnd::MustChange } else { BindEnd::Accepted }
}

/// `accountExpires`: 0 and the largest number mean never.
fn is_over(record: &Record, context: &Context<'_>) -> bool {
    let ends = record.number("accountExpires").and_then(|ticks| u64::try_from(ticks).ok());
    ends.is_some_and(|ticks| ticks != 0 && ticks <= context.now.file_time())
}
