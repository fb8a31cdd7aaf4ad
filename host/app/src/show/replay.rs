//! Replays: for people a line for each divergence, for programs one object.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::recording::Recording;
use crate::replay::{self, Divergence, Verdict};

/// One recorded operation that was replayed.
#[derive(Debug)]
pub struct Replayed {
    /// The operation.
    pub recording: Recording,
    /// The file and the line of the recording.
    pub at: String,
    /// The connector's file that was tried.
    pub grants: PathBuf,
    /// The digest of the plugin that was tried.
    pub plugin: String,
    /// What went another way.
    pub divergences: Vec<Divergence>,
}

impl Replayed {
    fn verdict(&self) -> Verdict {
        replay::verdict(&self.divergences)
    }
}

/// What all replays together come to.
#[must_use]
pub fn verdict(replayed: &[Replayed]) -> Verdict {
    replayed.iter().map(Replayed::verdict).max().unwrap_or(Verdict::Same)
}

/// For programs: the result, how many came to which, and each operation with its divergences.
#[must_use]
pub fn replay_json(replayed: &[Replayed]) -> Value {
    let operation = |one: &Replayed| {
        let divergences: Vec<Value> = one.divergences.iter().map(divergence).collect();
        json!({
            "result": one.verdict(),
            "recording": one.at,
            "recorded": one.recording.at,
            "operation": one.recording.operation,
            "kind": one.recording.kind,
            "account": one.recording.asked.account,
            "connector": one.recording.connector,
            "grants": one.grants,
            "plugin": one.plugin,
            "divergences": divergences,
        })
    };
    json!({
        "result": verdict(replayed),
        "counts": {
            "same": count(replayed, Verdict::Same),
            "diverges": count(replayed, Verdict::Diverges),
            "cannot-be-told": count(replayed, Verdict::CannotBeTold),
        },
        "operations": replayed.iter().map(operation).collect::<Vec<_>>(),
    })
}

fn divergence(divergence: &Divergence) -> Value {
    let mut value = json!(divergence);
    value["text"] = divergence.to_string().into();
    value
}

fn count(replayed: &[Replayed], verdict: Verdict) -> usize {
    replayed.iter().filter(|one| one.verdict() == verdict).count()
}

/// For people: each operation that does not go as recorded, with a line for each divergence, and how many do.
#[must_use]
pub fn replay(replayed: &[Replayed]) -> String {
    let mut text = String::new();
    for one in replayed.iter().filter(|one| !one.divergences.is_empty()) {
        let word = match one.verdict() {
            Verdict::Same => "Same",
            Verdict::CannotBeTold => "Cannot be told",
            Verdict::Diverges => "Diverges",
        };
        let Recording { kind, asked, connector, at, .. } = &one.recording;
        // A second is enough for people.
        let at = at.split_once('.').map_or_else(|| at.clone(), |(seconds, _)| format!("{seconds}Z"));
        text += &format!("{word}: {kind} for {} through {connector}, recorded {at}\n", asked.account);
        for divergence in &one.divergences {
            text += &format!("  {:<18} {divergence}\n", divergence.name());
        }
        text += &format!("  {:<18} {}\n", "recording", one.at);
    }
    let count = |verdict| count(replayed, verdict);
    text + &format!(
        "{} replayed: {} as recorded, {} another way, {} cannot be told\n",
        replayed.len(),
        count(Verdict::Same),
        count(Verdict::Diverges),
        count(Verdict::CannotBeTold)
    )
}
