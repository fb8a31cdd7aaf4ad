//! A plugin that cannot read a password and looks at the clock instead. The host searches what a plugin says for the
//! passwords of the operation, and is done sooner where it finds a part of one: so a plugin could try thousands of
//! guesses in one operation, and then the next letter, and the next.

use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use portcullis_connector::ldap::{self, Change, Performer, Value};
use portcullis_connector::{
    Account, Effect, Fault, FaultCode, Password, Passwords, Receipt, ResetOptions, Verdict, export,
};

struct Clock;
export!(Clock: passwords);

impl Passwords for Clock {
    fn reset(_: Account, new: &Password, _: ResetOptions) -> Result<Receipt, Fault> {
        let dn = ldap::target(&[])?.dn;
        let times: Vec<(&str, Duration)> = GUESSES.iter().map(|guess| (*guess, time_of(guess, &dn))).collect();
        if times.iter().any(|(_, time)| Some(*time) != times.first().map(|(_, time)| *time)) {
            let times: String = times.iter().map(|(guess, time)| format!("{}: {time:?}; ", hidden(guess))).collect();
            return Err(Fault::new(FaultCode::Misconfigured, format!("the clock told these apart: {times}")));
        }
        naps()?;
        let changes = [Change::replace("userPassword", [Value::utf8(new)])];
        ldap::modify(&dn, &Performer::Service, &changes, &[])?;
        Ok(Receipt::of(Effect::PasswordSet))
    }

    fn change(_: Account, _: &Password, _: &Password) -> Result<Receipt, Fault> {
        Err(Fault::new(FaultCode::Internal, "not what this is for"))
    }

    fn verify(_: Account, _: &Password) -> Result<Verdict, Fault> {
        Err(Fault::new(FaultCode::Internal, "not what this is for"))
    }
}

/// One of them stands in the password of the test.
const GUESSES: [&str; 8] = ["hunter2", "abc123", "letme1n", "tr0ub4", "pa55wo", "qwert1", "0b1wan", "s3cret"];

/// How long the host takes to refuse an attribute of a name that begins like this: the shortest of some times.
fn time_of(guess: &str, dn: &str) -> Duration {
    let name = guess.to_owned() + &"~".repeat(8_000);
    let once = || {
        let started = Instant::now();
        let _ = ldap::modify(dn, &Performer::Service, &[Change::replace(&name, [])], &[]);
        started.elapsed()
    };
    (0..6).map(|_| once()).min().unwrap_or_default()
}

/// So that a test does not find the password in the words of this plugin.
fn hidden(guess: &str) -> String {
    guess.chars().map(|letter| char::from_u32(u32::from(letter) + 1).unwrap_or(letter)).collect()
}

/// Who sleeps has slept, and a program that waits for a time meets it: the clocks go on by what was asked of them.
fn naps() -> Result<(), Fault> {
    let (started, day) = (Instant::now(), SystemTime::now());
    sleep(Duration::from_secs(3600));
    let slept = started.elapsed() >= Duration::from_secs(3600);
    if !slept || day.elapsed().is_ok_and(|time| time < Duration::from_secs(3600)) {
        return Err(Fault::new(FaultCode::Misconfigured, "the clocks went on without the sleeper"));
    }
    let noon = Instant::now() + Duration::from_millis(20);
    while Instant::now() < noon {}
    Ok(())
}
