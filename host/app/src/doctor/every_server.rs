//! Step 5: does the new password work on every server of the directory, and after how long?
//!
//! A server is asked for the password only once it shows that it knows the change: a refused sign-in counts toward locking
//! the account, and a domain controller that does not know the password yet asks another one, which proves nothing of
//! itself. After two refusals nobody is asked any more.

#[cfg(test)]
mod tests;

use std::time::Duration;

use futures_util::future::join_all;
use portcullis_directory::{Answer, Control, Directory, Entry, Failure, Scope, Search};

use super::connectivity::{Reached, ms};
use super::step::{Finding, Step, StepName};
use super::test_reset::Done;
use crate::operation::{Looked, PPOLICY, judge};
use crate::show::ExitCode;

/// What changes with a password and is the same on every server. The first one that the service account may read is
/// taken: Active Directory, OpenLDAP, 389 Directory Server, and anything else that keeps times.
const SIGNS: [&str; 5] = ["pwdLastSet", "pwdChangedTime", "pwdUpdateTime", "entryCSN", "modifyTimestamp"];
/// How often a server is looked at.
const PAUSE: Duration = Duration::from_millis(250);
/// How often a server that does not answer is asked.
const ATTEMPTS: u32 = 3;
/// After so many refused sign-ins no other one is tried: three lock an account in many places.
const MOST_REFUSALS: u32 = 2;

pub(super) async fn look(reached: &Reached, done: Option<&Done>, wait: Duration) -> Step {
    let skipped = |why: &str| Step::skipped(StepName::EveryServer, why);
    let servers = match reached {
        Reached::Embedded => return skipped("the directory is in the host's memory: there is one"),
        Reached::Nothing => return skipped("the directory cannot be used: see step 2"),
        Reached::Servers(servers) => servers,
    };
    let Some(done) = done else { return skipped("no password was reset: see step 4") };
    let servers: Vec<_> = servers.iter().map(|server| (&*server.url, server.directory())).collect();
    ask(&servers, done, wait).await
}

/// Each server by its URL; nothing for one that cannot be used.
async fn ask(servers: &[(&str, Option<&dyn Directory>)], done: &Done, wait: Duration) -> Step {
    let sign = sign(servers, done).await;
    let shown = servers.iter().map(|(url, directory)| {
        let sign = sign.as_ref();
        async move {
            match directory {
                Some(_) if *url == done.server => Shown::Here,
                Some(directory) => wait_for(*directory, done, sign, wait).await,
                None => Shown::Never,
            }
        }
    });
    // All at once: a server that is slow does not make the next one look slow.
    let shown = join_all(shown).await;
    let mut step = Step::new(StepName::EveryServer);
    let mut refusals = 0;
    for ((url, directory), shown) in servers.iter().zip(shown) {
        let finding = match directory {
            Some(_) if refusals >= MOST_REFUSALS => {
                Finding::skipped("not tried: another refusal could lock the account")
            }
            Some(directory) => one(*directory, done, &shown, wait, &mut refusals).await,
            None => Finding::failed(
                ExitCode::DirectoryUnreachable,
                "the new password could not be tried: the server cannot be used",
                "mend what step 2 found, and run this again",
            ),
        };
        step.add(finding.at(url));
    }
    step
}

/// An attribute, and its values on the server that took the password.
type Sign = (&'static str, Vec<Vec<u8>>);

/// Whether a server knows of the change.
enum Shown {
    /// It is the one that took it.
    Here,
    /// After this time.
    After(Duration),
    /// Not while anybody waited.
    Never,
    /// There is nothing to tell it by.
    Untold,
}

async fn sign(servers: &[(&str, Option<&dyn Directory>)], done: &Done) -> Option<Sign> {
    let (_, directory) = servers.iter().find(|(url, _)| *url == done.server)?;
    let entry = read((*directory)?, &done.target).await?;
    SIGNS.into_iter().map(|name| (name, entry.values(name).to_vec())).find(|(_, values)| !values.is_empty())
}

async fn read(directory: &dyn Directory, target: &str) -> Option<Entry> {
    let search = Search {
        base: target.to_owned(),
        scope: Scope::Base,
        filter: "(objectClass=*)".to_owned(),
        attributes: SIGNS.map(str::to_owned).to_vec(),
        limit: 1,
    };
    directory.search(&search).await.ok()?.entries.into_iter().next()
}

async fn wait_for(directory: &dyn Directory, done: &Done, sign: Option<&Sign>, wait: Duration) -> Shown {
    let Some((name, values)) = sign else { return Shown::Untold };
    loop {
        let entry = read(directory, &done.target).await;
        let waited = done.at.elapsed();
        if entry.is_some_and(|entry| entry.values(name) == values.as_slice()) {
            return Shown::After(waited);
        }
        if waited >= wait {
            return Shown::Never;
        }
        tokio::time::sleep(PAUSE.min(wait.saturating_sub(waited))).await;
    }
}

async fn one(directory: &dyn Directory, done: &Done, shown: &Shown, wait: Duration, refusals: &mut u32) -> Finding {
    let when = match shown {
        Shown::Here => "this server took it".to_owned(),
        Shown::After(delay) => format!("it was there {} after the reset", ms(*delay)),
        Shown::Never => {
            let text = format!("the change did not arrive within {wait:?}: the new password was not tried");
            let remedy = "look at the replication between the servers, or wait longer with --wait";
            return Finding::failed(ExitCode::OutcomeUnknown, text, remedy);
        }
        Shown::Untold => "when it came cannot be told".to_owned(),
    };
    let answer = match bind(directory, done).await {
        Ok(answer) => answer,
        Err(failure) => {
            let remedy = portcullis_model::FaultCode::DirectoryUnavailable.remedy();
            return Finding::failed(ExitCode::DirectoryUnreachable, failure.to_string(), remedy);
        }
    };
    let finding = match judge(&answer) {
        Looked::Seen(_) if answer.code == 0 => Finding::ok(format!("the new password works; {when}")),
        Looked::Seen(_) => Finding::warning(
            format!("the new password is right, but has expired at once; {when}"),
            "give the service account the right \"Unexpire Password\" on the domain, or look at the account's policy",
        ),
        Looked::Contradicted(why) | Looked::Impossible(why) | Looked::Unreached(why) => {
            *refusals += 1;
            let remedy = "look at the replication between the servers, and whether the account may sign in there";
            Finding::failed(ExitCode::OutcomeUnknown, format!("{why}; {when}"), remedy)
        }
        Looked::Unasked => Finding::skipped("nobody looked"),
    };
    match shown {
        Shown::After(delay) => finding.took("delay-ms", *delay),
        _ => finding,
    }
}

/// A sign-in that was sent is not sent again, whatever came of it.
async fn bind(directory: &dyn Directory, done: &Done) -> Result<Answer, Failure> {
    let control = Control { oid: PPOLICY.to_owned(), critical: false, value: None };
    let mut attempt = 1;
    loop {
        match directory.bind(&done.target, &done.password, std::slice::from_ref(&control)).await {
            Err(Failure::Unavailable(_)) if attempt < ATTEMPTS => {
                attempt += 1;
                tokio::time::sleep(PAUSE).await;
            }
            other => return other,
        }
    }
}
