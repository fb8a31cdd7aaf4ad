//! Lines in, alarms out.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod flood;

use portcullis_audit::fact::{Allowed, Asked, Denied, Ended, Located, Omitted};
use portcullis_audit::{About, Fact, Hash, Line};
use portcullis_model::Use;
use proptest::prelude::*;

use super::counted::MOST_SUBJECTS;
use super::*;
use crate::config::{Hours, Per, Rate};

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// 5 January 2026, a Monday, 12:00 UTC.
const NOON: u64 = 1_767_614_400_000;

fn line(at: u64, operation: &str, caller: &str, fact: impl Into<Fact>) -> Line {
    let about =
        About { operation: Some(operation.into()), connector: Some("corp-ad".into()), caller: Some(caller.into()) };
    let at = humantime::format_rfc3339_millis(moment(at)).to_string();
    Line { v: 1, seq: 1, at, prev: Hash::NONE, about, fact: fact.into() }
}

fn asked(account: &str) -> Asked {
    Asked { kind: "reset-password".into(), account: account.into(), plugin: None }
}

fn located(dn: &str) -> Located {
    Located { dn: dn.into(), server: "ldaps://dc1".into() }
}

fn denied() -> Denied {
    let (capability, call) = ("ldap".into(), "modify".into());
    Denied { capability, call, subject: "replace \u{1b}[31mdescription".into(), reason: "r".into(), wanted: None }
}

fn allowed(what: Use) -> Allowed {
    Allowed { capability: "ldap".into(), call: "modify".into(), subject: "s".into(), uses: vec![what] }
}

fn reads(attribute: &str) -> Allowed {
    allowed(Use::Read { attribute: attribute.into() })
}

fn with(settings: Settings, lines: &[Line]) -> Alarms {
    let mut alarms = Alarms::new(settings);
    lines.iter().for_each(|line| alarms.feed(line));
    alarms
}

fn names(alarms: &Alarms) -> Vec<(&'static str, &str, u64)> {
    alarms.open().iter().map(|raised| (raised.kind.name(), &*raised.alarm.subject, raised.alarm.count)).collect()
}

/// A reset of an account: asked for, located, ended.
fn reset(at: u64, operation: usize, account: &str, dn: &str) -> [Line; 3] {
    let operation = format!("op-{operation}");
    let ended = Ended { outcome: "done".into(), fault: None };
    [
        line(at, &operation, "portal", asked(account)),
        line(at + 5, &operation, "portal", located(dn)),
        line(at + 90, &operation, "portal", ended),
    ]
}

#[test]
fn one_denied_call_is_an_alarm_and_a_flood_of_them_is_one_as_well() {
    let mut alarms = Alarms::new(Settings::default());
    for n in 0..500 {
        alarms.feed(&line(NOON + n * 1_000, "op-1", "portal", denied()));
    }
    assert_eq!(names(&alarms), [("denials", "corp-ad", 1)]);
    let told = &alarms.open()[0];
    insta::assert_snapshot!(told.alarm.text, @"1 calls of this connector's plugin were stopped, the last one ldap modify; 1/h are an alarm");
    assert_eq!(told.about.operation.as_deref(), Some("op-1"));
    // The rest is told once the time is over.
    alarms.pass(moment(NOON + HOUR));
    assert_eq!(names(&alarms), [("denials", "corp-ad", 1), ("denials", "corp-ad", 499)]);
    alarms.pass(moment(NOON + 5 * HOUR));
    assert_eq!(names(&alarms).len(), 2, "nothing more happened");
}

#[test]
fn words_of_a_guest_are_in_no_alarm() {
    let alarms = with(Settings::default(), &[line(NOON, "op-1", "portal", denied())]);
    assert!(!format!("{:?}", alarms.open()).contains("31m"), "{:?}", alarms.open());
}

#[test]
fn a_target_is_one_account_by_whatever_name() {
    let names_of = ["alice@corp.example", "CORP\\alice", "Alice@corp.example", "al", "alice.a@corp.example"];
    let resets = |n: usize| -> Vec<Line> {
        (0..n).flat_map(|n| reset(NOON + n as u64 * MINUTE, n, names_of[n], ["CN=Alice", "cn=alice"][n % 2])).collect()
    };
    assert_eq!(names(&with(Settings::default(), &resets(4))), []);
    let alarms = with(Settings::default(), &resets(5));
    assert_eq!(names(&alarms), [("account-resets", "alice.a@corp.example", 5)]);
    insta::assert_snapshot!(alarms.open()[0].alarm.text, @"5 resets of alice.a@corp.example; 5/h are an alarm");
}

#[test]
fn resets_of_different_accounts_or_over_a_longer_time_are_none() {
    let different = (0..40).flat_map(|n| reset(NOON + n as u64, n, "a", &format!("CN={n}"))).collect::<Vec<_>>();
    assert_eq!(names(&with(Settings::default(), &different)), []);
    let slow = (0..40).flat_map(|n| reset(NOON + n as u64 * HOUR / 4, n, "a", "CN=a")).collect::<Vec<_>>();
    assert_eq!(names(&with(Settings::default(), &slow)), []);
}

