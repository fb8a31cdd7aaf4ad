//! What is taken, and what comes out.

use std::time::Duration;

use portcullis_model::OperationKind;

use super::super::{
    Confirm, Dialect, DirectorySource, Embedded, LocateScope, LogLevel, Revealed, SecretSource, WriteGrant,
};
use super::{CORP, Folder, with};

const MINIMAL: &str = r#"plugin = "active-directory.wasm"
accounts = ["alice"]
operations = ["account-status"]
"#;

fn warnings(text: &str) -> Vec<&'static str> {
    Folder::new().load(text).unwrap().warnings.iter().map(|warning| warning.name()).collect()
}

#[test]
fn nothing_is_granted_by_default() {
    let file = Folder::new().load(MINIMAL).unwrap();
    assert!(file.ldap.is_none() && file.log.is_none() && file.config.is_none() && file.reveal.is_none());
    assert!(file.warnings.is_empty());
    assert_eq!(file.limits.time, Duration::from_secs(10));
    assert_eq!((file.limits.memory, file.limits.log), (16 << 20, 64 << 10));
    assert_eq!((file.limits.concurrency, file.limits.host_calls), (64, 256));
}

#[test]
fn within_ldap_nothing_is_granted_by_default() {
    let text = format!(
        "{MINIMAL}\n[ldap]\nurls = [\"ldaps://dc1\"]\n[ldap.locate]\nbase = \"dc=x\"\nfilter = \"(uid={{account.login}})\""
    );
    let file = Folder::new().load(&text).unwrap();
    let ldap = file.ldap.unwrap();
    assert!(ldap.read.is_empty() && ldap.write.is_empty() && ldap.search.is_empty());
    assert_eq!(ldap.allow, super::super::Allow::default());
    assert_eq!((ldap.confirm, ldap.locate.scope), (Confirm::Bind, LocateScope::Subtree));
    assert_eq!(file.warnings.iter().map(|w| w.name()).collect::<Vec<_>>(), ["anonymous"]);
}

#[test]
fn a_whole_file() {
    let folder = Folder::new();
    let file = folder.load(CORP).unwrap();
    assert_eq!(file.name, "corp");
    assert_eq!(file.plugin, folder.path().join("plugins/active-directory.wasm"));
    assert!(file.warnings.is_empty());
    assert!(file.answers(OperationKind::ResetPassword, "Alice@corp.example"));
    assert!(!file.answers(OperationKind::ChangePassword, "alice@corp.example"));
    assert!(!file.answers(OperationKind::ResetPassword, "alice@other.example"));
    assert_eq!(file.log, Some(LogLevel::Info));
    let ldap = file.ldap.unwrap();
    let DirectorySource::Servers(servers) = ldap.source else { panic!("not servers") };
    assert_eq!(servers.urls, ["ldaps://dc1.corp.example", "ldaps://dc2.corp.example"]);
    assert_eq!(servers.ca_file.unwrap(), folder.path().join("connectors/corp-ca.pem"));
    assert_eq!(servers.bind.unwrap().password, SecretSource::File("/run/secrets/corp-ad".into()));
    assert_eq!((servers.connect_timeout, servers.request_timeout), (Duration::from_secs(5), Duration::from_secs(10)));
    assert_eq!(ldap.write["unicodePwd"], WriteGrant::Password);
    assert_eq!(ldap.write["lockoutTime"], WriteGrant::Values { values: vec!["0".into()], remove: false });
    assert_eq!(ldap.confirm, Confirm::ReadBack { attribute: "pwdLastSet".into() });
}

#[test]
fn every_form_of_a_grant() {
    let text = with(
        CORP,
        &[(
            r#"lockoutTime = ["0"]"#,
            "userPassword = \"password\"\nlockoutTime = \"remove\"\npwdReset = { values = [\"TRUE\"], remove = true }\n\"2.5.4.4;lang-de\" = [\"x\"]",
        )],
    );
    let write = Folder::new().load(&text).unwrap().ldap.unwrap().write;
    assert_eq!(write["userPassword"], WriteGrant::Password);
    assert_eq!(write["lockoutTime"], WriteGrant::Values { values: Vec::new(), remove: true });
    assert_eq!(write["pwdReset"], WriteGrant::Values { values: vec!["TRUE".into()], remove: true });
    assert_eq!(write["2.5.4.4;lang-de"], WriteGrant::Values { values: vec!["x".into()], remove: false });
}

