//! Signs plugins as the tool `minisign` does (minisign's page "Signature format"), with keys made of a number: tests that
//! run again sign the same. Never for anything but tests: whoever reads this knows the keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blake2::{Blake2b512, Digest as _};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

/// Somebody who signs.
pub struct Signer {
    keys: Ed25519KeyPair,
    id: [u8; 8],
}

impl Signer {
    /// The one of this number.
    ///
    /// # Panics
    /// Never: any 32 bytes are a key.
    #[must_use]
    #[allow(clippy::panic, reason = "a test that cannot sign fails")]
    pub fn new(number: u8) -> Self {
        let keys = Ed25519KeyPair::from_seed_unchecked(&[number; 32]);
        Self { keys: keys.unwrap_or_else(|error| panic!("{error}")), id: [number; 8] }
    }

    /// The public key, as the second line of `minisign.pub`.
    #[must_use]
    pub fn public_key(&self) -> String {
        STANDARD.encode([b"Ed", &self.id[..], self.keys.public_key().as_ref()].concat())
    }

    /// The text of a `.minisig` in the prehashed form.
    #[must_use]
    pub fn sign(&self, bytes: &[u8], comment: &str) -> String {
        self.text(b"ED", &Blake2b512::digest(bytes), comment)
    }

    /// The same in the legacy form, which signs the bytes themselves.
    #[must_use]
    pub fn sign_legacy(&self, bytes: &[u8], comment: &str) -> String {
        self.text(b"Ed", bytes, comment)
    }

    fn text(&self, form: &[u8; 2], signed: &[u8], comment: &str) -> String {
        let signature = self.keys.sign(signed);
        let all = self.keys.sign(&[signature.as_ref(), comment.as_bytes()].concat());
        let line = STANDARD.encode([form, &self.id[..], signature.as_ref()].concat());
        let whole = STANDARD.encode(all.as_ref());
        format!("untrusted comment: made by a test\n{line}\ntrusted comment: {comment}\n{whole}\n")
    }
}
