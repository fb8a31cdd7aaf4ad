//! What stands in a real audit log afterwards, a line for each fact: short enough for a table, and nothing left out by
//! which a reader decides.

use std::sync::atomic::{AtomicUsize, Ordering};

use portcullis_audit::fact::ConnectorRefused;
use portcullis_audit::verify::{Options, verify};
use portcullis_audit::{About, AuditLog, Entry, Fact, read};
use portcullis_model::{Event, Fault};
use tempfile::TempDir;

/// The audit log of one test, in a state folder of its own.
pub(crate) struct Audit {
    state: TempDir,
    log: AuditLog,
    next: AtomicUsize,
}

impl Audit {
    pub(crate) fn open() -> Self {
        let state = tempfile::tempdir().unwrap();
        let log = AuditLog::open(state.path()).unwrap();
        Self { state, log, next: AtomicUsize::new(0) }
    }

    /// The facts of an operation that come after "located", as they are read back.
    pub(crate) async fn of(&self, events: &[Event]) -> Vec<String> {
        self.written(events.iter().cloned().map(Fact::from).collect()).await
    }

    /// The fact of a connector that does not run.
    pub(crate) async fn refused(&self, fault: &Fault) -> Vec<String> {
        let refused = ConnectorRefused { fault: fault.code.to_string(), reason: fault.detail.clone() };
        self.written(vec![refused.into()]).await
    }

    async fn written(&self, facts: Vec<Fact>) -> Vec<String> {
        let number = self.next.fetch_add(1, Ordering::Relaxed).to_string();
        let about = About { operation: Some(number), connector: Some("under-test".to_owned()), caller: None };
        let entries = facts.into_iter().map(|fact| Entry::now(about.clone(), fact)).collect();
        self.log.append(entries).await.unwrap();
        let found = verify(self.state.path(), &Options::default()).unwrap().findings;
        assert!(found.is_empty(), "the audit log is not whole: {found:?}");
        let lines = read(self.state.path()).unwrap().map(Result::unwrap);
        lines.filter(|line| line.about == about).filter_map(|line| shown(line.fact)).collect()
    }
}

fn shown(fact: Fact) -> Option<String> {
    Some(match fact {
        Fact::Asked(_) | Fact::Located(_) => return None,
        Fact::Allowed(it) => format!("allowed {}.{} {}", it.capability, it.call, it.subject),
        Fact::Denied(it) => format!("denied {}.{} {}", it.capability, it.call, it.subject),
        Fact::Written(it) => format!("written {}", it.what.join(", ")),
        Fact::Refused(it) => format!("refused {} {}", it.what.join(", "), it.code),
        Fact::InDoubt(it) => format!("in-doubt {}", it.what.join(", ")),
        Fact::Confirmed(_) => "confirmed".to_owned(),
        Fact::PluginEnded(it) => format!("plugin-ended {}: {}", it.code, it.reason),
        Fact::Omitted(it) => format!("omitted {}", it.count),
        Fact::Ended(it) => format!("ended {} {}", it.outcome, it.fault.unwrap_or_default()).trim_end().to_owned(),
        Fact::ConnectorRefused(it) => format!("connector-refused {}", it.fault),
        other => panic!("no fact of a hostile plugin: {other:?}"),
    })
}
