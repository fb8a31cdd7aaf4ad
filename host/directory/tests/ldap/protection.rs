//! A password goes over a protected connection or not at all.

use portcullis_directory::ldap::{LdapDirectory, MinTls, Settings, probe};
use portcullis_directory::{Directory as _, Failure, Performer, SetPassword};

use tokio_rustls::rustls::version::{TLS12, TLS13};

use crate::ber::{self, BIND, EXTENDED, MODIFY, SEARCH, message};
use crate::certificates::Authority;
use crate::fake::{ALICE, Fake, Request, Step, Tls, bind_name};
use crate::{SHORT, directory, password, search, secret_modification, settings, unavailable, works, write};

fn unprotected<T: std::fmt::Debug>(result: Result<T, Failure>, url: &str) {
    assert_eq!(result.unwrap_err(), Failure::Unprotected(url.to_owned()));
}

#[tokio::test]
async fn no_password_goes_over_plain_text() {
    let fake = Fake::plain().await;
    let (url, directory) = (fake.url(), directory(&fake.url()));
    let target = Performer::Target { dn: ALICE.to_owned(), password: password("old secret") };
    let new = SetPassword { dn: ALICE.to_owned(), new: password("new secret"), controls: Vec::new() };
    unprotected(directory.modify(&Performer::Service, &secret_modification()).await, &url);
    unprotected(directory.set_password(&Performer::Service, &new).await, &url);
    unprotected(directory.set_password(&target, &new).await, &url);
    unprotected(directory.modify(&target, &crate::plain_modification()).await, &url);
    unprotected(directory.bind(ALICE, &password("old secret"), &[]).await, &url);
    assert_eq!(fake.connections(), 0);
    works(&directory).await;
    assert_eq!(write(&directory).await, Ok(0));
}

#[tokio::test]
async fn the_service_account_is_not_bound_over_plain_text() {
    let fake = Fake::plain().await;
    let bind = Some(("cn=service".to_owned(), password("service secret")));
    let directory = LdapDirectory::new(Settings { bind, ..settings(&[fake.url()]) }).unwrap();
    unprotected(search(&directory).await, &fake.url());
    unprotected(write(&directory).await, &fake.url());
    assert_eq!(fake.connections(), 0);
}

#[tokio::test]
async fn a_plain_server_beside_a_protected_one_gets_no_password() {
    let authority = Authority::new("ca");
    let plain = Fake::plain().await;
    let tls = Fake::start("127.0.0.1:0", Tls::First(authority.server(&["127.0.0.1"]))).await;
    let ca_pem = Some(authority.pem());
    let directory = LdapDirectory::new(Settings { ca_pem, ..settings(&[plain.url(), tls.url()]) }).unwrap();
    let answer = directory.modify(&Performer::Service, &secret_modification()).await.unwrap();
    assert_eq!(answer.server, tls.url());
    assert_eq!(plain.connections(), 0);
    works(&directory).await;
    assert_eq!(plain.connections(), 1);
}

#[tokio::test]
async fn a_local_socket_is_protected() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ldapi");
    let fake = Fake::on_socket(&path);
    let url = format!("ldapi://{}", path.to_str().unwrap().replace('/', "%2F"));
    let bind = Some(("cn=service".to_owned(), password("service secret")));
    let directory = LdapDirectory::new(Settings { bind, ..settings(std::slice::from_ref(&url)) }).unwrap();
    let answer = directory.modify(&Performer::Service, &secret_modification()).await.unwrap();
    assert_eq!((answer.code, answer.server), (0, url));
    assert_eq!(fake.requests(BIND).iter().map(bind_name).collect::<Vec<_>>(), ["cn=service"]);
    works(&directory).await;
}

const NOT_LDAP: &str = "StartTLS failed: the answer is not LDAP; no password was sent";

fn yes(request: &Request) -> Vec<u8> {
    message(request.id, &[&ber::result(EXTENDED, 0, b"")])
}

fn bind_answer(request: &Request) -> Vec<u8> {
    message(request.id + 1, &[&ber::result(BIND, 0, b"")])
}

fn start_tls(fake: &Fake, authority: &Authority) -> LdapDirectory {
    let bind = Some(("cn=service".to_owned(), password("service secret")));
    let settings = Settings { bind, start_tls: true, ca_pem: Some(authority.pem()), ..settings(&[fake.url()]) };
    LdapDirectory::new(settings).unwrap()
}

#[tokio::test]
async fn start_tls_comes_before_anything_else() {
    let authority = Authority::new("ca");
    let fake = Fake::start("127.0.0.1:0", Tls::WhenAsked(authority.server(&["127.0.0.1"]))).await;
    let directory = start_tls(&fake, &authority);
    works(&directory).await;
    let answer = directory.modify(&Performer::Service, &secret_modification()).await.unwrap();
    assert_eq!(answer.code, 0);
    assert_eq!((fake.requests(EXTENDED).len(), fake.requests(BIND).len(), fake.connections()), (1, 1, 1));
}

