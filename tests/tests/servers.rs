//! The fixture itself: what other tests take for granted of the real servers, looked at in each kind.

use portcullis_tests::{
    Result, or_skip,
    servers::{Certificate, Ds389, Kind, OpenLdap, Policy, Samba, Variant},
};

async fn fresh_accounts_bind_and_lock(kind: Kind) -> Result<()> {
    let Some(server) = or_skip(kind.shared()) else { return Ok(()) };
    let (one, other) = (server.new_account("one").await?, server.new_account("other").await?);
    assert!(!server.binds(&one.dn, &other.password).await?, "each account has a password of its own");
    assert!(server.binds(&one.dn, &one.password).await?);
    server.lock(&one).await?;
    assert!(!server.binds(&one.dn, &one.password).await?);
    assert!(server.binds(&other.dn, &other.password).await?, "a lock is one account's");

    server.set_attr(&other.dn, "description", &["a person"]).await?;
    assert_eq!(server.get_attr(&other.dn, "DESCRIPTION").await?, ["a person"]);
    server.set_attr(&other.dn, "description", &[]).await?;
    assert!(server.get_attr(&other.dn, "description").await?.is_empty());

    let facts = server.facts();
    for (dn, password) in [(&facts.svc_dn, &facts.svc_pw), (&facts.readonly_dn, &facts.readonly_pw)] {
        assert!(server.binds(dn, password).await?, "{dn}");
    }
    Ok(())
}

#[tokio::test]
async fn openldap_fresh_accounts_bind_and_lock() -> Result<()> {
    fresh_accounts_bind_and_lock(OpenLdap).await
}

#[tokio::test]
async fn samba_fresh_accounts_bind_and_lock() -> Result<()> {
    fresh_accounts_bind_and_lock(Samba).await
}

#[tokio::test]
async fn ds389_fresh_accounts_bind_and_lock() -> Result<()> {
    fresh_accounts_bind_and_lock(Ds389).await
}

#[tokio::test]
async fn policies_apply_to_fresh_accounts() {
    for (kind, attribute) in
        [(OpenLdap, "pwdPolicySubentry"), (Samba, "msDS-ResultantPSO"), (Ds389, "pwdPolicySubentry")]
    {
        let Some(server) = or_skip(kind.shared()) else { continue };
        for (policy, name) in [(Policy::MinimumAge, "min-age"), (Policy::Long, "long")] {
            let account = server.new_account_with("policy", policy).await.unwrap();
            let found = server.get_attr(&account.dn, attribute).await.unwrap().join("");
            assert!(found.to_lowercase().starts_with(&format!("cn={name},")), "{kind:?}: {found}");
        }
    }
}

#[tokio::test]
async fn a_server_of_ones_own_stops_and_comes_back() {
    let Some(mut server) = or_skip(OpenLdap.start()) else { return };
    let account = server.new_account("back").await.unwrap();
    server.stop().unwrap();
    assert!(server.binds(&account.dn, &account.password).await.is_err());
    server.restart().unwrap();
    assert!(server.binds(&account.dn, &account.password).await.unwrap());
    server.kill().unwrap();
    assert!(server.binds(&account.dn, &account.password).await.is_err());
    server.restart().unwrap();
    assert!(server.binds(&account.dn, &account.password).await.unwrap());
}

#[tokio::test]
async fn a_copy_has_the_accounts_of_the_first_and_another_address() {
    let Some(first) = or_skip(OpenLdap.start()) else { return };
    let account = first.new_account("copied").await.unwrap();
    let variant = Variant { copy_of: Some(first.folder().to_owned()), ..Variant::default() };
    let second = OpenLdap.start_variant(&variant).unwrap();
    assert_ne!(first.facts().address, second.facts().address);
    assert!(second.binds(&account.dn, &account.password).await.unwrap());
    let ca = |facts: &portcullis_tests::servers::Facts| std::fs::read(&facts.ca_file).unwrap();
    assert_eq!(ca(first.facts()), ca(second.facts()));
}

#[tokio::test]
async fn a_replica_answers_writes_with_a_referral() {
    let variant = Variant { referral: Some("ldap://127.0.0.1:1".to_owned()), ..Variant::default() };
    let Some(server) = or_skip(OpenLdap.start_variant(&variant)) else { return };
    let refused = server.new_account("refused").await.unwrap_err().to_string();
    assert!(refused.contains("rc=10"), "{refused}");
}

#[tokio::test]
async fn wrong_certificates_are_wrong() {
    for certificate in [Certificate::OtherHost, Certificate::Expired] {
        let Some(server) = or_skip(OpenLdap.start_variant(&Variant { certificate, ..Variant::default() })) else {
            return;
        };
        let facts = server.facts();
        assert!(server.binds(&facts.svc_dn, &facts.svc_pw).await.unwrap(), "the server itself is well");
        let authority = server.folder().join("tls/server.pem");
        let host = ["-verify_ip", &facts.address];
        let checked = std::process::Command::new("openssl")
            .args(["verify", "-CAfile"])
            .arg(&facts.ca_file)
            .args(host)
            .arg(authority)
            .output()
            .unwrap();
        assert!(!checked.status.success(), "{certificate:?} passed for right");
    }
}
