//! Denial first: each call is stopped for each thing that is not granted, and only then seen to pass.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portcullis_directory::dn::Dn;
use portcullis_directory::{ChangeKind, Control, Scope, Search};
use portcullis_model::{Encoding, Password};
use proptest::prelude::*;

use super::*;
use crate::secrets::{Held, Label};

const TARGET: &str = "CN=Alice,OU=Staff,DC=corp";

fn name(text: &str) -> AttributeName {
    AttributeName::parse(text).unwrap()
}

fn held(label: Label) -> Held {
    Held { label, secret: Arc::new(Password::new("Tr0ub4dor&3".to_owned()).unwrap()) }
}

fn grant() -> LdapGrant {
    let values = |values: &[&str], remove| WriteGrant::Values {
        values: values.iter().map(ToString::to_string).collect(),
        remove,
    };
    LdapGrant {
        read: BTreeSet::from([name("pwdLastSet"), name("cn")]),
        search: vec![Dn::parse("OU=Policies,DC=corp").unwrap()],
        write: BTreeMap::from([
            (name("unicodePwd"), WriteGrant::Password),
            (name("lockoutTime"), values(&["0"], false)),
            (name("pwdAccountLockedTime"), values(&[], true)),
            (name("description"), values(&["reset by portcullis"], false)),
        ]),
        controls: BTreeSet::from(["1.2.3".to_owned()]),
        set_password: true,
        try_bind: true,
        as_target: true,
    }
}

fn password(label: Label) -> Placed {
    Placed::Password(held(label), Encoding::QuotedUtf16Le)
}

fn plain(text: &str) -> Placed {
    Placed::Plain(text.as_bytes().to_vec())
}

fn change(kind: ChangeKind, attribute: &str, values: Vec<Placed>) -> PlacedChange {
    PlacedChange { kind, attribute: attribute.into(), values }
}

fn reason(changes: Vec<PlacedChange>) -> String {
    grant().permit_modify(TARGET, TARGET, None, changes, vec![]).map(|_| ()).unwrap_err().reason
}

fn passes(changes: Vec<PlacedChange>) -> bool {
    grant().permit_modify(TARGET, TARGET, None, changes, vec![]).is_ok()
}

#[test]
fn without_grants_nothing_passes() {
    let nothing = LdapGrant::default();
    let write = vec![change(ChangeKind::Replace, "unicodePwd", vec![password(Label::New)])];
    assert!(nothing.permit_modify(TARGET, TARGET, None, write, vec![]).is_err());
    assert!(nothing.permit_set_password(TARGET, TARGET, None, held(Label::New), vec![]).is_err());
    assert!(nothing.permit_bind(TARGET, TARGET, held(Label::New), 0, vec![]).is_err());
    assert!(nothing.permit_read(&["cn".into()]).is_err());
    assert!(nothing.permit_search(search("OU=Policies,DC=corp", "(cn=*)", &["cn"])).is_err());
}

#[test]
fn another_entry_is_never_touched() {
    let write = || vec![change(ChangeKind::Replace, "unicodePwd", vec![password(Label::New)])];
    for dn in
        ["CN=Bob,OU=Staff,DC=corp", "cn=alice,ou=staff,dc=corp", "CN=Alice, OU=Staff, DC=corp", "", "<SID=S-1-5-21>"]
    {
        assert!(grant().permit_modify(TARGET, dn, None, write(), vec![]).is_err(), "{dn}");
        assert!(grant().permit_set_password(TARGET, dn, None, held(Label::New), vec![]).is_err(), "{dn}");
        assert!(grant().permit_bind(TARGET, dn, held(Label::New), 0, vec![]).is_err(), "{dn}");
    }
}

#[test]
fn a_password_goes_only_where_it_was_granted() {
    for attribute in ["description", "lockoutTime", "pwdAccountLockedTime"] {
        let write = vec![change(ChangeKind::Replace, attribute, vec![password(Label::New)])];
        assert_eq!(reason(write), "a password may not be written into this attribute", "{attribute}");
    }
    assert!(!passes(vec![change(ChangeKind::Replace, "info", vec![password(Label::New)])]));
}

