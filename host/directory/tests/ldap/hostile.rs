//! Answers that no server may give: each costs one operation and one connection.

use std::time::Duration;

use portcullis_directory::{Directory as _, Failure, Performer, SetPassword};

use crate::ber::{self, MODIFY, SEARCH, message, nested, octets, tlv};
use crate::fake::{Fake, Request, Step, alice};
use crate::{LONG, SHORT, directory, password, plain_modification, query, search, settings, unavailable, works, write};
use portcullis_directory::ldap::{LdapDirectory, Settings};

/// What comes instead of an answer, each with a name.
fn malformed(request: &Request) -> Vec<(&'static str, Vec<u8>)> {
    let (id, tag) = (request.id, ber::answer_tag(request.op));
    let code: &[u8] = &[0x0a, 1, 0];
    let done = ber::result(request.op, 0, b"");
    let controls = |control: &[u8]| message(id, &[&done, &tlv(0xa0, &[control])]);
    vec![
        ("an empty message", tlv(0x30, &[])),
        ("no operation", tlv(0x30, &[&[2, 1, 1]])),
        ("no message id", tlv(0x30, &[&done])),
        ("a message id of another type", tlv(0x30, &[&octets(b"1"), &done])),
        ("no sequence", octets(b"hello")),
        ("plain text", b"HTTP/1.1 400 Bad Request\r\n".repeat(9)),
        ("an empty result", message(id, &[&tlv(tag, &[])])),
        ("a primitive result", message(id, &[&tlv(tag & !0x20, &[])])),
        ("no diagnostic", message(id, &[&tlv(tag, &[code, &octets(b"")])])),
        ("a diagnostic that is not text", message(id, &[&ber::result(request.op, 53, b"\xff\xfe")])),
        ("a matched DN that is not text", message(id, &[&tlv(tag, &[code, &octets(b"\xff"), &octets(b"")])])),
        (
            "primitive referrals",
            message(id, &[&tlv(tag, &[code, &octets(b""), &octets(b""), &tlv(0x83, &[b"ldap://x"])])]),
        ),
        ("primitive controls", message(id, &[&done, &tlv(0x80, &[b"x"])])),
        ("an empty control", controls(&tlv(0x30, &[]))),
        ("a criticality without a value", controls(&tlv(0x30, &[&octets(b"1.2.3"), &[1, 0]]))),
        ("a control of another type", controls(&tlv(0x30, &[&octets(b"1.2.3"), &[2, 1, 1]]))),
        ("a control that is not text", controls(&tlv(0x30, &[&octets(b"\xff")]))),
        ("deep nesting", nested(500_000)),
        ("a huge announced length", vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]),
        ("a length of eight bytes", vec![0x30, 0x88, 255, 255, 255, 255, 255, 255, 255, 255]),
        ("an element longer than the message", vec![0x30, 0x04, 0x02, 0x7f, 1, 1]),
        ("too many elements", tlv(0x30, &[&octets(b"").repeat(200_000)])),
    ]
}

fn cases(op: u64) -> usize {
    let request = Request { connection: 0, id: 1, op, body: lber::structure::PL::C(Vec::new()), controls: None };
    malformed(&request).len()
}

/// Sends one of the malformed answers to the next request, and leaves the connection open.
fn answer_with(fake: &Fake, op: u64, case: usize) {
    fake.next(op, move |request| {
        let (_, bytes) = malformed(request).swap_remove(case);
        vec![Step::Send(bytes), Step::Silence]
    });
}

#[tokio::test]
async fn a_malformed_answer_costs_one_read_and_one_connection() {
    let fake = Fake::plain().await;
    let directory = directory(&fake.url());
    for case in 0..cases(SEARCH) {
        works(&directory).await;
        answer_with(&fake, SEARCH, case);
        let failure = search(&directory).await.unwrap_err();
        assert!(matches!(&failure, Failure::Nonsense(text) if text.contains(&fake.url())), "{case}: {failure:?}");
        fake.closed(case + 1).await;
        works(&directory).await;
    }
    assert_eq!(fake.connections(), cases(SEARCH) + 1);
}

