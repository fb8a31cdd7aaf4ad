#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const BREAKER: BreakerSettings = BreakerSettings { failures: 2, pause: SECOND, longest: SECOND.saturating_mul(8) };
const DONE: Ended = Ended::Settled { took_effect: true, answered: true };
const REFUSED: Ended = Ended::Settled { took_effect: false, answered: true };

struct World {
    plan: Plan,
    now: Instant,
    seq: u64,
}

impl World {
    fn new(limit: usize) -> Self {
        Self { plan: Plan::new(limit, BREAKER), now: Instant::now(), seq: 0 }
    }

    fn add(&mut self, lane: &str, kind: OperationKind) -> u64 {
        self.add_ticket(lane, kind, |_| ())
    }

    fn reset(&mut self, lane: &str) -> u64 {
        self.add(lane, OperationKind::ResetPassword)
    }

    fn add_ticket(&mut self, lane: &str, kind: OperationKind, change: impl FnOnce(&mut Ticket)) -> u64 {
        self.seq += 1;
        let mut ticket = Ticket {
            since: self.now,
            seq: self.seq,
            id: OperationId::new().unwrap(),
            kind,
            account: lane.into(),
            unlocks: false,
            deadline: self.now + 3600 * SECOND,
            attempts: 0,
            in_doubt: false,
            looks: 0,
        };
        change(&mut ticket);
        self.plan.add(lane.into(), ticket);
        self.seq
    }

    fn run(&mut self) -> Option<(LaneName, Ticket)> {
        match self.plan.next(self.now)? {
            (lane, Job::Run(ticket)) => Some((lane, ticket)),
            (_, Job::Expire(ticket)) => panic!("{ticket:?} expired"),
        }
    }

    /// Runs one and ends it; the number of the one that ran and the numbers of those it has overtaken.
    fn step(&mut self, ended: Ended) -> Option<(u64, Vec<u64>)> {
        let (lane, ticket) = self.run()?;
        let seq = ticket.seq;
        let overtaken = self.plan.ended(&lane, ticket, ended, self.now);
        Some((seq, overtaken.into_iter().map(|ticket| ticket.seq).collect()))
    }

    fn unreachable(&self) -> Ended {
        Ended::Later { until: self.now + SECOND, unreachable: true }
    }
}

#[test]
fn one_account_runs_one_at_a_time_and_in_order() {
    let mut w = World::new(8);
    let kinds = [OperationKind::UnlockAccount, OperationKind::AccountStatus, OperationKind::ChangePassword];
    let added = kinds.map(|kind| w.add("alice", kind));
    let mut ran = Vec::new();
    for _ in kinds {
        let (lane, ticket) = w.run().unwrap();
        assert!(w.run().is_none(), "a second one of the same account ran beside it");
        ran.push(ticket.seq);
        w.plan.ended(&lane, ticket, DONE, w.now);
    }
    assert_eq!(ran, added);
    assert_eq!(w.plan.depth(), (0, 0));
}

#[test]
fn accounts_run_side_by_side_up_to_the_concurrency() {
    let mut w = World::new(2);
    for lane in ["a", "b", "c"] {
        w.reset(lane);
    }
    let (first, second) = (w.run().unwrap(), w.run().unwrap());
    assert!(w.run().is_none(), "more than the concurrency ran");
    assert_eq!((first.1.seq, second.1.seq), (1, 2));
    w.plan.ended(&first.0, first.1, DONE, w.now);
    assert_eq!(w.run().unwrap().1.seq, 3);
}

