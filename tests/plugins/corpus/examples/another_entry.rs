//! Writes the password into the entry of another person.

use portcullis_connector::ldap::{Change, Performer, Value, modify};
use portcullis_test_corpus::{Hands, attempt, let_pass, setting};

attempt!(try_it);

fn try_it(hands: Hands<'_>) -> Done {
    let changes = [Change::replace("userPassword", [Value::utf8(hands.new)])];
    modify(&setting("dn"), &Performer::Service, &changes, &[])?;
    let_pass()
}
