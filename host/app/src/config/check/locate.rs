//! How the target is found.

use std::ops::Range;

use portcullis_directory::dn::Dn;
use portcullis_directory::{BadFilter, Filter, Template};
use toml::Spanned;

use crate::config::connector::{Locate, LocateScope};
use crate::config::file::{self, Section, Text};
use crate::config::pattern::Pattern;

use super::Check;

const PLACEHOLDERS: &str = "`{account.login}`, `{account.name}` (before the @) and `{account.domain}` (after it)";

impl Check<'_> {
    pub(super) fn locate(
        &mut self,
        locate: Option<Spanned<Section<file::Locate>>>,
        ldap: Range<usize>,
        accounts: &[Pattern],
    ) -> Option<Locate> {
        let Some(locate) = locate else {
            self.findings.error(
                "missing-key",
                ldap,
                "`[ldap.locate]` is missing: the host could not find the entry of an account",
                "needs `[ldap.locate]`",
                "add the section with `base` and `filter`, for example: filter = \"(uid={account.name})\"",
            );
            return None;
        };
        let header = self.header(locate.span());
        let locate = locate.into_inner().0;
        let base = self.required(locate.base, &["ldap", "locate", "base"], header.clone());
        let base = base.and_then(|base| self.dn(&base));
        let scopes = [("subtree", LocateScope::Subtree), ("one", LocateScope::One)];
        let scope = locate.scope.map_or(Some(LocateScope::Subtree), |scope| self.word(&scope, "a scope", &scopes));
        let filter = self.required(locate.filter, &["ldap", "locate", "filter"], header);
        let filter = filter.and_then(|filter| self.template(filter, accounts));
        let exclude = match locate.exclude {
            Some(exclude) => Some(self.exclude(exclude, &["ldap", "locate", "exclude"])?),
            None => None,
        };
        Some(Locate { base: base?, scope: scope?, filter: filter?, exclude })
    }

    /// A distinguished name, as it was written.
    pub(crate) fn dn(&mut self, dn: &Text) -> Option<String> {
        if let Err(error) = Dn::parse(dn.get_ref()) {
            let help = "write for example OU=Staff,DC=corp,DC=example; a comma in a name is written `\\,`";
            self.findings.error("bad-dn", dn.span(), format!("this is not a DN: {error}"), "not a DN", help);
            return None;
        }
        Some(dn.get_ref().clone())
    }

    fn template(&mut self, filter: Text, accounts: &[Pattern]) -> Option<String> {
        if let Err(error) = Template::parse(filter.get_ref()) {
            self.bad_filter(&filter, &error, &["ldap", "locate", "filter"]);
            return None;
        }
        let uses = |placeholder: &str| filter.get_ref().contains(placeholder);
        if !uses("{account.") {
            self.findings.error(
                "filter-without-account",
                filter.span(),
                "this filter finds the same entry for every account",
                "no placeholder",
                format!("put the account into it, for example \"(uid={{account.name}})\"; there are {PLACEHOLDERS}"),
            );
            return None;
        }
        let any_domain = accounts.iter().find(|pattern| !pattern.fixes_domain());
        if let (false, false, Some(pattern)) = (uses("{account.login}"), uses("{account.domain}"), any_domain) {
            self.findings.warning(
                "domain-not-compared",
                filter.span(),
                format!("accounts of different domains are one and the same here: `accounts` holds `{pattern}`"),
                "looks at the part before the @ only",
                "use `{account.login}`, or name the domain in `accounts`: \"*@corp.example\"",
            );
        }
        Some(filter.into_inner())
    }

    /// A filter for entries that are never touched.
    pub(in crate::config) fn exclude(&mut self, filter: Text, path: &[&str]) -> Option<String> {
        if filter.get_ref().contains("{account.") {
            self.findings.error(
                "bad-filter",
                filter.span(),
                "`exclude` takes no placeholder: what it finds is never touched, whatever is asked",
                "holds a placeholder",
                "write what protected entries have in common, for example: exclude = \"(adminCount=1)\"",
            );
            return None;
        }
        match Filter::parse(filter.get_ref()) {
            Ok(_) => Some(filter.into_inner()),
            Err(error) => {
                self.bad_filter(&filter, &error, path);
                None
            }
        }
    }

    fn bad_filter(&mut self, filter: &Text, error: &BadFilter, path: &[&str]) {
        let at = self.inside(filter, error.at);
        let help = format!("write for example: {}", self.example(path));
        self.findings.error("bad-filter", at, format!("this is not a filter: {}", error.problem), "here", help);
    }
}
