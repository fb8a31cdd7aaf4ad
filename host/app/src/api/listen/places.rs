//! How many connections there may be: in all, and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts connections. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Places {
    inner: Arc<Mutex<Taken>>,
    most: usize,
    most_from_one: usize,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    from: HashMap<IpAddr, usize>,
}

/// One connection's place; given back on drop.
#[derive(Debug)]
pub(super) struct Place {
    inner: Arc<Mutex<Taken>>,
    from: Option<IpAddr>,
}

impl Places {
    pub(super) fn new(most: usize, most_from_one: usize) -> Self {
        Self { inner: Arc::default(), most, most_from_one }
    }

    /// A place for a connection, or nothing if all are taken.
    pub(super) fn take(&self, address: Option<IpAddr>) -> Option<Place> {
        let from = address.map(network).filter(|address| !address.is_loopback());
        let mut taken = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= self.most {
            return None;
        }
        if let Some(from) = from {
            let count = taken.from.entry(from).or_default();
            if *count >= self.most_from_one {
                return None;
            }
            *count += 1;
        }
        taken.all += 1;
        Some(Place { inner: self.inner.clone(), from })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        if let Some(from) = self.from
            && let Some(count) = taken.from.get_mut(&from)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.from.remove(&from);
            }
        }
    }
}

/// One customer of the net: an IPv4 address, or the /64 of an IPv6 address, which is given out whole.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if !v6.is_loopback() => {
            let [a, b, c, d, ..] = v6.segments();
            std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_all_and_no_more_than_one_addresss_share() {
        let places = Places::new(3, 2);
        let address = |text: &str| Some(text.parse().unwrap());
        let mut held: Vec<_> = (0..2).map(|_| places.take(address("192.0.2.1")).unwrap()).collect();
        assert!(places.take(address("192.0.2.1")).is_none(), "one address has its share");
        assert!(places.take(address("::ffff:192.0.2.1")).is_none(), "the same address in another form");
        held.push(places.take(address("192.0.2.2")).unwrap());
        assert!(places.take(address("192.0.2.3")).is_none(), "all places are taken");
        held.remove(0);
        assert!(places.take(address("192.0.2.1")).is_some(), "a place that was given back");
    }

    #[test]
    fn an_ipv6_network_is_one_address_and_loopback_is_none() {
        let places = Places::new(10, 1);
        let address = |text: &str| Some(text.parse().unwrap());
        let _first = places.take(address("2001:db8::1")).unwrap();
        assert!(places.take(address("2001:db8::ffff:2")).is_none());
        assert!(places.take(address("2001:db8:0:1::1")).is_some());
        let _many: Vec<_> = (0..3).map(|_| places.take(address("127.0.0.1")).unwrap()).collect();
        let _more: Vec<_> = (0..3).map(|_| places.take(None).unwrap()).collect();
    }
}
