//! Many commands, one commit: each for itself, all on the disk before the answer, none after a failure.

use std::path::Path;

use portcullis_journal::{Event, JournalError, State};
use rusqlite::Connection;

use crate::given::{accepted, done, journal, later, operation, time};

fn beside(folder: &Path) -> Connection {
    let connection = Connection::open(folder.join("journal.db")).unwrap();
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    connection
}

#[tokio::test]
async fn after_a_failure_the_writer_goes_on() {
    // As a full disk does it: at the commit, or in the middle, where the transaction is gone at once.
    let failures = [
        "CREATE TABLE poison (x REFERENCES operations (seq) DEFERRABLE INITIALLY DEFERRED);
         CREATE TRIGGER fails AFTER INSERT ON operations WHEN NEW.caller = 'poison' BEGIN INSERT INTO poison VALUES (-1); END",
        "CREATE TRIGGER fails AFTER INSERT ON operations WHEN NEW.caller = 'poison'
         BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END",
    ];
    for failure in failures {
        let (folder, journal) = journal();
        beside(folder.path()).execute_batch(failure).unwrap();
        let mut lines = journal.watch();
        let mut poison = operation("mallory");
        poison.caller = "poison".to_owned();
        let error = journal.accept(poison.clone()).await.unwrap_err();
        assert!(matches!(error, JournalError::Storage { .. }), "{error}");
        assert_eq!(journal.get(&poison.id).await.unwrap(), None);
        let record = accepted(&journal, operation("alice")).await;
        assert_eq!(lines.recv().await.unwrap().operation, record.id, "a line that was not committed");
    }
}

#[tokio::test]
async fn what_is_answered_is_in_the_file_already() {
    let (folder, journal) = journal();
    let other = beside(folder.path());
    let mut lines = journal.watch();
    for number in 0..50 {
        let record = accepted(&journal, operation(&format!("user{number}"))).await;
        let state = |id: &str| {
            other.query_row("SELECT state FROM operations WHERE id = ?1", [id], |row| row.get::<_, String>(0)).unwrap()
        };
        assert_eq!(state(record.id.as_str()), "waiting");
        assert_eq!(lines.recv().await.unwrap().operation, record.id);
        journal.record(&record.id, Event::Acting).await.unwrap();
        assert_eq!(state(record.id.as_str()), "acting");
        assert_eq!(lines.recv().await.unwrap().state, State::Acting);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_keep_their_histories_and_their_order() {
    let (_folder, journal) = journal();
    let mut lines = journal.watch();
    let tasks: Vec<_> = (0..32)
        .map(|task| {
            let journal = journal.clone();
            tokio::spawn(async move {
                let mut ids = Vec::new();
                for number in 0..10 {
                    let record = accepted(&journal, operation(&format!("user{task}-{number}"))).await;
                    journal.record(&record.id, Event::Acting).await.unwrap();
                    journal.record(&record.id, done()).await.unwrap();
                    ids.push(record.id);
                }
                ids
            })
        })
        .collect();
    let pruning = journal.clone();
    let pruning = tokio::spawn(async move { pruning.prune(time(0), later()).await.unwrap() });
    for task in tasks {
        for id in task.await.unwrap() {
            let history = journal.history(&id).await.unwrap();
            assert_eq!(history.iter().map(|l| l.event.name()).collect::<Vec<_>>(), ["accepted", "acting", "done"]);
        }
    }
    pruning.await.unwrap();
    let mut last = 0;
    for _ in 0..32 * 10 * 3 {
        let number = lines.recv().await.unwrap().number;
        assert!(number > last, "{number} after {last}");
        last = number;
    }
}

#[tokio::test]
async fn two_who_act_on_one_operation_do_not_both_succeed() {
    let (_folder, journal) = journal();
    let record = accepted(&journal, operation("alice")).await;
    let one = journal.record(&record.id, Event::Acting);
    let other = journal.record(&record.id, Event::Acting);
    let (one, other) = tokio::join!(one, other);
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
}
