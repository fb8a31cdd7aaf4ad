//! Writes the password into an option of the attribute that it was granted (RFC 4512, section 2.5).

use portcullis_connector::ldap::{Change, Value};
use portcullis_test_corpus::{Hands, attempt, change, let_pass};

attempt!(try_it);

fn try_it(hands: Hands<'_>) -> Done {
    change([Change::replace("userPassword;lang-en", [Value::utf8(hands.new)])])?;
    let_pass()
}
