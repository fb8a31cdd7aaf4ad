//! What a recording holds, and what not.

use portcullis::recording::to_line;
use portcullis_model::ResetOptions;
use portcullis_tests::plugins::test_plugin;

use crate::world::{Kind, NEW, World};

#[tokio::test]
async fn nothing_of_the_directory_that_was_not_granted() {
    for kind in Kind::ALL {
        let world = World::new(kind);
        for operation in [world.status("alice"), world.reset(NEW, ResetOptions { must_change: false, unlock: true })] {
            let line = to_line(&world.record(&operation).await.1).unwrap();
            for hidden in ["nobody was granted", "description", "userPassword:", "never to be touched", "adminCount\""]
            {
                assert!(!line.contains(hidden), "{hidden} in {line}");
            }
        }
    }
}

#[tokio::test]
async fn the_attribute_by_which_the_host_makes_sure_is_compared() {
    let change = |draft: portcullis_tests::harness::Draft| {
        draft
            .set("ldap.read.attributes", vec!["pwdReset", "pwdChangedTime"])
            .set("ldap.confirm.by", "read-back")
            .set("ldap.confirm.attribute", "pwdChangedTime")
    };
    let world = World::with(Kind::Mock, change);
    for new in [NEW, "Other-Passw0rd"] {
        let (report, recording) = world.record(&world.reset(new, ResetOptions::default())).await;
        let found = world.replay_with(&recording, change).await.unwrap();
        assert_eq!(found, [], "{:?}", report.outcome);
    }
}

#[tokio::test]
async fn a_plugin_that_reads_passwords_cannot_have_them_recorded() {
    // It looks for the password in the directory, by a filter and in a control.
    let revealing = test_plugin("hostile").unwrap().display().to_string();
    for behave in ["well", "write-with-control", "log-forge", "large-detail", "search", "guess"] {
        let change = |draft: portcullis_tests::harness::Draft| {
            draft
                .set("plugin", revealing.clone())
                .set("config.behave", behave)
                .set("ldap.search.bases", vec!["ou=people,dc=people,dc=example"])
        };
        let world = World::with(Kind::Mock, change);
        let (_, recording) = world.record(&world.reset(NEW, ResetOptions::default())).await;
        let line = to_line(&recording).unwrap().to_lowercase();
        assert!(!line.contains(&NEW.to_lowercase()), "{behave}: {line}");
        let found = world.replay_with(&recording, change).await.unwrap();
        assert_eq!(found, [], "{behave}");
    }
}
