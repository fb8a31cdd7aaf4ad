//! A password is gone when its operation has ended: the memory of the living service is searched for it, with TLS to the
//! callers and to a real directory, and with every connection still open.

mod client;
mod forms;
mod memory;

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::Version;
use portcullis_tests::plugins::plugin;
use portcullis_tests::servers::{Account, OpenLdap, Server};
use portcullis_tests::{NotAvailable, or_skip};
use rustls::ClientConfig;
use toml::{Table, Value};

use self::client::Client;
use self::forms::Forms;
use crate::process::Serve;
use crate::tls;
use crate::world::{ALICE, World, hash, reset, reset_sealed};

/// How long a connection may take to clear what is left after its answer.
const SOON: Duration = Duration::from_secs(3);

/// A password that the directories take and JSON has to escape. Not even a part of it is a part of another one.
fn canary(name: &str) -> String {
    let digits = hash(name);
    format!("Kanarie\"{}\\{}", &digits[..24], &digits[24..48])
}

/// Where it is now.
fn at_once(serve: &Serve, forms: &Forms) -> Option<Vec<memory::Found>> {
    let needs_root = |error| NotAvailable::Server(format!("another process's memory cannot be read: {error}"));
    or_skip(memory::search(serve.id(), forms).map_err(needs_root))
}

/// Where a password is once everything that an answer set in motion has come to rest.
fn left(serve: &Serve, secret: &str) -> Option<Vec<memory::Found>> {
    let (forms, until) = (Forms::of(secret), Instant::now() + SOON);
    loop {
        let found = at_once(serve, &forms)?;
        if found.is_empty() || Instant::now() > until {
            return Some(found);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The connector of the example for OpenLDAP, on this server.
fn add_openldap(world: &World, server: &Server) {
    let facts = server.facts();
    let example = portcullis_tests::plugins::root().join("examples/connectors-toml/openldap.toml");
    let mut file: Table = std::fs::read_to_string(example).unwrap().parse().unwrap();
    file.insert("accounts".into(), vec![format!("*@{}", facts.domain)].into());
    let password = world.write("bind-password", &facts.svc_pw);
    std::fs::set_permissions(&password, std::fs::Permissions::from_mode(0o600)).unwrap();
    let ldap = file["ldap"].as_table_mut().unwrap();
    ldap.remove("start-tls");
    let password = Table::from_iter([("file".to_owned(), Value::from(password.display().to_string()))]);
    ldap.extend([
        ("urls".to_owned(), vec![facts.ldaps_url.clone()].into()),
        ("ca-file".to_owned(), facts.ca_file.display().to_string().into()),
        ("bind-dn".to_owned(), facts.svc_dn.clone().into()),
        ("bind-password".to_owned(), password.into()),
    ]);
    let locate = ldap["locate"].as_table_mut().unwrap();
    locate.insert("base".into(), facts.people_dn.clone().into());
    locate.insert("exclude".into(), "(employeeType=admin)".into());
    world.write("connectors/openldap.toml", toml::to_string(&file).unwrap());
    world.write("plugins/openldap.wasm", std::fs::read(plugin("openldap").unwrap()).unwrap());
    world.edit(
        crate::world::SERVICE,
        "\"*@people.example\"]\nexclude",
        &format!("\"*@people.example\", \"*@{}\"]\nexclude", facts.domain),
    );
    world.run(&["approve", "openldap", "--yes"]).good();
}

fn new_account(server: &Server) -> Account {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(server.new_account("canary")).unwrap()
}

/// The service, with TLS to callers and to a slapd, and two directories: that one, and one in its own memory.
struct Scene {
    world: World,
    serve: Serve,
    server: Arc<Server>,
    tls: Arc<ClientConfig>,
}

impl Scene {
    fn new() -> Option<Self> {
        let server = or_skip(OpenLdap.shared())?;
        let authority = tls::Authority::new();
        let world = tls::world(&authority.issue("localhost"), "", "");
        add_openldap(&world, &server);
        let serve = world.serve();
        Some(Self { world, serve, server, tls: tls::client(&authority, None) })
    }

    /// Resets passwords on one connection, which stays open; nothing of them may be left.
    fn resets(&self, version: Version, sealed: bool) {
        let account = new_account(&self.server);
        let mut client = Client::connect(&self.serve, &self.tls, version);
        for login in [ALICE, &account.login] {
            let secret = canary(&format!("{version:?} {sealed} {login}"));
            let (status, answer) = if sealed {
                client.post(&reset_sealed(login, &self.world.seal(login, "desk", &[], &secret)))
            } else {
                client.post(&reset(login, &secret))
            };
            assert_eq!((status, &answer["state"]), (201, &"done".into()), "{answer}");
            let Some(found) = left(&self.serve, &secret) else { return };
            assert!(found.is_empty(), "{version:?}, sealed: {sealed}, {login}: {found:#?}");
            if version == Version::HTTP_2 && !sealed {
                client = Client::connect(&self.serve, &self.tls, version);
            }
        }
    }
}

/// Otherwise nothing that this file says of a password that is gone would count.
#[test]
fn what_the_service_has_to_keep_is_found() {
    let Some(scene) = Scene::new() else { return };
    let account = new_account(&scene.server);
    let (status, answer) =
        Client::connect(&scene.serve, &scene.tls, Version::HTTP_11).post(&reset(&account.login, &canary("any")));
    assert_eq!((status, &answer["state"]), (201, &"done".into()), "{answer}");
    let Some(found) = at_once(&scene.serve, &Forms::short(&scene.server.facts().svc_pw)) else { return };
    assert_eq!(found.len(), 1, "the service account's password, and no copy of it: {found:#?}");
}

#[test]
fn a_password_that_came_in_clear_is_gone_after_its_operation() {
    let Some(scene) = Scene::new() else { return };
    scene.resets(Version::HTTP_11, false);
}

#[test]
fn a_password_that_came_sealed_is_gone_after_its_operation() {
    let Some(scene) = Scene::new() else { return };
    scene.resets(Version::HTTP_11, true);
    scene.resets(Version::HTTP_2, true);
}

/// Its buffers last as long as the connection, so that one ends.
#[test]
fn a_password_that_came_in_clear_over_http_2_is_gone_after_its_operation() {
    let Some(scene) = Scene::new() else { return };
    scene.resets(Version::HTTP_2, false);
}
