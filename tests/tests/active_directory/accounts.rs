//! Which account is meant, and which are never touched.

use portcullis_tests::harness::{Draft, Report, Running};
use portcullis_tests::servers::{Account, Samba, Server};
use portcullis_tests::{Result, or_skip};

use crate::proof::{NEW, set_at, took_effect, untouched};

/// Every operation, each of which must be refused alike.
async fn everything(connector: &Running, login: &str, old: &str) -> [Report; 5] {
    [
        connector.reset_unlock(login, NEW).await,
        connector.change(login, old, NEW).await,
        connector.unlock(login).await,
        connector.verify(login, old).await,
        connector.status(login).await,
    ]
}

#[track_caller]
fn nothing_sent(reports: &[Report], code: &str, exit: u8) {
    for report in reports {
        report.refused(code, exit);
        assert!(!report.sent_a_write(), "{report}");
    }
}

#[tokio::test]
async fn an_unknown_account_is_nobody() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let connector = Draft::of(&server).start();
    let login = format!("nobody@{}", server.facts().domain);
    nothing_sent(&everything(&connector, &login, NEW).await, "no-such-account", 11);
    // There, but not below the base.
    let login = format!("oscar@{}", server.facts().domain);
    nothing_sent(&everything(&connector, &login, &server.facts().user_pw).await, "no-such-account", 11);
    Ok(())
}

#[tokio::test]
async fn a_name_is_a_name_and_no_part_of_a_filter() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let connector = Draft::of(&server).start();
    let account = server.new_account("injected").await?;
    let before = set_at(&server, &account).await?;
    let longer = format!("{}*", account.login.trim_end_matches('e'));
    let always = format!("x)(|(objectClass=*)(userPrincipalName={}))", account.login);
    for name in ["*", "*)(uid=*", "(", "\\2a", &account.dn, &longer, &always] {
        nothing_sent(&everything(&connector, name, &account.password).await, "no-such-account", 11);
    }
    untouched(&server, &account, &before).await?;

    // Whoever really is called so is found, and nobody else.
    let strange = format!("*)(uid=*\\,{}", account.login);
    server.set_attr(&account.dn, "userPrincipalName", &[&strange]).await?;
    connector.reset(&strange, NEW).await.confirmed();
    took_effect(&server, &account, NEW).await
}

#[tokio::test]
async fn an_excluded_account_is_never_touched() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let connector = Draft::of(&server).start();
    let account = server.new_account("excluded").await?;
    server.set_attr(&account.dn, "adminCount", &["1"]).await?;
    let before = set_at(&server, &account).await?;
    let reports = everything(&connector, &account.login, &account.password).await;
    nothing_sent(&reports, "account-excluded", 11);
    for report in &reports {
        let fault = report.refused("account-excluded", 11);
        assert_eq!(fault.caller_text(), "There is no such account here.", "the caller is not told which");
    }
    untouched(&server, &account, &before).await
}

async fn krbtgt(server: &Server) -> Result<(Account, String)> {
    let account = Account {
        name: "krbtgt".to_owned(),
        login: "krbtgt".to_owned(),
        dn: format!("CN=krbtgt,CN=Users,{}", server.facts().base_dn),
        password: String::new(),
    };
    let before = set_at(server, &account).await?;
    Ok((account, before))
}

/// Without an exclusion, and with a service account that may do anything: the plugin itself refuses.
#[tokio::test]
async fn krbtgt_is_refused_whatever_is_granted() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let facts = server.facts();
    let draft = || {
        Draft::of(&server)
            .bind(&facts.admin_dn, &facts.admin_pw)
            .set("ldap.locate.base", &*facts.base_dn)
            .set("ldap.locate.filter", "(sAMAccountName={account.login})")
    };
    let (account, before) = krbtgt(&server).await?;
    nothing_sent(&everything(&draft().start(), &account.login, NEW).await, "account-excluded", 11);
    let open = draft().unset("ldap.locate.exclude").start();
    let [reset, change, unlock, verify, status] = everything(&open, &account.login, NEW).await;
    nothing_sent(&[reset, change, unlock, verify], "misconfigured", 17);
    assert_eq!(status.status().enabled, Some(false), "looking does no harm");
    assert_eq!(set_at(&server, &account).await?, before);
    Ok(())
}

#[tokio::test]
async fn two_accounts_are_none() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let (one, other) = (server.new_account("twin").await?, server.new_account("twin").await?);
    server.set_attr(&other.dn, "mail", &[&one.login]).await?;
    let connector = Draft::of(&server).set("ldap.locate.filter", "(mail={account.login})").start();
    let before = (set_at(&server, &one).await?, set_at(&server, &other).await?);
    nothing_sent(&everything(&connector, &one.login, &one.password).await, "account-ambiguous", 11);
    untouched(&server, &one, &before.0).await?;
    untouched(&server, &other, &before.1).await
}