#[tokio::test]
async fn a_malformed_answer_to_a_write_leaves_doubt_and_the_write_is_not_repeated() {
    let fake = Fake::plain().await;
    let directory = directory(&fake.url());
    for case in 0..cases(MODIFY) {
        answer_with(&fake, MODIFY, case);
        let failure = write(&directory).await.unwrap_err();
        assert!(matches!(&failure, Failure::InDoubt(text) if text.contains("the server sent")), "{case}: {failure:?}");
        assert_eq!(fake.requests(MODIFY).len(), case + 1);
        works(&directory).await;
    }
}

#[tokio::test]
async fn an_entry_that_is_none_is_nonsense() {
    let fake = Fake::plain().await;
    let directory = directory(&fake.url());
    let list = |bytes: &[u8]| tlv(0x30, &[bytes]);
    let entries = [
        tlv(0x44, &[b"x"]),
        tlv(0x64, &[]),
        tlv(0x64, &[&octets(b"dc=x")]),
        ber::entry(b"\xff\xfe", &[]),
        ber::entry(b"dc=x", &[(b"\xff", &[b"y"])]),
        tlv(0x64, &[&octets(b"dc=x"), &list(&octets(b"uid"))]),
        tlv(0x64, &[&octets(b"dc=x"), &list(&list(&octets(b"uid")))]),
        tlv(0x64, &[&octets(b"dc=x"), &list(&list(&[octets(b"uid"), octets(b"alice")].concat()))]),
        // An answer to something else.
        ber::result(MODIFY, 0, b""),
    ];
    for bytes in entries {
        let shown = format!("{bytes:x?}");
        fake.next(SEARCH, move |r| vec![Step::Send(message(r.id, &[&bytes])), Step::Silence]);
        let failure = search(&directory).await.unwrap_err();
        assert!(matches!(failure, Failure::Nonsense(_)), "{shown}: {failure:?}");
        works(&directory).await;
    }
}

#[tokio::test]
async fn an_endless_search_ends_at_its_limit() {
    let fake = Fake::plain().await;
    let directory = directory(&fake.url());
    fake.next(SEARCH, |r| vec![Step::Flood(message(r.id, &[&alice()]).repeat(100))]);
    let found = search(&directory).await.unwrap();
    assert_eq!((found.entries.len(), found.more, found.answer.code), (10, true, 4));
    fake.closed(1).await;
    works(&directory).await;
}

#[tokio::test]
async fn endless_referrals_and_huge_entries_end_at_four_mebibytes() {
    let fake = Fake::plain().await;
    let directory = directory(&fake.url());
    let huge = ber::entry(b"dc=x", &[(b"uid", &[&vec![b'x'; 2 * 1024 * 1024]])]);
    for bytes in [tlv(0x73, &[&octets(b"ldap://elsewhere.example")]), huge, tlv(0x79, &[])] {
        fake.next(SEARCH, move |r| vec![Step::Flood(message(r.id, &[&bytes]))]);
        let failure = search(&directory).await.unwrap_err();
        assert!(matches!(&failure, Failure::Nonsense(text) if text.contains("4 MiB")), "{failure:?}");
        works(&directory).await;
    }
}

#[tokio::test]
async fn answers_to_questions_that_nobody_asked_are_no_answers() {
    let fake = Fake::plain().await;
    let directory = LdapDirectory::new(Settings { request_timeout: SHORT, ..settings(&[fake.url()]) }).unwrap();
    let stray = |r: &Request| message(r.id + 7, &[&ber::result(r.op, 0, b"")]);
    fake.next(SEARCH, move |r| vec![Step::Send(stray(r)), Step::Silence]);
    fake.next(SEARCH, move |r| vec![Step::Flood(stray(r).repeat(100))]);
    assert!(unavailable(search(&directory).await).contains("no complete answer within 1s"));
    works(&directory).await;
    fake.next(MODIFY, move |r| vec![Step::Send(stray(r)), Step::Silence]);
    assert!(matches!(write(&directory).await, Err(Failure::InDoubt(_))));
    works(&directory).await;
}

