//! Step 2: ways in which a server cannot be reached, or not be trusted.

use portcullis::doctor::{Mark, StepName};
use portcullis::show::ExitCode;
use portcullis_tests::proxy::{Proxy, Request};
use portcullis_tests::servers::{Certificate, Ds389, OpenLdap, Samba, Server, Variant};
use portcullis_tests::{Result, harness::Draft, or_skip};

use crate::{mark, step, the_one, whole, without_account, wrong};

/// What cannot be connected to is looked at no further: nothing was written, and the account is as it was.
async fn nothing_else_is_done(server: &Server, draft: &Draft, exit: ExitCode, words: [&str; 2]) -> Result<()> {
    let account = server.new_account("unreached").await?;
    let before = server.entry(&account.dn).await?;
    let found = whole(draft, &account.login).await;
    let failed: Vec<_> =
        step(&found, StepName::Connectivity).findings.iter().filter(|f| f.mark == Mark::Failed).collect();
    let [failed] = failed[..] else { panic!("{failed:#?}") };
    assert!(failed.text.contains(words[0]) && failed.remedy.contains(words[1]), "{failed:#?}");
    assert_eq!(found.exit_code(), exit);
    for name in [StepName::Rights, StepName::TestReset, StepName::EveryServer] {
        assert_eq!(mark(&found, name), Mark::Skipped, "{name:?}");
    }
    assert_eq!(server.entry(&account.dn).await?, before);
    Ok(())
}

