//! The states of an operation, and the one function that decides every transition.
//!
//! Nothing here reads a clock, a file or a database: what the journal writes is what this function allowed.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Event;

/// Where an operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Accepted; nothing has left the host for it, or nothing that took effect.
    Waiting,
    /// An effect is about to leave the host, or has left it.
    Acting,
    /// An effect may have taken place; the host looks, and never writes again before it knows.
    InDoubt,
    /// It took effect, or the question was answered.
    Done,
    /// Nothing took effect.
    Refused,
    /// It may have taken effect, and the host could not find out.
    Unknown,
    /// A newer operation for the same account took its place; nothing took effect.
    Superseded,
    /// Taken back before anything took effect.
    Cancelled,
}

/// An event that cannot follow the state in which the operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an operation that is {state} cannot take the event `{event}`; read the operation again and decide by its state"
)]
pub struct Illegal {
    /// The state in which the operation is.
    pub state: State,
    /// The name of the event, see [`Event::name`].
    pub event: &'static str,
}

impl State {
    /// The state of an operation whose only event is [`Event::Accepted`].
    pub const FIRST: Self = Self::Waiting;

    /// Every state, in the order in which an operation goes through them.
    pub const ALL: [Self; 8] = [
        Self::Waiting,
        Self::Acting,
        Self::InDoubt,
        Self::Done,
        Self::Refused,
        Self::Unknown,
        Self::Superseded,
        Self::Cancelled,
    ];

    /// The state after an event.
    ///
    /// # Errors
    /// [`Illegal`] if the event cannot follow this state.
    pub fn after(self, event: &Event) -> Result<Self, Illegal> {
        let next = match (self, event) {
            (Self::Waiting, Event::Acting) => Self::Acting,
            (Self::Waiting | Self::Acting, Event::Postponed { .. }) => Self::Waiting,
            (Self::Waiting | Self::Unknown, Event::Retried { .. }) => Self::Waiting,
            (Self::Acting, Event::Doubted { .. } | Event::Interrupted) => Self::InDoubt,
            (Self::InDoubt, Event::Looked { .. }) => Self::InDoubt,
            (Self::Waiting | Self::Acting | Self::InDoubt, Event::Restored) => Self::InDoubt,
            (Self::Waiting | Self::Acting | Self::InDoubt | Self::Unknown, Event::Done { .. }) => Self::Done,
            (Self::Waiting | Self::Acting, Event::Refused { .. }) => Self::Refused,
            // A waiting one that was unknown before, and was tried again in vain, is unknown as before.
            (Self::Waiting | Self::Acting | Self::InDoubt, Event::Unknown { .. }) => Self::Unknown,
            (Self::Waiting, Event::Superseded { .. }) => Self::Superseded,
            (Self::Waiting, Event::Cancelled { .. }) => Self::Cancelled,
            _ => return Err(Illegal { state: self, event: event.name() }),
        };
        Ok(next)
    }

    /// The state that a whole history leads to: its first event is [`Event::Accepted`]. Nothing for an empty history.
    ///
    /// # Errors
    /// [`Illegal`] at the first event that could not follow.
    pub fn replay<'a>(events: impl IntoIterator<Item = &'a Event>) -> Result<Option<Self>, Illegal> {
        events.into_iter().try_fold(None, |state: Option<Self>, event| match (state, event) {
            (None, Event::Accepted) => Ok(Some(Self::FIRST)),
            (None, event) => Err(Illegal { state: Self::FIRST, event: event.name() }),
            (Some(state), event) => state.after(event).map(Some),
        })
    }

    /// Whether the operation is over: nothing will be done for it unless somebody asks for it. [`State::Unknown`] is
    /// such an end, although an operator can have it tried again.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        !matches!(self, Self::Waiting | Self::Acting | Self::InDoubt)
    }

    /// Whether no event can follow. The password of such an operation is erased.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Refused | Self::Superseded | Self::Cancelled)
    }

    /// The name in the database, messages and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Acting => "acting",
            Self::InDoubt => "in-doubt",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Superseded => "superseded",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of a name; nothing for any other text.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
