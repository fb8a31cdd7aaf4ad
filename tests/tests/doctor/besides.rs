//! What a service account may write that no grant needs: what a grant names is not besides, and what it does not is.

use portcullis::doctor::besides;
use portcullis_tests::servers::{Ds389, Kind, OpenLdap, Samba};
use portcullis_tests::{Result, harness::Draft, or_skip};

/// The rights of the service account are those that the example's grants need, but for what is listed; with a grant less
/// there is one more, and it is that one.
async fn one_too_many(kind: Kind, attribute: &str, besides_always: &[&str]) -> Result<()> {
    let Some(server) = or_skip(kind.shared()) else { return Ok(()) };
    server.new_account("besides").await?;
    let draft = Draft::of(&server);
    let whole = draft.load().unwrap();
    let found = besides(&whole).await.unwrap();
    assert_eq!(found.attributes, besides_always, "{found:?}");
    let mut less = whole;
    let ldap = less.ldap.as_mut().unwrap();
    assert!(ldap.write.remove(attribute).is_some(), "{ldap:?}");
    let found = besides(&less).await.unwrap();
    assert_eq!(found.attributes, [&[attribute], besides_always].concat(), "{found:?}");
    Ok(())
}

#[tokio::test]
async fn ds389_one_too_many() -> Result<()> {
    one_too_many(Ds389, "passwordRetryCount", &["retryCountResetTime"]).await
}

#[tokio::test]
async fn samba_one_too_many() -> Result<()> {
    one_too_many(Samba, "lockoutTime", &[]).await
}

#[tokio::test]
async fn openldap_does_not_tell() -> Result<()> {
    let Some(server) = or_skip(OpenLdap.shared()) else { return Ok(()) };
    let draft = Draft::of(&server);
    let why = besides(&draft.load().unwrap()).await.unwrap_err();
    assert!(why.contains("does not tell"), "{why}");
    Ok(())
}
