//! Clears the screen of who reads the log, forges a line of it, and writes backwards.

use portcullis_connector::log;
use portcullis_test_corpus::{Hands, attempt, well};

attempt!(try_it);

fn try_it(hands: Hands<'_>) -> Done {
    log::warn("\x1b[2J\x1b[31mred\r\n2026-01-01T00:00:00Z ERROR portcullis: forged\u{202e}\u{7}\u{0}end");
    well(hands)
}