#[test]
fn start_tls_local_sockets_and_other_sources_of_secrets() {
    let secret = r#"{ file = "/run/secrets/corp-ad" }"#;
    let urls = r#"["ldaps://dc1.corp.example", "ldaps://dc2.corp.example"]"#;
    let cases = [
        (r#"["ldap://dc1:389/"]"#, "start-tls = true", r#"{ env = "CORP" }"#, SecretSource::Env("CORP".into())),
        (
            r#"["ldapi://%2Frun%2Fslapd%2Fldapi"]"#,
            "",
            r#"{ credential = "a.b" }"#,
            SecretSource::Credential("a.b".into()),
        ),
    ];
    for (url, start_tls, place, source) in cases {
        let text = with(CORP, &[(urls, &format!("{url}\n{start_tls}")), (secret, place)]);
        let ldap = Folder::new().load(&text).unwrap().ldap.unwrap();
        let DirectorySource::Servers(servers) = ldap.source else { panic!("not servers") };
        assert_eq!(servers.bind.unwrap().password, source);
        assert_eq!(servers.start_tls, !start_tls.is_empty());
    }
}

#[test]
fn a_pin_and_a_plugin_by_its_path() {
    let folder = Folder::new();
    let pin = format!("plugin = \"../plugins/active-directory.wasm\"\nsha256 = \"{}Ff\"\n", "0".repeat(62));
    let file = folder.load(&with(CORP, &[("plugin = \"active-directory.wasm\"\n", &pin)])).unwrap();
    let mut bytes = [0; 32];
    bytes[31] = 0xff;
    assert_eq!(file.sha256, Some(bytes));
    assert_eq!(file.plugin, folder.path().join("connectors/../plugins/active-directory.wasm"));
}

#[test]
fn settings_become_texts() {
    let settings = "variant = \"auto\"\nnumber = 10\nfraction = 1.0\nyes = true";
    let file = Folder::new().load(&with(CORP, &[("variant = \"auto\"", settings)])).unwrap();
    let config = file.config.unwrap();
    let values: Vec<&str> =
        ["variant", "number", "fraction", "yes"].iter().map(|name| config[*name].as_str()).collect();
    assert_eq!(values, ["auto", "10", "1.0", "true"]);
}

#[test]
fn the_embedded_directory() {
    let folder = Folder::new();
    let seed = folder.write("connectors/people.ldif", b"");
    let text = format!(
        "{MINIMAL}\n[ldap.embedded]\nseed = \"people.ldif\"\ndialect = \"openldap\"\nmin-age = \"1d\"\n[ldap.locate]\nbase = \"dc=x\"\nfilter = \"(uid={{account.name}})\""
    );
    let DirectorySource::Embedded(embedded) = folder.load(&text).unwrap().ldap.unwrap().source else {
        panic!("servers")
    };
    let expected = Embedded {
        seed,
        state: None,
        dialect: Dialect::OpenLdap,
        min_length: 8,
        history: 3,
        max_failures: 5,
        min_age: Duration::from_secs(86_400),
    };
    assert_eq!(embedded, expected);
}

#[test]
fn what_is_allowed_and_unwise_is_told() {
    let folder = Folder::new();
    let text = with(
        CORP,
        &[
            ("*@corp.example", "*"),
            ("{account.login}", "{account.name}"),
            ("exclude = \"(adminCount=1)\"\n", ""),
            ("[limits]", "[reveal]\npasswords = [\"new\", \"old\"]\n[limits]"),
        ],
    );
    let file = folder.load(&text).unwrap();
    assert_eq!(file.reveal, Some(vec![Revealed::New, Revealed::Old]));
    assert!(file.warnings.iter().all(|warning| warning.is_warning()));
    let shown: Vec<String> = file.warnings.iter().map(|warning| folder.shown(warning)).collect();
    insta::assert_snapshot!("warnings", shown.join("\n"));
}

#[test]
fn no_warning_where_none_is_due() {
    let only_reads = with(
        CORP,
        &[("exclude = \"(adminCount=1)\"\n", ""), ("unicodePwd = \"password\"\nlockoutTime = [\"0\"]\n", "")],
    );
    assert!(warnings(&only_reads).is_empty());
    assert!(warnings(&with(CORP, &[("{account.login}", "{account.name}")])).is_empty());
    assert!(warnings(&with(CORP, &[("{account.login}", "{account.name}"), ("*@corp.example", "alice")])).is_empty());
    assert_eq!(
        warnings(&with(CORP, &[("{account.login}", "{account.name}"), ("*@corp.example", "*@*.example")])),
        ["domain-not-compared"]
    );
}
