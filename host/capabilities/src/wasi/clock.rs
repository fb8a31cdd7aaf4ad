//! WASI's clocks, which stand still: what the host does in a call takes a time that may depend on a password, and a
//! plugin that could measure it would learn what it cannot read.
//!
//! They begin at the time of day. Each look moves them by the same small step, so that a program that waits for a time
//! meets it, and a sleep moves them by what was asked for and is over at once. How long anything really took is never
//! told: neither by a clock nor by what a plugin may wait for.

use std::time::{Duration, SystemTime};

use wasmtime::component::{HasData, Resource, ResourceTable};
use wasmtime_wasi::p2::bindings::clocks::{monotonic_clock, wall_clock};
use wasmtime_wasi_io::async_trait;
use wasmtime_wasi_io::poll::{DynPollable, Pollable, subscribe};

use crate::state::OperationState;

/// How far one look moves the clocks.
const STEP: Duration = Duration::from_millis(1);

/// The clocks of one operation.
#[derive(Debug)]
pub(crate) struct Clock {
    /// The time of day when the operation began.
    began: Duration,
    /// What the plugin has looked at and slept since.
    passed: Duration,
}

impl Default for Clock {
    fn default() -> Self {
        let began = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { began, passed: Duration::ZERO }
    }
}

impl Clock {
    fn look(&mut self) -> Duration {
        self.sleep(STEP);
        self.passed
    }

    fn sleep(&mut self, time: Duration) {
        self.passed = self.passed.saturating_add(time);
    }
}

/// The clocks, and where what a plugin waits for is kept.
pub(super) struct Clocks<'a> {
    clock: &'a mut Clock,
    table: &'a mut ResourceTable,
}

pub(super) fn of(state: &mut OperationState) -> Clocks<'_> {
    Clocks { clock: &mut state.clock, table: &mut state.table }
}

impl Clocks<'_> {
    fn slept(&mut self, time: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.clock.sleep(Duration::from_nanos(time));
        let over = self.table.push(Over)?;
        subscribe(self.table, over)
    }
}

/// For the linker.
pub(super) struct Has;

impl HasData for Has {
    type Data<'a> = Clocks<'a>;
}

impl wall_clock::Host for Clocks<'_> {
    fn now(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        let now = self.clock.began.saturating_add(self.clock.look());
        Ok(wall_clock::Datetime { seconds: now.as_secs(), nanoseconds: now.subsec_nanos() })
    }

    fn resolution(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        Ok(wall_clock::Datetime { seconds: STEP.as_secs(), nanoseconds: STEP.subsec_nanos() })
    }
}

impl monotonic_clock::Host for Clocks<'_> {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(nanoseconds(self.clock.look()))
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(nanoseconds(STEP))
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let left = when.saturating_sub(nanoseconds(self.clock.passed));
        self.slept(left)
    }

    fn subscribe_duration(&mut self, time: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.slept(time)
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// A sleep that is over.
struct Over;

#[async_trait]
impl Pollable for Over {
    async fn ready(&mut self) {
        // A plugin that does nothing but sleep gives way, so that its time limit is looked at.
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_is_all_that_takes_time() {
        let mut clock = Clock::default();
        let first = clock.look();
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(clock.look() - first, STEP);
        clock.sleep(Duration::from_secs(3600));
        assert_eq!(clock.look() - first, Duration::from_secs(3600) + 2 * STEP);
        clock.sleep(Duration::MAX);
        assert_eq!(nanoseconds(clock.look()), u64::MAX, "a plugin that sleeps for ever panics nothing");
    }
}
