//! Sealed passwords over the wire: one opens for one kind, one account, one caller, once and for a time. Everything else
//! is refused, the directory is not touched, and neither the password nor its sealed form is told.

use serde_json::{Value, json};

use crate::http::Answer;
use crate::process::{Serve, until};
use crate::world::{ALICE, ALICES, BOB, DESK, PORTAL, World, reset_sealed};

const SECRET: &str = "Canary-53a9-Password";

struct Sealed {
    world: World,
    serve: Serve,
    directory: String,
    /// Nothing of them may be told.
    envelopes: Vec<String>,
}

impl Sealed {
    fn new() -> Self {
        let world = World::new();
        let serve = world.serve();
        let body = crate::world::reset(BOB, "first words of bob 1");
        assert_eq!(serve.post(DESK, &body, &[]).status, 201);
        let directory = world.directory();
        Self { world, serve, directory, envelopes: Vec::new() }
    }

    fn seal(&mut self, account: &str, caller: &str, more: &[&str]) -> String {
        let sealed = self.world.seal(account, caller, more, SECRET);
        assert!(sealed.starts_with("pcs1.") && !sealed.contains(SECRET));
        self.envelopes.push(sealed.clone());
        sealed
    }

    fn untouched(&self, answer: &Answer, codes: &[&str], what: &str) {
        assert!(answer.status >= 400 && codes.contains(&answer.problem().as_str()), "{what}: {answer:?}");
        self.untold(&format!("{answer:?}"), what);
        assert!(self.world.directory() == self.directory, "{what}: the directory has changed");
    }

    /// Refused before the journal: nothing at all is written.
    fn refused(&self, body: &Value, code: &str, what: &str) {
        let before = self.serve.operations().len();
        self.untouched(&self.serve.post(DESK, body, &[]), &[code], what);
        assert_eq!(self.serve.operations().len(), before, "{what}: the journal has changed");
    }

    /// Refused where it was to be used: it may be an operation that ended so.
    fn refused_at_use(&self, body: &Value, what: &str) {
        let answer = self.serve.post(DESK, body, &[]);
        self.untouched(&answer, &["seal-unopened"], what);
        assert_eq!(answer.status, 422, "{what}: {answer:?}");
    }

    /// Lets the service read the keys that a command made, and waits until it has.
    fn rotated(&self) {
        let current = self.world.run(&["keys", "list", "--json"]).json();
        let all = current["keys"].as_array().unwrap();
        let current =
            all.iter().find(|key| key["state"] == "current").unwrap_or_else(|| panic!("{all:?}"))["id"].clone();
        self.serve.signal("HUP");
        until("the new key is published", || self.serve.get(DESK, "/v1/keys").json()["keys"][0]["id"] == current);
    }

    fn untold(&self, text: &str, what: &str) {
        assert!(!text.contains(SECRET), "{what}: {text}");
        for envelope in &self.envelopes {
            for part in envelope.split('.').skip(3) {
                assert!(!text.contains(part), "{what}: a part of a sealed password in {text}");
            }
        }
    }

    fn end(mut self) {
        let log = self.serve.stop();
        self.untold(&log, "the log");
    }
}

/// With another character at a place of a part of an envelope.
fn altered(envelope: &str, part: usize, at: usize) -> String {
    let mut parts: Vec<String> = envelope.split('.').map(str::to_owned).collect();
    let old = parts[part].as_bytes()[at];
    let new = if part == 2 {
        if old == b'9' { "8" } else { "9" }
    } else if old == b'a' {
        "b"
    } else {
        "a"
    };
    parts[part].replace_range(at..=at, new);
    parts.join(".")
}

#[test]
fn an_altered_one_opens_nothing() {
    let mut on = Sealed::new();
    let envelope = on.seal(ALICE, "desk", &[]);
    let length = |part: usize| envelope.split('.').nth(part).unwrap().len();
    let body = |sealed: String| reset_sealed(ALICE, &sealed);
    on.refused(&body(altered(&envelope, 1, 0)), "seal-unopened", "another key");
    on.refused_at_use(&body(altered(&envelope, 2, length(2) - 1)), "another expiry");
    for at in [0, length(3) / 2] {
        on.refused_at_use(&body(altered(&envelope, 3, at)), "the encapsulated key");
    }
    for at in [0, length(4) / 2, length(4) - 2] {
        on.refused_at_use(&body(altered(&envelope, 4, at)), "the ciphertext");
    }
    for broken in [
        envelope.replace("pcs1.", "pcs2."),
        envelope.rsplit_once('.').unwrap().0.to_owned(),
        format!("{envelope}.x"),
        format!("{envelope}\n"),
        envelope[..envelope.len() - 5].to_owned(),
        format!("{envelope}{}", "A".repeat(9_000)),
    ] {
        on.refused(&body(broken), "seal-unopened", "not the form");
    }
    // What was not used up by any of this still opens.
    assert_eq!(on.serve.post(DESK, &body(envelope), &[]).status, 201);
    on.end();
}

