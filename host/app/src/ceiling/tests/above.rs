//! Each rule alone: one grant more than the ceiling allows is one excess, at its line and against the right line.

use portcullis_sandbox::{Import, Surface};

use super::super::Ceiling;
use super::{CEILING, CORP, above, ceiling_of, connector, with};

/// `code, line of the connector's file, line of the ceiling` of each excess.
fn found(connector: &str, ceiling: &str) -> Vec<(&'static str, String, String)> {
    above(connector, ceiling)
        .into_iter()
        .map(|excess| (excess.code, excess.granted.text, excess.ceiling.text))
        .collect()
}

/// `name, code, (old, new) in the connector's file, what stands there, what stands in the ceiling`.
macro_rules! above {
    ($($name:ident, $code:literal, ($old:expr, $new:expr), $granted:expr, $ceiling:expr;)*) => {$(
        #[test]
        fn $name() {
            let found = found(&with(CORP, &[($old, $new)]), CEILING);
            assert_eq!(found, [($code, $granted.to_owned(), $ceiling.to_owned())]);
        }
    )*};
}

const READ: &str = r#"["pwdLastSet", "lockoutTime"]"#;
const ATTRIBUTES: &str = r#"attributes = ["pwdLastSet", "lockoutTime"]"#;

above! {
    not_pinned, "not-pinned", ("sha256 = \"0000000000000000000000000000000000000000000000000000000000000000\"\n", ""),
        "plugin = \"corp.wasm\"", "[plugins]";
    account, "account", (r#"["*@corp.example"]"#, r#"["*"]"#),
        r#""*""#, r#"accounts = ["*@corp.example", "*@other.example"]"#;
    account_of_two_patterns, "account", (r#"["*@corp.example"]"#, r#"["*@*.example"]"#),
        r#""*@*.example""#, r#"accounts = ["*@corp.example", "*@other.example"]"#;
    operation, "operation", (r#""unlock-account""#, r#""verify-password""#),
        r#""verify-password""#, r#"operations = ["reset-password", "unlock-account"]"#;
    server, "server", ("ldaps://dc2.corp.example", "ldaps://dc2.corp.example.evil.example"),
        r#""ldaps://dc2.corp.example.evil.example""#, r#"urls = ["ldaps://*.corp.example"]"#;
    server_on_another_port, "server", ("ldaps://dc2.corp.example", "ldaps://dc2.corp.example:6360"),
        r#""ldaps://dc2.corp.example:6360""#, r#"urls = ["ldaps://*.corp.example"]"#;
    old_tls, "tls", (r#"min-tls = "1.3""#, r#"min-tls = "1.2""#), r#"min-tls = "1.2""#, r#"min-tls = "1.3""#;
    old_tls_by_saying_nothing, "tls", ("min-tls = \"1.3\"\n", ""), "[ldap]", r#"min-tls = "1.3""#;
    locate, "locate", (r#"base = "OU=Staff,DC=corp,DC=example""#, r#"base = "DC=corp,DC=example""#),
        r#"base = "DC=corp,DC=example""#, r#"bases = ["OU=Staff,DC=corp,DC=example"]"#;
    no_exclude, "no-exclude", ("exclude = \"(adminCount=1)\"\n", ""), "[ldap.locate]", "[ldap.locate]";
    read, "read", (READ, r#"["pwdLastSet", "description"]"#), r#""description""#, ATTRIBUTES;
    read_with_an_option, "read", (READ, r#"["pwdLastSet", "lockoutTime;x"]"#), r#""lockoutTime;x""#, ATTRIBUTES;
    search, "search", (r#"bases = ["CN=System,"#, r#"bases = ["CN=Users,"#),
        r#""CN=Users,DC=corp,DC=example""#, r#"bases = ["CN=System,DC=corp,DC=example"]"#;
    search_above, "search", (r#"bases = ["CN=System,DC="#, r#"bases = ["DC="#),
        r#""DC=corp,DC=example""#, r#"bases = ["CN=System,DC=corp,DC=example"]"#;
    write, "write", (r#"lockoutTime = ["0"]"#, r#"description = ["0"]"#), r#"description = ["0"]"#, "[ldap.write]";
    write_with_an_option, "write", (r#"lockoutTime = ["0"]"#, r#""lockoutTime;x-y" = ["0"]"#),
        r#""lockoutTime;x-y" = ["0"]"#, "[ldap.write]";
    write_the_password, "write", (r#"{ values = ["TRUE"], remove = true }"#, r#""password""#),
        r#"pwdReset = "password""#, r#"pwdReset = { values = ["TRUE"], remove = true }"#;
    write_another_value, "write", (r#"lockoutTime = ["0"]"#, r#"lockoutTime = ["0", "1"]"#),
        r#"lockoutTime = ["0", "1"]"#, r#"lockoutTime = ["0"]"#;
    write_a_value_in_another_case, "write", (r#"values = ["TRUE"]"#, r#"values = ["true"]"#),
        r#"pwdReset = { values = ["true"], remove = true }"#, r#"pwdReset = { values = ["TRUE"], remove = true }"#;
    empty_it, "write", (r#"lockoutTime = ["0"]"#, r#"lockoutTime = { values = ["0"], remove = true }"#),
        r#"lockoutTime = { values = ["0"], remove = true }"#, r#"lockoutTime = ["0"]"#;
    control, "control", ("1.2.840.113556.1.4.2239", "1.2.840.113556.1.4.2066"),
        r#""1.2.840.113556.1.4.2066""#, r#"controls = ["1.2.840.113556.1.4.2239"]"#;
    log, "log", (r#"level = "info""#, r#"level = "debug""#), r#"level = "debug""#, r#"level = "info""#;
    setting, "setting", (r#"variant = "auto""#, r#"history = "auto""#), r#"history = "auto""#, "[config]";
    value_of_a_setting, "setting", (r#"variant = "auto""#, r#"variant = "other""#),
        r#"variant = "other""#, r#"variant = ["auto"]"#;
    reveal, "reveal", (r#"["new"]"#, r#"["new", "old"]"#), r#"passwords = ["new", "old"]"#, r#"passwords = ["new"]"#;
    time, "limit", ("time = \"10s\"", "time = \"11s\""), "time = \"11s\"", "names no [limits]";
    memory, "limit", ("memory = \"16 MiB\"", "memory = \"17 MiB\""), "memory = \"17 MiB\"", "names no [limits]";
    concurrency, "limit", ("concurrency = 64", "concurrency = 65"), "concurrency = 65", "names no [limits]";
    host_calls, "limit", ("host-calls = 256", "host-calls = 257"), "host-calls = 257", "names no [limits]";
    log_bytes, "limit", ("log = \"64 KiB\"", "log = \"65 KiB\""), "log = \"65 KiB\"", "names no [limits]";
}

/// `name, code, (old, new) in the ceiling`.
macro_rules! below {
    ($($name:ident, $code:literal, ($old:expr, $new:expr);)*) => {$(
        #[test]
        fn $name() {
            let codes: Vec<_> = above(CORP, &with(CEILING, &[($old, $new)])).into_iter().map(|e| e.code).collect();
            assert_eq!(codes, [$code]);
        }
    )*};
}

below! {
    no_set_password, "protocol", ("set-password = true\n", "");
    no_try_bind, "protocol", ("try-bind = true", "try-bind = false");
    no_as_target, "protocol", ("as-target = true\n", "");
    no_reveal, "reveal", ("[reveal]\npasswords = [\"new\"]\n", "");
    no_log, "log", ("[log]\nlevel = \"info\"\n", "");
    no_settings, "setting", ("[config]\nvariant = [\"auto\"]\nretries = \"any\"\n", "");
    nothing_but_the_password, "write", ("{ values = [\"TRUE\"], remove = true }", "\"password\"");
    a_lower_limit, "limit", ("[reveal]", "[limits]\nmemory = \"8 MiB\"\n[reveal]");
}

#[test]
fn nothing_is_allowed_by_an_empty_ceiling() {
    let codes: Vec<_> = above(CORP, "[plugins]\nrequire-signature = false").iter().map(|excess| excess.code).collect();
    let expected = [
        "account",
        "operation",
        "operation",
        "server",
        "server",
        "locate",
        "read",
        "read",
        "search",
        "write",
        "write",
        "write",
        "control",
        "protocol",
        "protocol",
        "protocol",
        "log",
        "setting",
        "reveal",
    ];
    assert_eq!(codes, expected);
}

#[test]
fn what_is_allowed_is_not_above() {
    assert_eq!(above(CORP, CEILING), []);
    assert_eq!(Ceiling::none().check(&connector(CORP), &Surface::default()), []);
    let without_pin =
        with(CORP, &[("sha256 = \"0000000000000000000000000000000000000000000000000000000000000000\"\n", "")]);
    let changes = [("require-signature = false", "require-signature = false\nrequire-sha256 = false")];
    assert_eq!(above(&without_pin, &with(CEILING, &changes)), []);
    let without_exclude = with(CORP, &[("exclude = \"(adminCount=1)\"\n", "")]);
    let bases = "bases = [\"OU=Staff,DC=corp,DC=example\"]";
    let changes = [(bases, "bases = [\"OU=Staff,DC=corp,DC=example\"]\nrequire-exclude = false")];
    assert_eq!(above(&without_exclude, &with(CEILING, &changes)), []);
}

#[test]
fn a_connector_that_only_reads_needs_no_exclusion() {
    let (head, rest) = CORP.split_once("[ldap.write]").unwrap();
    let (_, rest) = rest.split_once("[ldap.allow]").unwrap();
    let only_reads = format!("{head}[ldap.allow]{rest}").replace("exclude = \"(adminCount=1)\"\n", "");
    assert_eq!(above(&only_reads.replace("set-password = true\n", ""), CEILING), []);
    assert_eq!(above(&only_reads, CEILING).iter().map(|e| e.code).collect::<Vec<_>>(), ["no-exclude"]);
}

#[test]
fn a_local_socket_has_no_tls() {
    let urls = r#"urls = ["ldaps://dc1.corp.example", "ldaps://dc2.corp.example"]"#;
    let connector = with(CORP, &[(urls, r#"urls = ["ldapi://%2Frun%2Fldapi"]"#), ("min-tls = \"1.3\"\n", "")]);
    let ceiling = with(CEILING, &[(r#"["ldaps://*.corp.example"]"#, r#"["ldapi://%2frun%2fldapi"]"#)]);
    assert_eq!(above(&connector, &ceiling), []);
}

#[test]
fn sockets_are_not_even_imported() {
    let (file, folder) = (connector(CORP), CEILING);
    let importing = |interface: &str| Surface {
        imports: vec![Import { interface: interface.to_owned(), functions: Vec::new() }],
        exports: Vec::new(),
    };
    for interface in ["wasi:sockets/tcp@0.2.6", "wasi:sockets/network@0.3.0", "wasi:sockets", "WASI:Sockets/udp"] {
        let found = ceiling_of(folder).check(&file, &importing(interface));
        assert_eq!(found.iter().map(|excess| excess.code).collect::<Vec<_>>(), ["sockets"], "{interface}");
    }
    assert_eq!(ceiling_of(folder).check(&file, &importing("wasi:clocks/wall-clock@0.2.6")), []);
    let allowed = with(CEILING, &[("[plugins]", "[plugins]\nsockets = true")]);
    assert_eq!(ceiling_of(&allowed).check(&file, &importing("wasi:sockets/tcp@0.2.6")), []);
}

#[test]
fn the_embedded_directory_is_a_directory_too() {
    let embedded = "plugin = \"corp.wasm\"\nsha256 = \"0000000000000000000000000000000000000000000000000000000000000000\"\n\
        accounts = [\"*@corp.example\"]\noperations = [\"reset-password\"]\n[ldap.embedded]\nseed = \"corp.wasm\"\n\
        [ldap.locate]\nbase = \"OU=Staff,DC=corp,DC=example\"\nfilter = \"(uid={account.login})\"\n";
    let found = found(embedded, CEILING);
    assert_eq!(found, [("embedded", "[ldap.embedded]".to_owned(), "[ldap]".to_owned())]);
    assert_eq!(above(embedded, &with(CEILING, &[("[ldap]\n", "[ldap]\nembedded = true\n")])), []);
}

#[test]
fn the_fault_names_every_line() {
    let changes = [(READ, r#"["pwdLastSet", "description"]"#), (r#"level = "info""#, r#"level = "debug""#)];
    let found = above(&with(CORP, &changes), CEILING);
    let fault = super::super::Excesses::of("corp", found).unwrap().fault();
    let folder = fault.detail.split_once("/corp.toml").unwrap().0.rsplit_once(' ').unwrap().1;
    insta::assert_snapshot!(fault.detail.replace(folder, "DIR"), @r#"`description` may not be readable: DIR/corp.toml:18 "description" stands against ceiling.toml:15 attributes = ["pwdLastSet", "lockoutTime"]; the log is more detailed than allowed: DIR/corp.toml:35 level = "debug" stands against ceiling.toml:32 level = "info""#);
}
