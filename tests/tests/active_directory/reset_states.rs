//! Resets of accounts that cannot simply sign in: they must change, are locked, disabled or expired.

use portcullis_model::{Confirmation, Effect};
use portcullis_tests::harness::{Draft, Report};
use portcullis_tests::servers::Samba;
use portcullis_tests::{Result, or_skip};

use crate::proof::{NEW, refusal, set_at, took_effect, untouched};

/// Done, and looking again could not tell: never "not seen", which would be untrue.
#[track_caller]
fn accepted_only(report: &Report, data: &str) {
    let receipt = report.done();
    assert_eq!(receipt.effects, [Effect::PasswordSet]);
    let said = format!("data {data}");
    assert!(matches!(&receipt.confirmation, Confirmation::AcceptedOnly(why) if why.contains(&said)), "{report}");
}

#[tokio::test]
async fn refused_where_nobody_would_be_asked_to_change_it() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("never").await?;
    // A normal account whose password never expires.
    server.set_attr(&account.dn, "userAccountControl", &["66048"]).await?;
    let before = set_at(&server, &account).await?;
    let connector = Draft::of(&server).start();
    let report = connector.reset_must_change(&account.login, NEW).await;
    report.refused("directory-refused", 19);
    assert!(!report.sent_a_write(), "{report}");
    untouched(&server, &account, &before).await?;
    connector.reset(&account.login, NEW).await.confirmed();
    took_effect(&server, &account, NEW).await
}

/// The bind is refused with 773, which comes only after the password was found right: that is seen.
#[tokio::test]
async fn must_change_is_set_and_the_password_is_seen_all_the_same() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("mustchange").await?;
    let report = Draft::of(&server).start().reset_must_change(&account.login, NEW).await;
    let receipt = report.confirmed();
    assert_eq!(receipt.effects, [Effect::PasswordSet, Effect::ChangeRequired]);
    assert!(receipt.notes.iter().all(|note| note.code != "expired-at-once"), "{receipt:?}");
    let said = "asks for a new password next";
    assert!(matches!(&receipt.confirmation, Confirmation::Confirmed(how) if how.contains(said)), "{report}");
    assert_eq!(set_at(&server, &account).await?, "0");
    assert_eq!(refusal(&server, &account, NEW).await?.as_deref(), Some("773"));
    assert_eq!(refusal(&server, &account, &account.password).await?.as_deref(), Some("52e"));
    Ok(())
}

#[tokio::test]
async fn a_locked_account_stays_locked_unless_asked_for() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("locked").await?;
    server.lock(&account).await?;
    let connector = Draft::of(&server).start();
    accepted_only(&connector.reset(&account.login, NEW).await, "775");
    assert_eq!(refusal(&server, &account, NEW).await?.as_deref(), Some("775"));

    let _ = connector.unlock(&account.login).await.done();
    took_effect(&server, &account, NEW).await
}

#[tokio::test]
async fn a_reset_with_unlock_unlocks() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("unlocking").await?;
    server.lock(&account).await?;
    let report = Draft::of(&server).start().reset_unlock(&account.login, NEW).await;
    assert_eq!(report.confirmed().effects, [Effect::PasswordSet, Effect::Unlocked]);
    assert_eq!(server.get_attr(&account.dn, "lockoutTime").await?, ["0"]);
    took_effect(&server, &account, NEW).await
}

#[tokio::test]
async fn all_that_was_asked_for_goes_in_one_request() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("everything").await?;
    server.lock(&account).await?;
    let options = portcullis_model::ResetOptions { must_change: true, unlock: true };
    let report = Draft::of(&server).start().reset_with(&account.login, NEW, options).await;
    assert_eq!(report.confirmed().effects, [Effect::PasswordSet, Effect::ChangeRequired, Effect::Unlocked]);
    let written = report.events.iter().filter(|event| matches!(event, portcullis_model::Event::Written { .. }));
    assert_eq!(written.count(), 1, "{report}");
    assert_eq!(refusal(&server, &account, NEW).await?.as_deref(), Some("773"));
    Ok(())
}

#[tokio::test]
async fn a_disabled_account_gets_its_password_and_stays_disabled() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("disabled").await?;
    server.set_attr(&account.dn, "userAccountControl", &["514"]).await?;
    accepted_only(&Draft::of(&server).start().reset(&account.login, NEW).await, "533");
    assert_eq!(server.get_attr(&account.dn, "userAccountControl").await?, ["514"]);
    server.set_attr(&account.dn, "userAccountControl", &["512"]).await?;
    took_effect(&server, &account, NEW).await
}

#[tokio::test]
async fn an_expired_account_gets_its_password_and_stays_expired() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("expired").await?;
    // The year 2001.
    server.set_attr(&account.dn, "accountExpires", &["126227808000000000"]).await?;
    accepted_only(&Draft::of(&server).start().reset(&account.login, NEW).await, "701");
    server.set_attr(&account.dn, "accountExpires", &["0"]).await?;
    took_effect(&server, &account, NEW).await
}
