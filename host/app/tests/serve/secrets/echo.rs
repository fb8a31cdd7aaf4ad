//! A directory that repeats in its answers what it was told: passwords in the words of a success and of a refusal. What it
//! answers hangs on the account: `done`, `refused`, or `unknown`, which is no answer at all.

use std::io::{Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::Directory;
use crate::tls::{Authority, Identity};
use crate::world::World;

const BASE: &str = "ou=people,dc=echo,dc=example";
const SERVICE: &str = "cn=service,dc=echo,dc=example";

const INVALID_CREDENTIALS: u8 = 49;
const CONSTRAINT_VIOLATION: u8 = 19;

/// Starts it; it ends with the process of the test.
pub(super) fn start(world: &World) -> Directory {
    let authority = Authority::new();
    let tls = Arc::new(config(&authority.issue("localhost")));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ldaps://localhost:{}", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let connection = ServerConnection::new(Arc::clone(&tls)).unwrap();
            std::thread::spawn(move || serve(StreamOwned::new(connection, stream)));
        }
    });
    Directory {
        domain: "echo.example".to_owned(),
        url,
        ca_file: world.write("echo-ca.pem", authority.pem()),
        base: BASE.to_owned(),
        bind_dn: SERVICE.to_owned(),
        bind_password: "a service's own password".to_owned(),
    }
}

fn config(identity: &Identity) -> ServerConfig {
    let certificate = CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap()
}

/// Answers until the other end leaves, or is to be left without an answer.
fn serve(mut stream: StreamOwned<ServerConnection, TcpStream>) {
    while let Some((_, message)) = element(&mut stream) {
        let mut rest = &message[..];
        let Some((_, number)) = element(&mut rest) else { return };
        let Some((operation, content)) = element(&mut rest) else { return };
        let Some(answers) = answer(operation, &content) else { return };
        for (tag, content) in answers {
            let message = [tlv(0x02, &number), tlv(tag, &content)].concat();
            if stream.write_all(&tlv(0x30, &message)).and_then(|()| stream.flush()).is_err() {
                return;
            }
        }
    }
}

/// What RFC 4511 has as an answer to an operation; none closes the connection.
fn answer(operation: u8, content: &[u8]) -> Option<Vec<(u8, Vec<u8>)>> {
    let said: String =
        content.iter().filter(|byte| (0x20..0x7f).contains(*byte)).map(|byte| char::from(*byte)).collect();
    let of = |account: &str| said.contains(&format!("uid={account},"));
    Some(match operation {
        // Bind.
        0x60 if said.contains(SERVICE) || of("done") => vec![(0x61, result(0, &said))],
        0x60 => vec![(0x61, result(INVALID_CREDENTIALS, &said))],
        // Search: the server's own entry, and that of an account; nobody is excluded.
        0x63 => {
            let own = content.starts_with(&tlv(0x04, b"")).then(String::new);
            let dn = own.or_else(|| asked_for(content).map(|name| format!("uid={name},{BASE}")));
            let entry = dn.map(|dn| (0x64, [tlv(0x04, dn.as_bytes()), tlv(0x30, b"")].concat()));
            entry.into_iter().chain([(0x65, result(0, ""))]).collect()
        }
        // Extended: a password.
        0x77 if of("done") => vec![(0x78, result(0, &said))],
        0x77 if of("refused") => vec![(0x78, result(CONSTRAINT_VIOLATION, &said))],
        // Abandon.
        0x50 => Vec::new(),
        _ => return None,
    })
}

fn result(code: u8, said: &str) -> Vec<u8> {
    [tlv(0x0a, &[code]), tlv(0x04, b""), tlv(0x04, format!("you told me {said}").as_bytes())].concat()
}

/// The value that `uid` is to have.
fn asked_for(filter: &[u8]) -> Option<String> {
    let name = tlv(0x04, b"uid");
    let at = filter.windows(name.len()).position(|window| window == name)?;
    let (_, value) = element(&mut &filter[at + name.len()..])?;
    String::from_utf8(value).ok()
}

/// The next element of BER with one byte for its tag.
fn element(from: &mut impl Read) -> Option<(u8, Vec<u8>)> {
    let mut head = [0; 2];
    from.read_exact(&mut head).ok()?;
    let length = if head[1] < 0x80 {
        usize::from(head[1])
    } else {
        let mut long = vec![0; usize::from(head[1] & 0x7f)];
        from.read_exact(&mut long).ok()?;
        long.iter().fold(0, |length, byte| length << 8 | usize::from(*byte))
    };
    let mut content = vec![0; length];
    from.read_exact(&mut content).ok()?;
    Some((head[0], content))
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let head = if length < 0x80 { vec![tag, length as u8] } else { vec![tag, 0x82, (length >> 8) as u8, length as u8] };
    [&head[..], content].concat()
}
