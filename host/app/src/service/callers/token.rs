//! The tokens that `portcullis token` makes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis_model::{Fault, FaultCode};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// A bearer token (RFC 6750): `pct_` and 256 random bits in base64url. Too many to be guessed, so that its hash needs no
/// salt and no slow function.
pub struct Token;

impl Token {
    /// How a token begins, so that it is known where it lies about.
    pub const PREFIX: &str = "pct_";
    const BYTES: usize = 32;

    /// A new token, and its SHA-256 in hexadecimal as portcullis.toml holds it.
    ///
    /// # Errors
    /// [`FaultCode::HostInternal`] if the system gives no random bytes.
    pub fn make() -> Result<(Zeroizing<String>, String), Fault> {
        let mut random = Zeroizing::new([0_u8; Self::BYTES]);
        getrandom::fill(random.as_mut_slice())
            .map_err(|error| Fault::new(FaultCode::HostInternal, format!("no random bytes: {error}")))?;
        // The buffer is as large as it gets: growing would leave a copy behind.
        let mut token = Zeroizing::new(String::with_capacity(64));
        token.push_str(Self::PREFIX);
        URL_SAFE_NO_PAD.encode_string(random.as_slice(), &mut token);
        let digest = digest(token.as_bytes());
        Ok((token, digest.iter().map(|byte| format!("{byte:02x}")).collect()))
    }
}

/// SHA-256.
pub(super) fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_256_random_bits_and_another_one_each_time() {
        let (token, hash) = Token::make().unwrap();
        let random = token.strip_prefix("pct_").unwrap();
        assert_eq!((random.len(), URL_SAFE_NO_PAD.decode(random).unwrap().len()), (43, 32));
        assert!(token.capacity() <= 64, "it has grown, and left a copy behind");
        assert_ne!(*token, *Token::make().unwrap().0);
        assert_eq!(hash.len(), 64);
    }

    #[test]
    fn the_hash_is_what_sha256sum_shows() {
        let shown: String = digest(b"abc").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(shown, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
