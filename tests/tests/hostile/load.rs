//! Promise 4: what a plugin imports and was not granted keeps it from starting; and the linker holds nothing else, for
//! whoever forgets to ask.

use std::path::Path;

use portcullis_capabilities::{Grants, link, missing};
use portcullis_sandbox::{Limits, Plugin, Sandbox, SandboxOptions};
use portcullis_tests::plugins::test_plugin;

use crate::world::{Draft, World};

fn refused(draft: Draft<'_>) -> String {
    let Err(fault) = draft.try_start() else { panic!("the connector starts") };
    assert_eq!(fault.code.name(), "plugin-not-granted", "{fault}");
    fault.detail
}

#[tokio::test]
async fn each_section_alone() {
    let world = World::new();
    for section in ["ldap", "log", "config"] {
        let detail = refused(world.hostile("well").without(section));
        let missing = format!("portcullis:writeback/{section}@0.1.0 (granted by a section [{section}])");
        assert!(detail.ends_with(&format!("does not grant: {missing}")), "{detail}");
    }
    let detail = refused(world.guest("revealing"));
    let missing =
        "portcullis:writeback/reveal@0.1.0 (granted by a section [reveal]): it would read the text of passwords";
    assert!(detail.ends_with(missing), "{detail}");
    world.goes_on().await;
}

/// Sockets are offered to nobody, in no section.
#[tokio::test]
async fn a_plugin_that_wants_the_network() {
    let world = World::new();
    let detail = refused(world.guest("sockets"));
    assert!(
        detail.contains("wasi:sockets/tcp@0.2") && detail.contains("this host offers it to no connector"),
        "{detail}"
    );
    assert!(!detail.contains("wasi:cli"), "only what is refused is listed: {detail}");
    world.goes_on().await;
}

fn load(sandbox: &Sandbox, path: &Path) -> Plugin {
    sandbox.load(path).unwrap()
}

/// The gate itself: without the check before it, an import that was not granted cannot be linked.
#[tokio::test]
async fn the_linker_holds_what_was_granted_and_nothing_else() {
    let sandbox = Sandbox::new(SandboxOptions { slots: 1 }, None).unwrap();
    let everything = || Grants {
        ldap: Some(Default::default()),
        log: Some(portcullis_capabilities::log::LogGrant { level: portcullis_capabilities::log::Level::Info }),
        config: Some(Default::default()),
        reveal: Some(Default::default()),
    };
    type Take = fn(&mut Grants);
    let each: [(&str, Take); 4] = [
        ("ldap", |g| g.ldap = None),
        ("log", |g| g.log = None),
        ("config", |g| g.config = None),
        ("reveal", |g| g.reveal = None),
    ];
    let plugin = load(&sandbox, &test_plugin("revealing").unwrap());
    let linked = |grants: &Grants| {
        let linker = link(sandbox.engine(), plugin.surface(), grants).unwrap();
        sandbox.prepare(&plugin, &linker, Limits::default()).map(|_| ()).map_err(|error| format!("{error:#}"))
    };
    for (section, take) in each {
        let mut grants = everything();
        take(&mut grants);
        let interface = format!("portcullis:writeback/{section}@0.1.0");
        assert!(linked(&grants).unwrap_err().contains(&interface), "{section}");
        let lacking: Vec<_> = missing(plugin.surface(), &grants).into_iter().map(|grant| grant.interface).collect();
        assert_eq!(lacking, [interface]);
    }
    assert_eq!(linked(&everything()), Ok(()));
    // What is granted to nobody, with every grant that there is.
    let sockets = load(&sandbox, &test_plugin("sockets").unwrap());
    let linker = link(sandbox.engine(), sockets.surface(), &everything()).unwrap();
    let error = format!("{:#}", sandbox.prepare(&sockets, &linker, Limits::default()).err().unwrap());
    assert!(error.contains("wasi:sockets/"), "{error}");
}
