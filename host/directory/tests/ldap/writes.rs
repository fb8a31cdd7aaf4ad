//! What is sent, what comes back, and what is said when nothing does.

use lber::structure::{PL, StructureTag};
use portcullis_directory::ldap::{LdapDirectory, Settings};
use portcullis_directory::{
    Answer, Change, ChangeKind, Control, Directory as _, Failure, Modify, Performer, Scope, Search, SetPassword, Value,
};
use portcullis_model::Encoding;

use crate::ber::{self, BIND, EXTENDED, MODIFY, SEARCH, UNBIND, message, octets, tlv};
use crate::certificates::Authority;
use crate::fake::{ALICE, Fake, Request, Step, Tls, bind_name};
use crate::{SHORT, password, query, secret_modification, settings, works};

async fn protected() -> (Fake, LdapDirectory) {
    let authority = Authority::new("ca");
    let fake = Fake::start("127.0.0.1:0", Tls::First(authority.server(&["127.0.0.1"]))).await;
    let bind = Some(("cn=service".to_owned(), password("service secret")));
    let settings = Settings { bind, ca_pem: Some(authority.pem()), ..settings(&[fake.url()]) };
    let directory = LdapDirectory::new(settings).unwrap();
    (fake, directory)
}

fn primitive(tag: &StructureTag) -> &[u8] {
    match &tag.payload {
        PL::P(bytes) => bytes,
        PL::C(parts) => panic!("{parts:?}"),
    }
}

fn constructed(tag: &StructureTag) -> &[StructureTag] {
    match &tag.payload {
        PL::C(parts) => parts,
        PL::P(bytes) => panic!("{bytes:?}"),
    }
}

fn target() -> Performer {
    Performer::Target { dn: ALICE.to_owned(), password: password("old secret") }
}

fn set_password() -> SetPassword {
    SetPassword { dn: ALICE.to_owned(), new: password("new secret"), controls: Vec::new() }
}

#[tokio::test]
async fn changes_go_out_in_their_order_and_passwords_in_their_encoding() {
    let (fake, directory) = protected().await;
    let change = |kind, attribute: &str, values| Change { kind, attribute: attribute.to_owned(), values };
    let secret = |text, encoding| vec![Value::Secret(password(text), encoding)];
    let modify = Modify {
        dn: ALICE.to_owned(),
        changes: vec![
            change(ChangeKind::Delete, "unicodePwd", secret("old", Encoding::QuotedUtf16Le)),
            change(ChangeKind::Add, "unicodePwd", secret("né", Encoding::QuotedUtf16Le)),
            change(ChangeKind::Replace, "userPassword", secret("né", Encoding::Utf8)),
            change(ChangeKind::Replace, "lockoutTime", vec![Value::Plain(b"0".to_vec())]),
            change(ChangeKind::Replace, "pwdAccountLockedTime", vec![]),
        ],
        controls: vec![
            Control { oid: "1.2.3".to_owned(), critical: true, value: Some(vec![0x30, 0]) },
            Control { oid: "1.2.4".to_owned(), critical: false, value: None },
        ],
    };
    assert_eq!(directory.modify(&Performer::Service, &modify).await.unwrap().code, 0);
    let [request] = fake.requests(MODIFY).try_into().unwrap();
    let parts = request.parts();
    assert_eq!(primitive(&parts[0]), ALICE.as_bytes());
    let sent: Vec<_> = constructed(&parts[1])
        .iter()
        .map(|change| {
            let [kind, change] = constructed(change) else { panic!("{change:?}") };
            let [name, values] = constructed(change) else { panic!("{change:?}") };
            let values: Vec<_> = constructed(values).iter().map(|v| primitive(v).to_vec()).collect();
            (primitive(kind)[0], String::from_utf8(primitive(name).to_vec()).unwrap(), values)
        })
        .collect();
    let expected = [
        (1, "unicodePwd", vec![b"\"\0o\0l\0d\0\"\0".to_vec()]),
        (0, "unicodePwd", vec![b"\"\0n\0\xe9\0\"\0".to_vec()]),
        (2, "userPassword", vec!["né".as_bytes().to_vec()]),
        (2, "lockoutTime", vec![b"0".to_vec()]),
        (2, "pwdAccountLockedTime", vec![]),
    ];
    assert_eq!(sent, expected.map(|(kind, name, values)| (kind, name.to_owned(), values)));
    assert_eq!(oids(&request), [("1.2.3".to_owned(), 3), ("1.2.4".to_owned(), 1)]);
}

/// The OIDs of a request's controls, each with the number of its parts.
fn oids(request: &Request) -> Vec<(String, usize)> {
    let controls = request.controls.as_ref().map(constructed).unwrap_or_default();
    controls
        .iter()
        .map(|control| {
            let parts = constructed(control);
            (String::from_utf8(primitive(&parts[0]).to_vec()).unwrap(), parts.len())
        })
        .collect()
}