#[test]
fn an_open_breaker_lets_one_try_and_then_all_in_the_order_they_came() {
    let mut w = World::new(8);
    let added: Vec<u64> = (0..20).map(|n| w.reset(&format!("account-{n}"))).collect();
    assert!(w.step(w.unreachable()).is_some() && w.step(w.unreachable()).is_some());
    assert!(w.plan.breaker_is_open());
    assert!(w.run().is_none(), "something left while the breaker was open");
    w.now = w.plan.due(w.now).unwrap();
    let (lane, ticket) = w.run().unwrap();
    assert_eq!(ticket.seq, added[0], "the oldest tries");
    assert!(w.run().is_none(), "two tried at once");
    w.plan.ended(&lane, ticket, DONE, w.now);
    let rest: Vec<u64> = std::iter::from_fn(|| w.step(DONE)).map(|(seq, _)| seq).collect();
    assert_eq!(rest, added[1..], "what had paused went before or behind its turn");
}

#[test]
fn a_refusal_closes_the_breaker_too() {
    let mut w = World::new(1);
    (0..3).for_each(|n| assert!(w.reset(&n.to_string()) > 0));
    (0..2).for_each(|_| assert!(w.step(w.unreachable()).is_some()));
    w.now += SECOND;
    w.step(REFUSED).unwrap();
    assert!(!w.plan.breaker_is_open());
}

#[test]
fn the_newest_reset_supersedes_what_it_makes_pointless_once_it_took_effect() {
    let mut w = World::new(8);
    let older = [w.reset("alice"), w.add("alice", OperationKind::ChangePassword)];
    let newest = w.reset("alice");
    assert_eq!(w.step(DONE), Some((newest, older.to_vec())));
    assert_eq!(w.plan.depth(), (0, 0));
}

#[test]
fn what_comes_after_a_newer_one_has_settled_is_known_to_be_late() {
    let mut w = World::new(8);
    let newer = w.add_ticket("alice", OperationKind::ResetPassword, |ticket| ticket.seq = 9);
    assert!(!w.plan.is_late(&"alice".into(), 8));
    w.step(DONE).unwrap();
    assert!(w.plan.is_late(&"alice".into(), 8), "{newer}");
    assert!(!w.plan.is_late(&"alice".into(), 10) && !w.plan.is_late(&"bob".into(), 8));
}

#[test]
fn a_refused_newest_reset_supersedes_nobody() {
    let mut w = World::new(8);
    let (older, newest) = (w.reset("alice"), w.reset("alice"));
    assert_eq!(w.step(REFUSED), Some((newest, vec![])));
    assert_eq!(w.step(DONE), Some((older, vec![])));
}

#[test]
fn only_what_is_pointless_is_superseded() {
    let mut w = World::new(8);
    let (asks, last) = (OperationKind::VerifyPassword, OperationKind::ChangePassword);
    let first = w.reset("question");
    let question = w.add("question", asks);
    let behind = w.reset("question");
    for seq in [first, question, behind] {
        assert_eq!(w.step(DONE), Some((seq, vec![])), "a question wants to see what was before it");
    }
    let first = w.reset("change");
    let change = w.add("change", last);
    assert_eq!(w.step(DONE), Some((first, vec![])), "a change needs the password that it changes");
    assert_eq!(w.step(DONE), Some((change, vec![])));
    let unlocking = w.add_ticket("unlock", OperationKind::ResetPassword, |ticket| ticket.unlocks = true);
    let plain = w.reset("unlock");
    assert_eq!(w.step(DONE), Some((unlocking, vec![])), "the unlock would be lost");
    assert_eq!(w.step(DONE), Some((plain, vec![])));
}

#[test]
fn what_is_in_doubt_blocks_its_account_and_is_not_superseded() {
    let mut w = World::new(8);
    let doubt = w.add_ticket("alice", OperationKind::ResetPassword, |ticket| ticket.in_doubt = true);
    let newer = w.reset("alice");
    let until = w.now + SECOND;
    assert_eq!(w.step(Ended::Later { until, unreachable: false }), Some((doubt, vec![])));
    assert!(w.run().is_none(), "a write went out while another one was in doubt");
    w.now = until;
    assert_eq!(w.step(DONE), Some((doubt, vec![])));
    assert_eq!(w.step(DONE), Some((newer, vec![])));
}

