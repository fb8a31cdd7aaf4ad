//! What took effect, or why not, as a caller reads it.

use portcullis_model::{Blame, Fault, FaultCode};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::problem::{seen_by_callers, word};

/// What was done.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = Receipt)]
pub struct ReceiptDocument {
    /// What took effect: `password-set`, `change-required`, `unlocked`.
    effects: Vec<String>,
    /// What the caller should know although it succeeded.
    notes: Vec<NoteDocument>,
    /// Whether the host saw that it took effect; null where there was nothing to look for.
    confirmed: Option<bool>,
    /// How long it took.
    milliseconds: Option<MillisecondsDocument>,
    /// The account's state: the answer to `account-status`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    status: Option<StatusDocument>,
    /// `valid`, `must-change`, `invalid`, `locked` or `disabled`: the answer to `verify-password`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    verdict: Option<String>,
    /// What was asked for and did not take effect although the rest did.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "left_out")]
    #[schema(nullable = false)]
    shortfall: Option<FaultDocument>,
    /// The entry that it was done to; for the operator only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    target: Option<String>,
    /// The server that took it; for the operator only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    server: Option<String>,
    /// How the host made sure; for the operator only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    confirmation: Option<String>,
}

/// The shortfall is made from its code, not taken as it was written.
fn left_out<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<FaultDocument>, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| None)
}

/// A word and a text of the connector.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Note)]
struct NoteDocument {
    /// A stable word.
    code: String,
    /// For a person.
    text: String,
}

/// How long it took, in milliseconds.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Milliseconds)]
struct MillisecondsDocument {
    /// From the start of the attempt to the receipt.
    total: f64,
    /// Finding the account's entry.
    locate: f64,
    /// The connector and the directory's answers to it.
    connector: f64,
    /// Making sure.
    confirm: f64,
}

/// The state of an account; what the directory does not tell is null.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = AccountStatus)]
struct StatusDocument {
    /// Not switched off.
    enabled: Option<bool>,
    /// Locked after too many wrong passwords.
    locked: Option<bool>,
    /// A new password must be chosen at the next sign-in.
    must_change: Option<bool>,
    /// When the password was set, in seconds since 1970 UTC.
    password_set: Option<u64>,
    /// When it expires, in seconds since 1970 UTC.
    password_expires: Option<u64>,
}

impl ReceiptDocument {
    /// Of the outcome that the journal keeps; nothing of it that is not named above.
    pub(super) fn of(outcome: &Value, operator: bool) -> Self {
        let receipt = outcome.get("receipt").unwrap_or(outcome);
        let mut document = Self::deserialize(receipt).unwrap_or_default();
        let shortfall = outcome.get("shortfall").or_else(|| receipt.get("shortfall"));
        document.shortfall = shortfall.and_then(|fault| {
            let code = fault.get("code")?.as_str().and_then(FaultCode::parse)?;
            Some(FaultDocument::of(code, limit(fault), operator))
        });
        if !operator {
            (document.target, document.server, document.confirmation) = (None, None, None);
        }
        document
    }
}

/// Why something was not done, or not yet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Fault)]
pub struct FaultDocument {
    /// The stable name, for programs.
    code: String,
    /// Who has to act: `caller`, `operator`, `directory`, `plugin` or `host`.
    blame: String,
    /// Whether the same request can succeed later: `never` or `later`.
    retry: String,
    /// For people.
    text: String,
    /// What to do next, where it is the caller who has to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    remedy: Option<String>,
    /// The number that belongs to the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    limit: Option<u32>,
}

impl FaultDocument {
    /// Of a fault. The operator reads the code itself, everybody else the one for callers.
    #[must_use]
    pub fn of(code: FaultCode, limit: Option<u32>, operator: bool) -> Self {
        let code = if operator { code } else { seen_by_callers(code) };
        Self {
            code: code.name().to_owned(),
            blame: word(code.blame()),
            retry: word(code.retry()),
            text: Fault::new(code, "").with_limit(limit).caller_text(),
            remedy: (operator || code.blame() == Blame::Caller).then(|| code.remedy().to_owned()),
            limit,
        }
    }
}

/// The number of a fault that the journal keeps.
pub(super) fn limit(fault: &Value) -> Option<u32> {
    fault.get("limit")?.as_u64()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What the journal may hold, with everything that a caller must not read.
    fn outcome() -> Value {
        json!({
            "outcome": "done",
            "receipt": {
                "target": "uid=a,ou=secret-place", "server": "ldaps://secret-place", "confirmation": "a bind on secret-place",
                "effects": ["password-set"], "notes": [{"code": "a", "text": "b"}], "confirmed": true,
                "milliseconds": {"total": 1.0, "locate": 0.1, "connector": 0.2, "confirm": 0.3},
                "verdict": "valid", "what-comes-later": "secret-place"
            },
            "shortfall": {"code": "directory-denied", "detail": "secret-place", "limit": 3}
        })
    }

    #[test]
    fn a_caller_reads_what_was_done_and_not_where() {
        let shown = serde_json::to_value(ReceiptDocument::of(&outcome(), false)).unwrap();
        assert!(!shown.to_string().contains("secret-place"), "{shown}");
        assert_eq!((&shown["effects"][0], &shown["verdict"]), (&"password-set".into(), &"valid".into()));
        assert_eq!(
            (&shown["shortfall"]["code"], &shown["shortfall"]["limit"]),
            (&"directory-denied".into(), &3.into())
        );
        assert!(shown["shortfall"]["remedy"].is_null(), "what the operator does is no advice for a caller");
        let shown = serde_json::to_value(ReceiptDocument::of(&outcome(), true)).unwrap();
        assert_eq!(shown["target"], "uid=a,ou=secret-place");
    }

    #[test]
    fn a_receipt_is_found_with_and_without_what_is_around_it() {
        let bare = ReceiptDocument::of(&outcome()["receipt"], false);
        assert_eq!(bare.confirmed, Some(true));
        assert_eq!(ReceiptDocument::of(&json!("nonsense"), false).effects, Vec::<String>::new());
    }
}
