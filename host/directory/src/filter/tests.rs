use portcullis_model::Login;
use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Filter {
    Filter::parse(text).unwrap()
}

fn problem_at(text: &str) -> Option<usize> {
    Filter::parse(text).unwrap_err().at
}

fn login(text: &str) -> Login {
    Login::new(text).unwrap()
}

#[test]
fn refuses_what_is_no_filter_and_says_where() {
    assert_eq!(problem_at(""), Some(0));
    assert_eq!(problem_at("uid=alice"), Some(0));
    assert_eq!(problem_at("(uid=alice"), Some(10));
    assert_eq!(problem_at("(uid=alice))"), Some(11));
    assert_eq!(problem_at("(uid=alice)x"), Some(11));
    assert_eq!(problem_at("(&(uid=alice)(cn))"), Some(13));
    assert_eq!(problem_at(r"(|(uid=al\ice)(cn=x))"), Some(2));
    assert_eq!(problem_at("(&(uid=a)cn=b)"), None);
    assert!(Filter::parse("(uid=a**b)").is_err());
    assert!(Filter::parse("()").is_err());
}

#[test]
fn refuses_what_is_too_long_or_too_deep_before_parsing_it() {
    assert_eq!(problem_at(&format!("(uid={})", "a".repeat(Filter::MAX_BYTES))), Some(Filter::MAX_BYTES));
    let nested = |levels: usize| format!("{}(a=b){}", "(!".repeat(levels - 1), ")".repeat(levels - 1));
    assert!(Filter::parse(&nested(Filter::MAX_DEPTH)).is_ok());
    assert!(Filter::parse(&nested(Filter::MAX_DEPTH + 1)).unwrap_err().problem.contains("32"));
    assert!(Filter::parse(&"(".repeat(Filter::MAX_BYTES)).is_err());
}

#[test]
fn reads_every_kind() {
    let attribute = || "a".to_owned();
    assert_eq!(parse("(a=v)"), Filter::Equal { attribute: attribute(), value: b"v".to_vec() });
    assert_eq!(parse(r"(a=\00\ff)"), Filter::Equal { attribute: attribute(), value: vec![0, 255] });
    assert_eq!(parse("(a=)"), Filter::Equal { attribute: attribute(), value: vec![] });
    assert_eq!(parse("(a>=v)"), Filter::GreaterOrEqual { attribute: attribute(), value: b"v".to_vec() });
    assert_eq!(parse("(a<=v)"), Filter::LessOrEqual { attribute: attribute(), value: b"v".to_vec() });
    assert_eq!(parse("(a~=v)"), Filter::Approx { attribute: attribute(), value: b"v".to_vec() });
    assert_eq!(parse("(a=*)"), Filter::Present { attribute: attribute() });
    assert_eq!(parse("(&)"), Filter::And(vec![]));
    assert_eq!(
        parse("(a=x*y*z*)"),
        Filter::Substring {
            attribute: attribute(),
            initial: Some(b"x".to_vec()),
            any: vec![b"y".to_vec(), b"z".to_vec()],
            last: None
        }
    );
    assert_eq!(
        parse("(!(a:dn:caseExactMatch:=v))"),
        Filter::Not(Box::new(Filter::Extensible {
            rule: Some("caseExactMatch".to_owned()),
            attribute: Some(attribute()),
            value: b"v".to_vec(),
            dn: true
        }))
    );
}

#[test]
fn tells_what_a_filter_looks_at() {
    let filter = parse("(&(a=1)(|(b;lang-en=x*)(!(c=*)))(d:dn:=x)(e:2.5.13.5:=x)(:2.5.13.5:=x)(:dn:2.5.13.5:=x))");
    assert_eq!(
        filter.attributes(),
        [
            Subject::Attribute("a"),
            Subject::Attribute("b;lang-en"),
            Subject::Attribute("c"),
            Subject::AttributeAndDn("d"),
            Subject::Attribute("e"),
            Subject::Anything,
            Subject::Anything,
        ]
    );
}

#[test]
fn a_template_refuses_placeholders_that_are_unknown_or_not_in_a_value() {
    let at = |text: &str| Template::parse(text).unwrap_err().at;
    assert_eq!(at("(uid={account})"), Some(5));
    assert_eq!(at("(uid={account.login}})"), Some(20));
    assert_eq!(at("(uid={account.password})"), Some(5));
    assert_eq!(at("(&(uid=a)({account.login}=x))"), Some(9));
    assert_eq!(at("({account.login})"), Some(0));
    assert_eq!(at("(cn:{account.login}:=x)"), Some(0));
    assert_eq!(at(r"(uid=\{account.login})"), Some(0));
    assert_eq!(at(r"(uid=\2{account.login})"), Some(0));
    assert_eq!(at("{account.login}"), Some(0));
    assert_eq!(at("(uid={account.name}"), Some(19));
    assert!(Template::parse(&format!("(|{})", "(a={account.login})".repeat(6))).is_err());
}

