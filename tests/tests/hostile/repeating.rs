//! A directory that repeats the password in its answers: the plugin that placed it must not read it there.

use std::sync::Arc;

use portcullis_capabilities::Context;
use portcullis_capabilities::ldap::RootDseCache;
use portcullis_directory::{Answer, Control, Directory, Failure, Found, Modify, Performer, Search, SetPassword, Value};
use portcullis_model::{Encoding, Password};

use crate::world::{NEW, Running, World};

/// How an answer repeats the password.
#[derive(Debug, Clone, Copy)]
enum In {
    Diagnostic,
    Control(Encoding),
    BindRefused,
    Doubt,
    Unavailable,
}

/// Reads as the real one; whatever carries a password is answered with it.
#[derive(Debug)]
struct Repeating {
    real: Arc<dyn Directory>,
    how: In,
}

impl Repeating {
    fn answer(&self, password: &Password) -> Result<Answer, Failure> {
        let text = format!("the value {} was refused", password.expose_secret());
        let server = "repeating".to_owned();
        let answer = Answer { code: 19, diagnostic: String::new(), controls: Vec::new(), server };
        match self.how {
            In::Diagnostic => Ok(Answer { diagnostic: text, ..answer }),
            In::BindRefused => Err(Failure::BindRefused(Answer { diagnostic: text, ..answer })),
            In::Doubt => Err(Failure::InDoubt(text)),
            In::Unavailable => Err(Failure::Unavailable(text)),
            In::Control(encoding) => {
                let value = [b"x".as_slice(), &password.encode(encoding), b"y"].concat();
                let control = Control { oid: "1.2.3".to_owned(), critical: false, value: Some(value) };
                Ok(Answer { controls: vec![control], ..answer })
            }
        }
    }
}

#[async_trait::async_trait]
impl Directory for Repeating {
    async fn search(&self, search: &Search) -> Result<Found, Failure> {
        self.real.search(search).await
    }

    async fn modify(&self, _: &Performer, modify: &Modify) -> Result<Answer, Failure> {
        let values = modify.changes.iter().flat_map(|change| &change.values);
        let mut passwords = values.filter_map(|value| match value {
            Value::Secret(password, _) => Some(password),
            Value::Plain(_) => None,
        });
        self.answer(passwords.next().unwrap())
    }

    async fn set_password(&self, _: &Performer, request: &SetPassword) -> Result<Answer, Failure> {
        self.answer(&request.new)
    }

    async fn bind(&self, _: &str, password: &Password, _: &[Control]) -> Result<Answer, Failure> {
        self.answer(password)
    }
}

fn with(mut running: Running<'_>, how: In) -> Running<'_> {
    let former = &running.connector.context;
    let real = Arc::clone(former.directory.as_ref().unwrap());
    running.connector.context = Arc::new(Context {
        connector: Arc::clone(&former.connector),
        grants: former.grants.clone(),
        directory: Some(Arc::new(Repeating { real, how })),
        limits: former.limits.clone(),
        root_dse: RootDseCache::default(),
    });
    running
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn what_a_server_repeats_is_withheld_from_the_plugin() {
    for how in [
        In::Diagnostic,
        In::Control(Encoding::Utf8),
        In::Control(Encoding::QuotedUtf16Le),
        In::BindRefused,
        In::Doubt,
        In::Unavailable,
    ] {
        let world = World::new();
        let draft = world.hostile("repeat").set("ldap.allow.set-password", true).set("ldap.allow.try-bind", true);
        let running = with(draft.start(), how);
        let report = running.reset().await;
        assert!(report.outcome.fault().is_some(), "{how:?}: {report}");
        let told = world.log.of_connectors();
        assert_eq!(told.len(), 4, "{how:?}: {told:?}");
        let wide: Vec<u8> = NEW.encode_utf16().flat_map(u16::to_le_bytes).collect();
        // As Rust shows bytes that are no text: a list of numbers.
        let numbers = |bytes: &[u8]| {
            let list = format!("{bytes:?}");
            hexadecimal(list.trim_matches(['[', ']']).as_bytes())
        };
        for line in &told {
            for secret in [hexadecimal(NEW.as_bytes()), numbers(NEW.as_bytes()), numbers(&wide)] {
                assert!(!line.contains(&secret), "{how:?}: the plugin was told the password");
            }
        }
        // What has the name of the entry alone is told as it is.
        assert!(
            told[3].contains(&hexadecimal(b"Alice Example")) || told[3].contains(&numbers(b"Alice Example")),
            "{told:?}"
        );
        world.goes_on().await;
    }
}
