//! Gives the handle of the password back, and goes on to write the password by its number.

use portcullis_test_corpus::{Hands, attempt, give_back, handle, let_pass, place};

attempt!(try_it);

fn try_it(hands: Hands<'_>) -> Done {
    let number = hands.new.handle();
    give_back(number);
    place(&handle(number))?;
    let_pass()
}
