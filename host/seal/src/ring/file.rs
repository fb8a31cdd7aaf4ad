//! The text of a key file: one line of JSON.
//!
//! `{"version":1,"created":1790000000,"accepted-until":null,"secret":"<base64, 32 bytes>"}`. The name of the file is the
//! id of the public key that belongs to the secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::keys::Key;
use crate::KeyId;
use crate::moment::LATEST;
use crate::suite::PrivateKey;

/// The longest file, in bytes: a key takes less than half of it.
pub(super) const LONGEST: usize = 512;

/// The length of 32 bytes in base64.
const SECRET_TEXT: usize = 44;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Written<'a> {
    version: u32,
    created: u64,
    accepted_until: Option<u64>,
    // Borrowed from the text that is erased: it is nowhere else.
    secret: &'a str,
}

/// Writes a key.
pub(super) fn write(secret: &[u8; 32], created: u64, accepted_until: Option<u64>) -> Option<Zeroizing<Vec<u8>>> {
    let mut encoded = Zeroizing::new([0_u8; SECRET_TEXT]);
    let length = STANDARD.encode_slice(secret, encoded.as_mut_slice()).ok()?;
    let secret = std::str::from_utf8(encoded.get(..length)?).ok()?;
    // Reserved at once: a buffer that grew would leave a copy of the secret behind.
    let mut text = Zeroizing::new(Vec::with_capacity(LONGEST));
    serde_json::to_writer(&mut *text, &Written { version: 1, created, accepted_until, secret }).ok()?;
    text.push(b'\n');
    Some(text)
}

/// Reads a key with its secret.
pub(super) fn read(text: &[u8], name: &KeyId) -> Result<(Key, Zeroizing<[u8; 32]>), &'static str> {
    let written: Written<'_> =
        serde_json::from_slice(text).map_err(|_| "it is not the JSON object that a key file holds")?;
    if written.version != 1 {
        return Err("it was written by a newer version of Portcullis");
    }
    if written.created > LATEST || written.accepted_until.is_some_and(|until| until > LATEST) {
        return Err("a time in it is after the year 9999");
    }
    let mut secret = Zeroizing::new([0_u8; 32]);
    // The decoder wants room for what the text could hold by its length, not for what it holds.
    let mut decoded = Zeroizing::new([0_u8; SECRET_TEXT / 4 * 3]);
    let length = Some(written.secret)
        .filter(|text| text.len() == SECRET_TEXT)
        .and_then(|text| STANDARD.decode_slice(text, decoded.as_mut_slice()).ok());
    match decoded.get(..32) {
        Some(bytes) if length == Some(32) => secret.copy_from_slice(bytes),
        _ => return Err("its secret is not 32 bytes in base64"),
    }
    let private = PrivateKey::new(&secret).ok_or("its secret is not a key of X25519")?;
    let public = private.public();
    let id = KeyId::of(&public);
    if id != *name {
        return Err("its name is not the id of the key in it");
    }
    Ok((Key { id, private, public, created: written.created, accepted_until: written.accepted_until }, secret))
}
