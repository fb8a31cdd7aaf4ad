//! Each mistake: its code, and (as a snapshot) what the operator reads.

use super::{CORP, Folder, with};

/// `name, code, (old, new)...`: [`CORP`] with the changes is refused with this code, and with no other one.
macro_rules! refused {
    ($($name:ident, $code:literal, $(($old:expr, $new:expr)),+;)*) => {$(
        #[test]
        fn $name() {
            check(stringify!($name), &[$code], &with(CORP, &[$(($old, $new)),+]));
        }
    )*};
}

fn check(name: &str, codes: &[&str], text: &str) {
    let folder = Folder::new();
    let problems = folder.load(text).unwrap_err();
    let found: Vec<&str> = problems.all().iter().map(|problem| problem.name()).collect();
    assert_eq!(found, codes, "{}", folder.shown(&problems));
    let shown = folder.shown(&problems);
    assert!(!shown.contains("hunter2"), "{shown}");
    insta::assert_snapshot!(name, shown);
}

const URLS: &str = r#"urls = ["ldaps://dc1.corp.example", "ldaps://dc2.corp.example"]"#;
const BIND_PASSWORD: &str = r#"bind-password = { file = "/run/secrets/corp-ad" }"#;
const FILTER: &str = "(&(objectClass=user)(userPrincipalName={account.login}))";

