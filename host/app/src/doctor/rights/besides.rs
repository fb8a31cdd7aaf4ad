//! The other way round: what may the service account write that no grant needs? Asked where a directory tells it; nothing
//! is tried and nothing is written.

use std::collections::BTreeSet;

use portcullis_directory::{Control, Failure, Scope, Search};

use super::{Kind, Question, active_directory, ds389, sample};
use crate::config::{ConnectorFile, DirectorySource};
use crate::doctor::connectivity;

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Besides {
    /// The entry that the rights are about.
    pub target: String,
    /// Attributes of it that the service account may write and no grant needs, as the directory spells them, in order.
    pub attributes: Vec<String>,
}

/// Looks at some account below the base, as the service account. Takes at most the timeouts of the connector's file.
///
/// # Errors
/// In words: why it could not be found out.
pub async fn besides(file: &ConnectorFile) -> Result<Besides, String> {
    let Some(ldap) = &file.ldap else { return Err("the connector has no directory".into()) };
    let DirectorySource::Servers(servers) = &ldap.source else {
        return Err("the directory in the host's memory has no access rights".into());
    };
    let Some(bind) = &servers.bind else { return Err("there is no service account".into()) };
    let (_, reached) = connectivity::look(file).await;
    let Some((directory, root)) = reached.first() else {
        return Err("no server can be used; `portcullis doctor` says why".into());
    };
    let kind = Kind::of(root);
    let failed = |failure: Failure| failure.to_string();
    let target = match (&kind, sample(&kind, directory, ldap).await.map_err(failed)?) {
        (_, Some(target)) => target,
        (Kind::OpenLdap | Kind::Other, None) => {
            return Err("this kind of directory does not tell what a service account may write".into());
        }
        (_, None) => return Err("the service account sees no account below the base".into()),
    };
    let question = Question { directory, root, file, ldap, service: &bind.dn, target: &target };
    let writable = match kind {
        Kind::ActiveDirectory => active_directory::writable(&question).await.map_err(failed)?,
        _ => ds389_writable(&question).await.map_err(failed)?,
    };
    let needed: Vec<&str> = question.needs().iter().map(|need| need.attribute).collect();
    Ok(Besides { attributes: without(writable, &needed), target })
}

/// Attributes that decide who may sign in and who may do what. 389 Directory Server tells rights on what an entry has, and
/// on what is asked for by name; an entry seldom has these.
const MIGHTY: [&str; 12] = [
    "accountUnlockTime",
    "aci",
    "memberOf",
    "nsAccountLock",
    "nsRoleDN",
    "passwordExpirationTime",
    "passwordExpWarned",
    "passwordHistory",
    "passwordRetryCount",
    "pwdReset",
    "retryCountResetTime",
    "userPassword",
];

fn without(writable: BTreeSet<String>, needed: &[&str]) -> Vec<String> {
    writable.into_iter().filter(|name| !needed.iter().any(|need| need.eq_ignore_ascii_case(name))).collect()
}

async fn ds389_writable(question: &Question<'_>) -> Result<BTreeSet<String>, Failure> {
    let search = Search {
        base: question.target.to_owned(),
        scope: Scope::Base,
        filter: "(objectClass=*)".to_owned(),
        attributes: std::iter::once("*").chain(MIGHTY).map(str::to_owned).collect(),
        limit: 1,
    };
    let value = format!("dn: {}", question.service).into_bytes();
    let control = Control { oid: ds389::GET_EFFECTIVE_RIGHTS.to_owned(), critical: true, value: Some(value) };
    let found = question.directory.search_with(&search, &[control]).await?;
    Ok(found.entries.first().and_then(|entry| entry.text("attributeLevelRights")).map(writes).unwrap_or_default())
}

/// The attributes in `userPassword:wo, sn:rsc, cn:none` that may be written or emptied.
fn writes(told: &str) -> BTreeSet<String> {
    let each = told.split(',').filter_map(|one| one.trim().split_once(':'));
    let may = |letters: &str| letters != "none" && letters.contains(['w', 'o']);
    each.filter(|(_, letters)| may(letters)).map(|(name, _)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_is_not_besides_whatever_its_case() {
        let told = writes("userPassword:wo, passwordRetryCount:rscwo, sn:rsc, cn:none, mail:rscwo, uid:o");
        assert_eq!(without(told, &["USERPASSWORD", "passwordretrycount"]), ["mail", "uid"]);
        assert_eq!(writes("none"), BTreeSet::new());
    }
}