#[test]
fn one_operation_that_is_tried_again_counts_once() {
    let again = (0..40).flat_map(|n| reset(NOON + n * MINUTE, 7, "alice", "CN=a")).collect::<Vec<_>>();
    let few =
        Settings { caller_resets: Some(Rate { count: 2.try_into().unwrap(), per: Per::Hour }), ..Settings::default() };
    assert_eq!(names(&with(few, &again)), []);
}

#[test]
fn a_caller_counts_over_all_accounts() {
    let many = (0..200).flat_map(|n| reset(NOON + n as u64, n, "a", &format!("CN={n}"))).collect::<Vec<_>>();
    assert_eq!(names(&with(Settings::default(), &many)), [("caller-resets", "portal", 200)]);
}

#[test]
fn outside_of_hours_every_operation_counts() {
    let hours = Hours::parse("Mon-Fri 06:00-22:00", jiff::tz::TimeZone::UTC);
    let settings = || Settings { hours: hours.clone(), ..Settings::default() };
    let status = || Asked { kind: "account-status".into(), account: "a".into(), plugin: None };
    assert_eq!(names(&with(settings(), &[line(NOON, "op-1", "portal", status())])), []);
    let night = NOON + 11 * HOUR;
    let lines = [line(night, "op-1", "portal", status()), line(night + 1, "op-2", "user:eve", status())];
    let alarms = with(settings(), &lines);
    assert_eq!(names(&alarms), [("outside-hours", "portal", 1), ("outside-hours", "user:eve", 1)]);
    insta::assert_snapshot!(alarms.open()[0].alarm.text, @"1 operations asked for by portal outside of Mon-Fri 06:00-22:00, the last one account-status");
}

#[test]
fn what_is_used_for_the_first_time_after_a_week_is_new_and_told_once() {
    let mut alarms = with(Settings::default(), &[line(NOON, "op-1", "p", reads("pwdlastset"))]);
    alarms.feed(&line(NOON + 6 * DAY, "op-2", "p", reads("mail")));
    assert_eq!(names(&alarms), []);
    for n in 0..3 {
        alarms.feed(&line(NOON + 7 * DAY + n, "op-3", "p", reads("mail")));
        alarms.feed(&line(NOON + 7 * DAY + n, "op-3", "p", allowed(Use::SetPassword)));
    }
    assert_eq!(names(&alarms), [("new-use", "[ldap.allow] set-password", 1)]);
    insta::assert_snapshot!(alarms.open()[0].alarm.text, @"this connector never used [ldap.allow] set-password before");
}

#[test]
fn nothing_new_hides_behind_calls_that_are_not_written_down() {
    let lines = [line(NOON, "op-1", "p", reads("mail")), line(NOON + 8 * DAY, "op-2", "p", Omitted { count: 9 })];
    assert_eq!(names(&with(Settings::default(), &lines)), [("new-use", "more calls than are written down", 1)]);
}

#[test]
fn an_alarm_that_is_off_is_not_raised_and_another_one_is() {
    let off = Settings { denials: None, account_resets: None, caller_resets: None, hours: None, new_use: None };
    let mut lines: Vec<Line> = (0..300).flat_map(|n| reset(NOON + n as u64, n, "a", "CN=a")).collect();
    lines.push(line(NOON + 9 * DAY, "op", "p", denied()));
    lines.push(line(NOON + 9 * DAY, "op", "p", reads("mail")));
    lines.push(line(NOON + 19 * DAY, "op", "p", reads("other")));
    assert_eq!(names(&with(off.clone(), &lines)), []);
    let on = Settings { denials: Settings::default().denials, ..off };
    assert_eq!(names(&with(on, &lines)), [("denials", "corp-ad", 1)]);
}

#[test]
fn what_stands_in_the_log_is_not_told_again() {
    let mut alarms = with(Settings::default(), &[line(NOON, "op-1", "portal", denied())]);
    let told = alarms.open()[0].clone();
    let stands = line(told.at, "op-1", "portal", told.alarm);
    alarms.feed(&stands);
    assert_eq!(names(&alarms), []);
    // Also by who sees the alarm and not what gave rise to it.
    let mut later = with(Settings::default(), &[stands]);
    later.feed(&line(NOON + MINUTE, "op-2", "portal", denied()));
    assert_eq!(names(&later), []);
}

