//! Folders, and files that cannot be read.

use super::super::{load_file, load_folder};
use super::{CORP, Folder, with};

fn refused(folder: &Folder) -> (Vec<&'static str>, String) {
    let problems = load_folder(folder.path()).unwrap_err();
    (problems.all().iter().map(|problem| problem.name()).collect(), folder.shown(&problems))
}

#[test]
fn a_folder_that_is_missing_or_empty() {
    let folder = Folder::new();
    folder.write("connectors/.hidden.toml", b"");
    folder.write("connectors/corp.toml.bak", b"");
    let (codes, shown) = refused(&folder);
    assert_eq!(codes, ["no-connector"]);
    insta::assert_snapshot!("folder_empty", shown);
    std::fs::remove_dir_all(folder.path().join("connectors")).unwrap();
    let (codes, shown) = refused(&folder);
    assert_eq!(codes, ["no-folder"]);
    insta::assert_snapshot!("folder_missing", shown);
}

#[test]
fn one_broken_file_refuses_the_folder_and_all_are_told() {
    let folder = Folder::new();
    folder.write("connectors/a.toml", CORP.as_bytes());
    folder.write("connectors/b.toml", with(CORP, &[("ca-file", "ca_file")]).as_bytes());
    folder.write("connectors/c.toml", b"\xff");
    folder.write("connectors/strange name.toml", CORP.as_bytes());
    let (codes, shown) = refused(&folder);
    assert_eq!(codes, ["unknown-key", "not-utf8", "bad-name"]);
    insta::assert_snapshot!("folder_with_broken_files", shown);
}

#[test]
fn connectors_come_in_the_order_of_their_names() {
    let folder = Folder::new();
    for name in ["b", "a", "c.2"] {
        folder.write(&format!("connectors/{name}.toml"), CORP.as_bytes());
    }
    let names: Vec<String> = load_folder(folder.path()).unwrap().into_iter().map(|file| file.name).collect();
    assert_eq!(names, ["a", "b", "c.2"]);
}

#[test]
fn files_that_cannot_be_read() {
    let folder = Folder::new();
    let code = |name: &str| {
        let problems = load_file(&folder.path().join(name), folder.path()).unwrap_err();
        problems.all()[0].name()
    };
    assert_eq!(code("connectors/none.toml"), "file-missing");
    std::fs::create_dir(folder.path().join("folder.toml")).unwrap();
    assert_eq!(code("folder.toml"), "file-missing");
    folder.write("large.toml", &vec![b'#'; (1 << 20) + 1]);
    assert_eq!(code("large.toml"), "too-large");
    folder.write("latin1.toml", b"plugin = \"x\"\n# \xe9\n");
    assert_eq!(code("latin1.toml"), "not-utf8");
}
