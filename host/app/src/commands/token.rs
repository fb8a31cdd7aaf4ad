//! `portcullis token`: a new token for a caller of the service. Keeps nothing: who loses the token makes another one.

use serde_json::{Value, json};
use zeroize::{Zeroize as _, Zeroizing};

use super::setup::Setup;
use crate::service::callers::Token;
use crate::show::{self, ExitCode};

pub(super) fn run(setup: &Setup) -> ExitCode {
    let (token, hash) = match Token::make() {
        Ok(made) => made,
        Err(fault) => return setup.fault(&fault),
    };
    let line = format!("token-sha256 = [\"{hash}\"]");
    let text = Zeroizing::new(if setup.json {
        let mut object = json!({ "token": *token, "sha256": hash, "line": line });
        let text = show::to_text(&object);
        if let Some(Value::String(token)) = object.get_mut("token") {
            token.zeroize();
        }
        text
    } else {
        format!(
            "Token, for the caller; it is shown this once:\n  {}\n\n\
             For the caller's section in portcullis.toml, [callers.NAME]:\n  {line}\n",
            *token
        )
    });
    setup.print(&text);
    ExitCode::Done
}
