//! Finding the target: the one entry that an operation may touch.

use std::sync::Arc;

use portcullis_capabilities::{Target, clean};
use portcullis_directory::dn::Dn;
use portcullis_directory::filter::Template;
use portcullis_directory::{Directory, Entry, Failure, Found, Scope, Search};
use portcullis_model::{Fault, FaultCode, Login, Operation, Password};

use crate::config::{Confirm, Ldap, LocateScope};
use crate::connector::Connector;

/// LDAP result codes (RFC 4511 appendix A).
const NO_SUCH_OBJECT: u32 = 32;
const SIZE_LIMIT: u32 = 4;
const INSUFFICIENT_RIGHTS: u32 = 50;

/// How much of what a directory says is told, in bytes.
const MOST_WORDS: usize = 512;

/// The one entry that an operation may touch.
///
/// # Errors
/// As [`Locator::locate`], and the operator's for a connector without a directory.
pub(super) async fn target(
    connector: &Connector,
    directory: Option<&Arc<dyn Directory>>,
    operation: &Operation,
    caller_exclude: Option<&str>,
) -> Result<Target, Fault> {
    let (Some(locator), Some(directory)) = (&connector.locator, directory) else {
        let text = "the connector has no directory: add a section [ldap] to its file";
        return Err(Fault::new(FaultCode::Misconfigured, text));
    };
    // They may have been sent before: by an attempt that the service makes again.
    let secrets: Vec<_> = operation.secrets().map(Arc::clone).collect();
    locator.locate(&**directory, &operation.account, caller_exclude, &secrets).await
}

/// How accounts are found, as the operator wrote it.
#[derive(Debug)]
pub struct Locator {
    base: String,
    base_dn: Dn,
    scope: Scope,
    filter: Template,
    exclude: Option<String>,
    attributes: Vec<String>,
}

impl Locator {
    /// From the connector's file.
    ///
    /// # Errors
    /// A fault of the operator's for a base or filter that cannot be read; the file's own check finds those first.
    pub fn new(ldap: &Ldap) -> Result<Self, Fault> {
        let wrong = |text: String| Fault::new(FaultCode::Misconfigured, format!("[ldap.locate]: {text}"));
        let mut attributes = ldap.read.clone();
        if let Confirm::ReadBack { attribute } = &ldap.confirm {
            attributes.push(attribute.clone());
        }
        Ok(Self {
            base: ldap.locate.base.clone(),
            base_dn: Dn::parse(&ldap.locate.base).map_err(|bad| wrong(bad.to_string()))?,
            scope: match ldap.locate.scope {
                LocateScope::One => Scope::One,
                LocateScope::Subtree => Scope::Subtree,
            },
            filter: Template::parse(&ldap.locate.filter).map_err(|bad| wrong(bad.to_string()))?,
            exclude: ldap.locate.exclude.clone(),
            attributes,
        })
    }

    /// Where is looked.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// What is never touched.
    #[must_use]
    pub fn exclude(&self) -> Option<&str> {
        self.exclude.as_deref()
    }

    /// Finds the one entry of an account.
    ///
    /// # Errors
    /// A fault for none, several, an excluded one, and a directory that cannot be asked. What cannot be found out is
    /// refused: an exclusion that could not be looked up counts as one. `caller_exclude` is a filter of the caller's
    /// section, besides the connector's own; `secrets` are withheld from what the directory says.
    pub async fn locate(
        &self,
        directory: &dyn Directory,
        account: &Login,
        caller_exclude: Option<&str>,
        secrets: &[Arc<Password>],
    ) -> Result<Target, Fault> {
        let none = |why: String| Fault::new(FaultCode::NoSuchAccount, why);
        let filter = self.filter.render(account).map_err(|why| none(why.to_string()))?;
        let search = Search {
            base: self.base.clone(),
            scope: self.scope,
            filter,
            attributes: self.attributes.clone(),
            limit: 2,
        };
        let found = directory.search(&search).await.map_err(unavailable)?;
        self.answered(&found, secrets)?;
        let shown = || format!("{} below {}", search.filter, self.base);
        let server = found.answer.server.clone();
        let mut entries = found.entries.into_iter();
        let entry = match (entries.next(), entries.next(), found.more) {
            (None, ..) => return Err(none(format!("no entry matches {}", shown()))),
            (Some(entry), None, false) => entry,
            _ => {
                let text = format!("more than one entry matches {}", shown());
                return Err(Fault::new(FaultCode::AccountAmbiguous, text));
            }
        };
        self.inside(&entry, &server)?;
        if let Some(exclude) = &self.exclude {
            not_excluded(directory, &entry, exclude, "`exclude`").await?;
        }
        if let Some(exclude) = caller_exclude {
            not_excluded(directory, &entry, exclude, "the caller's `exclude`").await?;
        }
        Ok(Target { entry, server })
    }

