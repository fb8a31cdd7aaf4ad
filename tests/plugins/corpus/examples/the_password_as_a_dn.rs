//! Reads the password, which it was granted, and sends it as a DN.

use portcullis_test_corpus::{Hands, PEOPLE, attempt, let_pass, reveal, search};

attempt!(try_it);

fn try_it(hands: Hands<'_>) -> Done {
    search(&format!("cn={},{PEOPLE}", reveal(hands.new)?), "(cn=x)")?;
    let_pass()
}
