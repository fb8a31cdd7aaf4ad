//! Searches in a directory that answers with a referral, and writes the password where the referral points.

use portcullis_connector::ldap::{Change, LdapError, Performer, Value, modify};
use portcullis_test_corpus::{Hands, PEOPLE, attempt, let_pass, mistake, search};

attempt!(try_it);

fn try_it(hands: Hands<'_>) -> Done {
    let lure = match search(PEOPLE, "(cn=*)") {
        Err(LdapError::Refused(answer)) => answer.diagnostic,
        other => return Err(mistake(&format!("no referral came: {other:?}"))),
    };
    let changes = [Change::replace("userPassword", [Value::utf8(hands.new)])];
    modify(&lure, &Performer::Service, &changes, &[])?;
    let_pass()
}
