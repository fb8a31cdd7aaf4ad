//! A lowered ceiling and a withdrawn approval count at once, whatever else the registry waits for.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use portcullis::service::registry::{ConnectorState, Pace, Registry, State};
use portcullis_audit::{Fact, read};
use portcullis_tests::plugins::root;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

use crate::folder::{Folder, TOML, mock, nobody_listens};

const CEILING: &str = "ceiling.toml";
const WRITE: &str = "pwdReset = [\"TRUE\"]";
const SLOW: &str = "connectors/slow.toml";

/// Only events count: the next look by itself is an hour away.
const PACE: Pace = Pace {
    quiet: Duration::from_millis(50),
    longest: Duration::from_secs(1),
    rescan: Duration::from_secs(3600),
    approvals: Duration::from_millis(20),
};

/// A server that takes connections and says nothing, until it is dropped: who looks at it waits for longer than a test.
struct Hole {
    address: SocketAddr,
    accepted: UnboundedReceiver<()>,
    holding: JoinHandle<()>,
}

impl Hole {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, accepted) = unbounded_channel();
        let holding = tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((connection, _)) = listener.accept().await {
                held.push(connection);
                let _ = sender.send(());
            }
        });
        Self { address, accepted, holding }
    }

    /// A connector's file with it in the place of the directory in memory.
    fn instead(&self, toml: &str) -> String {
        let server = format!("ldaps://{}", self.address);
        nobody_listens(toml, "").replace("ldaps://127.0.0.1:9", &server).replace("\"1s\"", "\"60s\"")
    }

    async fn is_asked(&mut self) {
        tokio::time::timeout(Duration::from_secs(20), self.accepted.recv()).await.unwrap().unwrap();
    }
}

impl Drop for Hole {
    fn drop(&mut self) {
        self.holding.abort();
    }
}

/// Waits until a connector is like that; less long than anybody waits for the server that says nothing.
async fn until(registry: &Registry, name: &str, like: impl Fn(&ConnectorState) -> bool) {
    let mut generation = registry.generation();
    let state = || registry.states().into_iter().find(|state| state.name == name).unwrap();
    let waited = tokio::time::timeout(Duration::from_secs(10), async {
        while !like(&state()) {
            generation.changed().await.unwrap();
        }
    });
    assert!(waited.await.is_ok(), "{:#?}", state());
}

fn refused(fault: &str) -> impl Fn(&ConnectorState) -> bool {
    move |state| state.state != State::Running && state.candidate.as_ref().is_some_and(|c| c.fault == fault)
}

/// What is told of a connector, with the fault where there is one.
fn told(folder: &Folder, name: &str) -> Vec<String> {
    let lines = read(folder.state()).unwrap().map(Result::unwrap);
    let of_this = lines.filter(|line| line.about.connector.as_deref() == Some(name));
    let words = of_this.filter_map(|line| match line.fact {
        Fact::ConnectorStarted(_) => Some("started".to_owned()),
        Fact::ConnectorSwapped(_) => Some("swapped".to_owned()),
        Fact::ConnectorRefused(refused) => Some(refused.fault),
        _ => None,
    });
    words.collect()
}

#[tokio::test]
async fn a_lowered_ceiling_does_not_wait_for_a_look_that_waits_for_a_directory() {
    let (folder, mut hole) = (Folder::new(), Hole::new().await);
    folder.write(CEILING, fs::read(root().join("examples/ceiling.toml")).unwrap());
    folder.edit(CEILING, "urls = [", &format!("urls = [\"ldaps://{}\", ", hole.address));
    folder.write(SLOW, hole.instead(&folder.read(TOML)).replace("*@people.example", "*@staff.example"));
    folder.approve(&mock(0));
    let registry = folder.start().await;
    assert!(registry.get("mock").is_some() && registry.get("slow").is_some(), "{:#?}", registry.states());
    hole.is_asked().await;
    let following = registry.follow(PACE);
    folder.edit(SLOW, "*@staff.example", "*@corp.example");
    hole.is_asked().await;
    // Now it waits for the directory, and goes on doing so.
    folder.edit(CEILING, WRITE, "");
    for name in ["mock", "slow"] {
        until(&registry, name, refused("above-ceiling")).await;
    }
    // What was looked at meanwhile comes in no more: it was made under the former ceiling.
    drop((hole, following));
    registry.reload().await;
    assert!(registry.get("mock").is_none() && registry.get("slow").is_none());
    for name in ["mock", "slow"] {
        let told = told(&folder, name);
        assert!(told[0] == "started" && told[1..].iter().all(|what| what == "above-ceiling"), "{name}: {told:?}");
    }
}

