use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use portcullis_directory::{Attribute, Found, Modify, Performer, SetPassword};
use portcullis_model::Password;

use super::*;
use crate::doctor::Mark;

const HERE: &str = "ldaps://here";

/// A server that shows the change from some search on, and answers binds with a code.
#[derive(Debug)]
struct Replica {
    url: &'static str,
    changes_at: u32,
    /// The code of a bind, or how many binds are not even sent.
    bind: Result<u32, u32>,
    searches: AtomicU32,
    binds: AtomicU32,
}

impl Replica {
    fn new(url: &'static str, changes_at: u32, bind: Result<u32, u32>) -> Self {
        Self { url, changes_at, bind, searches: AtomicU32::new(0), binds: AtomicU32::new(0) }
    }

    fn answer(&self, code: u32) -> Answer {
        Answer { code, diagnostic: String::new(), controls: Vec::new(), server: self.url.to_owned() }
    }

    fn binds(&self) -> u32 {
        self.binds.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Directory for Replica {
    async fn search(&self, search: &Search) -> Result<Found, Failure> {
        let number = self.searches.fetch_add(1, Ordering::SeqCst) + 1;
        let value = if number >= self.changes_at { b"134".to_vec() } else { b"133".to_vec() };
        let attributes = vec![Attribute { name: "pwdLastSet".to_owned(), values: vec![value] }];
        let entries = vec![Entry { dn: search.base.clone(), attributes }];
        Ok(Found { entries, more: false, answer: self.answer(0) })
    }

    async fn modify(&self, _: &Performer, _: &Modify) -> Result<Answer, Failure> {
        Err(Failure::Nonsense("a step that only looks has written".to_owned()))
    }

    async fn set_password(&self, _: &Performer, _: &SetPassword) -> Result<Answer, Failure> {
        Err(Failure::Nonsense("a step that only looks has written".to_owned()))
    }

    async fn bind(&self, _: &str, _: &Password, _: &[Control]) -> Result<Answer, Failure> {
        let number = self.binds.fetch_add(1, Ordering::SeqCst) + 1;
        match self.bind {
            Ok(code) => Ok(self.answer(code)),
            Err(unsent) if number <= unsent => Err(Failure::Unavailable("not there".to_owned())),
            Err(_) => Ok(self.answer(0)),
        }
    }
}

async fn asked(replicas: &[&Replica], wait: Duration) -> Vec<Mark> {
    let done = Done {
        target: "CN=test".to_owned(),
        server: HERE.to_owned(),
        password: Password::new("A-New-Passw0rd".to_owned()).unwrap().into(),
        at: Instant::now(),
    };
    let servers: Vec<_> = replicas.iter().map(|replica| (replica.url, Some(*replica as &dyn Directory))).collect();
    let step = ask(&servers, &done, wait).await;
    step.findings.iter().map(|finding| finding.mark).collect()
}

#[tokio::test]
async fn a_change_that_never_arrives_costs_no_sign_in() {
    let (here, apart) = (Replica::new(HERE, 0, Ok(0)), Replica::new("ldaps://apart", u32::MAX, Ok(49)));
    assert_eq!(asked(&[&here, &apart], Duration::from_millis(1)).await, [Mark::Ok, Mark::Failed]);
    assert_eq!((here.binds(), apart.binds()), (1, 0));
}

#[tokio::test]
async fn a_change_that_arrives_late_is_waited_for() {
    let (here, late) = (Replica::new(HERE, 0, Ok(0)), Replica::new("ldaps://late", 3, Ok(0)));
    assert_eq!(asked(&[&here, &late], Duration::from_secs(60)).await, [Mark::Ok, Mark::Ok]);
    assert_eq!((late.searches.load(Ordering::SeqCst), late.binds()), (3, 1));
}

#[tokio::test]
async fn a_refused_sign_in_is_not_repeated_and_the_third_one_is_not_tried() {
    let replicas = [HERE, "ldaps://b", "ldaps://c", "ldaps://d"].map(|url| Replica::new(url, 0, Ok(49)));
    let marks = asked(&replicas.iter().collect::<Vec<_>>(), Duration::from_secs(60)).await;
    assert_eq!(marks, [Mark::Failed, Mark::Failed, Mark::Skipped, Mark::Skipped]);
    assert_eq!(replicas.each_ref().map(Replica::binds), [1, 1, 0, 0]);
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_tried_three_times() {
    let (two, three) = (Replica::new(HERE, 0, Err(2)), Replica::new("ldaps://gone", 0, Err(3)));
    assert_eq!(asked(&[&two, &three], Duration::from_secs(60)).await, [Mark::Ok, Mark::Failed]);
    assert_eq!((two.binds(), three.binds()), (3, 3));
}
