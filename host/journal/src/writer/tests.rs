//! One transaction with several commands, without the thread.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

use std::path::PathBuf;
use std::time::SystemTime;

use portcullis_model::{Login, OperationId, OperationKind, ResetOptions};
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::sync::{broadcast, oneshot};

use super::Command;
use super::batch::Batch;
use crate::{Accepted, Entry, JournalError, NewOperation, folder, read, schema};

struct Given {
    _folder: TempDir,
    path: PathBuf,
    connection: Connection,
    watchers: broadcast::Sender<Entry>,
    lines: broadcast::Receiver<Entry>,
}

impl Given {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        folder::create(&path).unwrap();
        schema::fill(&path).unwrap();
        let connection = schema::connect(&path).unwrap();
        let (watchers, lines) = broadcast::channel(100);
        Self { _folder: folder, path, connection, watchers, lines }
    }

    /// Writes everything in one transaction; the answers are there when it returns.
    fn write(&self, news: Vec<NewOperation>) -> Vec<Result<Accepted, JournalError>> {
        let mut batch = Batch::default();
        let mut answers = Vec::new();
        for new in news {
            let (reply, answer) = oneshot::channel();
            batch.add(Command::Accept(Box::new(new), reply));
            answers.push(answer);
        }
        batch.write(&self.connection, &self.path, &self.watchers);
        answers.into_iter().map(|mut answer| answer.try_recv().unwrap()).collect()
    }

    fn holds(&self, id: &OperationId) -> bool {
        let other = schema::connect_to_read(&self.path).unwrap();
        read::by_id(&other, id).unwrap().is_some()
    }
}

fn new(caller: &str) -> NewOperation {
    NewOperation {
        id: OperationId::new().unwrap(),
        caller: caller.to_owned(),
        idempotency: None,
        kind: OperationKind::ResetPassword,
        account: Login::new("alice").unwrap(),
        connector: "corp-ad".to_owned(),
        options: ResetOptions::default(),
        sealed: vec![1; 100],
        envelopes: Vec::new(),
        deadline: SystemTime::now(),
    }
}

#[test]
fn one_that_is_refused_does_not_undo_the_others() {
    let mut given = Given::new();
    // Refused by the database after a part of it was written, the last of them.
    given
        .connection
        .execute_batch(
            "CREATE TRIGGER fails AFTER INSERT ON entries WHEN EXISTS
             (SELECT 1 FROM operations WHERE seq = NEW.operation AND caller = 'mallory')
             BEGIN SELECT RAISE(ABORT, 'no'); END",
        )
        .unwrap();
    let (first, bad, last) = (new("portal"), new("mallory"), new("portal"));
    let same = NewOperation { id: first.id.clone(), ..new("portal") };
    let ids = [&first, &bad, &last].map(|new| new.id.clone());
    let results = given.write(vec![first, same, bad, last]);
    assert!(matches!(results[0], Ok(Accepted::New(_))));
    assert!(matches!(results[1], Err(JournalError::IdUsed(_))));
    assert!(matches!(results[2], Err(JournalError::Storage { .. })));
    assert!(matches!(results[3], Ok(Accepted::New(_))));
    assert_eq!(ids.map(|id| given.holds(&id)), [true, false, true]);
    assert_eq!((given.lines.try_recv().unwrap().number, given.lines.try_recv().unwrap().number), (1, 2));
    assert!(given.lines.try_recv().is_err());
}

/// What makes of an operation of the caller `poison` a transaction that cannot be committed, or is gone at once.
const FAILURES: [&str; 2] = [
    "CREATE TABLE poison (x REFERENCES operations (seq) DEFERRABLE INITIALLY DEFERRED);
     CREATE TRIGGER fails AFTER INSERT ON operations WHEN NEW.caller = 'poison' BEGIN INSERT INTO poison VALUES (-1); END",
    "CREATE TRIGGER fails AFTER INSERT ON operations WHEN NEW.caller = 'poison'
     BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END",
];

#[test]
fn a_failed_commit_fails_everybody_and_tells_nobody() {
    for failure in FAILURES {
        let mut given = Given::new();
        given.connection.execute_batch(failure).unwrap();
        let news = ["portal", "poison", "portal"].map(new);
        let ids = news.clone().map(|new| new.id);
        for result in given.write(news.to_vec()) {
            assert!(matches!(result, Err(JournalError::Storage { .. })), "{result:?}");
        }
        assert!(given.lines.try_recv().is_err(), "a line that was not committed");
        assert_eq!(ids.map(|id| given.holds(&id)), [false; 3]);
        assert!(matches!(given.write(vec![new("portal")])[0], Ok(Accepted::New(_))));
    }
}