#[tokio::test]
async fn start_tls_that_is_refused_or_taken_away_ends_the_connection() {
    let authority = Authority::new("ca");
    let fake = Fake::start("127.0.0.1:0", Tls::WhenAsked(authority.server(&["127.0.0.1"]))).await;
    let directory = start_tls(&fake, &authority);
    type Script = fn(&Request) -> Vec<Step>;
    let cases: [(Script, &str); 9] = [
        (
            |r| vec![Step::Send(message(r.id, &[&ber::result(EXTENDED, 52, b"no TLS today")]))],
            "StartTLS was refused with code 52 (no TLS today); no password was sent",
        ),
        // Says yes, and goes on in plain text.
        (
            |r| vec![Step::Send(yes(r)), Step::Pause, Step::Send(bind_answer(r)), Step::Silence],
            "it does not speak TLS on this port",
        ),
        // The same, and faster than the client.
        (
            |r| vec![Step::Send([yes(r), bind_answer(r)].concat()), Step::Silence],
            "more was sent in plain text after the answer; no password was sent",
        ),
        (|_| vec![Step::Send(ber::tlv(0x30, &[])), Step::Silence], NOT_LDAP),
        (|_| vec![Step::Send(ber::nested(1000)), Step::Silence], NOT_LDAP),
        (|_| vec![Step::Flood(vec![0x30, 0x84, 0, 0x7f, 0xff, 0xff])], NOT_LDAP),
        (|r| vec![Step::Send(message(r.id, &[&ber::tlv(0x78, &[])])), Step::Silence], NOT_LDAP),
        (|r| vec![Step::Send(bind_answer(r)), Step::Silence], NOT_LDAP),
        (|_| vec![Step::Close], "the server closed the connection; no password was sent"),
    ];
    // With the handshake after it, as if nothing had been: what came in clear is not what was asked for after it.
    fake.next_and_tls(EXTENDED, |r| vec![Step::Send([yes(r), bind_answer(r)].concat())]);
    let text = unavailable(directory.modify(&Performer::Service, &secret_modification()).await);
    assert!(text.contains("more was sent in plain text"), "{text}");
    for (script, words) in cases {
        let bound = fake.requests(BIND).len();
        fake.next(EXTENDED, script);
        let text = unavailable(directory.modify(&Performer::Service, &secret_modification()).await);
        assert!(text.contains(words), "{text}");
        assert_eq!(fake.requests(BIND).len(), bound);
    }
    assert!(fake.requests(MODIFY).is_empty() && fake.requests(SEARCH).is_empty());
    works(&directory).await;
}

#[tokio::test]
async fn start_tls_without_an_answer_ends_in_time() {
    let authority = Authority::new("ca");
    let fake = Fake::start("127.0.0.1:0", Tls::WhenAsked(authority.server(&["127.0.0.1"]))).await;
    let ca_pem = Some(authority.pem());
    let settings = Settings { start_tls: true, ca_pem, connect_timeout: SHORT, ..settings(&[fake.url()]) };
    let directory = LdapDirectory::new(settings).unwrap();
    fake.next(EXTENDED, |_| vec![Step::Silence]);
    let text = unavailable(search(&directory).await);
    assert!(text.contains("StartTLS failed: no answer within 1s; no password was sent"), "{text}");
    fake.closed(1).await;
}

/// Enforced in the handshake itself, by TLS from the first byte and after StartTLS, and by the probe.
#[tokio::test]
async fn an_older_tls_than_the_operator_takes_is_not_spoken() {
    let authority = Authority::new("ca");
    let old = || authority.server_speaking(&["127.0.0.1"], &[&TLS12]);
    let new = || authority.server_speaking(&["127.0.0.1"], &[&TLS13]);
    for (min, tls, start_tls, taken) in [
        (MinTls::Tls13, Tls::First(old()), false, false),
        (MinTls::Tls13, Tls::WhenAsked(old()), true, false),
        (MinTls::Tls13, Tls::First(new()), false, true),
        (MinTls::Tls12, Tls::First(old()), false, true),
        (MinTls::Tls12, Tls::First(new()), false, true),
    ] {
        let fake = Fake::start("127.0.0.1:0", tls).await;
        let ca_pem = Some(authority.pem());
        let bind = Some(("cn=service".to_owned(), password("service secret")));
        let settings = Settings { ca_pem, bind, start_tls, min_tls: min, ..settings(&[fake.url()]) };
        let directory = LdapDirectory::new(settings.clone()).unwrap();
        let found = search(&directory).await;
        assert_eq!(found.is_ok(), taken, "{min:?}: {found:?}");
        assert_eq!(fake.requests(BIND).is_empty(), !taken, "no password before the handshake");
        let seen = probe(&settings).await.unwrap();
        assert_eq!(seen[0].trouble.is_none(), taken, "{seen:?}");
        if !taken {
            assert!(found.unwrap_err().to_string().contains("min-tls"));
        }
    }
}
