//! A password is gone when its operation has ended: the memory of the living service is searched for it, with TLS to the
//! callers and to a real directory, and with every connection still open.

mod client;
mod collector;
mod echo;
mod forms;
mod memory;
mod outputs;
mod raw;

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::Version;
use portcullis_tests::plugins::{plugin, root};
use portcullis_tests::servers::{Account, OpenLdap, Server};
use portcullis_tests::{NotAvailable, or_skip};
use rustls::ClientConfig;
use toml::{Table, Value};

use self::client::Client;
use self::forms::Forms;
use crate::process::Serve;
use crate::tls;
use crate::world::{ALICE, DESK, SERVICE, World, hash, reset, reset_sealed};

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

/// A directory as a connector's file has it.
struct Directory {
    domain: String,
    url: String,
    ca_file: PathBuf,
    base: String,
    bind_dn: String,
    bind_password: String,
}

impl From<&Server> for Directory {
    fn from(server: &Server) -> Self {
        let facts = server.facts();
        Self {
            domain: facts.domain.clone(),
            url: facts.ldaps_url.clone(),
            ca_file: facts.ca_file.clone(),
            base: facts.people_dn.clone(),
            bind_dn: facts.svc_dn.clone(),
            bind_password: facts.svc_pw.clone(),
        }
    }
}

/// The connector of the example for OpenLDAP, on this directory, for the caller `desk` as well.
fn add_openldap(world: &World, directory: &Directory) {
    let example = root().join("examples/connectors-toml/openldap.toml");
    let mut file: Table = fs::read_to_string(example).unwrap().parse().unwrap();
    file.insert("accounts".into(), vec![format!("*@{}", directory.domain)].into());
    let password = world.write("bind-password", &directory.bind_password);
    fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
    let ldap = file["ldap"].as_table_mut().unwrap();
    ldap.remove("start-tls");
    let password = Table::from_iter([("file".to_owned(), Value::from(password.display().to_string()))]);
    ldap.extend([
        ("urls".to_owned(), vec![directory.url.clone()].into()),
        ("ca-file".to_owned(), directory.ca_file.display().to_string().into()),
        ("bind-dn".to_owned(), directory.bind_dn.clone().into()),
        ("bind-password".to_owned(), password.into()),
    ]);
    let locate = ldap["locate"].as_table_mut().unwrap();
    locate.insert("base".into(), directory.base.clone().into());
    locate.insert("exclude".into(), "(employeeType=admin)".into());
    world.write("connectors/openldap.toml", toml::to_string(&file).unwrap());
    world.write("plugins/openldap.wasm", fs::read(plugin("openldap").unwrap()).unwrap());
    let desk = "accounts = [\"*@people.example\"]\nexclude";
    let both = format!("accounts = [\"*@people.example\", \"*@{}\"]\nexclude", directory.domain);
    world.edit(SERVICE, desk, &both);
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
        add_openldap(&world, &Directory::from(&*server));
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

/// A user without rights of its own, as a service has: it does its work, and not even another process of that user may
/// look into its memory or write it to a file.
#[test]
fn a_user_without_rights_has_no_core_file_of_its_service() {
    const NOBODY: u32 = 65_534;
    let world = World::new();
    if fs::metadata(world.path(".")).unwrap().uid() != 0 {
        let _: Option<()> = or_skip(Err(NotAvailable::Server("becoming another user needs root".to_owned())));
        return;
    }
    for place in [world.path("."), world.path("connectors"), world.state().parent().unwrap().to_owned()] {
        chown(place, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let within = [world.state().to_owned(), world.state().join("audit")];
    for entry in within.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten() {
        chown(entry.unwrap().path(), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    chown(world.state(), Some(NOBODY), Some(NOBODY)).unwrap();
    let mut command = world.command(&["--log", "trace", "serve"]);
    command.uid(NOBODY).gid(NOBODY).env("PORTCULLIS_CACHE", world.state().join("cache"));
    let serve = Serve::start(command, world.control());
    let answer = serve.post(DESK, &reset(ALICE, &canary("nobody")), &[]);
    assert_eq!(answer.status, 201, "{answer:?}");
    let process = format!("/proc/{}", serve.id());
    // proc(5): what belongs to a process that must not be dumped belongs to root.
    assert_eq!(fs::metadata(format!("{process}/environ")).unwrap().uid(), 0, "another process of its user may read it");
    let limits = fs::read_to_string(format!("{process}/limits")).unwrap();
    let limit = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(limit.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{limit}");
}
