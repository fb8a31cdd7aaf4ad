//! Who asks. Decided by what the connection showed and one header; never by anything else that a request says.
//!
//! In this order, and the first that is there decides: the control socket (the operator), a bearer token (RFC 6750), a
//! client certificate, the uid at a unix socket. A token that is wrong is not made good by a certificate. A token in the
//! query (RFC 6750 section 2.3) is not looked at: queries end up in logs.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use portcullis_model::{Fault, FaultCode};

use super::Api;
use super::listen::Peer;
use super::problem::Problem;
use crate::service::callers::Caller;

/// The caller of a request, who is known.
#[derive(Debug, Clone)]
pub(super) struct Asker {
    /// Who.
    pub(super) caller: Arc<Caller>,
    /// Whether the operator asks, who reads what others do not.
    pub(super) operator: bool,
}

impl Asker {
    /// Whether it may read everybody's operations.
    #[must_use]
    pub(super) fn sees_all(&self) -> bool {
        // No caller has this name.
        self.caller.may_read("")
    }

    /// Whether it may cancel and retry.
    ///
    /// # Errors
    /// 403.
    pub(super) fn may_manage(&self) -> Result<(), Problem> {
        if self.caller.may_manage() {
            return Ok(());
        }
        let detail = format!("[callers.{}] does not say `manage = true`", self.caller.name);
        Err(Fault::new(FaultCode::CallerNotAllowed, detail).into())
    }

    /// Takes one request of the caller's rate: reading costs as well.
    ///
    /// # Errors
    /// 429.
    pub(super) fn asks(&self, api: &Api) -> Result<(), Problem> {
        api.service.policy().rates.asks(&self.caller).map_err(|too_many| Fault::from(too_many).into())
    }

    /// Whether it may see what is everybody's: metrics.
    ///
    /// # Errors
    /// 403.
    pub(super) fn must_see_all(&self) -> Result<(), Problem> {
        if self.sees_all() {
            return Ok(());
        }
        let detail = format!("[callers.{}] does not say `see = \"all\"`", self.caller.name);
        Err(Fault::new(FaultCode::CallerNotAllowed, detail).into())
    }
}

impl FromRequestParts<Arc<Api>> for Asker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        // Without what the connection showed nobody is known.
        let peer = parts.extensions.get::<Peer>().cloned().unwrap_or_default();
        let asker = known(api, &peer, &parts.headers)?;
        tracing::debug!(caller = %asker.caller.name, "known");
        Ok(asker)
    }
}

fn known(api: &Api, peer: &Peer, headers: &HeaderMap) -> Result<Asker, Problem> {
    if peer.control {
        return Ok(Asker { caller: Arc::new(Caller::operator()), operator: true });
    }
    let policy = api.service.policy();
    let (callers, rates) = (&policy.callers, &policy.rates);
    // One who guesses on this machine, or through a proxy on it, must not lock out everybody else behind it.
    let counted = peer.address.filter(|address| !address.to_canonical().is_loopback());
    if let Some(address) = counted {
        rates.barred(address).map_err(Fault::from)?;
    }
    let (found, challenge) = match token(headers) {
        Token::Given(token) => (callers.by_token(token), "Bearer realm=\"portcullis\", error=\"invalid_token\""),
        Token::Malformed => (None, "Bearer realm=\"portcullis\", error=\"invalid_request\""),
        Token::None => {
            let by_certificate = || peer.certificate.as_deref().and_then(|der| callers.by_certificate(der));
            let by_uid = || peer.uid.and_then(|uid| callers.by_uid(uid));
            // A connection has a certificate or a uid, never both.
            (by_certificate().or_else(by_uid), "Bearer realm=\"portcullis\"")
        }
    };
    if let Some(caller) = found {
        return Ok(Asker { caller, operator: false });
    }
    if let Some(address) = peer.address {
        rates.stranger(address).map_err(Fault::from)?;
    }
    let fault = Fault::new(FaultCode::CallerUnknown, "no caller has this token, certificate or uid");
    Err(Problem::from(fault).with_header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge)))
}

enum Token<'a> {
    None,
    Malformed,
    Given(&'a str),
}

/// The token of `Authorization: Bearer TOKEN`. The scheme's case does not count (RFC 9110 section 11.1).
fn token(headers: &HeaderMap) -> Token<'_> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Token::None };
    if values.next().is_some() {
        return Token::Malformed;
    }
    let Some((scheme, token)) = value.to_str().ok().and_then(|value| value.split_once(' ')) else {
        return Token::Malformed;
    };
    let token = token.trim_start_matches(' ');
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if !scheme.eq_ignore_ascii_case("Bearer") || token.is_empty() || !token.bytes().all(allowed) {
        return Token::Malformed;
    }
    Token::Given(token)
}
