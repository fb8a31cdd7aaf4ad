//! What can only be seen from inside: that a hit is one, and that two engines do not share.

use wasmtime::{Config, Engine};

use super::*;
use crate::{Sandbox, SandboxOptions};

/// A component that exports an instance of this name.
fn exporting(name: &str) -> Vec<u8> {
    wat::parse_str(format!(r#"(component (instance $i) (export "{name}" (instance $i)))"#)).unwrap()
}

fn cache() -> (tempfile::TempDir, Cache) {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(folder.path().join("cache")).unwrap();
    (folder, cache)
}

/// Something else is kept under a plugin's digest, by the host itself: only who takes it from the cache sees it.
#[test]
fn the_second_load_is_a_hit() {
    let (_folder, cache) = cache();
    let path = cache.folder.clone();
    let first = Sandbox::new(SandboxOptions::default(), Some(cache)).unwrap();
    let (plugin, planted) = (exporting("compiled"), exporting("cached"));
    assert!(first.load_bytes(Path::new("p"), &plugin).unwrap().surface().exports("compiled"));
    let component = Component::from_binary(first.engine(), &planted).unwrap();
    first.cache().unwrap().put(first.engine(), &Digest::of(&plugin), &component);
    assert!(first.load_bytes(Path::new("p"), &plugin).unwrap().surface().exports("cached"));
    // Another process, after this one.
    let second = Sandbox::new(SandboxOptions::default(), Some(Cache::open(path).unwrap())).unwrap();
    assert!(second.load_bytes(Path::new("p"), &plugin).unwrap().surface().exports("cached"));
}

#[test]
fn engines_of_another_configuration_do_not_share() {
    let (_folder, cache) = cache();
    let engine = |settings: fn(&mut Config) -> &mut Config| {
        let mut config = Config::new();
        config.concurrency_support(false).epoch_interruption(true);
        settings(&mut config);
        Engine::new(&config).unwrap()
    };
    let ours = engine(|c| c);
    let digest = Digest::of(b"any");
    let component = Component::from_binary(&ours, &exporting("ours")).unwrap();
    cache.put(&ours, &digest, &component);
    assert!(cache.get(&ours, &digest).is_some());
    // The same again, in another process as it were.
    assert!(cache.get(&engine(|c| c), &digest).is_some());
    // Without the code that looks at the epoch a plugin could not be stopped.
    let others: [fn(&mut Config) -> &mut Config; 3] =
        [|c| c.epoch_interruption(false), |c| c.consume_fuel(true), |c| c.memory_guard_size(0).memory_reservation(0)];
    for other in others {
        assert!(cache.get(&engine(other), &digest).is_none());
    }
    assert!(cache.get(&ours, &digest).is_some(), "asking with another engine took it away");
}

/// Even under a key and a name that are right, what the engine did not write is refused by the engine.
#[test]
fn authentic_nonsense_is_no_plugin() {
    let (_folder, cache) = cache();
    let engine = Engine::new(&Config::new()).unwrap();
    let digest = Digest::of(b"any");
    let path = cache.path(&engine, &digest);
    let mac = cache.mac(&path, b"nonsense").finalize().into_bytes();
    write_private(&cache.folder, &path, &[&mac, b"nonsense"]).unwrap();
    assert!(cache.get(&engine, &digest).is_none());
    assert!(!path.exists(), "it is deleted");
}

#[test]
fn nothing_shows_the_key() {
    let (_folder, cache) = cache();
    let shown = format!("{cache:?}");
    assert!(shown.contains("folder") && !shown.contains("key"), "{shown}");
}
