//! The body of `POST /v1/operations`.

use std::time::Duration;

use portcullis_model::{Fault, FaultCode, Login, OperationKind, Password, ResetOptions};
use portcullis_seal::Label;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::error::Category;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::given;
use crate::api::problem::Problem;
use crate::service::GivenPassword;

/// What is asked for.
#[derive(Debug)]
pub struct Asked {
    /// The kind.
    pub kind: OperationKind,
    /// Whom it is about.
    pub account: Login,
    /// By which connector, if the caller says so.
    pub connector: Option<String>,
    /// The passwords that belong to the kind, and no others.
    pub passwords: Vec<(Label, GivenPassword)>,
    /// What a reset does besides.
    pub options: ResetOptions,
    /// How long it is tried.
    pub deadline: Option<Duration>,
}

/// An operation that is asked for. Members that are not named here are refused.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OperationRequest {
    /// What is asked for.
    #[schema(value_type = String, example = "reset-password", pattern = "^(reset-password|change-password|unlock-account|verify-password|account-status)$")]
    kind: OperationKind,
    /// Whom it is about, as the directory knows the account.
    #[schema(example = "alice@corp.example", min_length = 1, max_length = 256)]
    account: String,
    /// By which connector; without it the one that answers for the account.
    #[serde(default)]
    #[schema(nullable = false, max_length = 256)]
    connector: Option<String>,
    /// The password to set: of `reset-password` and `change-password`.
    #[serde(default)]
    #[schema(value_type = Option<GivenSchema>, nullable = false)]
    new_password: Option<Given>,
    /// The password that is replaced: of `change-password`.
    #[serde(default)]
    #[schema(value_type = Option<GivenSchema>, nullable = false)]
    old_password: Option<Given>,
    /// The password that is asked about: of `verify-password`.
    #[serde(default)]
    #[schema(value_type = Option<GivenSchema>, nullable = false)]
    candidate: Option<Given>,
    /// A new password must be chosen at the next sign-in: of `reset-password`.
    #[serde(default)]
    must_change: bool,
    /// Unlock the account as well: of `reset-password`.
    #[serde(default)]
    unlock: bool,
    /// For how many seconds it is tried; at most what `[delivery] deadline` says.
    #[serde(default)]
    #[schema(nullable = false, minimum = 1)]
    deadline: Option<u32>,
}

/// A password: either readable, or sealed for this host with a key of `/v1/keys`. Exactly one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it describes what `Given` reads")]
#[schema(as = GivenPassword)]
pub(crate) struct GivenSchema {
    /// 1 to 1024 bytes of UTF-8 without control characters.
    #[schema(nullable = false, format = Password)]
    clear: Option<String>,
    /// `pcs1.` and what `portcullis seal` makes.
    #[schema(nullable = false, example = "pcs1.…")]
    sealed: Option<String>,
}

/// A password as it was written; what is wrong with it is said later, without its text.
enum Given {
    Clear(Zeroizing<String>),
    Sealed(Zeroizing<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Either<'a> {
    #[serde(borrow, default)]
    clear: Option<&'a RawValue>,
    #[serde(borrow, default)]
    sealed: Option<&'a RawValue>,
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wanted = || D::Error::custom(SHAPE);
        let raw = <&RawValue>::deserialize(deserializer)?;
        // A library's words about another value would hold the value.
        if !raw.get().starts_with('{') {
            return Err(wanted());
        }
        let either: Either<'_> = serde_json::from_str(raw.get()).map_err(|_| wanted())?;
        match (either.clear, either.sealed) {
            (Some(clear), None) => given::text(clear).map(Self::Clear).ok_or_else(wanted),
            (None, Some(sealed)) => given::text(sealed).map(Self::Sealed).ok_or_else(wanted),
            _ => Err(wanted()),
        }
    }
}

/// What is said of a password in another shape.
const SHAPE: &str = "a password is {\"clear\": \"...\"} or {\"sealed\": \"pcs1...\"}";

impl Asked {
    /// Reads a body.
    ///
    /// # Errors
    /// A problem that says where in the body something is wrong, and never what stands there.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        let written: OperationRequest = serde_json::from_slice(body).map_err(|error| problem(&error))?;
        written.checked()
    }

    /// Whether every password came sealed, or none was needed.
    #[must_use]
    pub fn holds_nothing_in_clear(&self) -> bool {
        self.passwords.iter().all(|(_, given)| matches!(given, GivenPassword::Sealed(_)))
    }
}

