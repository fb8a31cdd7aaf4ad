//! Steps 4 and 5: the test reset, and the new password on every server.

use std::time::Duration;

use portcullis::doctor::{Mark, StepName, Wanted};
use portcullis::show::ExitCode;
use portcullis_tests::proxy::{Proxy, Request};
use portcullis_tests::servers::{Ds389, Kind, OpenLdap, Samba, Variant};
use portcullis_tests::{Result, harness::Draft, or_skip};

use crate::{examine, mark, step, the_one, whole, without_account, wrong};

/// A server behind a proxy is to the host a second server, with the same entries.
async fn on_both_servers(kind: Kind) -> Result<()> {
    let Some(server) = or_skip(kind.shared()) else { return Ok(()) };
    let account = server.new_account("both").await?;
    let proxy = Proxy::tls(server.facts()).await?;
    let folder = tempfile::tempdir()?;
    let authorities = [&proxy.facts().ca_file, &server.facts().ca_file].map(std::fs::read_to_string);
    let [one, other] = authorities;
    std::fs::write(folder.path().join("ca.pem"), one? + &other?)?;
    let draft = Draft::of(&server)
        .urls(&[&server.facts().ldaps_url, &proxy.facts().ldaps_url])
        .set("ldap.ca-file", folder.path().join("ca.pem").display().to_string());
    let found = whole(&draft, &account.login).await;
    assert_eq!(mark(&found, StepName::TestReset), Mark::Ok, "{found:#?}");
    let findings = &step(&found, StepName::EveryServer).findings;
    let servers: Vec<_> =
        findings.iter().map(|f| (f.mark, f.server.as_deref(), f.facts.contains_key("delay-ms"))).collect();
    let expected =
        [(Mark::Ok, Some(&*server.facts().ldaps_url), false), (Mark::Ok, Some(&*proxy.facts().ldaps_url), true)];
    assert_eq!(servers, expected, "{findings:#?}");
    assert_eq!(proxy.count(Request::Bind), 2, "the service account, and the account once");
    assert!(!server.binds(&account.dn, &account.password).await?, "it has another password now");
    Ok(())
}

#[tokio::test]
async fn openldap_on_both_servers() -> Result<()> {
    on_both_servers(OpenLdap).await
}

#[tokio::test]
async fn ds389_on_both_servers() -> Result<()> {
    on_both_servers(Ds389).await
}

// Samba goes on taking the old password for an hour (`old password allowed period`), so that the last line of the scenario
// does not hold there.
#[tokio::test]
async fn samba_on_both_servers() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("both").await?;
    let found = whole(&Draft::of(&server), &account.login).await;
    assert_eq!((mark(&found, StepName::TestReset), mark(&found, StepName::EveryServer)), (Mark::Ok, Mark::Ok));
    Ok(())
}

#[tokio::test]
async fn the_second_server_is_down() -> Result<()> {
    let Some(server) = or_skip(OpenLdap.shared()) else { return Ok(()) };
    let account = server.new_account("down").await?;
    let draft = Draft::of(&server).urls(&[&server.facts().ldaps_url, "ldaps://127.0.0.1:1"]);
    let found = whole(&draft, &account.login).await;
    assert_eq!(mark(&found, StepName::TestReset), Mark::Ok, "the first one is enough for a reset");
    for name in [StepName::Connectivity, StepName::EveryServer] {
        let failed: Vec<_> = wrong(&found, name).into_iter().filter(|f| f.mark == Mark::Failed).collect();
        let [failed] = failed[..] else { panic!("{failed:#?}") };
        assert_eq!(failed.server.as_deref(), Some("ldaps://127.0.0.1:1"));
    }
    assert_eq!(found.exit_code(), ExitCode::DirectoryUnreachable);
    Ok(())
}