#[test]
fn an_impatient_operator_does_not_shorten_the_pause_of_a_doubt() {
    let mut w = World::new(8);
    let until = w.now + SECOND;
    let later = Ended::Later { until, unreachable: false };
    w.add_ticket("doubt", OperationKind::ResetPassword, |ticket| ticket.in_doubt = true);
    w.step(later).unwrap();
    w.plan.hurry(&"doubt".into());
    assert!(w.run().is_none(), "a server may still be working on it");
    let waiting = w.reset("waiting");
    w.step(later).unwrap();
    assert!(w.run().is_none());
    w.plan.hurry(&"waiting".into());
    assert_eq!(w.run().unwrap().1.seq, waiting);
}

#[test]
fn what_is_in_doubt_is_looked_at_before_anything_older_is_sent() {
    let mut w = World::new(8);
    let older = w.add("alice", OperationKind::ResetPassword);
    let doubt = w.add_ticket("alice", OperationKind::ResetPassword, |ticket| ticket.in_doubt = true);
    assert_eq!(w.step(DONE), Some((doubt, vec![older])));
}

#[test]
fn a_question_supersedes_nothing_that_came_back_while_it_ran() {
    let mut w = World::new(8);
    let question = w.add_ticket("alice", OperationKind::AccountStatus, |ticket| ticket.seq = 9);
    let (lane, asking) = w.run().unwrap();
    let again = w.add_ticket("alice", OperationKind::ResetPassword, |ticket| ticket.seq = 5);
    assert_eq!(w.plan.ended(&lane, asking, DONE, w.now), vec![], "{question} superseded {again}");
    assert_eq!(w.run().unwrap().1.seq, 5);
}

#[test]
fn names_that_only_some_directories_take_for_the_same_supersede_nothing() {
    let mut w = World::new(8);
    let jose = w.add_ticket("jose", OperationKind::ResetPassword, |ticket| ticket.account = "jos\u{e9}".into());
    let other = w.add_ticket("jose", OperationKind::ResetPassword, |ticket| ticket.account = "jose".into());
    assert_eq!(w.step(DONE), Some((jose, vec![])));
    assert_eq!(w.step(DONE), Some((other, vec![])));
}

#[test]
fn a_life_ends_at_its_deadline_whatever_the_breaker_says() {
    let mut w = World::new(1);
    let deadline = w.now + 2 * SECOND;
    let short = w.add_ticket("b", OperationKind::ResetPassword, |ticket| ticket.deadline = deadline);
    w.step(w.unreachable()).unwrap();
    w.reset("a");
    w.step(w.unreachable()).unwrap();
    w.now = deadline;
    assert!(matches!(w.plan.next(w.now), Some((_, Job::Expire(ticket))) if ticket.seq == short));
}

#[test]
fn what_waits_can_be_taken_back_and_what_runs_or_is_in_doubt_cannot() {
    let mut w = World::new(1);
    w.reset("running");
    w.add_ticket("doubt", OperationKind::ResetPassword, |ticket| ticket.in_doubt = true);
    w.reset("waiting");
    let (_, running) = w.run().unwrap();
    let id = |w: &World, lane: &str| w.plan.lanes[lane].queue[0].id.clone();
    assert_eq!(w.plan.cancel(&"running".into(), &running.id), None);
    let doubt = id(&w, "doubt");
    assert_eq!(w.plan.cancel(&"doubt".into(), &doubt), None);
    let waiting = id(&w, "waiting");
    assert_eq!(w.plan.cancel(&"waiting".into(), &waiting).map(|ticket| ticket.id), Some(waiting.clone()));
    assert_eq!(w.plan.cancel(&"waiting".into(), &waiting), None);
}

