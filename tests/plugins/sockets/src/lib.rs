//! A connector that wants to speak to the directory by itself. No host gives it a socket: it is refused when it is
//! loaded, and never runs.

use std::io::Write as _;
use std::net::TcpStream;

use portcullis_connector::{Account, Fault, FaultCode, Password, Passwords, Receipt, ResetOptions, Verdict, export};

struct Sockets;
export!(Sockets: passwords);

impl Passwords for Sockets {
    fn reset(_: Account, _: &Password, _: ResetOptions) -> Result<Receipt, Fault> {
        let sent = TcpStream::connect("203.0.113.1:389").and_then(|mut stream| stream.write_all(b"hello"));
        Err(Fault::new(FaultCode::Internal, format!("{sent:?}")))
    }

    fn change(account: Account, _: &Password, new: &Password) -> Result<Receipt, Fault> {
        Self::reset(account, new, ResetOptions { must_change: false, unlock: false })
    }

    fn verify(_: Account, _: &Password) -> Result<Verdict, Fault> {
        Ok(Verdict::Invalid)
    }
}
