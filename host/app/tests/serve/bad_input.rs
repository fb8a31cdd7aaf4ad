//! What a running service refuses: each time a clear problem, nothing written, and nothing told.

use serde_json::json;

use crate::http::{Answer, exchange, tcp};
use crate::process::Serve;
use crate::world::{ALICE, ALICES, BOB, DESK, MOCK, PORTAL, World, change, hash, reset, status};

/// A password that is nowhere else.
const SECRET: &str = "Canary-7c1e-Password";
/// A token that is nobody's.
const GUESS: &str = "canary-4fe2-guess-0123456789";

/// Everything that must never be read anywhere.
const UNTOLD: [&str; 6] = [SECRET, GUESS, DESK, PORTAL, ALICES, "canary-member"];

/// A service to which something was done that must change nothing.
struct Unchanged {
    world: World,
    serve: Serve,
    directory: String,
    operations: usize,
}

impl Unchanged {
    fn new(world: World) -> Self {
        let serve = world.serve();
        // The directory's file is there from the first change on.
        assert_eq!(serve.post(DESK, &reset(BOB, "first words of bob 1"), &[]).status, 201);
        let (directory, operations) = (world.directory(), serve.operations().len());
        assert!(!directory.is_empty() && operations == 1);
        Self { world, serve, directory, operations }
    }

    /// This is a problem with this status and code, and nothing has happened.
    fn refused(&self, answer: &Answer, status: u16, code: &str, what: &str) {
        assert_eq!((answer.status, answer.problem().as_str()), (status, code), "{what}: {answer:?}");
        for untold in UNTOLD {
            assert!(!answer.head.contains(untold) && !answer.body.contains(untold), "{what}: {untold} in {answer:?}");
        }
        assert_eq!(self.serve.operations().len(), self.operations, "{what}: the journal has changed");
        assert!(self.world.directory() == self.directory, "{what}: the directory has changed");
    }

    /// And after all of it: nothing was told, and the service still does what it should.
    fn end(mut self) {
        assert_eq!(self.serve.post(DESK, &status(ALICE), &[]).status, 201, "it goes on serving");
        assert!(self.world.directory() == self.directory);
        let log = self.serve.stop();
        assert!(log.contains("serving"), "{log}");
        for untold in UNTOLD {
            assert!(!log.contains(untold), "{untold} is in the log:\n{log}");
        }
    }
}

#[test]
fn nobody_gets_in_without_the_right_token() {
    let on = Unchanged::new(World::new());
    let body = reset(ALICE, SECRET).to_string();
    let json = ("content-type", "application/json");
    let post =
        |path: &str, more: &[(&str, &str)]| on.serve.ask("POST", path, &[&[json][..], more].concat(), body.as_bytes());
    on.refused(&post("/v1/operations", &[]), 401, "caller-unknown", "no token");
    for value in [format!("Bearer {GUESS}"), format!("Bearer {DESK}x"), format!("Basic {DESK}"), DESK.to_owned()] {
        let answer = post("/v1/operations", &[("authorization", &value)]);
        on.refused(&answer, 401, "caller-unknown", &value);
        assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer"), "{answer:?}");
    }
    for path in ["/v1/operations?access_token=", "/v1/operations?token="] {
        on.refused(&post(&format!("{path}{DESK}"), &[]), 401, "caller-unknown", "a token in the query");
    }
    // The hash that stands in portcullis.toml opens nothing.
    on.refused(
        &post("/v1/operations", &[("authorization", &format!("Bearer {}", hash(DESK)))]),
        401,
        "caller-unknown",
        "hash",
    );
    on.end();
}

