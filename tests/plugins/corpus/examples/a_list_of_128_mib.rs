//! Passes a list of 128 names of 1 MiB. Its memory has one of them: all 128 are the same bytes, so that 128 MiB exist only
//! for a host that believes the list. A few bytes are missing, because the engine itself stops at 128 MiB and what is
//! tried here is the host's own limit.

use portcullis_test_corpus::{Hands, attempt, let_pass, raw};

attempt!(try_it);

fn try_it(_: Hands<'_>) -> Done {
    let name = vec![b'x'; (1 << 20) - 64];
    let names = vec![raw::Text::of(&name); 128];
    raw::target(&names);
    let_pass()
}
