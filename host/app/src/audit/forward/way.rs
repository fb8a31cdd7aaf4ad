//! An open way to a collector: what is sent over it, and what is known of it afterwards.

use std::time::Duration;

use portcullis_audit::follow::Found;

use super::otlp::Otlp;
use super::syslog::Socket;
use crate::config::Collector;

/// How long a collector may take for one thing.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// An open way.
pub(super) enum Way {
    Syslog(Socket),
    Otlp(Box<Otlp>),
}

/// What is known of lines that were sent.
pub(super) enum Sent {
    /// Nothing yet; it can turn out that the way was broken.
    OnTheWay,
    /// The collector has them, with what it said of them.
    Accepted(Option<Note>),
}

/// What a collector has to say about lines that it accepted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Note {
    /// How many of them it rejected for good.
    pub(super) rejected: u64,
    /// In its words, cleaned; may be empty.
    pub(super) words: String,
}

/// Why lines could not be sent, or are not known to have arrived.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// For the operator.
    pub(super) why: String,
    pub(super) again: Again,
}

/// When to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// After a pause that grows.
    Soon,
    /// Not before so long: the collector asked for it.
    After(Duration),
    /// When somebody may have set right what is wrong.
    MuchLater,
}

impl Trouble {
    pub(super) fn soon(why: impl ToString) -> Self {
        Self { why: why.to_string(), again: Again::Soon }
    }
}

impl Way {
    /// `host` is the machine's name.
    pub(super) fn open(to: &Collector, host: &str) -> Result<Self, Trouble> {
        match to {
            Collector::Otlp { url, ca_file } => {
                Otlp::open(url, ca_file.as_deref(), host).map(|otlp| Self::Otlp(Box::new(otlp)))
            }
            to => Socket::open(to).map(Self::Syslog).map_err(|error| crate::collector::in_words(&error)),
        }
        .map_err(Trouble::soon)
    }

    /// Sends lines, in their order. After an error the way is of no more use: something may be sent in part.
    pub(super) fn send(&mut self, lines: &[Found], host: &str) -> Result<Sent, Trouble> {
        match self {
            Self::Syslog(socket) => socket.send(lines, host).map(|()| Sent::OnTheWay).map_err(Trouble::soon),
            Self::Otlp(otlp) => otlp.send(lines).map(Sent::Accepted),
        }
    }

    /// Whether the other side is there, as far as can be known without waiting.
    pub(super) fn is_open(&mut self) -> Result<(), Trouble> {
        match self {
            Self::Syslog(socket) => socket.is_open().map_err(Trouble::soon),
            // It answers what it is asked.
            Self::Otlp(_) => Ok(()),
        }
    }
}
