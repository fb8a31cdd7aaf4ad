//! One operation, one fresh instance: nothing that one run left is there for the next, of the same plugin or another.

use std::time::Duration;

use portcullis_sandbox::Limits;

use crate::guest::{ready, sandbox, within};

const LONG: Duration = Duration::from_secs(60);

/// Counts its runs in a global, in its memory and in a table, and returns the sum of what it finds.
const COUNTS: &str = r#"(module
    (memory 1) (global $runs (mut i32) (i32.const 0)) (table $t 1 10 funcref) (elem declare func $mark) (func $mark)
    (func (export "run") (result i32)
        (global.set $runs (i32.add (global.get $runs) (i32.const 1)))
        (i32.store (i32.const 4096) (i32.add (i32.load (i32.const 4096)) (i32.const 100)))
        (i32.add
            (i32.add (global.get $runs) (i32.load (i32.const 4096)))
            (if (result i32) (ref.is_null (table.get $t (i32.const 0)))
                (then (table.set $t (i32.const 0) (ref.func $mark)) (i32.const 10000))
                (else (i32.const 20000))))))"#;

#[test]
fn nothing_of_the_same_plugin_is_there() {
    within(LONG, || async {
        let plugin = ready(&sandbox(1), Limits::default(), COUNTS);
        for _ in 0..5 {
            assert_eq!(plugin.run().await, Ok(10_101));
        }
    });
}

/// Grows its memory to 8 MiB and fills all of it: more than what a slot keeps for the next instance.
const FILLS: &str = r#"(module (memory 1)
    (func (export "run") (result i32)
        (drop (memory.grow (i32.const 127)))
        (memory.fill (i32.const 0) (i32.const 0xAA) (i32.const 8388608))
        (i32.load8_u (i32.const 8388607))))"#;

/// Grows as far and looks for the first byte that is not zero; returns its place, or -1.
const LOOKS: &str = r#"(module (memory 1)
    (func (export "run") (result i32) (local $at i32)
        (drop (memory.grow (i32.const 127)))
        (loop $next
            (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then (return (local.get $at))))
            (local.set $at (i32.add (local.get $at) (i32.const 8)))
            (br_if $next (i32.lt_u (local.get $at) (i32.const 8388608))))
        i32.const -1))"#;

#[test]
fn nothing_of_another_plugin_is_there() {
    within(LONG, || async {
        // One slot: both use the same memory of the pool.
        let sandbox = sandbox(1);
        let fills = ready(&sandbox, Limits::default(), FILLS);
        let looks = ready(&sandbox, Limits::default(), LOOKS);
        for _ in 0..3 {
            assert_eq!(fills.run().await, Ok(0xAA));
            assert_eq!(looks.run().await, Ok(-1));
        }
    });
}

/// One that ends badly, with its memory full, leaves as little.
#[test]
fn nothing_is_there_after_a_trap_or_a_timeout() {
    let traps = FILLS.replace("(i32.load8_u (i32.const 8388607))", "unreachable");
    let hangs = FILLS.replace("(i32.load8_u (i32.const 8388607))", "(loop $again (br $again)) unreachable");
    within(LONG, move || async move {
        let sandbox = sandbox(1);
        let looks = ready(&sandbox, Limits::default(), LOOKS);
        for core in [&traps, &hangs] {
            let limits = Limits { time: Duration::from_secs(1), ..Limits::default() };
            assert!(ready(&sandbox, limits, core).run().await.is_err());
            assert_eq!(looks.run().await, Ok(-1));
        }
    });
}
