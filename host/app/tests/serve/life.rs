//! How a service ends and begins again: what runs is finished or handed back, what waits is delivered by the next start,
//! nobody who waits is cut off, and two never have one journal.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::http::PATIENCE;
use crate::process::until;
use crate::world::{ALICE, BOB, DESK, MOCK, SERVICE, World, reset, status};

/// A directory that takes connections and never says a word; when it is dropped it hangs up on those that nobody took.
pub(crate) struct Silent {
    port: u16,
    connected: Receiver<TcpStream>,
}

impl Silent {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, connected) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if sender.send(stream.unwrap()).is_err() {
                    return;
                }
            }
        });
        Self { port, connected }
    }

    /// Waits for a connection; it stays open until it is dropped.
    pub(crate) fn accepted(&self) -> TcpStream {
        self.connected.recv_timeout(PATIENCE).expect("nobody connects")
    }

    /// Lets the mock connector of a world ask here. What it was comes back.
    pub(crate) fn serve(&self, world: &World) -> String {
        let former = world.read(MOCK);
        let (before, rest) = former.split_once("[ldap.embedded]").unwrap();
        let (_, after) = rest.split_once("[ldap.locate]").unwrap();
        let servers = format!(
            "[ldap]\nurls = [\"ldaps://127.0.0.1:{}\"]\nca-file = \"ca.pem\"\nconnect-timeout = \"60s\"\n\n[ldap.locate]",
            self.port
        );
        world.write("connectors/ca.pem", crate::tls::Authority::new().pem());
        world.write(MOCK, format!("{before}{servers}{after}\n[limits]\ntime = \"60s\"\n"));
        former
    }
}

#[test]
fn what_does_not_end_is_handed_back_and_who_waits_is_answered() {
    let world = World::new();
    let silent = Silent::new();
    let former = silent.serve(&world);
    let mut serve = world.serve_with(&["--finish", "1s"]);
    let taken = serve.post(DESK, &reset(ALICE, "the first of phrases"), &[("prefer", "respond-async")]);
    assert_eq!(taken.status, 202, "{taken:?}");
    let _open = silent.accepted();
    let next = serve.post(DESK, &reset(ALICE, "the second of phrases"), &[("prefer", "respond-async")]);
    assert_eq!(next.status, 202, "{next:?}");
    let waits = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| serve.post(DESK, &reset(BOB, "the first words of bob"), &[]));
        until("the third is in the journal", || serve.operations().len() == 3);
        let asked = Instant::now();
        serve.signal("TERM");
        let waits = waiting.join().unwrap();
        assert!(asked.elapsed() < Duration::from_secs(10), "it waited too long: {:?}", asked.elapsed());
        waits
    });
    assert_eq!((waits.status, &waits.json()["state"]), (202, &"waiting".into()), "{waits:?}\n{}", serve.log.text());
    assert_eq!(serve.ended().code(), Some(0), "{}", serve.log.text());
    assert!(serve.log.text().contains("cut off"), "{}", serve.log.text());
    let listed = world.run(&["operations", "list", "--only", "waiting", "--json"]).json();
    assert_eq!(listed["operations"].as_array().unwrap().len(), 3, "{listed}");

    world.write(MOCK, former);
    let mut serve = world.serve();
    until("all have ended", || serve.operations().iter().all(|each| each["ended_at"].is_string()));
    // The newest of an account goes first, and the older one is superseded.
    let states: Vec<_> = serve.operations().iter().map(|each| each["state"].as_str().unwrap().to_owned()).collect();
    assert_eq!(states, ["done", "done", "superseded"]);
    serve.stop();
    let valid = |password: &str| world.run_with(&["verify", ALICE, "--password-stdin"], password).code;
    assert_eq!((valid("the second of phrases"), valid("the first of phrases")), (Some(0), Some(20)));
}

#[test]
fn what_ends_in_time_is_finished_and_nothing_new_begins() {
    let world = World::new();
    let silent = Silent::new();
    silent.serve(&world);
    let mut serve = world.serve_with(&["--finish", "25s"]);
    assert_eq!(serve.post(DESK, &reset(ALICE, "the first of phrases"), &[("prefer", "respond-async")]).status, 202);
    let open = silent.accepted();
    serve.signal("TERM");
    serve.wait_for("stopping");
    until("nobody is let in", || TcpStream::connect(serve.address).is_err());
    assert!(!serve.log.text().contains("cut off"));
    // The directory hangs up: that ends what ran, as something to try again.
    drop((open, silent));
    assert_eq!(serve.ended().code(), Some(0));
    assert!(!serve.log.text().contains("cut off"), "{}", serve.log.text());
    let listed = world.run(&["operations", "list", "--json"]).json();
    assert_eq!(listed["operations"][0]["state"], "waiting", "{listed}");
    assert_eq!(listed["operations"][0]["fault"], "directory-unavailable", "{listed}");
}

