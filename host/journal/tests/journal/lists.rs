//! Lists, pages and counts.

use portcullis_journal::{Event, Filter, JournalError, PageRequest, State};
use portcullis_model::{Login, OperationKind};

use crate::given::{accepted, after, done, journal, later, operation, time};

fn page(limit: u32, cursor: Option<String>) -> PageRequest {
    PageRequest { limit, cursor }
}

#[tokio::test]
async fn pages_go_from_the_newest_to_the_oldest_and_miss_nothing() {
    let (_folder, journal) = journal();
    let mut expected = Vec::new();
    for number in 0..7 {
        expected.insert(0, accepted(&journal, operation(&format!("user{number}"))).await);
    }
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let part = journal.list(Filter::default(), page(3, cursor)).await.unwrap();
        found.extend(part.records);
        // What comes meanwhile is newer: it moves nothing on the pages that follow.
        accepted(&journal, operation("newcomer")).await;
        cursor = part.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, expected);
}

#[tokio::test]
async fn filters_let_through_what_they_say() {
    let (_folder, journal) = journal();
    let waiting = accepted(&journal, operation("Élise@corp.example")).await;
    let ended = after(&journal, "bob", &[Event::Acting, done()]).await;
    let mut other = operation("carol");
    other.caller = "help-desk".to_owned();
    other.connector = "lab".to_owned();
    other.kind = OperationKind::AccountStatus;
    let other = accepted(&journal, other).await;
    let all = Filter::default();
    let login = |name: &str| Some(Login::new(name).unwrap());
    let cases = [
        (Filter { states: vec![State::Done], ..all.clone() }, vec![&ended]),
        (Filter { states: vec![State::Done, State::Waiting], ..all.clone() }, vec![&other, &ended, &waiting]),
        (Filter { states: vec![State::Waiting], ..all.clone() }, vec![&other, &waiting]),
        (Filter { kind: Some(OperationKind::AccountStatus), ..all.clone() }, vec![&other]),
        (Filter { account: login("éLISE@CORP.example"), ..all.clone() }, vec![&waiting]),
        (Filter { account: login("%"), ..all.clone() }, vec![]),
        (Filter { caller: Some("portal".to_owned()), ..all.clone() }, vec![&ended, &waiting]),
        (Filter { caller: Some("' OR 1=1 --".to_owned()), ..all.clone() }, vec![]),
        (Filter { connector: Some("lab".to_owned()), ..all.clone() }, vec![&other]),
        (Filter { since: Some(later()), ..all.clone() }, vec![]),
        (Filter { since: Some(time(0)), until: Some(later()), ..all.clone() }, vec![&other, &ended, &waiting]),
        (Filter { until: Some(time(0)), ..all.clone() }, vec![]),
    ];
    for (filter, expected) in cases {
        let found = journal.list(filter.clone(), page(500, None)).await.unwrap();
        assert_eq!(found.records.iter().collect::<Vec<_>>(), expected, "{filter:?}");
        assert_eq!(found.next, None);
    }
}

#[tokio::test]
async fn a_limit_or_cursor_that_cannot_be_is_refused() {
    let (_folder, journal) = journal();
    for bad in [page(0, None), page(501, None), page(1, Some("x".to_owned())), page(1, Some("1 OR 1".to_owned()))] {
        let error = journal.list(Filter::default(), bad.clone()).await.unwrap_err();
        assert!(matches!(error, JournalError::OutOfBounds { .. }), "{bad:?}: {error}");
    }
}

#[tokio::test]
async fn every_state_is_counted() {
    let (_folder, journal) = journal();
    accepted(&journal, operation("alice")).await;
    after(&journal, "bob", &[Event::Acting, done()]).await;
    after(&journal, "carol", &[Event::Acting, done()]).await;
    let counts = journal.counts().await.unwrap();
    assert_eq!(counts.len(), State::ALL.len());
    assert_eq!((counts[&State::Waiting], counts[&State::Acting], counts[&State::Done]), (1, 0, 2));
}
