//! Active Directory tells which attributes whoever asks may write (`allowedAttributesEffective`, MS-ADTS section
//! 3.1.1.4.5.22). Control access rights stand in the security descriptor, and are worked out here for the identifiers
//! that the server says are the service account's (`tokenGroups` of the root DSE). Everything is read, nothing is tried.

use std::collections::BTreeSet;

use portcullis_directory::{Control, Directory as _, Entry, Failure, Scope, Search};
use portcullis_model::OperationKind;

use super::super::step::Finding;
use super::Question;
use super::descriptor::{Dacl, Sid, guid};

/// `LDAP_SERVER_SD_FLAGS_OID` (MS-ADTS section 3.1.1.3.4.1.11) for `DACL_SECURITY_INFORMATION` alone: without it the
/// whole descriptor is asked for, which only administrators may read.
const SD_FLAGS: (&str, [u8; 5]) = ("1.2.840.113556.1.4.801", [0x30, 0x03, 0x02, 0x01, 0x04]);

/// A control access right (MS-ADTS section 5.1.3.2.1).
struct Right {
    name: &'static str,
    shown: &'static str,
    guid: [u8; 16],
    wizard: &'static str,
}

/// `User-Force-Change-Password`.
const RESET_PASSWORD: Right = Right {
    name: "Reset Password",
    shown: "00299570-246d-11d0-a768-00aa006e0529",
    guid: guid(0x0029_9570, 0x246d, 0x11d0, [0xa7, 0x68, 0x00, 0xaa, 0x00, 0x6e, 0x05, 0x29]),
    wizard: "Delegation of Control Wizard: `Reset user passwords and force password change at next logon`",
};
/// `User-Change-Password`. Everybody has it unless somebody took it away.
const CHANGE_PASSWORD: Right = Right {
    name: "Change Password",
    shown: "ab721a53-1e2f-11d0-9819-00aa0040529b",
    guid: guid(0xab72_1a53, 0x1e2f, 0x11d0, [0x98, 0x19, 0x00, 0xaa, 0x00, 0x40, 0x52, 0x9b]),
    wizard: "Delegation of Control Wizard: a custom task, user objects, `Change password`",
};
/// `Unexpire-Password`, on the domain.
const UNEXPIRE_PASSWORD: Right = Right {
    name: "Unexpire Password",
    shown: "ccc2dc7d-a6ad-4a7a-8846-c04e3cc53501",
    guid: guid(0xccc2_dc7d, 0xa6ad, 0x4a7a, [0x88, 0x46, 0xc0, 0x4e, 0x3c, 0xc5, 0x35, 0x01]),
    wizard: "on the domain's own properties, Security: `Unexpire password`",
};

impl Right {
    fn words(&self) -> String {
        format!("the control access right \"{}\" ({})", self.name, self.shown)
    }
}

pub(super) async fn look(question: &Question<'_>) -> Vec<Finding> {
    match findings(question).await {
        Ok(findings) => findings,
        Err(failure) => vec![Question::failure(&failure)],
    }
}

/// Every attribute of the target that the service account may write.
pub(super) async fn writable(question: &Question<'_>) -> Result<BTreeSet<String>, Failure> {
    let entry = read(question, question.target, &["allowedAttributesEffective"], &[]).await?;
    let names = entry.iter().flat_map(|entry| entry.values("allowedAttributesEffective"));
    Ok(names.map(|name| String::from_utf8_lossy(name).into_owned()).collect())
}

async fn findings(question: &Question<'_>) -> Result<Vec<Finding>, Failure> {
    let token = token(question.root);
    let trustee = trustee(question).await?;
    let mut findings = Vec::new();
    let entry = read(question, question.target, &["allowedAttributesEffective"], &[]).await?;
    let dacl = dacl(question, question.target).await?;
    let sets = question.ldap.write.keys().any(|attribute| attribute.eq_ignore_ascii_case("unicodePwd"));
    let mut rights = Vec::new();
    if sets && question.does(OperationKind::ResetPassword) {
        rights.push(RESET_PASSWORD);
    }
    // A change as the account itself needs no right of the service account.
    if sets && question.does(OperationKind::ChangePassword) && !question.ldap.allow.as_target {
        rights.push(CHANGE_PASSWORD);
    }
    for right in &rights {
        findings.push(match &dacl {
            None => unread(question, right, question.target),
            Some(dacl) if dacl.allows(&token, right.guid) => question.may(&right.words()),
            Some(dacl) => {
                let command =
                    format!("dsacls \"{}\" /I:S /G \"{trustee}:CA;{};user\"", question.container(), right.name);
                question.may_not(&right.words(), remedy(&command, right.wizard, dacl.protected))
            }
        });
    }
    for need in question.needs().iter().filter(|need| !need.attribute.eq_ignore_ascii_case("unicodePwd")) {
        let words = format!("Write {}", need.attribute);
        let effective = entry.iter().flat_map(|entry| entry.values("allowedAttributesEffective"));
        findings.push(if effective.into_iter().any(|name| name.eq_ignore_ascii_case(need.attribute.as_bytes())) {
            question.may(&words)
        } else {
            let command =
                format!("dsacls \"{}\" /I:S /G \"{trustee}:WP;{};user\"", question.container(), need.attribute);
            let wizard =
                format!("Delegation of Control Wizard: a custom task, user objects, property-specific, `{words}`");
            question.may_not(&words, remedy(&command, &wizard, dacl.as_ref().is_some_and(|dacl| dacl.protected)))
        });
    }
    if rights.iter().any(|right| right.name == RESET_PASSWORD.name) {
        findings.extend(unexpire(question, &token, &trustee).await?);
    }
    Ok(findings)
}

