//! Reads the password, which it was granted, and sends it as a filter over what it may read.

use portcullis_test_corpus::{Hands, PEOPLE, attempt, let_pass, reveal, search};

attempt!(try_it);

fn try_it(hands: Hands<'_>) -> Done {
    search(PEOPLE, &format!("(cn={})", reveal(hands.new)?))?;
    let_pass()
}
