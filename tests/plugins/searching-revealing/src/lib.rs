//! As `searching`, and it reads the passwords first and fills memory with them: what looks for passwords finds these.

#[path = "../../searching/src/memory.rs"]
mod memory;
#[path = "../../searching/src/place.rs"]
mod place;

use std::hint::black_box;

use portcullis_connector::reveal::reveal;
use portcullis_connector::{Account, Fault, FaultCode, Password, Passwords, Receipt, ResetOptions, Verdict, export};

struct Searching;
export!(Searching: passwords);

impl Passwords for Searching {
    fn reset(_: Account, new: &Password, _: ResetOptions) -> Result<Receipt, Fault> {
        fill(new)?;
        memory::tell_after(|| place::reset(new))
    }

    fn change(_: Account, old: &Password, new: &Password) -> Result<Receipt, Fault> {
        fill(old)?;
        fill(new)?;
        memory::tell_after(|| place::change(old, new))
    }

    fn verify(_: Account, candidate: &Password) -> Result<Verdict, Fault> {
        fill(candidate)?;
        memory::tell_after(|| place::verify(candidate))
    }
}

/// Over a megabyte of it, which nobody gives back.
fn fill(password: &Password) -> Result<(), Fault> {
    let text = reveal(password).map_err(|denied| Fault::new(FaultCode::NotGranted, denied.reason))?;
    std::mem::forget(black_box(text.repeat((1 << 20) / text.len())));
    Ok(())
}
