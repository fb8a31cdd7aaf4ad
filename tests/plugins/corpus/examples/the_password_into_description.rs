//! Writes the password where everybody reads it: into the description.

use portcullis_connector::ldap::{Change, Value};
use portcullis_test_corpus::{Hands, attempt, change, let_pass};

attempt!(try_it);

fn try_it(hands: Hands<'_>) -> Done {
    change([Change::replace("description", [Value::utf8(hands.new)])])?;
    let_pass()
}
