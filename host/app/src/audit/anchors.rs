//! Anchors of the audit log in the service's own log.
//!
//! Whoever may write the state folder can turn the audit log back while no service runs, and nothing in the folder shows it.
//! What the service says goes into the system's journal, which belongs to root: a place of the log that stands there stays
//! there, and `portcullis audit verify --anchor` finds whether its line is still what it was.

use std::time::{Duration, Instant};

use portcullis_audit::{AuditLog, Place};

/// The least time between two anchors.
const LEAST: Duration = Duration::from_secs(3_600);

/// Between two looks at whether something was written.
const LOOK: Duration = Duration::from_secs(60);

/// Tells the last place that is on the disk, in the form that `portcullis audit verify --anchor` takes. The place is the one
/// that this process wrote or went on after, and not what stands in the folder at this moment.
pub fn tell(log: &AuditLog) {
    if let Some(anchor) = log.place() {
        // By the form of this line anchors are found in the journal: see docs/audit-log.md.
        tracing::info!(parent: None, %anchor, "audit anchor");
    }
}

/// Tells one at once, and from then on where something was written since, within a minute and at most once an hour. Does
/// not end.
pub async fn keep(log: AuditLog) {
    let mut told = Told::default();
    loop {
        if told.is_due(log.place(), Instant::now()) {
            tell(&log);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Which anchor was told last, and when.
#[derive(Debug, Default)]
struct Told(Option<(Option<Place>, Instant)>);

impl Told {
    /// Whether this one is to be told now; then it is taken as told.
    fn is_due(&mut self, place: Option<Place>, now: Instant) -> bool {
        let due = self.0.is_none_or(|(told, at)| told != place && now.duration_since(at) >= LEAST);
        if due {
            self.0 = Some((place, now));
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use portcullis_audit::Hash;

    use super::*;

    #[test]
    fn told_at_once_and_then_at_most_once_an_hour_where_something_was_written() {
        let start = Instant::now();
        let mut told = Told::default();
        let mut due = |seq, minute: u64| {
            let place = Place { seq, hash: Hash::of(b"x") };
            told.is_due(Some(place), start + Duration::from_secs(minute * 60))
        };
        assert!(due(1, 0), "at the start");
        let due_at: Vec<u64> = (1..600)
            .filter(|minute| {
                // Something is written in the third minute, in each one of the fifth hour, and never again.
                let seq = match minute {
                    0..=2 => 1,
                    3..=239 => 2,
                    240..=299 => 2 + minute - 239,
                    _ => 62,
                };
                due(seq, *minute)
            })
            .collect();
        assert_eq!(due_at, [60, 240, 300]);
    }
}
