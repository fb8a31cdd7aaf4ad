//! How often anybody may ask: each caller, each account, and each address from which nobody known has come.
//!
//! The limits are in memory alone: they begin anew with the process, and what they remember is bounded by what may
//! happen within an hour.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock, Reference as _};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{NotUntil, Quota, RateLimiter};
use portcullis_model::{Fault, FaultCode, Login};

use super::{Caller, folded};
use crate::config::{Per, Rate, ServiceConfig};

/// How many wrong credentials an address may show in a minute before it has to wait.
const STRANGER: NonZeroU32 = NonZeroU32::MIN.saturating_add(29);
/// After how many questions what is not needed any more is forgotten, at the earliest.
const SWEEP: usize = 1_024;

type Direct<C> = RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<<C as Clock>::Instant>>;
type Keyed<K, C> = RateLimiter<K, DashMapStateStore<K>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// The limits of one configuration.
pub struct Rates<C: Clock = DefaultClock> {
    clock: C,
    callers: HashMap<String, Direct<C>>,
    accounts: Keyed<String, C>,
    strangers: Keyed<IpAddr, C>,
    /// Addresses that showed too many wrong credentials, and until when they wait.
    barred: Mutex<HashMap<IpAddr, C::Instant>>,
    asked: AtomicUsize,
}

/// Asked too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the rate of the {whose} is used up for {} more seconds", .retry_after.as_secs())]
pub struct TooMany {
    /// How long to wait; whole seconds, at least one (RFC 9110 section 10.2.3 knows no fractions).
    pub retry_after: Duration,
    /// Which limit it is.
    pub whose: Whose,
}

/// Whose limit it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// `rate` of the caller.
    Caller,
    /// `account-rate`: all callers together asked too often about the account.
    Account,
    /// The address showed too many wrong credentials.
    Address,
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Caller => "caller",
            Self::Account => "account",
            Self::Address => "address",
        })
    }
}

impl From<TooMany> for Fault {
    fn from(too_many: TooMany) -> Self {
        let seconds = u32::try_from(too_many.retry_after.as_secs()).unwrap_or(u32::MAX);
        Self::new(FaultCode::TooManyRequests, too_many.to_string()).with_limit(Some(seconds))
    }
}

impl Rates {
    /// The limits of a configuration, unused.
    #[must_use]
    pub fn new(config: &ServiceConfig) -> Self {
        Self::with_clock(config, DefaultClock::default())
    }
}

impl<C: Clock + Clone> Rates<C> {
    /// The same by another clock.
    fn with_clock(config: &ServiceConfig, clock: C) -> Self {
        let caller = |rate| RateLimiter::direct_with_clock(quota(rate), clock.clone());
        Self {
            callers: config.callers.iter().map(|section| (section.name.clone(), caller(section.rate))).collect(),
            accounts: RateLimiter::dashmap_with_clock(quota(config.limits.account_rate), clock.clone()),
            strangers: RateLimiter::dashmap_with_clock(Quota::per_minute(STRANGER), clock.clone()),
            barred: Mutex::default(),
            asked: AtomicUsize::new(0),
            clock,
        }
    }

    /// Takes one request of a caller, whatever comes of it. The operator is never asked to wait.
    ///
    /// # Errors
    /// [`TooMany`], and nothing is to be done.
    pub fn asks(&self, caller: &Caller) -> Result<(), TooMany> {
        if caller.is_operator() {
            return Ok(());
        }
        self.sweep();
        match self.callers.get(&caller.name) {
            Some(limiter) => limiter.check().map_err(|until| self.too_many(&until, Whose::Caller)),
            // A caller of a configuration that is not this one any more.
            None => Err(TooMany { retry_after: Duration::from_secs(1), whose: Whose::Caller }),
        }
    }

    /// Takes one request about an account, which the caller may make; all spellings of an account are one (see
    /// [`folded`]). Asked last: what is refused for another reason uses nothing of the account's up, which others need.
    ///
    /// # Errors
    /// [`TooMany`], and nothing is to be done.
    pub fn about(&self, caller: &Caller, account: &Login) -> Result<(), TooMany> {
        if caller.is_operator() {
            return Ok(());
        }
        self.accounts.check_key(&folded(account)).map_err(|until| self.too_many(&until, Whose::Account))
    }

    /// Takes one request of an address that showed no credential or a wrong one. Not to be asked for who is known.
    ///
    /// # Errors
    /// [`TooMany`]: from now on, and until the time that it says, the address is [barred](Rates::barred).
    pub fn stranger(&self, address: IpAddr) -> Result<(), TooMany> {
        self.sweep();
        let address = network(address);
        self.strangers.check_key(&address).map_err(|until| {
            let mut barred = self.barred.lock().unwrap_or_else(PoisonError::into_inner);
            barred.insert(address, until.earliest_possible());
            self.too_many(&until, Whose::Address)
        })
    }

    /// Whether an address has to wait before a credential of it is looked at. To be asked before: if only wrong
    /// credentials were refused, a right one could still be guessed at any speed.
    ///
    /// # Errors
    /// [`TooMany`] for as long as it has to wait. Who shares an address with one who guesses waits too.
    pub fn barred(&self, address: IpAddr) -> Result<(), TooMany> {
        let barred = self.barred.lock().unwrap_or_else(PoisonError::into_inner);
        let until = barred.get(&network(address)).copied();
        drop(barred);
        let now = self.clock.now();
        match until.filter(|until| *until > now) {
            Some(until) => Err(too_many(until.duration_since(now).into(), Whose::Address)),
            None => Ok(()),
        }
    }

    fn too_many(&self, until: &NotUntil<C::Instant>, whose: Whose) -> TooMany {
        too_many(until.wait_time_from(self.clock.now()), whose)
    }

    /// Forgets what is as good as never seen. Now and then, and the rarer the more there is: so it costs each request
    /// the same.
    fn sweep(&self) {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        if asked < SWEEP || asked < self.accounts.len() + self.strangers.len() {
            return;
        }
        self.asked.store(0, Ordering::Relaxed);
        self.accounts.retain_recent();
        self.accounts.shrink_to_fit();
        self.strangers.retain_recent();
        self.strangers.shrink_to_fit();
        let now = self.clock.now();
        let mut barred = self.barred.lock().unwrap_or_else(PoisonError::into_inner);
        barred.retain(|_, until| *until > now);
        barred.shrink_to_fit();
    }
}

impl<C: Clock> fmt::Debug for Rates<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rates").field("callers", &self.callers.len()).finish_non_exhaustive()
    }
}

fn quota(rate: Rate) -> Quota {
    match rate.per {
        Per::Second => Quota::per_second(rate.count),
        Per::Minute => Quota::per_minute(rate.count),
        Per::Hour => Quota::per_hour(rate.count),
    }
}

fn too_many(wait: Duration, whose: Whose) -> TooMany {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    TooMany { retry_after: Duration::from_secs(seconds.max(1)), whose }
}

/// Whoever has one address of version 6 has 2^64 of them (RFC 6177).
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests;
