//! No spelling of an attribute, a base or a server gets past the ceiling that the grants would not take for the same.

use std::collections::BTreeMap;

use portcullis_capabilities::ldap::AttributeName;
use portcullis_directory::dn::Dn;
use proptest::prelude::*;

use super::super::rules::LdapRules;
use super::{CEILING, CORP, ceiling_of};
use crate::config::{ConnectorFile, Ldap, WriteGrant};
use portcullis_sandbox::Surface;

fn changed(change: impl FnOnce(&mut Ldap)) -> ConnectorFile {
    let mut file = super::connector(CORP);
    change(file.ldap.as_mut().unwrap());
    file
}

fn codes(file: &ConnectorFile) -> Vec<&'static str> {
    ceiling_of(CEILING).check(file, &Surface::default()).into_iter().map(|excess| excess.code).collect()
}

fn rules() -> LdapRules {
    ceiling_of(CEILING).rules().unwrap().ldap.clone()
}

/// Names near those of the ceiling: in another case, with options, as OIDs, with what does not show.
fn spelling() -> impl Strategy<Value = String> {
    let near = prop::sample::select(vec![
        "lockoutTime",
        "LOCKOUTTIME",
        "pwdLastSet",
        "pwdlastset",
        "unicodePwd",
        "UnicodePWD",
        "pwdReset",
        "lockout-time",
        "1.2.840.113556.1.4.662",
        "1.2.840.113556.1.4.90",
        "OID.1.2.840.113556.1.4.662",
        "lockoutTim\u{0435}",
        "*",
        "+",
    ]);
    let option =
        prop::sample::select(vec!["", ";", ";binary", ";x", ";X;x", ";lang-de", " ", "\u{200b}", "\0", ";range=0-*"]);
    prop_oneof![(near, option).prop_map(|(name, option)| format!("{name}{option}")), "\\PC{0,12}"]
}

fn same(one: &str, other: &str) -> bool {
    AttributeName::parse(one).is_ok_and(|one| AttributeName::parse(other).is_ok_and(|other| one == other))
}

proptest! {
    #[test]
    fn of_a_readable_attribute(name in spelling()) {
        let file = changed(|ldap| ldap.read = vec![name.clone()]);
        let allowed = rules().read.iter().any(|allowed| same(allowed, &name));
        prop_assert_eq!(codes(&file).is_empty(), allowed, "{:?}", name);
    }

    #[test]
    fn of_a_writable_attribute(name in spelling(), value in "[01]{0,2}|TRUE|true|0 ", remove: bool, password: bool) {
        let grant = if password {
            WriteGrant::Password
        } else {
            WriteGrant::Values { values: vec![value.clone()], remove }
        };
        let file = changed(|ldap| ldap.write = BTreeMap::from([(name.clone(), grant)]));
        let allowed = if same(&name, "unicodePwd") {
            password
        } else if same(&name, "lockoutTime") {
            !password && value == "0" && !remove
        } else {
            same(&name, "pwdReset") && !password && value == "TRUE"
        };
        prop_assert_eq!(codes(&file).is_empty(), allowed, "{:?}", name);
    }

    #[test]
    fn of_a_base(
        below in prop::sample::select(vec!["", "OU=a,", "ou = a ,", "OU=a\\,", "OU=a+CN=b,", ","]),
        base in prop::sample::select(vec![
            "OU=Staff,DC=corp,DC=example", "ou=staff, dc=CORP,dc=example", "OU=Staff\\,DC=corp,DC=example", "DC=corp,DC=example",
            "OU=Staff,DC=corp,DC=example,DC=evil", "OU=St\\61ff,DC=corp,DC=example", "OU=#5374616666,DC=corp,DC=example",
            "2.5.4.11=Staff,DC=corp,DC=example", "OU=Staff,DC=corp,DC=example\0", "",
        ]),
    ) {
        let base = format!("{below}{base}");
        let granted = Dn::parse("OU=Staff,DC=corp,DC=example").unwrap();
        let allowed = Dn::parse(&base).is_ok_and(|dn| dn.is_below_or_equal(&granted));
        let file = changed(|ldap| ldap.locate.base = base.clone());
        prop_assert_eq!(codes(&file).is_empty(), allowed, "{:?}", base);
        let file = changed(|ldap| ldap.search = vec![base.clone()]);
        let allowed = Dn::parse(&base)
            .is_ok_and(|dn| dn.is_below_or_equal(&Dn::parse("CN=System,DC=corp,DC=example").unwrap()));
        prop_assert_eq!(codes(&file).is_empty(), allowed, "{:?}", base);
    }

    #[test]
    fn of_a_control(oid in "(1\\.2\\.840\\.113556\\.1\\.4\\.(0?2239|2239\\.|22390)| 1\\.2\\.840\\.113556\\.1\\.4\\.2239|[0-9.]{0,8})") {
        let file = changed(|ldap| ldap.allow.controls = vec![oid.clone()]);
        prop_assert_eq!(codes(&file).is_empty(), oid == "1.2.840.113556.1.4.2239", "{:?}", oid);
    }

    /// Whatever of its lines is taken out of the ceiling, nothing that was refused becomes allowed.
    #[test]
    fn less_in_the_ceiling_never_allows_more(line in 0..CEILING.lines().count(), name in spelling()) {
        let lines: Vec<&str> = CEILING.lines().enumerate().filter(|(at, _)| *at != line).map(|(_, text)| text).collect();
        let lower = super::super::Ceiling::of_text(&lines.join("\n"), std::path::Path::new("c"));
        if let Ok(lower) = lower {
            let file = changed(|ldap| ldap.read.push(name.clone()));
            let (all, fewer) = (codes(&file), lower.check(&file, &Surface::default()));
            prop_assert!(fewer.len() >= all.len(), "without line {line}: {fewer:?}");
        }
    }
}
