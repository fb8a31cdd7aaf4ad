//! Connections are kept, replaced, and closed.

use std::time::Duration;

use portcullis_directory::ldap::{LdapDirectory, Settings};
use portcullis_directory::{Connections, Directory as _};
use tokio::time::timeout;

use crate::ber::{self, MODIFY, SEARCH, message};
use crate::fake::{Fake, Step, good};
use crate::{SHORT, directory, query, search, settings, unavailable, works, write};

#[tokio::test]
async fn a_connection_is_used_again() {
    let fake = Fake::plain().await;
    let directory = directory(&fake.url());
    for _ in 0..5 {
        works(&directory).await;
        assert_eq!(write(&directory).await, Ok(0));
    }
    assert_eq!(fake.connections(), 1);
}

#[tokio::test]
async fn idle_and_busy_connections_can_be_counted() {
    let fake = Fake::plain().await;
    let directory = directory(&fake.url());
    let now = |idle, busy| vec![Connections { server: fake.url(), idle, busy }];
    assert_eq!(directory.connections(), now(0, 0));
    works(&directory).await;
    assert_eq!(directory.connections(), now(1, 0));
    fake.next(SEARCH, |_| vec![Step::Silence]);
    let query = query();
    tokio::select! {
        biased;
        found = directory.search(&query) => panic!("{found:?}"),
        seen = async { fake.received(2).await; directory.connections() } => assert_eq!(seen, now(0, 1)),
    }
    assert_eq!(directory.connections(), now(0, 0), "one that was given up is gone");
}

async fn a_pooled_connection_that_the_server_closed_is_replaced() {
    let fake = Fake::plain().await;
    let directory = directory(&fake.url());
    for round in 1..=20 {
        fake.next(SEARCH, |r| good(r).into_iter().chain([Step::Close]).collect());
        works(&directory).await;
        fake.closed(round).await;
        assert_eq!(write(&directory).await, Ok(0));
        assert_eq!((fake.requests(MODIFY).len(), fake.connections()), (round, round + 1));
    }
}

#[tokio::test]
async fn a_pooled_connection_that_the_server_closed_is_replaced_on_one_thread() {
    a_pooled_connection_that_the_server_closed_is_replaced().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooled_connection_that_the_server_closed_is_replaced_on_two_threads() {
    a_pooled_connection_that_the_server_closed_is_replaced().await;
}

#[tokio::test]
async fn a_connection_that_was_idle_too_long_is_not_used_again() {
    let fake = Fake::plain().await;
    let idle_timeout = Duration::from_nanos(1);
    let directory = LdapDirectory::new(Settings { idle_timeout, ..settings(&[fake.url()]) }).unwrap();
    works(&directory).await;
    works(&directory).await;
    fake.closed(1).await;
    assert_eq!(fake.connections(), 2);
}

#[tokio::test]
async fn a_request_that_nobody_waits_for_any_more_closes_its_connection() {
    let fake = Fake::plain().await;
    let directory = directory(&fake.url());
    works(&directory).await;
    for round in 1..=3 {
        fake.next(SEARCH, |_| vec![Step::Silence]);
        let query = query();
        let given_up = async {
            tokio::select! {
                biased;
                found = directory.search(&query) => panic!("{found:?}"),
                () = fake.received(2 * round) => {}
            }
        };
        given_up.await;
        fake.closed(round).await;
        works(&directory).await;
        assert_eq!(fake.connections(), round + 1);
    }
}

#[tokio::test]
async fn a_late_answer_never_reaches_the_next_request() {
    let fake = Fake::plain().await;
    let directory = LdapDirectory::new(Settings { request_timeout: SHORT, ..settings(&[fake.url()]) }).unwrap();
    let late = |r: &crate::fake::Request| {
        let answer = message(r.id, &[&ber::result(MODIFY, 0, b"late")]);
        vec![Step::Drip(answer, Duration::from_millis(100))]
    };
    fake.next(MODIFY, late);
    assert!(write(&directory).await.is_err());
    fake.next_result(MODIFY, 50, "no");
    assert_eq!(write(&directory).await, Ok(50));
    works(&directory).await;
}

#[tokio::test]
async fn when_all_connections_are_in_use_the_wait_ends() {
    let fake = Fake::plain().await;
    let settings = Settings { connections: 1, connect_timeout: SHORT, ..settings(&[fake.url()]) };
    let directory = LdapDirectory::new(settings).unwrap();
    fake.next(SEARCH, |_| vec![Step::Silence]);
    let query = query();
    let hanging = directory.search(&query);
    let second = async {
        fake.received(1).await;
        let text = unavailable(search(&directory).await);
        assert!(text.contains("all 1 connections to it are in use"), "{text}");
    };
    tokio::select! {
        found = hanging => panic!("{found:?}"),
        done = timeout(Duration::from_secs(10), second) => done.unwrap(),
    }
    works(&directory).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_requests_share_a_few_connections() {
    let fake = Fake::plain().await;
    let directory = std::sync::Arc::new(directory(&fake.url()));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let directory = directory.clone();
        tasks.spawn(async move { works(&directory).await });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert!(fake.connections() <= 2, "{}", fake.connections());
}

#[tokio::test]
async fn dropping_the_directory_closes_its_connections() {
    let fake = Fake::plain().await;
    let directory = directory(&fake.url());
    works(&directory).await;
    drop(directory);
    fake.closed(1).await;
}
