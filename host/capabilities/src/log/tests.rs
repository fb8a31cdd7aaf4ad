use super::*;

fn sink(bytes: usize) -> Sink {
    let secrets = vec![Arc::new(Password::new("Tr0ub4dor".to_owned()).unwrap())];
    Sink::new("corp".into(), "1".into(), secrets, bytes)
}

#[test]
fn a_flood_ends_with_one_line_that_says_so() {
    let sink = sink(20);
    assert_eq!(sink.admit("ten bytes.").as_deref(), Some("ten bytes."));
    assert!(sink.admit("ten bytes.").unwrap().contains("used up"));
    assert_eq!(sink.admit("x"), None);
}

#[test]
fn empty_lines_are_not_free() {
    let sink = sink(3);
    let lines = (0..100).filter_map(|_| sink.admit("")).count();
    assert_eq!(lines, 4, "three empty lines and the one that says that the volume is used up");
}

#[test]
fn a_line_with_a_password_is_withheld() {
    let line = sink(1000).admit("setting Tr0ub4dor now").unwrap();
    assert!(!line.contains("Tr0ub4dor"), "{line}");
}

#[test]
fn a_long_line_is_cut() {
    assert_eq!(sink(10_000).admit(&"x".repeat(9000)).unwrap().chars().count(), MAX_LINE + 1);
}
