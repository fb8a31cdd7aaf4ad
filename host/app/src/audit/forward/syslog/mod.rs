//! Syslog: lines as messages of RFC 5424, over what carries them.

mod message;
mod socket;
mod tls;

pub(super) use socket::Socket;
