//! The example file is true: its grants are enough for every operation, and none of them is there in vain.

use portcullis_model::{Event, Outcome};
use portcullis_tests::harness::{Draft, Report};
use portcullis_tests::servers::{Samba, Server};
use portcullis_tests::{Result, or_skip};

use crate::proof::{NEW, NEWER};

/// Every operation in every form, on an account of its own, with the words under which they are shown.
async fn everything(server: &Server, draft: Draft) -> Result<Vec<(&'static str, Report)>> {
    let account = server.new_account("example").await?;
    let connector = draft.start();
    let login = account.login.as_str();
    Ok(vec![
        ("change", connector.change(login, &account.password, NEW).await),
        ("reset", connector.reset(login, NEWER).await),
        ("unlock", connector.unlock(login).await),
        ("reset with unlock", connector.reset_unlock(login, NEW).await),
        ("reset with must-change", connector.reset_must_change(login, NEWER).await),
        ("verify", connector.verify(login, NEWER).await),
        ("status", connector.status(login).await),
    ])
}

fn denials(report: &Report) -> usize {
    report.events.iter().filter(|event| matches!(event, Event::Denied { .. })).count()
}

#[tokio::test]
async fn the_grants_of_the_example_are_enough() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    for (what, report) in everything(&server, Draft::of(&server)).await? {
        let receipt = report.done();
        assert_eq!(denials(&report), 0, "{what}: {report}");
        if receipt.kind.sets_password() {
            report.confirmed();
        }
    }
    Ok(())
}

/// Without any one of them an operation is denied; the ones that do not need it go on.
#[tokio::test]
async fn each_grant_of_the_example_is_needed() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let example = Draft::of(&server).load().map_err(|problems| problems.to_string())?;
    let ldap = example.ldap.ok_or("the example has no directory")?;
    let mut without: Vec<(String, Draft)> = Vec::new();
    for name in &ldap.read {
        let rest: Vec<String> = ldap.read.iter().filter(|other| *other != name).cloned().collect();
        without.push((format!("reading {name}"), Draft::of(&server).set("ldap.read.attributes", rest)));
    }
    for name in ldap.write.keys() {
        without.push((format!("writing {name}"), Draft::of(&server).unset(&format!("ldap.write.{name}"))));
    }
    without.push(("try-bind".to_owned(), Draft::of(&server).unset("ldap.allow.try-bind")));
    assert!(!ldap.allow.as_target && !ldap.allow.set_password && ldap.search.is_empty(), "{ldap:?}");

    for (grant, draft) in without {
        let reports = everything(&server, draft).await?;
        let denied = reports.iter().filter(|(_, report)| denials(report) > 0).count();
        assert!(denied > 0, "nothing needs {grant}");
        for (what, report) in reports.iter().filter(|(_, report)| denials(report) > 0) {
            // The look after a reset comes when the reset is done, and is no reason to call it anything else.
            let looked = matches!(report.outcome, Outcome::Done(_)) && grant == "reading pwdLastSet";
            let refused = matches!(&report.outcome, Outcome::Refused(fault) if fault.code.name() == "not-granted");
            assert!(looked || refused, "without {grant}, {what}: {report}");
        }
    }
    Ok(())
}
