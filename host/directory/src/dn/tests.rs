use proptest::prelude::*;

use super::*;

fn dn(text: &str) -> Dn {
    Dn::parse(text).unwrap_or_else(|e| panic!("{text:?}: {e}"))
}

#[test]
fn whatever_is_doubtful_is_refused() {
    let refused = |text: &str| Dn::parse(text).err().unwrap_or_else(|| panic!("{text:?} was taken"));
    assert_eq!(refused(""), BadDn::Empty);
    assert_eq!(refused("   "), BadDn::Empty);
    assert_eq!(refused(&format!("cn={}", "x".repeat(4096))), BadDn::TooLong);
    assert_eq!(refused(&["c=x"; 65].join(",")), BadDn::TooDeep);
    assert_eq!(refused("alice"), BadDn::Type(0));
    assert_eq!(refused("cn=a,"), BadDn::Type(5));
    assert_eq!(refused("cn=a,,dc=x"), BadDn::Type(5));
    assert_eq!(refused(",cn=a"), BadDn::Type(0));
    assert_eq!(refused("cn=a+"), BadDn::Type(5));
    assert_eq!(refused("=a"), BadDn::Type(0));
    for kind in ["1cn", "2.5.", ".2.5", "2..5", "02.5", "OID.2.5.4.3", "c_n", "cn;binary", "é", "7"] {
        assert_eq!(refused(&format!("{kind}=a")), BadDn::Type(0), "{kind}");
    }
    assert_eq!(refused("cn="), BadDn::NoValue(3));
    assert_eq!(refused("cn=  ,dc=x"), BadDn::NoValue(5));
    assert_eq!(refused("cn=\\20"), BadDn::NoValue(3));
    // The forms of RFC 1779: quoted values and semicolons.
    assert_eq!(refused("cn=\"a,b\",dc=x"), BadDn::Unescaped(3));
    assert_eq!(refused("cn=a;dc=x"), BadDn::Unescaped(4));
    assert_eq!(refused("cn=a<b"), BadDn::Unescaped(4));
    assert_eq!(refused("cn=a\\"), BadDn::Escape(4));
    assert_eq!(refused("cn=a\\4"), BadDn::Escape(4));
    assert_eq!(refused("cn=a\\xy"), BadDn::Escape(4));
    assert_eq!(refused("cn=a\0"), BadDn::ControlCharacter(4));
    assert_eq!(refused("cn=a\ndc=x"), BadDn::ControlCharacter(4));
    assert_eq!(refused("cn=a\\00b"), BadDn::ControlCharacter(3));
    assert_eq!(refused("cn=a\\0aCNF:x"), BadDn::ControlCharacter(3));
    assert_eq!(refused("cn=a\u{85}"), BadDn::ControlCharacter(3));
    assert_eq!(refused("cn=\\c3"), BadDn::NotText(3));
    assert_eq!(refused("cn=\\c3\\28"), BadDn::NotText(3));
    for value in ["#", "#0", "#0402zz", "#04 02", "#04;"] {
        assert_eq!(refused(&format!("cn={value}")), BadDn::Hex(3), "{value}");
    }
    assert_eq!(refused("cn=a+CN=b,dc=x"), BadDn::TypeTwice(0));
}

#[test]
fn spellings_of_one_name_are_equal() {
    for (a, b) in [
        ("CN=Alice,DC=Example", "cn=alice,dc=example"),
        (" cn = alice , dc = example ", "cn=alice,dc=example"),
        ("cn=Smith\\, J,dc=x", "cn=smith\\2C j,dc=x"),
        ("cn=a  b   c,dc=x", "cn=A b c,dc=x"),
        ("uid=u+cn=c,dc=x", "cn=C + uid=U,dc=x"),
        ("cn=Lu\\C4\\8Di\\C4\\87", "cn=LUČIĆ"),
        ("cn=\\#a", "cn=\\23a"),
        ("cn=a#b\\=c", "cn=a\\#b=c"),
        ("cn=#0403414243", "cn=#0403414243 "),
        ("2.5.4.3=#04AB", "2.5.4.3=#04ab"),
        ("cn=ΑΣ", "cn=ασ"),
    ] {
        assert_eq!(dn(a), dn(b), "{a} and {b}");
    }
}

#[test]
fn different_names_differ() {
    for (a, b) in [
        ("cn=a,dc=x", "cn=a,dc=y"),
        ("cn=a\\,dc=x", "cn=a,dc=x"),
        ("cn=a\\+uid=b", "cn=a+uid=b"),
        ("cn=ab", "cn=a b"),
        ("cn=#0403414243", "cn=abc"),
        ("cn=\\#0403414243", "cn=#0403414243"),
        ("2.5.4.3=a", "cn=a"),
        ("cn=\\ a", "cn=a"),
        ("cn=\u{212a}", "cn=k"),
        ("cn=a\u{200b}", "cn=a"),
        ("cn=e\u{301}", "cn=\u{e9}"),
    ] {
        assert_ne!(dn(a), dn(b), "{a} and {b}");
    }
}

