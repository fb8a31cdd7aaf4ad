//! What people and programs read.

use std::time::Duration;

use portcullis::doctor::{self, Mark, Recent, RecentSummary, Wanted};
use portcullis::show::ExitCode;
use portcullis_model::{FaultCode, Login};
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
    let wanted = Wanted {
        account: Some(Login::new(account.login.clone())?),
        reset: true,
        wait: Duration::from_secs(10),
        recent: Some(&Quiet),
    };
    let found = examine(&draft, wanted).await;
    settled!(doctor::as_text(std::slice::from_ref(&found)), @"");
    assert_eq!((found.mark(), found.exit_code()), (Mark::Ok, ExitCode::Done));
    let json = doctor::as_json(std::slice::from_ref(&found));
    let json = serde_json::to_string_pretty(&json)?;
    settled!(json, @"");
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
    let wanted = Wanted {
        account: Some(Login::new(account.login.clone())?),
        reset: true,
        wait: Duration::from_secs(10),
        recent: Some(&Trouble),
    };
    let found = examine(&draft, wanted).await;
    settled!(doctor::as_text(std::slice::from_ref(&found)), @"");
    assert_eq!((found.mark(), found.exit_code()), (Mark::Failed, ExitCode::DirectoryUnreachable));
    Ok(())
}

/// A directory in the host's memory has no servers and no rights, and its passwords are real.
#[tokio::test]
async fn an_embedded_directory() {
    let people = portcullis_tests::plugins::root().join("examples/connectors-toml/people.ldif");
    let draft = Draft::example("mock").set("ldap.embedded.seed", people.display().to_string());
    let found = whole(&draft, "alice@people.example").await;
    settled!(doctor::as_text(std::slice::from_ref(&found)), @"");
}
