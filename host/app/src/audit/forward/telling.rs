//! What the operator is told of forwarding: that it fails, that it works again, and what a collector says of lines that it
//! accepted. What lasts is told now and then, not every time.

use std::time::{Duration, Instant};

use portcullis_audit::follow::Found;

use super::way::{Again, Note, Trouble};
use crate::config::Collector;

/// How often what lasts is told.
const TELL_AGAIN: Duration = Duration::from_secs(600);

#[derive(Default)]
pub(super) struct Telling {
    /// When a trouble was told, and what kind of one it was.
    trouble: Option<(Instant, bool)>,
    /// When something that a collector said was told, and what was not told since.
    noted: Option<Instant>,
    untold: Option<Untold>,
}

struct Untold {
    rejected: u64,
    /// The numbers of the lines of the last batch that it was about.
    lines: (u64, u64),
    words: String,
}

impl Telling {
    /// Nothing is sent, for now. `behind` lines wait.
    pub(super) fn failed(&mut self, to: &Collector, trouble: &Trouble, behind: u64) {
        let refused = trouble.again == Again::MuchLater;
        if self.trouble.is_some_and(|(told, kind)| kind == refused && told.elapsed() < TELL_AGAIN) {
            return;
        }
        self.trouble = Some((Instant::now(), refused));
        let why = &trouble.why;
        let then = if refused { "nothing is lost; it is tried again now and then" } else { "what waits is sent later" };
        tracing::warn!(behind, "the audit log is not forwarded to {to}: {why}; {then}");
    }

    /// It failed, and works again.
    pub(super) fn works(&mut self, to: &Collector) {
        self.trouble = None;
        tracing::info!("the audit log is forwarded again to {to}");
    }

    /// The collector said something of lines that it accepted.
    pub(super) fn noted(&mut self, lines: &[Found], note: Note) {
        let seq = |line: Option<&Found>| line.map_or(0, |line| line.position.seq);
        let before = self.untold.take().map_or(0, |untold| untold.rejected);
        let lines = (seq(lines.first()), seq(lines.last()));
        self.untold = Some(Untold { rejected: before + note.rejected, lines, words: note.words });
    }

    /// Tells what collectors said, if it is time, or the last one.
    pub(super) fn tell(&mut self, to: &Collector, last: bool) {
        if !last && self.noted.is_some_and(|told| told.elapsed() < TELL_AGAIN) {
            return;
        }
        let Some(Untold { rejected, lines: (first, to_line), words }) = self.untold.take() else { return };
        self.noted = Some(Instant::now());
        if rejected == 0 {
            tracing::warn!("{to} took lines {first} to {to_line} of the audit log and says: {words}");
        } else {
            tracing::warn!(
                rejected,
                "{to} rejected {rejected} lines of the audit log for good, the last of them among {first} to {to_line}: \
                 {words}; they are not sent again, and stay in the log"
            );
        }
    }
}