#[tokio::test]
async fn an_answer_comes_back_as_it_was_given() {
    let (fake, directory) = protected().await;
    fake.next(MODIFY, |r| {
        let control = tlv(0x30, &[&octets(b"1.2.3"), &octets(b"\x30\x03\x81\x01\x05")]);
        let result = ber::result(MODIFY, 19, "é".repeat(3000).as_bytes());
        vec![Step::Send(message(r.id, &[&result, &tlv(0xa0, &[&control])]))]
    });
    let answer = directory.modify(&Performer::Service, &secret_modification()).await.unwrap();
    let expected = Answer {
        code: 19,
        diagnostic: "é".repeat(1024),
        controls: vec![Control { oid: "1.2.3".to_owned(), critical: false, value: Some(vec![0x30, 3, 0x81, 1, 5]) }],
        server: fake.url(),
    };
    assert_eq!(answer, expected);
    fake.next_result(MODIFY, 10, "");
    assert_eq!(directory.modify(&Performer::Service, &secret_modification()).await.unwrap().code, 10);
    assert_eq!(fake.connections(), 1);
    works(&directory).await;
}

#[tokio::test]
async fn a_write_that_was_received_and_not_answered_is_in_doubt() {
    let (fake, directory) = protected().await;
    for (round, performer) in [Performer::Service, target(), Performer::Service].into_iter().enumerate() {
        fake.next(MODIFY, |_| vec![Step::Close]);
        let failure = directory.modify(&performer, &secret_modification()).await.unwrap_err();
        let Failure::InDoubt(text) = &failure else { panic!("{failure:?}") };
        assert!(text.contains("the server closed the connection after the request was sent"), "{text}");
        assert!(text.contains(&fake.url()), "{text}");
        assert_eq!(fake.requests(MODIFY).len(), round + 1);
        works(&directory).await;
    }
    fake.next(EXTENDED, |_| vec![Step::Close]);
    let failure = directory.set_password(&Performer::Service, &set_password()).await.unwrap_err();
    assert!(matches!(failure, Failure::InDoubt(_)), "{failure:?}");
    works(&directory).await;
}

#[tokio::test]
async fn half_an_answer_is_none() {
    let fake = Fake::plain().await;
    let directory = crate::directory(&fake.url());
    fake.next(MODIFY, |r| {
        let answer = message(r.id, &[&ber::result(MODIFY, 0, b"")]);
        vec![Step::Send(answer[..answer.len() - 1].to_vec()), Step::Close]
    });
    let failure = crate::write(&directory).await.unwrap_err();
    assert!(matches!(&failure, Failure::InDoubt(text) if text.contains("in the middle")), "{failure:?}");
    works(&directory).await;
}

#[tokio::test]
async fn the_password_operation_names_the_entry_and_the_new_password() {
    let (fake, directory) = protected().await;
    assert_eq!(directory.set_password(&Performer::Service, &set_password()).await.unwrap().code, 0);
    let [request] = fake.requests(EXTENDED).try_into().unwrap();
    let value = tlv(0x30, &[&tlv(0x80, &[ALICE.as_bytes()]), &tlv(0x82, &[b"new secret"])]);
    let parts: Vec<_> = request.parts().iter().map(|part| primitive(part).to_vec()).collect();
    assert_eq!(parts, [b"1.3.6.1.4.1.4203.1.11.1".to_vec(), value]);
}

#[tokio::test]
async fn the_target_performs_on_a_connection_of_its_own() {
    let (fake, directory) = protected().await;
    works(&directory).await;
    assert_eq!(directory.modify(&target(), &secret_modification()).await.unwrap().code, 0);
    assert_eq!(directory.set_password(&target(), &set_password()).await.unwrap().code, 0);
    fake.closed(2).await;
    let binds = fake.requests(BIND);
    assert_eq!(binds.iter().map(bind_name).collect::<Vec<_>>(), ["cn=service", ALICE, ALICE]);
    assert_eq!(binds.iter().map(oids).collect::<Vec<_>>()[1], [("1.3.6.1.4.1.42.2.27.8.5.1".to_owned(), 1)]);
    assert_eq!((fake.requests(MODIFY)[0].connection, fake.requests(EXTENDED)[0].connection), (2, 3));
    assert_eq!(fake.requests(UNBIND).len(), 2);
    works(&directory).await;
    assert_eq!(fake.requests(SEARCH).iter().map(|r| r.connection).collect::<Vec<_>>(), [1, 1]);
}

#[tokio::test]
async fn a_refused_bind_of_the_target_ends_before_the_write() {
    let (fake, directory) = protected().await;
    fake.next(BIND, |r| {
        let control = tlv(0x30, &[&octets(b"1.3.6.1.4.1.42.2.27.8.5.1"), &octets(b"\x30\x03\x81\x01\x01")]);
        vec![Step::Send(message(r.id, &[&ber::result(BIND, 49, b"no"), &tlv(0xa0, &[&control])]))]
    });
    let failure = directory.modify(&target(), &secret_modification()).await.unwrap_err();
    let Failure::BindRefused(answer) = failure else { panic!("{failure:?}") };
    assert_eq!((answer.code, answer.controls.len()), (49, 1));
    assert!(fake.requests(MODIFY).is_empty());
    fake.closed(1).await;
    works(&directory).await;
}

