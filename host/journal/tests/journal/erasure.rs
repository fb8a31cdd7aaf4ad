//! A password leaves the disk when it is no longer needed: the database, its log, every file of the folder.

use std::path::Path;
use std::time::{Duration, Instant};

use portcullis_journal::{Event, Journal};
use portcullis_model::OperationId;

use crate::given::{accepted, after, done, files_with, journal, later, operation, refused, time, unknown};

/// The sealed password of `operation` begins with this, and nothing else holds it.
fn canary(id: &OperationId) -> Vec<u8> {
    format!("sealed-{id}").into_bytes()
}

#[tokio::test]
async fn each_final_event_erases_the_password_from_every_file() {
    let ends: [&[Event]; 4] = [
        &[Event::Acting, done()],
        &[Event::Acting, refused()],
        &[Event::Superseded { by: OperationId::parse(&"0".repeat(32)).unwrap() }],
        &[Event::Cancelled { by: "portal".to_owned() }],
    ];
    for events in ends {
        let (folder, journal) = journal();
        let record = accepted(&journal, operation("alice")).await;
        assert!(!files_with(folder.path(), &canary(&record.id)).is_empty(), "the canary can be found at all");
        for event in events {
            journal.record(&record.id, event.clone()).await.unwrap();
        }
        journal.checkpoint().await.unwrap();
        assert_eq!(files_with(folder.path(), &canary(&record.id)), [""; 0], "{}", events[0].name());
    }
}

#[tokio::test]
async fn an_idle_moment_is_enough() {
    let (folder, journal) = journal();
    let record = after(&journal, "alice", &[Event::Acting, done()]).await;
    let began = Instant::now();
    while !files_with(folder.path(), &canary(&record.id)).is_empty() {
        assert!(began.elapsed() < Duration::from_secs(20), "the password is still in a file");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn closing_is_enough() {
    let (folder, journal) = journal();
    let record = after(&journal, "alice", &[Event::Acting, done()]).await;
    drop(journal);
    assert_eq!(files_with(folder.path(), &canary(&record.id)), [""; 0]);
}

/// Passwords of many sizes, erased in an order that has nothing to do with that of their coming, some for a long time
/// not at all: what the database moved inside of it must not be left behind.
#[tokio::test]
async fn nothing_is_left_of_many_erased_in_any_order() {
    let (folder, journal) = journal();
    let mut ids = Vec::new();
    for number in 0..600_usize {
        let mut new = operation(&format!("user{number}"));
        new.sealed = canary(&new.id).repeat(1 + number % 23);
        ids.push(accepted(&journal, new).await.id);
        if number % 3 == 2 {
            let ended = ids.swap_remove((number * 7919) % ids.len());
            end(&journal, &ended).await;
            journal.checkpoint().await.unwrap();
        }
    }
    journal.prune(later(), time(0)).await.unwrap();
    journal.checkpoint().await.unwrap();
    let mut open: Vec<_> = ids.iter().map(|id| id.as_str().to_owned()).collect();
    open.sort_unstable();
    assert!(passwords(folder.path()) == open, "exactly the passwords of open operations are there");
    for id in &ids {
        end(&journal, id).await;
    }
    journal.checkpoint().await.unwrap();
    assert_eq!(passwords(folder.path()), [""; 0], "copies that the database made when it moved rows");
}

/// The operations whose passwords can be found in the database, in use or not.
fn passwords(folder: &Path) -> Vec<String> {
    let bytes = std::fs::read(folder.join("journal.db")).unwrap();
    let mut found: Vec<String> = bytes
        .windows(39)
        .filter(|window| window.starts_with(b"sealed-") && window[7..].iter().all(u8::is_ascii_hexdigit))
        .map(|window| String::from_utf8_lossy(&window[7..]).into_owned())
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Years of operations: the rows of erased passwords go as well, and leave nothing of the ones that are still kept.
#[tokio::test]
async fn erased_rows_are_removed_once_no_password_is_near() {
    let (folder, journal) = journal();
    let mut kept = Vec::new();
    for round in 0..4 {
        let tasks: Vec<_> = (0..2000)
            .map(|number| {
                let journal = journal.clone();
                tokio::spawn(async move {
                    let id = accepted(&journal, operation(&format!("user{number}"))).await.id;
                    if round == 3 && number % 500 == 0 {
                        return Some(id);
                    }
                    end(&journal, &id).await;
                    None
                })
            })
            .collect();
        for task in tasks {
            kept.extend(task.await.unwrap());
        }
    }
    let rows = || {
        let other = rusqlite::Connection::open(folder.path().join("journal.db")).unwrap();
        other.query_row("SELECT COUNT(*) FROM sealed", [], |row| row.get::<_, u32>(0)).unwrap()
    };
    assert_eq!(rows(), 8000);
    for _ in 0..5 {
        journal.prune(later(), time(0)).await.unwrap();
    }
    assert!((3900..4100).contains(&rows()), "{}", rows());
    for id in &kept {
        end(&journal, id).await;
    }
    journal.checkpoint().await.unwrap();
    assert_eq!(passwords(folder.path()), [""; 0]);
}

async fn end(journal: &Journal, id: &OperationId) {
    journal.record(id, Event::Acting).await.unwrap();
    journal.record(id, done()).await.unwrap();
}

#[tokio::test]
async fn the_password_of_an_unknown_one_is_kept_until_it_is_pruned() {
    let (folder, journal) = journal();
    let record = after(&journal, "alice", &[Event::Acting, unknown()]).await;
    let pruned = journal.prune(time(0), time(0)).await.unwrap();
    assert_eq!((pruned.operations, pruned.passwords), (0, 0));
    assert_eq!(journal.sealed(&record.id).await.unwrap(), Some(canary(&record.id)));
    let pruned = journal.prune(time(0), later()).await.unwrap();
    assert_eq!((pruned.operations, pruned.passwords), (0, 1));
    assert_eq!(journal.sealed(&record.id).await.unwrap(), None);
    let left = journal.get(&record.id).await.unwrap().unwrap();
    assert!(!left.has_password);
    journal.checkpoint().await.unwrap();
    assert_eq!(files_with(folder.path(), &canary(&record.id)), [""; 0]);
}

#[tokio::test]
async fn an_open_operation_is_never_pruned() {
    let (_folder, journal) = journal();
    let open = accepted(&journal, operation("alice")).await;
    let in_doubt = after(&journal, "bob", &[Event::Acting, Event::Interrupted]).await;
    let ended = after(&journal, "carol", &[Event::Acting, done()]).await;
    let pruned = journal.prune(later(), later()).await.unwrap();
    assert_eq!((pruned.operations, pruned.passwords), (1, 0));
    assert_eq!(journal.get(&ended.id).await.unwrap(), None);
    assert_eq!(journal.history(&ended.id).await.unwrap(), []);
    assert_eq!(journal.open_operations().await.unwrap(), [open.clone(), in_doubt]);
    assert!(journal.sealed(&open.id).await.unwrap().is_some());
}

#[tokio::test]
async fn more_than_one_step_is_pruned() {
    let (_folder, journal) = journal();
    for number in 0..450 {
        let record = accepted(&journal, operation(&format!("user{number}"))).await;
        journal.record(&record.id, done()).await.unwrap();
    }
    assert_eq!(journal.prune(later(), time(0)).await.unwrap().operations, 450);
    assert!(journal.counts().await.unwrap().values().all(|count| *count == 0));
}
