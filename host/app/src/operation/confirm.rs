//! Making sure: does the password work, or at least show?
//!
//! One bind and never a second one: each refused bind counts toward locking the account of the person whom this is
//! about. Only a server that could not be reached is tried again.

use std::sync::Arc;
use std::time::Duration;

use portcullis_capabilities::{Target, clean};
use portcullis_directory::{Answer, Control, Directory, Failure, Scope, Search};
use portcullis_model::Operation;

use super::decide::Known;
use crate::config::Confirm;
use crate::connector::Connector;

/// draft-behera-ldap-password-policy section 6.1: asks for the reason of a refusal; ignored by servers without it.
pub(crate) const PPOLICY: &str = "1.3.6.1.4.1.42.2.27.8.5.1";

/// How often a server that cannot be reached is tried, and how long to wait in between.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(500);

/// How much of what a directory says is told, in bytes.
const MOST_WORDS: usize = 1024;

/// What looking brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Looked {
    /// Nobody looked: nothing to confirm, or the operator does not want it.
    Unasked,
    /// The password is there.
    Seen(String),
    /// It is not.
    Contradicted(String),
    /// The directory answered, and from that it cannot be told.
    Impossible(String),
    /// The directory could not be asked; later it may be.
    Unreached(String),
}

impl Looked {
    pub(super) fn words(&self) -> Option<String> {
        match self {
            Self::Unasked => None,
            Self::Seen(how) => Some(how.clone()),
            Self::Contradicted(how) => Some(format!("not seen: {how}")),
            Self::Impossible(why) | Self::Unreached(why) => Some(format!("could not look: {why}")),
        }
    }
}

/// Looks, if there is something to look for. What the directory said is told without the passwords of the operation.
pub(super) async fn look(
    connector: &Connector,
    directory: Option<&Arc<dyn Directory>>,
    operation: &Operation,
    target: &Target,
    known: &Known,
) -> Looked {
    let secrets: Vec<_> = operation.secrets().map(Arc::clone).collect();
    let told = |text: String| clean(&text, MOST_WORDS, &secrets);
    match ask(connector, directory, operation, target, known).await {
        Looked::Seen(how) => Looked::Seen(told(how)),
        Looked::Contradicted(how) => Looked::Contradicted(told(how)),
        Looked::Impossible(why) => Looked::Impossible(told(why)),
        Looked::Unreached(why) => Looked::Unreached(told(why)),
        silent => silent,
    }
}

async fn ask(
    connector: &Connector,
    directory: Option<&Arc<dyn Directory>>,
    operation: &Operation,
    target: &Target,
    known: &Known,
) -> Looked {
    let (Some(new), Some(ldap), Some(directory)) = (operation.new_password(), &connector.file.ldap, directory) else {
        return Looked::Unasked;
    };
    let wanted = match known {
        Known::Done { returned, .. } => returned.effects.contains(&portcullis_model::Effect::PasswordSet),
        Known::InDoubt { .. } => true,
        Known::Nothing(_) | Known::Unknown(_) => false,
    };
    if !wanted {
        return Looked::Unasked;
    }
    match &ldap.confirm {
        Confirm::None => Looked::Unasked,
        Confirm::Bind => {
            let control = Control { oid: PPOLICY.into(), critical: false, value: None };
            let bind = || directory.bind(&target.entry.dn, new, std::slice::from_ref(&control));
            match reached(bind).await {
                Ok(answer) => judge(&answer),
                Err(failure) => Looked::Unreached(failure.to_string()),
            }
        }
        Confirm::ReadBack { attribute } => read_back(&**directory, target, attribute).await,
    }
}

async fn read_back(directory: &dyn Directory, target: &Target, attribute: &str) -> Looked {
    let search = Search {
        base: target.entry.dn.clone(),
        scope: Scope::Base,
        filter: "(objectClass=*)".into(),
        attributes: vec![attribute.to_owned()],
        limit: 1,
    };
    match reached(|| directory.search(&search)).await {
        Ok(found) => match found.entries.first() {
            Some(entry) if entry.values(attribute) != target.entry.values(attribute) => {
                Looked::Seen(format!("{attribute} changed, read back from {}", found.answer.server))
            }
            // The same value proves nothing: many servers count in seconds, and "must change" is 0 before and after.
            Some(_) => Looked::Impossible(format!("{attribute} is the same as before on {}", found.answer.server)),
            None => Looked::Impossible(format!("the entry could not be read: result code {}", found.answer.code)),
        },
        Err(failure) => Looked::Unreached(failure.to_string()),
    }
}

async fn reached<T, F>(ask: impl Fn() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut attempt = 1;
    loop {
        match ask().await {
            Err(Failure::Unavailable(_)) if attempt < ATTEMPTS => {
                attempt += 1;
                tokio::time::sleep(PAUSE).await;
            }
            other => return other,
        }
    }
}

