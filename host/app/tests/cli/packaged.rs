//! What the Debian package puts into /etc: read by the program as it is, and as an operator would fill it in.

use std::fs;

use portcullis::config::load_service;
use portcullis_tests::plugins::root;

use crate::folder::Folder;

fn packaged() -> String {
    fs::read_to_string(root().join("packaging/debian/portcullis.toml")).unwrap()
}

#[test]
fn the_packaged_file_changes_nothing() {
    let (folder, without) = (Folder::empty(), Folder::empty());
    folder.write("portcullis.toml", packaged());
    let [with, without] = [&folder, &without].map(|folder| load_service(folder.path()).unwrap());
    assert_eq!(format!("{with:?}"), format!("{without:?}"));
}

#[test]
fn every_line_of_the_packaged_file_can_be_used() {
    let folder = Folder::empty();
    let filled: Vec<String> = packaged()
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line).to_owned())
        .collect();
    assert!(filled.iter().any(|line| line == "[callers.portal]"), "{filled:#?}");
    let certificate = rcgen::generate_simple_self_signed(["portcullis.corp.example".to_owned()]).unwrap();
    folder.write("server.pem", certificate.cert.pem());
    folder.write("portcullis.toml", filled.join("\n"));
    let service = load_service(folder.path()).unwrap();
    assert_eq!(format!("{:?}", service.warnings), "[]");
    assert!(service.callers.iter().any(|caller| caller.name == "portal"), "{service:#?}");
    assert!(service.tls.is_some() && service.listen.socket.is_some(), "{service:#?}");
}
