//! What the service account may not do, and servers that are not what the connector expects.

use portcullis_tests::proxy::{Proxy, Request};
use portcullis_tests::servers::{Account, OpenLdap, Samba};
use portcullis_tests::{Result, harness::Draft, or_skip};

use crate::proof::{NEW, set_at, untouched};

#[tokio::test]
async fn an_account_outside_of_the_delegation_is_denied() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let facts = server.facts();
    let connector = Draft::of(&server).set("ldap.locate.base", &*facts.base_dn).start();
    let oscar = Account {
        name: "oscar".to_owned(),
        login: format!("oscar@{}", facts.domain),
        dn: format!("CN=oscar,OU=Other,{}", facts.base_dn),
        password: facts.user_pw.clone(),
    };
    let before = set_at(&server, &oscar).await?;
    connector.reset(&oscar.login, NEW).await.refused("directory-denied", 19);
    connector.reset_must_change(&oscar.login, NEW).await.refused("directory-denied", 19);
    connector.unlock(&oscar.login).await.refused("directory-denied", 19);
    untouched(&server, &oscar, &before).await
}

#[tokio::test]
async fn a_service_account_that_may_only_read_is_denied() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let facts = server.facts();
    let connector = Draft::of(&server).bind(&facts.readonly_dn, &facts.readonly_pw).start();
    let account = server.new_account("readonly").await?;
    let before = set_at(&server, &account).await?;
    connector.reset(&account.login, NEW).await.refused("directory-denied", 19);
    connector.reset_unlock(&account.login, NEW).await.refused("directory-denied", 19);
    connector.unlock(&account.login).await.refused("directory-denied", 19);
    untouched(&server, &account, &before).await
}

#[tokio::test]
async fn a_service_account_with_a_wrong_password_is_the_operators_affair() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("svcwrong").await?;
    let before = set_at(&server, &account).await?;
    let connector = Draft::of(&server).bind(&server.facts().readonly_dn, "Not-The-Passw0rd").start();
    let report = connector.reset(&account.login, NEW).await;
    report.refused("service-account-refused", 17);
    untouched(&server, &account, &before).await
}

#[tokio::test]
async fn a_server_with_a_certificate_of_another_authority_gets_nothing() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("otherca").await?;
    let before = set_at(&server, &account).await?;
    let other = server.facts().other_ca_file.display().to_string();
    for draft in [
        Draft::of(&server).set("ldap.ca-file", &*other),
        Draft::of(&server).set("ldap.ca-file", &*other).urls(&[&server.facts().ldap_url]),
    ] {
        let report = draft.start().reset(&account.login, NEW).await;
        let fault = report.refused("directory-unavailable", 13);
        assert!(fault.detail.contains("certificate"), "{fault}");
    }
    untouched(&server, &account, &before).await
}

#[tokio::test]
async fn a_connector_for_another_directory_sends_no_write() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("otherkind").await?;
    let before = set_at(&server, &account).await?;
    let proxy = Proxy::tls(server.facts()).await?;
    let connector = Draft::example("openldap")
        .about(server.facts())
        .through(&proxy)
        .set("ldap.locate.filter", "(userPrincipalName={account.login})")
        .set("ldap.locate.exclude", "(adminCount=1)")
        .start();
    let reports = [
        connector.reset(&account.login, NEW).await,
        connector.change(&account.login, &account.password, NEW).await,
        connector.unlock(&account.login).await,
    ];
    for report in reports {
        report.refused("wrong-directory", 17);
        assert!(!report.sent_a_write(), "{report}");
    }
    assert_eq!((proxy.count(Request::Modify), proxy.count(Request::Extended)), (0, 0));
    assert_eq!(proxy.count(Request::Bind), 1, "the service account's alone");
    untouched(&server, &account, &before).await
}

#[tokio::test]
async fn this_connector_sends_no_write_to_another_directory() -> Result<()> {
    let Some(server) = or_skip(OpenLdap.shared()) else { return Ok(()) };
    let account = server.new_account("otherkind").await?;
    let before = server.entry(&account.dn).await?;
    let connector = Draft::example("active-directory")
        .about(server.facts())
        .set("ldap.locate.filter", "(mail={account.login})")
        .set("ldap.locate.exclude", "(employeeType=admin)")
        .start();
    let reports = [
        connector.reset_unlock(&account.login, NEW).await,
        connector.change(&account.login, &account.password, NEW).await,
        connector.unlock(&account.login).await,
        connector.verify(&account.login, &account.password).await,
        connector.status(&account.login).await,
    ];
    for report in reports {
        report.refused("wrong-directory", 17);
        assert!(!report.sent_a_write(), "{report}");
    }
    assert_eq!(server.entry(&account.dn).await?, before);
    Ok(())
}
