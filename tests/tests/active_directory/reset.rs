//! A new password without the old one: what is set, what is refused, and how the host made sure.

use portcullis_model::{Confirmation, Effect};
use portcullis_tests::servers::{Policy, Samba};
use portcullis_tests::{Result, harness::Draft, or_skip};

use crate::proof::{NEW, NEWER, refusal, set_at, took_effect, untouched};

#[tokio::test]
async fn what_the_policy_refuses_is_refused_with_the_reason() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let connector = Draft::of(&server).start();
    let account = server.new_account("policy").await?;
    let before = set_at(&server, &account).await?;

    let report = connector.reset(&account.login, "Sh0rt-one").await;
    let fault = report.refused("password-too-short", 10);
    assert_eq!(fault.limit, Some(10), "{fault:?}");
    assert!(fault.caller_text().ends_with("at least 10 characters."), "{}", fault.caller_text());
    connector.reset(&account.login, "all-lower-case-letters").await.refused("password-too-simple", 10);
    untouched(&server, &account, &before).await
}

#[tokio::test]
async fn the_policy_of_the_account_counts_and_not_the_domains() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let connector = Draft::of(&server).start();
    let account = server.new_account_with("long", Policy::Long).await?;
    let before = set_at(&server, &account).await?;
    let report = connector.reset(&account.login, "Nineteen-Passw0rd-1").await;
    assert_eq!(report.refused("password-too-short", 10).limit, Some(20));
    untouched(&server, &account, &before).await?;

    let twenty = "Twenty-Passw0rd-1234";
    connector.reset(&account.login, twenty).await.confirmed();
    took_effect(&server, &account, twenty).await
}

#[tokio::test]
async fn a_refused_reset_does_not_unlock_either() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("allornone").await?;
    server.lock(&account).await?;
    let locked_at = server.get_attr(&account.dn, "lockoutTime").await?;
    let report = Draft::of(&server).start().reset_unlock(&account.login, "Sh0rt-one").await;
    report.refused("password-too-short", 10);
    assert_eq!(server.get_attr(&account.dn, "lockoutTime").await?, locked_at);
    assert_eq!(refusal(&server, &account, &account.password).await?.as_deref(), Some("775"));
    Ok(())
}

#[tokio::test]
async fn sets_the_password_and_nothing_else() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("reset").await?;
    let before = set_at(&server, &account).await?;
    let report = Draft::of(&server).start().reset(&account.login, NEW).await;
    let receipt = report.confirmed();
    assert_eq!(receipt.effects, [Effect::PasswordSet]);
    assert_eq!(receipt.target.to_lowercase(), account.dn.to_lowercase());
    assert_eq!(receipt.server, server.facts().ldaps_url);
    assert_eq!(receipt.notes.iter().map(|note| &*note.code).collect::<Vec<_>>(), ["history-not-enforced"]);
    let after = set_at(&server, &account).await?;
    assert!(after != before && after != "0", "{before} {after}");
    took_effect(&server, &account, NEW).await
}

/// Samba offers no control for the history, so that a reset there brings back former passwords. The receipt says so.
#[tokio::test]
async fn a_former_password_comes_back_and_the_receipt_says_that_it_could() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    for history in ["when-offered", "off"] {
        let account = server.new_account("former").await?;
        let connector = Draft::of(&server).set("config.history", history).start();
        connector.reset(&account.login, NEW).await.confirmed();
        let report = connector.reset(&account.login, &account.password).await;
        let receipt = report.confirmed();
        assert!(receipt.notes.iter().any(|note| note.code == "history-not-enforced"), "{history}: {receipt:?}");
        assert_eq!(refusal(&server, &account, &account.password).await?, None);
        assert_eq!(refusal(&server, &account, NEW).await?.as_deref(), Some("52e"));
    }
    Ok(())
}

#[tokio::test]
async fn the_minimum_age_is_not_for_resets() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account_with("young", Policy::MinimumAge).await?;
    Draft::of(&server).start().reset(&account.login, NEW).await.confirmed();
    took_effect(&server, &account, NEW).await
}

#[tokio::test]
async fn confirmed_by_reading_back() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let read_back =
        Draft::of(&server).set("ldap.confirm.by", "read-back").set("ldap.confirm.attribute", "pwdLastSet").start();
    let account = server.new_account("readback").await?;
    let report = read_back.reset(&account.login, NEW).await;
    let said = "pwdLastSet changed";
    let confirmation = &report.confirmed().confirmation;
    assert!(matches!(confirmation, Confirmation::Confirmed(how) if how.contains(said)), "{report}");
    took_effect(&server, &account, NEW).await?;

    // From a time to 0 is a change; from 0 to 0 proves nothing, and is not said to.
    read_back.reset_must_change(&account.login, NEWER).await.confirmed();
    let report = read_back.reset_must_change(&account.login, NEW).await;
    let (said, confirmation) = ("the same as before", &report.done().confirmation);
    assert!(matches!(confirmation, Confirmation::AcceptedOnly(why) if why.contains(said)), "{report}");
    assert_eq!(refusal(&server, &account, NEW).await?.as_deref(), Some("773"));
    Ok(())
}

#[tokio::test]
async fn not_confirmed_where_the_operator_does_not_want_it() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("unseen").await?;
    let report = Draft::of(&server).set("ldap.confirm.by", "none").start().reset(&account.login, NEW).await;
    assert!(matches!(report.done().confirmation, Confirmation::AcceptedOnly(_)), "{report}");
    took_effect(&server, &account, NEW).await
}
