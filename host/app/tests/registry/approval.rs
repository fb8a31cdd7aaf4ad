//! A plugin runs only if somebody approved its bytes.

use portcullis::service::registry::State;
use portcullis::service::registry::approval::Approvals;
use portcullis_model::{FaultCode, Login, Outcome};

use crate::folder::{ALICE, Folder, PLUGIN, TOML, mock, only, works};

#[tokio::test]
async fn what_nobody_approved_is_listed_and_not_run() {
    let folder = Folder::new();
    let registry = folder.start().await;
    assert!(registry.get("mock").is_none());
    let fault = registry.route(&Login::new(ALICE).unwrap(), None).unwrap_err();
    assert_eq!(fault.code, FaultCode::PluginNotApproved, "{fault}");
    assert!(fault.detail.contains("portcullis approve mock"), "{fault}");
    let state = only(&registry);
    assert_eq!((state.state, &state.digest), (State::NotApproved, &None));
    let candidate = state.candidate.unwrap();
    assert_eq!(candidate.fault, "plugin-not-approved");
    assert!(candidate.asks_for.iter().any(|i| i == "portcullis:writeback/ldap@0.1.0"), "{candidate:?}");
    assert!(candidate.exports.iter().any(|i| i == "portcullis:writeback/passwords@0.1.0"), "{candidate:?}");
}

#[tokio::test]
async fn approved_bytes_run_and_no_others() {
    let folder = Folder::new();
    folder.approve(&mock(0));
    let registry = folder.start().await;
    let outcome = works(&registry.get("mock").unwrap()).await;
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    assert_eq!(only(&registry).state, State::Running);

    // One byte differs: after a change, and after a start.
    folder.write(PLUGIN, mock(1));
    registry.reload().await;
    let state = only(&registry);
    let candidate = state.candidate.unwrap();
    assert_eq!((state.state, &*candidate.fault), (State::Running, "plugin-not-approved"));
    assert_ne!(state.digest, candidate.digest);
    assert!(folder.start().await.get("mock").is_none());
}

#[tokio::test]
async fn a_digest_in_the_connectors_file_is_an_approval() {
    let folder = Folder::new();
    let digest = portcullis_sandbox::Digest::of(&mock(0)).to_string();
    folder.edit(TOML, "plugin = ", &format!("sha256 = \"{}\"\nplugin = ", "0".repeat(64)));
    let registry = folder.start().await;
    assert_eq!(only(&registry).candidate.unwrap().fault, "plugin-changed");
    assert!(registry.get("mock").is_none());
    folder.edit(TOML, &"0".repeat(64), &digest);
    registry.reload().await;
    assert!(registry.get("mock").is_some());
}

#[tokio::test]
async fn an_approval_counts_at_once_and_so_does_its_withdrawal() {
    let folder = Folder::new();
    let registry = folder.start().await;
    folder.approve(&mock(0));
    registry.reload().await;
    assert_eq!(only(&registry).state, State::Running);
    // While nobody can say what was approved, what runs goes on.
    let file = folder.state().join("approved.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, "approved = 7").unwrap();
    assert_eq!(registry.reload().await, []);
    let state = only(&registry);
    assert_eq!((state.state, state.candidate), (State::Running, None));
    let digest = portcullis_sandbox::Digest::of(&mock(0)).to_string();
    std::fs::write(&file, text.replace(&digest, &"0".repeat(64))).unwrap();
    registry.reload().await;
    assert_eq!(only(&registry).state, State::NotApproved);
    assert!(registry.get("mock").is_none());
}

/// Also where a version that nobody approved lies in its place already.
#[tokio::test]
async fn a_withdrawn_approval_ends_what_runs_whatever_was_offered_meanwhile() {
    let folder = Folder::new();
    folder.approve(&mock(0));
    let registry = folder.start().await;
    folder.write(PLUGIN, mock(1));
    registry.reload().await;
    assert_eq!(only(&registry).state, State::Running);
    std::fs::write(folder.state().join("approved.toml"), "").unwrap();
    registry.reload().await;
    assert_eq!(only(&registry).state, State::NotApproved);
    assert!(registry.get("mock").is_none());
}

/// Before anybody writes a connector for it.
#[tokio::test]
async fn a_plugin_that_no_connector_names_is_listed_with_what_it_asks_for() {
    let folder = Folder::new();
    folder.approve(&mock(0));
    let registry = folder.start().await;
    folder.write("plugins/dropped.wasm", mock(7));
    folder.write("plugins/torn.wasm", &mock(7)[..1000]);
    // Nobody writes into it: who waited for it would wait for ever.
    let pipe = folder.path("plugins/pipe.wasm");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut generation = registry.generation();
    registry.reload().await;
    let listed = async {
        loop {
            if let [dropped, mock, pipe, torn] = &registry.plugins()[..] {
                assert_eq!(pipe.fault.as_deref(), Some("it is not a regular file"));
                break (dropped.clone(), mock.clone(), torn.clone());
            }
            generation.changed().await.unwrap();
        }
    };
    let (dropped, mock, torn) = tokio::time::timeout(std::time::Duration::from_secs(20), listed).await.unwrap();
    assert!(dropped.file.ends_with("dropped.wasm") && !dropped.approved && dropped.connectors.is_empty());
    assert!(dropped.asks_for.iter().any(|i| i == "portcullis:writeback/ldap@0.1.0"), "{dropped:?}");
    assert!(mock.approved && mock.connectors == ["mock"], "{mock:?}");
    assert!(!torn.approved && torn.fault.is_some(), "{torn:?}");
}

/// Whoever may write the list decides what runs: it counts only if it is root's or the folder's owner's.
#[test]
fn a_list_that_another_user_could_have_written_is_refused() {
    use std::os::unix::fs::{PermissionsExt as _, chown};
    let folder = Folder::new();
    folder.approve(&mock(0));
    let (file, state) = (folder.state().join("approved.toml"), folder.state());
    let approves = || Approvals::read(state).map(|all| all.approves(portcullis_sandbox::Digest::of(&mock(0))));
    let mode = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    assert_eq!(approves(), Ok(true));
    mode(&file, 0o664);
    assert!(approves().unwrap_err().detail.contains("chmod go-w"));
    mode(&file, 0o644);
    mode(state, 0o777);
    assert!(approves().unwrap_err().detail.contains("could put another file there"));
    mode(state, 0o700);
    // Only root can give a file away.
    if chown(&file, Some(4_711), None).is_ok() {
        assert!(approves().unwrap_err().detail.contains("belongs to uid 4711"));
        chown(state, Some(4_711), None).unwrap();
        assert_eq!(approves(), Ok(true), "its own folder");
        chown(&file, Some(0), None).unwrap();
        assert_eq!(approves(), Ok(true), "root may approve for the service");
    }
}
