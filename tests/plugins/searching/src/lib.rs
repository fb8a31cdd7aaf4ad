//! A plugin that places passwords and looks for them in its own memory. It tells the log how often it found one.

mod memory;
mod place;

use portcullis_connector::{Account, Fault, Password, Passwords, Receipt, ResetOptions, Verdict, export};

struct Searching;
export!(Searching: passwords);

impl Passwords for Searching {
    fn reset(_: Account, new: &Password, _: ResetOptions) -> Result<Receipt, Fault> {
        memory::tell_after(|| place::reset(new))
    }

    fn change(_: Account, old: &Password, new: &Password) -> Result<Receipt, Fault> {
        memory::tell_after(|| place::change(old, new))
    }

    fn verify(_: Account, candidate: &Password) -> Result<Verdict, Fault> {
        memory::tell_after(|| place::verify(candidate))
    }
}
