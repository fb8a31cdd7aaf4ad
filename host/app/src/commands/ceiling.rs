//! What the commands that look around say of the ceiling: which one it is, whose it is, and whether a service that runs
//! on the state folder holds to another one. Decides nothing.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use http::Method;
use portcullis_model::Fault;
use serde_json::{Value, json};

use super::service::control;
use super::setup::Setup;
use crate::ceiling::{CEILING_FILE, Ceiling};
use crate::service::registry::CeilingState;

/// Something that somebody should look at: words, and what to do.
pub(super) type Warning = (String, String);

/// The ceiling as it lies there.
pub(super) struct Lying {
    /// Its file.
    pub(super) file: PathBuf,
    /// Of its text.
    pub(super) sha256: String,
    /// Whose it is.
    pub(super) owner: String,
    /// The file or the folder that belongs to the very user as whom the service runs.
    pub(super) not_apart: Option<PathBuf>,
}

impl Lying {
    /// Nothing without a ceiling.
    pub(super) fn of(setup: &Setup, ceiling: &Ceiling) -> Option<Self> {
        let owner = ceiling.owner()?;
        Some(Self {
            file: setup.ceiling.clone().unwrap_or_else(|| setup.config.join(CEILING_FILE)),
            sha256: ceiling.digest()?.to_string(),
            owner: owner.name.clone(),
            not_apart: owner.in_hands_of(user_of_the_service(&setup.state)).map(Path::to_owned),
        })
    }

    /// That the service's own user could change it, if so.
    pub(super) fn warning(&self) -> Option<Warning> {
        self.not_apart.as_deref().map(not_apart)
    }

    pub(super) fn json(&self) -> Value {
        json!({ "file": self.file.display().to_string(), "sha256": self.sha256, "owner": self.owner })
    }
}

/// Of a file or a folder that belongs to the user as whom the service runs.
fn not_apart(path: &Path) -> Warning {
    let text = format!(
        "{} belongs to the very user as whom the service runs, who could change the ceiling or put another in its place",
        path.display()
    );
    (text, "give the ceiling and its folders to root (root:root, 0644 and 0755), who is not the service's user".into())
}

/// As whom the service runs: the owner of its state folder; without one, whoever types.
fn user_of_the_service(state: &Path) -> u32 {
    std::fs::metadata(state).map_or_else(|_| rustix::process::geteuid().as_raw(), |folder| folder.uid())
}

/// The ceiling that a service on the state folder holds to; nothing if none runs, or one that does not say.
pub(super) async fn in_force(setup: &Setup) -> Result<Option<CeilingState>, Fault> {
    let answer = control::ask(&setup.state, Method::GET, "/v1/connectors").await?;
    Ok(answer.and_then(|answer| serde_json::from_value(answer.body["ceiling"].clone()).ok()))
}

/// That the service holds to another ceiling than the one that lies there.
pub(super) fn another(state: &CeilingState) -> Option<Warning> {
    let trouble = state.trouble.as_ref()?;
    let former = state.sha256.as_deref().unwrap_or("none");
    let text = format!("the service holds to the former ceiling ({former}) until its next start: {trouble}");
    Some((text, "find out who changed or took away the ceiling, and put a whole one there".into()))
}