/// What the answer to the bind says about the password, which is not the same as whether the account can sign in.
pub(crate) fn judge(answer: &Answer) -> Looked {
    let server = &answer.server;
    if answer.code == 0 {
        return Looked::Seen(format!("one bind as the account on {server}"));
    }
    match (active_directory(&answer.diagnostic), ppolicy_error(answer)) {
        // 532 and 773 come only after the password was found right (MS-ERREF: ERROR_PASSWORD_EXPIRED, _MUST_CHANGE).
        (Some(0x532 | 0x773), _) => {
            Looked::Seen(format!("one bind as the account on {server}, which asks for a new password next"))
        }
        (Some(0x52e), _) => Looked::Contradicted(format!("{server} refused a bind with it")),
        (Some(code), _) => Looked::Impossible(format!("{server} does not let the account sign in (data {code:x})")),
        (None, Some(_)) => {
            Looked::Impossible(format!("{server} does not let the account sign in (it is locked or expired)"))
        }
        (None, None) if answer.code == 49 => Looked::Contradicted(format!("{server} refused a bind with it")),
        // Busy and unavailable (RFC 4511 section 4.1.9): the server has not looked at the password.
        (None, None) if matches!(answer.code, 51 | 52) => {
            Looked::Unreached(format!("{server} answered the bind with result code {}", answer.code))
        }
        (None, None) => Looked::Impossible(format!("{server} answered the bind with result code {}", answer.code)),
    }
}

/// Whether the answer to a bind says that the password is right, also where the account has to choose another one first:
/// a policy says so only of a right one.
pub(super) fn is_right(answer: &Answer) -> bool {
    const EXPIRED: u8 = 0;
    const CHANGE_AFTER_RESET: u8 = 2;
    let asks_for_another = matches!(ppolicy_error(answer), Some(EXPIRED | CHANGE_AFTER_RESET));
    matches!(judge(answer), Looked::Seen(_)) || answer.code == 49 && asks_for_another
}

/// The sub-code of a refused bind of Active Directory: `80090308: LdapErr: ..., data 52e, v...`.
fn active_directory(diagnostic: &str) -> Option<u32> {
    let rest = diagnostic.strip_prefix("80090308")?;
    let (_, data) = rest.split_once("data ")?;
    let digits = data.find(|c: char| !c.is_ascii_hexdigit()).map_or(data, |end| &data[..end]);
    u32::from_str_radix(digits, 16).ok()
}

/// The error of a password policy response control: SEQUENCE { [0] warning OPTIONAL, [1] error ENUMERATED OPTIONAL }.
fn ppolicy_error(answer: &Answer) -> Option<u8> {
    let value = answer.controls.iter().find(|control| control.oid == PPOLICY)?.value.as_deref()?;
    match value {
        [0x30, _, rest @ ..] => rest.windows(3).find_map(|window| match window {
            [0x81, 1, error] => Some(*error),
            _ => None,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(code: u32, diagnostic: &str, ppolicy: Option<&[u8]>) -> Looked {
        let control = |value: &[u8]| Control { oid: PPOLICY.into(), critical: false, value: Some(value.to_vec()) };
        let controls = ppolicy.map(control).into_iter().collect();
        judge(&Answer { code, diagnostic: diagnostic.into(), controls, server: "s".into() })
    }

    #[test]
    fn a_refused_bind_contradicts_only_where_it_speaks_of_the_password() {
        let ad = |data: &str| {
            format!("80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data {data}, v1db1")
        };
        assert!(matches!(judged(49, &ad("52e"), None), Looked::Contradicted(_)));
        assert!(matches!(judged(49, "", None), Looked::Contradicted(_)));
        assert!(matches!(judged(49, &ad("775"), None), Looked::Impossible(_)), "locked");
        assert!(matches!(judged(49, &ad("533"), None), Looked::Impossible(_)), "disabled");
        assert!(
            matches!(judged(49, "", Some(&[0x30, 3, 0x81, 1, 1])), Looked::Impossible(_)),
            "locked, by the control"
        );
        assert!(matches!(judged(19, "Exceed password retry limit", None), Looked::Impossible(_)));
        assert!(matches!(judged(52, "", None), Looked::Unreached(_)), "unavailable: later it may answer");
    }

    #[test]
    fn must_change_means_that_the_password_is_right() {
        assert!(matches!(judged(49, "80090308: LdapErr: x, data 773, v1db1", None), Looked::Seen(_)));
        assert!(matches!(judged(0, "", None), Looked::Seen(_)));
    }

    #[test]
    fn nonsense_in_a_control_is_no_reason() {
        for value in [&[][..], &[0x30], &[0x81, 1], &[0x30, 0xff, 0x81]] {
            assert!(matches!(judged(49, "", Some(value)), Looked::Contradicted(_)), "{value:?}");
        }
    }
}
