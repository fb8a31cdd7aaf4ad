//! More than one server.

use portcullis_directory::ldap::{LdapDirectory, Settings};
use portcullis_directory::{Directory as _, Failure, Performer};
use tokio::net::TcpSocket;

use crate::ber::{BIND, MODIFY, SEARCH, tlv};
use crate::certificates::Authority;
use crate::fake::{ALICE, Fake, Step, Tls};
use crate::{SHORT, password, search, settings, unavailable, works, write};

/// A port that nobody listens on, and that nobody else can take.
fn nobody() -> (TcpSocket, u16) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

fn url(port: u16) -> String {
    format!("ldap://127.0.0.1:{port}")
}

#[tokio::test]
async fn the_second_server_is_asked_and_the_first_one_left_alone_for_a_while() {
    let ((socket, port), second) = (nobody(), Fake::plain().await);
    let directory = LdapDirectory::new(settings(&[url(port), second.url()])).unwrap();
    works(&directory).await;
    let first = Fake::listening(socket.listen(16).unwrap(), Tls::Never);
    works(&directory).await;
    assert_eq!(write(&directory).await, Ok(0));
    assert_eq!((first.connections(), second.requests(MODIFY).len()), (0, 1));
}

#[tokio::test]
async fn a_server_that_was_left_alone_is_asked_when_no_other_one_can_be() {
    let (socket, port) = nobody();
    let directory = LdapDirectory::new(settings(&[url(port)])).unwrap();
    let text = unavailable(search(&directory).await);
    assert!(text.contains(&url(port)) && text.contains("refused"), "{text}");
    let _first = Fake::listening(socket.listen(16).unwrap(), Tls::Never);
    works(&directory).await;
}

#[tokio::test]
async fn every_server_that_was_tried_is_named() {
    let ((_socket, a), b) = (nobody(), Fake::plain().await);
    let directory = LdapDirectory::new(Settings { request_timeout: SHORT, ..settings(&[url(a), b.url()]) }).unwrap();
    b.next(SEARCH, |_| vec![Step::Silence]);
    b.next(SEARCH, |_| vec![Step::Close]);
    let text = unavailable(search(&directory).await);
    for words in [&url(a), "refused", &b.url(), "no complete answer", "closed the connection"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    works(&directory).await;
}

#[tokio::test]
async fn a_read_that_broke_is_repeated_once() {
    let fake = Fake::plain().await;
    let directory = LdapDirectory::new(settings(&[fake.url()])).unwrap();
    fake.next(SEARCH, |_| vec![Step::Close]);
    works(&directory).await;
    assert_eq!(fake.requests(SEARCH).len(), 2);
    fake.next(SEARCH, |_| vec![Step::Close]);
    fake.next(SEARCH, |_| vec![Step::Close]);
    unavailable(search(&directory).await);
    assert_eq!(fake.requests(SEARCH).len(), 4);
    works(&directory).await;
}

#[tokio::test]
async fn a_slow_server_is_left_for_the_next_one() {
    let (a, b) = (Fake::plain().await, Fake::plain().await);
    let directory = LdapDirectory::new(Settings { request_timeout: SHORT, ..settings(&[a.url(), b.url()]) }).unwrap();
    a.next(SEARCH, |_| vec![Step::Silence]);
    works(&directory).await;
    works(&directory).await;
    assert_eq!((a.requests(SEARCH).len(), b.requests(SEARCH).len()), (1, 2));
}

#[tokio::test]
async fn nonsense_is_not_asked_for_twice() {
    let (a, b) = (Fake::plain().await, Fake::plain().await);
    let directory = LdapDirectory::new(settings(&[a.url(), b.url()])).unwrap();
    a.next(SEARCH, |_| vec![Step::Send(tlv(0x30, &[])), Step::Silence]);
    assert!(matches!(search(&directory).await, Err(Failure::Nonsense(_))));
    assert_eq!(b.connections(), 0);
    works(&directory).await;
}

#[tokio::test]
async fn a_write_that_may_have_been_taken_goes_to_no_other_server() {
    let (a, b) = (Fake::plain().await, Fake::plain().await);
    let directory = LdapDirectory::new(settings(&[a.url(), b.url()])).unwrap();
    a.next(MODIFY, |_| vec![Step::Close]);
    assert!(matches!(write(&directory).await, Err(Failure::InDoubt(_))));
    assert_eq!((a.requests(MODIFY).len(), b.connections()), (1, 0));
    assert_eq!(write(&directory).await, Ok(0));
}

#[tokio::test]
async fn a_wrong_service_password_is_tried_once_and_on_one_server() {
    let authority = Authority::new("ca");
    let config = authority.server(&["127.0.0.1"]);
    let a = Fake::start("127.0.0.1:0", Tls::First(config.clone())).await;
    let b = Fake::start("127.0.0.1:0", Tls::First(config)).await;
    let bind = Some(("cn=service".to_owned(), password("service secret")));
    let settings = Settings { bind, ca_pem: Some(authority.pem()), ..settings(&[a.url(), b.url()]) };
    let directory = LdapDirectory::new(settings.clone()).unwrap();
    a.next_result(BIND, 49, "80090308: no, not service secret");
    let text = service_account(search(&directory).await);
    assert!(text.contains("the service account cn=service was refused with code 49"), "{text}");
    assert!(!text.contains("service secret"), "{text}");
    assert_eq!(service_account(search(&directory).await), text);
    assert_eq!(service_account(write(&directory).await), text);
    assert_eq!((a.requests(BIND).len(), b.connections()), (1, 0));
    // Binds as others are not the service account's.
    assert_eq!(directory.bind(ALICE, &password("x"), &[]).await.unwrap().code, 0);
    works(&LdapDirectory::new(settings).unwrap()).await;
}

#[tokio::test]
async fn a_server_that_refuses_the_service_account_for_another_reason_is_left_for_the_next_one() {
    let authority = Authority::new("ca");
    let config = authority.server(&["127.0.0.1"]);
    let a = Fake::start("127.0.0.1:0", Tls::First(config.clone())).await;
    let b = Fake::start("127.0.0.1:0", Tls::First(config)).await;
    let bind = Some(("cn=service".to_owned(), password("service secret")));
    let settings = Settings { bind, ca_pem: Some(authority.pem()), ..settings(&[a.url(), b.url()]) };
    let directory = LdapDirectory::new(settings).unwrap();
    a.next_result(BIND, 51, "busy");
    let answer = directory.modify(&Performer::Service, &crate::secret_modification()).await.unwrap();
    assert_eq!(answer.server, b.url());
    works(&directory).await;
}

/// The text of an error that nothing but `ServiceAccount` may be: it is the operator's, not the network's.
fn service_account<T: std::fmt::Debug>(result: Result<T, Failure>) -> String {
    match result {
        Err(Failure::ServiceAccount(text)) => text,
        other => panic!("{other:?}"),
    }
}
