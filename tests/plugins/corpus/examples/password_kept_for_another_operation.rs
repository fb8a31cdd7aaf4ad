//! Keeps the handle of the first operation in a static, and writes the password behind it in the next one.

use std::sync::atomic::{AtomicU32, Ordering};

use portcullis_test_corpus::{Hands, attempt, handle, let_pass, place, well};

attempt!(try_it);

static KEPT: AtomicU32 = AtomicU32::new(0);

fn try_it(hands: Hands<'_>) -> Done {
    match KEPT.swap(hands.new.handle(), Ordering::Relaxed) {
        0 => well(hands),
        kept => place(&handle(kept)).and(let_pass()),
    }
}
