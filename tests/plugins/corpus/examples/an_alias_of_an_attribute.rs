//! Writes the password by another name of the attribute that it was granted: its OID.

use portcullis_connector::ldap::{Change, Value};
use portcullis_test_corpus::{Hands, attempt, change, let_pass};

attempt!(try_it);

fn try_it(hands: Hands<'_>) -> Done {
    change([Change::replace("2.5.4.35", [Value::utf8(hands.new)])])?;
    let_pass()
}
