//! Answers that do not come, and servers that are gone: done after looking, or unknown, and never refused once the write
//! was sent.

use portcullis_model::{Confirmation, Effect};
use portcullis_tests::harness::{Draft, Running};
use portcullis_tests::proxy::{Loss, Proxy, Request};
use portcullis_tests::servers::{Samba, Server};
use portcullis_tests::{Result, or_skip};

use crate::proof::{NEW, NEWER, refusal, set_at, took_effect, untouched};

async fn connected(server: &Server) -> Result<(Proxy, Running)> {
    let proxy = Proxy::tls(server.facts()).await?;
    let connector = Draft::of(server).through(&proxy).start();
    Ok((proxy, connector))
}

#[tokio::test]
async fn a_server_that_was_gone_before_is_told_as_such() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("gone").await?;
    let before = set_at(&server, &account).await?;
    let (proxy, connector) = connected(&server).await?;
    let _ = connector.status(&account.login).await.done();
    proxy.stop();
    connector.reset(&account.login, NEW).await.refused("directory-unavailable", 13);
    connector.unlock(&account.login).await.refused("directory-unavailable", 13);
    assert_eq!(proxy.count(Request::Modify), 0);
    untouched(&server, &account, &before).await
}

/// A server of its own: that it crashed leaves connections in the pool which look alive until they are used.
#[tokio::test]
async fn a_server_that_crashed_and_came_back_is_used_again() -> Result<()> {
    let Some(mut server) = or_skip(Samba.start()) else { return Ok(()) };
    let account = server.new_account("crashed").await?;
    let connector = Draft::of(&server).start();
    connector.reset(&account.login, NEW).await.confirmed();
    server.kill()?;
    connector.reset(&account.login, NEWER).await.refused("directory-unavailable", 13);
    server.restart()?;
    assert_eq!(refusal(&server, &account, NEW).await?, None);
    connector.reset(&account.login, NEWER).await.confirmed();
    took_effect(&server, &account, NEWER).await
}

#[tokio::test]
async fn a_lost_answer_is_done_once_the_password_is_seen() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("answer").await?;
    let (proxy, connector) = connected(&server).await?;
    proxy.lose(Request::Modify, Loss::Answer);
    let report = connector.reset(&account.login, NEW).await;
    assert_eq!(report.confirmed().effects, [Effect::PasswordSet]);
    assert!(report.was_in_doubt(), "{report}");
    assert_eq!(proxy.count(Request::Modify), 1, "a write is never sent twice");
    took_effect(&server, &account, NEW).await?;

    proxy.lose(Request::Modify, Loss::Answer);
    let report = connector.change(&account.login, NEW, NEWER).await;
    report.confirmed();
    assert!(report.was_in_doubt(), "{report}");
    took_effect(&server, &account, NEWER).await
}

#[tokio::test]
async fn a_lost_answer_is_done_once_reading_back_shows_it() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("answer").await?;
    let proxy = Proxy::tls(server.facts()).await?;
    let connector = Draft::of(&server)
        .through(&proxy)
        .set("ldap.confirm.by", "read-back")
        .set("ldap.confirm.attribute", "pwdLastSet")
        .start();
    proxy.lose(Request::Modify, Loss::Answer);
    let report = connector.reset(&account.login, NEW).await;
    report.confirmed();
    assert!(report.was_in_doubt(), "{report}");
    took_effect(&server, &account, NEW).await
}

/// Looking shows the password and no more. What else was asked for is not known, and that is not the plugin's fault.
#[tokio::test]
async fn a_lost_answer_leaves_the_unlock_unknown() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("answer").await?;
    server.lock(&account).await?;
    let (proxy, connector) = connected(&server).await?;
    proxy.lose(Request::Modify, Loss::Answer);
    let report = connector.reset_unlock(&account.login, NEW).await;
    let receipt = report.in_part("outcome-unknown");
    assert_eq!(receipt.effects, [Effect::PasswordSet]);
    assert!(matches!(receipt.confirmation, Confirmation::Confirmed(_)), "{report}");
    took_effect(&server, &account, NEW).await
}

#[tokio::test]
async fn a_lost_answer_is_unknown_when_nobody_can_look() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("nolook").await?;
    let (proxy, connector) = connected(&server).await?;
    proxy.lose(Request::Modify, Loss::AnswerAndServer);
    let report = connector.reset(&account.login, NEW).await;
    assert_eq!(report.unknown().code.name(), "outcome-unknown");
    // Only the test knows.
    took_effect(&server, &account, NEW).await?;

    let (proxy, connector) = connected(&server).await?;
    proxy.lose(Request::Modify, Loss::AnswerAndServer);
    connector.change(&account.login, NEW, NEWER).await.unknown();
    took_effect(&server, &account, NEWER).await?;

    let proxy = Proxy::tls(server.facts()).await?;
    let connector = Draft::of(&server).through(&proxy).set("ldap.confirm.by", "none").start();
    proxy.lose(Request::Modify, Loss::Answer);
    let report = connector.reset(&account.login, NEW).await;
    assert!(report.unknown().detail.contains("nobody looked"), "{report}");
    Ok(())
}

/// A request without an answer may still arrive, as far as the host can tell: that the old password works now is no proof.
#[tokio::test]
async fn a_lost_request_is_unknown() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("request").await?;
    let before = set_at(&server, &account).await?;
    let (proxy, connector) = connected(&server).await?;
    proxy.lose(Request::Modify, Loss::Request);
    let report = connector.reset(&account.login, NEW).await;
    assert!(report.unknown().detail.contains("not seen"), "{report}");
    assert_eq!(server.get_attr(&account.dn, "badPwdCount").await?, ["1"], "the host looked once");
    untouched(&server, &account, &before).await
}

#[tokio::test]
async fn an_unlock_without_an_answer_is_unknown() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("unlock").await?;
    server.lock(&account).await?;
    let (proxy, connector) = connected(&server).await?;
    proxy.lose(Request::Modify, Loss::Answer);
    connector.unlock(&account.login).await.unknown();
    assert_eq!(refusal(&server, &account, &account.password).await?, None);
    Ok(())
}

/// A look that brings no answer does not make a done reset unknown, and is not repeated: a bind may count.
#[tokio::test]
async fn a_lost_confirmation_leaves_it_done() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("look").await?;
    let (proxy, connector) = connected(&server).await?;
    let _ = connector.status(&account.login).await.done();
    assert_eq!(proxy.count(Request::Bind), 1, "the service account's");
    proxy.lose(Request::Bind, Loss::Answer);
    let report = connector.reset(&account.login, NEW).await;
    assert!(matches!(report.done().confirmation, Confirmation::AcceptedOnly(_)), "{report}");
    assert_eq!(proxy.count(Request::Bind), 2, "one look");
    took_effect(&server, &account, NEW).await
}

#[tokio::test]
async fn a_lost_answer_to_a_read_changes_nothing() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let account = server.new_account("read").await?;
    let (proxy, connector) = connected(&server).await?;
    proxy.lose(Request::Search, Loss::Answer);
    connector.reset(&account.login, NEW).await.confirmed();
    took_effect(&server, &account, NEW).await
}
