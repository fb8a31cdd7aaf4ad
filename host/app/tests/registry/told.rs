//! What became of connectors is told, if not at once then later.

use std::fs;

use portcullis::service::registry::State;
use portcullis_audit::read;
use portcullis_audit::verify::{Options, verify};

use crate::folder::{Folder, TOML, mock, only};

#[tokio::test]
async fn what_could_not_be_written_is_told_by_a_later_look_in_its_order_and_once() {
    let folder = Folder::new();
    [0, 1].iter().for_each(|version| folder.approve(&mock(*version)));
    let registry = folder.start().await;
    let head = folder.state().join("audit/audit.head");
    let good = fs::read(&head).unwrap();
    // Somebody changes the log under the service.
    fs::write(&head, "nothing of the kind").unwrap();
    let text = folder.read(TOML);
    folder.write(TOML, "plugin = 7");
    assert_eq!(registry.reload().await.len(), 1, "what happened is returned all the same");
    fs::remove_file(folder.path(TOML)).unwrap();
    registry.reload().await;
    folder.write(TOML, text);
    registry.reload().await;
    assert_eq!(only(&registry).state, State::Running, "what may run does not depend on it");
    fs::write(&head, good).unwrap();
    for _ in 0..3 {
        registry.reload().await;
    }
    let facts = || {
        let names = read(folder.state()).unwrap().map(|line| serde_json::to_value(line.unwrap()).unwrap());
        let names = names.map(|line| line["fact"].as_str().unwrap().to_owned());
        names.filter(|name| name.starts_with("connector-")).collect::<Vec<_>>()
    };
    let all = ["connector-started", "connector-refused", "connector-withdrawn", "connector-started"];
    assert_eq!(facts(), all);
    assert!(verify(folder.state(), &Options::default()).unwrap().is_whole());
}
