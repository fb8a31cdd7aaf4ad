//! StartTLS (RFC 4511 section 4.14), up to the moment where the handshake begins.
//!
//! The library's own is not used: it waits for ever if the server closes the connection, and drops what a server, or
//! somebody on the way, sent in plain text after the answer. Here such bytes end the connection.

use lber::common::TagClass;
use lber::parse::{parse_tag, parse_uint};
use lber::structure::StructureTag;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::convert;

/// Message 1, ExtendedRequest `1.3.6.1.4.1.1466.20037`.
const REQUEST: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";
const SEQUENCE: u64 = 16;
/// ExtendedResponse.
const RESPONSE: u64 = 24;
/// More than any answer needs.
const MAX_BYTES: usize = 16 * 1024;

/// Asks for TLS. When it returns, the next byte on the stream belongs to the handshake.
pub(super) async fn ask(stream: &mut TcpStream) -> Result<(), String> {
    let broke = |e: std::io::Error| format!("StartTLS failed: the connection broke ({e})");
    stream.write_all(REQUEST).await.map_err(broke)?;
    let mut buffer = Vec::new();
    loop {
        if stream.read_buf(&mut buffer).await.map_err(broke)? == 0 {
            return Err("StartTLS failed: the server closed the connection".to_owned());
        }
        match parse_tag(&buffer) {
            Ok((rest, tag)) => return verdict(rest, tag),
            Err(error) if error.is_incomplete() && buffer.len() < MAX_BYTES => {}
            Err(_) => return Err("StartTLS failed: the answer is not LDAP".to_owned()),
        }
    }
}

fn verdict(rest: &[u8], tag: StructureTag) -> Result<(), String> {
    let Some((code, text)) = answer(tag) else {
        return Err("StartTLS failed: the answer is not LDAP".to_owned());
    };
    if code != 0 {
        return Err(format!("StartTLS was refused with code {code} ({text})"));
    }
    if !rest.is_empty() {
        return Err("StartTLS failed: more was sent in plain text after the answer".to_owned());
    }
    Ok(())
}

fn answer(tag: StructureTag) -> Option<(u64, String)> {
    let mut message = tag.match_class(TagClass::Universal)?.match_id(SEQUENCE)?.expect_constructed()?.into_iter();
    let id = number(message.next()?)?;
    let response = message.next()?;
    if id != 1 || response.id != RESPONSE || response.class != TagClass::Application {
        return None;
    }
    let mut result = response.expect_constructed()?.into_iter();
    let code = number(result.next()?)?;
    let diagnostic = result.nth(1)?.expect_primitive()?;
    Some((code, convert::words(String::from_utf8_lossy(&diagnostic).into_owned(), None)))
}

fn number(tag: StructureTag) -> Option<u64> {
    parse_uint(&tag.expect_primitive()?).ok().map(|(_, number)| number)
}
