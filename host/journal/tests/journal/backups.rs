//! Making a backup, and putting it back.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use portcullis_journal::{Event, Journal, JournalError, State, restore};

use crate::given::{accepted, after, done, journal, operation, postponed, unknown};

#[tokio::test]
async fn a_backup_is_one_whole_file_of_its_owner() {
    let (folder, journal) = journal();
    let record = accepted(&journal, operation("alice")).await;
    let to = folder.path().join("backup.db");
    journal.backup(&to).await.unwrap();
    assert_eq!(fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!folder.path().join("backup.db-wal").exists());
    let elsewhere = tempfile::tempdir().unwrap();
    let restored = restore(&to, elsewhere.path()).unwrap();
    assert_eq!((restored.operations, restored.in_doubt, restored.kept), (1, 1, None));
    let other = Journal::open(elsewhere.path()).unwrap();
    assert_eq!(other.get(&record.id).await.unwrap().unwrap().account, record.account);
    assert!(other.sealed(&record.id).await.unwrap().is_some());
}

#[tokio::test]
async fn a_backup_never_overwrites() {
    let (folder, journal) = journal();
    let to = folder.path().join("backup.db");
    fs::write(&to, b"precious").unwrap();
    let error = journal.backup(&to).await.unwrap_err();
    assert!(matches!(error, JournalError::Exists { .. }), "{error}");
    assert_eq!(fs::read(&to).unwrap(), b"precious");
}

#[tokio::test]
async fn a_reader_makes_a_backup_while_the_service_writes() {
    let (folder, journal) = journal();
    let to = tempfile::tempdir().unwrap();
    let mut expected = 0;
    let reader = Journal::read_only(folder.path()).unwrap();
    for round in 0..5 {
        for number in 0..10 {
            after(&journal, &format!("user{number}"), &[Event::Acting, done()]).await;
        }
        expected += 10;
        let file = to.path().join(round.to_string());
        let events = [Event::Acting, done()];
        let (backup, _) = tokio::join!(reader.backup(&file), after(&journal, "meanwhile", &events));
        backup.unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let restored = restore(&file, elsewhere.path()).unwrap();
        assert!(restored.operations >= expected, "{restored:?}");
        expected += 1;
    }
}

#[tokio::test]
async fn what_was_open_in_a_backup_is_in_doubt_and_never_delivered_by_itself() {
    let (folder, journal) = journal();
    let waiting = after(&journal, "alice", &[postponed()]).await;
    let acting = after(&journal, "bob", &[Event::Acting]).await;
    let in_doubt = after(&journal, "carol", &[Event::Acting, Event::Interrupted]).await;
    let unknown = after(&journal, "dave", &[Event::Acting, unknown()]).await;
    let ended = after(&journal, "erin", &[Event::Acting, done()]).await;
    let to = folder.path().join("backup.db");
    journal.backup(&to).await.unwrap();
    // After the backup life goes on.
    journal.record(&waiting.id, Event::Acting).await.unwrap();
    journal.record(&waiting.id, done()).await.unwrap();
    let newer = accepted(&journal, operation("frank")).await;
    let last = journal.history(&newer.id).await.unwrap()[0].number;
    drop(journal);

    let restored = restore(&to, folder.path()).unwrap();
    assert_eq!((restored.operations, restored.in_doubt), (5, 3));
    let journal = Journal::open(folder.path()).unwrap();
    for id in [&waiting.id, &acting.id, &in_doubt.id] {
        let record = journal.get(id).await.unwrap().unwrap();
        assert_eq!((record.state, record.has_password), (State::InDoubt, true));
        assert!(journal.record(id, Event::Acting).await.is_err(), "acted on what may be done already");
        assert_eq!(journal.history(id).await.unwrap().last().unwrap().event, Event::Restored);
    }
    for record in [&unknown, &ended] {
        assert_eq!(journal.get(&record.id).await.unwrap().as_ref(), Some(record));
    }
    // Numbers that were given out before are not given out again.
    assert!(journal.entries_after(last, 10).await.unwrap().iter().all(|line| line.event == Event::Restored));
    assert!(accepted(&journal, operation("gina")).await.seq > newer.seq);

    // The journal that was there is beside it, whole.
    let kept = restored.kept.unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    assert_eq!(restore(&kept, elsewhere.path()).unwrap().operations, 6);
}

#[tokio::test]
async fn nothing_is_restored_under_a_running_service() {
    let (folder, journal) = journal();
    let record = accepted(&journal, operation("alice")).await;
    let to = folder.path().join("backup.db");
    journal.backup(&to).await.unwrap();
    let error = restore(&to, folder.path()).unwrap_err();
    assert!(matches!(error, JournalError::Held { .. }), "{error}");
    assert_eq!(journal.get(&record.id).await.unwrap(), Some(record));
}

#[tokio::test]
async fn a_bad_backup_leaves_the_journal_as_it_is() {
    let (folder, journal) = journal();
    let record = accepted(&journal, operation("alice")).await;
    let good = folder.path().join("good.db");
    journal.backup(&good).await.unwrap();
    drop(journal);
    let whole = fs::read(&good).unwrap();
    let mut flipped = whole.clone();
    let middle = whole.windows(6).rposition(|window| window == b"portal").unwrap();
    flipped[middle] ^= 1;
    let bad = folder.path().join("bad.db");
    for bytes in [Vec::new(), b"garbage".repeat(2000), whole[..whole.len() / 2].to_vec(), flipped] {
        fs::write(&bad, &bytes).unwrap();
        let error = restore(&bad, folder.path()).unwrap_err();
        assert!(matches!(&error, JournalError::Damaged { path, .. } if *path == bad), "{error}");
    }
    let absent = folder.path().join("absent.db");
    assert!(matches!(restore(&absent, folder.path()), Err(JournalError::Io { .. })));
    assert!(!folder.path().join("journal.db.new").exists());
    let journal = Journal::open(folder.path()).unwrap();
    assert_eq!(journal.get(&record.id).await.unwrap(), Some(record));
}

#[tokio::test]
async fn a_backup_takes_the_place_of_a_damaged_or_missing_journal() {
    let (folder, journal) = journal();
    let record = accepted(&journal, operation("alice")).await;
    let to = folder.path().join("backup.db");
    journal.backup(&to).await.unwrap();
    drop(journal);
    let path = folder.path().join("journal.db");
    fs::write(&path, b"garbage").unwrap();
    assert!(matches!(Journal::open(folder.path()), Err(JournalError::Damaged { .. })));
    let kept = restore(&to, folder.path()).unwrap().kept.unwrap();
    assert_eq!(fs::read(kept).unwrap(), b"garbage");
    assert!(Journal::open(folder.path()).unwrap().get(&record.id).await.unwrap().is_some());
    fs::remove_file(&path).unwrap();
    assert_eq!(restore(&to, folder.path()).unwrap().kept, None);
    assert!(Journal::open(folder.path()).unwrap().get(&record.id).await.unwrap().is_some());
}
