//! What a connector may read, also by asking: a filter tells as much as an attribute.

use crate::world::{ALICE, BOB, Draft, World, denials};

const PEOPLE: &str = "ou=people,dc=people,dc=example";

fn search<'w>(world: &'w World, base: &str, filter: &str, attribute: &str) -> Draft<'w> {
    let draft = world.hostile("search").set("config.base", base).set("config.filter", filter);
    draft.set("config.attribute", attribute)
}

async fn denied(draft: Draft<'_>, call: &'static str, subject: &str, code: &str) {
    let running = draft.start();
    let report = running.reset().await;
    report.refused(code, if code == "not-granted" { 12 } else { 18 });
    assert_eq!(denials(&report), [(call, subject.to_owned())], "{report}");
}

#[tokio::test]
async fn filters_over_what_cannot_be_read() {
    let world = World::new();
    for (filter, subject) in [
        ("(employeeType=administrator)", "employeetype"),
        ("(employeeType=a*)", "employeetype"),
        ("(employeeType=*)", "employeetype"),
        ("(!(employeeType=administrator))", "employeetype"),
        ("(&(cn=*)(|(cn=x)(!(employeeType>=a))))", "employeetype"),
        ("(employeeType:caseIgnoreMatch:=administrator)", "employeetype"),
        ("(userPassword=c*)", "userpassword"),
        ("(pwdHistory=*)", "pwdhistory"),
        ("(cn;lang-en=x)", "cn;lang-en"),
        ("(cn:dn:=people)", "cn"),
        ("(:caseIgnoreMatch:=administrator)", "filter"),
    ] {
        denied(search(&world, PEOPLE, filter, "cn"), "search", subject, "not-granted").await;
    }
    denied(search(&world, PEOPLE, "(cn=x", "cn"), "search", "filter", "plugin-fault").await;
    assert!(world.log.of_connectors().is_empty(), "the plugin got an answer: {:?}", world.log.of_connectors());
    // With the grant the same question is answered.
    let read = vec!["cn".to_owned(), "employeeType".to_owned()];
    let granted = search(&world, PEOPLE, "(employeeType=administrator)", "cn").set("ldap.read.attributes", read);
    granted.start().reset().await.confirmed();
    assert_eq!(world.log.of_connectors(), ["found: uid=root,ou=people,dc=people,dc=example with cn"]);
    world.goes_on().await;
}

#[tokio::test]
async fn searches_outside_of_the_base() {
    let world = World::new();
    for base in
        ["dc=people,dc=example", "ou=other,dc=people,dc=example", "dc=example", "ou=people\\,dc=people,dc=example"]
    {
        denied(search(&world, base, "(cn=*)", "cn"), "search", base, "not-granted").await;
    }
    for base in ["", "no dn at all"] {
        denied(search(&world, base, "(cn=*)", "cn"), "search", base, "plugin-fault").await;
    }
    assert!(world.log.of_connectors().is_empty(), "{:?}", world.log.of_connectors());
    let above = "dc=people,dc=example";
    let granted = search(&world, above, "(cn=Alice Example)", "cn").set("ldap.search.bases", vec![above.to_owned()]);
    granted.start().reset().await.confirmed();
    assert_eq!(world.log.of_connectors(), [format!("found: {ALICE} with cn")]);
    world.goes_on().await;
}

#[tokio::test]
async fn attributes_that_are_not_granted() {
    let world = World::new();
    for (attribute, code) in [
        ("*", "plugin-fault"),
        ("+", "plugin-fault"),
        ("@inetOrgPerson", "plugin-fault"),
        ("1.1", "plugin-fault"),
        ("sn", "not-granted"),
        ("cn;lang-en", "not-granted"),
        ("2.5.4.3", "not-granted"),
        ("userpassword", "not-granted"),
    ] {
        denied(search(&world, PEOPLE, "(cn=*)", attribute), "search", attribute, code).await;
        denied(world.hostile("read-target").set("config.attribute", attribute), "target", attribute, code).await;
    }
    assert!(world.log.of_connectors().is_empty(), "{:?}", world.log.of_connectors());
    world.hostile("read-target").set("config.attribute", "CN").start().reset().await.confirmed();
    assert_eq!(world.log.of_connectors(), ["read: cn"]);
    world.goes_on().await;
}

#[tokio::test]
async fn the_root_dse_beyond_the_servers_description() {
    let world = World::new();
    for attribute in ["*", "+", "configContext", "cn"] {
        let draft = world.hostile("read-root-dse").set("config.attribute", attribute);
        denied(draft, "root-dse", attribute, "not-granted").await;
    }
    world.hostile("read-root-dse").set("config.attribute", "vendorName").start().reset().await.confirmed();
}

/// What was found is handed over without what was not asked for, and with no more entries than the host's limit.
#[tokio::test]
async fn what_is_found_is_filtered() {
    let world = World::new();
    search(&world, PEOPLE, "(cn=*)", "cn").start().reset().await.confirmed();
    let found = world.log.of_connectors();
    assert!(found.contains(&format!("found: {BOB} with cn")), "{found:?}");
    assert!(found.iter().all(|line| line.ends_with(" with cn")), "{found:?}");
}
