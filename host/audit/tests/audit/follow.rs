//! Following a log: over files, while it grows, after a crash, and where it is no longer what it was.

use std::fs;
use std::io::Write as _;
use std::time::{Duration, SystemTime};

use portcullis_audit::AuditLog;
use portcullis_audit::follow::{Follow, Position};

use super::given::{fact, folder, lines, segments, written};

fn all(follow: &mut Follow) -> Vec<String> {
    let mut all = Vec::new();
    while let Some(found) = follow.next_line().unwrap() {
        all.push(String::from_utf8(found.text).unwrap());
    }
    all
}

#[test]
fn each_line_comes_once_and_those_that_come_later_as_well() {
    let state = folder();
    let mut follow = Follow::from_start(state.path());
    assert_eq!(all(&mut follow), [""; 0], "there is no log yet");
    let log = AuditLog::open(state.path()).unwrap();
    let mut got = all(&mut follow);
    for n in 0..20 {
        log.append_blocking(vec![fact(n)]).unwrap();
        got.extend(all(&mut follow));
    }
    assert_eq!(got, lines(state.path()));
}

#[test]
fn it_goes_on_behind_any_line() {
    let state = folder();
    written(state.path(), 6);
    let expected = lines(state.path());
    let mut follow = Follow::from_start(state.path());
    for at in 1..=expected.len() {
        let found = follow.next_line().unwrap().unwrap();
        assert_eq!(found.seq, Some(at as u64));
        let mut again = Follow::after(state.path(), found.position).unwrap();
        assert_eq!(all(&mut again), expected[at..]);
    }
    assert!(follow.next_line().unwrap().is_none());
}

#[test]
fn it_goes_from_file_to_file() {
    let state = folder();
    written(state.path(), 6);
    let expected = lines(state.path());
    // The same lines in three files.
    let first = segments(state.path()).remove(0);
    let text: Vec<String> = expected.iter().map(|line| format!("{line}\n")).collect();
    fs::write(&first, text[..3].concat()).unwrap();
    for (from, to) in [(3, 5), (5, text.len())] {
        let name = format!("audit-{:016}.jsonl", from + 1);
        fs::write(first.with_file_name(name), text[from..to].concat()).unwrap();
    }
    assert_eq!(all(&mut Follow::from_start(state.path())), expected);
    assert_eq!(all(&mut Follow::last_files(state.path(), 2).unwrap()), expected[3..]);
    let now = SystemTime::now();
    assert_eq!(all(&mut Follow::since(state.path(), now).unwrap()), expected, "all of it is younger than an hour");
    let later = now + Duration::from_secs(7_200);
    assert_eq!(all(&mut Follow::since(state.path(), later).unwrap()), expected[5..]);
    // The oldest was archived meanwhile.
    let mut follow = Follow::from_start(state.path());
    let found = follow.next_line().unwrap().unwrap();
    fs::remove_file(&first).unwrap();
    assert!(Follow::after(state.path(), found.position).is_err());
    assert_eq!(all(&mut Follow::file_of(state.path(), found.position)), expected[3..]);
}

#[test]
fn a_line_that_is_not_whole_yet_is_read_once_it_is_whole() {
    let state = folder();
    written(state.path(), 2);
    let file = segments(state.path()).remove(0);
    let text = fs::read(&file).unwrap();
    let mut follow = Follow::from_start(state.path());
    let whole = all(&mut follow);
    let mut append = fs::OpenOptions::new().append(true).open(&file).unwrap();
    append.write_all(b"{\"v\":1,\"torn").unwrap();
    assert_eq!(all(&mut follow), [""; 0]);
    // A crash left it, and another line takes its place.
    append.set_len(text.len() as u64).unwrap();
    append.write_all(b"someone wrote this\n").unwrap();
    let found = follow.next_line().unwrap().unwrap();
    assert_eq!((found.text.as_slice(), found.seq), (b"someone wrote this".as_slice(), None));
    assert!(found.line().is_none());
    assert_eq!(found.position.seq, whole.len() as u64);
}

#[test]
fn a_place_that_is_another_line_now_is_not_gone_on_from() {
    let state = folder();
    written(state.path(), 3);
    let mut follow = Follow::from_start(state.path());
    all(&mut follow);
    let position = follow.position();
    for wrong in [
        Position { offset: position.offset - 1, ..position },
        Position { offset: position.offset + 9, ..position },
        Position { hash: portcullis_audit::Hash::of(b"x"), ..position },
        Position { segment: 77, ..position },
    ] {
        assert!(Follow::after(state.path(), wrong).is_err(), "{wrong:?}");
    }
    assert!(Follow::after(state.path(), position).is_ok());
}

#[test]
fn a_line_longer_than_what_is_read_at_once() {
    let state = folder();
    written(state.path(), 1);
    let file = segments(state.path()).remove(0);
    let long = "x".repeat(3 << 20);
    fs::OpenOptions::new().append(true).open(&file).unwrap().write_all(format!("{long}\nnext\n").as_bytes()).unwrap();
    let got = all(&mut Follow::from_start(state.path()));
    assert_eq!(got[got.len() - 2..], [long, "next".to_owned()]);
}
