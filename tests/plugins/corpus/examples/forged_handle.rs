//! Makes up the number of a handle, and writes the password behind it.

use portcullis_test_corpus::{Hands, attempt, handle, let_pass, place, setting};

attempt!(try_it);

fn try_it(_: Hands<'_>) -> Done {
    place(&handle(setting("handle").parse().unwrap_or_default()))?;
    let_pass()
}
