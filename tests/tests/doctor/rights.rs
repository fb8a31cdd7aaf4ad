//! Step 3: what the service account lacks is named as the directory names it, and nothing that is tried has an effect.

use portcullis::doctor::{Mark, StepName};
use portcullis::show::ExitCode;
use portcullis_tests::proxy::{Proxy, Request};
use portcullis_tests::servers::{Account, Ds389, Kind, OpenLdap, Samba, Server};
use portcullis_tests::{Result, harness::Draft, or_skip};

use crate::{mark, step, the_one, whole, without_reset, wrong};

/// Everything that a write would change, and what a failed sign-in would.
async fn all_of_it(server: &Server, dn: &str) -> Result<String> {
    let mut all = format!("{:?}", server.entry(dn).await?);
    for attribute in [
        "pwdFailureTime",
        "passwordRetryCount",
        "badPwdCount",
        "badPasswordTime",
        "replPropertyMetaData",
        "uSNChanged",
        "entryCSN",
        "unicodePwd",
    ] {
        all += &format!("{attribute}={:?};", server.get_attr(dn, attribute).await.unwrap_or_default());
    }
    Ok(all)
}

/// With all rights, with none, and with one that is missing: byte for byte as before.
async fn nothing_has_an_effect(kind: Kind) -> Result<()> {
    let Some(server) = or_skip(kind.shared()) else { return Ok(()) };
    let account = server.new_account("effect").await?;
    let before = all_of_it(&server, &account.dn).await?;
    let facts = server.facts();
    for draft in [
        Draft::of(&server),
        Draft::of(&server).set("ldap.write.description", vec!["written by the doctor"]),
        Draft::of(&server).bind(&facts.readonly_dn, &facts.readonly_pw),
    ] {
        let found = without_reset(&draft, &account.login).await;
        assert_ne!(mark(&found, StepName::Rights), Mark::Skipped, "{found:#?}");
        assert_eq!(mark(&found, StepName::TestReset), Mark::Skipped);
        assert_eq!(all_of_it(&server, &account.dn).await?, before, "something was written");
    }
    assert!(server.binds(&account.dn, &account.password).await?);
    Ok(())
}

#[tokio::test]
async fn openldap_nothing_has_an_effect() -> Result<()> {
    nothing_has_an_effect(OpenLdap).await
}

#[tokio::test]
async fn ds389_nothing_has_an_effect() -> Result<()> {
    nothing_has_an_effect(Ds389).await
}

#[tokio::test]
async fn samba_nothing_has_an_effect() -> Result<()> {
    nothing_has_an_effect(Samba).await
}

/// 389 Directory Server and Active Directory are asked by searches alone.
#[tokio::test]
async fn directories_that_tell_rights_are_sent_no_write() -> Result<()> {
    for kind in [Ds389, Samba] {
        let Some(server) = or_skip(kind.shared()) else { continue };
        let account = server.new_account("telling").await?;
        let proxy = Proxy::tls(server.facts()).await?;
        let found = without_reset(&Draft::of(&server).through(&proxy), &account.login).await;
        assert_eq!(mark(&found, StepName::Rights), Mark::Ok, "{kind:?}: {found:#?}");
        assert_eq!((proxy.count(Request::Modify), proxy.count(Request::Extended)), (0, 0), "{kind:?}");
        assert_eq!(proxy.count(Request::Bind), 1, "{kind:?}");
    }
    Ok(())
}

/// The rights that the examples need are there; one more, which nobody gave, is the only one that is missing.
async fn one_is_missing(kind: Kind, right: &str, remedy: &str) -> Result<()> {
    let Some(server) = or_skip(kind.shared()) else { return Ok(()) };
    let account = server.new_account("oneless").await?;
    let draft = Draft::of(&server).set("ldap.write.description", vec!["x"]);
    let found = without_reset(&draft, &account.login).await;
    let missing = the_one(&found, StepName::Rights);
    assert_eq!((missing.mark, missing.facts["right"].as_str()), (Mark::Failed, Some(right)));
    assert!(missing.text.contains(&server.facts().svc_dn) && missing.text.contains(&account.dn), "{missing:#?}");
    assert_eq!(
        missing.remedy,
        remedy.replace("PEOPLE", &server.facts().people_dn).replace("SVC", &server.facts().svc_dn)
    );
    assert_eq!(found.exit_code(), ExitCode::DirectoryRefused);
    Ok(())
}

#[tokio::test]
async fn openldap_one_is_missing() -> Result<()> {
    let remedy = "before the broader access rules of the database (olcAccess): to dn.subtree=\"PEOPLE\" attrs=description \
                  by dn.exact=\"SVC\" write by * break";
    one_is_missing(OpenLdap, "write access to description", remedy).await
}