// The shape.
refused! {
    syntax_unquoted, "syntax", (r#"level = "info""#, "level = info");
    syntax_unterminated, "syntax", (r#"base = "OU=Staff,DC=corp,DC=example""#, r#"base = "OU=Staff"#);
    syntax_backslash, "syntax", (r#""OU=Staff,"#, r#""OU=Staff\, all,"#);
    syntax_duplicate_key, "syntax", ("connections = 8", "connections = 8\nconnections = 9");
    syntax_beside_a_secret, "syntax", (BIND_PASSWORD, "bind-password = \"hunter2\nconnections = = 8");
    unknown_key, "unknown-key", ("ca-file", "ca_file");
    unknown_key_of_another_section, "unknown-key", ("connections = 8", "filter = \"(uid={account.name})\"");
    unknown_key_of_the_top, "unknown-key", ("level = \"info\"", "operations = []");
    unknown_key_without_a_suggestion, "unknown-key", ("connections = 8", "colour = 8");
    unknown_section, "unknown-key", ("[limits]", "[limit]");
    unknown_key_of_a_grant, "unknown-key", (r#"lockoutTime = ["0"]"#, r#"lockoutTime = { value = ["0"] }"#);
    unknown_key_of_a_secret, "unknown-key", (BIND_PASSWORD, r#"bind-password = { value = "hunter2" }"#);
    wrong_type_number, "wrong-type", ("connections = 8", r#"connections = "8""#);
    wrong_type_duration, "wrong-type", (r#"time = "10s""#, "time = 10");
    wrong_type_list, "wrong-type", (r#"["*@corp.example"]"#, r#""*@corp.example""#);
    wrong_type_of_an_item, "wrong-type", (r#"lockoutTime = ["0"]"#, "lockoutTime = [0]");
    wrong_type_truth, "wrong-type", ("try-bind = true", r#"try-bind = "yes""#);
    number_a_little_too_large, "out-of-range", ("concurrency = 64", "concurrency = 9223372036854775808");
    oid_without_quotes, "unknown-key", ("unicodePwd =", "2.5.4.35 =");
    wrong_type_section_as_a_list, "wrong-type",
        ("[log]\nlevel = \"info\"\n", ""), ("accounts =", "log = [\"info\"]\naccounts =");
    wrong_type_section, "wrong-type", ("[log]\nlevel = \"info\"", "[[log]]\nlevel = \"info\"");
    wrong_type_setting, "wrong-type", (r#"variant = "auto""#, r#"variant = ["auto"]"#);
    wrong_type_grant, "wrong-type", (r#"lockoutTime = ["0"]"#, "lockoutTime = 0");
    wrong_type_secret, "wrong-type", (BIND_PASSWORD, r#"bind-password = ["hunter2"]"#);
    number_too_large, "out-of-range", ("concurrency = 64", "concurrency = 99999999999999999999999999999999999999999");
}

// The top of the file.
refused! {
    missing_plugin, "missing-key", ("plugin = \"active-directory.wasm\"\n", "");
    missing_accounts, "missing-key", ("accounts = [\"*@corp.example\"]\n", "");
    missing_operations, "missing-key", ("operations = [\"reset-password\", \"unlock-account\"]\n", "");
    plugin_not_there, "plugin-missing", ("active-directory.wasm", "active-direktory.wasm");
    plugin_not_there_by_path, "plugin-missing", ("active-directory.wasm", "../plugins/other.wasm");
    empty_accounts, "empty-list", (r#"["*@corp.example"]"#, "[]");
    empty_account, "bad-pattern", (r#"["*@corp.example"]"#, r#"[""]"#);
    empty_operations, "empty-list", (r#"["reset-password", "unlock-account"]"#, "[]");
    unknown_operation, "unknown-value", ("unlock-account", "unlock");
    misspelt_operation, "unknown-value", ("unlock-account", "unlock-acount");
    bad_sha256, "bad-sha256", ("accounts =", "sha256 = \"sha256:0123\"\naccounts =");
    sha256_not_hexadecimal, "bad-sha256",
        ("accounts =", "sha256 = \"zz23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"\naccounts =");
    unknown_level, "unknown-value", (r#"level = "info""#, r#"level = "warning""#);
    reveal_nothing, "empty-list", ("[limits]", "[reveal]\n[limits]");
    reveal_unknown, "unknown-value", ("[limits]", "[reveal]\npasswords = [\"nwe\"]\n[limits]");
    bad_duration, "bad-duration", (r#""10s""#, r#""10 seconds""#);
    time_too_long, "out-of-range", (r#""10s""#, r#""6m""#);
    time_zero, "out-of-range", (r#""10s""#, r#""0s""#);
    bad_size, "bad-size", ("16 MiB", "16 MB");
    memory_too_large, "out-of-range", ("16 MiB", "4 GiB");
    concurrency_zero, "out-of-range", ("concurrency = 64", "concurrency = 0");
    concurrency_too_large, "out-of-range", ("concurrency = 64", "concurrency = 1001");
    concurrency_negative, "out-of-range", ("concurrency = 64", "concurrency = -1");
}

// The directory.
refused! {
    no_directory, "no-directory", (URLS, "");
    two_directories, "two-directories", ("[ldap.locate]", "[ldap.embedded]\nseed = \"x.ldif\"\n[ldap.locate]");
    urls_empty, "empty-list", (URLS, "urls = []");
    url_without_a_scheme, "bad-url", ("ldaps://dc1.corp.example", "dc1.corp.example");
    url_with_another_scheme, "bad-url", ("ldaps://dc1.corp.example", "https://dc1.corp.example");
    url_without_a_host, "bad-url", ("ldaps://dc1.corp.example", "ldaps://");
    url_with_a_base, "bad-url", ("ldaps://dc1.corp.example", "ldaps://dc1.corp.example/dc=corp");
    url_with_a_password, "secret-in-file", ("ldaps://dc1.corp.example", "ldaps://svc:hunter2@dc1.corp.example");
    url_of_a_relative_socket, "bad-url", ("ldaps://dc1.corp.example", "ldapi://run%2Fldapi");
    clear_text, "clear-text", ("ldaps://dc1.corp.example", "ldap://dc1.corp.example");
    start_tls_with_ldaps, "start-tls-with-ldaps",
        (URLS, "urls = [\"ldap://dc1.corp.example\", \"ldaps://dc2.corp.example\"]\nstart-tls = true");
    ca_file_missing, "file-missing", ("corp-ca.pem", "corp.pem");
    ca_file_is_a_folder, "file-missing", ("corp-ca.pem", "../plugins");
    ca_file_without_a_certificate, "no-certificate", ("corp-ca.pem", "corp.toml");
    secret_in_the_file, "secret-in-file", (BIND_PASSWORD, r#"bind-password = "hunter2" # hunter2"#);
    secret_in_the_file_as_a_number, "secret-in-file", (BIND_PASSWORD, "bind-password = 12345678");
    secret_nowhere, "bad-secret", (BIND_PASSWORD, "bind-password = {}");
    secret_twice, "bad-secret", (BIND_PASSWORD, r#"bind-password = { file = "/x", env = "X" }"#);
    secret_in_a_strange_credential, "bad-secret", (BIND_PASSWORD, r#"bind-password = { credential = "../x" }"#);
    secret_in_no_variable, "bad-secret", (BIND_PASSWORD, r#"bind-password = { env = "" }"#);
    bind_without_a_password, "missing-key", (BIND_PASSWORD, "");
    bind_without_a_name, "missing-key", ("bind-dn = \"CN=svc,DC=corp,DC=example\"\n", "");
    bind_with_an_empty_name, "bad-dn", ("CN=svc,DC=corp,DC=example", "");
    connections_zero, "out-of-range", ("connections = 8", "connections = 0");
    timeout_zero, "out-of-range", (r#"connect-timeout = "5s""#, r#"connect-timeout = "0s""#);
    locate_missing, "missing-key", (&CORP[CORP.find("[ldap.locate]").unwrap()..CORP.find("[ldap.read]").unwrap()], "");
    base_missing, "missing-key", ("base = \"OU=Staff,DC=corp,DC=example\"\n", "");
    base_bad, "bad-dn", ("OU=Staff,DC=corp", "OU=Staff,corp");
    scope_unknown, "unknown-value", ("filter =", "scope = \"sub\"\nfilter =");
    filter_bad, "bad-filter", (FILTER, "(&(objectClass=user)(userPrincipalName={account.login})");
    filter_unknown_placeholder, "bad-filter", (FILTER, "(userPrincipalName={account.mail})");
    filter_placeholder_as_attribute, "bad-filter", (FILTER, "({account.login}=x)");
    filter_without_account, "filter-without-account", (FILTER, "(objectClass=user)");
    exclude_bad, "bad-filter", ("(adminCount=1)", "adminCount=1)");
    exclude_with_a_placeholder, "bad-filter", ("(adminCount=1)", "(uid={account.name})");
    embedded_without_a_seed, "missing-key", (URLS, ""), ("ca-file = \"corp-ca.pem\"\n", ""),
        ("bind-dn = \"CN=svc,DC=corp,DC=example\"\n", ""), (BIND_PASSWORD, ""), ("connections = 8\n", ""),
        ("connect-timeout = \"5s\"\n", ""), ("[ldap.locate]", "[ldap.embedded]\nhistory = 1\n[ldap.locate]");
}

// The grants.
refused! {
    password_with_values, "password-attribute", (r#"unicodePwd = "password""#, r#"unicodePwd = ["Summer2026"]"#);
    password_removed, "password-attribute", (r#"unicodePwd = "password""#, r#"userPassword = "remove""#);
    password_by_oid, "password-attribute", (r#"unicodePwd = "password""#, r#""1.2.840.113556.1.4.90" = ["x"]"#);
    password_by_another_oid, "password-attribute", (r#"unicodePwd = "password""#, r#""2.5.4.35" = { remove = true }"#);
    password_with_an_option, "password-attribute", (r#"unicodePwd = "password""#, r#""userPassword;lang-de" = ["x"]"#);
    secret_below_write, "unknown-value", ("[ldap.allow]", "bind-password = \"hunter2\"\n\n[ldap.allow]");
    password_written_down, "password-attribute", (r#"unicodePwd = "password""#, r#"unicodePwd = "hunter2""#);
    password_readable, "password-readable", (r#""lockoutTime"]"#, r#""UnicodePwd"]"#);
    readable_by_oid, "read-by-oid", (r#""lockoutTime"]"#, r#""1.2.840.113556.1.4.94"]"#);
    password_readable_by_oid, "password-readable", (r#""lockoutTime"]"#, r#""2.5.4.35;x"]"#);
    password_readable_after_writing, "password-readable", (r#"lockoutTime = ["0"]"#, r#"LOCKOUTTIME = "password""#);
    hash_readable, "password-readable", (r#""lockoutTime"]"#, r#""sambaNTPassword"]"#);
    wildcard, "wildcard", (r#""lockoutTime"]"#, r#""*"]"#);
    wildcard_operational, "wildcard", (r#""lockoutTime"]"#, r#""+"]"#);
    read_bad_name, "bad-attribute", (r#""lockoutTime"]"#, r#""lockout_time"]"#);
    write_bad_name, "bad-attribute", ("lockoutTime =", "\"lockout time\" =");
    read_twice, "duplicate-attribute", (r#""lockoutTime"]"#, r#""PWDLASTSET"]"#);
    write_twice, "duplicate-attribute", (r#"lockoutTime = ["0"]"#, "lockoutTime = [\"0\"]\nLockoutTime = [\"1\"]");
    grant_unknown_word, "unknown-value", (r#"lockoutTime = ["0"]"#, r#"lockoutTime = "0""#);
    grant_of_nothing, "empty-list", (r#"lockoutTime = ["0"]"#, "lockoutTime = []");
    grant_of_an_empty_value, "empty-value", (r#"lockoutTime = ["0"]"#, r#"lockoutTime = [""]"#);
    search_without_a_base, "empty-list", (r#"bases = ["CN=System,DC=corp,DC=example"]"#, "");
    search_below_no_dn, "bad-dn", ("CN=System,DC=corp,DC=example", "System");
    control_not_an_oid, "bad-oid", ("1.2.840.113556.1.4.2239", "policy-hints");
    confirm_without_a_way, "missing-key", (r#"by = "read-back""#, "");
    confirm_unknown, "unknown-value", (r#"by = "read-back""#, r#"by = "readback""#);
    confirm_without_attribute, "missing-key", ("attribute = \"pwdLastSet\"\n", "");
    confirm_not_readable, "confirm-not-readable", (r#"attribute = "pwdLastSet""#, r#"attribute = "whenChanged""#);
}

#[test]
fn an_empty_file() {
    check("an_empty_file", &["missing-key", "missing-key", "missing-key"], "");
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let text = with(
        CORP,
        &[
            ("plugin", "plugn"),
            ("connections = 8", "connections = \"8\""),
            ("try-bind", "try_bind"),
            ("[log]\nlevel = \"info\"", "[logs]"),
        ],
    );
    check("all_mistakes_of_the_shape", &["unknown-key", "wrong-type", "unknown-key", "unknown-key"], &text);
    let text = with(CORP, &[("ldaps://dc1", "ldap://dc1"), ("DC=corp", "corp"), ("16 MiB", "16"), ("10s", "1h")]);
    check("all_mistakes_of_the_values", &["clear-text", "out-of-range", "bad-size"], &text);
}

#[test]
fn servers_settings_mean_nothing_to_the_embedded_directory() {
    let text = with(
        CORP,
        &[(URLS, ""), ("[ldap.locate]", "[ldap.embedded]\nseed = \"none.ldif\"\ndialect = \"ad\"\n[ldap.locate]")],
    );
    let codes = [&["not-for-embedded"; 5][..], &["file-missing", "unknown-value"]].concat();
    check("servers_settings_of_the_embedded_directory", &codes, &text);
}
