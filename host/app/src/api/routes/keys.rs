//! The public keys for sealed passwords.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use portcullis_seal::{INFO, PublicKey};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::auth::Asker;

/// What a password is sealed with: HPKE (RFC 9180), DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, mode base.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Keys {
    /// `info` of HPKE.
    info: String,
    /// The name under which the asking caller is known: it is part of what a password is bound to.
    caller: String,
    /// The keys that are accepted, the current one first.
    #[schema(value_type = Vec<KeyDocument>)]
    keys: Vec<PublicKey>,
}

/// A key.
#[derive(ToSchema)]
#[schema(as = Key)]
#[expect(dead_code, reason = "it describes portcullis_seal::PublicKey")]
pub(super) struct KeyDocument {
    /// The first 8 bytes of SHA-256 of the key, in hexadecimal.
    #[schema(example = "0011223344556677")]
    id: String,
    /// 32 bytes in base64url without padding.
    key: String,
    /// When it was made, in seconds since 1970 UTC.
    created: u64,
    /// Until when what is sealed with it is accepted, in seconds since 1970 UTC; null for the current key.
    accepted_until: Option<u64>,
}

/// List keys for sealed passwords
#[utoipa::path(
    get,
    path = "/v1/keys",
    tag = "service",
    responses((status = 200, description = "The keys that are accepted", body = Keys)),
)]
pub(super) async fn keys(State(api): State<Arc<Api>>, asker: Asker) -> Json<Keys> {
    Json(Keys { info: INFO.to_owned(), caller: asker.caller.name.clone(), keys: api.service.keys().public() })
}
