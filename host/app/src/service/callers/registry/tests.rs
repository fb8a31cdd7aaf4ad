use rcgen::{CertificateParams, KeyPair};

use super::*;
use crate::config::{CallerConfig, Rate, See};
use crate::service::callers::Token;

fn caller(name: &str) -> CallerConfig {
    CallerConfig {
        name: name.to_owned(),
        tokens: Vec::new(),
        certificate: None,
        uid: None,
        operations: Vec::new(),
        accounts: Vec::new(),
        except: Vec::new(),
        exclude: None,
        connectors: None,
        rate: Rate::CALLER,
        see: See::Own,
        manage: false,
    }
}

fn callers(all: Vec<CallerConfig>) -> Callers {
    Callers::new(&ServiceConfig { callers: all, ..ServiceConfig::default() })
}

fn name(found: Option<Arc<Caller>>) -> Option<String> {
    found.map(|caller| caller.name.clone())
}

/// A certificate with these names, as DER.
fn certificate(names: &[&str]) -> Vec<u8> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut parameters = CertificateParams::new(names).unwrap();
    // The common name is no name of a caller.
    parameters.distinguished_name.push(rcgen::DnType::CommonName, "desk.corp.example");
    parameters.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

fn by_name(caller_name: &str, dns: &str) -> CallerConfig {
    CallerConfig { certificate: Some(ClientCertificate::Dns(dns.to_owned())), ..caller(caller_name) }
}

#[test]
fn a_token_that_is_not_known_is_nobodys() {
    let (token, hash) = Token::make().unwrap();
    let known = CallerConfig { tokens: vec![digest(token.as_bytes())], ..caller("portal") };
    let callers = callers(vec![known, caller("nobody")]);
    let (other, _) = Token::make().unwrap();
    let cut = &token[..token.len() - 1];
    for wrong in
        ["", " ", "pct_", &hash, &other, cut, &token.to_lowercase(), &format!("{} ", *token), &"x".repeat(1 << 20)]
    {
        assert_eq!(name(callers.by_token(wrong)), None, "{wrong}");
    }
    assert_eq!(name(callers.by_token(&token)).as_deref(), Some("portal"));
}

#[test]
fn each_of_several_tokens_is_its_callers() {
    let hashes = |texts: &[&str]| texts.iter().map(|text| digest(text.as_bytes())).collect();
    let callers = callers(vec![
        CallerConfig { tokens: hashes(&["a-old", "a-new"]), ..caller("a") },
        CallerConfig { tokens: hashes(&["b"]), ..caller("b") },
    ]);
    for (token, owner) in [("a-old", "a"), ("a-new", "a"), ("b", "b")] {
        assert_eq!(name(callers.by_token(token)).as_deref(), Some(owner));
    }
}

#[test]
fn without_callers_nobody_is_known() {
    let callers = callers(Vec::new());
    assert!(callers.by_token("").is_none() && callers.by_uid(0).is_none() && callers.by_certificate(b"").is_none());
}

#[test]
fn a_certificate_without_the_very_name_is_nobodys() {
    let callers = callers(vec![by_name("desk", "desk.corp.example"), by_name("portal", "portal.corp.example")]);
    for names in [
        &[][..],
        &["corp.example"],
        &["x.desk.corp.example"],
        &["desk.corp.example.evil"],
        &["*.corp.example"],
        &["192.0.2.1"],
        &["desk.corp.example", "portal.corp.example"],
    ] {
        assert_eq!(name(callers.by_certificate(&certificate(names))), None, "{names:?}");
    }
    assert!(callers.by_certificate(b"not a certificate").is_none());
    for names in [&["desk.corp.example"][..], &["DESK.Corp.example"], &["other.example", "desk.corp.example"]] {
        assert_eq!(name(callers.by_certificate(&certificate(names))).as_deref(), Some("desk"), "{names:?}");
    }
}

#[test]
fn a_certificate_that_is_named_itself_comes_first() {
    let (one, same_name) = (certificate(&["desk.corp.example"]), certificate(&["desk.corp.example"]));
    let pinned = CallerConfig { certificate: Some(ClientCertificate::Sha256(digest(&one))), ..caller("pinned") };
    let pinned_only = callers(vec![pinned.clone()]);
    assert_eq!(name(pinned_only.by_certificate(&same_name)), None);
    let callers = callers(vec![by_name("desk", "desk.corp.example"), pinned]);
    assert_eq!(name(callers.by_certificate(&one)).as_deref(), Some("pinned"));
    assert_eq!(name(callers.by_certificate(&same_name)).as_deref(), Some("desk"));
}

#[test]
fn a_user_is_known_by_the_number() {
    let callers = callers(vec![CallerConfig { uid: Some(998), ..caller("desk") }]);
    assert!(callers.by_uid(0).is_none() && callers.by_uid(999).is_none());
    assert_eq!(name(callers.by_uid(998)).as_deref(), Some("desk"));
}