    /// A server that names an entry outside of the base is broken or lies; nothing is written on its word. The name is
    /// shown to people: servers escape in it what a terminal would obey (RFC 4514 section 2.4).
    fn inside(&self, entry: &Entry, server: &str) -> Result<(), Fault> {
        let obeyed = |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if entry.dn.chars().any(obeyed) {
            let text = format!("{server} found an entry whose name holds control characters");
            return Err(Fault::new(FaultCode::DirectoryNonsense, text));
        }
        match Dn::parse(&entry.dn) {
            Ok(dn) if dn.is_below_or_equal(&self.base_dn) => Ok(()),
            _ => {
                let text =
                    format!("{server} answered a search below {} with an entry that does not lie there", self.base);
                Err(Fault::new(FaultCode::DirectoryNonsense, text))
            }
        }
    }

    fn answered(&self, found: &Found, secrets: &[Arc<Password>]) -> Result<(), Fault> {
        let answer = &found.answer;
        let said = |why: &str| {
            let words = clean(&answer.diagnostic, MOST_WORDS, secrets);
            format!("{} {why}: result code {} {words}", answer.server, answer.code)
        };
        match answer.code {
            0 | SIZE_LIMIT => Ok(()),
            _ if found.more => Ok(()),
            NO_SUCH_OBJECT => {
                let text =
                    said(&format!("does not know the base {}, or does not show it to the service account", self.base));
                Err(Fault::new(FaultCode::Misconfigured, text))
            }
            INSUFFICIENT_RIGHTS => {
                Err(Fault::new(FaultCode::DirectoryDenied, said("did not let the service account search")))
            }
            _ => Err(Fault::new(FaultCode::DirectoryRefused, said("refused the search for the account"))),
        }
    }
}

async fn not_excluded(directory: &dyn Directory, entry: &Entry, exclude: &str, whose: &str) -> Result<(), Fault> {
    let search = Search {
        base: entry.dn.clone(),
        scope: Scope::Base,
        filter: exclude.to_owned(),
        attributes: Vec::new(),
        limit: 1,
    };
    let found = directory.search(&search).await.map_err(unavailable)?;
    if found.answer.code != 0 && found.entries.is_empty() {
        let text =
            format!("whether {} is excluded could not be found out: result code {}", entry.dn, found.answer.code);
        return Err(Fault::new(FaultCode::DirectoryRefused, text));
    }
    if found.entries.is_empty() {
        return Ok(());
    }
    Err(Fault::new(FaultCode::AccountExcluded, format!("{} matches {whose} = {exclude}", entry.dn)))
}

pub(super) fn unavailable(failure: Failure) -> Fault {
    let code = match &failure {
        Failure::Unavailable(_) => FaultCode::DirectoryUnavailable,
        Failure::Unprotected(_) => FaultCode::ConnectionUnprotected,
        Failure::ServiceAccount(_) | Failure::BindRefused(_) => FaultCode::ServiceAccountRefused,
        Failure::InDoubt(_) | Failure::Nonsense(_) => FaultCode::DirectoryNonsense,
    };
    Fault::new(code, failure.to_string())
}
