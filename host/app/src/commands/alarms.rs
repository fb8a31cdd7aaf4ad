//! `portcullis alarms`: the alarms of the audit log, those that a service told and those that none was there to tell.
//! Its exit code is made for monitoring. Writes nothing.

use std::time::{Duration, SystemTime};

use clap::Args;
use portcullis_audit::{AuditError, Fact, Line, follow::Follow};
use serde_json::{Value, json};

use super::setup::{Setup, complain};
use crate::audit::{alarms, unwritable};
use crate::config;
use crate::show::{self, ExitCode};

#[derive(Debug, Args)]
pub(super) struct Alarms {
    /// How far to look back.
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = humantime::parse_duration)]
    since: Duration,
}

/// An alarm, as it stands in the log or would.
struct Shown {
    line: Line,
    alarm: portcullis_audit::fact::Alarm,
    /// Whether it stands in the log.
    told: bool,
}

impl Alarms {
    pub(super) fn run(&self, setup: &Setup) -> ExitCode {
        let service = match config::load_service(&setup.config) {
            Ok(service) => service,
            Err(problems) => return setup.problems(problems),
        };
        for warning in service.warnings.iter().filter(|warning| warning.name() == "alarm-off") {
            complain(&format!("portcullis.toml: {warning}\n"));
        }
        // A check that looks at nothing must not say that all is well.
        if !setup.state.join(portcullis_audit::FOLDER).is_dir() {
            return setup.fault(&unwritable(&AuditError::NoLog { state: setup.state.clone() }));
        }
        let now = SystemTime::now();
        let since = now.checked_sub(self.since).unwrap_or(SystemTime::UNIX_EPOCH);
        let mut all = match found(setup, service.alarms, since, now) {
            Ok(all) => all,
            Err(error) => return setup.fault(&unwritable(&error)),
        };
        all.sort_by(|one, other| one.line.at.cmp(&other.line.at));
        if setup.json {
            let all: Vec<Value> = all.iter().map(Shown::json).collect();
            setup.print(&show::to_text(&json!({ "alarms": all })));
        } else if all.is_empty() {
            setup.print("No alarms.\n");
        } else {
            setup.print(&all.iter().map(Shown::words).collect::<String>());
        }
        if all.is_empty() { ExitCode::Done } else { ExitCode::AuditFindings }
    }
}

/// Those that stand in the log since then, and those that would if a service had looked.
fn found(
    setup: &Setup,
    settings: config::Alarms,
    since: SystemTime,
    now: SystemTime,
) -> Result<Vec<Shown>, AuditError> {
    let mut all = Vec::new();
    let mut lines = Follow::since(&setup.state, since)?;
    while let Some(found) = lines.next_line()? {
        let Some(line) = found.line() else { continue };
        if let Fact::Alarm(alarm) = &line.fact
            && humantime::parse_rfc3339(&line.at).is_ok_and(|at| at >= since)
        {
            all.push(Shown { alarm: alarm.clone(), line, told: true });
        }
    }
    let mut kept = alarms::resume(&setup.state, settings)?;
    kept.catch_up()?;
    kept.alarms.pass(now);
    for raised in kept.alarms.open() {
        let entry = raised.entry();
        if entry.at >= since {
            let at = humantime::format_rfc3339_millis(entry.at).to_string();
            let (about, fact) = (entry.about, entry.fact);
            let line =
                Line { v: portcullis_audit::VERSION, seq: 0, at, prev: portcullis_audit::Hash::NONE, about, fact };
            all.push(Shown { line, alarm: raised.alarm.clone(), told: false });
        }
    }
    Ok(all)
}

impl Shown {
    fn json(&self) -> Value {
        let (about, alarm) = (&self.line.about, &self.alarm);
        json!({
            "at": self.line.at, "alarm": alarm.alarm, "subject": alarm.subject, "count": alarm.count,
            "text": alarm.text, "connector": about.connector, "caller": about.caller, "operation": about.operation,
            "told": self.told,
        })
    }

    fn words(&self) -> String {
        let (about, alarm) = (&self.line.about, &self.alarm);
        let named = [("connector", &about.connector), ("caller", &about.caller), ("operation", &about.operation)];
        let named = named.into_iter().filter_map(|(what, name)| Some(format!("  {what} {}", name.as_ref()?)));
        let untold = if self.told { "" } else { "  (no service has told it yet)" };
        let (at, kind, text) = (&self.line.at, &alarm.alarm, &alarm.text);
        format!("{at}  {kind}{}{untold}\n    {text}\n", named.collect::<String>())
    }
}