#[test]
fn nobody_gets_more_than_its_section_says() {
    let no_operations = "operations = [\"verify-password\"]";
    let other = hash("other-token-0123456789abcdef");
    let only = format!(
        "[callers.other]\ntoken-sha256 = [\"{other}\"]\n{no_operations}\naccounts = [\"*\"]\nconnectors = [\"ad\"]\n"
    );
    let on = Unchanged::new(World::with(&only));
    let post = |token: &str, body: &serde_json::Value| on.serve.post(token, body, &[]);
    on.refused(&post(PORTAL, &reset(ALICE, SECRET)), 403, "caller-not-allowed", "kind");
    on.refused(&post(PORTAL, &change(BOB, "x", SECRET)), 403, "caller-not-allowed", "except");
    on.refused(&post(PORTAL, &change("BOB@People.Example", "x", SECRET)), 403, "caller-not-allowed", "other spelling");
    let candidate = json!({ "kind": "verify-password", "account": ALICE, "candidate": { "clear": SECRET } });
    on.refused(&post("other-token-0123456789abcdef", &candidate), 403, "caller-not-allowed", "connector");
    on.refused(&post(DESK, &candidate), 403, "caller-not-allowed", "kind of the other");
    let elsewhere = post(DESK, &reset("alice@elsewhere.example", SECRET));
    on.refused(&elsewhere, 422, "no-connector", "account");
    let mut named = reset(ALICE, SECRET);
    named["connector"] = "canary-member".into();
    on.refused(&post(DESK, &named), 422, "unknown-connector", "a connector that is not there");
    // Another's operation is none, and nobody takes it back.
    let id = on.serve.operations()[0]["id"].as_str().unwrap().to_owned();
    on.refused(&on.serve.get(PORTAL, &format!("/v1/operations/{id}")), 404, "no-such-operation", "another's");
    for verb in ["cancel", "retry"] {
        let bearer = format!("Bearer {PORTAL}");
        let path = format!("/v1/operations/{id}/{verb}");
        let answer = on.serve.ask("POST", &path, &[("authorization", &bearer)], b"");
        on.refused(&answer, if answer.status == 404 { 404 } else { 403 }, &answer.problem(), verb);
    }
    on.refused(&on.serve.get(PORTAL, "/metrics"), 403, "caller-not-allowed", "metrics");
    on.end();
}

#[test]
fn an_excluded_account_looks_like_none_and_is_not_touched() {
    let world = World::new();
    // The connector would touch it: the section of the caller says no.
    world.edit(MOCK, "exclude = \"(employeeType=administrator)\"\n", "");
    let mut serve = world.serve();
    assert_eq!(serve.post(DESK, &reset(BOB, "first words of bob 1"), &[]).status, 201);
    let before = world.directory();
    let known = |account: &str| {
        let answer = serve.post(DESK, &reset(account, SECRET), &[]);
        assert!(!answer.body.contains("admin") && !answer.body.contains(SECRET), "{answer:?}");
        (answer.status, answer.problem(), answer.json()["title"].to_string())
    };
    assert_eq!(known("root@people.example"), known("nobody@people.example"));
    assert_eq!(known("root@people.example").1, "no-such-account");
    assert!(world.directory() == before);
    let log = serve.stop();
    assert!(log.contains("account-excluded") || log.contains("exclude"), "the operator reads why:\n{log}");
    assert!(!log.contains(SECRET));
}

