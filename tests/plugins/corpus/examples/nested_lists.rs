//! Passes a list of 10,000 changes, each with the same 10,000 values: a hundred million values, in 300 KiB of memory.

use portcullis_test_corpus::{Hands, attempt, dn, let_pass, raw};

attempt!(try_it);

fn try_it(_: Hands<'_>) -> Done {
    let values = vec![raw::Value::text(b""); 10_000];
    let changes = vec![raw::Change::replace(b"userPassword", &values); 10_000];
    raw::modify(dn()?.as_bytes(), &changes);
    let_pass()
}
