//! Answers to something else than what was asked.

use crate::ber::{self, BIND, EXTENDED, MODIFY, SEARCH, message, octets, tlv};
use crate::fake::{Request, Step, good};
use crate::item::{Item, directories};
use crate::scene::{Scene, disconnection, each_modify, each_read, each_write, success};

const IN_DOUBT: [&str; 6] = [
    "allowed ldap.root-dse",
    "allowed ldap.target",
    "allowed ldap.set-password",
    "in-doubt password modify (RFC 3062)",
    "confirmed not seen",
    "ended unknown outcome-unknown",
];
const DONE: [&str; 6] = [
    "allowed ldap.root-dse",
    "allowed ldap.target",
    "allowed ldap.set-password",
    "written password modify (RFC 3062)",
    "confirmed",
    "ended done",
];

fn said(bytes: Vec<u8>) -> Vec<Step> {
    vec![Step::Send(bytes), Step::Silence]
}

/// Success for a request of another id.
fn stray(request: &Request) -> Vec<u8> {
    message(request.id + 7, &[&ber::result(request.op, 0, b"")])
}

/// Success for an id that is the request's if all but 32 bits are cut off.
fn long_id(request: &Request) -> Vec<u8> {
    let id = [&[1][..], &u32::try_from(request.id).unwrap().to_be_bytes()].concat();
    tlv(0x30, &[&tlv(0x02, &[&id]), &ber::result(request.op, 0, b"")])
}

/// A code that is success if all but 32 bits are cut off.
fn long_code(request: &Request) -> Vec<u8> {
    let result = tlv(ber::answer_tag(request.op), &[&[0x0a, 5, 1, 0, 0, 0, 0], &octets(b""), &octets(b"")]);
    message(request.id, &[&result])
}

