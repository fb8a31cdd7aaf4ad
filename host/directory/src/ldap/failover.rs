//! Which server is asked, and which one next.
//!
//! A read may be asked again, once. A write goes to the next server only while nothing of it was sent.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lber::guard::Answers;
use tokio::time::Instant;

use super::LdapDirectory;
use super::connection::Broken;
use super::pool::{NoConnection, Server};
use super::search::{Reading, read};
use crate::{Connections, Control, Failure, Filter, Found, Search};

/// How long no server is asked after the service account's password was refused: each attempt counts toward a lockout.
const REFUSED_FOR: Duration = Duration::from_secs(30);

/// The servers of a directory, in the operator's order.
pub(super) struct Servers {
    all: Vec<Server>,
    /// The service account was refused: until when that is taken for granted, and the words.
    refused: Mutex<Option<(Instant, String)>>,
}

/// What happened at each server, for the operator.
#[derive(Default)]
pub(super) struct Tried(Vec<String>);

impl Tried {
    pub(super) fn note(&mut self, server: &Server, what: impl std::fmt::Display) {
        self.0.push(format!("{}: {what}", server.url()));
    }

    pub(super) fn into_failure(self) -> Failure {
        Failure::Unavailable(format!("no directory server could be used: {}", self.0.join("; ")))
    }
}

impl Servers {
    pub(super) fn new(all: Vec<Server>) -> Self {
        Self { all, refused: Mutex::new(None) }
    }

    pub(super) fn connections(&self) -> Vec<Connections> {
        self.all.iter().map(Server::pooled).collect()
    }

    /// The servers to be asked: first those that are not held off. With a password, protected ones alone.
    pub(super) fn candidates(&self, password: bool) -> Result<(Vec<&Server>, Tried), Failure> {
        let mut tried = Tried::default();
        let (usable, open): (Vec<_>, Vec<_>) = self.all.iter().partition(|s| !password || s.target.is_protected());
        if usable.is_empty() {
            let url = open.first().map_or_else(String::new, |server| server.url().to_owned());
            return Err(Failure::Unprotected(url));
        }
        for server in open {
            tried.note(server, "not protected by TLS or a local socket: no password is sent over it");
        }
        let (held, mut candidates): (Vec<_>, Vec<_>) = usable.into_iter().partition(|server| server.is_held_off());
        candidates.extend(held);
        Ok((candidates, tried))
    }

    /// Fails at once if the service account was refused a moment ago.
    pub(super) fn service_account(&self) -> Result<(), Failure> {
        match &*self.refused.lock().unwrap_or_else(PoisonError::into_inner) {
            Some((until, words)) if Instant::now() < *until => Err(Failure::ServiceAccount(words.clone())),
            _ => Ok(()),
        }
    }

    /// Takes note of a server that gave no connection.
    ///
    /// # Errors
    /// If the next server would not give one either.
    pub(super) fn without(&self, server: &Server, why: &NoConnection, tried: &mut Tried) -> Result<(), Failure> {
        match why {
            NoConnection::Busy(_) => {}
            NoConnection::Unusable(text) => server.hold_off(text),
            NoConnection::Credentials(text) => {
                let words = format!(
                    "{}: {text}: correct its name or its password; no server is asked again within {REFUSED_FOR:?}",
                    server.url()
                );
                let until = Instant::now() + REFUSED_FOR;
                *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some((until, words.clone()));
                return Err(Failure::ServiceAccount(words));
            }
        }
        tried.note(server, why);
        Ok(())
    }
}

impl LdapDirectory {
    pub(super) async fn read(&self, search: &Search, controls: &[Control]) -> Result<Found, Failure> {
        // The library's parser has no limit of its own.
        if let Err(bad) = Filter::parse(&search.filter) {
            return Err(Failure::Unavailable(format!("nothing was sent: the filter {} is none: {bad}", search.filter)));
        }
        self.servers.service_account()?;
        let (candidates, mut tried) = self.servers.candidates(self.settings.bind.is_some())?;
        let limit = self.settings.request_timeout;
        let time_limit = i32::try_from(limit.as_secs().saturating_add(1)).unwrap_or(i32::MAX);
        let (mut next, mut again) = (0, false);
        while let Some(server) = candidates.get(next) {
            let mut lease = match server.lease().await {
                Ok(lease) => lease,
                Err(why) => {
                    self.servers.without(server, &why, &mut tried)?;
                    next += 1;
                    continue;
                }
            };
            let broken = match lease
                .exchange(limit, Answers::SEARCH, |ldap| {
                    read(ldap, search, controls, time_limit, (server.url(), self.service_password()))
                })
                .await
            {
                Ok(Reading::Complete(found)) => {
                    lease.give_back();
                    return Ok(found);
                }
                Ok(Reading::Stopped(found)) => return Ok(found),
                Ok(Reading::Nonsense(what)) => return Err(Failure::Nonsense(format!("{}: {what}", server.url()))),
                Err(Broken::Unreadable(what)) => return Err(Failure::Nonsense(format!("{}: {what}", server.url()))),
                Err(broken) => broken,
            };
            tried.note(server, &broken);
            server.forget_idle();
            if let Broken::TimedOut(_) = broken {
                server.hold_off(&broken.to_string());
                // A server that is slow is asked again only if there is no other one.
                next += usize::from(next + 1 < candidates.len());
            }
            if again {
                break;
            }
            again = true;
        }
        Err(tried.into_failure())
    }
}
