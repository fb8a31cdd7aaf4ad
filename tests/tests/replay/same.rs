//! With the grants, the limits and the plugin that were recorded, nothing diverges: whatever was asked, whatever the
//! directory did.

use portcullis::replay::{Verdict, verdict};
use portcullis_model::{Operation, ResetOptions};
use proptest::prelude::*;

use crate::world::{Kind, NEW, OLD, World};

/// What is asked.
#[derive(Debug, Clone)]
enum Asked {
    Reset { password: String, must_change: bool, unlock: bool },
    Change { old: String, new: String },
    Verify { candidate: String },
    Unlock,
    Status { name: &'static str },
}

/// What the directory does.
#[derive(Debug, Clone, Copy)]
enum Fault {
    None,
    /// The first calls find nobody.
    Away(usize),
    /// The first writes take effect and are not answered.
    Applied(usize),
    /// The first writes take no effect and are not answered.
    Lost(usize),
}

fn asked() -> impl Strategy<Value = Asked> {
    // The directory's policy is met, or not, or the password is one that stands in every text.
    let password =
        || prop_oneof![Just(NEW), Just("Other-Passw0rd"), Just(OLD), Just("x1"), Just("password"), Just("0000")];
    let password = move || password().prop_map(str::to_owned);
    prop_oneof![
        (password(), any::<bool>(), any::<bool>()).prop_map(|(password, must_change, unlock)| Asked::Reset {
            password,
            must_change,
            unlock
        }),
        (password(), password()).prop_map(|(old, new)| Asked::Change { old, new }),
        password().prop_map(|candidate| Asked::Verify { candidate }),
        Just(Asked::Unlock),
        prop_oneof![Just("alice"), Just("root"), Just("nobody")].prop_map(|name| Asked::Status { name }),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        4 => Just(Fault::None),
        1 => (1_usize..6).prop_map(Fault::Away),
        1 => (1_usize..3).prop_map(Fault::Applied),
        1 => (1_usize..3).prop_map(Fault::Lost),
    ]
}

fn operation(world: &World, asked: &Asked) -> Operation {
    match asked {
        Asked::Reset { password, must_change, unlock } => {
            world.reset(password, ResetOptions { must_change: *must_change, unlock: *unlock })
        }
        Asked::Change { old, new } => world.change(old, new),
        Asked::Verify { candidate } => world.verify(candidate),
        Asked::Unlock => world.unlock(),
        Asked::Status { name } => world.status(name),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_grants_never_diverge(kind in 0_usize..3, steps in prop::collection::vec((asked(), fault()), 1..5)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new(Kind::ALL[kind]);
            for (asked, fault) in &steps {
                let faults = world.memory.faults();
                faults.unavailable(0);
                match *fault {
                    Fault::None => {}
                    Fault::Away(calls) => faults.unavailable(calls),
                    Fault::Applied(writes) => faults.in_doubt_after_applying(writes),
                    Fault::Lost(writes) => faults.in_doubt_without_applying(writes),
                }
                let (report, recording) = world.record(&operation(&world, asked)).await;
                let divergences = world.replay(&recording).await;
                // A password that stands in what the plugin reads is withheld there, and then it cannot be told.
                assert!(divergences.is_empty() || verdict(&divergences) == Verdict::CannotBeTold, "{asked:?} {fault:?}: {divergences:#?}\n{:#?}\n{recording:#?}", report.outcome);
            }
        });
    }
}

#[tokio::test]
async fn each_kind_of_operation_does_what_it_is_for() {
    for kind in Kind::ALL {
        let world = World::new(kind);
        for operation in [
            world.reset(NEW, ResetOptions { must_change: false, unlock: true }),
            world.verify(NEW),
            world.change(NEW, "Other-Passw0rd"),
            world.unlock(),
            world.status("alice"),
        ] {
            let (report, recording) = world.record(&operation).await;
            assert_eq!(report.outcome.word(), "done", "{kind:?} {operation:?}: {:?}", report.outcome);
            assert_eq!(world.replay(&recording).await, [], "{kind:?} {operation:?}");
            assert!(recording.target.is_some() && !recording.calls.is_empty(), "it is no empty recording");
        }
    }
}

#[tokio::test]
async fn recording_changes_nothing_and_another_recording_of_the_same_replays_as_well() {
    let world = World::new(Kind::Mock);
    let operation = world.status("alice");
    let plain = portcullis::operation::perform(&world.connector, &operation).await;
    let (recorded, first) = world.record(&operation).await;
    let (again, second) = world.record(&operation).await;
    assert_eq!((plain.events, recorded.events.clone()), (recorded.events, again.events));
    assert_eq!((first.calls.len(), &first.ended), (second.calls.len(), &second.ended), "the root DSE is in both");
    assert_eq!(world.replay(&second).await, []);
}
