//! What is taken, and what comes out.

use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use portcullis_model::OperationKind;

use super::super::super::secret::SecretSource;
use super::super::super::tests::{Folder, with};
use super::super::{Alarms, ClientCertificate, Collector, LogFormat, Per, Rate, See, ServiceConfig, load_service};
use super::{SERVICE, folder, load};

fn loaded(folder: &Folder, text: &str) -> ServiceConfig {
    load(folder, text).unwrap_or_else(|problems| panic!("{}", folder.shown(&problems)))
}

fn codes(text: &str) -> Vec<&'static str> {
    loaded(&folder(), text).warnings.iter().map(|warning| warning.name()).collect()
}

#[test]
fn without_a_file_nobody_may_ask_from_elsewhere() {
    let service = load_service(Folder::new().path()).unwrap();
    assert!(service.callers.is_empty() && service.tls.is_none() && service.listen.socket.is_none());
    assert_eq!(service.listen.addresses, ["127.0.0.1:8440".parse().unwrap()]);
}

#[test]
fn an_empty_file_means_the_same_as_none() {
    let (empty, absent) = (loaded(&folder(), ""), ServiceConfig::default());
    assert_eq!(format!("{empty:?}"), format!("{absent:?}"));
}

#[test]
fn a_link_to_nowhere_is_not_an_absent_file() {
    let folder = Folder::new();
    std::os::unix::fs::symlink("nowhere.toml", folder.path().join("portcullis.toml")).unwrap();
    assert_eq!(load_service(folder.path()).unwrap_err().all()[0].name(), "file-missing");
}

#[test]
fn every_section() {
    let folder = folder();
    let service = loaded(&folder, SERVICE);
    assert!(service.warnings.is_empty(), "{:?}", service.warnings);
    assert_eq!(service.listen.addresses.len(), 2);
    assert_eq!(service.listen.socket.as_deref(), Some(Path::new("/run/portcullis/api.sock")));
    let tls = service.tls.unwrap();
    assert_eq!(tls.certificate, folder.path().join("server.pem"));
    assert_eq!(tls.key, SecretSource::File(folder.path().join("server.key")));
    assert!(tls.require && tls.client_ca.is_some());
    let [desk, portal] = &service.callers[..] else { panic!("{:?}", service.callers) };
    assert_eq!((&*desk.name, desk.uid, desk.see, desk.manage), ("help-desk", Some(998), See::All, true));
    assert_eq!(desk.certificate, Some(ClientCertificate::Dns("desk.corp.example".to_owned())));
    assert_eq!((desk.rate, desk.connectors.as_ref()), (Rate::CALLER, None));
    assert_eq!((portal.see, portal.manage, portal.tokens.as_slice()), (See::Own, false, &[[0x11; 32]][..]));
    assert_eq!(portal.operations, [OperationKind::ChangePassword, OperationKind::VerifyPassword]);
    assert_eq!((portal.except.len(), portal.exclude.as_deref()), (1, Some("(adminCount=1)")));
    assert_eq!(portal.rate, Rate { count: NonZeroU32::new(60).unwrap(), per: Per::Second });
    assert_eq!(service.limits.account_rate, Rate::ACCOUNT);
    assert_eq!(service.delivery, ServiceConfig::default().delivery);
    assert_eq!(service.journal, ServiceConfig::default().journal);
    assert_eq!(service.keys, ServiceConfig::default().keys);
    let hours = service.alarms.hours.clone().unwrap();
    assert_eq!(hours.to_string(), "Mon-Fri 06:00-22:00");
    assert_eq!(Alarms { hours: None, ..service.alarms }, Alarms::default());
    let shown: Vec<String> = service.forward.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["udp://127.0.0.1:514", "https://collector.corp.example:4318/"]);
    assert_eq!(service.observe.log_format, LogFormat::Json);
    assert_eq!(service.observe.otlp.unwrap().as_str(), "http://127.0.0.1:4318/");
    assert_eq!(service.test_accounts["corp-ad"].as_str(), "portcullis-test@corp.example");
}

