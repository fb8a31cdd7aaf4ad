//! Answers of a directory: any bytes, in place of what an honest server would send.
//!
//! The bytes take the way that every answer takes: a local socket, the library's decoder, the host's conversion. They cost
//! the request and the connection, never the process; a write that a server may have taken is never reported as not sent;
//! and no text or value that comes out stands elsewhere than in the bytes.

mod server;

use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use portcullis_directory::ldap::{LdapDirectory, MinTls, Settings};
use portcullis_directory::{
    Answer, Change, ChangeKind, Control, Directory as _, Failure, Found, Modify, Performer, Scope, Search, SetPassword,
    Value,
};
use portcullis_model::{Encoding, Password};
use tokio::runtime::Runtime;

use server::Server;

const TARGET: &str = "uid=alice,ou=people,dc=example";
/// The timeouts of the host. The server closes when it has said everything; this is waited for only where it was given half
/// an answer to a bind and waits for the request that would follow.
const PATIENCE: Duration = Duration::from_millis(50);
/// What one input may take: some of these timeouts, on a busy machine with a sanitizer.
const LONGEST: Duration = Duration::from_secs(10);
const LIMIT: usize = 2;
/// How many questions there are, and the one of two requests.
const ASKED: u8 = 5;
const AS_TARGET: u8 = 4;
/// The most of a server's words that the host keeps, in bytes.
const WORDS: usize = 2048;

struct World {
    runtime: Runtime,
    server: Server,
    password: Arc<Password>,
}

static WORLD: Mutex<Option<World>> = Mutex::new(None);

/// What is asked, from the first byte; where two requests are sent, the second one says how many of the others answer the
/// first.
pub(crate) fn run(data: &[u8]) {
    let Some(([asked, first], answers)) = data.split_first_chunk::<2>() else { return };
    contain_library();
    let mut world = WORLD.lock().unwrap_or_else(PoisonError::into_inner);
    let world = world.get_or_insert_with(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let server = runtime.block_on(async { Server::listen() });
        let password = Arc::new(Password::new("A-New Passw0rd".to_owned()).expect("a password"));
        World { runtime, server, password }
    });
    let began = Instant::now();
    let split = if asked % ASKED == AS_TARGET { usize::from(*first).min(answers.len()) } else { 0 };
    world.runtime.block_on(ask(*asked, &world.server, &world.password, answers, split));
    assert!(began.elapsed() < LONGEST, "an answer took {:?}", began.elapsed());
}

/// The library panics on some answers, and the host catches it. libFuzzer would end the process before anybody can.
fn contain_library() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let library = |file: &str| file.contains("/ldap3-") || file.contains("/lber/src/");
            if !panic.location().is_some_and(|location| library(location.file())) {
                others(panic);
            }
        }));
    });
}

async fn ask(asked: u8, server: &Server, password: &Arc<Password>, answers: &[u8], split: usize) {
    let served = server.play(answers, split);
    let directory = LdapDirectory::new(Settings {
        urls: vec![server.url()],
        start_tls: false,
        ca_pem: None,
        min_tls: MinTls::default(),
        bind: None,
        connections: 1,
        connect_timeout: PATIENCE,
        request_timeout: PATIENCE,
        idle_timeout: PATIENCE,
    })
    .expect("a directory");
    let secret = Value::Secret(Arc::clone(password), Encoding::Utf8);
    let change = Change { kind: ChangeKind::Replace, attribute: "userPassword".to_owned(), values: vec![secret] };
    let modify = Modify { dn: TARGET.to_owned(), changes: vec![change], controls: Vec::new() };
    let target = Performer::Target { dn: TARGET.to_owned(), password: Arc::clone(password) };
    match asked % ASKED {
        0 => match directory.search(&search()).await {
            Ok(found) => read(&found, answers),
            Err(failure) => assert!(!matches!(failure, Failure::InDoubt(_)), "a search is in doubt: {failure}"),
        },
        1 => written(directory.modify(&Performer::Service, &modify).await, &served, answers),
        2 => {
            let request = SetPassword { dn: TARGET.to_owned(), new: Arc::clone(password), controls: Vec::new() };
            written(directory.set_password(&Performer::Service, &request).await, &served, answers);
        }
        3 => match directory.bind(TARGET, password, &[]).await {
            Ok(answer) => answered(&answer, answers),
            Err(failure) => {
                let doubt = matches!(failure, Failure::InDoubt(_) | Failure::Nonsense(_));
                assert!(doubt || served.binds() == 0, "a bind that the server has read was reported as: {failure}");
            }
        },
        _ => written(directory.modify(&target, &modify).await, &served, answers),
    }
    server.rest();
}

fn search() -> Search {
    Search {
        base: "dc=example".to_owned(),
        scope: Scope::Subtree,
        filter: "(uid=alice)".to_owned(),
        attributes: vec!["cn".to_owned(), "pwdChangedTime".to_owned()],
        limit: LIMIT,
    }
}

fn written(result: Result<Answer, Failure>, served: &server::Served, bytes: &[u8]) {
    match result {
        Ok(answer) => answered(&answer, bytes),
        Err(Failure::BindRefused(answer)) => {
            answered(&answer, bytes);
            assert_eq!(served.writes(), 0, "a write was sent after a refused bind");
        }
        Err(failure) => {
            let doubt = matches!(failure, Failure::InDoubt(_) | Failure::Nonsense(_));
            assert!(doubt || served.writes() == 0, "a write that the server has read was reported as: {failure}");
        }
    }
}

fn read(found: &Found, bytes: &[u8]) {
    assert!(found.entries.len() <= LIMIT, "{} entries, asked for {LIMIT}", found.entries.len());
    for entry in &found.entries {
        stands_in(entry.dn.as_bytes(), bytes);
        for attribute in &entry.attributes {
            stands_in(attribute.name.as_bytes(), bytes);
            attribute.values.iter().for_each(|value| stands_in(value, bytes));
        }
    }
    answered(&found.answer, bytes);
}

fn answered(answer: &Answer, bytes: &[u8]) {
    assert!(answer.diagnostic.len() <= WORDS, "{} bytes of a server's words", answer.diagnostic.len());
    stands_in(answer.diagnostic.as_bytes(), bytes);
    for Control { oid, value, .. } in &answer.controls {
        stands_in(oid.as_bytes(), bytes);
        value.iter().for_each(|value| stands_in(value, bytes));
    }
}

fn stands_in(part: &[u8], bytes: &[u8]) {
    let found = part.is_empty() || bytes.windows(part.len()).any(|window| window == part);
    assert!(found, "{:?} was never sent", String::from_utf8_lossy(part));
}
