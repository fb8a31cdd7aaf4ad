//! A connector of a vendor who knows Rust and its standard library, and nothing of sandboxes: it prints, looks into its
//! environment, reads and writes files. It finds nothing there, and does its work all the same.

use std::io::{Read as _, Write as _};
use std::time::{Duration, SystemTime};
use std::{env, fs};

use portcullis_connector::ldap::{self, Change, Performer, Value};
use portcullis_connector::{
    Account, Effect, Fault, FaultCode, Password, Passwords, Receipt, ResetOptions, Verdict, export,
};

struct Vendor;
export!(Vendor: passwords);

impl Passwords for Vendor {
    fn reset(account: Account, new: &Password, _: ResetOptions) -> Result<Receipt, Fault> {
        println!("resetting {}", account.login);
        look_around();
        let changes = [Change::replace("userPassword", [Value::utf8(new)])];
        ldap::modify(&ldap::target(&[])?.dn, &Performer::Service, &changes, &[])?;
        eprintln!("warning: this vendor writes to standard error");
        eprint!("done, without the end of a line");
        Ok(Receipt::of(Effect::PasswordSet))
    }

    fn change(_: Account, _: &Password, _: &Password) -> Result<Receipt, Fault> {
        // A flood: the host has a limit for it.
        for line in 0..10_000 {
            println!("line {line} of very many");
        }
        Err(Fault::new(FaultCode::Internal, "not done"))
    }

    fn verify(_: Account, _: &Password) -> Result<Verdict, Fault> {
        std::process::exit(0)
    }
}

/// Tells what there is of everything that a program usually has.
fn look_around() {
    let there = |found: bool| if found { "THERE" } else { "nothing" };
    println!("environment: {}", there(env::vars_os().next().is_some()));
    println!("arguments: {}", there(env::args_os().next().is_some()));
    println!("input: {}", there(std::io::stdin().read(&mut [0; 16]).is_ok_and(|bytes| bytes > 0)));
    println!("root: {}", there(fs::read_dir("/").is_ok()));
    println!("here: {}", there(fs::read_dir(".").is_ok() || env::current_dir().is_ok_and(|here| here.exists())));
    println!("file: {}", there(fs::read("/etc/hostname").is_ok() || fs::read("/proc/self/environ").is_ok()));
    let written = fs::File::create("/tmp/portcullis-vendor").and_then(|mut file| file.write_all(b"x"));
    println!("writing: {}", there(written.is_ok()));
    let year_2020 = SystemTime::UNIX_EPOCH + Duration::from_secs(1_577_836_800);
    println!("clock: {}", if SystemTime::now() > year_2020 { "right" } else { "wrong" });
}