/// A copy that nobody replicates to never shows the change, and so it is never asked for the password: a refusal would
/// count toward locking the account.
#[tokio::test]
async fn a_server_that_does_not_get_the_change_is_not_asked_for_the_password() -> Result<()> {
    let Some(first) = or_skip(OpenLdap.start()) else { return Ok(()) };
    let account = first.new_account("apart").await?;
    let second = OpenLdap.start_variant(&Variant { copy_of: Some(first.folder().to_owned()), ..Variant::default() })?;
    let proxy = Proxy::tls(second.facts()).await?;
    let folder = tempfile::tempdir()?;
    let authorities =
        std::fs::read_to_string(&proxy.facts().ca_file)? + &std::fs::read_to_string(&first.facts().ca_file)?;
    std::fs::write(folder.path().join("ca.pem"), authorities)?;
    let draft = Draft::of(&first)
        .urls(&[&first.facts().ldaps_url, &proxy.facts().ldaps_url])
        .set("ldap.ca-file", folder.path().join("ca.pem").display().to_string());
    let wanted = Wanted { wait: Duration::from_secs(1), ..crate::wanted(Some(&account.login)) };
    let found = examine(&draft, wanted).await;
    let failed = the_one(&found, StepName::EveryServer);
    assert!(failed.text.contains("did not arrive within 1s") && failed.remedy.contains("replication"), "{failed:#?}");
    assert_eq!(failed.server.as_deref(), Some(&*proxy.facts().ldaps_url));
    assert_eq!(found.exit_code(), ExitCode::OutcomeUnknown);
    assert_eq!(proxy.count(Request::Bind), 1, "the service account alone");
    assert!(second.binds(&account.dn, &account.password).await?);
    Ok(())
}

#[tokio::test]
async fn without_a_test_account_nothing_is_written() -> Result<()> {
    for kind in Kind::ALL {
        let Some(server) = or_skip(kind.shared()) else { continue };
        let proxy = Proxy::tls(server.facts()).await?;
        let found = without_account(&Draft::of(&server).through(&proxy)).await;
        let [skipped] = &step(&found, StepName::TestReset).findings[..] else { panic!("{found:#?}") };
        assert!(skipped.mark == Mark::Skipped && skipped.text.contains("no test account is named"), "{skipped:#?}");
        // Where rights can only be tried, they are tried on nobody's entry.
        let (expected, count) = match kind {
            Kind::OpenLdap => (Mark::Skipped, 1),
            Kind::Samba => (Mark::Ok, 6),
            Kind::Ds389 => (Mark::Ok, 5),
        };
        let rights = step(&found, StepName::Rights);
        assert_eq!((rights.mark(), rights.findings.len()), (expected, count), "{rights:#?}");
        assert!(rights.findings[0].text.contains("no test account is named"), "{rights:#?}");
        assert_eq!((proxy.count(Request::Modify), proxy.count(Request::Extended)), (0, 0), "{kind:?}");
    }
    Ok(())
}

/// An account that the connector never touches is no test account either.
#[tokio::test]
async fn an_excluded_account_is_left_alone() -> Result<()> {
    let Some(server) = or_skip(OpenLdap.shared()) else { return Ok(()) };
    let account = server.new_account("excluded").await?;
    server.set_attr(&account.dn, "employeeType", &["admin"]).await?;
    let before = server.entry(&account.dn).await?;
    let found = whole(&Draft::of(&server), &account.login).await;
    for name in [StepName::Rights, StepName::TestReset] {
        assert_eq!(the_one(&found, name).facts["code"], "account-excluded");
    }
    assert_eq!(server.entry(&account.dn).await?, before);
    Ok(())
}

#[tokio::test]
async fn over_a_socket_of_this_machine() -> Result<()> {
    let Some(server) = or_skip(OpenLdap.shared()) else { return Ok(()) };
    let account = server.new_account("socket").await?;
    let socket = server.folder().join("ldapi").display().to_string().replace('/', "%2F");
    let found = whole(&Draft::of(&server).urls(&[&format!("ldapi://{socket}")]), &account.login).await;
    for name in [StepName::Connectivity, StepName::Rights, StepName::TestReset, StepName::EveryServer] {
        assert_eq!(mark(&found, name), Mark::Ok, "{found:#?}");
    }
    Ok(())
}
