//! Searching: scopes, filters, what is shown, the root DSE.

use proptest::prelude::*;

use super::*;

/// The names that a filter finds below the top.
async fn found(directory: &MemoryDirectory, filter: &str) -> Vec<String> {
    let found = directory.look("dc=example", Scope::Subtree, filter, &[], 100).await;
    assert_eq!(found.answer.code, 0, "{filter}: {:?}", found.answer);
    found.entries.into_iter().map(|entry| entry.dn).collect()
}

#[tokio::test]
async fn no_search_tells_a_password_or_whether_there_is_one() {
    for dialect in [Dialect::Plain, Dialect::OpenLdap, Dialect::ActiveDirectory] {
        let (directory, _) = directory(dialect);
        let entry = directory.read(ALICE, &["*", "+", "userPassword", "unicodePwd", "pwdHistory"]).await;
        assert!(entry.values("uid").len() == 1 && !format!("{entry:?}").contains("PBKDF2"), "{entry:?}");
        for name in ["userPassword", "unicodePwd", "USERPASSWORD", "userPassword;x", "pwdHistory"] {
            assert_eq!(entry.values(name), &[] as &[Vec<u8>], "{name}");
            for filter in [
                format!("({name}=*)"),
                format!("(!({name}=*))"),
                format!("({name}=old-Password-1)"),
                format!("({name}>=a)"),
                format!("(!({name}=x*))"),
                format!("({name}:1.2.840.113556.1.4.803:=0)"),
                format!("(!(|({name}=x)(uid=nobody)))"),
            ] {
                assert_eq!(found(&directory, &filter).await, [] as [String; 0], "{dialect:?} {filter}");
            }
        }
    }
}

#[tokio::test]
async fn filters_find_what_they_mean() {
    let (directory, _) = directory(Dialect::ActiveDirectory);
    for (filter, expected) in [
        ("(uid=nobody)", vec![]),
        ("(uid=ALICE)", vec![ALICE]),
        ("(MAIL=alice@EXAMPLE.com)", vec![ALICE]),
        ("(cn=alice example)", vec![ALICE]),
        ("(cn=aliceexample)", vec![]),
        ("(description=Second)", vec![ALICE]),
        ("(&(objectClass=user)(uid=bob))", vec![BOB]),
        ("(&(uid=alice)(uid=bob))", vec![]),
        ("(|(uid=alice)(uid=bob)(uid=nobody))", vec![ALICE, BOB]),
        ("(|(uid=bob)(description=first))", vec![ALICE, BOB]),
        ("(&(objectClass=user)(!(uid=alice)))", vec![BOB]),
        ("(&(objectClass=user)(!(adminCount=1)))", vec![ALICE, BOB]),
        ("(mail=*)", vec![ALICE]),
        ("(mail=alice*com)", vec![ALICE]),
        ("(mail=*EXAMPLE*)", vec![ALICE]),
        ("(mail=alice@example.com*com)", vec![]),
        ("(mail=*@*.*m)", vec![ALICE]),
        ("(userAccountControl>=513)", vec![BOB]),
        ("(userAccountControl<=513)", vec![ALICE]),
        ("(userAccountControl:1.2.840.113556.1.4.803:=2)", vec![BOB]),
        ("(userAccountControl:1.2.840.113556.1.4.803:=514)", vec![BOB]),
        ("(userAccountControl:1.2.840.113556.1.4.804:=514)", vec![ALICE, BOB]),
        ("(uid:caseIgnoreMatch:=Bob)", vec![BOB]),
        ("(uid:1.2.3:=bob)", vec![]),
        ("(!(uid:1.2.3:=bob))", vec![]),
        ("(lockoutTime>=1)", vec![]),
        ("(&(lockoutTime=0)(uid=*))", vec![ALICE, BOB]),
        ("(&)", vec!["dc=example", "ou=People,dc=example", ALICE, BOB, "cn=printer,dc=example"]),
        ("(|)", vec![]),
    ] {
        assert_eq!(found(&directory, filter).await, expected, "{filter}");
    }
    directory.lock_out(ALICE).await;
    assert_eq!(found(&directory, "(lockoutTime>=1)").await, [ALICE]);
}

