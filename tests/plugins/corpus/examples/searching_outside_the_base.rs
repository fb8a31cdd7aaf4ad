//! Searches above the base that it was granted.

use portcullis_test_corpus::{Hands, attempt, search, well};

attempt!(try_it);

fn try_it(hands: Hands<'_>) -> Done {
    search("dc=people,dc=example", "(cn=*)")?;
    well(hands)
}