#[tokio::test]
async fn silence_and_dripping_end_at_the_time_limit() {
    let fake = Fake::plain().await;
    let directory = LdapDirectory::new(Settings { request_timeout: SHORT, ..settings(&[fake.url()]) }).unwrap();
    let drip = |r: &Request| Step::Drip(message(r.id, &[&alice()]).repeat(50), Duration::from_millis(20));
    fake.next(SEARCH, |_| vec![Step::Silence]);
    fake.next(SEARCH, move |r| vec![drip(r)]);
    assert!(unavailable(search(&directory).await).contains("no complete answer"));
    works(&directory).await;
    fake.next(MODIFY, |_| vec![Step::Silence]);
    let failure = directory.modify(&Performer::Service, &plain_modification()).await.unwrap_err();
    assert!(matches!(&failure, Failure::InDoubt(text) if text.contains("no complete answer within")), "{failure:?}");
    works(&directory).await;
}

#[tokio::test]
async fn a_slow_answer_is_not_a_dripping_one() {
    let fake = Fake::plain().await;
    let directory = directory(&fake.url());
    fake.next(SEARCH, |r| {
        let whole = [message(r.id, &[&alice()]), message(r.id, &[&ber::result(SEARCH, 0, b"")])].concat();
        vec![Step::Drip(whole, Duration::from_millis(1))]
    });
    works(&directory).await;
    assert_eq!(fake.connections(), 1);
}

#[tokio::test]
async fn what_a_server_says_while_nobody_asks_costs_the_connection_and_no_operation() {
    let fake = Fake::plain().await;
    let directory = directory(&fake.url());
    fake.next(SEARCH, |r| {
        let whole = [message(r.id, &[&alice()]), message(r.id, &[&ber::result(SEARCH, 0, b"")]), tlv(0x30, &[])];
        vec![Step::Send(whole.concat())]
    });
    works(&directory).await;
    assert_eq!(write(&directory).await, Ok(0));
    assert_eq!((fake.connections(), fake.requests(MODIFY).len()), (2, 1));
}

#[tokio::test]
async fn a_filter_that_is_none_is_never_sent() {
    let fake = Fake::plain().await;
    let directory = directory(&fake.url());
    for filter in ["(uid=alice", "uid=alice", &"(!".repeat(2000)] {
        let bad = portcullis_directory::Search { filter: filter.to_owned(), ..query() };
        assert!(unavailable(directory.search(&bad).await).contains("nothing was sent"));
    }
    assert_eq!(fake.connections(), 0);
    works(&directory).await;
}

/// The value of the answer is a password that a server made up, which the library reads with a panic.
#[tokio::test]
async fn the_value_of_a_password_answer_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ldapi");
    let fake = Fake::on_socket(&path);
    let url = format!("ldapi://{}", path.to_str().unwrap().replace('/', "%2F"));
    let directory = LdapDirectory::new(Settings { request_timeout: LONG, ..settings(&[url]) }).unwrap();
    fake.next(ber::EXTENDED, |r| {
        let code: &[u8] = &[0x0a, 1, 0];
        let body = tlv(0x78, &[code, &octets(b""), &octets(b""), &tlv(0x8b, &[b"\x30\x7f\xff"])]);
        vec![Step::Send(message(r.id, &[&body]))]
    });
    let request = SetPassword { dn: crate::fake::ALICE.to_owned(), new: password("new secret"), controls: Vec::new() };
    assert_eq!(directory.set_password(&Performer::Service, &request).await.unwrap().code, 0);
    works(&directory).await;
}
