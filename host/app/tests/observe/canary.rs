//! A password is in nothing that can be seen, at any level.

use portcullis::config::{LogFormat, Observe as Settings};
use portcullis_model::OperationKind;
use tracing::Level;

use crate::collector::{Collector, holds};
use crate::world::{ALICE, ALICES, World, ask, reset};

/// Bytes as UTF-16, which is how Active Directory wants passwords.
fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn a_password_is_in_no_line_no_trace_and_no_metric() {
    const CANARIES: [&str; 4] = ["Canary-7c1e-New", "Canary-7c1e-Newer", "Canary-7c1e-Wrong", "7c1e"];
    let collector = Collector::start(true);
    for format in [LogFormat::Text, LogFormat::Json] {
        let settings = Settings { log_format: format, ..collector.settings() };
        let world = World::new(&settings, Level::TRACE, format);
        let rendered = world.serve(async |service| {
            let done = reset(service, ALICE, CANARIES[0]).await.unwrap();
            assert_eq!(done.state.to_string(), "done");
            let changed = [CANARIES[0], CANARIES[1]];
            let changed = ask(service, OperationKind::ChangePassword, ALICE, &changed).await.unwrap();
            let verified = ask(service, OperationKind::VerifyPassword, ALICE, &[CANARIES[2]]).await.unwrap();
            // Refused by the directory, and by nobody answering for the account.
            let short = ask(service, OperationKind::ChangePassword, ALICE, &[ALICES, CANARIES[3]]).await.unwrap();
            assert!(reset(service, "x@nowhere.example", CANARIES[0]).await.is_err());
            for record in [done, changed, verified, short] {
                assert!(!format!("{record:?}").contains("7c1e"), "{record:?}");
            }
            world.metrics().render()
        });
        world.shutdown();
        let text = world.lines.text();
        assert!(text.contains("accepted") && text.contains("refused"), "something was logged:\n{text}");
        let everything = collector.everything();
        assert!(holds(&everything, "change-password"), "something was traced");
        for canary in CANARIES {
            assert!(!text.contains(canary), "{canary} is in:\n{text}");
            assert!(!rendered.contains(canary), "{canary} is in:\n{rendered}");
            for seen in [&everything[..], text.as_bytes(), rendered.as_bytes()] {
                assert!(!holds(seen, canary) && !holds(seen, utf16(canary)), "{canary} was seen");
            }
        }
        // Nor does a trace name the account.
        assert!(!holds(&everything, "alice"), "the account was traced");
    }
}
