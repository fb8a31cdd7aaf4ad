//! Each mistake: its code, and (as a snapshot) what the operator reads.

use super::super::super::tests::with;
use super::{SERVICE, folder, load};

/// `name, code, (old, new)...`: [`SERVICE`] with the changes is refused with this code, and with no other one.
macro_rules! refused {
    ($($name:ident, $code:literal, $(($old:expr, $new:expr)),+;)*) => {$(
        #[test]
        fn $name() {
            check(stringify!($name), &[$code], &with(SERVICE, &[$(($old, $new)),+]));
        }
    )*};
}

fn check(name: &str, codes: &[&str], text: &str) {
    let folder = folder();
    let problems = load(&folder, text).unwrap_err();
    let found: Vec<&str> = problems.all().iter().map(|problem| problem.name()).collect();
    let shown = folder.shown(&problems);
    assert_eq!(found, codes, "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
    insta::assert_snapshot!(name, shown);
}

/// The section `[tls]`.
fn tls() -> &'static str {
    let (from, to) = (SERVICE.find("[tls]").unwrap(), SERVICE.find("[callers.portal]").unwrap());
    &SERVICE[from..to]
}

const HASH: &str = "1111111111111111111111111111111111111111111111111111111111111111";
const DNS: &str = r#"{ dns = "Desk.corp.example" }"#;
const KEY: &str = r#"key = { file = "server.key" }"#;
const CREDENTIALS: &str = "certificate = { dns = \"Desk.corp.example\" }\nuid = 998\n";
const OTLP: &str = "http://127.0.0.1:4318";

// The shape.
refused! {
    unknown_key, "unknown-key", ("client-ca", "client_ca");
    unknown_section, "unknown-key", ("[delivery]", "[delivry]");
    unknown_key_of_a_caller, "unknown-key", ("except =", "exept =");
    unknown_key_without_a_suggestion, "unknown-key", ("account-rate = \"10/h\"", "colour = 8");
    wrong_type, "wrong-type", ("uid = 998", "uid = \"www-data\"");
    tokens_not_in_a_list, "wrong-type", (&format!("[\"{HASH}\"]"), &format!("\"{HASH}\""));
    syntax, "syntax", ("breaker-failures = 5", "breaker-failures = ");
}

