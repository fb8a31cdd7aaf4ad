//! Which connector an account goes to, and what is remembered of each.

use std::time::Duration;

use portcullis::service::registry::{LastFault, Registry};
use portcullis_model::{Fault, FaultCode, Login};

use crate::folder::{ALICE, Folder, TOML, mock, nobody_listens, only};

fn routed(registry: &Registry, account: &str, wanted: Option<&str>) -> Result<String, FaultCode> {
    let running = registry.route(&Login::new(account).unwrap(), wanted).map_err(|fault| fault.code)?;
    Ok(running.connector.file.name.clone())
}

#[tokio::test]
async fn exactly_one_that_runs() {
    let folder = Folder::new();
    folder.approve(&mock(0));
    let text = folder.read(TOML);
    folder
        .write("connectors/broken.toml", text.replace("mock.wasm", "../plugins/broken.wasm").replace("people", "torn"));
    folder.write("plugins/broken.wasm", "garbage");
    folder.write("connectors/torn.ldif", folder.read("connectors/people.ldif"));
    folder.write("connectors/unread.toml", "accounts = [");
    let registry = folder.start().await;
    assert_eq!(routed(&registry, "alice@nowhere.example", None), Err(FaultCode::NoConnector));
    assert_eq!(routed(&registry, "alice@nowhere.example", Some("mock")), Err(FaultCode::NoConnector));
    assert_eq!(routed(&registry, ALICE, Some("nobody")), Err(FaultCode::UnknownConnector));
    // A connector that does not run says why.
    assert_eq!(routed(&registry, "alice@torn.example", None), Err(FaultCode::PluginUnusable));
    assert_eq!(routed(&registry, ALICE, Some("unread")), Err(FaultCode::Misconfigured));
    assert_eq!(routed(&registry, ALICE, None).as_deref(), Ok("mock"));
    assert_eq!(routed(&registry, ALICE, Some("mock")).as_deref(), Ok("mock"));

    // Another one for the same accounts, even one that is broken: nobody guesses.
    folder.write("connectors/second.toml", text.replace("mock.wasm", "../plugins/broken.wasm"));
    registry.reload().await;
    assert_eq!(routed(&registry, ALICE, None), Err(FaultCode::ConnectorAmbiguous));
    assert_eq!(routed(&registry, ALICE, Some("second")), Err(FaultCode::PluginUnusable));
    assert_eq!(routed(&registry, ALICE, Some("mock")).as_deref(), Ok("mock"));
}

#[tokio::test]
async fn the_last_fault_is_kept_and_said_to_be_over() {
    let folder = Folder::new();
    folder.approve(&mock(0));
    let registry = folder.start().await;
    let last = |registry: &Registry| only(registry).last_fault.map(|LastFault { code, over, .. }| (code, over));
    registry.note("mock", Some(&Fault::new(FaultCode::WrongPassword, "the caller's")));
    assert_eq!(last(&registry), None);
    registry.note("mock", Some(&Fault::new(FaultCode::DirectoryUnavailable, "away")));
    assert_eq!(last(&registry), Some(("directory-unavailable".into(), false)));
    // A wrong password is found out by asking the directory.
    registry.note("mock", Some(&Fault::new(FaultCode::WrongPassword, "the caller's")));
    assert_eq!(last(&registry), Some(("directory-unavailable".into(), true)));
    registry.note("mock", Some(&Fault::new(FaultCode::DirectoryDenied, "no right")));
    assert_eq!(last(&registry), Some(("directory-denied".into(), false)));
    registry.note("mock", None);
    assert_eq!(last(&registry), Some(("directory-denied".into(), true)));
}

/// Nobody waits for it at the start, and it is looked at all the same.
#[tokio::test]
async fn a_directory_that_is_away_at_the_start_is_the_last_fault() {
    let folder = Folder::new();
    folder.approve(&mock(0));
    folder.write(TOML, nobody_listens(&folder.read(TOML), ""));
    let registry = folder.start().await;
    assert!(registry.get("mock").is_some());
    let seen = async {
        while only(&registry).last_fault.is_none_or(|fault| fault.code != "directory-unavailable") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(20), seen).await.is_ok(), "{:?}", only(&registry));
}
