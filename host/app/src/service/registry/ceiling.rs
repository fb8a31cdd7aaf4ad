//! The ceiling as the service holds it, for those who ask, and whether it had one before.
//!
//! Taking the ceiling away must not go unseen: the audit log says of each start which ceiling was in force, and a start
//! without one looks there whether there was one. Nothing here decides what may run.

use std::path::Path;
use std::time::SystemTime;

use portcullis_audit::fact::{CeilingGone, ConfigurationLoaded, Started};
use portcullis_audit::follow::Follow;
use portcullis_audit::{AuditError, Fact};
use serde::{Deserialize, Serialize};

use super::Registry;
use super::state::moment;
use crate::ceiling::{CEILING_FILE, Ceiling};

/// What [`Started`] says where there is no ceiling.
pub(crate) const NO_CEILING: &str = "none";

/// The ceiling that is in force in a service. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CeilingState {
    /// The SHA-256 of its text; none where there is no ceiling.
    pub sha256: Option<String>,
    /// Since when it is in force.
    #[serde(with = "moment")]
    pub since: SystemTime,
    /// Why another one is not: what is wrong with the file that lies there, or that it is gone.
    pub trouble: Option<String>,
}

impl CeilingState {
    /// How it is, for metrics.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match (&self.trouble, &self.sha256) {
            (Some(_), _) => "former",
            (None, Some(_)) => "in-force",
            (None, None) => "none",
        }
    }
}

/// Every [`CeilingState::word`].
pub(crate) const WORDS: [&str; 3] = ["in-force", "former", "none"];

impl Registry {
    /// The ceiling that is in force.
    #[must_use]
    pub fn ceiling(&self) -> CeilingState {
        self.limits().ceiling_state()
    }

    /// Says at a start what nobody should miss: that an earlier start had a ceiling and this one has none, or that this
    /// very process could change its ceiling.
    pub(super) async fn judge_the_ceiling(&self) {
        if self.ceiling().sha256.is_some() {
            let mine = self.limits().ceiling_in_hands_of(rustix::process::geteuid().as_raw());
            if let Some(path) = mine {
                let path = path.display();
                tracing::warn!("{path} belongs to the user as whom the service runs: the ceiling holds nobody back");
            }
            return;
        }
        let state = self.options.state.clone();
        match tokio::task::spawn_blocking(move || former(&state)).await {
            Ok(Ok(Some(former))) => {
                tracing::warn!(former, "there is no ceiling any more: an earlier start had one");
                self.ceiling_gone(CeilingGone { former });
            }
            Ok(Ok(None)) => tracing::info!("there is no ceiling: each connector's file alone decides what it may do"),
            Ok(Err(error)) => tracing::warn!("there is no ceiling; whether there was one cannot be read: {error}"),
            Err(error) => tracing::warn!("there is no ceiling; whether there was one was not looked up: {error}"),
        }
    }
}

/// What a start says of its ceiling.
#[must_use]
pub(crate) fn word_of(ceiling: &Ceiling) -> String {
    ceiling.digest().map_or_else(|| NO_CEILING.to_owned(), |digest| digest.to_string())
}

/// The ceiling that was in force when the service ran last, by the newest line of the log that tells of one. Reads the
/// newest files only, as each start tells of it.
fn former(state: &Path) -> Result<Option<String>, AuditError> {
    let (mut files, mut before) = (1, None);
    loop {
        let mut log = Follow::last_files(state, files)?;
        let begins = log.position();
        if before == Some(begins) {
            return Ok(None);
        }
        let mut last = None;
        while let Some(found) = log.next_line()? {
            // Few lines are worth parsing.
            if found.text.windows(7).any(|part| part == b"ceiling") {
                last = found.line().and_then(|line| tells(line.fact)).or(last);
            }
        }
        if let Some(last) = last {
            return Ok(Some(last).filter(|last| last != NO_CEILING));
        }
        before = Some(begins);
        files *= 2;
    }
}

/// Which ceiling was in force after a fact; nothing if it does not tell.
fn tells(fact: Fact) -> Option<String> {
    match fact {
        Fact::Started(Started { ceiling, .. }) => ceiling,
        Fact::ConfigurationLoaded(ConfigurationLoaded { file, sha256 }) if file == CEILING_FILE => Some(sha256),
        Fact::CeilingKept(kept) => Some(kept.former),
        Fact::CeilingGone(_) => Some(NO_CEILING.to_owned()),
        _ => None,
    }
}
