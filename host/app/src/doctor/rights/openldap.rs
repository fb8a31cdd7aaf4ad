//! OpenLDAP does not tell rights, so it is asked to do something that cannot be done.
//!
//! One modify empties an attribute and then removes that attribute, which is no longer there. A modify is done as a whole
//! or not at all (RFC 4511 section 4.6), so that this one can have no effect. slapd looks at the access rules first: 50
//! (insufficientAccessRights) is a right that is missing, 16 (noSuchAttribute) one that is there. It does not look at
//! them before an assertion (RFC 4528): with a false one it answers 122 to everybody, which tells nothing.
//!
//! A critical No-Op control is the second bolt: slapd undoes whatever comes with it, and a server or a proxy that does not
//! know it refuses the request.

use portcullis_directory::{Change, ChangeKind, Control, Directory as _, Modify, Performer, Value};

use super::super::step::Finding;
use super::{Need, Question};
use crate::show::ExitCode;

/// slapd knows it and does not list it in `supportedControl`.
const NO_OP: &str = "1.3.6.1.4.1.4203.666.5.2";
/// slapd's answer to what would have been done without the control.
const NO_OPERATION: u32 = 0x410e;

pub(super) async fn look(question: &Question<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for need in question.needs() {
        let modify = impossible(question.target, &need);
        let right = format!("write access to {}", need.attribute);
        let answer = match question.directory.modify(&Performer::Service, &modify).await {
            Ok(answer) => answer,
            Err(failure) => {
                findings.push(Question::failure(&failure));
                break;
            }
        };
        findings.push(match answer.code {
            16 | NO_OPERATION => question.may(&right),
            50 => question.may_not(&right, remedy(question, need.attribute)),
            10 => {
                let text = format!("{} answers writes with a referral: it is a replica", answer.server);
                Finding::failed(
                    ExitCode::Configuration,
                    text,
                    "name the provider in `urls`: referrals are not followed",
                )
            }
            // RFC 4511: undefinedAttributeType.
            17 => {
                let text = format!("the server knows no attribute {}", need.attribute);
                let remedy = "take it out of [ldap.write], or load the overlay that brings it (ppolicy)";
                Finding::failed(ExitCode::Configuration, text, remedy)
            }
            _ => question.not_told(&right, &answer),
        });
    }
    findings
}

/// A modify that no server can carry out.
fn impossible(dn: &str, need: &Need<'_>) -> Modify {
    let change = |kind, values| Change { kind, attribute: need.attribute.to_owned(), values };
    let first = need.value.map(|value| change(ChangeKind::Replace, vec![Value::Plain(value.as_bytes().to_vec())]));
    let last = [change(ChangeKind::Replace, Vec::new()), change(ChangeKind::Delete, Vec::new())];
    Modify {
        dn: dn.to_owned(),
        changes: first.into_iter().chain(last).collect(),
        controls: vec![Control { oid: NO_OP.to_owned(), critical: true, value: None }],
    }
}

fn remedy(question: &Question<'_>, attribute: &str) -> String {
    // "=w" and no more: with "manage" the password policy would not apply to what the service account sets.
    let level = if attribute.eq_ignore_ascii_case("userPassword") { "=w" } else { "write" };
    format!(
        "before the broader access rules of the database (olcAccess): to dn.subtree=\"{}\" attrs={attribute} by \
         dn.exact=\"{}\" {level} by * break",
        question.container(),
        question.service
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Either of the two would do: what ends with the removal of what was removed just before, and No-Op.
    #[test]
    fn what_is_tried_is_impossible_and_bolted() {
        for value in [None, Some("TRUE")] {
            let modify = impossible("uid=alice", &Need { attribute: "pwdReset", value });
            let shape: Vec<_> = modify.changes.iter().map(|c| (c.kind, &*c.attribute, c.values.len())).collect();
            let (last, first) = (&shape[shape.len() - 2..], &shape[..shape.len() - 2]);
            assert_eq!(last, [(ChangeKind::Replace, "pwdReset", 0), (ChangeKind::Delete, "pwdReset", 0)]);
            assert_eq!(first.len(), usize::from(value.is_some()));
            let [control] = &modify.controls[..] else { panic!("{modify:?}") };
            assert!(control.critical && control.oid == NO_OP, "{control:?}");
        }
    }
}
