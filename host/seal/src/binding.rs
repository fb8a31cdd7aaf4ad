//! What a sealed password is bound to, as the associated data of HPKE.
//!
//! # Associated data, byte for byte
//!
//! Six lines of UTF-8, in this order, each `name=value` and one line feed (byte 0x0A), the last one too. No spaces are
//! added, nothing is quoted or escaped:
//!
//! | line | value |
//! | --- | --- |
//! | `kind` | the kind of operation: `reset-password`, `change-password` or `verify-password` |
//! | `account` | the account exactly as the request sends it: the characters of the JSON string after its escapes are undone, in UTF-8, not trimmed, not lowered, not normalised |
//! | `caller` | the name by which the host knows the caller: NAME of `[callers.NAME]` |
//! | `password` | which password it is: `new` (of a reset or a change), `old` (of a change), `candidate` (of a verification) |
//! | `key` | the id of the key, 16 lower-case hexadecimal digits: the first 8 bytes of SHA-256 of the 32 bytes of the public key |
//! | `expires` | the time until which the sealed password may be handed over, in seconds since 1970 UTC, in decimal without leading zeros |
//!
//! No value can hold a line feed (names of accounts and callers hold no control characters), so no two bindings have the
//! same bytes.
//!
//! # Sealing, step by step
//!
//! 1. `GET /v1/keys`, and take the first key: `id`, and `key` (base64url without padding, 32 bytes of X25519).
//! 2. The plaintext: the length of the password in bytes of UTF-8, as two bytes, big-endian; the password; zeros up to the
//!    next multiple of 64 bytes.
//! 3. HPKE (RFC 9180), mode base, single shot: KEM 0x0020 DHKEM(X25519, HKDF-SHA256), KDF 0x0001 HKDF-SHA256,
//!    AEAD 0x0002 AES-256-GCM; `info` is the text `portcullis/sealed-password/v1`; the associated data is as above.
//! 4. The sealed password is one line of text: `pcs1.<key id>.<expires>.<encapsulated key>.<ciphertext with its tag>`, the
//!    last two in base64url without padding.
//!
//! # A worked example
//!
//! Made by an implementation that shares no code with this one, pyhpke 0.6.5 in Python; the tests of this crate open it.
//!
//! ```text
//! private key (hex)  000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
//! public key (hex)   8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f
//! key id             eedd883da0a94515
//! password           Grüße, Passw0rd 😀 (22 bytes of UTF-8)
//! plaintext (hex)    0016 4772c3bcc39f652c20506173737730726420f09f9880, then 40 bytes 00
//! associated data    kind=change-password
//!                    account=alice@corp.example
//!                    caller=portal
//!                    password=new
//!                    key=eedd883da0a94515
//!                    expires=1893456000
//! sealed password    (one line; broken here after the third and fourth dot)
//!                    pcs1.eedd883da0a94515.1893456000.
//!                    c5OQzNHDi_PxTerW0CDzs94UJY6c0hH8yn8teDZ3GgY.
//!                    K4Mo_32kUQSk7c4Bn_Q0gO7PLRo7RPYivjwB2Emc3xnf645Xlaha1X2rCMZqDxOrMkSm7_53TiWs0a1Gu6vZ-CCqLzxZU9TLdQEpc9HyVho
//! ```

use portcullis_model::{Login, OperationKind};

use crate::KeyId;

/// Which password of an operation a sealed one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Label {
    /// The password to set, of a reset or a change.
    New,
    /// The password that a change replaces.
    Old,
    /// The password that a verification asks about.
    Candidate,
}

impl Label {
    /// Every label.
    pub const ALL: [Self; 3] = [Self::New, Self::Old, Self::Candidate];

    /// The name in associated data, command lines and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Old => "old",
            Self::Candidate => "candidate",
        }
    }

    /// The label of a name; nothing for any other text.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|label| label.name() == name)
    }

    /// The labels of the passwords that a kind of operation takes, in the order in which people give them.
    #[must_use]
    pub const fn of(kind: OperationKind) -> &'static [Self] {
        match kind {
            OperationKind::ResetPassword => &[Self::New],
            OperationKind::ChangePassword => &[Self::Old, Self::New],
            OperationKind::VerifyPassword => &[Self::Candidate],
            OperationKind::UnlockAccount | OperationKind::AccountStatus => &[],
        }
    }
}

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What a sealed password is bound to: it opens for exactly this and nothing else.
#[derive(Debug, Clone, Copy)]
pub struct Binding<'a> {
    /// The kind of operation.
    pub kind: OperationKind,
    /// The account, exactly as the request names it.
    pub account: &'a Login,
    /// The name by which the host knows the caller: 1 to 256 bytes without control characters.
    pub caller: &'a str,
    /// Which password of the operation.
    pub label: Label,
    /// The key that it is sealed with.
    pub key: &'a KeyId,
    /// Until when it may be handed over, in seconds since 1970 UTC.
    pub expires: u64,
}

impl Binding<'_> {
    /// The longest name of a caller, in bytes.
    pub const MAX_CALLER: usize = 256;

    /// The bytes that the password is bound to, as the [module](self) describes them; nothing if the name of the caller
    /// is empty, too long or holds a control character, which could make two bindings look the same.
    #[must_use]
    pub fn associated_data(&self) -> Option<Vec<u8>> {
        let caller = self.caller;
        if caller.is_empty() || caller.len() > Self::MAX_CALLER || caller.chars().any(char::is_control) {
            return None;
        }
        let Self { kind, account, label, key, expires, .. } = self;
        Some(
            format!(
                "kind={kind}\naccount={account}\ncaller={caller}\npassword={label}\nkey={key}\nexpires={expires}\n"
            )
            .into_bytes(),
        )
    }
}
