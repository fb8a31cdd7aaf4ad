//! The one function that decides.

use portcullis_journal::{Event, State};
use proptest::prelude::*;

use crate::given::every_event;

/// What follows each state by each event, in the order of `every_event`; a dash where nothing may follow.
const TABLE: &str = "
            accepted acting postponed interrupted doubted  looked   done refused unknown superseded cancelled retried restored
waiting     -        acting waiting   -           -        -        done refused unknown superseded cancelled waiting in-doubt
acting      -        -      waiting   in-doubt    in-doubt -        done refused unknown -          -         -       in-doubt
in-doubt    -        -      -         -           -        in-doubt done -       unknown -          -         -       in-doubt
done        -        -      -         -           -        -        -    -       -       -          -         -       -
refused     -        -      -         -           -        -        -    -       -       -          -         -       -
unknown     -        -      -         -           -        -        done -       -       -          -         waiting -
superseded  -        -      -         -           -        -        -    -       -       -          -         -       -
cancelled   -        -      -         -           -        -        -    -       -       -          -         -       -
";

#[test]
fn every_state_and_event_is_as_in_the_table() {
    let mut lines = TABLE.trim().lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let names = lines.next().unwrap();
    let events = every_event();
    assert_eq!(names, events.iter().map(Event::name).collect::<Vec<_>>());
    let mut states = Vec::new();
    for line in lines {
        let state = State::parse(line[0]).unwrap();
        states.push(state);
        for (event, expected) in events.iter().zip(&line[1..]) {
            let found = state.after(event).map_or("-", State::name);
            assert_eq!(found, *expected, "{state} after {}", event.name());
            if let Err(illegal) = state.after(event) {
                assert_eq!((illegal.state, illegal.event), (state, event.name()));
            }
        }
    }
    assert_eq!(states, State::ALL);
}

#[test]
fn an_illegal_event_says_what_to_do() {
    let illegal = State::Done.after(&Event::Acting).unwrap_err();
    assert_eq!(
        illegal.to_string(),
        "an operation that is done cannot take the event `acting`; read the operation again and decide by its state"
    );
}

#[test]
fn an_event_is_json_with_its_name_and_comes_back() {
    for event in every_event() {
        let value = serde_json::to_value(&event).unwrap();
        assert_eq!(value["type"], event.name());
        assert_eq!(serde_json::from_value::<Event>(value).unwrap(), event);
    }
    let value = serde_json::to_value(&every_event()[2]).unwrap();
    assert_eq!(
        value.to_string(),
        r#"{"fault":{"code":"directory-unavailable","detail":"ldaps://dc1.corp.example: connection refused"},"type":"postponed","until":9000000000000}"#
    );
}

#[test]
fn a_fault_of_another_version_keeps_its_name() {
    let text = r#"{"type":"refused","fault":{"code":"made-up-later","detail":"x"}}"#;
    let event: Event = serde_json::from_str(text).unwrap();
    assert_eq!(event.fault().unwrap().detail, "made-up-later: x");
}

fn any_event() -> impl Strategy<Value = Event> {
    prop::sample::select(every_event())
}

proptest! {
    #[test]
    fn nothing_leaves_a_final_state(start in prop::sample::select(State::ALL.to_vec()), events in prop::collection::vec(any_event(), 0..40)) {
        let mut state = start;
        let mut ended = start.is_final().then_some(start);
        for event in &events {
            if let Ok(next) = state.after(event) {
                prop_assert!(ended.is_none(), "{state} took {}", event.name());
                state = next;
            }
            ended = ended.or(state.is_final().then_some(state));
            prop_assert_eq!(ended.unwrap_or(state), state);
        }
    }

    #[test]
    fn after_a_doubt_nothing_acts_unless_somebody_says_so(events in prop::collection::vec(any_event(), 0..40)) {
        let mut state = State::FIRST;
        let mut in_doubt = false;
        for event in &events {
            let Ok(next) = state.after(event) else { continue };
            prop_assert!(!(in_doubt && next == State::Acting), "acted on a doubt");
            in_doubt = (in_doubt || next == State::InDoubt) && !matches!(event, Event::Retried { .. });
            state = next;
        }
    }
}

#[test]
fn a_history_begins_with_its_acceptance() {
    assert_eq!(State::replay([]), Ok(None));
    assert_eq!(State::replay([&Event::Accepted, &Event::Acting]), Ok(Some(State::Acting)));
    assert!(State::replay([&Event::Acting]).is_err());
    assert!(State::replay([&Event::Accepted, &Event::Accepted]).is_err());
}
