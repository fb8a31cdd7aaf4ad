//! Passwords that are typed: hidden, and twice where they are new.

use crate::folder::{ALICE, ALICES, Folder};
use crate::secrets::find;
use crate::terminal::Terminal;

const NEW: &str = "A-New Passw0rd \"\u{e9}";

#[test]
fn a_new_password_is_asked_for_twice_and_hidden() {
    let folder = Folder::new();
    let mut terminal = Terminal::run(&folder, &["reset", ALICE]);
    for prompt in ["New password: ", "Again: "] {
        terminal.expect(prompt, 1);
        terminal.enter(NEW);
    }
    assert_eq!(terminal.end(), 0, "{}", terminal.seen);
    assert!(terminal.seen.contains("Done: reset-password"), "{}", terminal.seen);
    assert!(find(NEW, terminal.seen.as_bytes()).is_empty(), "{}", terminal.seen);
    assert!(terminal.is_in_order());
    assert_eq!((folder.verify(ALICE, NEW), folder.verify(ALICE, ALICES)), (0, 20));
}

/// Without this the test above could pass on a terminal that shows nothing.
#[test]
fn the_terminal_of_these_tests_shows_what_is_typed() {
    let folder = Folder::new();
    let mut terminal = Terminal::run(&folder, &["verify", ALICE, "--password-stdin"]);
    terminal.enter(NEW);
    terminal.expect(NEW, 1);
}

#[test]
fn two_that_differ_are_refused() {
    let folder = Folder::new();
    let run = |second: &str| {
        let mut terminal = Terminal::run(&folder, &["reset", ALICE]);
        terminal.expect("New password: ", 1);
        terminal.enter(NEW);
        terminal.expect("Again: ", 1);
        terminal.enter(second);
        (terminal.end(), std::mem::take(&mut terminal.seen))
    };
    for second in ["A-New Passw0rd \"e\u{301}", "A-New Passw0rd", "", &format!("{NEW} ")] {
        let (code, seen) = run(second);
        assert!(matches!(code, 2 | 10) && seen.contains("Refused: "), "{code} {seen}");
        assert!(find(NEW, seen.as_bytes()).is_empty() && find(second, seen.as_bytes()).is_empty(), "{seen}");
        assert_eq!((folder.verify(ALICE, ALICES), folder.verify(ALICE, NEW)), (0, 20));
    }
    let (code, seen) = run("A-New Passw0rd 2");
    assert!(code == 2 && seen.contains("password-mistyped"), "{code} {seen}");
}

#[test]
fn an_old_password_is_asked_for_once() {
    let folder = Folder::new();
    let mut terminal = Terminal::run(&folder, &["change", ALICE]);
    for (prompt, typed) in [("Old password: ", ALICES), ("New password: ", NEW), ("Again: ", NEW)] {
        terminal.expect(prompt, 1);
        terminal.enter(typed);
    }
    assert_eq!(terminal.end(), 0, "{}", terminal.seen);
    assert!(find(NEW, terminal.seen.as_bytes()).is_empty() && find(ALICES, terminal.seen.as_bytes()).is_empty());
    assert_eq!((folder.verify(ALICE, NEW), folder.verify(ALICE, ALICES)), (0, 20));
}

/// All three lines at once, as a password manager pastes them.
#[test]
fn what_is_typed_before_it_is_asked_for_is_not_seen_either() {
    let folder = Folder::new();
    let mut terminal = Terminal::run(&folder, &["change", ALICE]);
    terminal.expect("Old password: ", 1);
    terminal.enter(&format!("{ALICES}\n{NEW}\n{NEW}"));
    assert_eq!(terminal.end(), 0, "{}", terminal.seen);
    assert!(find(NEW, terminal.seen.as_bytes()).is_empty(), "{}", terminal.seen);
    assert!(find(ALICES, terminal.seen.as_bytes()).is_empty(), "{}", terminal.seen);
    assert_eq!(folder.verify(ALICE, NEW), 0);
}

#[test]
fn an_interrupt_or_the_end_of_the_input_changes_nothing_and_leaves_the_terminal_in_order() {
    let folder = Folder::new();
    for (typed, detail) in [("\u{3}", "interrupted"), ("A-New\u{3}", "interrupted"), ("\u{4}", "the input ended")] {
        let mut terminal = Terminal::run(&folder, &["reset", ALICE]);
        terminal.expect("New password: ", 1);
        assert!(!terminal.is_in_order(), "it shows what is typed");
        terminal.type_in(typed);
        assert_eq!(terminal.end(), 2, "{}", terminal.seen);
        assert!(terminal.seen.contains(detail) && terminal.seen.contains("password-missing"), "{}", terminal.seen);
        assert!(terminal.is_in_order(), "after {typed:?}");
    }
    assert_eq!(folder.verify(ALICE, ALICES), 0);
}

#[test]
fn a_line_can_be_corrected_and_control_characters_are_not_dropped() {
    let folder = Folder::new();
    let reset = |typed: &str| {
        let mut terminal = Terminal::run(&folder, &["reset", ALICE]);
        terminal.expect("New password: ", 1);
        terminal.enter(typed);
        terminal.enter(NEW);
        (terminal.end(), std::mem::take(&mut terminal.seen))
    };
    for typed in ["A-New\tPassw0rd", "A-New\u{1b}[A Passw0rd", &"x".repeat(2000)] {
        let (code, seen) = reset(typed);
        assert!(code == 10 && seen.contains("password-unusable"), "{typed:?}: {code} {seen}");
    }
    assert_eq!(folder.verify(ALICE, ALICES), 0);
    let (code, seen) = reset(&format!("wrong\u{15}{NEW}x\u{7f}"));
    assert_eq!(code, 0, "{seen}");
    assert_eq!(folder.verify(ALICE, NEW), 0);
}

/// Nobody types a password for an operation that could not be done anyway.
#[test]
fn nothing_is_asked_before_the_connector_is_ready() {
    let folder = Folder::new();
    let run = |account| {
        let mut terminal = Terminal::run(&folder, &["reset", account]);
        (terminal.end(), std::mem::take(&mut terminal.seen))
    };
    let (code, seen) = run("alice@elsewhere.example");
    assert!(code == 11 && !seen.contains("New password"), "{code} {seen}");
    folder.edit(crate::folder::MOCK, &[("operations = [", "operations = [\"account-status\"] # [")]);
    let (code, seen) = run(ALICE);
    assert!(code == 12 && !seen.contains("New password"), "{code} {seen}");
}