#[tokio::test]
async fn a_bind_tells_the_servers_answer_and_nothing_is_bound_as_nobody() {
    let (fake, directory) = protected().await;
    assert_eq!(directory.bind(ALICE, &password("x"), &[]).await.unwrap().code, 0);
    fake.next_result(BIND, 49, "data 52e");
    let answer = directory.bind(ALICE, &password("x"), &[]).await.unwrap();
    assert_eq!((answer.code, answer.diagnostic.as_str()), (49, "data 52e"));
    fake.closed(2).await;
    let failure = directory.bind("", &password("x"), &[]).await.unwrap_err();
    assert!(matches!(&failure, Failure::Unavailable(text) if text.contains("nothing was sent")), "{failure:?}");
    assert_eq!(fake.requests(BIND).len(), 2);
}

#[tokio::test]
async fn a_bind_that_was_not_answered_is_not_sent_again() {
    let (fake, directory) = protected().await;
    for round in 1..=2 {
        fake.next(BIND, |_| vec![Step::Close]);
        // A bind by itself may have counted as a failed sign-in; before a write it means that nothing was written.
        let text = match round {
            1 => match directory.bind(ALICE, &password("x"), &[]).await {
                Err(Failure::InDoubt(text)) => text,
                other => panic!("{other:?}"),
            },
            _ => match directory.modify(&target(), &secret_modification()).await {
                Err(Failure::Unavailable(text)) => text,
                other => panic!("{other:?}"),
            },
        };
        assert!(text.contains("closed"), "{text}");
        assert_eq!(fake.requests(BIND).len(), round);
    }
    fake.next(BIND, |_| vec![Step::Send(tlv(0x30, &[])), Step::Silence]);
    let failure = directory.bind(ALICE, &password("x"), &[]).await.unwrap_err();
    assert!(matches!(failure, Failure::Nonsense(_)), "{failure:?}");
    assert!(fake.requests(MODIFY).is_empty());
}

#[tokio::test]
async fn a_bind_without_an_answer_ends_in_time() {
    let authority = Authority::new("ca");
    let fake = Fake::start("127.0.0.1:0", Tls::First(authority.server(&["127.0.0.1"]))).await;
    let settings = Settings { connect_timeout: SHORT, ca_pem: Some(authority.pem()), ..settings(&[fake.url()]) };
    let directory = LdapDirectory::new(settings).unwrap();
    fake.next(BIND, |_| vec![Step::Silence]);
    let failure = directory.bind(ALICE, &password("x"), &[]).await.unwrap_err();
    assert!(matches!(&failure, Failure::InDoubt(text) if text.contains("within 1s")), "{failure:?}");
}

#[tokio::test]
async fn adding_no_value_is_never_sent() {
    let (fake, directory) = protected().await;
    let change = Change { kind: ChangeKind::Add, attribute: "mail".to_owned(), values: Vec::new() };
    let modify = Modify { dn: ALICE.to_owned(), changes: vec![change], controls: Vec::new() };
    let failure = directory.modify(&Performer::Service, &modify).await.unwrap_err();
    assert!(matches!(failure, Failure::Unavailable(_)), "{failure:?}");
    assert!(fake.requests(MODIFY).is_empty());
    works(&directory).await;
}

#[tokio::test]
async fn a_search_asks_for_what_it_was_told_and_no_more() {
    let (fake, directory) = protected().await;
    let search = Search { scope: Scope::One, attributes: Vec::new(), limit: 3, ..query() };
    directory.search(&search).await.unwrap();
    let parts = fake.requests(SEARCH)[0].parts();
    assert_eq!(primitive(&parts[0]), b"dc=example");
    assert_eq!((primitive(&parts[1]), primitive(&parts[2]), primitive(&parts[3])), (&[1][..], &[0][..], &[4][..]));
    assert_eq!(constructed(&parts[7]).iter().map(primitive).collect::<Vec<_>>(), [b"1.1"]);
}

#[tokio::test]
async fn a_search_tells_whether_there_is_more_and_keeps_the_connection() {
    let (fake, directory) = protected().await;
    for (entries, code, more) in [(1, 0, false), (2, 0, true), (2, 4, true), (1, 4, true), (0, 32, false)] {
        fake.next(SEARCH, move |r| {
            let mut bytes = message(r.id, &[&crate::fake::alice()]).repeat(entries);
            bytes.extend(message(r.id, &[&tlv(0x73, &[&octets(b"ldap://elsewhere.example")])]));
            bytes.extend(message(r.id, &[&ber::result(SEARCH, code, b"")]));
            vec![Step::Send(bytes)]
        });
        let found = directory.search(&Search { limit: 1, ..query() }).await.unwrap();
        assert_eq!((found.entries.len(), found.more, found.answer.code), (entries.min(1), more, u32::from(code)));
    }
    assert_eq!(fake.connections(), 1);
}
