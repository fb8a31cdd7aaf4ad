//! Answers that do not end, or take too much time or room. What the host took is counted in bytes that the server could
//! send: what lies in the machine's own buffers is in it.

use std::time::Duration;

use crate::ber::{self, SEARCH, message, octets, tlv};
use crate::fake::{Request, Step, alice};
use crate::item::{Item, directories};
use crate::scene::{Line, Scene, each_modify, each_write};

/// What a message may announce, and what the buffers of two sockets hold on a machine that is generous with them.
const MOST: usize = 64 * 1024 * 1024;

async fn floods(item: &Item, part: fn(&Request) -> Vec<u8>) {
    let scene = Scene::new().await;
    scene.fake.next(SEARCH, move |r| vec![Step::Flood(part(r))]);
    item.is(&scene.reset().await);
    // Closed: otherwise it would go on sending.
    scene.fake.closed(1).await;
    assert!(scene.fake.sent() < MOST, "{} bytes were taken", scene.fake.sent());
    scene.goes_on().await;
}

fn drip(request: &Request) -> Vec<Step> {
    let answer = message(request.id, &[&ber::result(request.op, 0, &[b'x'; 200])]);
    vec![Step::Drip(answer, Duration::from_millis(20)), Step::Silence]
}

directories! {
    /// Finds the account again and again, without an end.
    endless_search,
    held by "reading stops at the second entry beyond the limit, and the connection is closed",
    told "refused: account-ambiguous, operator",
    recorded ["ended refused account-ambiguous"] => async |item| {
        floods(item, |r| message(r.id, &[&alice()]).repeat(100)).await;
    };

    /// Answers with references to other servers, without an end.
    endless_references,
    held by "one search brings at most 4 MiB, an element at least 32 bytes of them; referrals are not followed",
    told "refused: directory-nonsense, directory",
    recorded ["ended refused directory-nonsense"] => async |item| {
        floods(item, |r| message(r.id, &[&tlv(0x73, &[&octets(b"ldap://elsewhere.example")])]).repeat(100)).await;
    };

    /// Sends an entry of 7 MiB, and then as many of the smallest answers as fit into the room that was made for it.
    huge_entry,
    held by "a message has at most 8 MiB and 131,072 elements, a search brings 4 MiB, one look at the socket no more than a message",
    told "refused: directory-nonsense, directory",
    recorded ["ended refused directory-nonsense"] => async |item| {
        floods(item, |r| {
            let huge = ber::entry(b"uid=alice,dc=example", &[(b"uid", &[&vec![b'x'; 7 * 1024 * 1024]])]);
            [message(r.id, &[&huge]), message(r.id, &[&tlv(0x73, &[&octets(b"")])]).repeat(1000)].concat()
        }).await;
    };

    /// Sends more than the answer to StartTLS needs, in clear, without an end.
    endless_answer_before_tls,
    held by "16 KiB are read before TLS, and nothing that comes after the answer is kept",
    told "refused: directory-unavailable, directory",
    recorded ["ended refused directory-unavailable"] => async |item: &Item| {
        let scene = Scene::over(Line::StartTls).await;
        scene.fake.next(ber::EXTENDED, |_| vec![Step::Flood(vec![0x30, 0x83, 0x7f, 0xff, 0xff, 0])]);
        item.is(&scene.reset().await);
        scene.fake.closed(1).await;
        assert!(scene.fake.sent() < MOST, "{} bytes were taken", scene.fake.sent());
        scene.goes_on().await;
    };

    /// Answers the search one byte at a time.
    slow_drip_of_a_search,
    held by "`request-timeout` is for the whole answer",
    told "refused: directory-unavailable, directory",
    recorded ["ended refused directory-unavailable"] => async |item: &Item| {
        let scene = Scene::hasty().await;
        // A read is asked a second time.
        scene.fake.next(SEARCH, drip);
        scene.fake.next(SEARCH, drip);
        item.is(&scene.reset().await);
        scene.goes_on().await;
    };

    /// Answers the request that sets the password one byte at a time, or not at all.
    slow_drip_of_a_write,
    held by "the same; what was sent is in doubt",
    told "unknown: outcome-unknown, directory",
    recorded [
        "allowed ldap.root-dse", "allowed ldap.target", "allowed ldap.set-password",
        "in-doubt password modify (RFC 3062)", "confirmed not seen", "ended unknown outcome-unknown",
    ] => async |item| each_write(Scene::hasty().await, item, &[drip, |_| vec![Step::Silence]]).await;

    /// Never answers the modify of an unlock.
    silence_after_a_write,
    held by "the same",
    told "unknown: outcome-unknown, directory",
    recorded [
        "allowed ldap.root-dse", "allowed ldap.target", "allowed ldap.modify",
        "in-doubt pwdAccountLockedTime", "ended unknown outcome-unknown",
    ] => async |item| each_modify(Scene::hasty().await, item, &[|_| vec![Step::Silence]]).await;

    /// Never answers the StartTLS, or the bind of the service account.
    silence_before_anything,
    held by "`connect-timeout` is for all that comes before the first request",
    told "refused: directory-unavailable, directory",
    recorded ["ended refused directory-unavailable"] => async |item: &Item| {
        for op in [ber::EXTENDED, ber::BIND] {
            let scene = Scene::over(Line::StartTls).await;
            scene.fake.next(op, |_| vec![Step::Silence]);
            item.is(&scene.reset().await);
            scene.goes_on().await;
        }
    };

    /// Closes the connection in the middle of its answer to a search.
    half_an_answer,
    held by "a read is asked once more, on a new connection",
    told "done",
    recorded [
        "allowed ldap.root-dse", "allowed ldap.target", "allowed ldap.set-password",
        "written password modify (RFC 3062)", "confirmed", "ended done",
    ] => async |item| {
        let scene = Scene::new().await;
        scene.fake.next(SEARCH, |r| vec![Step::Send(message(r.id, &[&alice()])[..9].to_vec()), Step::Close]);
        Item::is(item, &scene.reset().await);
        scene.goes_on().await;
    };
}
