//! What people and programs read.

use std::time::Duration;

use portcullis::doctor::{self, Mark, Recent, RecentSummary, Wanted};
use portcullis::show::ExitCode;
use portcullis_model::FaultCode;
use portcullis_tests::proxy::Proxy;
use portcullis_tests::servers::{OpenLdap, Samba};
use portcullis_tests::{Result, harness::Draft, or_skip, plugins::plugin};

use crate::{examine, whole};

struct Quiet;

impl Recent for Quiet {
    fn summary(&self, connector: &str) -> Option<RecentSummary> {
        assert_eq!(connector, "under-test");
        Some(RecentSummary { span: Duration::from_secs(86_400), done: 41, refused: 2, ..RecentSummary::default() })
    }
}

struct Trouble;

impl Recent for Trouble {
    fn summary(&self, _: &str) -> Option<RecentSummary> {
        Some(RecentSummary {
            span: Duration::from_secs(86_400),
            done: 41,
            unknown: 1,
            open: 7,
            oldest: Some(Duration::from_secs(3_725)),
            last_fault: Some((FaultCode::DirectoryUnavailable, Duration::from_secs(9))),
            ..RecentSummary::default()
        })
    }
}

/// Without what differs from run to run.
macro_rules! settled {
    ($text:expr, @$snapshot:literal) => {
        insta::with_settings!({filters => vec![
            (r"[0-9.]+ m?s\b", "[time]"),
            (r"127\.[0-9.]+:[0-9]+", "[server]"),
            (r"127\.[0-9]+\.[0-9]+\.[0-9]+", "[address]"),
            (r"(/[-_.A-Za-z0-9]+)+/(bind-password|under-test.toml)", "[folder]/$2"),
            (r"-[0-9a-f]{8}\b", "-[unique]"),
            (r"\b[0-9a-f]{64}\b", "[digest]"),
            (r"\b[0-9a-f]{32}\b", "[operation]"),
            (r#"(-ms"|-left"): [0-9.]+"#, "$1: [number]"),
            (r#""[0-9]{4}-[0-9-]+T[0-9:]+Z""#, "[date]"),
            (r"expires in [0-9]+ days", "expires in [days]"),
        ]}, { insta::assert_snapshot!($text, @$snapshot) })
    };
}

fn digest(name: &str) -> Result<String> {
    let output = std::process::Command::new("sha256sum").arg(plugin(name)?).output()?;
    Ok(String::from_utf8(output.stdout)?.split_whitespace().next().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn all_is_well() -> Result<()> {
    let Some(server) = or_skip(OpenLdap.shared()) else { return Ok(()) };
    let account = server.new_account("well").await?;
    let proxy = Proxy::tls(server.facts()).await?;
    let draft = Draft::of(&server).through(&proxy).set("sha256", digest("openldap")?);
    let wanted = Wanted { recent: Some(&Quiet), ..crate::wanted(Some(&account.login)) };
    let found = examine(&draft, wanted).await;
    settled!(doctor::as_text(std::slice::from_ref(&found)), @r#"
    under-test: ok
      1 configuration   ok
          ok       the service account's password is in the file [folder]/bind-password, and can be read
          ok       the plugin is loaded and linked with what it was granted; it does reset-password, change-password, unlock-account, verify-password, account-status
      2 connectivity    ok
          ok       ldaps://[server]: connected in [time], TLS 1.3 in [time]
          ok       ldaps://[server]: the certificate is for [address], issued by CN=rcgen self signed cert, expires in [days]; its chain is verified
          ok       ldaps://[server]: cn=svc-portcullis,ou=services,dc=example,dc=org signed in in [time]
          skipped  ldaps://[server]: the server does not tell its time: the clocks were not compared
      3 rights          ok
          ok       cn=svc-portcullis,ou=services,dc=example,dc=org has write access to userPassword
          ok       cn=svc-portcullis,ou=services,dc=example,dc=org has write access to pwdAccountLockedTime
          ok       cn=svc-portcullis,ou=services,dc=example,dc=org has write access to pwdReset
      4 test-reset      ok
          ok       the password of uid=well-[unique],ou=people,dc=example,dc=org was reset on ldaps://[server] in [time], confirmed: one bind as the account on ldaps://[server]
      5 every-server    ok
          ok       ldaps://[server]: the new password works; this server took it
      6 recent-log      ok
          ok       in the last 1 day: 41 done, 2 refused, 0 unknown, 0 not ended
    "#);
    assert_eq!((found.mark(), found.exit_code()), (Mark::Ok, ExitCode::Done));
    let json = doctor::as_json(std::slice::from_ref(&found));
    let json = serde_json::to_string_pretty(&json)?;
    settled!(json, @r#"
    {
      "connectors": [
        {
          "connector": "under-test",
          "result": "ok",
          "steps": [
            {
              "findings": [
                {
                  "facts": {},
                  "remedy": null,
                  "result": "ok",
                  "server": null,
                  "text": "the service account's password is in the file [folder]/bind-password, and can be read"
                },
                {
                  "facts": {
                    "operations": [
                      "reset-password",
                      "change-password",
                      "unlock-account",
                      "verify-password",
                      "account-status"
                    ],
                    "sha256": "[digest]"
                  },
                  "remedy": null,
                  "result": "ok",
                  "server": null,
                  "text": "the plugin is loaded and linked with what it was granted; it does reset-password, change-password, unlock-account, verify-password, account-status"
                }
              ],
              "result": "ok",
              "step": "configuration"
            },
            {
              "findings": [
                {
                  "facts": {
                    "connect-ms": [number],
                    "tls": "TLS 1.3",
                    "tls-ms": [number]
                  },
                  "remedy": null,
                  "result": "ok",
                  "server": "ldaps://[server]",
                  "text": "connected in [time], TLS 1.3 in [time]"
                },
                {
                  "facts": {
                    "days-left": [number],
                    "issuer": "CN=rcgen self signed cert",
                    "names": [
                      "[address]"
                    ],
                    "not-after": [date],
                    "verified": true
                  },
                  "remedy": null,
                  "result": "ok",
                  "server": "ldaps://[server]",
                  "text": "the certificate is for [address], issued by CN=rcgen self signed cert, expires in [days]; its chain is verified"
                },
                {
                  "facts": {
                    "sign-in-ms": [number]
                  },
                  "remedy": null,
                  "result": "ok",
                  "server": "ldaps://[server]",
                  "text": "cn=svc-portcullis,ou=services,dc=example,dc=org signed in in [time]"
                },
                {
                  "facts": {},
                  "remedy": null,
                  "result": "skipped",
                  "server": "ldaps://[server]",
                  "text": "the server does not tell its time: the clocks were not compared"
                }
              ],
              "result": "ok",
              "step": "connectivity"
            },
            {
              "findings": [
                {
                  "facts": {
                    "right": "write access to userPassword"
                  },
                  "remedy": null,
                  "result": "ok",
                  "server": null,
                  "text": "cn=svc-portcullis,ou=services,dc=example,dc=org has write access to userPassword"
                },
                {
                  "facts": {
                    "right": "write access to pwdAccountLockedTime"
                  },
                  "remedy": null,
                  "result": "ok",
                  "server": null,
                  "text": "cn=svc-portcullis,ou=services,dc=example,dc=org has write access to pwdAccountLockedTime"
                },
                {
                  "facts": {
                    "right": "write access to pwdReset"
                  },
                  "remedy": null,
                  "result": "ok",
                  "server": null,
                  "text": "cn=svc-portcullis,ou=services,dc=example,dc=org has write access to pwdReset"
                }
              ],
              "result": "ok",
              "step": "rights"
            },
            {
              "findings": [
                {
                  "facts": {
                    "operation": "[operation]",
                    "target": "uid=well-[unique],ou=people,dc=example,dc=org",
                    "total-ms": [number]
                  },
                  "remedy": null,
                  "result": "ok",
                  "server": null,
                  "text": "the password of uid=well-[unique],ou=people,dc=example,dc=org was reset on ldaps://[server] in [time], confirmed: one bind as the account on ldaps://[server]"
                }
              ],
              "result": "ok",
              "step": "test-reset"
            },
            {
              "findings": [
                {
                  "facts": {},
                  "remedy": null,
                  "result": "ok",
                  "server": "ldaps://[server]",
                  "text": "the new password works; this server took it"
                }
              ],
              "result": "ok",
              "step": "every-server"
            },
            {
              "findings": [
                {
                  "facts": {
                    "done": 41,
                    "open": 0,
                    "refused": 2,
                    "unknown": 0
                  },
                  "remedy": null,
                  "result": "ok",
                  "server": null,
                  "text": "in the last 1 day: 41 done, 2 refused, 0 unknown, 0 not ended"
                }
              ],
              "result": "ok",
              "step": "recent-log"
            }
          ]
        }
      ],
      "result": "ok"
    }
    "#);
    Ok(())
}

#[tokio::test]
async fn much_is_wrong() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("wrong").await?;
    let facts = server.facts();
    let draft = Draft::of(&server)
        .bind(&facts.readonly_dn, &facts.readonly_pw)
        .urls(&["ldaps://127.0.0.1:1", &facts.ldaps_url]);
    let wanted = Wanted { recent: Some(&Trouble), ..crate::wanted(Some(&account.login)) };
    let found = examine(&draft, wanted).await;
    settled!(doctor::as_text(std::slice::from_ref(&found)), @r#"
    under-test: FAILED
      1 configuration   warning
          ok       the service account's password is in the file [folder]/bind-password, and can be read
          ok       the plugin is loaded and linked with what it was granted; it does reset-password, change-password, unlock-account, verify-password, account-status
          warning  the plugin is not pinned: any file of its name is run
                   -> if it is the one that you reviewed, type `portcullis approve under-test`, or write sha256 = "[digest]" into [folder]/under-test.toml
      2 connectivity    FAILED
          FAILED   ldaps://[server]: no connection (Connection refused (os error 111))
                   -> look whether the server runs, and whether a firewall lets this host through to its port
          ok       ldaps://[server]: connected in [time], TLS 1.3 in [time]
          ok       ldaps://[server]: the certificate is for localhost, [address], issued by CN=throw-away ca, expires in [days]; its chain is verified
          ok       ldaps://[server]: CN=svc-readonly,OU=Service,DC=corp,DC=example signed in in [time]
          ok       ldaps://[server]: the clocks agree
      3 rights          FAILED
          FAILED   CN=svc-readonly,OU=Service,DC=corp,DC=example lacks the control access right "Reset Password" (00299570-246d-11d0-a768-00aa006e0529) on CN=wrong-[unique],OU=Staff,DC=corp,DC=example
                   -> dsacls "OU=Staff,DC=corp,DC=example" /I:S /G "svc-readonly@corp.example:CA;Reset Password;user"; or Delegation of Control Wizard: `Reset user passwords and force password change at next logon`
          ok       CN=svc-readonly,OU=Service,DC=corp,DC=example has the control access right "Change Password" (ab721a53-1e2f-11d0-9819-00aa0040529b)
          FAILED   CN=svc-readonly,OU=Service,DC=corp,DC=example lacks Write lockoutTime on CN=wrong-[unique],OU=Staff,DC=corp,DC=example
                   -> dsacls "OU=Staff,DC=corp,DC=example" /I:S /G "svc-readonly@corp.example:WP;lockoutTime;user"; or Delegation of Control Wizard: a custom task, user objects, property-specific, `Write lockoutTime`
          FAILED   CN=svc-readonly,OU=Service,DC=corp,DC=example lacks Write pwdLastSet on CN=wrong-[unique],OU=Staff,DC=corp,DC=example
                   -> dsacls "OU=Staff,DC=corp,DC=example" /I:S /G "svc-readonly@corp.example:WP;pwdLastSet;user"; or Delegation of Control Wizard: a custom task, user objects, property-specific, `Write pwdLastSet`
          ok       CN=svc-readonly,OU=Service,DC=corp,DC=example has the control access right "Unexpire Password" (ccc2dc7d-a6ad-4a7a-8846-c04e3cc53501) on DC=corp,DC=example
      4 test-reset      FAILED
          FAILED   directory-denied: the directory answered 50 (insufficientAccessRights): error in module acl: insufficient access rights during LDB_MODIFY (50)
                   -> Give the connector's service account the right in the directory.
      5 every-server    skipped
          skipped  no password was reset: see step 4
      6 recent-log      warning
          ok       in the last 1 day: 41 done, 0 refused, 1 unknown, 7 not ended
          warning  the outcome of 1 is unknown
                   -> look at each: `portcullis operations list --only unknown`, then ask the account's owner
          warning  an operation has waited for 1h 2m 5s
                   -> look at its last fault: `portcullis operations list --only waiting`
          warning  the last fault was directory-unavailable, 9s ago
                   -> Look at the servers in `urls`, the network between, and the certificate.
    "#);
    assert_eq!((found.mark(), found.exit_code()), (Mark::Failed, ExitCode::DirectoryUnreachable));
    Ok(())
}

/// A directory in the host's memory has no servers and no rights, and its passwords are real.
#[tokio::test]
async fn an_embedded_directory() {
    let people = portcullis_tests::plugins::root().join("examples/connectors-toml/people.ldif");
    let draft = Draft::example("mock").set("ldap.embedded.seed", people.display().to_string());
    let found = whole(&draft, "alice@people.example").await;
    settled!(doctor::as_text(std::slice::from_ref(&found)), @r#"
    under-test: warning
      1 configuration   warning
          ok       the plugin is loaded and linked with what it was granted; it does reset-password, change-password, unlock-account, verify-password, account-status
          warning  the plugin is not pinned: any file of its name is run
                   -> if it is the one that you reviewed, type `portcullis approve under-test`, or write sha256 = "[digest]" into [folder]/under-test.toml
      2 connectivity    skipped
          skipped  the directory is in the host's memory: there is nothing to connect to
      3 rights          skipped
          skipped  the directory in the host's memory has no access rights
      4 test-reset      ok
          ok       the password of uid=alice,ou=people,dc=people,dc=example was reset on embedded:under-test in [time], confirmed: one bind as the account on embedded:under-test
      5 every-server    skipped
          skipped  the directory is in the host's memory: there is one
      6 recent-log      skipped
          skipped  there is no journal: no service has run on the state folder
    "#);
}
