//! What a recording holds, and what not.

use std::sync::Arc;

use portcullis::recording::to_line;
use portcullis::replay::{Verdict, verdict};
use portcullis_directory::memory::MemoryDirectory;
use portcullis_directory::{
    Answer, Attribute, Control, Directory, Failure, Found, Modify, Performer, Search, SetPassword,
};
use portcullis_model::{Password, ResetOptions};
use portcullis_tests::plugins::test_plugin;

use crate::world::{Kind, NEW, World};

#[tokio::test]
async fn nothing_of_the_directory_that_was_not_granted() {
    for kind in Kind::ALL {
        let world = World::new(kind);
        for operation in [world.status("alice"), world.reset(NEW, ResetOptions { must_change: false, unlock: true })] {
            let line = to_line(&world.record(&operation).await.1).unwrap();
            for hidden in ["nobody was granted", "description", "userPassword:", "never to be touched", "adminCount\""]
            {
                assert!(!line.contains(hidden), "{hidden} in {line}");
            }
        }
    }
}

#[tokio::test]
async fn the_attribute_by_which_the_host_makes_sure_is_compared() {
    let change = |draft: portcullis_tests::harness::Draft| {
        draft
            .set("ldap.read.attributes", vec!["pwdReset", "pwdChangedTime"])
            .set("ldap.confirm.by", "read-back")
            .set("ldap.confirm.attribute", "pwdChangedTime")
    };
    let world = World::with(Kind::Mock, change);
    for new in [NEW, "Other-Passw0rd"] {
        let (report, recording) = world.record(&world.reset(new, ResetOptions::default())).await;
        let found = world.replay_with(&recording, change).await.unwrap();
        assert_eq!(found, [], "{:?}", report.outcome);
    }
}

#[tokio::test]
async fn a_plugin_that_reads_passwords_cannot_have_them_recorded() {
    let revealing = test_plugin("revealing").unwrap().display().to_string();
    let tells = [
        "log",
        "long-line",
        "detail",
        "long-detail",
        "note",
        "dn",
        "attribute",
        "option",
        "control",
        "read",
        "root-dse",
        "base",
        "granted-base",
        "filter",
        "bad-filter",
        "bind",
    ];
    for tell in tells {
        let world = World::with(Kind::Mock, |draft| {
            draft
                .set("plugin", revealing.clone())
                .set("log.level", "info")
                .set("config.tell", tell)
                .set("reveal.passwords", vec!["new", "old", "candidate"])
                .set("ldap.read.attributes", vec!["cn", "pwdReset"])
                .set("ldap.search.bases", vec!["ou=people,dc=people,dc=example"])
        });
        for operation in [world.reset(NEW, ResetOptions::default()), world.change(NEW, "Other-Passw0rd")] {
            let (_, recording) = world.record(&operation).await;
            let line = to_line(&recording).unwrap().to_lowercase();
            assert!(!line.contains(&NEW.to_lowercase()), "{tell}: {line}");
        }
    }
}

/// A server that repeats what it was sent: in its words, in a control, and in whatever it is asked for afterwards.
#[derive(Debug)]
struct Echo {
    inner: MemoryDirectory,
    takes: bool,
}

impl Echo {
    fn answer(&self, answer: Answer) -> Answer {
        let utf16: Vec<u8> = NEW.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let hex: String = utf16.iter().map(|byte| format!("{byte:02X}")).collect();
        let control = |value: &[u8]| Control { oid: "1.2.3".into(), critical: false, value: Some(value.to_vec()) };
        Answer {
            code: if self.takes { answer.code } else { 19 },
            diagnostic: format!("bad value {NEW}, {}, {hex}", NEW.to_uppercase()),
            controls: vec![control(NEW.as_bytes()), control(&utf16)],
            ..answer
        }
    }
}

#[async_trait::async_trait]
impl Directory for Echo {
    async fn search(&self, search: &Search) -> Result<Found, Failure> {
        let mut found = self.inner.search(search).await?;
        for entry in &mut found.entries {
            // And more than it was asked for, with an option and without.
            for (name, value) in [("pwdReset", NEW), ("pwdReset;x-more", "secret-a"), ("description", "secret-b")] {
                entry.attributes.push(Attribute { name: name.into(), values: vec![value.as_bytes().to_vec()] });
            }
        }
        Ok(found)
    }

    async fn modify(&self, performer: &Performer, modify: &Modify) -> Result<Answer, Failure> {
        match (self.takes, self.inner.modify(performer, modify).await?) {
            (_, answer) if answer.code == 0 => Ok(self.answer(answer)),
            (_, answer) => Err(Failure::InDoubt(self.answer(answer).diagnostic)),
        }
    }

    async fn set_password(&self, performer: &Performer, request: &SetPassword) -> Result<Answer, Failure> {
        Ok(self.answer(self.inner.set_password(performer, request).await?))
    }

    async fn bind(&self, dn: &str, password: &Password, controls: &[Control]) -> Result<Answer, Failure> {
        Ok(self.answer(self.inner.bind(dn, password, controls).await?))
    }
}

#[tokio::test]
async fn a_server_that_repeats_the_password_puts_it_into_no_recording() {
    for takes in [true, false] {
        let mut world = World::new(Kind::Mock);
        let echo: Arc<dyn Directory> = Arc::new(Echo { inner: world.memory.clone(), takes });
        Arc::get_mut(&mut world.connector.context).unwrap().directory = Some(echo);
        for operation in [
            world.reset(NEW, ResetOptions { must_change: true, unlock: true }),
            world.change(NEW, NEW),
            world.verify(NEW),
        ] {
            let (report, recording) = world.record(&operation).await;
            let line = to_line(&recording).unwrap();
            assert!(!line.to_lowercase().contains(&NEW.to_lowercase()), "{line}");
            let utf16 = "540072003000750062003400"; // "Tr0ub4" as the server wrote it
            assert!(!line.to_lowercase().contains(utf16), "{line}");
            assert!(!line.contains("secret-"), "what nobody was granted to read: {line}");
            assert!(recording.withheld > 0, "{:?}", report.outcome);
            let found = world.replay(&recording).await;
            assert_ne!(verdict(&found), Verdict::Diverges, "{found:#?}");
        }
    }
}
