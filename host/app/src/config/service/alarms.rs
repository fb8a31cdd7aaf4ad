//! `[alarms]`: what is told although it is allowed. Each is on unless the operator writes "off", and that is told too.

use std::time::Duration;

use super::super::check::Check;
use super::super::check::scalars::{MINUTE, Scalar, scalar};
use super::super::file::Text;
use super::check::rate;
use super::data::{Per, Rate};
use super::file;
use super::hours::{Hours, zone};

/// How many there may be within a window: each is remembered until it is over.
const MOST: u32 = 10_000;
const DAY: u64 = 24 * 60 * MINUTE;
const LEARN: Scalar = scalar(&["alarms", "learn"], 7 * DAY, 0..=365 * DAY);

/// `[alarms]`. What is none is off. As many as a rate says within its time are an alarm.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarms {
    /// Calls of one connector's plugin that were stopped.
    pub denials: Option<Rate>,
    /// Resets of one target, by whatever name it was asked for.
    pub account_resets: Option<Rate>,
    /// Resets that one caller asked for.
    pub caller_resets: Option<Rate>,
    /// Operations at any other time are an alarm.
    pub hours: Option<Hours>,
    /// How long after its first operation a connector may use what it never used, before each such use is an alarm.
    pub new_use: Option<Duration>,
}

impl Alarms {
    const DENIALS: Rate = hourly(1);
    const ACCOUNT_RESETS: Rate = hourly(5);
    const CALLER_RESETS: Rate = hourly(200);
}

const fn hourly(count: u32) -> Rate {
    Rate { count: std::num::NonZeroU32::MIN.saturating_add(count - 1), per: Per::Hour }
}

impl Default for Alarms {
    fn default() -> Self {
        Self {
            denials: Some(Self::DENIALS),
            account_resets: Some(Self::ACCOUNT_RESETS),
            caller_resets: Some(Self::CALLER_RESETS),
            hours: None,
            new_use: Some(Duration::from_millis(7 * DAY)),
        }
    }
}

impl Check<'_> {
    pub(super) fn alarms(&mut self, alarms: &file::Alarms) -> Option<Alarms> {
        let denials = self.alarm_rate(alarms.denials.as_ref(), Alarms::DENIALS, "denials");
        let account_resets = self.alarm_rate(alarms.account_resets.as_ref(), Alarms::ACCOUNT_RESETS, "account-resets");
        let caller_resets = self.alarm_rate(alarms.caller_resets.as_ref(), Alarms::CALLER_RESETS, "caller-resets");
        let hours = self.hours(alarms.hours.as_ref(), alarms.time_zone.as_ref());
        let learn = self.duration(alarms.learn.as_ref(), &LEARN);
        let off = alarms.new_use.as_ref().filter(|new_use| !new_use.get_ref());
        if let Some(off) = off {
            self.off(off.span(), "new-use");
        }
        Some(Alarms {
            denials: denials?,
            account_resets: account_resets?,
            caller_resets: caller_resets?,
            hours: hours?,
            new_use: learn.map(|learn| off.is_none().then_some(learn))?,
        })
    }

    fn off(&mut self, at: std::ops::Range<usize>, name: &str) {
        let help = "take the line away to have it again; what happens stands in the audit log in any case";
        self.findings.warning("alarm-off", at, format!("the alarm `{name}` is off"), "off", help);
    }

    fn alarm_rate(&mut self, text: Option<&Text>, default: Rate, name: &str) -> Option<Option<Rate>> {
        let Some(text) = text else { return Some(Some(default)) };
        if text.get_ref() == "off" {
            self.off(text.span(), name);
            return Some(None);
        }
        let read = rate(text.get_ref()).filter(|rate| rate.count.get() <= MOST);
        if read.is_none() {
            let message = format!("`{}` is neither a rate nor \"off\"", text.get_ref().escape_debug());
            let example = self.example(&["alarms", name]);
            let help = format!("write a number from 1 to {MOST} and /s, /m or /h: {example}");
            self.findings.error("bad-rate", text.span(), message, "not a rate", help);
        }
        read.map(Some)
    }

    fn hours(&mut self, hours: Option<&Text>, time_zone: Option<&Text>) -> Option<Option<Hours>> {
        let read = zone(time_zone.map_or("local", |zone| zone.get_ref()));
        if let (None, Some(at)) = (&read, time_zone) {
            let help = "write \"local\", an offset (\"+01:00\") or a name (\"Europe/Berlin\") that this machine knows";
            let message = format!("`{}` is not a time zone", at.get_ref().escape_debug());
            self.findings.error("bad-time-zone", at.span(), message, "not a time zone", help);
        }
        let Some(hours) = hours else {
            if let (Some(at), Some(_)) = (time_zone, &read) {
                let help = format!("add for example: {}", self.example(&["alarms", "hours"]));
                let message = "`time-zone` says nothing without `hours`";
                self.findings.warning("hours-missing", at.span(), message, "of which hours?", help);
            }
            return (read.is_some() || time_zone.is_none()).then_some(None);
        };
        if hours.get_ref() == "off" {
            self.off(hours.span(), "outside-hours");
            return Some(None);
        }
        if read.is_none() && time_zone.is_none() {
            let help = "name one: time-zone = \"+01:00\"";
            let message = "the time zone of this machine cannot be found out";
            self.findings.error("bad-time-zone", hours.span(), message, "hours of which zone?", help);
        }
        let parsed = Hours::parse(hours.get_ref(), read.clone().unwrap_or(jiff::tz::TimeZone::UTC));
        if parsed.is_none() {
            let message = format!("`{}` are not hours", hours.get_ref().escape_debug());
            let help = format!("write days and times, several after commas: {}", self.example(&["alarms", "hours"]));
            self.findings.error("bad-hours", hours.span(), message, "not hours", help);
        }
        read.and(parsed).map(Some)
    }
}
