//! The example is true.

use super::super::super::tests::Folder;
use super::super::{ServiceConfig, keys};
use super::{folder, load};

const EXAMPLE: &str = include_str!("../../../../../../examples/service/portcullis.toml");

fn loaded(folder: &Folder, text: &str) -> ServiceConfig {
    load(folder, text).unwrap_or_else(|problems| panic!("{}", folder.shown(&problems)))
}

#[test]
fn the_example_loads_without_a_warning_and_shows_the_defaults() {
    let service = loaded(&folder(), EXAMPLE);
    assert!(service.warnings.is_empty(), "{:?}", service.warnings);
    assert_eq!(service.callers.len(), 2);
    let defaults = ServiceConfig::default();
    assert_eq!(service.listen.addresses, defaults.listen.addresses);
    assert_eq!((service.limits, service.delivery), (defaults.limits, defaults.delivery));
    assert_eq!((service.journal, service.keys), (defaults.journal, defaults.keys));
    assert_eq!(service.observe, defaults.observe);
}

/// What is commented out is true as well, and with it every key is there.
#[test]
fn the_example_shows_every_key() {
    let uncommented: String = EXAMPLE
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest)
                if rest.starts_with('[') || rest.split_once(" = ").is_some_and(|(key, _)| !key.contains(' ')) =>
            {
                format!("{rest}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect();
    let folder = folder();
    folder.write("connectors/active-directory.toml", b"");
    let service = loaded(&folder, &uncommented);
    assert!(service.warnings.is_empty(), "{:?}", service.warnings);
    assert!(service.tls.is_some_and(|tls| tls.client_ca.is_some()) && service.observe.otlp.is_some());
    assert_eq!(service.test_accounts.len(), 1);
    for (path, _) in keys::SERVICE.all() {
        let key = path.rsplit('.').next().unwrap();
        assert!(key == "*" || EXAMPLE.contains(key), "{path}");
    }
}