#[tokio::test]
async fn a_certificate_of_another_authority() -> Result<()> {
    let Some(server) = or_skip(OpenLdap.shared()) else { return Ok(()) };
    let other = server.facts().other_ca_file.display().to_string();
    for url in [&server.facts().ldaps_url, &server.facts().ldap_url] {
        let draft = Draft::of(&server).set("ldap.ca-file", &*other).urls(&[url]);
        let words = ["issued by a CA that is not trusted here", "ca-file"];
        nothing_else_is_done(&server, &draft, ExitCode::Configuration, words).await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_expired_certificate() -> Result<()> {
    let variant = Variant { certificate: Certificate::Expired, ..Variant::default() };
    let Some(server) = or_skip(OpenLdap.start_variant(&variant)) else { return Ok(()) };
    let draft = Draft::of(&server);
    nothing_else_is_done(&server, &draft, ExitCode::DirectoryUnreachable, ["expired", "renew"]).await?;
    let found = without_account(&draft).await;
    let shown = step(&found, StepName::Connectivity).findings.iter().find(|f| f.facts.contains_key("not-after"));
    assert_eq!(shown.unwrap().facts["not-after"], "2021-01-01T00:00:00Z");
    Ok(())
}

#[tokio::test]
async fn a_certificate_for_another_name() -> Result<()> {
    let variant = Variant { certificate: Certificate::OtherHost, ..Variant::default() };
    let Some(server) = or_skip(OpenLdap.start_variant(&variant)) else { return Ok(()) };
    let draft = Draft::of(&server).urls(&[&server.facts().ldaps_url]);
    nothing_else_is_done(&server, &draft, ExitCode::Configuration, ["another name", "`urls`"]).await?;
    let found = without_account(&draft).await;
    let shown = step(&found, StepName::Connectivity).findings.iter().find(|f| f.facts.contains_key("names"));
    assert_eq!(shown.unwrap().facts["names"][0], "elsewhere.example", "the operator can compare the names");
    Ok(())
}

#[tokio::test]
async fn a_server_that_is_down() -> Result<()> {
    let Some(server) = or_skip(OpenLdap.shared()) else { return Ok(()) };
    let draft = Draft::of(&server).urls(&["ldaps://127.0.0.1:1"]);
    nothing_else_is_done(&server, &draft, ExitCode::DirectoryUnreachable, ["no connection", "firewall"]).await
}

/// Each refusal counts toward locking the service account: the second server is not asked, nor is the first one again.
#[tokio::test]
async fn a_wrong_password_of_the_service_account_is_tried_once() -> Result<()> {
    let Some(server) = or_skip(OpenLdap.shared()) else { return Ok(()) };
    let (first, second) = (Proxy::tls(server.facts()).await?, Proxy::plain(server.facts()).await?);
    let account = server.new_account("svcwrong").await?;
    let before = server.entry(&account.dn).await?;
    let both = format!(
        "{}{}",
        std::fs::read_to_string(&first.facts().ca_file)?,
        std::fs::read_to_string(&server.facts().ca_file)?
    );
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("ca.pem"), both)?;
    let draft = Draft::of(&server)
        .bind(&server.facts().svc_dn, "Not-The-Service-Passw0rd")
        .urls(&[&first.facts().ldaps_url, &server.facts().ldaps_url])
        .set("ldap.ca-file", folder.path().join("ca.pem").display().to_string());
    let found = whole(&draft, &account.login).await;
    assert_eq!(first.count(Request::Bind), 1);
    assert!(second.bytes().is_empty());
    let refused: Vec<_> =
        wrong(&found, StepName::Connectivity).into_iter().filter(|f| f.mark == Mark::Failed).collect();
    let [refused] = refused[..] else { panic!("{refused:#?}") };
    assert!(refused.text.contains(&server.facts().svc_dn) && refused.remedy.contains("bind-password"), "{refused:#?}");
    assert!(!format!("{found:?}").contains("Not-The-Service-Passw0rd"));
    let skipped = step(&found, StepName::Connectivity).findings.iter().filter(|f| f.mark == Mark::Skipped);
    assert!(skipped.clone().any(|f| f.text.contains("was not tried here")), "{:#?}", skipped.collect::<Vec<_>>());
    assert_eq!(found.exit_code(), ExitCode::Configuration);
    assert_eq!(mark(&found, StepName::TestReset), Mark::Skipped);
    assert_eq!(server.entry(&account.dn).await?, before);
    Ok(())
}

/// The servers of this machine follow its clock; OpenLDAP does not tell its own.
#[tokio::test]
async fn the_clock_of_a_server_is_compared_where_it_tells_it() -> Result<()> {
    for (kind, words) in [(OpenLdap, "does not tell its time"), (Ds389, "clock"), (Samba, "clock")] {
        let Some(server) = or_skip(kind.shared()) else { continue };
        let found = without_account(&Draft::of(&server)).await;
        let clock = step(&found, StepName::Connectivity).findings.iter().find(|f| f.text.contains("clock"));
        let clock = clock.unwrap();
        assert!(clock.text.contains(words), "{kind:?}: {clock:#?}");
        assert_eq!(clock.facts.contains_key("clock-ahead-s"), kind != OpenLdap, "{kind:?}: {clock:#?}");
    }
    Ok(())
}

/// The certificates of the fixtures are good for a month, less the hours since.
#[tokio::test]
async fn a_certificate_that_ends_soon_is_a_warning() -> Result<()> {
    let variant = Variant { certificate: Certificate::EndsSoon, ..Variant::default() };
    let Some(server) = or_skip(OpenLdap.start_variant(&variant)) else { return Ok(()) };
    let found = without_account(&Draft::of(&server)).await;
    let warning = the_one(&found, StepName::Connectivity);
    assert!(warning.text.contains("expires in") && warning.remedy.contains("renew"), "{warning:#?}");
    assert_eq!(found.exit_code(), ExitCode::Warnings);
    Ok(())
}

/// A secret that cannot be read is said with its place; nobody signs in without it, and TLS is looked at all the same.
#[tokio::test]
async fn a_secret_that_is_not_there() -> Result<()> {
    let Some(server) = or_skip(OpenLdap.shared()) else { return Ok(()) };
    let source: toml::Table = "file = '/nowhere/secret'".parse()?;
    let proxy = Proxy::tls(server.facts()).await?;
    let found = without_account(&Draft::of(&server).through(&proxy).set("ldap.bind-password", source)).await;
    assert_eq!((proxy.count(Request::Bind), proxy.count(Request::Search)), (0, 0));
    assert_eq!(mark(&found, StepName::Connectivity), Mark::Ok, "{found:#?}");
    let failed = the_one(&found, StepName::Configuration);
    assert!(failed.text.contains("/nowhere/secret") && failed.remedy.contains("chmod 600"), "{failed:#?}");
    assert_eq!(found.exit_code(), ExitCode::Configuration);
    Ok(())
}