#[test]
fn only_what_hangs_below_a_base_is_below_it() {
    let base = dn("ou=People,dc=example,dc=com");
    for outside in [
        "dc=example,dc=com",
        "dc=com",
        "ou=Groups,dc=example,dc=com",
        "bou=People,dc=example,dc=com",
        "cn=x\\,ou=People,dc=example,dc=com",
        "cn=x+ou=People,dc=example,dc=com",
        "ou=People+l=here,dc=example,dc=com",
        "ou=People,dc=example,dc=comx",
        "ou=People,dc=example,dc=com,dc=evil",
        "cn=x\\2cou=People,dc=example,dc=com",
        "cn=\\\\\\,ou=People,dc=example,dc=com",
    ] {
        assert!(!dn(outside).is_below_or_equal(&base), "{outside}");
    }
    for inside in [
        "OU=people, DC=EXAMPLE, DC=COM",
        "cn=x\\\\,ou=People,dc=example,dc=com",
        "cn=a,ou=b,ou=People,dc=example,dc=com",
        "cn=ou\\=People,ou=People,dc=example,dc=com",
    ] {
        assert!(dn(inside).is_below_or_equal(&base), "{inside}");
    }
    assert_eq!(dn("cn=a,ou=b,ou=People,dc=example,dc=com").depth_below(&base), Some(2));
}

#[test]
fn tells_its_parts() {
    let name = dn("UID=u+CN=A\\,b,OU=People,DC=x");
    assert_eq!(name.parent(), Some("ou=people,dc=x"));
    assert_eq!(name.leaf(), [("cn".to_owned(), Some("a,b".to_owned())), ("uid".to_owned(), Some("u".to_owned()))]);
    assert_eq!(dn("dc=#0401").leaf(), [("dc".to_owned(), None)]);
    assert_eq!(dn("dc=x").parent(), None);
}

/// Values with everything that a name can hold.
fn value() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof!["[a-zA-Z0-9]", "[ ,+\"\\\\<>;=#]", "[À-ž]", any::<char>().prop_map(String::from)],
        1..12,
    )
    .prop_map(|parts| parts.concat())
    .prop_filter("no control characters, not spaces alone", |v| {
        !v.chars().any(char::is_control) && !v.trim_matches(' ').is_empty()
    })
}

/// Each byte as a pair of digits: the way to write a value that needs no rule.
fn escaped(value: &str) -> String {
    value.bytes().map(|b| format!("\\{b:02x}")).collect()
}

fn rdns() -> impl Strategy<Value = Vec<(String, String)>> {
    proptest::collection::vec(("[a-zA-Z][a-zA-Z0-9-]{0,5}", value()), 1..6)
}

fn join(rdns: &[(String, String)]) -> String {
    rdns.iter().map(|(kind, value)| format!("{kind}={}", escaped(value))).collect::<Vec<_>>().join(",")
}

proptest! {
    #[test]
    fn the_normal_form_is_a_name_and_means_the_same(rdns in rdns()) {
        let name = dn(&join(&rdns));
        let again = dn(name.as_str());
        prop_assert_eq!(&again, &name);
        prop_assert_eq!(again.as_str(), name.as_str());
    }

    #[test]
    fn case_and_spaces_around_separators_do_not_matter(rdns in rdns()) {
        let name = dn(&join(&rdns));
        let spaced = rdns.iter().map(|(k, v)| format!("  {} = {} ", k.to_ascii_uppercase(), escaped(&v.to_ascii_uppercase())));
        prop_assert_eq!(dn(&spaced.collect::<Vec<_>>().join(",")), name);
    }

    #[test]
    fn a_name_is_below_each_of_its_ends_and_no_value_makes_it_so(rdns in rdns(), cut in 0_usize..6) {
        let cut = cut.min(rdns.len() - 1);
        let (name, base) = (dn(&join(&rdns)), dn(&join(&rdns[cut..])));
        prop_assert_eq!(name.depth_below(&base), Some(cut));
        // The same text inside a value is no structure.
        let hidden = dn(&format!("cn={}", escaped(&format!("x,{}", join(&rdns[cut..])))));
        prop_assert!(!hidden.is_below_or_equal(&base));
        prop_assert_eq!(base.is_below_or_equal(&name), cut == 0);
    }

    #[test]
    fn never_panics_and_what_it_takes_is_stable(text in "[ a-zA-Z0-9=,+\\\\#\"é\\x00]{0,40}") {
        if let Ok(name) = Dn::parse(&text) {
            prop_assert_eq!(Dn::parse(name.as_str()), Ok(name));
        }
    }

    #[test]
    fn never_panics_on_any_text(text in any::<String>()) {
        let _ = Dn::parse(&text);
    }
}