#[test]
fn the_password_attribute_takes_the_password_in_hand_and_nothing_else() {
    let unicode_pwd = |kind, values| change(kind, "unicodePwd", values);
    let refused = [
        vec![unicode_pwd(ChangeKind::Replace, vec![plain("\"chosen by the plugin\"")])],
        vec![unicode_pwd(ChangeKind::Replace, vec![password(Label::New), password(Label::New)])],
        vec![unicode_pwd(ChangeKind::Replace, vec![password(Label::New), plain("x")])],
        vec![unicode_pwd(ChangeKind::Replace, vec![])],
        vec![unicode_pwd(ChangeKind::Delete, vec![])],
        vec![unicode_pwd(ChangeKind::Replace, vec![password(Label::Old)])],
        vec![unicode_pwd(ChangeKind::Replace, vec![password(Label::Candidate)])],
        vec![unicode_pwd(ChangeKind::Add, vec![password(Label::New)])],
        vec![unicode_pwd(ChangeKind::Delete, vec![password(Label::Old)])],
        vec![
            unicode_pwd(ChangeKind::Add, vec![password(Label::New)]),
            unicode_pwd(ChangeKind::Delete, vec![password(Label::Old)]),
        ],
        vec![
            unicode_pwd(ChangeKind::Replace, vec![password(Label::New)]),
            unicode_pwd(ChangeKind::Replace, vec![password(Label::New)]),
        ],
    ];
    for changes in refused {
        let shown = format!("{changes:?}");
        assert!(reason(changes).starts_with("granted for the password in hand alone"), "{shown}");
    }
    // The second half hidden under another spelling counts as the same attribute.
    assert!(!passes(vec![
        unicode_pwd(ChangeKind::Replace, vec![password(Label::New)]),
        change(ChangeKind::Add, "UNICODEPWD", vec![plain("x")]),
    ]));
    assert!(passes(vec![unicode_pwd(ChangeKind::Replace, vec![password(Label::New)])]));
    assert!(passes(vec![
        unicode_pwd(ChangeKind::Delete, vec![password(Label::Old)]),
        unicode_pwd(ChangeKind::Add, vec![password(Label::New)]),
    ]));
}

#[test]
fn only_granted_values_are_written() {
    assert!(
        reason(vec![change(ChangeKind::Replace, "lockoutTime", vec![plain("1")])])
            .starts_with("not one of the granted values")
    );
    assert!(!passes(vec![change(ChangeKind::Replace, "lockoutTime", vec![plain("0"), plain("1")])]));
    assert!(reason(vec![change(ChangeKind::Replace, "lockoutTime", vec![])]).starts_with("may not be removed"));
    assert!(!passes(vec![change(ChangeKind::Replace, "pwdAccountLockedTime", vec![plain("x")])]));
    assert!(passes(vec![change(ChangeKind::Replace, "lockoutTime", vec![plain("0")])]));
    assert!(passes(vec![change(ChangeKind::Replace, "pwdAccountLockedTime", vec![])]));
}

#[test]
fn a_denial_never_holds_the_value() {
    let reason = reason(vec![change(ChangeKind::Replace, "description", vec![plain("Tr0ub4dor&3")])]);
    assert!(!reason.contains("Tr0ub4dor"), "{reason}");
}

#[test]
fn no_spelling_of_an_attribute_gets_past() {
    for attribute in [
        "unicodePwd;lang-en",
        "1.2.840.113556.1.4.90",
        "unicodePwd;binary",
        "unicodePwd ",
        " unicodePwd",
        "unicodePwd\0",
        "*",
        "+",
        "",
    ] {
        assert!(!passes(vec![change(ChangeKind::Replace, attribute, vec![password(Label::New)])]), "{attribute:?}");
        assert!(grant().permit_read(&[attribute.to_owned()]).is_err(), "{attribute:?}");
    }
    assert!(passes(vec![change(ChangeKind::Replace, "UnIcOdEpWd", vec![password(Label::New)])]));
}

#[test]
fn ungranted_controls_and_performers_are_stopped() {
    let write = || vec![change(ChangeKind::Replace, "lockoutTime", vec![plain("0")])];
    let control = |oid: &str| vec![Control { oid: oid.into(), critical: true, value: None }];
    assert!(grant().permit_modify(TARGET, TARGET, None, write(), control("1.2.840.113556.1.4.1413")).is_err());
    assert!(grant().permit_bind(TARGET, TARGET, held(Label::New), 0, control("1.2.4")).is_err());
    assert!(grant().permit_modify(TARGET, TARGET, Some(&held(Label::New)), write(), vec![]).is_err());
    let own = LdapGrant { as_target: false, ..grant() };
    assert!(own.permit_modify(TARGET, TARGET, Some(&held(Label::Old)), write(), vec![]).is_err());
    assert!(grant().permit_modify(TARGET, TARGET, Some(&held(Label::Old)), write(), control("1.2.3")).is_ok());
}

