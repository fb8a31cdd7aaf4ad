//! A library that panics on what a server sends: one operation is refused, the log has one line with the place, and
//! nothing of the server's bytes is anywhere.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::thread;

use crate::folder::{ALICE, Folder, MOCK};
use crate::secrets::find;

/// What a broken or hostile server could send back: the password of somebody.
const SENT: &str = "the-servers-S3cret";

/// Answers the first request of each connection with a result whose matched DN is no text (RFC 4511 section 4.1.9).
fn serve(listener: &UnixListener) {
    let dn = [SENT.as_bytes(), b"\xff"].concat();
    let body = [&[0x0a, 1, 0, 4, dn.len() as u8][..], &dn, &[4, 0]].concat();
    let answer = [&[2, 1, 1, 0x61, body.len() as u8][..], &body].concat();
    let message = [&[0x30, answer.len() as u8][..], &answer].concat();
    for connection in listener.incoming() {
        let mut connection = connection.unwrap();
        let mut request = [0; 1024];
        if connection.read(&mut request).is_ok_and(|read| read > 0) {
            // The other end may have gone away.
            let _ = connection.write_all(&message);
        }
    }
}

#[test]
fn a_panic_of_a_library_is_one_line_without_its_words() {
    let folder = Folder::new();
    let socket = folder.path().join("ldapi");
    let listener = UnixListener::bind(&socket).unwrap();
    thread::spawn(move || serve(&listener));
    folder.write("connectors/secret", "the-service-accounts-Passw0rd");
    std::fs::set_permissions(
        folder.path().join("connectors/secret"),
        std::os::unix::fs::PermissionsExt::from_mode(0o600),
    )
    .unwrap();
    let file = folder.read(MOCK);
    let (before, rest) = file.split_once("[ldap.embedded]").unwrap();
    let (_, after) = rest.split_once("[ldap.locate]").unwrap();
    let url = format!("ldapi://{}", socket.display().to_string().replace('/', "%2F"));
    let ldap = format!(
        "[ldap]\nurls = [\"{url}\"]\nbind-dn = \"cn=svc\"\nbind-password = {{ file = \"secret\" }}\n[ldap.locate]"
    );
    folder.write(MOCK, format!("{before}{ldap}{after}"));

    for arguments in
        [&["reset", ALICE, "--generate", "--trace"][..], &["reset", ALICE, "--generate", "--json", "--trace"]]
    {
        for level in ["error", "debug"] {
            let run = folder.command(arguments).env("PORTCULLIS_LOG", level).env("RUST_BACKTRACE", "1").run("");
            assert!(run.code == 13, "{run}");
            let lines: Vec<_> = run.stderr.lines().filter(|line| line.contains("panic")).collect();
            assert!(!lines.is_empty(), "the library did not panic: {run}");
            for line in lines {
                assert!(line.contains("ERROR") && line.contains("a panic at ldap3-") && line.contains(".rs:"), "{run}");
            }
            assert!(!run.stderr.contains("stack backtrace") && !run.stderr.contains("Utf8Error"), "{run}");
            for text in [&run.stdout, &run.stderr] {
                assert!(find(SENT, text.as_bytes()).is_empty(), "{run}");
                assert!(find("the-service-accounts-Passw0rd", text.as_bytes()).is_empty(), "{run}");
            }
        }
    }
}
