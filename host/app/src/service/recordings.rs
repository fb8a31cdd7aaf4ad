//! Recordings that an operator asked for while the service runs. They go to whoever asked, through a channel of a few
//! places, and are kept nowhere: a reader that is slow loses some and is told how many, and never holds an operation up.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use portcullis_audit::fact::Recorded;
use portcullis_audit::{About, AuditLog, Entry};
use portcullis_model::{Fault, FaultCode, Operation};
use tokio::sync::mpsc;

use crate::connector::Connector;
use crate::operation::{Around, Report, perform_within};
use crate::recording::{Recording, perform_recorded, to_line};

/// How many recordings wait for a reader at most; each is at most 1 MiB.
const WAITING: usize = 8;

/// How many readers there are at most.
const READERS: usize = 4;

/// Who wants recordings. There is nobody until an operator asks, and then nothing is recorded for others.
#[derive(Debug, Default)]
pub(crate) struct Recordings(Mutex<Vec<Reader>>);

#[derive(Debug)]
struct Reader {
    connector: String,
    lines: mpsc::Sender<String>,
    lost: Arc<AtomicU64>,
}

/// The recordings of one connector, as long as it is held.
#[derive(Debug)]
pub struct Listening {
    lines: mpsc::Receiver<String>,
    lost: Arc<AtomicU64>,
    given: u64,
    audit: Option<(AuditLog, About)>,
}

impl Listening {
    /// With the audit log, which is told when this ends.
    pub(crate) fn tell(&mut self, audit: AuditLog, about: About) {
        self.audit = Some((audit, about));
    }

    /// The next recording, as a line.
    pub async fn next(&mut self) -> Option<String> {
        let line = self.lines.recv().await;
        self.given += u64::from(line.is_some());
        line
    }

    /// How many were lost since the last time that somebody asked.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some((audit, about)) = self.audit.take() {
            let ended = Recorded { what: "ended".to_owned(), operations: self.given };
            audit.note(vec![Entry::now(about, ended)]);
        }
    }
}

impl Recordings {
    /// Begins to record what a connector does.
    ///
    /// # Errors
    /// [`FaultCode::Busy`] if there are too many readers already.
    pub(crate) fn listen(&self, connector: &str) -> Result<Listening, Fault> {
        let (sender, lines) = mpsc::channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        let mut readers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        readers.retain(|reader| !reader.lines.is_closed());
        if readers.len() >= READERS {
            return Err(Fault::new(FaultCode::Busy, format!("{READERS} recordings run already")));
        }
        readers.push(Reader { connector: connector.to_owned(), lines: sender, lost: Arc::clone(&lost) });
        Ok(Listening { lines, lost, given: 0, audit: None })
    }

    /// Does one operation, and records it if somebody asked.
    pub(crate) async fn perform(&self, connector: &Connector, operation: &Operation, around: Around) -> Report {
        if !self.wanted(&connector.file.name) {
            return perform_within(connector, operation, around).await;
        }
        let (report, recording) = perform_recorded(connector, operation, around).await;
        self.give(&connector.file.name, recording.as_ref());
        report
    }

    fn wanted(&self, connector: &str) -> bool {
        let mut readers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        readers.retain(|reader| !reader.lines.is_closed());
        readers.iter().any(|reader| reader.connector == connector)
    }

    /// What does not fit is lost, and counted.
    fn give(&self, connector: &str, recording: Option<&Recording>) {
        let line = recording.and_then(to_line);
        let readers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for reader in readers.iter().filter(|reader| reader.connector == connector) {
            let given = line.clone().is_some_and(|line| reader.lines.try_send(line).is_ok());
            if !given {
                reader.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn give(recordings: &Recordings, times: usize) {
        // Nothing that was recorded counts as lost, like one for which there is no room.
        (0..times).for_each(|_| recordings.give("corp", None));
    }

    #[tokio::test]
    async fn nobody_asked_so_nothing_is_recorded_and_a_reader_that_left_wants_nothing() {
        let recordings = Recordings::default();
        assert!(!recordings.wanted("corp"));
        let listening = recordings.listen("corp").unwrap();
        assert!(recordings.wanted("corp") && !recordings.wanted("lab"));
        drop(listening);
        assert!(!recordings.wanted("corp"));
    }

    #[tokio::test]
    async fn a_slow_reader_loses_and_is_told_how_many() {
        let recordings = Recordings::default();
        let mut listening = recordings.listen("corp").unwrap();
        let reader = recordings.0.lock().unwrap()[0].lines.clone();
        for n in 0..WAITING {
            reader.try_send(n.to_string()).unwrap();
        }
        assert!(reader.try_send("one more".into()).is_err(), "memory is bounded");
        give(&recordings, 3);
        assert_eq!((listening.lost(), listening.lost()), (3, 0));
        assert_eq!(listening.next().await.as_deref(), Some("0"));
    }

    #[tokio::test]
    async fn readers_are_few() {
        let recordings = Recordings::default();
        let all: Vec<_> = (0..READERS).map(|_| recordings.listen("corp").unwrap()).collect();
        assert_eq!(recordings.listen("corp").unwrap_err().code, FaultCode::Busy);
        drop(all);
        assert!(recordings.listen("corp").is_ok());
    }
}
