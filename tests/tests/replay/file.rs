//! Files that are no recordings, or no longer.

use std::path::PathBuf;

use portcullis::recording::{BadLine, MAX_LINE, Unreadable, from_line, read, to_line};
use portcullis_model::ResetOptions;
use proptest::prelude::*;

use crate::world::{Kind, NEW, World};

async fn line() -> String {
    let world = World::new(Kind::Mock);
    to_line(&world.record(&world.reset(NEW, ResetOptions::default())).await.1).unwrap()
}

struct File(tempfile::TempDir);

impl File {
    fn new(content: impl AsRef<[u8]>) -> Self {
        let this = Self(tempfile::tempdir().unwrap());
        std::fs::write(this.path(), content).unwrap();
        this
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("recording.jsonl")
    }

    fn bad(&self) -> (usize, BadLine) {
        match read(&self.path()).unwrap_err() {
            Unreadable::Line { line, why, .. } => (line, why),
            other => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn what_was_cut_changed_or_made_by_another_version_is_refused_by_its_line() {
    let line = line().await;
    assert_eq!(read(&File::new(format!("{line}\n{line}")).path()).unwrap().len(), 2, "an empty line is none");

    let cut = &line[..line.len() / 2];
    assert_eq!(File::new(format!("{line}{cut}")).bad(), (2, BadLine::NotJson));
    assert_eq!(File::new(line.replace("alice", "bob00")).bad(), (1, BadLine::Altered));
    assert_eq!(File::new(line.replace("\"v\":1,", "\"v\":2,")).bad(), (1, BadLine::Version(2)));
    assert_eq!(File::new("{}\n").bad(), (1, BadLine::Shape("the field `v` is missing".into())));
    assert_eq!(File::new("{\"v\":1}\n").bad(), (1, BadLine::Altered));
    assert_eq!(File::new([line.as_bytes(), &[0xff, 0xfe, b'\n']].concat()).bad(), (2, BadLine::NotJson));
    let long = format!("{line}{{\"v\":1,\"x\":\"{}\"}}\n", "x".repeat(2 * MAX_LINE));
    assert_eq!(File::new(long).bad(), (2, BadLine::TooLong));
    let nested = format!("{}{}\n", "[".repeat(10_000), "]".repeat(10_000));
    assert!(matches!(File::new(nested).bad(), (1, BadLine::Shape(_))));
    assert!(matches!(read(&File::new("").path()), Err(Unreadable::Empty(_))));
    assert!(matches!(read(&PathBuf::from("/nowhere")), Err(Unreadable::File { .. })));
}

/// A line with a field changed, and with the digest that fits: whoever writes files can do that.
fn sealed(line: &str, old: &str, new: &str) -> String {
    use sha2::{Digest as _, Sha256};
    let (open, _) = line.rsplit_once(",\"sha256\"").unwrap();
    assert!(open.contains(old), "{old} is not in {open}");
    let body = format!("{}}}", open.replacen(old, new, 1));
    let digest: String = Sha256::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{},\"sha256\":\"{digest}\"}}", body.strip_suffix('}').unwrap())
}

#[tokio::test]
async fn a_forged_one_ends_with_a_fault_or_a_divergence_and_never_worse() {
    let line = line().await;
    let world = World::new(Kind::Mock);
    for (old, new, fault) in [
        ("\"account\":\"alice@people.example\"", "\"account\":\"\"", true),
        ("\"operation\":\"", "\"operation\":\"../", true),
        ("\"kind\":\"reset-password\"", "\"kind\":\"change-password\"", false),
        ("\"kind\":\"reset-password\"", "\"kind\":\"account-status\"", false),
        ("\"dn\":\"uid=alice", "\"dn\":\",,,uid=alice", false),
        ("\"reply\":\"found\"", "\"reply\":\"failed\",\"failure\":\"in-doubt\",\"text\":\"\",\"x\":\"", false),
    ] {
        let Ok(recording) = from_line(&sealed(line.trim_end(), old, new)) else { continue };
        let found = world.replay_with(&recording, |draft| draft.set("limits.time", "1s")).await;
        assert_eq!(found.is_err(), fault, "{new}: {found:#?}");
        if let Ok(found) = found {
            assert!(!found.is_empty(), "{new}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_breaks_the_reader(text in ".{0,200}") {
        prop_assert!(from_line(&text).is_err());
    }

    #[test]
    fn no_byte_is_changed_unseen(at in 0_usize..4_000, byte in any::<u8>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        static LINE: std::sync::OnceLock<String> = std::sync::OnceLock::new();
        let line = LINE.get_or_init(|| runtime.block_on(line()));
        let mut bytes = line.trim_end().as_bytes().to_vec();
        let at = at % bytes.len();
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        if let Ok(text) = String::from_utf8(bytes) {
            prop_assert!(from_line(&text).is_err(), "byte {at}");
        }
    }
}
