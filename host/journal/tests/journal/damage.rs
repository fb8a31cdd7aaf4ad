//! A disk that lost, cut or changed something: what opens is a true beginning of the history, or it does not open.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use portcullis_journal::{Entry, Event, Filter, Journal, JournalError, PageRequest};
use tempfile::TempDir;

use crate::given::{after, done, journal, operation, postponed, refused, unknown};

const HEADER: usize = 32;
const FRAME: usize = 24 + 4096;

/// Operations in every state, each event in a commit of its own.
async fn script(journal: &Journal) {
    after(journal, "alice", &[Event::Acting, done()]).await;
    after(journal, "bob", &[postponed(), Event::Acting, Event::Interrupted]).await;
    after(journal, "carol", &[Event::Acting, unknown(), Event::Retried { by: "operator".to_owned() }]).await;
    after(journal, "dave", &[Event::Acting, refused()]).await;
    after(journal, "erin", &[Event::Cancelled { by: "portal".to_owned() }]).await;
    let mut new = operation("frank");
    new.envelopes = vec![[1; 32]];
    new.idempotency = crate::given::key("k", 1);
    crate::given::accepted(journal, new).await;
}

/// The files of a journal as a crash leaves them, and all of its lines. By another process: this one's SQLite holds locks.
async fn crashed(journal: &Journal, folder: &Path) -> (TempDir, Vec<Entry>) {
    let image = tempfile::tempdir().unwrap();
    for name in ["journal.db", "journal.db-wal"] {
        assert!(Command::new("cp").arg(folder.join(name)).arg(image.path()).status().unwrap().success());
    }
    (image, journal.entries_after(0, 10_000).await.unwrap())
}

struct Files {
    database: Vec<u8>,
    log: Vec<u8>,
}

impl Files {
    fn of(image: &Path) -> Self {
        let read = |name| fs::read(image.join(name)).unwrap_or_default();
        Self { database: read("journal.db"), log: read("journal.db-wal") }
    }

    fn lay_out(&self) -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        fs::write(path.join("journal.db"), &self.database).unwrap();
        if !self.log.is_empty() {
            fs::write(path.join("journal.db-wal"), &self.log).unwrap();
        }
        (folder, path)
    }
}

/// How many lines are there, after checking that they are the first ones and explain every state; nothing if the
/// journal says that it is damaged.
async fn honest(files: &Files, all: &[Entry]) -> Option<usize> {
    let (_folder, path) = files.lay_out();
    let read = async {
        let journal = Journal::open(&path)?;
        let lines = journal.entries_after(0, 10_000).await?;
        let page = PageRequest { limit: PageRequest::MAX, cursor: None };
        let records = journal.list(Filter::default(), page).await?.records;
        for record in &records {
            assert!(!journal.history(&record.id).await?.is_empty());
            assert_eq!(journal.get(&record.id).await?.as_ref(), Some(record));
        }
        let open = journal.open_operations().await?;
        assert_eq!(open.len(), records.iter().filter(|r| r.ended_at.is_none()).count());
        Ok::<_, JournalError>((lines, records))
    };
    match read.await {
        Ok((lines, records)) => {
            assert_eq!(lines, all[..lines.len()], "not a beginning of the history");
            let begun = lines.iter().filter(|line| line.event == Event::Accepted).count();
            assert_eq!(records.len(), begun);
            for record in &records {
                let last = lines.iter().rfind(|line| line.operation == record.id).unwrap();
                assert_eq!(record.state, last.state, "a state that its lines do not explain");
            }
            Some(lines.len())
        }
        Err(error) => {
            let damage = matches!(error, JournalError::Damaged { .. } | JournalError::Newer { .. });
            assert!(damage || matches!(error, JournalError::Storage { .. }), "{error}");
            None
        }
    }
}

#[tokio::test]
async fn a_log_cut_anywhere_leaves_a_true_beginning() {
    let (folder, journal) = journal();
    script(&journal).await;
    let (image, all) = crashed(&journal, folder.path()).await;
    let mut files = Files::of(image.path());
    let log = std::mem::take(&mut files.log);
    assert_eq!((log.len() - HEADER) % FRAME, 0);
    let frames = (log.len() - HEADER) / FRAME;
    assert!(frames > 50, "{frames}");
    let mut before = 0;
    for frame in 0..=frames {
        let boundary = HEADER + frame * FRAME;
        for cut in [boundary, boundary + 11, boundary + FRAME / 2] {
            files.log = log[..cut.min(log.len())].to_vec();
            let lines = honest(&files, &all).await;
            let lines = lines.unwrap_or_else(|| panic!("a log cut at {cut} is no damage"));
            assert!(lines >= before, "less is there of a longer log");
            before = lines;
        }
    }
    assert_eq!(before, all.len(), "the whole log holds everything");
}

