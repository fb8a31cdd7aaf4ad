//! Sends a control that it was not granted: one that makes Active Directory look the other way.

use portcullis_connector::ldap::{Change, Control, Performer, Value, modify};
use portcullis_test_corpus::{Hands, attempt, dn, let_pass};

attempt!(try_it);

fn try_it(hands: Hands<'_>) -> Done {
    let changes = [Change::replace("userPassword", [Value::utf8(hands.new)])];
    // LDAP_SERVER_POLICY_HINTS_OID (MS-ADTS, section 3.1.1.3.4.1.27).
    modify(&dn()?, &Performer::Service, &changes, &[Control::new("1.2.840.113556.1.4.2239")])?;
    let_pass()
}
