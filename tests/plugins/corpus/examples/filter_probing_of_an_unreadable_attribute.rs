//! Asks by a filter for the first letter of what it may not read.

use portcullis_test_corpus::{Hands, PEOPLE, attempt, search, well};

attempt!(try_it);

fn try_it(hands: Hands<'_>) -> Done {
    search(PEOPLE, "(userPassword=c*)")?;
    well(hands)
}
