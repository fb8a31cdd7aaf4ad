use governor::clock::FakeRelativeClock;

use super::*;
use crate::config::{CallerConfig, See, ServiceLimits};

impl<C: Clock + Clone> Rates<C> {
    /// One request as the service takes it.
    fn check(&self, caller: &Caller, account: &Login) -> Result<(), TooMany> {
        self.asks(caller).and_then(|()| self.about(caller, account))
    }
}

fn rate(count: u32, per: Per) -> Rate {
    Rate { count: NonZeroU32::new(count).unwrap(), per }
}

fn section(name: &str, rate: Rate) -> CallerConfig {
    CallerConfig {
        name: name.to_owned(),
        tokens: Vec::new(),
        certificate: None,
        uid: None,
        operations: Vec::new(),
        accounts: Vec::new(),
        except: Vec::new(),
        exclude: None,
        connectors: None,
        rate,
        see: See::Own,
        manage: false,
    }
}

struct Service {
    rates: Rates<FakeRelativeClock>,
    clock: FakeRelativeClock,
    a: Caller,
    b: Caller,
}

/// Two callers with a rate each, and a rate for accounts.
fn service(a: Rate, b: Rate, account: Rate) -> Service {
    let (a, b) = (section("a", a), section("b", b));
    let clock = FakeRelativeClock::default();
    let limits = ServiceLimits { account_rate: account };
    let config = ServiceConfig { callers: vec![a.clone(), b.clone()], limits, ..ServiceConfig::default() };
    Service { rates: Rates::with_clock(&config, clock.clone()), clock, a: Caller::new(&a), b: Caller::new(&b) }
}

impl Service {
    fn ask(&self, caller: &Caller, account: &str) -> Result<(), (Whose, u64)> {
        let asked = self.rates.check(caller, &Login::new(account).unwrap());
        asked.map_err(|too_many| (too_many.whose, too_many.retry_after.as_secs()))
    }
}

#[test]
fn a_caller_that_asks_too_often_waits_and_others_do_not() {
    let s = service(rate(3, Per::Minute), rate(3, Per::Minute), rate(100, Per::Hour));
    for account in ["1", "2", "3"] {
        assert_eq!(s.ask(&s.a, account), Ok(()));
    }
    assert_eq!(s.ask(&s.a, "4"), Err((Whose::Caller, 20)));
    assert_eq!(s.ask(&s.b, "4"), Ok(()));
    s.clock.advance(Duration::from_secs(19));
    assert_eq!(s.ask(&s.a, "4"), Err((Whose::Caller, 1)));
    s.clock.advance(Duration::from_secs(1));
    assert_eq!(s.ask(&s.a, "4"), Ok(()));
}

#[test]
fn an_account_is_one_in_all_spellings_and_for_all_callers() {
    let s = service(rate(100, Per::Second), rate(100, Per::Second), rate(3, Per::Hour));
    for (caller, account) in [(&s.a, "jose@corp"), (&s.b, "JOSE@corp"), (&s.a, "josé@corp ")] {
        assert_eq!(s.ask(caller, account), Ok(()));
    }
    assert_eq!(s.ask(&s.b, "ＪＯＳＥ@corp"), Err((Whose::Account, 1_200)));
    assert_eq!(s.ask(&s.a, "bob@corp"), Ok(()));
    s.clock.advance(Duration::from_secs(1_200));
    assert_eq!(s.ask(&s.b, "jose@corp"), Ok(()));
}

#[test]
fn a_caller_that_waits_uses_nothing_of_an_account_up() {
    let s = service(rate(1, Per::Hour), rate(100, Per::Second), rate(2, Per::Hour));
    assert_eq!(s.ask(&s.a, "jose"), Ok(()));
    for _ in 0..10 {
        assert!(matches!(s.ask(&s.a, "jose"), Err((Whose::Caller, _))));
    }
    assert_eq!(s.ask(&s.b, "jose"), Ok(()));
}

#[test]
fn what_an_account_refuses_costs_the_caller_one() {
    let s = service(rate(4, Per::Minute), rate(100, Per::Second), rate(1, Per::Hour));
    assert_eq!(s.ask(&s.b, "jose"), Ok(()));
    assert!(matches!(s.ask(&s.a, "jose"), Err((Whose::Account, _))));
    for account in ["1", "2", "3"] {
        assert_eq!(s.ask(&s.a, account), Ok(()));
    }
    assert!(matches!(s.ask(&s.a, "4"), Err((Whose::Caller, _))));
}

#[test]
fn the_operator_never_waits_and_a_caller_of_another_configuration_always() {
    let s = service(rate(1, Per::Hour), rate(1, Per::Hour), rate(1, Per::Hour));
    for _ in 0..10 {
        assert_eq!(s.ask(&Caller::operator(), "jose"), Ok(()));
    }
    assert_eq!(s.ask(&Caller::new(&section("c", Rate::CALLER)), "jose"), Err((Whose::Caller, 1)));
}

#[test]
fn who_guesses_is_barred_for_a_while() {
    let s = service(Rate::CALLER, Rate::CALLER, Rate::ACCOUNT);
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    let guesser = address("192.0.2.1");
    for _ in 0..STRANGER.get() {
        assert_eq!(s.rates.barred(guesser), Ok(()));
        assert_eq!(s.rates.stranger(guesser), Ok(()));
    }
    let too_many = TooMany { retry_after: Duration::from_secs(2), whose: Whose::Address };
    assert_eq!(s.rates.stranger(guesser), Err(too_many));
    assert_eq!(s.rates.barred(guesser), Err(too_many));
    assert_eq!(s.rates.barred(address("::ffff:192.0.2.1")), Err(too_many), "the same address in another form");
    assert_eq!(s.rates.barred(address("192.0.2.2")), Ok(()));
    s.clock.advance(Duration::from_secs(2));
    assert_eq!(s.rates.barred(guesser), Ok(()));
}

#[test]
fn the_addresses_of_one_network_of_version_6_are_one() {
    let s = service(Rate::CALLER, Rate::CALLER, Rate::ACCOUNT);
    let refused = (0..1_000_u128).filter(|host| {
        let address = Ipv6Addr::from_bits(0x2001_0db8 << 96 | host);
        s.rates.stranger(address.into()).is_err()
    });
    assert_eq!(refused.count(), 1_000 - STRANGER.get() as usize);
    assert_eq!(s.rates.stranger("2001:db8:0:1::1".parse().unwrap()), Ok(()));
}

#[test]
fn what_is_over_is_forgotten() {
    let s = service(rate(1_000_000, Per::Second), Rate::CALLER, rate(1, Per::Minute));
    for round in 0..5 {
        for n in 0..2_000_u32 {
            let address = IpAddr::from((n + (203 << 24)).to_be_bytes());
            assert_eq!(s.ask(&s.a, &format!("{round}-{n}")), Ok(()));
            assert_eq!(s.rates.stranger(address), Ok(()));
        }
        s.clock.advance(Duration::from_secs(3_600));
    }
    let kept = (s.rates.accounts.len(), s.rates.strangers.len());
    assert!(kept.0 <= 4_000 && kept.1 <= 2_000, "{kept:?} of 10,000");
}

#[test]
fn the_fault_says_how_long_to_wait_and_not_about_whom() {
    let fault = Fault::from(TooMany { retry_after: Duration::from_secs(20), whose: Whose::Account });
    assert_eq!((fault.code, fault.limit), (FaultCode::TooManyRequests, Some(20)));
    assert_eq!(fault.detail, "the rate of the account is used up for 20 more seconds");
}
