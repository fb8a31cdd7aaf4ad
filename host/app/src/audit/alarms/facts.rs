//! What each fact means for the alarms.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::SystemTime;

use portcullis_audit::fact::{Alarm, Asked};
use portcullis_audit::{About, Fact, Line};
use portcullis_model::OperationKind;

use super::{Alarms, Kind, MOST_ASKED, Raised, milliseconds};
use crate::ceiling::CEILING_FILE;

impl Alarms {
    /// Takes the next line of the log.
    pub fn feed(&mut self, line: &Line) {
        let Ok(time) = humantime::parse_rfc3339(&line.at) else { return };
        let at = milliseconds(time);
        self.newest = at;
        let about = &line.about;
        let connector = about.connector.clone().unwrap_or_default();
        match &line.fact {
            Fact::Asked(asked) => self.asked(at, time, about, asked),
            Fact::Located(located) => {
                let Some(account) = self.taken(about) else { return };
                let target = format!("{connector}\n{}", located.dn.to_lowercase());
                self.count(Kind::AccountResets, target, account, at, about, number(about));
            }
            Fact::Denied(denied) => {
                // Not what it was about: a guest chose those words.
                let last = format!("{} {}", denied.capability, denied.call);
                self.count(Kind::Denials, connector, last, at, about, None);
            }
            Fact::Allowed(allowed) => {
                for what in &allowed.uses {
                    self.used(at, about, &connector, what.to_string());
                }
            }
            // A plugin must not hide what it never used behind a thousand calls that are written down.
            Fact::Omitted(_) => self.used(at, about, &connector, "more calls than are written down".into()),
            Fact::Ended(_) => drop(self.taken(about)),
            Fact::CeilingGone(gone) => {
                let text = format!("the service runs without a ceiling; the last one that it had was {}", gone.former);
                self.ceiling(at, about, text);
            }
            Fact::CeilingKept(kept) => {
                let text =
                    format!("the former ceiling ({}) is in force until the next start: {}", kept.former, kept.reason);
                self.ceiling(at, about, text);
            }
            Fact::Alarm(alarm) => self.told(at, &connector, about, alarm),
            _ => {}
        }
    }

    fn asked(&mut self, at: u64, time: SystemTime, about: &About, asked: &Asked) {
        let caller = about.caller.clone().unwrap_or_default();
        if self.settings.hours.as_ref().is_some_and(|hours| !hours.hold(time)) {
            self.count(Kind::OutsideHours, caller.clone(), asked.kind.clone(), at, about, number(about));
        }
        if asked.kind == OperationKind::ResetPassword.name() {
            self.count(Kind::CallerResets, caller, String::new(), at, about, number(about));
            let Some(operation) = &about.operation else { return };
            if self.asked.len() >= MOST_ASKED {
                let oldest = self.asked.iter().min_by_key(|(_, (at, _))| *at).map(|(operation, _)| operation.clone());
                oldest.iter().for_each(|operation| drop(self.asked.remove(operation)));
            }
            self.asked.insert(operation.clone(), (at, asked.account.clone()));
        }
    }

    /// The account of a reset that was asked for and is not located yet.
    fn taken(&mut self, about: &About) -> Option<String> {
        self.asked.remove(about.operation.as_ref()?).map(|(_, account)| account)
    }

    fn used(&mut self, at: u64, about: &About, connector: &str, what: String) {
        // Learned also while the alarm is off: who turns it on later knows what was used until then.
        let is_new = self.baseline.used(connector, &what, at, self.settings.new_use.unwrap_or_default());
        if is_new && self.settings.new_use.is_some() {
            let text = format!("this connector never used {what} before");
            let alarm = Alarm { alarm: Kind::NewUse.name().into(), subject: what, text, count: 1 };
            self.open.raise(Raised { at, kind: Kind::NewUse, about: about.clone(), alarm });
        }
    }

    /// Each one is told: no setting turns it off, as who may take the ceiling away may often write the settings, too.
    fn ceiling(&mut self, at: u64, about: &About, text: String) {
        let kind = Kind::CeilingGone;
        let alarm = Alarm { alarm: kind.name().into(), subject: CEILING_FILE.into(), text, count: 1 };
        self.open.raise(Raised { at, kind, about: about.clone(), alarm });
    }

    /// An alarm stands in the log: it is not told again.
    fn told(&mut self, at: u64, connector: &str, about: &About, alarm: &Alarm) {
        let Some(kind) = Kind::named(&alarm.alarm) else { return };
        self.open.told(at, kind, about, alarm);
        let threshold = self.threshold(kind);
        match kind {
            Kind::NewUse => self.baseline.was_told(connector, &alarm.subject),
            // Counted by its target, which the alarm does not name.
            Kind::AccountResets | Kind::CeilingGone | Kind::Unlisted => {}
            _ => {
                if let Some(threshold) = threshold {
                    self.subject(kind, &alarm.subject, at, threshold).window.was_told(at);
                }
            }
        }
    }
}

/// A number that tells operations apart.
fn number(about: &About) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    about.operation.as_ref()?.hash(&mut hasher);
    Some(hasher.finish().max(1))
}