impl OperationRequest {
    fn checked(self) -> Result<Asked, Problem> {
        let refused = |code, detail: &str| Problem::from(Fault::new(code, detail.to_owned()));
        let kind = self.kind;
        let account = Login::new(self.account).map_err(|e| refused(FaultCode::AccountUnusable, &e.to_string()))?;
        let is_name = |name: &String| !name.is_empty() && name.len() <= 256 && !name.chars().any(char::is_control);
        if self.connector.as_ref().is_some_and(|name| !is_name(name)) {
            return Err(refused(FaultCode::UnknownConnector, "not a name"));
        }
        if self.deadline == Some(0) {
            return Err(Problem::malformed("`deadline` is a number of seconds, at least 1."));
        }
        if kind != OperationKind::ResetPassword && (self.must_change || self.unlock) {
            return Err(Problem::malformed(format!("`must_change` and `unlock` do not belong to {kind}.")));
        }
        let wanted = Label::of(kind);
        let mut passwords = Vec::with_capacity(wanted.len());
        for (label, member, given) in [
            (Label::Old, "old_password", self.old_password),
            (Label::New, "new_password", self.new_password),
            (Label::Candidate, "candidate", self.candidate),
        ] {
            match (wanted.contains(&label), given) {
                (false, None) => {}
                (true, Some(given)) => passwords.push((label, given.checked(member)?)),
                (true, None) => {
                    return Err(refused(FaultCode::PasswordMissing, member)
                        .saying(format!("{kind} needs the member `{member}`.")));
                }
                (false, Some(_)) => {
                    return Err(Problem::malformed(format!("`{member}` does not belong to {kind}.")));
                }
            }
        }
        let options = ResetOptions { must_change: self.must_change, unlock: self.unlock };
        let deadline = self.deadline.map(|seconds| Duration::from_secs(seconds.into()));
        Ok(Asked { kind, account, connector: self.connector, passwords, options, deadline })
    }
}

impl Given {
    fn checked(self, member: &str) -> Result<GivenPassword, Problem> {
        let refused = |code, what: String| Problem::from(Fault::new(code, what.clone())).saying(what);
        match self {
            Self::Clear(text) => Password::new(text)
                .map(GivenPassword::Clear)
                .map_err(|error| refused(FaultCode::PasswordUnusable, format!("`{member}`: {error}."))),
            Self::Sealed(text) => text
                .parse()
                .map(GivenPassword::Sealed)
                .map_err(|error| refused(FaultCode::SealUnopened, format!("`{member}`: {error}."))),
        }
    }
}

/// What a parser's error says to a caller: the place, and words that hold nothing of the body.
fn problem(error: &serde_json::Error) -> Problem {
    // The library's words may hold a value; only names that this interface has itself are taken from them.
    let words = Zeroizing::new(error.to_string());
    let member = |start: &str| {
        let name = words.strip_prefix(start)?.split('`').next()?;
        MEMBERS.into_iter().find(|member| *member == name)
    };
    let what = match error.classify() {
        Category::Eof => "the body ends too early".to_owned(),
        Category::Syntax | Category::Io => "this is not JSON in UTF-8".to_owned(),
        Category::Data => {
            if let Some(name) = member("missing field `") {
                format!("the member `{name}` is missing")
            } else if let Some(name) = member("duplicate field `") {
                format!("the member `{name}` is there twice")
            } else if words.starts_with("unknown field `") {
                format!("a member is unknown; there are {}", MEMBERS.join(", "))
            } else if words.starts_with("unknown variant `") {
                let kinds = OperationKind::ALL.map(OperationKind::name).join(", ");
                format!("the kind is unknown; there are {kinds}")
            } else if words.starts_with(SHAPE) {
                SHAPE.to_owned()
            } else {
                "a value of another type is wanted here".to_owned()
            }
        }
    };
    Problem::malformed(format!("Line {}, column {}: {what}.", error.line(), error.column()))
}

const MEMBERS: [&str; 9] =
    ["kind", "account", "connector", "new_password", "old_password", "candidate", "must_change", "unlock", "deadline"];

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
