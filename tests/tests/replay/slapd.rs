//! The same with a real server: what slapd answered is replayed without it.

use portcullis::ceiling::Ceiling;
use portcullis::operation::{Around, perform_within};
use portcullis::recording::{Recorder, Recording, from_line, to_line};
use portcullis::replay::{Against, Divergence};
use portcullis_model::{Login, Operation, ResetOptions, Use};
use portcullis_tests::harness::{Draft, Running, sandbox};
use portcullis_tests::servers::OpenLdap;
use portcullis_tests::{Result, or_skip};

use crate::world::{names, password};

const FIRST: &str = "A-First-Passw0rd";
const SECOND: &str = "A-Second-Passw0rd";

async fn record(running: &Running, operation: Operation) -> Recording {
    let recorder = Recorder::new(&running.connector, &operation);
    let around = recorder.around(&running.connector, Around::default());
    let report = perform_within(&running.connector, &operation, around).await;
    let line = to_line(&recorder.finish(&operation, &report).unwrap()).unwrap();
    assert!(!line.contains(FIRST) && !line.contains(SECOND), "{line}");
    from_line(line.trim_end()).unwrap()
}

async fn replay(draft: &Draft, recording: &Recording) -> Vec<Divergence> {
    let file = draft.load().unwrap();
    let plugin = sandbox().load(&file.plugin).unwrap();
    Against::start(file, plugin, sandbox(), &Ceiling::none()).unwrap().replay(recording).await.unwrap()
}

#[tokio::test]
async fn what_a_real_server_answered_replays_without_it() -> Result<()> {
    let Some(server) = or_skip(OpenLdap.shared()) else { return Ok(()) };
    let account = server.new_account("replay").await?;
    let running = Draft::of(&server).start();
    let login = || Login::new(account.login.clone()).unwrap();
    let options = ResetOptions { must_change: false, unlock: true };
    let operations = [
        Operation::reset(login(), password(FIRST), options)?,
        Operation::verify(login(), password(FIRST))?,
        Operation::change(login(), password(FIRST), password(SECOND))?,
        // The old password is not right any more, and the new one is in the history.
        Operation::change(login(), password(FIRST), password(SECOND))?,
        Operation::change(login(), password(SECOND), password(FIRST))?,
        Operation::reset(login(), password("short"), ResetOptions::default())?,
        Operation::verify(login(), password("another one"))?,
        Operation::status(login())?,
        Operation::unlock(login())?,
    ];
    let mut recordings = Vec::new();
    for operation in operations {
        recordings.push(record(&running, operation).await);
    }
    let words: Vec<_> = recordings.iter().map(|recording| recording.ended.outcome.as_str()).collect();
    assert!(words.contains(&"done") && words.contains(&"refused"), "{words:?}");
    // From here on nobody is asked: the server that the file names does not exist, and its secret is nowhere.
    let nowhere: toml::Table = [("file".to_owned(), "/nowhere/to-be-found".into())].into_iter().collect();
    let same = || Draft::of(&server).urls(&["ldaps://directory.invalid"]).set("ldap.bind-password", nowhere.clone());
    for recording in &recordings {
        assert_eq!(replay(&same(), recording).await, [], "{:?} {:?}", recording.kind, recording.ended);
    }
    let narrower = same().set("ldap.allow.set-password", false);
    let found = replay(&narrower, &recordings[0]).await;
    assert!(matches!(found.first(), Some(Divergence::Denied { wanted: Some(Use::SetPassword), .. })), "{found:#?}");
    assert!(names(&found).contains(&"outcome-changed"), "{found:#?}");
    Ok(())
}
