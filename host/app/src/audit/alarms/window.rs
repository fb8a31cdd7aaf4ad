//! How often something happened lately, by the time of the facts.
//!
//! Times are compared by how far they are apart and not by which is later: a clock that was put forward and back leaves
//! nothing behind that holds alarms back.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// What is remembered of one subject.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Window {
    /// When it happened, and a number that tells operations apart; at most as many as are an alarm.
    seen: VecDeque<(u64, u64)>,
    /// When it was told.
    told: Option<u64>,
    /// How often it happened since, untold.
    more: u64,
}

/// How many within which time are an alarm.
#[derive(Debug, Clone, Copy)]
pub(super) struct Threshold {
    pub(super) count: usize,
    /// In milliseconds.
    pub(super) within: u64,
}

impl Threshold {
    fn near(self, one: u64, other: u64) -> bool {
        one.abs_diff(other) < self.within
    }
}

impl Window {
    /// It happened. Says how often, if that is to be told: as many as the threshold says lie within its time, and nothing
    /// was told within it. An operation that is tried again (`once`) counts once. [`Window::passed`] is asked before.
    pub(super) fn happened(&mut self, at: u64, once: Option<u64>, threshold: Threshold) -> Option<u64> {
        self.seen.retain(|(seen, _)| threshold.near(*seen, at));
        if once.is_some_and(|once| self.seen.iter().any(|(_, seen)| *seen == once)) {
            return None;
        }
        self.seen.push_back((at, once.unwrap_or(0)));
        while self.seen.len() > threshold.count {
            self.seen.pop_front();
        }
        match self.told {
            Some(told) if threshold.near(told, at) => {
                self.more += 1;
                None
            }
            _ if self.seen.len() >= threshold.count => {
                self.told = Some(at);
                self.more = 0;
                Some(self.seen.len() as u64)
            }
            _ => {
                self.told = None;
                None
            }
        }
    }

    /// Where the time after it was told is over: the end of that time and how often it happened in it, if it did.
    pub(super) fn passed(&mut self, now: u64, threshold: Threshold) -> Option<(u64, u64)> {
        let told = self.told.filter(|told| !threshold.near(*told, now))?;
        let more = std::mem::take(&mut self.more);
        let end = told.saturating_add(threshold.within);
        self.told = (more > 0).then_some(end);
        (more > 0).then_some((end, more))
    }

    /// Somebody told it, at this time.
    pub(super) fn was_told(&mut self, at: u64) {
        if self.told.is_none() {
            self.told = Some(at);
            self.more = 0;
        }
    }

    /// Whether nothing of it counts any more.
    pub(super) fn is_over(&self, at: u64, threshold: Threshold) -> bool {
        self.more == 0 && !threshold.near(self.last(), at)
    }

    /// How often it happened since it was told.
    pub(super) fn untold(&self) -> u64 {
        self.more
    }

    /// When anything of it happened the last time.
    pub(super) fn last(&self) -> u64 {
        self.seen.back().map_or(0, |(at, _)| *at).max(self.told.unwrap_or(0))
    }
}
