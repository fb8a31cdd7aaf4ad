//! Who may use a folder, and what is never taken for a new journal.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::process::Command;

use portcullis_journal::{Journal, JournalError};

use crate::given::{accepted, journal, operation};

#[tokio::test]
async fn a_folder_belongs_to_one_process() {
    let (folder, journal) = journal();
    let error = Journal::open(folder.path()).unwrap_err();
    assert!(matches!(error, JournalError::Held { .. }));
    assert!(error.to_string().starts_with("another portcullis holds the journal in "), "{error}");
    let clone = journal.clone();
    drop(journal);
    assert!(Journal::open(folder.path()).is_err(), "a clone still holds it");
    drop(clone);
    Journal::open(folder.path()).unwrap();
}

#[tokio::test]
async fn a_closed_journal_gives_the_folder_back_and_takes_nothing_more() {
    let (folder, journal) = journal();
    let record = accepted(&journal, operation("alice")).await;
    let clone = journal.clone();
    journal.close().await;
    assert!(matches!(clone.accept(operation("bob")).await, Err(JournalError::Closed)));
    assert!(matches!(clone.get(&record.id).await, Err(JournalError::Closed)));
    assert!(!folder.path().join("journal.db-wal").exists());
    Journal::open(folder.path()).unwrap();
}

#[tokio::test]
async fn only_the_owner_can_read_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let journal = Journal::open(&path).unwrap();
    accepted(&journal, operation("alice")).await;
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    let files: Vec<_> = fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn a_journal_that_is_gone_is_not_made_anew() {
    let (folder, journal) = journal();
    accepted(&journal, operation("alice")).await;
    drop(journal);
    fs::remove_file(folder.path().join("journal.db")).unwrap();
    let error = Journal::open(folder.path()).unwrap_err();
    assert!(matches!(error, JournalError::Damaged { .. }));
    assert!(error.to_string().contains("portcullis restore"), "{error}");
    assert!(!folder.path().join("journal.db").exists());
}

#[test]
fn a_log_without_its_database_is_not_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("journal.db-wal"), b"x").unwrap();
    assert!(matches!(Journal::open(folder.path()), Err(JournalError::Damaged { .. })));
}

#[test]
fn another_programs_database_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1);").unwrap();
    drop(other);
    let before = fs::read(&path).unwrap();
    let error = Journal::open(folder.path()).unwrap_err();
    assert!(error.to_string().contains("not a journal of Portcullis"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_newer_schema_is_refused() {
    let (folder, journal) = {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        (folder, journal)
    };
    drop(journal);
    let newer = rusqlite::Connection::open(folder.path().join("journal.db")).unwrap();
    newer.pragma_update(None, "user_version", 2).unwrap();
    drop(newer);
    for error in [Journal::open(folder.path()).unwrap_err(), Journal::read_only(folder.path()).unwrap_err()] {
        assert!(matches!(error, JournalError::Newer { found: 2, known: 1, .. }), "{error}");
    }
}

#[tokio::test]
async fn a_reader_reads_while_the_service_writes_and_after_it_ended() {
    let (folder, journal) = journal();
    let record = accepted(&journal, operation("alice")).await;
    let reader = Journal::read_only(folder.path()).unwrap();
    assert_eq!(reader.get(&record.id).await.unwrap(), Some(record.clone()));
    let later = accepted(&journal, operation("bob")).await;
    assert_eq!(reader.open_operations().await.unwrap(), [record.clone(), later]);
    drop(journal);
    assert_eq!(reader.get(&record.id).await.unwrap(), Some(record.clone()));
    drop(reader);
    assert_eq!(Journal::read_only(folder.path()).unwrap().get(&record.id).await.unwrap(), Some(record));
    Journal::open(folder.path()).unwrap();
}

#[test]
fn nothing_to_read_is_told_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().to_owned(), folder.path().join("absent")] {
        assert!(matches!(Journal::read_only(&path), Err(JournalError::Missing { .. })));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

const FOLDER: &str = "JOURNAL_FOLDER_OF_ANOTHER_USER";
const NOBODY: u32 = 65_534;

/// What [`a_folder_whose_group_is_another_is_the_owners_all_the_same`] runs as another user.
#[tokio::test]
async fn the_owner_of_a_folder_opens_it() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let journal = Journal::open(std::path::Path::new(&folder)).unwrap();
    accepted(&journal, operation("alice")).await;
}

/// As `chown portcullis DIR` leaves it, which gives the group to nobody.
#[test]
fn a_folder_whose_group_is_another_is_the_owners_all_the_same() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("state");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(outer.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    if chown(&folder, Some(NOBODY), None).is_err() {
        eprintln!("skipped: only root gives a folder away");
        return;
    }
    let mut owner = Command::new(std::env::current_exe().unwrap());
    owner.args(["--exact", "folders::the_owner_of_a_folder_opens_it"]).env(FOLDER, &folder);
    let output = owner.current_dir("/").uid(NOBODY).gid(NOBODY).output().unwrap();
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).join("\n");
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    assert_eq!(fs::metadata(folder.join("journal.db")).unwrap().uid(), NOBODY);
}
