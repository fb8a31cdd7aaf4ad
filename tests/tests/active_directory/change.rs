//! A new password for somebody who knows the old one. The directory applies the whole policy to it.

use portcullis_model::Effect;
use portcullis_tests::servers::{Policy, Samba};
use portcullis_tests::{Result, harness::Draft, or_skip};

use crate::proof::{NEW, NEWER, refusal, set_at, took_effect, untouched};

#[tokio::test]
async fn a_wrong_old_password_is_refused_and_counts_once() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("wrongold").await?;
    let before = set_at(&server, &account).await?;
    let report = Draft::of(&server).start().change(&account.login, "Not-The-Passw0rd", NEW).await;
    report.refused("wrong-password", 16);
    assert_eq!(server.get_attr(&account.dn, "badPwdCount").await?, ["1"]);
    untouched(&server, &account, &before).await
}

#[tokio::test]
async fn what_the_policy_refuses_is_refused_with_the_reason() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let connector = Draft::of(&server).start();
    let account = server.new_account("policy").await?;
    let before = set_at(&server, &account).await?;
    let change = async |new| connector.change(&account.login, &account.password, new).await;
    assert_eq!(change("Sh0rt-one").await.refused("password-too-short", 10).limit, Some(10));
    change("all-lower-case-letters").await.refused("password-too-simple", 10);
    change(&account.password).await.refused("password-in-history", 10);
    assert_eq!(server.get_attr(&account.dn, "badPwdCount").await?, ["0"], "the old password was right each time");
    untouched(&server, &account, &before).await
}

#[tokio::test]
async fn a_former_password_is_refused() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let connector = Draft::of(&server).start();
    let account = server.new_account("history").await?;
    connector.change(&account.login, &account.password, NEW).await.confirmed();
    let before = set_at(&server, &account).await?;
    connector.change(&account.login, NEW, &account.password).await.refused("password-in-history", 10);
    assert_eq!(set_at(&server, &account).await?, before);
    took_effect(&server, &account, NEW).await
}

#[tokio::test]
async fn a_password_that_is_too_young_stays() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account_with("young", Policy::MinimumAge).await?;
    let before = set_at(&server, &account).await?;
    let report = Draft::of(&server).start().change(&account.login, &account.password, NEW).await;
    report.refused("password-too-young", 10);
    untouched(&server, &account, &before).await
}

#[tokio::test]
async fn a_locked_account_is_refused_even_with_the_right_password() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let connector = Draft::of(&server).start();
    let account = server.new_account("locked").await?;
    server.lock(&account).await?;
    let before = set_at(&server, &account).await?;
    connector.change(&account.login, &account.password, NEW).await.refused("account-locked", 16);
    let _ = connector.unlock(&account.login).await.done();
    untouched(&server, &account, &before).await?;
    connector.change(&account.login, &account.password, NEW).await.confirmed();
    took_effect(&server, &account, NEW).await
}

#[tokio::test]
async fn sets_the_password() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("change").await?;
    let before = set_at(&server, &account).await?;
    let report = Draft::of(&server).start().change(&account.login, &account.password, NEW).await;
    let receipt = report.confirmed();
    assert_eq!(receipt.effects, [Effect::PasswordSet]);
    assert_eq!(receipt.notes, [], "a change keeps the history");
    assert_ne!(set_at(&server, &account).await?, before);
    took_effect(&server, &account, NEW).await
}

/// Whoever was given a password that must be changed changes it with this operation.
#[tokio::test]
async fn ends_the_must_change_of_a_reset() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let connector = Draft::of(&server).start();
    let account = server.new_account("firstday").await?;
    connector.reset_must_change(&account.login, NEW).await.confirmed();
    connector.change(&account.login, NEW, NEWER).await.confirmed();
    assert_ne!(set_at(&server, &account).await?, "0");
    assert_eq!(refusal(&server, &account, NEW).await?.as_deref(), Some("52e"));
    took_effect(&server, &account, NEWER).await
}

/// The old password is the right: Active Directory lets everybody change a password whose old value they know.
#[tokio::test]
async fn needs_no_right_of_the_service_account() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let facts = server.facts();
    let account = server.new_account("noright").await?;
    let connector = Draft::of(&server).bind(&facts.readonly_dn, &facts.readonly_pw).start();
    connector.change(&account.login, &account.password, NEW).await.confirmed();
    took_effect(&server, &account, NEW).await
}