#[tokio::test]
async fn scopes_limits_and_bases() {
    let (directory, _) = directory(Dialect::Plain);
    let look = async |base: &str, scope, limit| {
        let found = directory.look(base, scope, "(objectClass=*)", &[], limit).await;
        (found.entries.len(), found.more, found.answer.code)
    };
    assert_eq!(look("ou=Nowhere,dc=example", Scope::Subtree, 9).await, (0, false, 32));
    assert_eq!(look("nowhere", Scope::Subtree, 9).await, (0, false, 34));
    assert_eq!(look("", Scope::Subtree, 9).await, (0, false, 32));
    assert_eq!(look("DC=Example", Scope::Base, 9).await, (1, false, 0));
    assert_eq!(look("dc=example", Scope::One, 9).await, (2, false, 0));
    assert_eq!(look("OU=people, DC=example", Scope::Subtree, 9).await, (3, false, 0));
    assert_eq!(look("dc=example", Scope::Subtree, 5).await, (5, false, 0));
    assert_eq!(look("dc=example", Scope::Subtree, 4).await, (4, true, 0));
    assert_eq!(look("dc=example", Scope::Subtree, 3).await, (3, true, 4));
    assert_eq!(look("dc=example", Scope::Subtree, 0).await, (0, true, 4));
    // The index does not leave the base either.
    assert_eq!(directory.look("cn=printer,dc=example", Scope::Subtree, "(uid=alice)", &[], 9).await.entries, []);
    let search =
        Search { filter: "(uid=".into(), base: "dc=example".into(), scope: Scope::Base, attributes: vec![], limit: 1 };
    assert!(matches!(directory.search(&search).await, Err(Failure::Unavailable(_))));
}

#[tokio::test]
async fn shows_what_was_asked_for() {
    let (directory, _) = directory(Dialect::Plain);
    assert_eq!(directory.read(ALICE, &[]).await.attributes, []);
    assert_eq!(directory.read(ALICE, &["1.1"]).await.attributes, []);
    let entry = directory.read(ALICE, &["DESCRIPTION", "title", "entrydn"]).await;
    let names: Vec<&str> = entry.attributes.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["description", "entryDN"]);
    assert_eq!(entry.values("description").len(), 2);
    assert_eq!(directory.look(ALICE, Scope::Base, "(uid=alice)", &[], 1).await.answer.server, "embedded:memory");
}

#[tokio::test]
async fn finds_by_what_was_written_and_no_longer_by_what_was_there() {
    let (directory, _) = directory(Dialect::Plain);
    assert_eq!(directory.service(ALICE, [replace("mail", plain("new@example.com"))]).await.code, 0);
    assert_eq!(found(&directory, "(mail=new@example.com)").await, [ALICE]);
    assert_eq!(found(&directory, "(mail=alice@example.com)").await, [] as [String; 0]);
    let former = crate::filter::Filter::parse("(mail=alice@example.com)").unwrap();
    assert_eq!(directory.inner.reading().store.candidates(&former).map(|c| c.len()), Some(0), "the index grows");
    assert_eq!(directory.service(BOB, [replace("mail", plain("NEW@example.com"))]).await.code, 0);
    assert_eq!(found(&directory, "(mail=new@example.com)").await, [ALICE, BOB]);
    assert_eq!(directory.service(ALICE, [change(ChangeKind::Delete, "mail", [])]).await.code, 0);
    assert_eq!(found(&directory, "(mail=new@example.com)").await, [BOB]);
    assert_eq!(found(&directory, "(uid=alice)").await, [ALICE]);
}

