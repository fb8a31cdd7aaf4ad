//! Asks the host the same small question for ever.

use std::hint::black_box;

use portcullis_test_corpus::{Hands, attempt, let_pass};

attempt!(try_it);

fn try_it(_: Hands<'_>) -> Done {
    for _ in 0..1_000_000 {
        black_box(portcullis_connector::config::get("corpus"));
    }
    let_pass()
}