#[tokio::test]
async fn a_log_that_was_partly_brought_into_the_database_and_then_cut_is_told_or_true() {
    let (folder, journal) = journal();
    script(&journal).await;
    let other = rusqlite::Connection::open(folder.path().join("journal.db")).unwrap();
    other.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
    let (image, all) = crashed(&journal, folder.path()).await;
    let mut files = Files::of(image.path());
    let log = std::mem::take(&mut files.log);
    let (mut whole, mut damaged) = (0, 0);
    for frame in 0..(log.len() - HEADER) / FRAME {
        files.log = log[..HEADER + frame * FRAME + FRAME / 3].to_vec();
        match honest(&files, &all).await {
            Some(_) => whole += 1,
            None => damaged += 1,
        }
    }
    assert!(whole > 0 && damaged > 0, "{whole} {damaged}");
}

#[tokio::test]
async fn a_log_with_changed_bytes_leaves_a_true_beginning() {
    let (folder, journal) = journal();
    script(&journal).await;
    let (image, all) = crashed(&journal, folder.path()).await;
    let files = Files::of(image.path());
    let mut shorter = 0;
    for at in (0..files.log.len()).step_by(files.log.len() / 150) {
        let mut log = files.log.clone();
        log[at] ^= 0x10;
        let lines = honest(&Files { log, database: files.database.clone() }, &all).await;
        shorter += usize::from(lines.is_some_and(|lines| lines < all.len()));
    }
    assert!(shorter > 100, "{shorter}");
}

async fn closed() -> (Files, Vec<Entry>) {
    let (folder, journal) = journal();
    script(&journal).await;
    let all = journal.entries_after(0, 10_000).await.unwrap();
    drop(journal);
    let files = Files::of(folder.path());
    assert!(files.log.is_empty() && honest(&files, &all).await == Some(all.len()));
    (files, all)
}

#[tokio::test]
async fn a_database_that_was_cut_is_told() {
    let (files, all) = closed().await;
    let length = files.database.len();
    for cut in (0..length).step_by(1000).chain([1, 16, 99, 100, 512, 4096, length - 4096, length - 1]) {
        let cut_short = Files { database: files.database[..cut].to_vec(), log: Vec::new() };
        let (_folder, path) = cut_short.lay_out();
        let error = Journal::open(&path).unwrap_err();
        assert!(matches!(error, JournalError::Damaged { .. }), "cut at {cut}: {error}");
        assert_eq!(fs::read(path.join("journal.db")).unwrap(), cut_short.database, "it was left as it was");
    }
    let garbage = Files { database: b"not a database, whatever it is called".repeat(500), log: Vec::new() };
    assert_eq!(honest(&garbage, &all).await, None);
}

#[tokio::test]
async fn a_database_with_changed_bytes_is_told_or_true() {
    let (files, all) = closed().await;
    let mut told = 0;
    // Every byte of the header, and from there in steps that meet every page.
    for at in (0..100).chain((100..files.database.len()).step_by(131)) {
        let mut database = files.database.clone();
        database[at] ^= 1 << (at % 8);
        match honest(&Files { database, log: Vec::new() }, &all).await {
            Some(lines) => assert_eq!(lines, all.len(), "lines are missing after byte {at} changed"),
            None => told += 1,
        }
    }
    assert!(told > 50, "{told}");
}

/// What no check of the database's structure can see.
#[tokio::test]
async fn a_changed_row_is_told() {
    let changes = [
        ("UPDATE operations SET account = 'rob', folded = 'rob' WHERE account = 'bob'", "it is not what was written"),
        (
            "UPDATE operations SET state = 'waiting', ended_at = NULL WHERE account = 'dave'",
            "it is not what was written",
        ),
        ("UPDATE entries SET event = '{\"type\":\"acting\"}' WHERE number = 1", "it is not what was written"),
        ("UPDATE entries SET operation = 2 WHERE number = 1", "its first line, 2, is `acting`"),
        ("DELETE FROM entries WHERE state = 'acting' AND operation = 2", "`interrupted`, cannot follow waiting"),
        (
            "DELETE FROM entries WHERE number = (SELECT MAX(number) FROM entries WHERE operation = 4)",
            "do not lead to refused",
        ),
    ];
    let (files, _) = closed().await;
    for (change, told) in changes {
        let (_folder, path) = files.lay_out();
        let other = rusqlite::Connection::open(path.join("journal.db")).unwrap();
        assert_eq!(other.execute(change, []).unwrap(), 1, "{change}");
        drop(other);
        let error = Journal::open(&path).unwrap_err();
        assert!(matches!(error, JournalError::Damaged { .. }) && error.to_string().contains(told), "{change}: {error}");
    }
}