#[test]
fn addresses_that_others_reach_need_tls() {
    let text = with(SERVICE, &[("127.0.0.1:8440", "0.0.0.0:8440")]);
    assert_eq!(loaded(&folder(), &text).listen.addresses[0].to_string(), "0.0.0.0:8440");
    let text = "[listen]\naddresses = [\"127.8.8.8:1\", \"[::ffff:127.0.0.1]:1\"]";
    assert_eq!(loaded(&folder(), text).listen.addresses.len(), 2);
}

#[test]
fn the_socket_alone_is_enough() {
    let service = loaded(&folder(), "[listen]\naddresses = []\nsocket = \"api.sock\"");
    assert!(service.listen.addresses.is_empty() && service.listen.socket.unwrap().is_absolute());
}

#[test]
fn who_keeps_less_keeps_less_of_the_unknown_too() {
    let journal = loaded(&folder(), "[journal]\nkeep = \"2d\"").journal;
    assert_eq!(journal.keep_unknown, Duration::from_secs(2 * 86_400));
}

#[test]
fn a_fingerprint_may_be_written_as_openssl_shows_it() {
    let shown = ["AB"; 32].join(":");
    let text = with(SERVICE, &[("{ dns = \"Desk.corp.example\" }", &format!("{{ sha256 = \"{shown}\" }}"))]);
    let service = loaded(&folder(), &text);
    assert_eq!(service.callers[0].certificate, Some(ClientCertificate::Sha256([0xab; 32])));
}

#[test]
fn a_caller_that_could_take_administrators_over_is_told() {
    let desk = "accounts = [\"*@corp.example\"]\nexclude = \"(adminCount=1)\"\nsee";
    let open = with(SERVICE, &[(desk, "accounts = [\"*@corp.example\"]\nsee")]);
    assert_eq!(codes(&open), ["no-exclude"]);
    let excepted = with(SERVICE, &[(desk, "accounts = [\"*@corp.example\"]\nexcept = [\"*-adm*\"]\nsee")]);
    assert_eq!(codes(&excepted), [""; 0]);
    assert_eq!(codes(&with(&open, &[("\"reset-password\"", "\"account-status\"")])), [""; 0]);
}

#[test]
fn an_except_that_a_name_without_its_domain_gets_past_is_told() {
    let any = with(SERVICE, &[("accounts = [\"*@corp.example\"]\nexcept", "accounts = [\"*\"]\nexcept")]);
    assert_eq!(codes(&any), ["domain-not-fixed"]);
    assert_eq!(codes(&with(&any, &[("*-adm@corp.example", "*-adm@*")])), ["domain-not-fixed"]);
    let domains = with(&any, &[("accounts = [\"*\"]", "accounts = [\"*@*\"]")]);
    assert_eq!(codes(&domains), ["domain-not-fixed"]);
    assert_eq!(codes(&with(&domains, &[("*-adm@corp.example", "*-adm@*")])), [""; 0]);
    assert_eq!(codes(&with(&any, &[("*-adm@corp.example", "*-adm*")])), [""; 0]);
}

