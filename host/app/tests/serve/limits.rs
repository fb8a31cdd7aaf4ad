//! A repeated request is told from another one, and nobody asks more often than the operator allows.

use std::net::SocketAddr;

use crate::http::{exchange, request};
use crate::process::Serve;
use crate::world::{ALICE, BOB, DESK, World, hash, reset, status};

const SECRET: &str = "Canary-90bd-Password";

#[test]
fn a_key_belongs_to_one_body_also_after_a_start() {
    let world = World::new();
    let mut serve = world.serve();
    let key = ("idempotency-key", "ticket-4711");
    let first = serve.post(DESK, &reset(ALICE, "the first of phrases"), &[key]);
    assert_eq!(first.status, 201, "{first:?}");
    let directory = world.directory();
    let check = |serve: &Serve| {
        for other in [reset(ALICE, SECRET), reset(BOB, "the first of phrases"), status(ALICE)] {
            let answer = serve.post(DESK, &other, &[key]);
            assert_eq!((answer.status, answer.problem().as_str()), (422, "idempotency-key-reused"), "{answer:?}");
            assert!(!answer.body.contains(SECRET), "{answer:?}");
        }
        let same = serve.post(DESK, &reset(ALICE, "the first of phrases"), &[key]);
        assert_eq!((same.status, same.header("idempotency-replayed")), (201, Some("true")), "{same:?}");
        assert_eq!(same.operation(), first.operation());
        assert_eq!(serve.operations().len(), 1);
        assert!(world.directory() == directory, "it was done again");
    };
    check(&serve);
    let log = serve.stop();
    let mut serve = world.serve();
    check(&serve);
    let log = log + &serve.stop();
    assert!(!log.contains(SECRET) && !log.contains("the first of phrases") && !log.contains("ticket-4711"), "{log}");
}

fn too_many(answer: &crate::http::Answer) {
    assert_eq!((answer.status, answer.problem().as_str()), (429, "too-many-requests"), "{answer:?}");
    let after: u32 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!(after >= 1 && answer.json()["limit"] == after, "{answer:?}");
}

#[test]
fn an_account_and_a_caller_have_their_rates() {
    let slow = "slow-token-0123456789abcdef";
    let section = format!(
        "[callers.slow]\ntoken-sha256 = [\"{}\"]\noperations = [\"account-status\"]\n\
         accounts = [\"*@people.example\"]\nrate = \"2/h\"\n",
        hash(slow)
    );
    let world = World::with(&section);
    world.edit("portcullis.toml", "\"1000/h\"", "\"3/h\"");
    let mut serve = world.serve();
    let directory = world.directory();
    let asked = |serve: &Serve, token: &str, account: &str| serve.post(token, &status(account), &[]);
    for _ in 0..2 {
        assert_eq!(asked(&serve, slow, ALICE).status, 201);
    }
    too_many(&asked(&serve, slow, BOB));
    assert_eq!(asked(&serve, DESK, ALICE).status, 201, "another caller is not held up");
    // Alice's three are used up by both together, in any spelling; Bob's are not.
    too_many(&asked(&serve, DESK, ALICE));
    too_many(&asked(&serve, DESK, "ALICE@people.example"));
    too_many(&serve.post(DESK, &reset(ALICE, SECRET), &[]));
    assert_eq!(asked(&serve, DESK, BOB).status, 201);
    assert_eq!(serve.operations().len(), 4);
    assert!(world.directory() == directory, "something was written");
    assert!(!serve.stop().contains(SECRET));
}

#[test]
fn strangers_wait_in_the_end_and_callers_beside_them_do_not() {
    let world = World::new();
    let serve = world.serve();
    let guess = |address: SocketAddr| {
        let bytes = request("GET", "/v1/keys", &[("authorization", "Bearer guess-0123456789abcdef")], b"");
        exchange(crate::http::tcp(address), &bytes)
    };
    let last = (0..60).map(|_| guess(serve.address)).find(|answer| answer.status != 401).expect("nobody has to wait");
    too_many(&last);
    assert_eq!(serve.get(DESK, "/v1/keys").status, 200);
    assert_eq!(serve.ask("GET", "/health/ready", &[], b"").status, 200);
}