/// Without it Windows lets a new password expire at once, and the person is asked for another one.
async fn unexpire(question: &Question<'_>, token: &[Sid], trustee: &str) -> Result<Option<Finding>, Failure> {
    let right = &UNEXPIRE_PASSWORD;
    let Some(domain) = question.root.text("defaultNamingContext") else { return Ok(None) };
    Ok(Some(match dacl(question, domain).await? {
        None => unread(question, right, domain),
        Some(dacl) if dacl.allows(token, right.guid) => {
            let text = format!("{} has {} on {domain}", question.service, right.words());
            Finding::ok(text).fact("right", right.words())
        }
        Some(_) => {
            let text =
                format!("{} lacks {} on {domain}: a new password may expire at once", question.service, right.words());
            let command = format!("dsacls \"{domain}\" /G \"{trustee}:CA;{}\"", right.name);
            Finding::warning(text, format!("{command}; or {}", right.wizard)).fact("right", right.words())
        }
    }))
}

fn unread(question: &Question<'_>, right: &Right, object: &str) -> Finding {
    let text = format!(
        "whether {} has {} could not be found out: {object} does not show its permissions",
        question.service,
        right.words()
    );
    Finding::warning(
        text,
        "let the service account read the permissions (`Read permissions`), or rely on the test reset",
    )
    .fact("right", right.words())
}

fn remedy(command: &str, wizard: &str, protected: bool) -> String {
    let note = if protected {
        "; this account takes over no rights from its container, as accounts of administrators do (AdminSDHolder): choose \
         another test account"
    } else {
        ""
    };
    format!("{command}; or {wizard}{note}")
}

/// Everybody and every authenticated user belong to it, whether the server says so or not.
fn token(root: &Entry) -> Vec<Sid> {
    let mut token = root.values("tokenGroups").to_vec();
    token.push(vec![1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
    token.push(vec![1, 1, 0, 0, 0, 0, 0, 5, 11, 0, 0, 0]);
    token
}

/// The service account as `dsacls` takes it: a principal name rather than a DN.
async fn trustee(question: &Question<'_>) -> Result<String, Failure> {
    let service = question.service;
    // A DN has a `=`, and may hold either of the others.
    if !service.contains('=') {
        return Ok(service.to_owned());
    }
    let entry = read(question, service, &["userPrincipalName"], &[]).await?;
    Ok(entry.and_then(|entry| entry.text("userPrincipalName").map(str::to_owned)).unwrap_or_else(|| service.to_owned()))
}

async fn dacl(question: &Question<'_>, dn: &str) -> Result<Option<Dacl>, Failure> {
    let control = Control { oid: SD_FLAGS.0.to_owned(), critical: true, value: Some(SD_FLAGS.1.to_vec()) };
    let entry = read(question, dn, &["nTSecurityDescriptor"], &[control]).await?;
    Ok(entry.and_then(|entry| entry.values("nTSecurityDescriptor").first().and_then(|bytes| Dacl::parse(bytes))))
}

async fn read(
    question: &Question<'_>,
    dn: &str,
    attributes: &[&str],
    controls: &[Control],
) -> Result<Option<Entry>, Failure> {
    let search = Search {
        base: dn.to_owned(),
        scope: Scope::Base,
        filter: "(objectClass=*)".to_owned(),
        attributes: attributes.iter().map(|&name| name.to_owned()).collect(),
        limit: 1,
    };
    let found = if controls.is_empty() {
        question.directory.search(&search).await?
    } else {
        question.directory.search_with(&search, controls).await?
    };
    Ok(found.entries.into_iter().next())
}
