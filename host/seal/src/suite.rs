//! HPKE (RFC 9180) with one suite: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, mode base, one message.
//!
//! Mode base says nothing about who sealed: the host knows its caller by token or certificate, and the caller's name is
//! in the associated data.

use hpke::aead::{AeadTag, AesGcm256};
use hpke::inout::InOutBuf;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable as _, Kem as _, OpModeR, OpModeS, Serializable as _};
use portcullis_model::Password;
use zeroize::Zeroizing;

use crate::{Binding, Envelope, KeyId, OpenError, SealError, moment, padding};

/// What the sealing is for: `info` of RFC 9180 section 5.1.
pub const INFO: &str = "portcullis/sealed-password/v1";

/// The bytes of the tag at the end of a ciphertext.
pub(crate) const TAG: usize = 16;

type Kem = X25519HkdfSha256;

/// A private key in memory, erased when dropped.
pub(crate) struct PrivateKey(<Kem as hpke::Kem>::PrivateKey);

impl PrivateKey {
    /// Takes 32 bytes; each 32 bytes are a key (RFC 7748 section 5).
    pub(crate) fn new(secret: &[u8; 32]) -> Option<Self> {
        <Kem as hpke::Kem>::PrivateKey::from_bytes(secret).ok().map(Self)
    }

    pub(crate) fn public(&self) -> [u8; 32] {
        Kem::sk_to_pk(&self.0).to_bytes().into()
    }
}

/// Seals a password for the owner of a public key.
///
/// # Errors
/// [`SealError`], which holds nothing of the password.
pub fn seal(public: &[u8; 32], password: &Password, binding: &Binding<'_>) -> Result<Envelope, SealError> {
    seal_padded(public, padding::pad(password).ok_or(SealError::Failed)?, binding)
}

/// Seals what is padded already, in place.
pub(crate) fn seal_padded(
    public: &[u8; 32],
    mut padded: Zeroizing<Vec<u8>>,
    binding: &Binding<'_>,
) -> Result<Envelope, SealError> {
    if KeyId::of(public) != *binding.key {
        return Err(SealError::PublicKey);
    }
    if binding.expires > moment::LATEST {
        return Err(SealError::Expires);
    }
    let bound = binding.associated_data().ok_or(SealError::Caller)?;
    let key = <Kem as hpke::Kem>::PublicKey::from_bytes(public).map_err(|_| SealError::PublicKey)?;
    // The library panics where the system gives no random bytes; a system that gave one gives more.
    getrandom::fill(&mut [0_u8; 1]).map_err(|_| SealError::Random)?;
    let (encapsulated, tag) = hpke::single_shot_seal_inout_detached::<AesGcm256, HkdfSha256, Kem>(
        &OpModeS::Base,
        &key,
        INFO.as_bytes(),
        InOutBuf::from(padded.as_mut_slice()),
        &bound,
    )
    .map_err(|error| if error == hpke::HpkeError::EncapError { SealError::PublicKey } else { SealError::Failed })?;
    let mut ciphertext = Vec::with_capacity(padded.len() + TAG);
    ciphertext.extend_from_slice(&padded);
    ciphertext.extend_from_slice(&tag.to_bytes());
    Ok(Envelope::new(binding.key.clone(), binding.expires, encapsulated.to_bytes().into(), ciphertext))
}

/// Opens an envelope; one error for every reason.
pub(crate) fn open(key: &PrivateKey, envelope: &Envelope, binding: &Binding<'_>) -> Result<Password, OpenError> {
    let bound = binding.associated_data().ok_or(OpenError::Unopened)?;
    let unopened = |_| OpenError::Unopened;
    let encapsulated = <Kem as hpke::Kem>::EncappedKey::from_bytes(envelope.encapsulated()).map_err(unopened)?;
    let (ciphertext, tag) = envelope.ciphertext().split_last_chunk::<TAG>().ok_or(OpenError::Unopened)?;
    let tag = AeadTag::<AesGcm256>::from_bytes(tag).map_err(unopened)?;
    let mut padded = Zeroizing::new(ciphertext.to_vec());
    hpke::single_shot_open_inout_detached::<AesGcm256, HkdfSha256, Kem>(
        &OpModeR::Base,
        &key.0,
        &encapsulated,
        INFO.as_bytes(),
        InOutBuf::from(padded.as_mut_slice()),
        &bound,
        &tag,
    )
    .map_err(unopened)?;
    padding::unpad(&padded).ok_or(OpenError::Unopened)
}
