//! A server that would take passwords in the clear. The host sends it none.

use std::collections::HashSet;

use ldap3::{LdapConnAsync, Mod};
use portcullis::config::DirectorySource;
use portcullis_tests::harness::Draft;
use portcullis_tests::proxy::Proxy;
use portcullis_tests::servers::{Account, Samba, Server, Variant};
use portcullis_tests::{Result, or_skip};

use crate::proof::{NEW, NEWER, set_at, took_effect, untouched};

/// What a careless program would do.
async fn reset_in_the_clear(server: &Server, proxy: &Proxy, account: &Account, new: &str) -> Result<()> {
    let (connection, mut ldap) = LdapConnAsync::new(&proxy.facts().ldap_url).await?;
    tokio::spawn(connection.drive());
    ldap.simple_bind(&server.facts().svc_dn, &server.facts().svc_pw).await?.success()?;
    let value: Vec<u8> = format!("\"{new}\"").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let replace = Mod::Replace(b"unicodePwd".to_vec(), HashSet::from([value]));
    ldap.modify(&account.dn, vec![replace]).await?.success()?;
    Ok(ldap.unbind().await?)
}

/// Whether bytes hold a password as LDAP binds or Active Directory carry it.
fn holds(bytes: &[u8], password: &str) -> bool {
    let wide: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
    [password.as_bytes(), &wide].iter().any(|text| bytes.windows(text.len()).any(|window| window == *text))
}

#[tokio::test]
async fn nothing_is_sent_in_the_clear_even_to_a_server_that_would_take_it() -> Result<()> {
    let Some(server) = or_skip(Samba.start_variant(&Variant { plaintext: true, ..Variant::default() })) else {
        return Ok(());
    };
    let account = server.new_account("clear").await?;
    let before = set_at(&server, &account).await?;
    let proxy = Proxy::plain(server.facts()).await?;

    // The danger is real: this server takes a password in the clear from the same service account.
    reset_in_the_clear(&server, &proxy, &account, NEWER).await?;
    assert_ne!(set_at(&server, &account).await?, before);
    assert!(holds(&proxy.bytes(), NEWER) && holds(&proxy.bytes(), &server.facts().svc_pw));
    reset_in_the_clear(&server, &proxy, &account, &account.password).await?;
    let before = set_at(&server, &account).await?;
    let seen = proxy.bytes().len();

    // First the file is refused.
    let open = Draft::of(&server).set("ldap.urls", vec![&*proxy.facts().ldap_url]);
    let problems = open.load().unwrap_err();
    assert!(problems.all().iter().any(|problem| problem.name() == "clear-text"), "{problems:?}");

    // And if something got by the check of the file, the connection itself is refused.
    let start_tls = Draft::of(&server).urls(&[&proxy.facts().ldap_url]);
    let connector = start_tls.start_with(|file| {
        if let Some(DirectorySource::Servers(servers)) = file.ldap.as_mut().map(|ldap| &mut ldap.source) {
            servers.start_tls = false;
        }
    });
    connector.reset(&account.login, NEW).await.refused("connection-unprotected", 17);
    connector.change(&account.login, &account.password, NEW).await.refused("connection-unprotected", 17);
    connector.verify(&account.login, &account.password).await.refused("connection-unprotected", 17);
    assert_eq!(proxy.bytes().len(), seen, "not a byte");
    untouched(&server, &account, &before).await?;

    // With StartTLS the same port is as good as any.
    let connector = Draft::of(&server).urls(&[&proxy.facts().ldap_url]).start();
    connector.reset(&account.login, NEW).await.confirmed();
    let sent = proxy.bytes().split_off(seen);
    assert!(sent.len() > 1000 && !holds(&sent, NEW) && !holds(&sent, &server.facts().svc_pw));
    took_effect(&server, &account, NEW).await
}