#[test]
fn one_of_another_operation_opens_nothing() {
    let mut on = Sealed::new();
    let (bobs, portals) = (on.seal(BOB, "desk", &[]), on.seal(ALICE, "portal", &[]));
    let candidate = on.seal(ALICE, "desk", &["--kind", "verify-password"]);
    let changes = on.seal(ALICE, "desk", &["--kind", "change-password", "--label", "new"]);
    for (sealed, what) in
        [(bobs, "another account"), (portals, "another caller"), (candidate, "another kind"), (changes, "a change")]
    {
        on.refused_at_use(&reset_sealed(ALICE, &sealed), what);
    }
    // The old password of a change is not its new one.
    let old = on.seal(ALICE, "portal", &["--kind", "change-password", "--label", "old"]);
    let new = on.seal(ALICE, "portal", &["--kind", "change-password", "--label", "new"]);
    let swapped = json!({ "kind": "change-password", "account": ALICE,
        "old_password": { "sealed": new }, "new_password": { "sealed": old } });
    on.untouched(&on.serve.post(PORTAL, &swapped, &[]), &["seal-unopened"], "labels swapped");
    on.end();
}

#[test]
fn one_opens_once() {
    let mut on = Sealed::new();
    let envelope = on.seal(ALICE, "desk", &[]);
    let body = reset_sealed(ALICE, &envelope);
    assert_eq!(on.serve.post(DESK, &body, &[]).status, 201);
    on.directory = on.world.directory();
    on.refused(&body, "seal-replayed", "again");
    let answer = on.serve.post(DESK, &body, &[("idempotency-key", "other")]);
    on.untouched(&answer, &["seal-replayed"], "again with a key");
    assert_eq!(answer.status, 409);
    // Nor after a start.
    on.serve.stop();
    on.serve = on.world.serve();
    on.refused(&body, "seal-replayed", "after a start");
    on.end();
}

#[test]
fn one_whose_time_is_over_or_too_long_is_not_taken() {
    let mut on = Sealed::new();
    let expired = on.seal(ALICE, "desk", &["--expires", "0s"]);
    let long = on.seal(ALICE, "desk", &["--expires", "25h"]);
    // Its last second has passed when the clock shows another one.
    let until: u64 = expired.split('.').nth(2).unwrap().parse().unwrap();
    let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    while now() <= until {
        std::thread::yield_now();
    }
    on.refused(&reset_sealed(ALICE, &expired), "seal-expired", "expired");
    on.refused(&reset_sealed(ALICE, &long), "seal-too-long", "too long");
    on.end();
}

#[test]
fn one_of_a_retired_key_is_not_taken() {
    let mut on = Sealed::new();
    let former = on.seal(ALICE, "desk", &[]);
    on.world.run(&["keys", "rotate", "--overlap", "1h"]).good();
    on.rotated();
    on.refused(&reset_sealed(BOB, "pcs1.0000000000000000.1.a.a"), "seal-unopened", "a key that never was");
    // While the overlap lasts, it is taken.
    assert_eq!(on.serve.post(DESK, &reset_sealed(ALICE, &former), &[]).status, 201);
    on.directory = on.world.directory();
    let current = on.seal(ALICE, "desk", &[]);
    assert_ne!(current.split('.').nth(1), former.split('.').nth(1));
    on.world.run(&["keys", "rotate", "--overlap", "0s"]).good();
    on.rotated();
    let keys = on.serve.get(DESK, "/v1/keys");
    assert!(!keys.body.contains(current.split('.').nth(1).unwrap()), "a retired key is published: {keys:?}");
    on.refused(&reset_sealed(ALICE, &current), "seal-key-retired", "a retired key");
    on.world.seal(ALICE, "desk", &[], "another good phrase 1");
    assert_eq!(on.world.run_with(&["verify", ALICE, "--password-stdin"], ALICES).code, Some(20), "the old one works");
    on.end();
}