#[tokio::test]
async fn a_candidate_that_was_looked_at_under_a_former_ceiling_does_not_come_in() {
    let (folder, mut hole) = (Folder::new(), Hole::new().await);
    folder.write(CEILING, fs::read(root().join("examples/ceiling.toml")).unwrap());
    folder.edit(CEILING, "urls = [", &format!("urls = [\"ldaps://{}\", ", hole.address));
    folder.write(SLOW, hole.instead(&folder.read(TOML)).replace("*@people.example", "*@staff.example"));
    folder.approve(&mock(0));
    let registry = folder.start().await;
    hole.is_asked().await;
    folder.edit(SLOW, "*@staff.example", "*@corp.example");
    let looking = look(&registry);
    hole.is_asked().await;
    // Nobody follows: whoever asks for another look has the ceiling read at once.
    folder.edit(CEILING, WRITE, "");
    let again = look(&registry);
    until(&registry, "slow", refused("above-ceiling")).await;
    assert!(!looking.is_finished() && !again.is_finished());
    drop(hole);
    looking.await.unwrap();
    again.await.unwrap();
    assert!(registry.get("slow").is_none());
    assert!(!told(&folder, "slow").contains(&"swapped".to_owned()), "{:?}", told(&folder, "slow"));
}

#[tokio::test]
async fn a_withdrawn_approval_ends_what_runs_while_its_successor_is_looked_at() {
    let (folder, mut hole) = (Folder::new(), Hole::new().await);
    folder.approve(&mock(0));
    let registry = folder.start().await;
    let following = registry.follow(PACE);
    folder.write(TOML, hole.instead(&folder.read(TOML)));
    hole.is_asked().await;
    fs::write(folder.state().join("approved.toml"), "").unwrap();
    until(&registry, "mock", refused("plugin-not-approved")).await;
    // The former reached its directory and the successor does not, which must not bring the former back.
    drop((hole, following));
    registry.reload().await;
    assert!(registry.get("mock").is_none());
    let told = told(&folder, "mock");
    assert!(told[0] == "started" && told[1..].iter().all(|what| what == "plugin-not-approved"), "{told:?}");
}

#[tokio::test]
async fn a_former_one_that_was_ended_meanwhile_stays_ended() {
    let (folder, mut hole) = (Folder::new(), Hole::new().await);
    folder.approve(&mock(0));
    let registry = folder.start().await;
    folder.write(TOML, hole.instead(&folder.read(TOML)));
    let looking = look(&registry);
    hole.is_asked().await;
    fs::write(folder.state().join("approved.toml"), "").unwrap();
    let again = look(&registry);
    until(&registry, "mock", refused("plugin-not-approved")).await;
    drop(hole);
    looking.await.unwrap();
    again.await.unwrap();
    assert!(registry.get("mock").is_none());
    let told = told(&folder, "mock");
    assert!(told[0] == "started" && told[1..].iter().all(|what| what == "plugin-not-approved"), "{told:?}");
}

fn look(registry: &Arc<Registry>) -> JoinHandle<()> {
    let registry = Arc::clone(registry);
    tokio::spawn(async move { drop(registry.reload().await) })
}
