//! No connector runs above the ceiling, and a change of the ceiling counts while the service runs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use portcullis::service::registry::{Change, Registry, State, What};
use portcullis_audit::read;
use portcullis_model::{FaultCode, Login};
use portcullis_tests::plugins::root;
use portcullis_tests::signer::Signer;

use crate::folder::{ALICE, Folder, PLUGIN, mock, only, works};

const CEILING: &str = "ceiling.toml";
const SIGNATURE: &str = "plugins/mock.wasm.minisig";
const WRITE: &str = "pwdReset = [\"TRUE\"]";

/// With the ceiling of the examples, below which the mock connector runs.
fn below() -> Folder {
    let folder = Folder::new();
    folder.write(CEILING, fs::read(root().join("examples/ceiling.toml")).unwrap());
    folder.approve(&mock(0));
    folder
}

/// The same, and plugins must be signed by this one.
fn signed_by(folder: &Folder, signer: &Signer) {
    folder.edit(CEILING, "require-signature = false", "require-signature = true");
    folder.edit(CEILING, "#vendor = \"RW...\"", &format!("vendor = \"{}\"", signer.public_key()));
}

fn refused(registry: &Registry) -> (State, String, String) {
    let state = only(registry);
    let candidate = state.candidate.unwrap();
    (state.state, candidate.fault, candidate.detail)
}

async fn runs(registry: &Arc<Registry>) {
    let outcome = works(&registry.get("mock").unwrap()).await;
    assert_eq!(outcome.word(), "done", "{outcome:?}");
}

#[tokio::test]
async fn a_connector_above_the_ceiling_is_listed_and_not_run() {
    let folder = below();
    folder.edit(CEILING, WRITE, "");
    let registry = folder.start().await;
    assert!(registry.get("mock").is_none());
    let (state, fault, detail) = refused(&registry);
    assert_eq!((state, &*fault), (State::Broken, "above-ceiling"));
    assert!(detail.contains("connectors/mock.toml:28 pwdReset = [\"TRUE\"] stands against"), "{detail}");
    assert!(detail.contains("ceiling.toml:42 [ldap.write]"), "{detail}");
    let fault = registry.route(&Login::new(ALICE).unwrap(), None).unwrap_err();
    assert_eq!(fault.code, FaultCode::AboveCeiling);
    assert!(!fault.caller_text().contains("toml"), "{}", fault.caller_text());
}

#[tokio::test]
async fn a_lowered_ceiling_ends_what_is_above_it_and_a_raised_one_lets_it_run() {
    let folder = below();
    let registry = folder.start().await;
    runs(&registry).await;
    let held = registry.get("mock").unwrap();
    folder.edit(CEILING, WRITE, "pwdReset = [\"FALSE\"]");
    let changes = registry.reload().await;
    assert!(matches!(&*changes, [Change { what: What::Refused(fault), .. }] if fault.code == FaultCode::AboveCeiling));
    assert!(registry.get("mock").is_none());
    assert_eq!(refused(&registry).1, "above-ceiling");
    assert_eq!(registry.reload().await, [], "told once");
    // What was under way ends on it.
    assert_eq!(works(&held).await.word(), "done");
    folder.edit(CEILING, "pwdReset = [\"FALSE\"]", WRITE);
    registry.reload().await;
    runs(&registry).await;

    let lines = read(folder.state()).unwrap().map(|line| serde_json::to_value(line.unwrap()).unwrap());
    let told = lines.map(|line| line["fact"].as_str().unwrap().to_owned());
    // What the connectors' own checks asked stands between them.
    let told: Vec<String> = told.filter(|fact| fact.starts_with("con")).collect();
    let loaded = "configuration-loaded";
    assert_eq!(told, [loaded, "connector-started", loaded, "connector-refused", loaded, "connector-started"]);
}

/// Also where another version was offered meanwhile, and cannot take over.
#[tokio::test]
async fn what_runs_ends_whatever_was_offered_meanwhile() {
    let folder = below();
    let registry = folder.start().await;
    folder.write("connectors/mock.toml", "plugin = 7");
    registry.reload().await;
    runs(&registry).await;
    folder.edit(CEILING, WRITE, "");
    registry.reload().await;
    assert!(registry.get("mock").is_none());
}

#[tokio::test]
async fn while_the_ceiling_cannot_be_read_the_former_one_is_in_force() {
    let folder = below();
    let registry = folder.start().await;
    let good = folder.read(CEILING);
    let path = folder.path(CEILING);
    for spoil in ["broken", "for others to write", "gone"] {
        match spoil {
            "broken" => folder.write(CEILING, "= ="),
            "gone" => fs::remove_file(&path).unwrap(),
            _ => {
                folder.write(CEILING, "operations = [\"reset-password\"]");
                fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
            }
        }
        assert_eq!(registry.reload().await, [], "{spoil}");
        runs(&registry).await;
        // What is new is held against it, too.
        folder.edit("connectors/mock.toml", WRITE, "pwdReset = [\"FALSE\"]");
        registry.reload().await;
        assert_eq!(refused(&registry).1, "above-ceiling", "{spoil}");
        folder.edit("connectors/mock.toml", "pwdReset = [\"FALSE\"]", WRITE);
        folder.write(CEILING, &good);
        registry.reload().await;
        assert_eq!(only(&registry).candidate, None);
    }
}

