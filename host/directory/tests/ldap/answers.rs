//! Which answer counts: the one to the request that was made, by its id, its kind and its code as they were sent.

use portcullis_directory::ldap::{LdapDirectory, Settings};
use portcullis_directory::{Directory as _, Failure, Performer};

use crate::ber::{self, BIND, EXTENDED, MODIFY, SEARCH, message, octets, tlv};
use crate::fake::{ALICE, Fake, Request, Step, alice, good};
use crate::{SHORT, directory, password, search, secret_modification, settings, works, write};

const DISCONNECTION: &[u8] = b"1.3.6.1.4.1.1466.20036";
/// RFC 5805: a notice that means nothing to a client without transactions.
const ABORTED_TRANSACTION: &[u8] = b"1.3.6.1.1.21.4";

/// With an id that no request has, but that is the request's if all but 32 bits are cut off.
fn with_a_long_id(request: &Request, operation: &[u8]) -> Vec<u8> {
    let id = [&[1][..], &u32::try_from(request.id).unwrap().to_be_bytes()].concat();
    tlv(0x30, &[&tlv(0x02, &[&id]), operation])
}

/// An answer whose code is success if all but 32 bits are cut off.
fn with_a_long_code(op: u64) -> Vec<u8> {
    tlv(ber::answer_tag(op), &[&[0x0a, 5, 1, 0, 0, 0, 0], &octets(b""), &octets(b"")])
}

/// A notice that the server sends of itself (RFC 4511 section 4.4), the way it is meant and the way Active Directory does.
fn notices(name: &[u8]) -> [Vec<u8>; 2] {
    let code: &[u8] = &[0x0a, 1, 52];
    let inside = tlv(0x78, &[code, &octets(b""), &octets(b"shutting down"), &tlv(0x8a, &[name])]);
    let outside = [tlv(0x78, &[code, &octets(b""), &octets(b"")]), tlv(0x8a, &[name])].concat();
    [message(0, &[&inside]), message(0, &[&outside])]
}

#[tokio::test]
async fn an_id_or_a_code_is_not_taken_modulo_anything() {
    let fake = Fake::plain().await;
    let directory = directory(&fake.url());
    let answers: [fn(&Request) -> Vec<u8>; 2] =
        [|r| with_a_long_id(r, &ber::result(r.op, 0, b"")), |r| message(r.id, &[&with_a_long_code(r.op)])];
    for answer in answers {
        fake.next(MODIFY, move |r| vec![Step::Send(answer(r)), Step::Silence]);
        let failure = write(&directory).await.unwrap_err();
        assert!(matches!(&failure, Failure::InDoubt(text) if text.contains("not LDAP")), "{failure:?}");
        fake.next(SEARCH, move |r| vec![Step::Send(answer(r)), Step::Silence]);
        let failure = search(&directory).await.unwrap_err();
        assert!(matches!(failure, Failure::Nonsense(_)), "{failure:?}");
        works(&directory).await;
    }
}

#[tokio::test]
async fn the_answer_to_something_else_is_no_answer() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ldapi");
    let fake = Fake::on_socket(&path);
    let url = format!("ldapi://{}", path.to_str().unwrap().replace('/', "%2F"));
    let directory = LdapDirectory::new(settings(&[url])).unwrap();
    for other in [BIND, SEARCH, EXTENDED] {
        fake.next(MODIFY, move |r| vec![Step::Send(message(r.id, &[&ber::result(other, 0, b"")])), Step::Silence]);
        let failure = directory.modify(&Performer::Service, &secret_modification()).await.unwrap_err();
        assert!(matches!(&failure, Failure::InDoubt(text) if text.contains("something else")), "{failure:?}");
    }
    // A wrong password that is answered with the success of a write.
    fake.next(BIND, |r| vec![Step::Send(message(r.id, &[&ber::result(MODIFY, 0, b"")])), Step::Silence]);
    let failure = directory.bind(ALICE, &password("wrong"), &[]).await.unwrap_err();
    assert!(matches!(failure, Failure::Nonsense(_)), "{failure:?}");
    works(&directory).await;
}

#[tokio::test]
async fn a_server_that_took_its_leave_is_not_written_to() {
    let fake = Fake::plain().await;
    let directory = directory(&fake.url());
    for (round, notice) in notices(DISCONNECTION).into_iter().enumerate() {
        // The connection stays open: only the notice says that it is of no use any more.
        fake.next(SEARCH, |r| good(r).into_iter().chain([Step::Send(notice)]).collect());
        works(&directory).await;
        assert_eq!(write(&directory).await, Ok(0));
        assert_eq!(fake.requests(MODIFY).len(), round + 1);
        assert_eq!(fake.requests(MODIFY)[round].connection, round + 2);
    }
}

#[tokio::test]
async fn a_server_that_takes_its_leave_leaves_doubt_of_a_write_and_none_of_a_read() {
    let fake = Fake::plain().await;
    let directory = directory(&fake.url());
    for notice in notices(DISCONNECTION) {
        let late = |r: &Request| message(r.id, &[&ber::result(r.op, 0, b"")]);
        let sent = notice.clone();
        fake.next(MODIFY, move |r| vec![Step::Send([sent, late(r)].concat()), Step::Silence]);
        let failure = write(&directory).await.unwrap_err();
        assert!(matches!(&failure, Failure::InDoubt(text) if text.contains("took its leave")), "{failure:?}");
        fake.next(SEARCH, |_| vec![Step::Send(notice), Step::Silence]);
        works(&directory).await;
    }
}

#[tokio::test]
async fn a_notice_that_means_nothing_here_is_passed_over() {
    let fake = Fake::plain().await;
    let directory = directory(&fake.url());
    let [notice, _] = notices(ABORTED_TRANSACTION);
    fake.next(MODIFY, |r| std::iter::once(Step::Send(notice)).chain(good(r)).collect());
    assert_eq!(write(&directory).await, Ok(0));
    works(&directory).await;
    assert_eq!(fake.connections(), 1);
}

/// What one look at the socket brings is bounded, and not only what one search does: the library keeps all of it.
#[tokio::test]
async fn a_flood_of_the_smallest_answers_ends_before_it_fills_the_memory() {
    let fake = Fake::plain().await;
    let directory = LdapDirectory::new(Settings { request_timeout: SHORT * 20, ..settings(&[fake.url()]) }).unwrap();
    let large = ber::entry(b"dc=x", &[(b"uid", &[&vec![b'x'; 7 * 1024 * 1024]])]);
    let reference = tlv(0x73, &[&octets(b"")]);
    fake.next(SEARCH, move |r| {
        // The large one makes room for many small ones in the buffer.
        vec![Step::Send(message(r.id, &[&large])), Step::Flood(message(r.id, &[&reference]).repeat(10_000))]
    });
    let failure = search(&directory).await.unwrap_err();
    assert!(matches!(failure, Failure::Nonsense(_)), "{failure:?}");
    fake.closed(1).await;
    assert!(fake.sent() < 32 * 1024 * 1024, "{}", fake.sent());
    fake.next(SEARCH, |r| vec![Step::Flood(message(r.id, &[&alice()]))]);
    search(&directory).await.unwrap();
    works(&directory).await;
}
