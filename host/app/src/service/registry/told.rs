//! What became of connectors, for the audit log.
//!
//! Each fact is noted when it happens, and written down with the others soon after. While the log takes nothing they are
//! kept; the next look tells them in their order.

use std::path::Path;
use std::sync::{MutexGuard, PoisonError};

use std::sync::Arc;

use portcullis_audit::fact::{
    CeilingGone, CeilingKept, ConfigurationLoaded, ConnectorRefused, ConnectorStarted, ConnectorSwapped,
    ConnectorWithdrawn,
};
use portcullis_audit::follow::Follow;
use portcullis_audit::{About, AuditError, Entry, Fact};
use portcullis_model::{Fault, Trace};
use portcullis_sandbox::Digest;

use super::reload::{What, lost};
use super::slot::Running;
use super::{Registry, ceiling};
use crate::audit;
use crate::ceiling::{CEILING_FILE, Ceiling};

/// In how many of the log's last files facts are looked for that may have been written.
const FILES: usize = 2;

impl Registry {
    /// Writes down what was noted and is not in the log yet.
    ///
    /// # Errors
    /// The host's fault, if the log takes nothing. Then all of it is kept for the next time.
    pub(in crate::service) async fn tell(&self) -> Result<(), Fault> {
        let Some(me) = self.me.upgrade() else { return Ok(()) };
        // Should nobody wait for it any more, it must not be told twice.
        tokio::spawn(async move { me.tell_all().await }).await.map_err(lost)?
    }

    async fn tell_all(&self) -> Result<(), Fault> {
        let mut failed = self.telling.lock().await;
        let mut entries = self.untold().clone();
        if entries.is_empty() {
            return Ok(());
        }
        if *failed {
            // What failed may stand there all the same, in part or as a whole: only the sync failed.
            let (state, looked_for) = (self.options.state.clone(), entries.clone());
            let there = tokio::task::spawn_blocking(move || written(&state, &looked_for)).await.map_err(lost)?;
            let there = there.map_err(|error| audit::unwritable(&error))?;
            self.untold().drain(..there);
            entries.drain(..there);
        }
        let count = entries.len();
        *failed = true;
        self.audit.append_kept(entries).await.map_err(|error| audit::unwritable(&error))?;
        self.untold().drain(..count);
        *failed = false;
        Ok(())
    }

    fn untold(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_that(&self, connector: Option<&str>, fact: impl Into<Fact>) {
        let about = About { connector: connector.map(str::to_owned), ..About::default() };
        self.untold().push(Entry::now(about, fact));
    }

    /// It began, or took the place of another.
    pub(super) fn began(&self, name: &str, running: &Running, what: &What) {
        let made = &running.connector.plugin;
        let (plugin, file) = (made.digest().to_string(), running.inputs.text.to_string());
        let signer = made.signed().map(|signed| signed.signer.clone());
        match what {
            What::Swapped => self.note_that(Some(name), ConnectorSwapped { plugin, file, signer }),
            _ => self.note_that(Some(name), ConnectorStarted { plugin, file, signer }),
        }
    }

    /// It is not run.
    pub(super) fn refused(&self, name: &str, fault: &Fault) {
        self.note_that(Some(name), ConnectorRefused { fault: fault.code.to_string(), reason: fault.detail.clone() });
    }

    /// Its file is gone.
    pub(super) fn withdrawn(&self, name: &str) {
        self.note_that(Some(name), ConnectorWithdrawn { reason: "its file is gone".into() });
    }

    /// A ceiling is in force from now on.
    pub(super) fn ceiling_loaded(&self, digest: Digest) {
        self.note_that(None, ConfigurationLoaded { file: CEILING_FILE.into(), sha256: digest.to_string() });
    }

    /// There is no ceiling any more.
    pub(super) fn ceiling_gone(&self, gone: CeilingGone) {
        self.note_that(None, gone);
    }

    /// The ceiling that lies there cannot be used, or is gone, and the former one stays in force.
    pub(super) fn ceiling_kept(&self, former: &Ceiling, reason: &str) {
        self.note_that(None, CeilingKept { former: ceiling::word_of(former), reason: reason.to_owned() });
    }

    /// Files of the plugins' cache were found altered.
    pub(super) fn cache_altered(&self) {
        audit::altered(&self.options.sandbox).into_iter().for_each(|altered| self.note_that(None, altered));
    }

    /// Writes down what a plugin's own check asked of the host.
    pub(super) fn checked(&self, connector: &str, trace: &Trace) {
        let about = About { connector: Some(connector.to_owned()), ..About::default() };
        let facts = audit::facts(&Arc::new(about), trace.take_new());
        if !facts.is_empty() {
            self.audit.note(facts);
        }
    }
}

/// How many of the first of these stand in the log.
fn written(state: &Path, entries: &[Entry]) -> Result<usize, AuditError> {
    let mut log = Follow::last_files(state, FILES)?;
    let mut there = 0;
    while let Some(found) = log.next_line()? {
        let told = |line: portcullis_audit::Line| entries.get(there).is_some_and(|entry| line.tells(entry));
        there += usize::from(found.line().is_some_and(told));
    }
    Ok(there)
}

#[cfg(test)]
mod tests {
    use portcullis_audit::AuditLog;

    use super::*;

    #[tokio::test]
    async fn what_was_written_before_something_failed_is_recognised() {
        let state = tempfile::tempdir().unwrap();
        let log = AuditLog::open(state.path()).unwrap();
        let withdrawn = |name: &str| {
            let about = About { connector: Some(name.to_owned()), ..About::default() };
            Entry::now(about, ConnectorWithdrawn { reason: "its file is gone".into() })
        };
        let all = ["a", "b", "b", "c"].map(withdrawn);
        assert_eq!(written(state.path(), &all).unwrap(), 0);
        log.append(all[..2].to_vec()).await.unwrap();
        assert_eq!(written(state.path(), &all).unwrap(), 2, "the second of two that are alike is not there");
        log.append(all[2..].to_vec()).await.unwrap();
        assert_eq!(written(state.path(), &all).unwrap(), 4);
        // The same, at another time.
        assert_eq!(written(state.path(), &[Entry { at: std::time::UNIX_EPOCH, ..all[0].clone() }]).unwrap(), 0);
    }
}