#[test]
fn a_template_fills_in_the_parts_of_the_name() {
    let render = |template: &str, name: &str| Template::parse(template).unwrap().render(&login(name));
    let all = "(|(a={account.login})(b={account.name})(c={account.domain}))";
    assert_eq!(render(all, "x@y@z").unwrap(), "(|(a=x@y@z)(b=x@y)(c=z))");
    assert_eq!(render("(a={account.name})", "alice").unwrap(), "(a=alice)");
    assert_eq!(render(r"(a=\7b{account.name}\7d)", "alice").unwrap(), r"(a=\7balice\7d)");
}

#[test]
fn an_empty_part_never_turns_a_comparison_into_presence() {
    let template = Template::parse("(mail=*{account.domain})").unwrap();
    assert_eq!(template.render(&login("alice")), Err(Unrenderable::NoDomain));
    assert_eq!(template.render(&login("alice@")), Err(Unrenderable::NoDomain));
    let template = Template::parse("(mail={account.name}*)").unwrap();
    assert_eq!(template.render(&login("@corp.example")), Err(Unrenderable::NoName));
}

fn any_login() -> impl Strategy<Value = Login> {
    let hostile = prop::collection::vec(
        prop_oneof![Just("*"), Just("("), Just(")"), Just("\\"), Just(")(uid=*"), Just("\\2a"), Just("@"), Just("x")],
        1..20,
    )
    .prop_map(|parts| parts.concat());
    prop_oneof!["\\PC{1,60}", hostile].prop_filter_map("a login", |text| Login::new(text).ok())
}

fn any_value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![prop::collection::vec(any::<u8>(), 1..8), "[a-z*()\\\\é]{1,5}".prop_map(String::into_bytes)]
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let attribute = || "[a-zA-Z][a-zA-Z0-9-]{0,4}(;x-[a-z]{1,3})?";
    let leaf = prop_oneof![
        (attribute(), any_value()).prop_map(|(attribute, value)| Filter::Equal { attribute, value }),
        (attribute(), any_value()).prop_map(|(attribute, value)| Filter::GreaterOrEqual { attribute, value }),
        (attribute(), any_value()).prop_map(|(attribute, value)| Filter::LessOrEqual { attribute, value }),
        (attribute(), any_value()).prop_map(|(attribute, value)| Filter::Approx { attribute, value }),
        attribute().prop_map(|attribute| Filter::Present { attribute }),
        (
            attribute(),
            prop::option::of(any_value()),
            prop::collection::vec(any_value(), 1..3),
            prop::option::of(any_value())
        )
            .prop_map(|(attribute, initial, any, last)| Filter::Substring { attribute, initial, any, last }),
        (prop::option::of(attribute()), any_value(), any::<bool>()).prop_map(|(attribute, value, dn)| {
            Filter::Extensible { rule: Some("2.5.13.5".to_owned()), attribute, value, dn }
        }),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Filter::And),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Filter::Or),
            inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(filter in any_filter()) {
        prop_assume!(filter.to_string().len() <= Filter::MAX_BYTES);
        prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
    }

    #[test]
    fn no_text_breaks_the_reader(text in "[(&|!)=*:\\\\a-f0-9{}.]{0,60}") {
        let _ = Filter::parse(&text);
        let _ = Template::parse(&text);
    }

    #[test]
    fn an_account_name_is_a_value_and_nothing_else(login in any_login()) {
        let template = Template::parse("(&(objectClass=user)(!(uid={account.login}))(mail=x*{account.login}*))").unwrap();
        let value = login.as_str().as_bytes().to_vec();
        let expected = Filter::And(vec![
            parse("(objectClass=user)"),
            Filter::Not(Box::new(Filter::Equal { attribute: "uid".to_owned(), value: value.clone() })),
            Filter::Substring {
                attribute: "mail".to_owned(),
                initial: Some(b"x".to_vec()),
                any: vec![value],
                last: None,
            },
        ]);
        prop_assert_eq!(parse(&template.render(&login).unwrap()), expected);
    }

    #[test]
    fn the_parts_of_a_name_are_values_and_nothing_else(login in any_login()) {
        let template = Template::parse("(|(a={account.name})(b:dn:={account.domain}))").unwrap();
        match (template.render(&login), login.as_str().rsplit_once('@')) {
            (Ok(filter), Some((name, domain))) => {
                let name = Filter::Equal { attribute: "a".to_owned(), value: name.as_bytes().to_vec() };
                let domain = Filter::Extensible {
                    rule: None,
                    attribute: Some("b".to_owned()),
                    value: domain.as_bytes().to_vec(),
                    dn: true,
                };
                prop_assert_eq!(parse(&filter), Filter::Or(vec![name, domain]));
            }
            (Ok(filter), None) => prop_assert!(false, "{}", filter),
            (Err(_), parts) => prop_assert!(parts.is_none_or(|(name, domain)| name.is_empty() || domain.is_empty())),
        }
    }
}
