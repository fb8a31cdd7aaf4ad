//! What ARCHITECTURE.md says about the shape of the tree, as tests: which way the arrows run, who may name which
//! library, how large a file may grow, and that the interface is documented.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

type Fallible = Result<(), Box<dyn std::error::Error>>;

/// Who may depend on whom. Whatever is not listed is an arrow that runs another way.
const ARROWS: [(&str, &[&str]); 10] = [
    ("model", &[]),
    ("directory", &["model"]),
    ("sandbox", &["model"]),
    ("journal", &["model"]),
    ("audit", &["model"]),
    ("seal", &["model"]),
    ("capabilities", &["directory", "model", "sandbox"]),
    ("app", &["audit", "capabilities", "directory", "journal", "model", "sandbox", "seal"]),
    ("fuzzing", &["audit", "capabilities", "directory", "model", "sandbox", "seal"]),
    ("xtask", &[]),
];

/// Libraries that only some crates may name.
const NAMES: [(&str, &[&str]); 6] = [
    ("wasmtime", &["capabilities", "sandbox"]),
    ("wasmtime-wasi", &["capabilities"]),
    ("ldap3", &["directory"]),
    ("lber", &["directory"]),
    ("rusqlite", &["journal"]),
    ("hpke", &["seal"]),
];

/// The longest source file, in lines.
const LONGEST: usize = 500;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The names in `[dependencies]` of a crate of the host. Test dependencies are left out: a test may look from outside.
fn dependencies(name: &str) -> Result<BTreeSet<String>, Box<dyn std::error::Error>> {
    let path = root().join("host").join(name).join("Cargo.toml");
    let manifest: toml::Table = std::fs::read_to_string(path)?.parse()?;
    let mut names = BTreeSet::new();
    for section in ["dependencies", "build-dependencies"] {
        names.extend(manifest.get(section).and_then(toml::Value::as_table).into_iter().flat_map(|t| t.keys().cloned()));
    }
    Ok(names)
}

#[test]
fn arrows_run_one_way() -> Fallible {
    for entry in std::fs::read_dir(root().join("host"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        assert!(
            ARROWS.iter().any(|(crate_, _)| *crate_ == name),
            "host/{name} is not on the map: add its arrows here and in ARCHITECTURE.md"
        );
    }
    for (name, allowed) in ARROWS {
        for dependency in dependencies(name)?.iter().filter_map(|d| d.strip_prefix("portcullis-")) {
            assert!(allowed.contains(&dependency), "host/{name} must not depend on {dependency}");
        }
    }
    Ok(())
}

#[test]
fn libraries_stay_in_their_rooms() -> Fallible {
    for (crate_, _) in ARROWS {
        let dependencies = dependencies(crate_)?;
        for (library, rooms) in NAMES {
            let named = dependencies.contains(library);
            assert!(!named || rooms.contains(&crate_), "host/{crate_} must not name {library}: only {rooms:?} may");
        }
    }
    Ok(())
}

/// Plugins see the interface and the crate for vendors; nothing of the host.
#[test]
fn plugins_know_nothing_of_the_host() -> Fallible {
    for entry in std::fs::read_dir(root().join("plugins"))? {
        let manifest = entry?.path().join("Cargo.toml");
        if manifest.is_file() {
            let text = std::fs::read_to_string(&manifest)?;
            assert!(
                !text.contains("/host") && !text.contains("portcullis-model"),
                "{} reaches into the host",
                manifest.display()
            );
        }
    }
    Ok(())
}

#[test]
fn no_file_outgrows_its_room() -> Fallible {
    let mut sources = Vec::new();
    for folder in ["fuzz", "host", "plugins", "tests", "examples", "wit"] {
        collect(&root().join(folder), &mut sources)?;
    }
    assert!(sources.len() > 50, "the tree was not found");
    for path in sources {
        let lines = std::fs::read_to_string(&path)?.lines().count();
        assert!(lines <= LONGEST, "{} has {lines} lines; {LONGEST} is the most: move the walls", path.display());
    }
    Ok(())
}

fn collect(folder: &Path, sources: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["target", "node_modules"].contains(&name.as_str()) && !name.starts_with('.') {
                collect(&path, sources)?;
            }
        } else if ["rs", "wit", "sh", "py", "c", "ts"].iter().any(|ending| name.ends_with(&format!(".{ending}"))) {
            sources.push(path);
        }
    }
    Ok(())
}

/// A vendor reads the interface and nothing else: every item of it says what it means.
#[test]
fn every_item_of_the_interface_is_documented() -> Fallible {
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve.push_dir(root().join("wit"))?;
    let mut bare = BTreeMap::new();
    let mut look = |what: String, docs: &wit_parser::Docs| {
        if docs.contents.as_deref().is_none_or(|text| text.trim().is_empty()) {
            bare.insert(what, ());
        }
    };
    for (name, id) in &resolve.packages[package].interfaces {
        let interface = &resolve.interfaces[*id];
        look(name.clone(), &interface.docs);
        interface.functions.iter().for_each(|(function, f)| look(format!("{name}.{function}"), &f.docs));
        for (type_name, id) in &interface.types {
            let ty = &resolve.types[*id];
            let owner = format!("{name}.{type_name}");
            match &ty.kind {
                // `use types.{account}`: documented where it is defined.
                wit_parser::TypeDefKind::Type(_) => continue,
                wit_parser::TypeDefKind::Record(r) => {
                    r.fields.iter().for_each(|f| look(format!("{owner}.{}", f.name), &f.docs))
                }
                wit_parser::TypeDefKind::Variant(v) => {
                    v.cases.iter().for_each(|c| look(format!("{owner}.{}", c.name), &c.docs))
                }
                wit_parser::TypeDefKind::Enum(e) => {
                    e.cases.iter().for_each(|c| look(format!("{owner}.{}", c.name), &c.docs))
                }
                _ => {}
            }
            look(owner, &ty.docs);
        }
    }
    for (name, id) in &resolve.packages[package].worlds {
        look(name.clone(), &resolve.worlds[*id].docs);
    }
    assert_eq!(bare.into_keys().collect::<Vec<_>>(), Vec::<String>::new(), "items of wit/ without a word about them");
    Ok(())
}

/// A page that names a test or a file that is gone says something untrue.
#[test]
fn the_paths_that_pages_name_are_there() -> Fallible {
    for page in ["SECURITY.md", "ARCHITECTURE.md"] {
        let text = std::fs::read_to_string(root().join(page))?;
        let quoted = text.split('`').skip(1).step_by(2);
        let paths: Vec<&str> = quoted.filter(|word| is_path(word)).collect();
        assert!(paths.len() > 5, "the paths of {page} were not found");
        for path in paths {
            assert!(root().join(path).exists(), "{page} names {path}, which is not there");
        }
    }
    Ok(())
}

/// Whether a quoted word is the path of something in the tree, and not of a folder that an operator has.
fn is_path(word: &str) -> bool {
    let here = ["host/", "tests/", "docs/", "third-party/", "plugins/", "examples/", "wit/", "packaging/"];
    let plain = word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b));
    plain && here.iter().any(|start| word.starts_with(start) && word.len() > start.len())
}
