use super::*;

fn sink(bytes: usize) -> Sink {
    traced(bytes, Trace::default())
}

fn traced(bytes: usize, trace: Trace) -> Sink {
    let secrets = vec![Arc::new(Password::new("Tr0ub4dor".to_owned()).unwrap())];
    Sink::new("corp".into(), "1".into(), secrets, trace, bytes)
}

#[test]
fn a_flood_ends_with_one_line_that_says_so() {
    let trace = Trace::default();
    let sink = traced(20, trace.clone());
    assert_eq!(sink.admit("ten bytes.").as_deref(), Some("ten bytes."));
    assert_eq!(trace.events(), []);
    assert!(sink.admit("ten bytes.").unwrap().contains("used up"));
    assert_eq!(sink.admit("x"), None);
    assert_eq!(trace.events(), [used_up(20)], "it is recorded once");
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
