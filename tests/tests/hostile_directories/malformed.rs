//! Answers that are no LDAP.

use crate::ber::{self, EXTENDED, message, nested, octets, tlv};
use crate::fake::{Request, Step};
use crate::item::directories;
use crate::scene::{Scene, each_modify, each_read, each_write, entry};

/// What comes instead of an answer; the connection stays open.
const MALFORMED: &[fn(&Request) -> Vec<Step>] = &[
    |_| said(tlv(0x30, &[])),
    |_| said(b"HTTP/1.1 400 Bad Request\r\n".repeat(9)),
    |r| said(message(r.id, &[&tlv(ber::answer_tag(r.op), &[])])),
    |r| said(message(r.id, &[&tlv(ber::answer_tag(r.op) & !0x20, &[])])),
    |r| said(message(r.id, &[&ber::result(r.op, 53, b"\xff\xfe")])),
    |r| said(message(r.id, &[&ber::result(r.op, 0, b""), &tlv(0xa0, &[&tlv(0x30, &[])])])),
    |_| said(vec![0x30, 0x04, 0x02, 0x7f, 1, 1]),
    |_| said(tlv(0x30, &[&octets(b"").repeat(200_000)])),
];

/// Lengths that LDAP has not, or that are never kept.
const LENGTHS: &[fn(&Request) -> Vec<Step>] = &[
    |_| said(vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]),
    |_| said(vec![0x30, 0x88, 255, 255, 255, 255, 255, 255, 255, 255]),
    |_| said(vec![0x30, 0x89, 1, 0, 0, 0, 0, 0, 0, 0, 5, 2, 1, 1, 0x78, 0]),
    |_| said(vec![0x30, 0x80, 2, 1, 1, 0x78, 0x80, 0, 0, 0, 0]),
];

fn said(bytes: Vec<u8>) -> Vec<Step> {
    vec![Step::Send(bytes), Step::Silence]
}

directories! {
    /// Answers the search for the account with eight things that are no answer: nothing inside, plain text, a result
    /// without parts, text that is not UTF-8, a control without parts, an element longer than the message, and others.
    a_malformed_answer_to_a_search,
    held by "the parser and what stands around the client library; a panic of it is caught",
    told "refused: directory-nonsense, directory",
    recorded ["ended refused directory-nonsense"] => async |item| each_read(Scene::new().await, item, MALFORMED).await;

    /// Answers the request that sets the password with the same, and did not set it.
    a_malformed_answer_to_a_write,
    held by "what was sent and not answered is in doubt, and is never sent again",
    told "unknown: outcome-unknown, directory",
    recorded [
        "allowed ldap.root-dse", "allowed ldap.target", "allowed ldap.set-password",
        "in-doubt password modify (RFC 3062)", "confirmed not seen", "ended unknown outcome-unknown",
    ] => async |item| each_write(Scene::new().await, item, MALFORMED).await;

    /// Answers the modify of an unlock with the same.
    a_malformed_answer_to_an_unlock,
    held by "the same",
    told "unknown: outcome-unknown, directory",
    recorded [
        "allowed ldap.root-dse", "allowed ldap.target", "allowed ldap.modify",
        "in-doubt pwdAccountLockedTime", "ended unknown outcome-unknown",
    ] => async |item| each_modify(Scene::new().await, item, MALFORMED).await;

    /// Sets the password, and answers with nonsense.
    a_malformed_answer_to_a_write_that_was_done,
    held by "the host looks: one bind as the account",
    told "done",
    recorded [
        "allowed ldap.root-dse", "allowed ldap.target", "allowed ldap.set-password",
        "in-doubt password modify (RFC 3062)", "confirmed", "ended done",
    ] => async |item: &crate::item::Item| {
        let scene = Scene::new().await;
        scene.fake.next(EXTENDED, MALFORMED[0]);
        item.is(&scene.reset().await);
        scene.goes_on().await;
    };

    /// Announces two gigabytes, or a length of nine bytes, or none (the indefinite form), and sends next to nothing.
    an_impossible_length,
    held by "the parser refuses lengths over 8 MiB and forms that LDAP has not before anything of them arrives",
    told "refused: directory-nonsense, directory",
    recorded ["ended refused directory-nonsense"] => async |item| each_read(Scene::new().await, item, LENGTHS).await;

    /// Sends half a million sequences, each inside the one before: in the parser a stack frame each.
    deep_nesting,
    held by "the parser goes 32 levels down",
    told "refused: directory-nonsense, directory",
    recorded ["ended refused directory-nonsense"] => async |item| each_read(Scene::new().await, item, &[|_| said(nested(500_000))]).await;

    /// Answers with entries that are none: without attributes, with a name that is no text, with values that are no set.
    an_entry_that_is_none,
    held by "an entry is taken as a whole or not at all",
    told "refused: directory-nonsense, directory",
    recorded ["ended refused directory-nonsense"] => async |item| each_read(Scene::new().await, item, &[
        |r| said(message(r.id, &[&tlv(0x64, &[&octets(b"uid=alice,dc=example")])])),
        |r| said(message(r.id, &[&entry(b"\xff\xfe")])),
        |r| said(message(r.id, &[&tlv(0x64, &[&octets(b"uid=alice,dc=example"), &tlv(0x30, &[&octets(b"uid")])])])),
    ]).await;

    /// Answers the search below the base with an entry that lies elsewhere.
    an_entry_outside_of_the_base,
    held by "the host compares the name of what was found with the base, before anything is written",
    told "refused: directory-nonsense, directory",
    recorded ["ended refused directory-nonsense"] => async |item| each_read(Scene::new().await, item, &[|r| {
        let found = message(r.id, &[&entry(b"uid=root,dc=elsewhere")]);
        vec![Step::Send(found), Step::Send(crate::scene::success(r))]
    }]).await;
}
