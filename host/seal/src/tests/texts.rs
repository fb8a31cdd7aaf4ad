//! What people and programs read: no secret in any of it.

use insta::assert_snapshot;

use super::{Host, SECRET};
use crate::{KeyId, KeyInfo, KeyState, Label, OpenError, PublicKey};

#[test]
fn a_public_key_is_read_back_from_its_json_and_a_wrong_one_is_not() {
    let key = PublicKey { id: KeyId::of(&[7; 32]), key: [7; 32], created: 1_790_000_000, accepted_until: None };
    let text = serde_json::to_string(&key).unwrap();
    assert_snapshot!(text, @r#"{"id":"4bb06f8e4e3a7715","key":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc","created":1790000000,"accepted_until":null}"#);
    assert_eq!(serde_json::from_str::<PublicKey>(&text).unwrap(), key);
    // Another key, a byte too many, bits at the end that say nothing, another id.
    for (from, to) in [("key\":\"B", "key\":\"C"), ("wc\"", "wcHB\""), ("wc\"", "wd\""), ("4bb0", "4bb1")] {
        let wrong = text.replace(from, to);
        assert_ne!(wrong, text);
        assert!(serde_json::from_str::<PublicKey>(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn what_the_list_of_keys_shows() {
    let states =
        [KeyState::Current, KeyState::Accepted { until: 1_800_000_000 }, KeyState::Retired { since: 1_800_000_000 }];
    let infos = states.map(|state| KeyInfo { id: KeyId::of(&[7; 32]), created_at: 1_790_000_000, state });
    let lines: Vec<String> = infos.iter().map(|key| format!("{}  {}  {}", key.id, key.created(), key.state)).collect();
    assert_snapshot!(lines.join("\n"), @r"
    4bb06f8e4e3a7715  2026-09-21T14:13:20Z  current
    4bb06f8e4e3a7715  2026-09-21T14:13:20Z  accepted until 2027-01-15T08:00:00Z
    4bb06f8e4e3a7715  2026-09-21T14:13:20Z  retired since 2027-01-15T08:00:00Z
    ");
    assert_snapshot!(serde_json::to_string(&infos).unwrap(), @r#"[{"id":"4bb06f8e4e3a7715","created":1790000000,"state":"current"},{"id":"4bb06f8e4e3a7715","created":1790000000,"state":"accepted","until":1800000000},{"id":"4bb06f8e4e3a7715","created":1790000000,"state":"retired","since":1800000000}]"#);
}

#[test]
fn every_label_is_found_by_its_name() {
    assert!(Label::ALL.into_iter().all(|label| Label::parse(label.name()) == Some(label)));
    assert_eq!(Label::parse("New"), None);
}

#[test]
fn an_error_says_nothing_of_the_reason_or_the_secret() {
    let host = Host::new();
    let envelope = host.seal(SECRET);
    let taken = Host::new().open(&envelope).unwrap_err();
    assert_snapshot!(taken, @"the sealed password was made with a key that this host does not have");
    assert_snapshot!(OpenError::Unopened, @"the sealed password does not open: it was sealed for something else, or altered");
    for shown in [format!("{envelope:?}"), format!("{:?}", host.ring), format!("{:?}", host.open(&envelope))] {
        assert!(!shown.contains(SECRET), "{shown}");
    }
}