#[test]
fn bodies_that_are_not_as_described() {
    let on = Unchanged::new(World::new());
    let reset = |rest: &str| format!("{{\"kind\":\"reset-password\",\"account\":\"{ALICE}\"{rest}}}").into_bytes();
    let clear = format!(",\"new_password\":{{\"clear\":\"{SECRET}\"}}");
    let deep = "[".repeat(60_000).into_bytes();
    let with = |rest: &str| reset(&format!("{clear}{rest}"));
    let mut latin = reset(&format!(",\"new_password\":{{\"clear\":\"{SECRET}X\"}}"));
    let at = latin.iter().position(|byte| *byte == b'X').unwrap();
    latin[at] = 0xff;
    for (what, body, status, code) in [
        ("empty", b" ".to_vec(), 400, "request-malformed"),
        ("truncated", reset(&clear)[..60].to_vec(), 400, "request-malformed"),
        ("two values", [with(""), with("")].concat(), 400, "request-malformed"),
        ("a list", b"[]".to_vec(), 400, "request-malformed"),
        ("a text", format!("\"{SECRET}\"").into_bytes(), 400, "request-malformed"),
        ("no kind", b"{\"account\":\"alice\"}".to_vec(), 400, "request-malformed"),
        ("a number for the account", b"{\"kind\":\"account-status\",\"account\":7}".to_vec(), 400, "request-malformed"),
        ("a bare password", reset(&format!(",\"new_password\":\"{SECRET}\"")), 400, "request-malformed"),
        ("a password in a list", reset(&format!(",\"new_password\":[\"{SECRET}\"]")), 400, "request-malformed"),
        ("unknown member", with(&format!(",\"canary-member\":\"{SECRET}\"")), 400, "request-malformed"),
        ("twice the same member", with(&clear), 400, "request-malformed"),
        (
            "twice clear",
            reset(&format!(",\"new_password\":{{\"clear\":\"{SECRET}\",\"clear\":\"{SECRET}\"}}")),
            400,
            "request-malformed",
        ),
        (
            "clear and sealed",
            reset(&format!(",\"new_password\":{{\"clear\":\"{SECRET}\",\"sealed\":\"{SECRET}\"}}")),
            400,
            "request-malformed",
        ),
        (
            "another's password",
            with(&format!(",\"old_password\":{{\"clear\":\"{SECRET}\"}}")),
            400,
            "request-malformed",
        ),
        ("no password", reset(""), 422, "password-missing"),
        (
            "a line break in it",
            reset(&format!(",\"new_password\":{{\"clear\":\"{SECRET}\\n\"}}")),
            422,
            "password-unusable",
        ),
        ("sealed is not", reset(&format!(",\"new_password\":{{\"sealed\":\"{SECRET}\"}}")), 422, "seal-unopened"),
        ("no UTF-8", latin, 400, "request-malformed"),
        ("deep", deep, 400, "request-malformed"),
        ("a deadline in the past", with(",\"deadline\":-1"), 400, "request-malformed"),
        ("too large", with(&format!(",\"x\":\"{}\"", "x".repeat(70_000))), 413, "request-malformed"),
    ] {
        on.refused(&on.serve.post_bytes(DESK, &body, &[]), status, code, what);
    }
    let bearer = format!("Bearer {DESK}");
    let auth = ("authorization", bearer.as_str());
    for headers in [
        vec![auth],
        vec![auth, ("content-type", "text/plain")],
        vec![auth, ("content-type", "application/x-www-form-urlencoded")],
    ] {
        on.refused(&on.serve.ask("POST", "/v1/operations", &headers, &with("")), 415, "request-malformed", "type");
    }
    // A body whose length nobody announced is not longer for that.
    let part = format!("1000\r\n{}\r\n", " ".repeat(0x1000)).repeat(17) + "0\r\n\r\n";
    let head = format!(
        "POST /v1/operations HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: {bearer}\r\n\
         content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    let answer = exchange(tcp(on.serve.address), (head + &part).as_bytes());
    on.refused(&answer, 413, "request-malformed", "too large, in chunks");
    on.refused(&on.serve.post_bytes(DESK, b"", &[]), 400, "request-malformed", "nothing at all");
    for (method, path, status) in [
        ("PUT", "/v1/operations", 405),
        ("DELETE", "/v1/operations", 405),
        ("POST", "/v1/operation", 404),
        ("POST", "/v2/operations", 404),
        ("POST", "/", 404),
        ("POST", "/v1/keys", 405),
    ] {
        let headers = [auth, ("content-type", "application/json")];
        on.refused(&on.serve.ask(method, path, &headers, &with("")), status, "request-malformed", path);
    }
    for key in ["a b", &"x".repeat(256), "\u{e4}"] {
        on.refused(&on.serve.post_bytes(DESK, &with(""), &[("idempotency-key", key)]), 400, "request-malformed", key);
    }
    on.end();
}