// Where it listens.
refused! {
    address_without_tls, "clear-text", (tls(), ""), ("127.0.0.1:8440", "0.0.0.0:8440"), (CREDENTIALS, "uid = 998\n");
    address_of_a_network_without_tls, "clear-text", (tls(), ""), ("[::1]:8440", "[2001:db8::1]:8440"),
        (CREDENTIALS, "uid = 998\n");
    address_without_a_port, "bad-address", ("127.0.0.1:8440", "127.0.0.1");
    address_by_name, "bad-address", ("127.0.0.1:8440", "localhost:8440");
    address_twice, "duplicate-address", ("[::1]:8440", "127.0.0.1:8440");
    nowhere, "empty-list", (r#"["127.0.0.1:8440", "[::1]:8440"]"#, "[]"),
        ("socket = \"/run/portcullis/api.sock\"\n", ""), ("uid = 998\n", "");
    socket_empty, "bad-socket", ("/run/portcullis/api.sock", "");
    tls_without_a_certificate, "missing-key", ("certificate = \"server.pem\"\n", "");
    tls_without_a_key, "missing-key", (KEY, "");
    certificate_missing, "file-missing", ("server.pem", "sever.pem");
    certificate_without_a_certificate, "no-certificate", ("clients-ca.pem", "portcullis.toml");
    key_in_the_file, "secret-in-file", (KEY, "key = \"\"\"\n-----BEGIN PRIVATE KEY-----\nhunter2\n\"\"\"");
    key_nowhere, "bad-secret", (KEY, "key = {}");
}

// Who asks.
refused! {
    caller_without_a_credential, "no-credential", (CREDENTIALS, "");
    caller_without_operations, "missing-key", ("operations = [\"reset-password\"]\n", "");
    caller_without_accounts, "missing-key", ("manage = true\n", ""),
        ("operations = [\"reset-password\"]\naccounts = [\"*@corp.example\"]\n", "operations = [\"reset-password\"]\n");
    caller_with_no_operation, "empty-list", (r#"["reset-password"]"#, "[]");
    caller_with_no_account, "empty-list", (r#"accounts = ["*@corp.example"]"#, "accounts = []");
    caller_with_no_connector, "empty-list", (r#"connectors = ["corp-ad"]"#, "connectors = []");
    caller_with_an_unknown_operation, "unknown-value", ("reset-password", "reset-pasword");
    caller_called_operator, "bad-name", ("[callers.portal]", "[callers.Operator]");
    caller_with_a_strange_name, "bad-name", ("[callers.portal]", "[callers.\"the portal\"]");
    certificate_without_an_authority, "client-ca-missing", ("client-ca = \"clients-ca.pem\"\nrequire = true\n", "");
    certificate_required_without_an_authority, "client-ca-missing", ("client-ca = \"clients-ca.pem\"\n", ""),
        (CREDENTIALS, "uid = 998\n");
    certificate_without_tls, "client-ca-missing", (tls(), "");
    certificate_by_nothing, "bad-certificate", (DNS, "{}");
    certificate_by_both, "bad-certificate", (DNS, r#"{ dns = "a.example", sha256 = "00" }"#);
    certificate_by_a_wildcard, "bad-name", (DNS, r#"{ dns = "*.corp.example" }"#);
    certificate_by_no_name, "bad-name", (DNS, r#"{ dns = "help desk" }"#);
    certificate_by_a_short_hash, "bad-sha256", (DNS, r#"{ sha256 = "AB:CD" }"#);
    uid_without_a_socket, "socket-missing", ("socket = \"/run/portcullis/api.sock\"\n", "");
    uid_of_nobody, "out-of-range", ("uid = 998", "uid = 4294967295");
    token_empty, "empty-list", (&format!("[\"{HASH}\"]"), "[]");
    token_in_the_file, "secret-in-file", (HASH, "pct_hunter2hunter2");
    token_with_a_short_hash, "bad-sha256", (HASH, "hunter2");
    token_of_two_callers, "duplicate-credential", (CREDENTIALS, &format!("token-sha256 = [\"{HASH}\"]\n"));
    token_twice, "duplicate-credential", (&format!("[\"{HASH}\"]"), &format!("[\"{HASH}\", \"{HASH}\"]"));
    uid_of_two_callers, "duplicate-credential", ("rate = \"60/s\"", "uid = 998");
    certificate_of_two_callers, "duplicate-credential",
        ("rate = \"60/s\"", "certificate = { dns = \"desk.CORP.example\" }");
    except_empty, "bad-pattern", (r#"except = ["*-adm@corp.example"]"#, r#"except = [""]"#);
    exclude_no_filter, "bad-filter", ("(adminCount=1)", "(adminCount=1");
    exclude_with_a_placeholder, "bad-filter", ("(adminCount=1)", "(manager={account.name})");
    rate_without_a_unit, "bad-rate", ("60/s", "60");
    rate_zero, "bad-rate", ("60/s", "0/s");
    rate_of_days, "bad-rate", ("60/s", "600/d");
    see_unknown, "unknown-value", ("see = \"all\"", "see = \"everything\"");
}

// How long it tries, and remembers.
refused! {
    account_rate_bad, "bad-rate", ("10/h", "ten an hour");
    wait_longer_than_the_deadline, "out-of-order", ("wait = \"20s\"", "wait = \"5m\""), ("deadline = \"1h\"", "deadline = \"1m\"");
    deadline_shorter_than_the_wait, "out-of-order", ("wait = \"20s\"\ndeadline = \"1h\"", "deadline = \"10s\"");
    first_retry_after_the_longest, "out-of-order", ("retry-first = \"2s\"", "retry-first = \"10m\"");
    deadline_too_long, "out-of-range", ("deadline = \"1h\"", "deadline = \"31d\"");
    breaker_never, "out-of-range", ("breaker-failures = 5", "breaker-failures = 0");
    keep_too_short, "out-of-range", ("keep = \"90d\"\nkeep-unknown = \"7d\"", "keep = \"23h\"");
    keep_the_unknown_longer, "out-of-order", ("keep = \"90d\"", "keep = \"2d\"");
    overlap_zero, "out-of-range", ("overlap = \"7d\"", "overlap = \"0s\"");
    alarm_rate_bad, "bad-rate", ("denials = \"1/h\"", "denials = \"never\"");
    alarm_rate_too_large, "bad-rate", ("\"200/h\"", "\"20000/h\"");
    alarm_hours_bad, "bad-hours", ("Mon-Fri 06:00-22:00", "Mo-Fr 6-22");
    alarm_zone_unknown, "bad-time-zone", ("+01:00", "Europe/Berln");
    alarm_learns_for_ever, "out-of-range", ("learn = \"7d\"", "learn = \"999d\"");
    alarm_key_unknown, "unknown-key", ("account-resets", "acount-resets");
    syslog_over_tls_to_no_name, "bad-url", ("udp://127.0.0.1:514", "tls://siem_.corp..example:6514");
    audit_otlp_over_grpc, "bad-url", ("https://collector.corp.example:4318", "grpc://127.0.0.1:4317");
    audit_otlp_with_a_password, "secret-in-file", ("https://collector", "https://user:hunter2@collector");
    audit_otlp_with_a_query, "bad-url", ("example:4318", "example:4318/?tenant=4");
    audit_ca_file_missing, "file-missing", ("collector-ca.pem", "colector-ca.pem");
    audit_ca_file_without_a_certificate, "no-certificate", ("collector-ca.pem", "portcullis.toml");
    syslog_with_a_password, "bad-url", ("udp://127.0.0.1:514", "tcp://user:hunter2@127.0.0.1");
    syslog_no_url, "bad-url", ("udp://127.0.0.1:514", "127.0.0.1:514");
    syslog_with_a_path, "bad-url", ("udp://127.0.0.1:514", "udp://127.0.0.1/dev/log");
    log_format_unknown, "unknown-value", ("\"json\"", "\"jsn\"");
    otlp_over_grpc, "bad-url", (OTLP, "grpc://127.0.0.1:4317");
    otlp_with_a_password, "secret-in-file", (OTLP, "http://user:hunter2@127.0.0.1:4318");
    test_account_without_a_login, "missing-key", ("login = \"portcullis-test@corp.example\"", "");
    test_account_of_control_characters, "bad-account", ("portcullis-test@", "portcullis\\ntest@");
}

#[test]
fn socket_too_long() {
    let long = format!("/run/{}.sock", "x".repeat(98));
    assert_eq!(long.len(), 108);
    check("socket_too_long", &["bad-socket"], &with(SERVICE, &[("/run/portcullis/api.sock", &long)]));
    let fits = long.replacen('x', "", 1);
    load(&folder(), &with(SERVICE, &[("/run/portcullis/api.sock", &fits)])).unwrap();
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let text = with(
        SERVICE,
        &[
            ("127.0.0.1:8440", "localhost:8440"),
            ("server.pem", "sever.pem"),
            ("*@corp.example", ""),
            ("60/s", "60"),
            ("uid = 998", "uid = -1"),
            ("wait = \"20s\"", "wait = \"2h\""),
            ("keep = \"90d\"", "keep = \"1h\""),
        ],
    );
    let codes =
        ["bad-address", "file-missing", "bad-pattern", "bad-rate", "out-of-range", "out-of-range", "out-of-range"];
    check("all_mistakes_of_the_values", &codes, &text);
    let text = with(SERVICE, &[("client-ca", "client_ca"), ("uid = 998", "uid = \"998\""), ("[keys]", "[seal]")]);
    check("all_mistakes_of_the_shape", &["unknown-key", "wrong-type", "unknown-key"], &text);
}
