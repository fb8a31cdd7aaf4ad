//! A directory that writes down what it is asked and what it answers. It changes neither.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use portcullis_directory::{
    Answer, Connections, Control, Directory, Failure, Found, Modify, Performer, Search, SetPassword,
};
use portcullis_model::{Password, Stage};

use super::format::{Call, Reply, Request};
use super::keep::Keeper;
use super::line::MAX_LINE;

/// What was heard so far.
#[derive(Debug, Default)]
pub(super) struct Heard {
    calls: Mutex<Calls>,
}

#[derive(Debug, Default)]
struct Calls {
    kept: Vec<Call>,
    bytes: usize,
    full: bool,
}

impl Heard {
    /// The calls, in the order in which they were asked; nothing if they were too many to be kept.
    pub(super) fn calls(&self) -> Option<Vec<Call>> {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        (!calls.full).then(|| calls.kept.clone())
    }

    fn asked(&self, stage: Stage, request: Request) -> Option<usize> {
        let size = serde_json::to_string(&request).map_or(0, |text| text.len());
        self.within(size, |calls| {
            calls.kept.push(Call { stage, request, reply: None, milliseconds: 0 });
            calls.kept.len() - 1
        })
    }

    fn replied(&self, at: usize, reply: Reply, milliseconds: u64) {
        let size = serde_json::to_string(&reply).map_or(0, |text| text.len());
        self.within(size, |calls| {
            if let Some(call) = calls.kept.get_mut(at) {
                call.reply = Some(reply);
                call.milliseconds = milliseconds;
            }
        });
    }

    /// Keeps no more than a line can hold: what is more would only be thrown away.
    fn within<R>(&self, size: usize, keep: impl FnOnce(&mut Calls) -> R) -> Option<R> {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.bytes = calls.bytes.saturating_add(size);
        if calls.full || calls.bytes > MAX_LINE {
            calls.full = true;
            calls.kept.clear();
            return None;
        }
        Some(keep(&mut calls))
    }
}

/// The connector's directory, with one who listens.
#[derive(Debug)]
pub(super) struct Listening {
    pub(super) inner: Arc<dyn Directory>,
    pub(super) stage: Stage,
    pub(super) keeper: Arc<Keeper>,
    pub(super) heard: Arc<Heard>,
}

impl Listening {
    async fn hear<R>(&self, request: Request, reply: impl Future<Output = R>, keep: impl FnOnce(&R) -> Reply) -> R {
        let at = self.heard.asked(self.stage, request);
        let began = Instant::now();
        let answer = reply.await;
        if let Some(at) = at {
            let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.heard.replied(at, keep(&answer), milliseconds);
        }
        answer
    }
}

#[async_trait]
impl Directory for Listening {
    async fn search(&self, search: &Search) -> Result<Found, Failure> {
        let request = self.keeper.search(search);
        self.hear(request, self.inner.search(search), |found| self.keeper.found(self.stage, search, found)).await
    }

    async fn modify(&self, performer: &Performer, modify: &Modify) -> Result<Answer, Failure> {
        let request = self.keeper.modify(performer, modify);
        self.hear(request, self.inner.modify(performer, modify), |answer| self.keeper.answered(answer)).await
    }

    async fn set_password(&self, performer: &Performer, asked: &SetPassword) -> Result<Answer, Failure> {
        let request = self.keeper.set_password(performer, asked);
        self.hear(request, self.inner.set_password(performer, asked), |answer| self.keeper.answered(answer)).await
    }

    async fn bind(&self, dn: &str, password: &Password, controls: &[Control]) -> Result<Answer, Failure> {
        let request = self.keeper.bind(dn, password, controls);
        self.hear(request, self.inner.bind(dn, password, controls), |answer| self.keeper.answered(answer)).await
    }

    fn connections(&self) -> Vec<Connections> {
        self.inner.connections()
    }
}
