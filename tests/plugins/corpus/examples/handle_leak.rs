//! Sets the password as it should be, and does not give its handle back.

use portcullis_test_corpus::{Hands, attempt, well};

attempt!(try_it);

fn try_it(hands: Hands<'_>) -> Done {
    let receipt = well(hands)?;
    // The binding believes that somebody else took it over.
    hands.new.take_handle();
    Ok(receipt)
}
