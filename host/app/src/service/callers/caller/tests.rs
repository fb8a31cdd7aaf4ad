use super::*;
use crate::config::{Pattern, Rate};

fn portal() -> CallerConfig {
    let pattern = |text: &str| Pattern::new(text).unwrap();
    CallerConfig {
        name: "portal".to_owned(),
        tokens: Vec::new(),
        certificate: None,
        uid: Some(998),
        operations: vec![OperationKind::ChangePassword, OperationKind::VerifyPassword],
        accounts: vec![pattern("*@corp.example"), pattern("guest-*")],
        except: vec![pattern("*-adm@corp.example")],
        exclude: Some("(adminCount=1)".to_owned()),
        connectors: Some(vec!["corp-ad".to_owned()]),
        rate: Rate::CALLER,
        see: See::Own,
        manage: false,
    }
}

/// The fault's detail, if there is one.
fn asked(config: &CallerConfig, kind: OperationKind, account: &str, connector: &str) -> Result<(), String> {
    let refused = Caller::new(config).may(kind, &Login::new(account).unwrap(), connector);
    refused.map_err(|fault| {
        assert_eq!(fault.code, FaultCode::CallerNotAllowed);
        assert!(!fault.caller_text().contains(account), "{}", fault.caller_text());
        fault.detail
    })
}

#[test]
fn what_the_section_does_not_name_is_refused_and_the_line_is_told() {
    let told = |kind, account, connector| asked(&portal(), kind, account, connector).unwrap_err();
    let (change, reset) = (OperationKind::ChangePassword, OperationKind::ResetPassword);
    insta::assert_snapshot!(
        [
            told(reset, "alice@corp.example", "corp-ad"),
            told(change, "alice@other.example", "corp-ad"),
            told(change, "alice@corp.example", "other"),
            told(change, "bob-adm@corp.example", "corp-ad"),
            told(change, "Bob\u{ad}-ADM @corp.example", "corp-ad"),
            told(change, "bob\u{2010}adm@corp.example", "corp-ad"),
        ]
        .join("\n"),
        @r#"
    `operations` of [callers.portal]: reset-password is not among them
    `accounts` of [callers.portal]: alice@other.example matches none of them
    `connectors` of [callers.portal]: other is not among them
    `except` of [callers.portal]: bob-adm@corp.example matches "*-adm@corp.example"
    `except` of [callers.portal]: Bob\u{ad}-ADM @corp.example matches "*-adm@corp.example"
    `except` of [callers.portal]: bob‐adm@corp.example holds U+2010, which one directory compares and another skips
    "#
    );
}

#[test]
fn every_other_kind_is_refused() {
    for kind in OperationKind::ALL {
        let allowed = portal().operations.contains(&kind);
        assert_eq!(asked(&portal(), kind, "alice@corp.example", "corp-ad").is_ok(), allowed, "{kind}");
    }
}

#[test]
fn accounts_are_taken_as_they_are_written() {
    for account in
        ["alice@corp.example ", " alice", "alice@corp．example", "alice@corp.exa\u{ad}mple", "guest\u{2010}1"]
    {
        assert!(asked(&portal(), OperationKind::ChangePassword, account, "corp-ad").is_err(), "{account}");
    }
    for account in ["alice@corp.example", "Alice@CORP.example", "Guest-1"] {
        assert_eq!(asked(&portal(), OperationKind::ChangePassword, account, "corp-ad"), Ok(()));
    }
}

#[test]
fn except_beats_accounts() {
    let mut config = portal();
    config.accounts = vec![Pattern::new("bob-adm@corp.example").unwrap()];
    assert!(asked(&config, OperationKind::ChangePassword, "bob-adm@corp.example", "corp-ad").is_err());
    config.except.clear();
    assert_eq!(asked(&config, OperationKind::ChangePassword, "bob-adm@corp.example", "corp-ad"), Ok(()));
}

#[test]
fn without_connectors_every_one_is_allowed() {
    let mut config = portal();
    config.connectors = None;
    assert_eq!(asked(&config, OperationKind::ChangePassword, "alice@corp.example", "any"), Ok(()));
}

#[test]
fn others_operations_are_not_read_nor_managed() {
    let caller = Caller::new(&portal());
    assert!(!caller.may_read("help-desk") && !caller.may_read("Portal") && !caller.may_read("operator"));
    assert!(caller.may_read("portal") && !caller.may_manage());
    assert_eq!(caller.exclude(), Some("(adminCount=1)"));
    let desk = Caller::new(&CallerConfig { see: See::All, manage: true, ..portal() });
    assert!(desk.may_read("help-desk") && desk.may_manage());
}

#[test]
fn the_operator_may_everything() {
    let operator = Caller::operator();
    for kind in OperationKind::ALL {
        assert_eq!(operator.may(kind, &Login::new("bob-adm@corp.example").unwrap(), "any"), Ok(()));
    }
    assert!(operator.may_read("portal") && operator.may_manage() && operator.exclude().is_none());
}
