//! The doors of a running service: TLS, certificates of callers, unix sockets, and the modes of what it makes.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use sha2::{Digest as _, Sha256};

use crate::certificates;
pub(crate) use crate::certificates::{Authority, Identity};
use crate::http::{Answer, exchange, request, tcp, try_exchange, unix};
use crate::process::Serve;
use crate::world::{ALICE, DESK, SERVICE, World, status};

impl Identity {
    /// Lays it where portcullis.toml has the server's.
    pub(crate) fn install(&self, world: &World) {
        world.write("server.pem", &self.certificate);
        let key = world.write("server.key", &self.key);
        fs::set_permissions(key, fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn fingerprint(&self) -> String {
        let der = CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap();
        Sha256::digest(&der).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A world that serves TLS, with callers' authority and sections of callers.
pub(crate) fn world(server: &Identity, client_ca: &str, more: &str) -> World {
    let world =
        World::with(&format!("{more}\n[tls]\ncertificate = \"server.pem\"\nkey = {{ file = \"server.key\" }}\n"));
    if !client_ca.is_empty() {
        world.write("clients-ca.pem", client_ca);
        world.edit(SERVICE, "[tls]\n", "[tls]\nclient-ca = \"clients-ca.pem\"\n");
    }
    server.install(&world);
    world
}

pub(crate) fn client(authority: &Authority, identity: Option<&Identity>) -> Arc<ClientConfig> {
    Arc::new(certificates::client(authority, identity))
}

pub(crate) fn connect(serve: &Serve, client: &Arc<ClientConfig>) -> StreamOwned<ClientConnection, TcpStream> {
    let connection = ClientConnection::new(client.clone(), "localhost".try_into().unwrap()).unwrap();
    StreamOwned::new(connection, tcp(serve.address))
}

/// What a client gets; what came instead, if it is no answer.
pub(crate) fn ask(serve: &Serve, client: &Arc<ClientConfig>, token: Option<&str>) -> Result<Answer, String> {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
    let bytes = request("POST", "/v1/operations", &headers, status(ALICE).to_string().as_bytes());
    try_exchange(connect(serve, client), &bytes)
}

fn caller(name: &str, certificate: &str) -> String {
    format!(
        "[callers.{name}]\ncertificate = {certificate}\noperations = [\"account-status\"]\naccounts = [\"*\"]\nsee = \"own\"\n"
    )
}

#[test]
fn only_tls_is_spoken_at_a_door_with_tls() {
    let authority = Authority::new();
    let world = world(&authority.issue("localhost"), "", "");
    let mut serve = world.serve();
    let plain = request("GET", "/health/live", &[], b"");
    let got = try_exchange(tcp(serve.address), &plain);
    assert!(got.is_err(), "plain HTTP was answered: {got:?}");
    assert!(ask(&serve, &client(&Authority::new(), None), Some(DESK)).is_err(), "the client trusts another authority");
    assert_eq!(ask(&serve, &client(&authority, None), None).unwrap().problem(), "caller-unknown");
    assert_eq!(ask(&serve, &client(&authority, None), Some(DESK)).unwrap().status, 201);
    assert!(!serve.stop().contains("PRIVATE KEY"));
}

#[test]
fn a_certificate_names_its_caller_and_no_other() {
    let (authority, clients, others) = (Authority::new(), Authority::new(), Authority::new());
    let (by_name, by_print) = (clients.issue("portal.corp.example"), clients.issue("anything.example"));
    let sections = caller("by-name", "{ dns = \"portal.corp.example\" }")
        + &caller("by-print", &format!("{{ sha256 = \"{}\" }}", by_print.fingerprint()));
    let world = world(&authority.issue("localhost"), &clients.pem(), &sections);
    let serve = world.serve();
    let ask = |identity: Option<&Identity>, token| ask(&serve, &client(&authority, identity), token);
    let code = |identity: Option<&Identity>, token| ask(identity, token).unwrap().problem();
    assert_eq!(code(Some(&clients.issue("else.corp.example")), None), "caller-unknown", "another name");
    assert_eq!(code(Some(&clients.issue("portal.corp.example.evil")), None), "caller-unknown", "a longer name");
    assert!(ask(Some(&others.issue("portal.corp.example")), None).is_err(), "of another authority");
    assert_eq!(code(Some(&by_name), Some("wrong-token-0123456789")), "caller-unknown", "no certificate helps a token");
    assert_eq!(code(None, None), "caller-unknown");
    for (identity, name) in [(&by_name, "by-name"), (&by_print, "by-print")] {
        let answer = ask(Some(identity), None).unwrap();
        assert_eq!((answer.status, &answer.json()["caller"]), (201, &name.into()), "{answer:?}");
    }
    assert_eq!(ask(None, Some(DESK)).unwrap().status, 201, "a token still does");
}

#[test]
fn nobody_connects_without_a_certificate_where_one_is_required() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let sections = caller("portal2", "{ dns = \"portal.corp.example\" }");
    let world = world(&authority.issue("localhost"), &clients.pem(), &sections);
    world.edit(SERVICE, "[tls]\n", "[tls]\nrequire = true\n");
    let serve = world.serve();
    assert!(ask(&serve, &client(&authority, None), Some(DESK)).is_err(), "a token is no certificate");
    let identity = clients.issue("portal.corp.example");
    assert_eq!(ask(&serve, &client(&authority, Some(&identity)), None).unwrap().status, 201);
}

#[test]
fn an_open_address_without_tls_is_refused_at_the_start() {
    let world = World::new();
    world.edit(SERVICE, "127.0.0.1:0", "0.0.0.0:0");
    let run = world.run(&["serve"]);
    assert_eq!((run.code, &*run.stdout), (Some(17), ""), "{run:?}");
    assert!(run.stderr.contains("portcullis.toml") && run.stderr.contains("0.0.0.0:0"), "{run:?}");
    assert!(run.stderr.contains("[tls]"), "{run:?}");
    assert!(!world.state().join("journal.db").exists(), "it began to work");
}

#[test]
fn a_unix_socket_knows_a_caller_by_its_uid() {
    let world = World::new();
    let socket = world.path("api.sock");
    // Who runs the test made the folder, and runs the service.
    let uid = fs::metadata(world.path(".")).unwrap().uid();
    let section = format!("[callers.here]\nuid = {}\noperations = [\"account-status\"]\naccounts = [\"*\"]\n", uid + 1);
    world.edit(SERVICE, "[limits]\n", &format!("{section}\n[limits]\n"));
    world.edit(SERVICE, "addresses = [\"127.0.0.1:0\"]", &format!("addresses = []\nsocket = \"{}\"", socket.display()));
    let mut serve = world.serve();
    let body = status(ALICE).to_string();
    let bytes = request("POST", "/v1/operations", &[("content-type", "application/json")], body.as_bytes());
    let answer = exchange(unix(&socket), &bytes);
    assert_eq!((answer.status, answer.problem().as_str()), (401, "caller-unknown"), "another uid");
    let mark = serve.mark();
    world.edit(SERVICE, &format!("uid = {}", uid + 1), &format!("uid = {uid}"));
    serve.signal("HUP");
    serve.wait_after(mark, "is read again");
    let answer = exchange(unix(&socket), &bytes);
    assert_eq!((answer.status, &answer.json()["caller"]), (201, &"here".into()), "{answer:?}");
    let mode = fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o666, "who it is, the kernel says");
    serve.stop();
    assert!(!socket.exists(), "the socket stays behind");
}

#[test]
fn what_the_service_keeps_is_for_its_user_alone() {
    let world = World::new();
    drop(fs::remove_dir_all(world.state()));
    let mut serve = world.serve();
    let mode = |name: &str| fs::metadata(world.state().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("."), mode("control.sock"), mode("keys"), mode("journal.db")), (0o700, 0o600, 0o700, 0o600));
    for key in fs::read_dir(world.state().join("keys")).unwrap() {
        let key = key.unwrap();
        assert_eq!(key.metadata().unwrap().permissions().mode() & 0o077, 0, "{key:?}");
    }
    serve.stop();
    assert!(!world.control().exists());
}