directories! {
    /// Answers the search with the answer to a request that nobody made.
    a_wrong_message_id_for_a_search,
    held by "an answer counts for the request of its id alone; the time limit ends the waiting",
    told "refused: directory-unavailable, directory",
    recorded ["ended refused directory-unavailable"] => async |item: &Item| {
        let scene = Scene::hasty().await;
        // A read is asked a second time.
        scene.fake.next(SEARCH, |r| said(stray(r)));
        scene.fake.next(SEARCH, |r| said(stray(r)));
        item.is(&scene.reset().await);
        scene.goes_on().await;
    };

    /// Answers the request that sets the password with success for another id.
    a_wrong_message_id_for_a_write,
    held by "the same; what was sent is in doubt",
    told "unknown: outcome-unknown, directory",
    recorded IN_DOUBT => async |item| each_write(Scene::hasty().await, item, &[|r| said(stray(r))]).await;

    /// Answers with success, and with an id, or a code, of five bytes: cut to 32 bits it would be the right one.
    a_number_that_is_right_when_it_is_cut,
    held by "the parser takes no integer above 2147483647, and none that is negative",
    told "unknown: outcome-unknown, directory",
    recorded IN_DOUBT => async |item| each_write(Scene::new().await, item, &[|r| said(long_id(r)), |r| said(long_code(r))]).await;

    /// Answers the request that sets the password with success for a bind, a search and a modify, with the right id.
    an_answer_of_another_kind,
    held by "whoever polls the client library says which answers it waits for; the parser refuses others",
    told "unknown: outcome-unknown, directory",
    recorded IN_DOUBT => async |item| each_write(Scene::new().await, item, &[
        |r| said(message(r.id, &[&ber::result(BIND, 0, b"")])),
        |r| said(message(r.id, &[&ber::result(SEARCH, 0, b"")])),
        |r| said(message(r.id, &[&ber::result(MODIFY, 0, b"")])),
    ]).await;

    /// Answers the search for the account with the answer to a modify.
    an_answer_of_another_kind_to_a_search,
    held by "the same",
    told "refused: directory-nonsense, directory",
    recorded ["ended refused directory-nonsense"] => async |item| {
        each_read(Scene::new().await, item, &[|r| said(message(r.id, &[&ber::result(MODIFY, 0, b"")]))]).await;
    };

    /// Answers the next request before it is made: success for the write that will follow the search.
    an_answer_before_the_question,
    held by "a connection on which something came while nobody asked is closed, and the request goes over a new one",
    told "refused: directory-refused, directory",
    recorded [
        "allowed ldap.root-dse", "allowed ldap.target", "allowed ldap.set-password",
        "refused password modify (RFC 3062) 53", "ended refused directory-refused",
    ] => async |item: &Item| {
        let scene = Scene::new().await;
        // The search for the account, and that of the root DSE, after which the write comes.
        scene.fake.next(SEARCH, good);
        scene.fake.next(SEARCH, |r| {
            let early = message(r.id + 1, &[&ber::result(EXTENDED, 0, b"")]);
            good(r).into_iter().chain([Step::Send(early)]).collect()
        });
        scene.fake.next_result(EXTENDED, 53, "not today");
        item.is(&scene.reset().await);
        scene.goes_on().await;
    };

    /// Takes its leave on a connection that nobody uses, and keeps it open.
    a_notice_of_disconnection_to_a_pooled_connection,
    held by "the notice ends the connection before the next request, which goes over a new one",
    told "done",
    recorded DONE => async |item: &Item| {
        let scene = Scene::new().await;
        scene.fake.next(SEARCH, good);
        scene.fake.next(SEARCH, |r| good(r).into_iter().chain([Step::Send(disconnection())]).collect());
        item.is(&scene.reset().await);
        let written = &scene.fake.requests(EXTENDED)[0];
        assert!(scene.fake.requests(SEARCH).iter().all(|search| search.connection != written.connection));
        scene.goes_on().await;
    };

    /// Takes its leave instead of answering the request that sets the password, and answers it afterwards.
    a_notice_of_disconnection_instead_of_an_answer,
    held by "after the notice nothing counts; what was sent is in doubt",
    told "unknown: outcome-unknown, directory",
    recorded IN_DOUBT => async |item| {
        each_write(Scene::new().await, item, &[|r| said([disconnection(), success(r)].concat())]).await;
    };

    /// Takes its leave instead of answering the search.
    a_notice_of_disconnection_instead_of_a_search,
    held by "a read is asked once more, on a new connection",
    told "done",
    recorded DONE => async |item: &Item| {
        let scene = Scene::new().await;
        scene.fake.next(SEARCH, |_| said(disconnection()));
        item.is(&scene.reset().await);
        scene.goes_on().await;
    };

    /// Sends a notice of another kind, and then the answer.
    a_notice_that_means_nothing,
    held by "notices but that of disconnection are passed over (RFC 4511 section 4.4)",
    told "done",
    recorded DONE => async |item: &Item| {
        let scene = Scene::new().await;
        scene.fake.next(EXTENDED, |r| {
            let name = tlv(0x8a, &[b"1.3.6.1.1.21.4"]);
            let notice = message(0, &[&tlv(0x78, &[&[0x0a, 1, 0], &octets(b""), &octets(b""), &name])]);
            std::iter::once(Step::Send(notice)).chain(good(r)).collect()
        });
        item.is(&scene.reset().await);
        scene.goes_on().await;
    };

    /// Answers the request that sets the password with success for the modify of an unlock, and the other way round.
    success_for_the_other_write,
    held by "the parser refuses answers of another kind",
    told "unknown: outcome-unknown, directory",
    recorded [
        "allowed ldap.root-dse", "allowed ldap.target", "allowed ldap.modify",
        "in-doubt pwdAccountLockedTime", "ended unknown outcome-unknown",
    ] => async |item| each_modify(Scene::new().await, item, &[|r| said(message(r.id, &[&ber::result(EXTENDED, 0, b"")]))]).await;

    /// Answers the write with a referral to a server of its choice.
    a_referral_lure,
    held by "referrals are never followed, and a referral is a refusal",
    told "refused: misconfigured, operator",
    recorded [
        "allowed ldap.root-dse", "allowed ldap.target", "allowed ldap.set-password",
        "refused password modify (RFC 3062) 10", "ended refused misconfigured",
    ] => async |item: &Item| {
        let (scene, elsewhere) = (Scene::new().await, crate::fake::Fake::plain().await);
        let url = elsewhere.url().into_bytes();
        scene.fake.next(EXTENDED, move |r| {
            let lure = tlv(0xa3, &[&octets(&url)]);
            said(message(r.id, &[&tlv(0x78, &[&[0x0a, 1, 10], &octets(b""), &octets(b""), &lure])]))
        });
        item.is(&scene.reset().await);
        assert_eq!(elsewhere.connections(), 0);
        scene.goes_on().await;
    };
}
