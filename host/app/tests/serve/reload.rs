//! SIGHUP: what is good in the new files counts, what is broken leaves the former in use; and what systemd is told.

use std::os::unix::net::UnixDatagram;
use std::time::Instant;

use crate::http::{PATIENCE, exchange, request, tcp};
use crate::process::{Serve, until};
use crate::tls::{self, Authority};
use crate::world::{ALICE, DESK, PORTAL, SERVICE, World, hash, status};

fn reload(serve: &Serve, words: &str) -> String {
    let mark = serve.mark();
    serve.signal("HUP");
    serve.wait_after(mark, words)
}

#[test]
fn a_removed_token_stops_working_and_a_new_one_begins_to() {
    let world = World::new();
    let serve = world.serve();
    let new = "new-token-0123456789abcdef";
    assert_eq!(serve.get(new, "/v1/keys").status, 401);
    world.edit(SERVICE, &hash(DESK), &hash(new));
    assert_eq!(serve.get(DESK, "/v1/keys").status, 200, "nothing counts before it is read");
    reload(&serve, "is read again");
    assert_eq!(serve.get(DESK, "/v1/keys").problem(), "caller-unknown");
    assert_eq!(serve.post(new, &status(ALICE), &[]).status, 201);
}

#[test]
fn a_broken_file_leaves_the_former_in_use_and_says_where() {
    let world = World::new();
    let mut serve = world.serve();
    let good = world.read(SERVICE);
    let lines = good.lines().count();
    for (broken, says) in [
        (format!("{good}\n[callers.new\n"), format!("portcullis.toml:{}", lines + 2)),
        (format!("{good}\n[callers.new]\ntoken = \"canary-1f77\"\n"), format!("portcullis.toml:{}", lines + 3)),
        (good.replace(&hash(DESK), "zz"), "portcullis.toml:".to_owned()),
    ] {
        world.write(SERVICE, &broken);
        let mark = serve.mark();
        reload(&serve, "stays in use");
        serve.wait_after(mark, &says);
        assert_eq!(serve.post(DESK, &status(ALICE), &[]).status, 201, "the former caller");
        assert_eq!(serve.get(PORTAL, "/v1/keys").status, 200);
    }
    std::fs::remove_file(world.path(SERVICE)).unwrap();
    std::fs::create_dir(world.path(SERVICE)).unwrap();
    reload(&serve, "stays in use");
    assert_eq!(serve.get(DESK, "/v1/keys").status, 200);
    std::fs::remove_dir(world.path(SERVICE)).unwrap();
    world.write(SERVICE, good);
    reload(&serve, "is read again");
    assert_eq!(serve.get(DESK, "/v1/keys").status, 200);
    let log = serve.stop();
    assert!(!log.contains("canary-1f77") && !log.contains(DESK), "{log}");
}

#[test]
fn new_connections_see_a_new_certificate_and_open_ones_go_on() {
    let (authority, other) = (Authority::new(), Authority::new());
    let world = tls::world(&authority.issue("localhost"), "", "");
    let serve = world.serve();
    let (old, new) = (tls::client(&authority, None), tls::client(&other, None));
    assert!(tls::ask(&serve, &new, Some(DESK)).is_err());
    // Open, and not used before the change.
    let mut open = tls::connect(&serve, &old);
    open.conn.complete_io(&mut open.sock).unwrap();
    let chosen = other.issue("localhost");
    // A certificate without its key is not taken.
    world.write("server.pem", &chosen.certificate);
    reload(&serve, "the former certificates stay in use");
    assert_eq!(tls::ask(&serve, &old, Some(DESK)).unwrap().status, 201);
    chosen.install(&world);
    reload(&serve, "is read again");
    assert_eq!(tls::ask(&serve, &new, Some(DESK)).unwrap().status, 201);
    assert!(tls::ask(&serve, &old, Some(DESK)).is_err(), "the former certificate is still shown");
    let bytes = request("GET", "/health/live", &[], b"");
    assert_eq!(exchange(open, &bytes).status, 200, "a connection from before");
}

#[test]
fn systemd_is_told_of_every_step() {
    let world = World::new();
    let path = world.path("notify.sock");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut command = world.command(&["serve"]);
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "600000");
    let mut serve = Serve::start(command, world.control());
    let told = |wanted: &str| {
        let mut all = String::new();
        let mut buffer = [0; 4096];
        let until = Instant::now() + PATIENCE;
        while !all.lines().any(|line| line.starts_with(wanted)) {
            // The sign of life comes again and again, so that receiving alone never ends.
            assert!(Instant::now() < until, "{wanted} was not told, only:\n{all}");
            let read = socket.recv(&mut buffer).unwrap_or_else(|error| panic!("{wanted}: {error}; told:\n{all}"));
            all.push_str(&format!("{}\n", String::from_utf8_lossy(&buffer[..read])));
        }
        all
    };
    let first = told("READY=1");
    assert!(!first.contains("STOPPING") && !first.contains("RELOADING"), "{first}");
    told("WATCHDOG=1");
    told("WATCHDOG=1");
    serve.signal("HUP");
    assert!(told("RELOADING=1").contains("MONOTONIC_USEC="), "systemd wants the time of a reload");
    told("READY=1");
    serve.signal("TERM");
    told("STOPPING=1");
    assert_eq!(serve.ended().code(), Some(0));
}

#[test]
fn an_interrupt_stops_it_as_well() {
    let world = World::new();
    let mut serve = world.serve();
    until("it is ready", || exchange(tcp(serve.address), &request("GET", "/health/ready", &[], b"")).status == 200);
    serve.signal("INT");
    assert_eq!(serve.ended().code(), Some(0));
}