#[tokio::test]
async fn ds389_one_is_missing() -> Result<()> {
    let remedy = "add to the entry PEOPLE: aci: (targetattr=\"description\")(version 3.0; acl \"portcullis writes \
                  description\"; allow (write) userdn=\"ldap:///SVC\";)";
    one_is_missing(Ds389, "the right (write) on description", remedy).await
}

#[tokio::test]
async fn samba_one_is_missing() -> Result<()> {
    let remedy = "dsacls \"PEOPLE\" /I:S /G \"svc-portcullis@corp.example:WP;description;user\"; or Delegation of Control \
                  Wizard: a custom task, user objects, property-specific, `Write description`";
    one_is_missing(Samba, "Write description", remedy).await
}

fn rights(found: &portcullis::doctor::Examination) -> Vec<(Mark, String)> {
    let told = |f: &portcullis::doctor::Finding| (f.mark, f.facts["right"].as_str().unwrap_or_default().to_owned());
    step(found, StepName::Rights).findings.iter().map(told).collect()
}

/// What the doctor says and what the directory does are the same: the reset that follows is refused.
async fn an_account_that_may_only_read(kind: Kind, expected: &[(Mark, &str)]) -> Result<()> {
    let Some(server) = or_skip(kind.shared()) else { return Ok(()) };
    let account = server.new_account("readonly").await?;
    let before = server.entry(&account.dn).await?;
    let facts = server.facts();
    let found = whole(&Draft::of(&server).bind(&facts.readonly_dn, &facts.readonly_pw), &account.login).await;
    let expected: Vec<_> = expected.iter().map(|(mark, right)| (*mark, (*right).to_owned())).collect();
    assert_eq!(rights(&found), expected);
    let refused = the_one(&found, StepName::TestReset);
    assert_eq!(refused.facts["code"], "directory-denied", "{refused:#?}");
    assert_eq!(mark(&found, StepName::EveryServer), Mark::Skipped);
    assert_eq!(server.entry(&account.dn).await?, before);
    Ok(())
}

#[tokio::test]
async fn openldap_an_account_that_may_only_read() -> Result<()> {
    let expected = ["userPassword", "pwdAccountLockedTime", "pwdReset"].map(|name| format!("write access to {name}"));
    let expected: Vec<_> = expected.iter().map(|right| (Mark::Failed, right.as_str())).collect();
    an_account_that_may_only_read(OpenLdap, &expected).await
}

#[tokio::test]
async fn ds389_an_account_that_may_only_read() -> Result<()> {
    let names = ["accountUnlockTime", "passwordExpirationTime", "passwordRetryCount", "userPassword"];
    let expected = names.map(|name| format!("the right (write) on {name}"));
    let expected: Vec<_> = expected.iter().map(|right| (Mark::Failed, right.as_str())).collect();
    an_account_that_may_only_read(Ds389, &expected).await
}

#[tokio::test]
async fn samba_an_account_that_may_only_read() -> Result<()> {
    let expected = [
        (Mark::Failed, "the control access right \"Reset Password\" (00299570-246d-11d0-a768-00aa006e0529)"),
        // Everybody has it, for it takes the old password; and everybody who signed in has the last one.
        (Mark::Ok, "the control access right \"Change Password\" (ab721a53-1e2f-11d0-9819-00aa0040529b)"),
        (Mark::Failed, "Write lockoutTime"),
        (Mark::Failed, "Write pwdLastSet"),
        (Mark::Ok, "the control access right \"Unexpire Password\" (ccc2dc7d-a6ad-4a7a-8846-c04e3cc53501)"),
    ];
    an_account_that_may_only_read(Samba, &expected).await
}

/// The service account has its rights on the staff alone.
#[tokio::test]
async fn samba_an_account_outside_of_the_delegation() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let facts = server.facts();
    let oscar = Account {
        name: "oscar".to_owned(),
        login: format!("oscar@{}", facts.domain),
        dn: format!("CN=oscar,OU=Other,{}", facts.base_dn),
        password: facts.user_pw.clone(),
    };
    let draft = Draft::of(&server).set("ldap.locate.base", &*facts.base_dn);
    let found = without_reset(&draft, &oscar.login).await;
    let missing: Vec<_> = wrong(&found, StepName::Rights).iter().map(|f| f.facts["right"].to_string()).collect();
    assert_eq!(missing.len(), 3, "{missing:#?}");
    assert!(missing[0].contains("Reset Password"), "{missing:#?}");
    Ok(())
}
