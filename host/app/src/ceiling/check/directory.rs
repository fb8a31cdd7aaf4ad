//! `[ldap]` against the ceiling's: servers, bases, attributes, operations of the protocol.

use portcullis_capabilities::ldap::AttributeName;
use portcullis_directory::dn::Dn;

use super::super::rules::LdapRules;
use super::{Excesses, values};
use crate::config::{Allow, DirectorySource, Ldap, Locate, Servers};

impl Excesses {
    pub(super) fn directory(&mut self, ldap: &Ldap, rules: &LdapRules) {
        // A new key of the section has to be thought of here. How the host confirms is the host's own reading.
        let Ldap { source, locate, read, search, write, allow, confirm: _ } = ldap;
        match source {
            DirectorySource::Servers(servers) => self.servers(servers, rules),
            DirectorySource::Embedded(_) if rules.embedded => {}
            DirectorySource::Embedded(_) => {
                let text = "the directory in the host's memory is not allowed".to_owned();
                let remedy = "name servers by `urls`, or have `embedded = true` written into `[ldap]` of the ceiling";
                let label = "not allowed without `embedded = true`";
                self.add("embedded", &["ldap", "embedded"], &["ldap", "embedded"], text, label, remedy.into());
            }
        }
        self.locate(locate, rules);
        if rules.require_exclude && locate.exclude.is_none() && writes(ldap) {
            let text = "the connector writes, and no entry is excluded".to_owned();
            let remedy = "protect privileged accounts in `[ldap.locate]`, for example: exclude = \"(adminCount=1)\"";
            let label = "an exclusion is required";
            let asked = ["ldap", "locate", "exclude"];
            self.add("no-exclude", &asked, &["ldap", "locate", "require-exclude"], text, label, remedy.into());
        }
        for (number, name) in read.iter().enumerate().filter(|(_, name)| !names(&rules.read, name)) {
            let text = format!("`{name}` may not be readable");
            let remedy =
                format!("take \"{name}\" out of `[ldap.read]`, or have it added to `[ldap.read]` in the ceiling");
            let asked = ["ldap", "read", "attributes", &number.to_string()];
            self.add("read", &asked, &["ldap", "read", "attributes"], text, "does not name it", remedy);
        }
        for (number, _) in search.iter().enumerate().filter(|(_, base)| !is_below(base, &rules.search)) {
            let text = "searching here is not allowed".to_owned();
            let remedy = "choose a base below one of those, or have this one added to `[ldap.search]` in the ceiling";
            let asked = ["ldap", "search", "bases", &number.to_string()];
            self.add("search", &asked, &["ldap", "search", "bases"], text, "lies below none of these", remedy.into());
        }
        values::write(self, write, &rules.write);
        self.allow(allow, &rules.allow);
    }

    fn servers(&mut self, servers: &Servers, rules: &LdapRules) {
        // A new key has to be thought of here. Whom the host signs in as, how often and how long it waits is not limited.
        let Servers {
            urls,
            start_tls,
            min_tls,
            ca_file: _,
            bind: _,
            connections: _,
            connect_timeout: _,
            request_timeout: _,
        } = servers;
        for (number, url) in urls.iter().enumerate() {
            let item = number.to_string();
            let asked = ["ldap", "urls", &item];
            if !rules.urls.iter().any(|allowed| allowed.matches(url)) {
                let text = "this server is not allowed".to_owned();
                let remedy = "take the server out of `urls`, or have it added to `urls` in `[ldap]` of the ceiling";
                self.add("server", &asked, &["ldap", "urls"], text, "none of these is it", remedy.into());
            }
            // Refused in every connector's file; no ceiling can allow it.
            if !start_tls && scheme(url) == "ldap" {
                let text = "passwords would travel in the clear".to_owned();
                let remedy = "write ldaps://, or `start-tls = true`".to_owned();
                self.add("clear-text", &asked, &["ldap", "min-tls"], text, "TLS is always required", remedy);
            }
        }
        if *min_tls < rules.min_tls && urls.iter().any(|url| scheme(url) != "ldapi") {
            let (wanted, least) = (min_tls.name(), rules.min_tls.name());
            let text = format!("TLS {wanted} is taken, and {least} is required");
            let remedy = format!("write into `[ldap]`: min-tls = \"{least}\"");
            self.add("tls", &["ldap", "min-tls"], &["ldap", "min-tls"], text, "the oldest version", remedy);
        }
    }

    fn locate(&mut self, locate: &Locate, rules: &LdapRules) {
        let Locate { base, scope: _, filter: _, exclude: _ } = locate;
        if !is_below(base, &rules.locate) {
            let text = "targets may not be located here".to_owned();
            let remedy = "choose a base below one of those, or have this one added to `[ldap.locate]` in the ceiling";
            let allowed = ["ldap", "locate", "bases"];
            self.add("locate", &["ldap", "locate", "base"], &allowed, text, "lies below none of these", remedy.into());
        }
    }

    fn allow(&mut self, wanted: &Allow, rules: &Allow) {
        let Allow { controls, set_password, try_bind, as_target } = wanted;
        for (number, oid) in controls.iter().enumerate().filter(|(_, oid)| !rules.controls.contains(oid)) {
            let text = format!("the control {oid} is not allowed");
            let remedy = format!("take \"{oid}\" out of `controls`, or have it added to `controls` in the ceiling");
            let asked = ["ldap", "allow", "controls", &number.to_string()];
            self.add("control", &asked, &["ldap", "allow", "controls"], text, "does not name it", remedy);
        }
        let switches = [
            ("set-password", *set_password && !rules.set_password),
            ("try-bind", *try_bind && !rules.try_bind),
            ("as-target", *as_target && !rules.as_target),
        ];
        for (key, _) in switches.iter().filter(|(_, over)| *over) {
            let text = format!("`{key}` is not allowed");
            let remedy = format!("take `{key} = true` away, or have it written into `[ldap.allow]` of the ceiling");
            let path = ["ldap", "allow", key];
            self.add("protocol", &path, &path, text, "does not allow it", remedy);
        }
    }
}

/// Whether the connector can change anything in the directory.
fn writes(ldap: &Ldap) -> bool {
    !ldap.write.is_empty() || ldap.allow.set_password
}

/// Whether a list names an attribute, compared as the grants compare them.
pub(super) fn names(list: &[String], name: &str) -> bool {
    let Ok(name) = AttributeName::parse(name) else { return false };
    list.iter().any(|allowed| AttributeName::parse(allowed).is_ok_and(|allowed| allowed == name))
}

fn is_below(base: &str, allowed: &[String]) -> bool {
    let Ok(base) = Dn::parse(base) else { return false };
    allowed.iter().any(|allowed| Dn::parse(allowed).is_ok_and(|allowed| base.is_below_or_equal(&allowed)))
}

fn scheme(url: &str) -> String {
    url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase()).unwrap_or_default()
}
