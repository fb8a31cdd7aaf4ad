//! Using more than there is: time, bytes in a call.

use std::hint::black_box;

use portcullis_connector::{Fault, Receipt, log};

use crate::{Hands, mistake};

const MIB: usize = 1 << 20;

pub(crate) fn try_it(behave: &str, _: Hands<'_>) -> Option<Result<Receipt, Fault>> {
    match behave {
        "loop" => endless(),
        "giant-list" => giant_list(),
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

/// One text of 40 MiB, which is in the memory.
fn giant_list() {
    log::info(&"x".repeat(40 * MIB));
}