#[derive(Debug, Clone)]
enum Move {
    Add(u8, OperationKind, bool),
    Start,
    End(usize, u8),
    Sleep(u8),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let kind = prop::sample::select(OperationKind::ALL.to_vec());
    let one = prop_oneof![
        3 => (0..4_u8, kind, any::<bool>()).prop_map(|(lane, kind, unlocks)| Move::Add(lane, kind, unlocks)),
        4 => Just(Move::Start),
        4 => (any::<usize>(), 0..4_u8).prop_map(|(which, how)| Move::End(which, how)),
        1 => (1..5_u8).prop_map(Move::Sleep),
    ];
    prop::collection::vec(one, 0..120)
}

proptest! {
    /// Whatever happens: each operation ends once, none is lost, no account has two at a time, and what was not
    /// overtaken ends in the order it came.
    #[test]
    fn nothing_is_lost_doubled_or_out_of_order(moves in moves()) {
        let mut w = World::new(3);
        let mut running: Vec<(LaneName, Ticket)> = Vec::new();
        let mut ended: BTreeMap<u64, &str> = BTreeMap::new();
        let mut effects: HashMap<LaneName, u64> = HashMap::new();
        let mut finish = |w: &mut World, (lane, ticket): (LaneName, Ticket), how: u8| -> Result<(), TestCaseError> {
            let seq = ticket.seq;
            let verdict = match how {
                0 => DONE,
                1 => REFUSED,
                n => Ended::Later { until: w.now + SECOND, unreachable: n == 2 },
            };
            let overtaken = w.plan.ended(&lane, ticket, verdict, w.now);
            if matches!(verdict, Ended::Settled { .. }) {
                prop_assert!(ended.insert(seq, "ran").is_none(), "{} ended twice", seq);
            }
            for older in &overtaken {
                prop_assert!(older.seq < seq && verdict == DONE);
                prop_assert!(ended.insert(older.seq, "superseded").is_none(), "{} ended twice", older.seq);
            }
            if verdict == DONE {
                let last = effects.insert(lane, seq).unwrap_or(0);
                prop_assert!(last < seq, "{} took effect after the newer {}", seq, last);
            }
            Ok(())
        };
        for step in moves {
            match step {
                Move::Add(lane, kind, unlocks) => {
                    w.add_ticket(&lane.to_string(), kind, |ticket| ticket.unlocks = unlocks);
                }
                Move::Start => running.extend(w.run()),
                Move::End(which, how) if !running.is_empty() => {
                    let one = running.swap_remove(which % running.len());
                    finish(&mut w, one, how)?;
                }
                Move::End(..) => {}
                Move::Sleep(seconds) => w.now += u32::from(seconds) * SECOND,
            }
            let mut lanes: Vec<_> = running.iter().map(|(lane, _)| lane.clone()).collect();
            lanes.sort();
            lanes.dedup();
            prop_assert_eq!(lanes.len(), running.len(), "two of one account ran at a time");
            prop_assert!(running.len() <= 3);
        }
        // The directory is well from here on.
        loop {
            running.extend(w.run());
            match running.pop() {
                Some(one) => finish(&mut w, one, 0)?,
                None => match w.plan.due(w.now) {
                    Some(due) if w.plan.depth() != (0, 0) => w.now = due,
                    _ => break,
                },
            }
        }
        prop_assert_eq!(ended.len() as u64, w.seq, "lost: {:?}", w.plan);
        prop_assert_eq!(w.plan.depth(), (0, 0));
        prop_assert!(w.plan.lanes.is_empty() && w.plan.ready.is_empty() && w.plan.paused.is_empty());
        prop_assert!(w.plan.deadlines.is_empty());
    }
}

#[test]
fn what_is_in_memory_of_one_operation_is_for_no_other_and_for_no_expiry() {
    let mut world = World::new(2);
    world.reset("alice");
    world.reset("bob");
    let (_, alice) = world.run().unwrap();
    let (_, bob) = world.run().unwrap();
    assert!(Job::Run(alice.clone()).is_run_of(&alice.id));
    assert!(!Job::Run(alice.clone()).is_run_of(&bob.id));
    assert!(!Job::Expire(alice.clone()).is_run_of(&alice.id));
}
