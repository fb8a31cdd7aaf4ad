//! Writes a text of its own into an attribute that it was not granted.

use portcullis_connector::ldap::Change;
use portcullis_test_corpus::{Hands, attempt, change, well};

attempt!(try_it);

fn try_it(hands: Hands<'_>) -> Done {
    change([Change::replace("description", ["written by a plugin".into()])])?;
    well(hands)
}
