//! Writes more than a megabyte into the log.

use portcullis_connector::log;
use portcullis_test_corpus::{Hands, attempt, well};

attempt!(try_it);

fn try_it(hands: Hands<'_>) -> Done {
    let line = "flood ".repeat(100);
    for _ in 0..2_000 {
        log::error(&line);
    }
    well(hands)
}