#[tokio::test]
async fn each_dialect_says_what_it_is() {
    let all = ["*", "+"];
    let (directory, _) = super::directory(Dialect::Plain);
    assert_eq!(directory.read("", &all).await.text("vendorName"), Some("Portcullis embedded directory"));
    assert_eq!(directory.one("", "supportedCapabilities").await, None);

    let (directory, _) = super::directory(Dialect::OpenLdap);
    let entry = directory.read("", &["objectClass", "supportedExtension", "supportedControl"]).await;
    assert_eq!(entry.values("objectClass")[1], b"OpenLDAProotDSE");
    assert!(entry.values("supportedExtension").contains(&b"1.3.6.1.4.1.4203.1.11.1".to_vec()));
    assert!(entry.values("supportedControl").contains(&PPOLICY.as_bytes().to_vec()));

    let (directory, _) = super::directory(Dialect::ActiveDirectory);
    let entry = directory.read("", &["supportedCapabilities", "defaultNamingContext"]).await;
    assert_eq!(entry.text("supportedCapabilities"), Some("1.2.840.113556.1.4.800"));
    assert!(directory.one("", "currentTime").await.is_some_and(|time| time.ends_with(".0Z")));
    assert_eq!(entry.text("defaultNamingContext"), Some("dc=example"));
    assert_eq!(entry.attributes.len(), 2);
}

#[tokio::test]
async fn one_among_ten_thousand_is_found_without_looking_at_the_others() {
    let entry = |n| format!("dn: uid=u{n},dc=x\nobjectClass: user\nuid: u{n}\nmail: U{n}@example.com\n\n");
    let seed: String =
        std::iter::once("dn: dc=x\nobjectClass: domain\ndc: x\n\n".to_owned()).chain((0..10_000).map(entry)).collect();
    let settings = Settings { name: "many".into(), ..Settings::default() };
    let directory = MemoryDirectory::from_ldif_with(&seed, settings).unwrap();
    for filter in ["(uid=u7777)", "(&(objectClass=user)(mail=u7777@EXAMPLE.com))", "(|(uid=u7777)(&(uid=u1)(mail=no)))"]
    {
        let candidates = directory.inner.reading().store.candidates(&crate::filter::Filter::parse(filter).unwrap());
        assert!(candidates.is_some_and(|c| c.len() <= 2), "{filter}");
        let found = directory.look("dc=x", Scope::Subtree, filter, &[], 2).await;
        assert_eq!((found.entries[0].dn.as_str(), found.entries.len()), ("uid=u7777,dc=x", 1));
        assert_eq!(found.answer.server, "embedded:many");
    }
}

/// Filters over the attributes of the seed, indexed and not.
fn filter() -> impl Strategy<Value = String> {
    let leaf = (
        prop_oneof![
            Just("uid"),
            Just("cn"),
            Just("mail"),
            Just("description"),
            Just("userAccountControl"),
            Just("userPassword")
        ],
        prop_oneof![Just("alice"), Just("bob"), Just("first"), Just("512"), Just("*"), Just("a*"), Just("printer")],
    )
        .prop_map(|(name, value)| format!("({name}={value})"));
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(|parts| format!("(&{})", parts.concat())),
            proptest::collection::vec(inner.clone(), 0..3).prop_map(|parts| format!("(|{})", parts.concat())),
            inner.prop_map(|part| format!("(!{part})")),
        ]
    })
}

proptest! {
    #[test]
    fn the_index_finds_what_looking_at_each_entry_finds(text in filter()) {
        let (directory, _) = directory(Dialect::Plain);
        let filter = crate::filter::Filter::parse(&text).unwrap();
        let held = directory.inner.reading();
        let matches = |record: &Record| {
            super::super::matching::matches(&filter, &|name| record.values(name, Dialect::Plain)) == Some(true)
        };
        let all: Vec<usize> = (0..held.store.records().len()).filter(|&id| matches(&held.store.records()[id])).collect();
        if let Some(candidates) = held.store.candidates(&filter) {
            let some: Vec<usize> = candidates.into_iter().filter(|&id| matches(&held.store.records()[id])).collect();
            prop_assert_eq!(some, all);
        }
    }
}