#[test]
fn only_the_new_password_is_set_by_the_extended_operation() {
    for label in [Label::Old, Label::Candidate] {
        assert!(grant().permit_set_password(TARGET, TARGET, None, held(label), vec![]).is_err());
    }
    assert!(grant().permit_set_password(TARGET, TARGET, None, held(Label::New), vec![]).is_ok());
}

#[test]
fn a_second_bind_after_a_refused_one_is_stopped() {
    assert!(grant().permit_bind(TARGET, TARGET, held(Label::Candidate), 1, vec![]).is_err());
    assert!(grant().permit_bind(TARGET, TARGET, held(Label::Candidate), 0, vec![]).is_ok());
}

fn search(base: &str, filter: &str, attributes: &[&str]) -> Search {
    let attributes = attributes.iter().map(ToString::to_string).collect();
    Search { base: base.into(), scope: Scope::Subtree, filter: filter.into(), attributes, limit: 10 }
}

#[test]
fn a_search_stays_below_its_base_and_looks_at_nothing_else() {
    let base = "OU=Policies,DC=corp";
    let stopped = [
        search("DC=corp", "(cn=x)", &["cn"]),
        search("", "(cn=x)", &["cn"]),
        search("OU=XPolicies,DC=corp", "(cn=x)", &["cn"]),
        search("OU=Policies\\,DC=corp", "(cn=x)", &["cn"]),
        search(base, "(unicodePwd=a*)", &["cn"]),
        search(base, "(&(cn=x)(!(|(description=secret*))))", &["cn"]),
        search(base, "(:caseExactMatch:=x)", &["cn"]),
        search(base, "(cn:dn:=x)", &["cn"]),
        search(base, "(cn=x", &["cn"]),
        search(base, "(cn;lang-en=x)", &["cn"]),
        search(base, "(cn=x)", &["description"]),
        search(base, "(cn=x)", &["*"]),
        search(base, "(cn=x)", &[]),
    ];
    for search in stopped {
        let shown = format!("{search:?}");
        assert!(grant().permit_search(search).is_err(), "{shown}");
    }
    assert!(
        grant().permit_search(search("cn=default,ou=policies,dc=CORP", "(&(cn=x)(pwdLastSet>=1))", &["CN"])).is_ok()
    );
}

#[test]
fn the_root_dse_tells_of_the_server_alone() {
    assert!(LdapGrant::permit_root_dse(&["description".into()]).is_err());
    assert!(LdapGrant::permit_root_dse(&["*".into()]).is_err());
    assert!(LdapGrant::permit_root_dse(&["SupportedControl".into(), "vendorName".into()]).is_ok());
}

#[test]
fn what_a_server_adds_by_itself_is_not_passed_on() {
    let asked = [name("cn")];
    assert!(!LdapGrant::may_pass(&asked, "cn;lang-en"));
    assert!(!LdapGrant::may_pass(&asked, "sn"));
    assert!(LdapGrant::may_pass(&asked, "CN"));
}

proptest! {
    /// Comparing where it stands and reading it first are one answer.
    #[test]
    fn an_attribute_is_what_its_description_reads_as(text in "(?i:cn|2\\.5\\.4\\.3|1\\.1|[a-zé;. -]{0,6})(;[abAB-]?){0,3}") {
        for granted in ["cn", "cn;a", "cn;a;b", "2.5.4.3"].map(name) {
            prop_assert_eq!(granted.is(&text), AttributeName::parse(&text).is_ok_and(|read| read == granted), "{:?}", text);
        }
    }

    /// Whatever a plugin calls an attribute: if it passes, it is a granted one in another case.
    #[test]
    fn only_granted_names_pass(attribute in "[a-zA-Z0-9.;:*+@ \\-\u{0}-\u{7f}é]{0,24}|(?i:unicodepwd)[;. a-z0-9]{0,4}") {
        if passes(vec![change(ChangeKind::Replace, &attribute, vec![password(Label::New)])]) {
            prop_assert!(attribute.eq_ignore_ascii_case("unicodePwd"), "{attribute:?}");
        }
        if grant().permit_read(std::slice::from_ref(&attribute)).is_ok() {
            prop_assert!(["cn", "pwdLastSet"].iter().any(|n| attribute.eq_ignore_ascii_case(n)), "{attribute:?}");
        }
    }

    /// A value passes if and only if it is granted, byte for byte.
    #[test]
    fn only_granted_values_pass(value in "\\PC{0,4}|0|00|0 ") {
        let passed = passes(vec![change(ChangeKind::Replace, "lockoutTime", vec![plain(&value)])]);
        prop_assert_eq!(passed, value == "0");
    }
}