#[test]
fn a_second_service_on_the_same_state_is_refused() {
    let world = World::new();
    let serve = world.serve();
    let facts = || {
        let lines = portcullis_audit::read(&world.state()).unwrap().map(Result::unwrap);
        lines.filter(|line| !matches!(line.fact, portcullis_audit::Fact::Checkpoint(_))).count()
    };
    let before = facts();
    let run = world.run(&["serve"]);
    assert_eq!((run.code, &*run.stdout), (Some(17), ""), "{run:?}");
    assert!(run.stderr.contains("another portcullis holds the journal in STATE/state; stop it first"), "{run:?}");
    assert!(run.stderr.contains("state-in-use") && !run.stderr.contains("running connector"), "{run:?}");
    assert_eq!(facts(), before, "it never ran a connector, and says so to nobody");
    assert_eq!(serve.post(DESK, &status(ALICE), &[]).status, 201, "the first goes on");
    assert_eq!(serve.operator("GET", "/v1/connectors").status, 200, "with its control socket");
}

#[test]
fn an_address_or_a_socket_that_is_taken_is_told() {
    let world = World::new();
    let serve = world.serve();
    let other = World::new();
    other.edit(SERVICE, "127.0.0.1:0", &serve.address.to_string());
    let run = other.run(&["serve"]);
    assert!(run.code == Some(17) && run.stderr.contains(&serve.address.to_string()), "{run:?}");
    let file = other.write("api.sock", "notes");
    let wanted = format!("\"127.0.0.1:0\"]\nsocket = \"{}\"", file.display());
    other.edit(SERVICE, &format!("\"{}\"]", serve.address), &wanted);
    let run = other.run(&["serve"]);
    assert!(run.code == Some(17) && run.stderr.contains("DIR/api.sock"), "{run:?}");
    assert_eq!(other.read("api.sock"), "notes");
    assert!(!other.control().exists(), "the control socket stays behind");
    assert_eq!(serve.post(DESK, &status(ALICE), &[]).status, 201, "the first goes on");
}

#[test]
fn one_that_was_killed_leaves_nothing_in_the_way_of_the_next() {
    let world = World::new();
    let mut serve = world.serve();
    assert_eq!(serve.post(DESK, &reset(ALICE, "the first of phrases"), &[]).status, 201);
    serve.signal("KILL");
    assert_eq!(serve.ended().code(), None);
    assert!(world.control().exists(), "a process that is killed takes nothing away");
    // Nobody answers there, so the commands go to the journal itself.
    assert!(world.run(&["operations", "list"]).good().contains("done"));
    assert_eq!(world.run(&["operations", "cancel", &"0".repeat(32)]).code, Some(2));
    let mut serve = world.serve();
    assert_eq!((serve.operations().len(), serve.operator("GET", "/v1/connectors").status), (1, 200));
    serve.stop();
    assert!(!world.control().exists());
}

#[test]
fn a_state_folder_that_cannot_be_is_told() {
    let world = World::new();
    let file = world.path(MOCK);
    let below = file.join("state");
    let run = world.run(&["serve", "--state", below.to_str().unwrap()]);
    assert_eq!((run.code, &*run.stdout), (Some(17), ""), "{run:?}");
    assert!(run.stderr.contains("DIR/connectors/mock.toml/state") && run.stderr.contains("--state"), "{run:?}");
}

#[test]
fn a_damaged_journal_is_not_served_and_restore_is_named() {
    let world = World::new();
    let mut serve = world.serve();
    assert_eq!(serve.post(DESK, &reset(ALICE, "the first of phrases"), &[]).status, 201);
    world.run(&["backup", world.path("backup").to_str().unwrap()]).good();
    serve.stop();
    let journal = world.state().join("journal.db");
    let whole = fs::read(&journal).unwrap();
    let torn = |bytes: Vec<u8>| {
        fs::write(&journal, &bytes).unwrap();
        let run = world.run(&["serve"]);
        assert_ne!(run.code, Some(0), "{run:?}");
        assert!(run.stderr.contains("portcullis restore") && run.stderr.contains("STATE"), "{run:?}");
        assert_eq!(fs::read(&journal).unwrap(), bytes, "a damaged file is kept as it is");
    };
    torn(b"no database at all, but long enough to be looked at".repeat(100));
    let mut bytes = whole;
    for byte in bytes.iter_mut().skip(4096).take(8192) {
        *byte = 0x5a;
    }
    torn(bytes);
    let run = world.run(&["restore", world.path("backup").to_str().unwrap()]).good();
    assert!(run.contains("1 operation is back"), "{run}");
    let serve = world.serve();
    assert_eq!(serve.operations().len(), 1);
}
