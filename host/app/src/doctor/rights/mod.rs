//! Step 3: may the service account do what the connector was granted? Looked up on the test account's entry, or where it
//! can be read on any other one below the base. Nothing has an effect: Active Directory and 389 Directory Server tell what
//! may be done, and OpenLDAP is asked for what cannot be.
//!
//! Each right that is missing is named as the directory names it, with the words by which it is given.

mod active_directory;
mod descriptor;
mod ds389;
mod openldap;

use portcullis_capabilities::clean;
use portcullis_directory::ldap::LdapDirectory;
use portcullis_directory::{Answer, Directory as _, Entry, Failure, Scope, Search};
use portcullis_model::{FaultCode, Login, OperationKind};

use super::connectivity::Reached;
use super::step::{Finding, Step, StepName};
use crate::config::{ConnectorFile, DirectorySource, Ldap, LocateScope, WriteGrant};
use crate::connector::Connector;
use crate::show::ExitCode;

/// Everything that a look at the rights needs.
struct Question<'a> {
    directory: &'a LdapDirectory,
    root: &'a Entry,
    file: &'a ConnectorFile,
    ldap: &'a Ldap,
    /// As it is written in the connector's file.
    service: &'a str,
    /// The test account's entry.
    target: &'a str,
}

/// An attribute that the connector may write.
struct Need<'a> {
    attribute: &'a str,
    /// Nothing for a password, and for an attribute that may only be emptied.
    value: Option<&'a str>,
}

/// Directories that differ in how rights are found out.
enum Kind {
    ActiveDirectory,
    OpenLdap,
    Ds389,
    Other,
}

impl Kind {
    /// By what the root DSE says.
    fn of(root: &Entry) -> Self {
        // LDAP_CAP_ACTIVE_DIRECTORY_OID (MS-ADTS section 3.1.1.3.4.3).
        let has = |name, value: &[u8]| root.values(name).iter().any(|v| v.eq_ignore_ascii_case(value));
        if has("supportedCapabilities", b"1.2.840.113556.1.4.800") {
            Self::ActiveDirectory
        } else if has("objectClass", b"OpenLDAProotDSE") {
            Self::OpenLdap
        } else if root.text("vendorName").is_some_and(|vendor| vendor.contains("389 Project")) {
            Self::Ds389
        } else {
            Self::Other
        }
    }
}

pub(super) async fn look(connector: Option<&Connector>, reached: &Reached, account: Option<&Login>) -> Step {
    let skipped = |why: &str| Step::skipped(StepName::Rights, why);
    let Some(connector) = connector else { return skipped("the connector cannot run: see step 1") };
    match reached {
        Reached::Nothing => return skipped("the directory cannot be used: see step 2"),
        Reached::Embedded => return skipped("the directory in the host's memory has no access rights"),
        Reached::Servers(_) => {}
    }
    let Some((directory, root)) = reached.first() else { return skipped("no server can be used: see step 2") };
    let (Some(ldap), Some(locator)) = (&connector.file.ldap, &connector.locator) else {
        return skipped("the connector has no directory");
    };
    let DirectorySource::Servers(servers) = &ldap.source else { return skipped("the connector has no servers") };
    let Some(bind) = &servers.bind else { return skipped("there is no service account") };
    let kind = Kind::of(root);
    let mut step = Step::new(StepName::Rights);
    let target = match account {
        Some(account) => match locator.locate(directory, account, None, &[]).await {
            Ok(target) => target.entry.dn,
            Err(fault) => return step.with(Finding::fault(&fault)),
        },
        None => match sample(&kind, directory, ldap).await {
            Ok(Some(dn)) => {
                step.add(Finding::ok(format!("no test account is named: rights are looked up on {dn}")));
                dn
            }
            Ok(None) => return skipped("no test account is named: rights are looked up on its entry"),
            Err(failure) => return step.with(Question::failure(&failure)),
        },
    };
    let question = Question { directory, root, file: &connector.file, ldap, service: &bind.dn, target: &target };
    let findings = match kind {
        Kind::ActiveDirectory => active_directory::look(&question).await,
        Kind::OpenLdap => openldap::look(&question).await,
        Kind::Ds389 => ds389::look(&question).await,
        Kind::Other => vec![Finding::skipped("how this kind of directory is asked for rights is not known")],
    };
    findings.into_iter().for_each(|finding| step.add(finding));
    if step.findings.is_empty() {
        step.add(Finding::ok("the connector was granted nothing that it could write"));
    }
    step
}

/// Some person below the base, where rights are only read. Where they are tried, nobody's entry is taken but that of the
/// account which the operator gave for it.
async fn sample(kind: &Kind, directory: &LdapDirectory, ldap: &Ldap) -> Result<Option<String>, Failure> {
    let person = match kind {
        Kind::ActiveDirectory => "(objectCategory=person)(objectClass=user)",
        Kind::Ds389 => "(objectClass=person)",
        Kind::OpenLdap | Kind::Other => return Ok(None),
    };
    let exclude = ldap.locate.exclude.as_ref().map(|exclude| format!("(!{exclude})")).unwrap_or_default();
    let search = Search {
        base: ldap.locate.base.clone(),
        scope: match ldap.locate.scope {
            LocateScope::One => Scope::One,
            LocateScope::Subtree => Scope::Subtree,
        },
        filter: format!("(&{person}{exclude})"),
        attributes: Vec::new(),
        limit: 1,
    };
    Ok(directory.search(&search).await?.entries.into_iter().next().map(|entry| entry.dn))
}

impl Question<'_> {
    /// What the connector writes as the service account. The password modify operation (RFC 3062) writes `userPassword`.
    fn needs(&self) -> Vec<Need<'_>> {
        let mut needs: Vec<Need<'_>> = self
            .ldap
            .write
            .iter()
            .map(|(attribute, grant)| Need {
                attribute,
                value: match grant {
                    WriteGrant::Password => None,
                    WriteGrant::Values { values, .. } => values.first().map(String::as_str),
                },
            })
            .collect();
        let named = needs.iter().any(|need| need.attribute.eq_ignore_ascii_case("userPassword"));
        if self.ldap.allow.set_password && !named && self.does(OperationKind::ResetPassword) {
            needs.insert(0, Need { attribute: "userPassword", value: None });
        }
        needs
    }

    fn does(&self, kind: OperationKind) -> bool {
        self.file.operations.contains(&kind)
    }

    /// Where rights are given: above the accounts.
    fn container(&self) -> &str {
        &self.ldap.locate.base
    }

    fn may(&self, right: &str) -> Finding {
        Finding::ok(format!("{} has {right}", self.service)).fact("right", right)
    }

    fn may_not(&self, right: &str, remedy: String) -> Finding {
        let text = format!("{} lacks {right} on {}", self.service, self.target);
        Finding::failed(ExitCode::DirectoryRefused, text, remedy).fact("right", right).fact("target", self.target)
    }

    fn not_told(&self, right: &str, answer: &Answer) -> Finding {
        let words = format!("result code {} {}", answer.code, clean(&answer.diagnostic, 512, &[]));
        Finding::warning(
            format!("whether {} has {right} could not be found out: {}", self.service, words.trim_end()),
            "compare the rights with the page of the connector, or name a test account, whose reset tells it",
        )
        .fact("right", right)
    }

    fn failure(failure: &Failure) -> Finding {
        let remedy = FaultCode::DirectoryUnavailable.remedy();
        Finding::failed(ExitCode::DirectoryUnreachable, failure.to_string(), remedy)
    }
}
