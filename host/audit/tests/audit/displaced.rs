//! Files of the log that are renamed, replaced or deleted under a writer: nothing is written where nobody reads it.

use std::fs;
use std::path::{Path, PathBuf};

use portcullis_audit::verify::{Finding, Options, verify};
use portcullis_audit::{AuditError, AuditLog, read};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::given::{fact, folder, lines, segments, verified, written};

/// What somebody does to a file, or to the whole folder.
type Deed = fn(&Path);

fn rename(path: &Path) {
    fs::rename(path, path.with_extension("1")).unwrap();
}

fn delete(path: &Path) {
    fs::remove_file(path).unwrap();
}

/// As an editor saves: another file with the same bytes takes its place.
fn replace(path: &Path) {
    let copy = path.with_extension("copy");
    fs::copy(path, &copy).unwrap();
    fs::rename(&copy, path).unwrap();
}

/// As rotating does with `create`: an empty file of the same name.
fn rotate(path: &Path) {
    rename(path);
    fs::write(path, "").unwrap();
}

fn move_folder(path: &Path) {
    let folder = path.parent().unwrap();
    fs::rename(folder, folder.with_extension("1")).unwrap();
}

fn copy_folder(path: &Path) {
    move_folder(path);
    let folder = path.parent().unwrap();
    fs::create_dir(folder).unwrap();
    for entry in fs::read_dir(folder.with_extension("1")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
    }
}

fn file(state: &Path, name: &str) -> PathBuf {
    state.join("audit").join(name)
}

const FILE: &str = "audit-0000000000000001.jsonl";

#[test]
fn a_writer_notices_at_the_next_line_and_goes_on_refusing() {
    let deeds: [Deed; 6] = [rename, delete, replace, rotate, move_folder, copy_folder];
    for (name, deed) in [FILE, "audit.head", "audit.lock"].into_iter().flat_map(|name| deeds.map(|deed| (name, deed))) {
        let state = folder();
        let log = AuditLog::open(state.path()).unwrap();
        log.append_blocking(vec![fact(1)]).unwrap();
        let held = fs::File::open(file(state.path(), FILE)).unwrap();
        let length = held.metadata().unwrap().len();
        deed(&file(state.path(), name));
        for n in 2..5 {
            let error = log.append_blocking(vec![fact(n)]).unwrap_err();
            assert!(matches!(error, AuditError::Displaced { .. } | AuditError::Damaged { .. }), "{name}: {error:?}");
        }
        assert_eq!(held.metadata().unwrap().len(), length, "{name}: nothing was written where nobody reads");
        log.close();
        assert_eq!(held.metadata().unwrap().len(), length, "{name}: nor at the end");
    }
}

#[test]
fn what_is_put_back_is_written_on() {
    let state = folder();
    let log = AuditLog::open(state.path()).unwrap();
    log.append_blocking(vec![fact(1)]).unwrap();
    let path = file(state.path(), FILE);
    rename(&path);
    let error = log.append_blocking(vec![fact(2)]).unwrap_err().to_string();
    insta::assert_snapshot!(error.replace(state.path().to_str().unwrap(), "STATE"), @"STATE/audit/audit-0000000000000001.jsonl: it is no longer the file that this process opened: it was renamed, replaced or deleted. Put it back as it was, or look with `portcullis audit verify` and start again; nothing else may move or rewrite the files of the log");
    fs::rename(path.with_extension("1"), &path).unwrap();
    log.append_blocking(vec![fact(3)]).unwrap();
    log.close();
    assert!(lines(state.path()).join("\n").contains(r#""fact":"lost","facts":1"#));
    assert!(verified(state.path()).is_whole());
}

/// As archiving goes: another process began a further file, and the finished one is taken away.
#[test]
fn a_finished_file_may_be_taken_away_under_a_writer() {
    let state = folder();
    let log = AuditLog::open(state.path()).unwrap();
    log.append_blocking(vec![fact(1)]).unwrap();
    AuditLog::begin_anew(state.path(), "tested".into(), "tester".into()).unwrap();
    delete(&segments(state.path())[0]);
    log.append_blocking(vec![fact(2)]).unwrap();
    log.close();
    assert!(verified(state.path()).is_whole(), "{:?}", verified(state.path()));
}

#[test]
fn an_idle_writer_tells_of_it_and_that_it_is_over() {
    let state = folder();
    let log = AuditLog::open(state.path()).unwrap();
    log.append_blocking(vec![fact(1)]).unwrap();
    let lately = std::time::Duration::from_secs(5);
    let until = |troubled: bool| {
        let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while log.trouble(lately).is_some() != troubled && std::time::Instant::now() < end {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        assert_eq!(log.trouble(lately).is_some(), troubled);
    };
    until(false);
    let path = file(state.path(), FILE);
    rename(&path);
    until(true);
    fs::rename(path.with_extension("1"), &path).unwrap();
    until(false);
}

#[test]
fn a_pipe_in_the_place_of_a_file_holds_nobody_up() {
    for name in [FILE, "audit.head", "audit.lock"] {
        let state = folder();
        written(state.path(), 2);
        let path = file(state.path(), name);
        delete(&path);
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        assert!(AuditLog::open(state.path()).is_err(), "{name}");
        let found = verify(state.path(), &Options::default()).unwrap().findings;
        match name {
            FILE => assert!(found.contains(&Finding::NotAFile { file: name.into() }), "{found:?}"),
            "audit.head" => assert_eq!(found, [Finding::BadHead { why: "it is not a regular file".into() }]),
            _ => assert_eq!(found, []),
        }
        let text = read(state.path()).unwrap().find_map(Result::err).map(|error| error.to_string());
        assert_eq!(text.is_some(), name == FILE, "{text:?}");
    }
}
