//! Writes a value that it was not granted into an attribute of which it was granted another one.

use portcullis_connector::ldap::Change;
use portcullis_test_corpus::{Hands, attempt, change, well};

attempt!(try_it);

fn try_it(hands: Hands<'_>) -> Done {
    change([Change::replace("pwdReset", ["FALSE".into()])])?;
    well(hands)
}
