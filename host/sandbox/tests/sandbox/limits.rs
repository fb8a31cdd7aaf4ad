//! What one operation may use: at the limit the plugin ends, and the next operation works.

use std::time::Duration;

use portcullis_sandbox::{Ended, Limits};

use crate::guest::{Ready, limit, ready, sandbox, within};

/// Long enough for a slow machine to do what should succeed.
const LONG: Duration = Duration::from_secs(60);

fn run(limits: Limits, core: &'static str) -> Result<i32, Ended> {
    let (send, receive) = std::sync::mpsc::channel();
    within(LONG, move || async move {
        let sandbox = sandbox(1);
        let plugin = ready(&sandbox, limits, core);
        let first = plugin.run().await;
        // Whatever became of it, the one slot is free again and the engine works.
        let good = ready(&sandbox, Limits::default(), r#"(module (func (export "run") (result i32) i32.const 7))"#);
        assert_eq!(good.run().await, Ok(7));
        send.send(first).unwrap();
    });
    receive.recv().unwrap()
}

#[test]
fn deep_recursion() {
    let core = r#"(module (func $down (export "run") (result i32) (i32.add (call $down) (i32.const 1))))"#;
    assert_eq!(limit(run(Limits::default(), core)), "stack");
}

#[test]
fn memory_that_grows() {
    let grow = r#"(module (memory 1) (func (export "run") (result i32)
        (loop $again (drop (memory.grow (i32.const 16))) (br $again)) unreachable))"#;
    assert_eq!(limit(run(Limits { memory: 4 << 20, ..Limits::default() }, grow)), "memory");
}

/// The memory that a plugin is born with counts too. `guest` brings a page of its own.
#[test]
fn memory_that_is_there_from_the_start() {
    let limits = || Limits { memory: 1 << 20, ..Limits::default() };
    let born = r#"(module (memory 16) (func (export "run") (result i32) i32.const 5))"#;
    assert_eq!(limit(run(limits(), born)), "memory");
    let fits = r#"(module (memory 15) (func (export "run") (result i32) i32.const 5))"#;
    assert_eq!(run(limits(), fits), Ok(5));
}

#[test]
fn a_table_that_grows() {
    let grow = r#"(module (table $t 1 funcref) (func (export "run") (result i32)
        (loop $again (drop (table.grow $t (ref.null func) (i32.const 100))) (br $again)) unreachable))"#;
    assert_eq!(limit(run(Limits { table_elements: 1000, ..Limits::default() }, grow)), "table elements");
    let little = r#"(module (table $t 1 funcref) (func (export "run") (result i32)
        (table.grow $t (ref.null func) (i32.const 100))))"#;
    assert_eq!(run(Limits { table_elements: 1000, ..Limits::default() }, little), Ok(1));
}

#[test]
fn a_trap_in_the_start_function() {
    let core = r#"(module (func $start unreachable) (start $start) (func (export "run") (result i32) i32.const 7))"#;
    assert!(matches!(run(Limits::default(), core), Err(Ended::Trapped(text)) if text.contains("unreachable")));
}

#[test]
fn more_instances_than_granted() {
    let core = r#"(module (func (export "run") (result i32) i32.const 7))"#;
    assert_eq!(run(Limits { instances: 2, ..Limits::default() }, core), Ok(7));
    assert_eq!(limit(run(Limits { instances: 1, ..Limits::default() }, core)), "core instances");
}

#[test]
fn many_handles() {
    // Keeps every handle.
    let hoard = r#"(module (import "host" "make" (func $make (result i32)))
        (func (export "run") (result i32) (local $left i32)
            (local.set $left (i32.const 1000))
            (loop $again
                (drop (call $make))
                (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
            i32.const 7))"#;
    assert_eq!(limit(run(Limits { handles: 64, ..Limits::default() }, hoard)), "handles");
    assert_eq!(run(Limits { handles: 1001, ..Limits::default() }, hoard), Ok(7));
}

#[test]
fn many_bytes_in_one_call() {
    // A list of 16 MiB, all of it in a memory that may be that large.
    let flood = r#"(module (import "host" "take" (func $take (param i32 i32))) (import "host" "memory" (memory 1))
        (func (export "run") (result i32)
            (drop (memory.grow (i32.const 255)))
            (call $take (i32.const 0) (i32.const 16777216))
            i32.const 7))"#;
    let limits = |bytes| Limits { memory: 32 << 20, host_call_bytes: bytes, ..Limits::default() };
    assert_eq!(limit(run(limits(1 << 20), flood)), "bytes in one host call");
    let little = r#"(module (import "host" "take" (func $take (param i32 i32))) (import "host" "memory" (memory 1))
        (func (export "run") (result i32) (call $take (i32.const 0) (i32.const 65536)) i32.const 7))"#;
    assert_eq!(run(limits(1 << 20), little), Ok(7));
}

/// What the engine says goes into messages: names that the plugin chose must not reach a terminal.
#[test]
fn the_words_of_a_trap_hold_no_control_characters() {
    let core = r#"(module (import "host" "fail" (func $fail))
        (func $evil (@name "\1b[31m\0a2026-01-01 ERROR root\0a") (export "run") (result i32)
            (call $fail) (i32.const 7)))"#;
    let Err(Ended::Trapped(text)) = run(Limits::default(), core) else { panic!("it did not trap") };
    assert!(text.starts_with("no such thing"), "{text:?}");
    assert!(!text.chars().any(char::is_control), "{text:?}");
}

/// A backtrace may be longer than what is kept of it: the cause comes before it.
#[test]
fn the_cause_of_a_trap_stands_before_its_backtrace() {
    let core = format!(
        r#"(module (import "host" "fail" (func $fail))
            (func $deep (@name "{}") (export "run") (result i32) (call $fail) (i32.const 7)))"#,
        "long ".repeat(200)
    );
    let Err(Ended::Trapped(text)) = run(Limits::default(), core.leak()) else { panic!("it did not trap") };
    assert!(text.starts_with("no such thing (") && text.len() <= 512, "{text:?}");
}

#[test]
fn a_panic_in_the_host_costs_one_operation() {
    let core = r#"(module (import "host" "panic" (func $panic))
        (func (export "run") (result i32) (call $panic) i32.const 7))"#;
    assert_eq!(run(Limits::default(), core), Err(Ended::Panicked("a library met what it did not expect".into())));
    // Words that were put together may hold what a server sent.
    let core = r#"(module (import "host" "panic-with-words" (func $panic))
        (func (export "run") (result i32) (call $panic) i32.const 7))"#;
    let Err(Ended::Panicked(words)) = run(Limits::default(), core) else { panic!("no panic") };
    assert!(!words.contains("Tr0ub4dor"), "{words}");
}

/// The same plugin again and again: what ended a run takes nothing from the next.
#[test]
fn the_same_plugin_goes_on() {
    within(LONG, || async {
        let sandbox = sandbox(1);
        let core = r#"(module (import "host" "elapsed" (func $elapsed (result i32))) (memory 1)
            (func (export "run") (result i32) (drop (memory.grow (i32.const 1000))) i32.const 7))"#;
        let plugin: Ready = ready(&sandbox, Limits { concurrency: 1, ..Limits::default() }, core);
        for _ in 0..10 {
            assert_eq!(limit(plugin.run().await), "memory");
        }
        assert_eq!(plugin.count(|seen| &seen.ended), 10, "what a run carried is dropped at its end");
    });
}
