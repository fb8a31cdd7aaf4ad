//! Whatever is wrong with a new connector, the former goes on serving, and says so.

use std::sync::Arc;

use portcullis::service::registry::{State, What};
use portcullis_model::Outcome;

use crate::folder::{Folder, PLUGIN, TOML, mock, nobody_listens, only, works};

/// Offers something that cannot take over; the former goes on, says why, and is replaced once it is mended.
async fn leaves_the_former(code: &str, detail: &str, name: &str, content: impl AsRef<[u8]>, approved: Option<&[u8]>) {
    let folder = Folder::new();
    folder.approve(&mock(0));
    folder.approve(&mock(1));
    if let Some(bytes) = approved {
        folder.approve(bytes);
    }
    let registry = folder.start().await;
    let before = registry.get("mock").unwrap();
    let good = std::fs::read(folder.path(name)).unwrap();
    folder.write(name, content);
    let changes = registry.reload().await;
    assert!(matches!(&changes[..], [change] if matches!(change.what, What::Refused(_))), "{changes:?}");
    let state = only(&registry);
    let candidate = state.candidate.unwrap();
    assert_eq!((state.state, &*candidate.fault), (State::Running, code), "{candidate:?}");
    assert!(candidate.detail.contains(detail), "{candidate:?}");
    assert!(Arc::ptr_eq(&before, &registry.get("mock").unwrap()));
    assert!(matches!(works(&before).await, Outcome::Done(_)));
    // Said once.
    assert_eq!(registry.reload().await, []);
    // Mended: as it was is no swap; another good one is.
    folder.write(name, &good);
    assert_eq!(registry.reload().await, []);
    assert_eq!(only(&registry).candidate, None);
    folder.write(PLUGIN, mock(1));
    assert!(matches!(&registry.reload().await[..], [change] if change.what == What::Swapped));
}

#[tokio::test]
async fn a_file_that_is_no_plugin() {
    leaves_the_former("plugin-unusable", "not WebAssembly", PLUGIN, "garbage", None).await;
}

#[tokio::test]
async fn a_plugin_that_is_copied_half() {
    let whole = mock(0);
    leaves_the_former("plugin-unusable", "not a valid component", PLUGIN, &whole[..whole.len() / 2], None).await;
}

#[tokio::test]
async fn a_plugin_that_asks_for_more_than_it_was_granted() {
    let greedy = wat::parse_str("(component (import \"wasi:sockets/network@0.2.0\" (instance)))").unwrap();
    leaves_the_former("plugin-not-granted", "wasi:sockets/network", PLUGIN, &greedy, Some(&greedy)).await;
}

#[tokio::test]
async fn a_connectors_file_with_a_mistake() {
    leaves_the_former("misconfigured", "mock.toml: line 2: ", TOML, "# A mistake\nplugin = ", None).await;
}

#[tokio::test]
async fn a_connector_whose_check_finds_a_problem() {
    let text = Folder::new().read(TOML).replace("ou=people,dc=people", "ou=nobody,dc=people");
    leaves_the_former("misconfigured", "does not show ou=nobody", TOML, text, None).await;
}

#[tokio::test]
async fn a_broken_one_that_never_ran_is_listed_and_the_others_run() {
    let folder = Folder::new();
    folder.approve(&mock(0));
    folder.write("connectors/torn.toml", "plugin = ");
    let registry = folder.start().await;
    let states = registry.states();
    let words: Vec<_> = states.iter().map(|state| (&*state.name, state.state)).collect();
    assert_eq!(words, [("mock", State::Running), ("torn", State::Broken)]);
    assert!(registry.get("torn").is_none() && registry.get("mock").is_some());
}

#[tokio::test]
async fn a_directory_that_is_away_while_the_former_is_there() {
    let text = nobody_listens(&Folder::new().read(TOML), "");
    leaves_the_former("directory-unavailable", "127.0.0.1", TOML, text, None).await;
}

/// Waiting would only keep an operator from repairing it.
#[tokio::test]
async fn a_directory_that_is_away_as_the_former_was() {
    let folder = Folder::new();
    folder.approve(&mock(0));
    folder.write(TOML, nobody_listens(&folder.read(TOML), ""));
    let registry = folder.start().await;
    folder.edit(TOML, "127.0.0.1:9", "127.0.0.1:10");
    let changes = registry.reload().await;
    assert!(matches!(&changes[..], [change] if change.what == What::Swapped), "{changes:?}");
}

/// What a check found may be mended in the directory: no file changes.
#[tokio::test]
async fn a_problem_that_goes_away_by_itself() {
    let folder = Folder::new();
    folder.approve(&mock(0));
    folder.edit(TOML, "# state =", "state =");
    let registry = folder.start().await;
    let before = registry.get("mock").unwrap();
    folder.edit(TOML, "ou=people,dc=people", "ou=late,dc=people");
    registry.reload().await;
    assert_eq!(only(&registry).candidate.unwrap().fault, "misconfigured");
    assert!(Arc::ptr_eq(&before, &registry.get("mock").unwrap()));
    let state = folder.read("connectors/people.state.ldif");
    let late = "dn: ou=late,dc=people,dc=example\nobjectClass: organizationalUnit\nou: late\n";
    folder.write("connectors/people.state.ldif", format!("{state}\n{late}"));
    let changes = registry.reload().await;
    assert!(matches!(&changes[..], [change] if change.what == What::Swapped), "{changes:?}");
}
