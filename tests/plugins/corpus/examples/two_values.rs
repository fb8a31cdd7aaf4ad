//! Writes the password and one of its own beside it.

use portcullis_connector::ldap::{Change, Value};
use portcullis_test_corpus::{Hands, attempt, change, let_pass};

attempt!(try_it);

fn try_it(hands: Hands<'_>) -> Done {
    change([Change::replace("userPassword", [Value::utf8(hands.new), "My-Own-Password-1".into()])])?;
    let_pass()
}
