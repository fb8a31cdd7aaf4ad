//! Passes a list of 1,500 changes, each with the same 1,500 values: two million values, in 50 KiB of memory. They are
//! somewhat less than what the engine itself stops.

use portcullis_test_corpus::{Hands, attempt, dn, let_pass, raw};

attempt!(try_it);

fn try_it(_: Hands<'_>) -> Done {
    let values = vec![raw::Value::text(b""); 1_500];
    let changes = vec![raw::Change::replace(b"userPassword", &values); 1_500];
    raw::modify(dn()?.as_bytes(), &changes);
    let_pass()
}
