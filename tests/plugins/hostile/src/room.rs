//! Using more than there is: time, memory, stack, host calls, bytes in a call.

use std::hint::black_box;

use portcullis_connector::{Fault, Receipt, config, ldap, log};

use crate::{Hands, mistake};

const MIB: usize = 1 << 20;

pub(crate) fn try_it(behave: &str, _: Hands<'_>) -> Option<Result<Receipt, Fault>> {
    match behave {
        "loop" => endless(),
        "recursion" => {
            black_box(down(1));
        }
        "memory" => memory(),
        "storm" => storm(),
        "giant-list" => giant_list(),
        "aliased-list" => aliased_list(),
        _ => return None,
    }
    Some(Err(mistake("the host let it pass")))
}

pub(crate) fn endless() {
    let mut round = 0_u64;
    loop {
        round = black_box(round.wrapping_add(1));
    }
}

#[expect(unconditional_recursion, reason = "that is what it is for")]
fn down(depth: u64) -> u64 {
    black_box(down(black_box(depth + 1)).wrapping_add(depth))
}

fn memory() {
    for _ in 0..1024 {
        std::mem::forget(black_box(vec![1_u8; MIB]));
    }
}

fn storm() {
    for _ in 0..1_000_000 {
        black_box(config::get("behave"));
    }
}

/// One text of 40 MiB, which is in the memory.
fn giant_list() {
    log::info(&"x".repeat(40 * MIB));
}

/// A list of a hundred thousand names of 1 MiB, which all are the same bytes: 100 GiB for who believes it.
fn aliased_list() {
    let name = vec![b'x'; MIB];
    let names: Vec<[usize; 2]> = vec![[name.as_ptr().addr(), name.len()]; 100_000];
    let mut answer = [0_u64; 8];
    black_box(&mut answer);
    #[cfg(target_arch = "wasm32")]
    #[allow(unsafe_code, reason = "no binding passes what is not there")]
    {
        #[link(wasm_import_module = "portcullis:writeback/ldap@0.1.0")]
        unsafe extern "C" {
            #[link_name = "target"]
            fn target(names: *const [usize; 2], count: usize, answer: *mut u64);
        }
        // SAFETY: the list, the names in it and the room for the answer live until the call returns.
        unsafe { target(names.as_ptr(), names.len(), answer.as_mut_ptr()) }
    }
    let _ = (names, ldap::target(&[]));
}
