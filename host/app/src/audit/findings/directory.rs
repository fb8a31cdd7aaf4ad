//! `plaintext`, `write-without-exclude`, `service-account-too-mighty`.
//!
//! There is no finding for certificates that are not verified and for TLS below 1.2: neither can be configured.

use super::{Code, Finding};
use crate::audit::report::{Rights, Subject, Text};
use crate::config::{DirectorySource, Ldap};

pub(super) fn look(subject: &Subject<'_>, all: &mut Vec<Finding>) {
    let Some(ldap) = &subject.file.ldap else { return };
    plaintext(subject, ldap, all);
    if (!ldap.write.is_empty() || ldap.allow.set_password) && ldap.locate.exclude.is_none() {
        let place = subject.place(&["ldap", "locate"]);
        let text = "the connector writes, and no account is excluded: an administrator's password can be reset like \
                    everybody's";
        let remedy = "name what accounts with more rights have in common, and look with `portcullis check` whether it \
                      finds them; for example, in `[ldap.locate]`";
        let example = match ldap.write.keys().any(|name| name.eq_ignore_ascii_case("unicodePwd")) {
            true => "exclude = \"(|(adminCount=1)(isCriticalSystemObject=TRUE))\"".to_owned(),
            false => format!("exclude = \"(memberOf=cn=admins,{})\"", ldap.locate.base.replace(['"', '\\'], "")),
        };
        all.push(Finding::new(Code::WriteWithoutExclude, place, text, remedy).paste([example]));
    }
    if let Rights::Seen { target, besides } = subject.rights
        && !besides.is_empty()
    {
        let place = subject.place(&["ldap", "bind-dn"]);
        let told = listed(besides);
        let text = format!("the service account may write {told} on {target}, which no grant needs");
        let remedy = "take these rights from it: what the host keeps from a plugin, whoever has the account's password \
                      could do";
        all.push(
            Finding::new(Code::ServiceAccountTooMighty, place, text, remedy).about(besides.iter().map(Text::as_str)),
        );
    }
}

/// How many attributes are told in one sentence; all of them are what the finding is about.
const MOST: usize = 10;

/// Those that decide who may sign in, and who may do what: told before the others.
const HEAVIEST: [&str; 10] = [
    "nTSecurityDescriptor",
    "aci",
    "unicodePwd",
    "userPassword",
    "memberOf",
    "nsRoleDN",
    "userAccountControl",
    "servicePrincipalName",
    "msDS-AllowedToActOnBehalfOfOtherIdentity",
    "msDS-KeyCredentialLink",
];

fn listed(attributes: &[Text]) -> String {
    let heavy = |name: &&Text| HEAVIEST.iter().any(|heavy| heavy.eq_ignore_ascii_case(name.as_str()));
    let (first, then): (Vec<_>, Vec<_>) = attributes.iter().partition(heavy);
    let told: Vec<String> = first.iter().chain(&then).take(MOST).map(|name| format!("`{name}`")).collect();
    let more = attributes.len().saturating_sub(MOST);
    let more = if more > 0 { format!(" and {more} more attributes") } else { String::new() };
    format!("{}{more}", told.join(", "))
}

fn plaintext(subject: &Subject<'_>, ldap: &Ldap, all: &mut Vec<Finding>) {
    let DirectorySource::Servers(servers) = &ldap.source else { return };
    for (at, url) in servers.urls.iter().enumerate() {
        if url.to_ascii_lowercase().starts_with("ldap:") && !servers.start_tls {
            let place = subject.place(&["ldap", "urls", &at.to_string()]);
            let text = format!("{url} is reached without TLS: passwords would travel in the clear");
            let finding = Finding::new(Code::Plaintext, place, text, "write ldaps://, or in `[ldap]`");
            all.push(finding.about([url]).paste(["start-tls = true"]));
        }
    }
}
