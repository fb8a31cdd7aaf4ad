//! The audit log alone: the facts of operations, written as the service writes those of a reset.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use portcullis_audit::fact::Reached;
use portcullis_audit::{About, AuditLog, Entry};
use portcullis_model::{Event, OperationId, OperationKind, Use, UsedValue};

use super::world::World;
use crate::Result;
use crate::stats::processor_time;

/// How many facts an operation has.
pub(super) const FACTS: usize = 9;

/// An audit log without a service.
pub(super) struct Log(AuditLog);

impl Log {
    pub(super) fn open(world: &World) -> Result<Self> {
        Ok(Self(AuditLog::open(&world.path("audited"))?))
    }

    /// Operations in a second, and microseconds of processor time of one.
    pub(super) async fn operations(&self, at_once: usize, time: Duration) -> Result<(f64, f64)> {
        let (start, before) = (Instant::now(), processor_time()?);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..at_once {
            let log = self.0.clone();
            tasks.spawn(async move {
                let mut count = 0.0;
                while start.elapsed() < time {
                    one(&log).await?;
                    count += 1.0;
                }
                Result::Ok(count)
            });
        }
        let mut count = 0.0;
        while let Some(ended) = tasks.join_next().await {
            count += ended??;
        }
        Ok((count / start.elapsed().as_secs_f64(), (processor_time()? - before) * 1e6 / count))
    }

    pub(super) fn close(&self) {
        self.0.close();
    }
}

/// What is written before the first effect, what is synced before anybody is told, and what is said of the end.
async fn one(log: &AuditLog) -> Result {
    let about = Arc::new(About {
        operation: Some(OperationId::new()?.to_string()),
        connector: Some("c0".to_owned()),
        caller: Some("bench".to_owned()),
    });
    let facts = |events: Vec<Event>| -> Vec<Entry> {
        let entry = |event: Event| Entry { at: SystemTime::now(), about: Arc::clone(&about), fact: event.into() };
        events.into_iter().map(entry).collect()
    };
    log.write(facts(before_effect())).await?;
    log.append(facts(after_effect())).await?;
    let reached = Reached { state: "done".to_owned(), by: "done".to_owned(), fault: None, who: None };
    log.note(vec![Entry::now(Arc::clone(&about), reached)]);
    Ok(())
}

const SERVER: &str = "embedded:c0";

fn before_effect() -> Vec<Event> {
    let allowed =
        |call, subject: &str, uses| Event::Allowed { capability: "ldap", call, subject: subject.into(), uses };
    let password = Use::Write { attribute: "userpassword".into(), value: UsedValue::Password };
    let control = Use::Control { oid: "1.3.6.1.4.1.42.2.27.8.5.1".into() };
    vec![
        Event::Asked {
            operation: OperationKind::ResetPassword,
            account: "p1@c0.example".into(),
            connector: "c0".into(),
            plugin: "0".repeat(64),
        },
        Event::Located { dn: "uid=p1,ou=people,dc=people,dc=example".into(), server: SERVER.into() },
        allowed("root-dse", "vendorname", Vec::new()),
        allowed("target", "(no attributes)", Vec::new()),
        allowed("modify", "replace userPassword with a password", vec![password, control]),
    ]
}

fn after_effect() -> Vec<Event> {
    vec![
        Event::Written { what: vec!["userPassword".into()], server: SERVER.into(), password: true },
        Event::Confirmed { how: format!("one bind as the account on {SERVER}") },
        Event::Ended { outcome: "done", fault: None },
    ]
}
