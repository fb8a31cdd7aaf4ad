//! Gives the handle of the password back twice.

use portcullis_test_corpus::{Hands, attempt, give_back, let_pass};

attempt!(try_it);

fn try_it(hands: Hands<'_>) -> Done {
    let number = hands.new.handle();
    give_back(number);
    give_back(number);
    let_pass()
}
