//! Log lines: one for each state, each with the operation's id, none with an account.

use std::time::Duration;

use portcullis::config::{LogFormat, Observe as Settings};
use portcullis::observe::Look;
use portcullis_model::{OperationId, OperationKind};
use tracing::Level;

use crate::world::{ALICE, World, reset};

#[test]
fn each_state_is_one_line_with_id_kind_connector_and_time_and_no_account() {
    let world = World::new(&Settings::default(), Level::INFO, LogFormat::Json);
    let (done, refused) = world.serve(async |service| {
        let done = reset(service, ALICE, "a new Passw0rd").await.unwrap();
        let refused = reset(service, "nobody@people.example", "a new Passw0rd").await.unwrap();
        (done, refused)
    });
    let lines = world.lines.json();
    let of = |id: &OperationId| -> Vec<(String, Option<String>)> {
        let ours = lines.iter().filter(|line| line["id"] == id.as_str());
        ours.map(|line| {
            assert_eq!((&line["kind"], &line["connector"]), (&"reset-password".into(), &"mock".into()), "{line}");
            assert!(line["message"] == "accepted" || line["milliseconds"].is_u64(), "{line}");
            let text = |name: &str| line[name].as_str().map(str::to_owned);
            (text("state").unwrap(), text("fault"))
        })
        .collect()
    };
    let state = |state: &str| (state.to_owned(), None);
    assert_eq!(of(&done.id), [state("waiting"), state("acting"), state("done")]);
    let fault = Some("no-such-account".to_owned());
    assert_eq!(of(&refused.id), [state("waiting"), ("refused".to_owned(), fault)]);
    for account in ["alice", "nobody", "people.example"] {
        assert!(!world.lines.text().contains(account), "{account} is in:\n{}", world.lines.text());
    }
}

#[test]
fn every_line_inside_an_operation_carries_its_id_in_both_formats() {
    for format in [LogFormat::Text, LogFormat::Json] {
        // At the level of warnings too: the span must not depend on the level of the log.
        let world = World::new(&Settings::default(), Level::WARN, format);
        let id = OperationId::new().unwrap();
        world.within(|| {
            let span = world.metrics().taken_up(&id, OperationKind::UnlockAccount, "mock", Duration::ZERO);
            span.in_scope(|| {
                tracing::warn!(target: "portcullis_directory::ldap", server = "ldap://x", "left alone");
                tracing::debug_span!(target: "portcullis", "directory")
                    .in_scope(|| tracing::warn!(target: "connector", source = "plugin", "said something"));
                tracing::warn!(target: "hyper", "not ours");
            });
        });
        let text = world.lines.text();
        assert_eq!(text.lines().count(), 2, "{text}");
        for line in text.lines() {
            assert!(line.contains(id.as_str()) && line.contains("unlock-account") && line.contains("mock"), "{line}");
        }
    }
}

#[test]
fn a_line_for_programs_is_flat() {
    let world = World::new(&Settings::default(), Level::WARN, LogFormat::Json);
    let id = OperationId::new().unwrap();
    world.within(|| {
        let span = world.metrics().taken_up(&id, OperationKind::UnlockAccount, "mock", Duration::ZERO);
        span.in_scope(|| tracing::warn!(target: "connector", number = 7, truth = true, "two\nlines \"quoted\""));
    });
    let text = world.lines.text().replace(id.as_str(), "ID");
    insta::assert_snapshot!(text, @r#"{"connector":"mock","id":"ID","kind":"unlock-account","level":"warn","message":"two\nlines \"quoted\"","number":7,"target":"connector","truth":true}"#);
}

#[test]
fn people_get_one_line_without_colours_and_time_where_journald_has_them() {
    let world = World::new(&Settings::default(), Level::WARN, LogFormat::Text);
    let id = OperationId::new().unwrap();
    world.within(|| {
        let span = world.metrics().taken_up(&id, OperationKind::UnlockAccount, "mock", Duration::ZERO);
        span.in_scope(|| tracing::warn!(target: "connector", number = 7, "said something"));
    });
    let text = world.lines.text().replace(id.as_str(), "ID");
    insta::assert_snapshot!(text, @r#" WARN operation: said something number=7 id=ID kind=unlock-account connector="mock""#);

    let look = Look { format: LogFormat::Text, time: true, colours: false };
    let world = World::with_look(&Settings::default(), Level::WARN, look);
    world.within(|| tracing::warn!(target: "portcullis", "x"));
    assert!(world.lines.text().starts_with("20"), "{}", world.lines.text());
}