#[test]
fn a_clock_that_was_ahead_holds_no_alarm_back() {
    let ahead = NOON + 5_000 * DAY;
    let mut lines = vec![line(ahead, "op-1", "p", denied()), line(ahead, "op-1", "p", reads("mail"))];
    lines.extend((0..3).flat_map(|n| reset(ahead, n, "a", "CN=a")));
    lines.push(line(NOON, "op-2", "p", reads("mail")));
    let mut alarms = with(Settings::default(), &lines);
    alarms.pass(moment(ahead));
    assert_eq!(names(&alarms), [("denials", "corp-ad", 1)]);
    // The clock is right again.
    alarms.feed(&line(NOON, "op-3", "p", denied()));
    (10..15).flat_map(|n| reset(NOON, n, "a", "CN=a")).for_each(|line| alarms.feed(&line));
    alarms.feed(&line(NOON + 8 * DAY, "op-4", "p", allowed(Use::TryBind)));
    let expected = [
        ("denials", "corp-ad", 1),
        ("denials", "corp-ad", 1),
        ("account-resets", "a", 5),
        ("new-use", "[ldap.allow] try-bind", 1),
    ];
    assert_eq!(names(&alarms), expected);
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut alarms = Alarms::new(Settings::default());
    for n in 0..(MOST_SUBJECTS + 50) {
        reset(NOON + n as u64 * 300, n, "a", &format!("CN={n}")).iter().take(2).for_each(|line| alarms.feed(line));
        alarms.feed(&line(NOON, &format!("lost-{n}"), "portal", asked("a")));
    }
    let remembered = alarms.subjects[&Kind::AccountResets].len();
    assert!((MOST_SUBJECTS - 100..=MOST_SUBJECTS).contains(&remembered), "{remembered}");
    assert!(alarms.subjects[&Kind::AccountResets].contains_key(&format!("corp-ad\ncn={}", MOST_SUBJECTS + 49)));
    assert!(!alarms.subjects[&Kind::AccountResets].contains_key("corp-ad\ncn=0"), "the oldest goes");
    assert_eq!(alarms.asked.len(), MOST_ASKED);
}

#[test]
fn old_news_is_left_out() {
    let lines = [line(NOON, "op-1", "p", denied()), line(NOON + 3 * DAY, "op-2", "p", denied())];
    let mut alarms = with(Settings::default(), &lines);
    alarms.forget_older(Duration::from_secs(86_400));
    assert_eq!(alarms.open().len(), 1);
    assert_eq!(alarms.open()[0].at, NOON + 3 * DAY);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever the times are: the first within a window's reach of nothing told is told, and what is told is as many as
    /// happened.
    #[test]
    fn every_denial_is_told_once(times in prop::collection::vec(0..20 * HOUR, 1..60)) {
        let mut alarms = Alarms::new(Settings::default());
        let mut times = times;
        times.sort_unstable();
        for at in &times {
            alarms.feed(&line(NOON + at, "op", "p", denied()));
        }
        alarms.pass(moment(NOON + 100 * HOUR));
        let told: u64 = alarms.open().iter().map(|raised| raised.alarm.count).sum();
        prop_assert_eq!(told, times.len() as u64);
        let starts: Vec<u64> = alarms.open().iter().map(|raised| raised.at).collect();
        prop_assert!(starts.windows(2).all(|pair| pair[1] - pair[0] >= HOUR), "{:?}", starts);
    }

    /// A threshold is reached where so many lie within its time, and nowhere else.
    #[test]
    fn the_first_alarm_is_where_enough_lie_within_the_time(times in prop::collection::vec(0..5 * HOUR, 1..40), count in 1..8_u32) {
        let rate = Rate { count: count.try_into().unwrap(), per: Per::Hour };
        let mut times = times;
        times.sort_unstable();
        let mut alarms = Alarms::new(Settings { denials: Some(rate), ..Settings::default() });
        for at in &times {
            alarms.feed(&line(NOON + at, "op", "p", denied()));
        }
        let need = count as usize;
        let expected = times.windows(need).find(|w| w[need - 1] - w[0] < HOUR).map(|w| NOON + w[need - 1]);
        prop_assert_eq!(alarms.open().first().map(|raised| raised.at), expected);
    }

    /// Kept and read again at any line, it says the same.
    #[test]
    fn what_is_kept_goes_on_as_if_nothing_had_been(times in prop::collection::vec((0..9 * DAY, 0..4_u8), 1..40), cut in 0..40_usize) {
        let lines: Vec<Line> = times.iter().enumerate().flat_map(|(n, (at, what))| match what {
            0 => vec![line(NOON + at, "op", "p", denied())],
            1 => vec![line(NOON + at, "op", "p", reads(["a", "b", "c"][n % 3]))],
            _ => reset(NOON + at, n, "a", "CN=a").to_vec(),
        }).collect();
        let whole = with(Settings::default(), &lines);
        let (before, after) = lines.split_at(cut.min(lines.len()));
        let text = serde_json::to_string(&with(Settings::default(), before)).unwrap();
        let mut again: Alarms = serde_json::from_str(&text).unwrap();
        again.configure(&Settings::default());
        after.iter().for_each(|line| again.feed(line));
        prop_assert_eq!(again, whole);
    }

    #[test]
    fn any_order_of_times_is_survived(times in prop::collection::vec(any::<u64>(), 1..40)) {
        let mut alarms = Alarms::new(Settings::default());
        for (n, at) in times.into_iter().enumerate() {
            let at = at % 253_402_300_799_000;
            alarms.feed(&line(at, "op", "p", denied()));
            reset(at.min(253_402_300_798_000), n, "a", "CN=a").iter().for_each(|line| alarms.feed(line));
            alarms.pass(moment(at));
        }
    }
}
