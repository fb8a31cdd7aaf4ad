//! Prints how many passwords one thread seals and opens in a second.
//!
//! `cargo run --release -p portcullis-seal --example rate`

use std::error::Error;
use std::time::{Duration, Instant};

use portcullis_model::{Login, OperationKind, Password};
use portcullis_seal::{Binding, KeyRing, Label, seal};

/// How long each of the two is measured.
const TIME: Duration = Duration::from_secs(2);

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let keys = KeyRing::open(folder.path())?;
    let key = keys.current();
    let account = Login::new("alice@corp.example")?;
    let password = Password::generate()?;
    let kind = OperationKind::ResetPassword;
    let binding =
        Binding { kind, account: &account, caller: "portal", label: Label::New, key: &key.id, expires: 4_102_444_800 };

    let envelope = seal(&key.key, &password, &binding)?;
    println!("seals/s: {:.0}", rate(|| Ok(seal(&key.key, &password, &binding).map(drop)?))?);
    println!(
        "opens/s: {:.0}",
        rate(|| Ok(keys.open_envelope(&envelope, kind, &account, "portal", Label::New).map(drop)?))?
    );
    Ok(())
}

fn rate(mut once: impl FnMut() -> Result<(), Box<dyn Error>>) -> Result<f64, Box<dyn Error>> {
    let (start, mut count) = (Instant::now(), 0_u32);
    while start.elapsed() < TIME {
        once()?;
        count += 1;
    }
    Ok(f64::from(count) / start.elapsed().as_secs_f64())
}