#[tokio::test]
async fn nothing_starts_with_a_ceiling_that_cannot_be_read() {
    let folder = below();
    folder.write(CEILING, "= =");
    let fault = folder.try_start(None).await.unwrap_err();
    assert!(fault.code == FaultCode::Misconfigured && fault.detail.contains("TOML"), "{fault}");
    let nowhere = folder.path("nowhere.toml");
    assert_eq!(folder.try_start(Some(&nowhere)).await.unwrap_err().code, FaultCode::Misconfigured);
}

/// The operator deletes the file that lies in his folder; the one that is named counts.
#[tokio::test]
async fn a_ceiling_that_is_named_counts_and_no_other() {
    let folder = below();
    folder.edit(CEILING, WRITE, "");
    let named = folder.state().join("theirs.toml");
    fs::rename(folder.path(CEILING), &named).unwrap();
    let registry = folder.try_start(Some(&named)).await.unwrap();
    assert_eq!(refused(&registry).1, "above-ceiling");
    folder.write(CEILING, fs::read(root().join("examples/ceiling.toml")).unwrap());
    registry.reload().await;
    assert_eq!(refused(&registry).1, "above-ceiling");
}

#[tokio::test]
async fn a_plugin_without_a_signature_is_neither_run_nor_compiled() {
    let (folder, signer) = (below(), Signer::new(1));
    signed_by(&folder, &signer);
    let registry = folder.start().await;
    let (state, fault, detail) = refused(&registry);
    assert_eq!((state, &*fault), (State::Broken, "plugin-not-signed"), "{detail}");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while registry.plugins().is_empty() {
        assert!(std::time::Instant::now() < deadline);
        tokio::task::yield_now().await;
    }
    let listed = registry.plugins();
    assert!(listed[0].fault.is_some() && listed[0].asks_for.is_empty(), "nothing was read from it: {listed:?}");
    folder.write(SIGNATURE, signer.sign(&mock(0), "1.0"));
    registry.reload().await;
    runs(&registry).await;
    let signed = registry.get("mock").unwrap().connector.plugin.signed().cloned().unwrap();
    assert_eq!((&*signed.signer, &*signed.comment), ("vendor", "1.0"));
}

#[tokio::test]
async fn a_changed_byte_is_not_loaded_and_the_former_goes_on() {
    let (folder, signer) = (below(), Signer::new(1));
    signed_by(&folder, &signer);
    folder.write(SIGNATURE, signer.sign(&mock(0), "1.0"));
    folder.approve(&mock(1));
    let registry = folder.start().await;
    runs(&registry).await;
    folder.write(PLUGIN, mock(1));
    registry.reload().await;
    assert_eq!((refused(&registry).0, &*refused(&registry).1), (State::Running, "signature-broken"));
    runs(&registry).await;
    let anew = folder.start().await;
    assert_eq!(refused(&anew).1, "signature-broken");
    // Signed anew, it takes over.
    folder.write(SIGNATURE, signer.sign(&mock(1), "1.1"));
    registry.reload().await;
    assert_eq!(only(&registry).candidate, None);
    assert_eq!(registry.get("mock").unwrap().connector.plugin.signed().unwrap().comment, "1.1");
}

#[tokio::test]
async fn a_signer_who_is_not_trusted_any_more_stops_what_runs() {
    let (folder, signer, next) = (below(), Signer::new(1), Signer::new(2));
    signed_by(&folder, &signer);
    folder.write(SIGNATURE, signer.sign(&mock(0), "1.0"));
    let registry = folder.start().await;
    runs(&registry).await;
    folder.edit(CEILING, &signer.public_key(), &next.public_key());
    registry.reload().await;
    assert_eq!((refused(&registry).0, &*refused(&registry).1), (State::Broken, "plugin-not-signed"));
    folder.write(SIGNATURE, next.sign(&mock(0), "1.0"));
    registry.reload().await;
    runs(&registry).await;
}

/// A running connector that was loaded before anybody asked for a signature goes on if there is one.
#[tokio::test]
async fn a_signature_that_is_wanted_from_now_on() {
    let (folder, signer) = (below(), Signer::new(1));
    folder.write(SIGNATURE, signer.sign(&mock(0), "1.0"));
    let registry = folder.start().await;
    runs(&registry).await;
    signed_by(&folder, &signer);
    registry.reload().await;
    assert_eq!(only(&registry).candidate, None);
    runs(&registry).await;
}
