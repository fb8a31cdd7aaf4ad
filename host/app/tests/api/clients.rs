//! The clients of `examples/clients`, as a person would run them.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use portcullis_tests::plugins::root;
use tokio::io::AsyncWriteExt as _;

use crate::server::{DESK, PORTAL, Server};

const CLIENTS: [&str; 2] = ["curl.sh", "reset.py"];

/// Runs a client with the password on its standard input, and nothing else of the tester's environment.
async fn run(client: &str, account: &str, password: &str, environment: &[(&str, &str)]) -> Output {
    let program: PathBuf = root().join("examples/clients").join(client);
    let mut child = tokio::process::Command::new(program)
        .arg(account)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(format!("{password}\n").as_bytes()).await.unwrap();
    drop(stdin);
    child.wait_with_output().await.unwrap()
}

fn token(folder: &Path, token: &str) -> String {
    let path = folder.join(format!("{}.token", &token[..4]));
    std::fs::write(&path, format!("{token}\n")).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_tell_done_from_refused_and_from_no_answer() {
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (desk, portal) = (token(folder.path(), DESK), token(folder.path(), PORTAL));
    let url = format!("http://{}", server.address);
    for (n, client) in CLIENTS.into_iter().enumerate() {
        let shown = |output: &Output| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let (out, err) = (text(&output.stdout), text(&output.stderr));
            assert!(!out.contains(DESK) && !err.contains(DESK), "{out}{err}");
            (output.status.code(), format!("{out}{err}"))
        };
        let with = |token: &str| [("PORTCULLIS_URL", url.clone()), ("PORTCULLIS_TOKEN_FILE", token.to_owned())];
        let ask = async |token: &str, password: &str| {
            let environment = with(token);
            let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
            shown(&run(client, "alice@people.example", password, &environment).await)
        };
        let (code, said) = ask(&portal, "a much better phrase 7").await;
        assert_eq!(code, Some(1), "{client}: {said}");
        assert!(said.contains("caller-not-allowed: You may not ask for this."), "{client}: {said}");
        let (code, said) = ask(&desk, "short").await;
        assert_eq!(code, Some(1), "{client}: {said}");
        assert!(said.contains("too short") && said.contains("operation: "), "{client}: {said}");
        let (code, said) = ask(&desk, &format!("a \"better\" phräse {n}")).await;
        assert_eq!(code, Some(0), "{client}: {said}");
        assert!(said.starts_with("done: password-set, change-required\noperation: "), "{client}: {said}");
        let socket = [("PORTCULLIS_SOCKET", server.control.to_str().unwrap())];
        let (code, said) = shown(&run(client, "alice@people.example", &format!("another phrase {n}"), &socket).await);
        assert_eq!(code, Some(0), "{client}: {said}");
        let page = server.get(DESK, "/v1/operations?state=done&limit=1").await.json();
        assert_eq!(page["operations"][0]["caller"], "operator", "it came through the socket");
    }
    assert!(
        server.post(DESK, VERIFY, &[]).await.json()["receipt"]["verdict"] == "must-change",
        "what was typed is set"
    );
}

const VERIFY: &str = "{\"kind\":\"verify-password\",\"account\":\"alice@people.example\",\"candidate\":{\"clear\":\"another phrase 1\"}}";
