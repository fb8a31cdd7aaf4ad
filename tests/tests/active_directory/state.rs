//! Asking without writing, and unlocking.

use portcullis_model::{Confirmation, Effect, Verdict};
use portcullis_tests::servers::Samba;
use portcullis_tests::{Result, harness::Draft, or_skip};

use crate::proof::{NEW, refusal, set_at, untouched};

/// Seconds from 1601, where Windows starts to count in steps of 100 ns, to 1970.
const WINDOWS_EPOCH: u64 = 11_644_473_600;

#[tokio::test]
async fn a_wrong_password_is_invalid_and_counts_once() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("invalid").await?;
    let report = Draft::of(&server).start().verify(&account.login, NEW).await;
    assert_eq!(report.verdict(), Verdict::Invalid);
    assert!(!report.sent_a_write(), "{report}");
    assert_eq!(server.get_attr(&account.dn, "badPwdCount").await?, ["1"]);
    Ok(())
}

#[tokio::test]
async fn a_right_password_is_told_from_whether_it_lets_in() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let connector = Draft::of(&server).start();
    let account = server.new_account("verify").await?;
    let verdict = async || connector.verify(&account.login, &account.password).await.verdict();
    assert_eq!(verdict().await, Verdict::Valid);
    server.set_attr(&account.dn, "pwdLastSet", &["0"]).await?;
    assert_eq!(verdict().await, Verdict::MustChange);
    server.set_attr(&account.dn, "pwdLastSet", &["-1"]).await?;
    server.set_attr(&account.dn, "accountExpires", &["126227808000000000"]).await?;
    assert_eq!(verdict().await, Verdict::Disabled, "expired");
    server.set_attr(&account.dn, "accountExpires", &["0"]).await?;
    server.set_attr(&account.dn, "userAccountControl", &["514"]).await?;
    assert_eq!(verdict().await, Verdict::Disabled);
    server.set_attr(&account.dn, "userAccountControl", &["512"]).await?;
    server.lock(&account).await?;
    assert_eq!(verdict().await, Verdict::Locked);
    Ok(())
}

#[tokio::test]
async fn a_status_tells_what_the_directory_knows() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let connector = Draft::of(&server).start();
    let account = server.new_account("status").await?;
    let told = async || {
        let report = connector.status(&account.login).await;
        assert!(!report.sent_a_write(), "{report}");
        report.status().clone()
    };
    let fresh = told().await;
    assert_eq!((fresh.enabled, fresh.locked, fresh.must_change), (Some(true), Some(false), Some(false)));
    let set: u64 = set_at(&server, &account).await?.parse()?;
    assert_eq!(fresh.password_set, Some(set / 10_000_000 - WINDOWS_EPOCH));
    assert_eq!(fresh.password_expires, None, "it never does");

    server.lock(&account).await?;
    assert_eq!(told().await.locked, Some(true));
    let _ = connector.unlock(&account.login).await.done();
    assert_eq!(told().await.locked, Some(false));
    server.set_attr(&account.dn, "pwdLastSet", &["0"]).await?;
    let asked = told().await;
    assert_eq!((asked.must_change, asked.password_set), (Some(true), None));

    server.set_attr(&account.dn, "accountExpires", &["126227808000000000"]).await?;
    assert_eq!(told().await.enabled, Some(false), "expired in 2001");
    server.set_attr(&account.dn, "accountExpires", &["2650467743990000000"]).await?;
    assert_eq!(told().await.enabled, Some(true), "will expire in 9999");
    server.set_attr(&account.dn, "userAccountControl", &["514"]).await?;
    assert_eq!(told().await.enabled, Some(false));
    Ok(())
}

#[tokio::test]
async fn an_unlock_leaves_the_password_alone() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let connector = Draft::of(&server).start();
    let account = server.new_account("unlock").await?;
    let before = set_at(&server, &account).await?;
    server.lock(&account).await?;
    let report = connector.unlock(&account.login).await;
    let receipt = report.done();
    assert_eq!(receipt.effects, [Effect::Unlocked]);
    assert_eq!(receipt.confirmation, Confirmation::NotNeeded);
    assert_eq!(server.get_attr(&account.dn, "lockoutTime").await?, ["0"]);
    untouched(&server, &account, &before).await?;
    assert_eq!(refusal(&server, &account, NEW).await?.as_deref(), Some("52e"), "and it counts from the start again");

    // Nothing is wrong with unlocking an account that is not locked.
    let _ = connector.unlock(&account.login).await.done();
    untouched(&server, &account, &before).await
}