#[test]
fn warnings() {
    let folder = folder();
    let text = with(
        SERVICE,
        &[
            ("accounts = [\"*@corp.example\"]\nexcept", "accounts = [\"*\"]\nexcept"),
            ("accounts = [\"*@corp.example\"]\nexclude = \"(adminCount=1)\"\nsee", "accounts = [\"*\"]\nsee"),
            ("[\"corp-ad\"]", "[\"corp-da\"]"),
            ("[connectors.corp-ad.", "[connectors.other."),
        ],
    );
    let shown: Vec<String> = loaded(&folder, &text).warnings.iter().map(|warning| folder.shown(warning)).collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn an_alarm_is_off_only_where_it_says_so_and_that_is_told() {
    let off = with(
        SERVICE,
        &[
            ("denials = \"1/h\"", "denials = \"off\""),
            ("\"5/h\"", "\"off\""),
            ("\"200/h\"", "\"off\""),
            ("\"Mon-Fri 06:00-22:00\"", "\"off\""),
            ("new-use = true", "new-use = false"),
        ],
    );
    assert_eq!(codes(&off), ["alarm-off"; 5]);
    let alarms = loaded(&folder(), &off).alarms;
    let none = Alarms { denials: None, account_resets: None, caller_resets: None, hours: None, new_use: None };
    assert_eq!(alarms, none);
    assert_eq!(codes(&with(SERVICE, &[("hours = \"Mon-Fri 06:00-22:00\"\n", "")])), ["hours-missing"]);
    let text = with(SERVICE, &[("\"5/h\"", "\"off\"")]);
    let folder = folder();
    let shown: Vec<String> = loaded(&folder, &text).warnings.iter().map(|warning| folder.shown(warning)).collect();
    insta::assert_snapshot!("alarm_off", shown.join("\n"));
}

#[test]
fn a_collector_of_the_audit_log() {
    let forward = |url: &str| loaded(&folder(), &format!("[audit]\nsyslog = \"{url}\"")).forward.remove(0);
    let host = |host: &str| host.to_owned();
    assert_eq!(forward("udp://127.0.0.1"), Collector::Udp { host: host("127.0.0.1"), port: 514 });
    assert_eq!(forward("tcp://[::1]:1514/"), Collector::Tcp { host: host("::1"), port: 1514 });
    assert_eq!(forward("tcp://localhost"), Collector::Tcp { host: host("localhost"), port: 601 });
    assert_eq!(forward("unix:///dev/log"), Collector::Unix("/dev/log".into()));
    assert_eq!(codes("[audit]\nsyslog = \"tcp://siem.corp.example:601\""), ["clear-text"]);
    assert_eq!(codes("[audit]\nsyslog = \"udp://localhost\""), [""; 0]);
}

#[test]
fn collectors_over_tls_and_of_opentelemetry() {
    let folder = folder();
    let forward = |keys: &str| loaded(&folder, &format!("[audit]\n{keys}")).forward;
    let tls = |host: &str, port, ca_file| Collector::Tls { host: host.to_owned(), port, ca_file };
    assert_eq!(forward("syslog = \"tls://siem.corp.example\""), [tls("siem.corp.example", 6514, None)]);
    let ca_file = Some(folder.path().join("collector-ca.pem"));
    let keys = "syslog = \"tls://[2001:db8::1]:10514\"\notlp = \"https://c.example\"\nca-file = \"collector-ca.pem\"";
    let otlp = Collector::Otlp { url: "https://c.example".parse().unwrap(), ca_file: ca_file.clone() };
    assert_eq!(forward(keys), [tls("2001:db8::1", 10514, ca_file), otlp]);

    for in_clear in ["http://collector.corp.example:4318", "http://192.0.2.1:4318", "http://[2001:db8::1]:4318"] {
        assert_eq!(codes(&format!("[audit]\notlp = \"{in_clear}\"")), ["clear-text"], "{in_clear}");
    }
    for not in ["http://localhost:4318", "http://127.0.0.1:4318", "http://[::1]:4318", "https://collector.corp.example"]
    {
        assert_eq!(codes(&format!("[audit]\notlp = \"{not}\"")), [""; 0], "{not}");
    }
    let unused =
        ["[audit]\nsyslog = \"udp://localhost\"", "[audit]\notlp = \"http://localhost\"", "[audit]", "[observe]"];
    for section in unused {
        assert_eq!(codes(&format!("{section}\nca-file = \"collector-ca.pem\"")), ["ca-file-unused"], "{section}");
    }
    let text = "[observe]\notlp = \"https://c.example\"\nca-file = \"collector-ca.pem\"";
    assert_eq!(loaded(&folder, text).observe.ca_file, Some(folder.path().join("collector-ca.pem")));
}

#[test]
fn a_connector_that_is_not_there_is_told() {
    assert_eq!(codes(&with(SERVICE, &[("[\"corp-ad\"]", "[\"corp-da\"]")])), ["unknown-connector"]);
    assert_eq!(codes(&with(SERVICE, &[("[connectors.corp-ad.", "[connectors.corp-entra.")])), ["unknown-connector"]);
}
