//! The stream of events (server-sent events, WHATWG HTML section 9.2).
//!
//! The stream is read from the journal, and what is written there only wakes it up: so there is no gap and no double,
//! however slowly somebody reads, and nothing is kept here for anybody.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, StreamExt as _, stream};
use portcullis_journal::Entry;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use crate::api::Api;
use crate::api::auth::Asker;
use crate::api::documents::EventDocument;
use crate::api::listen::{Phase, Phases};
use crate::api::problem::{Problem, ProblemDocument};

/// How many lines of the journal are read at once.
const BATCH: usize = 256;
/// After this time a reader comes again: so what it may read is never decided by an old configuration for long.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// A sign of life, so that nothing between takes the connection for dead.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// Listen to events
///
/// Every change of every operation that the caller may read, as server-sent events: `id` is the event's number, `event`
/// its name, `data` an Event as JSON. Without `Last-Event-ID` from now on; with it, everything after that event. The
/// stream ends now and then, with a comment that says why: ask again with `Last-Event-ID`, and nothing is missed.
#[utoipa::path(
    get,
    path = "/v1/events",
    tag = "operations",
    params(("Last-Event-ID" = Option<u64>, Header, description = "The number of the last event that was read; 0 for all")),
    responses(
        (status = 200, description = "The stream", content_type = "text/event-stream", body = EventDocument),
        (status = 400, description = "`Last-Event-ID` is no number", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn events(
    State(api): State<Arc<Api>>,
    asker: Asker,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    asker.asks(&api)?;
    let after = match headers.get("last-event-id") {
        None => None,
        Some(value) => {
            let number = value.to_str().ok().and_then(|text| text.parse().ok());
            Some(number.ok_or_else(|| Problem::malformed("`Last-Event-ID` is the number of an event."))?)
        }
    };
    // Watched before the first reading: what is written in between wakes the stream up.
    let reader = Reader {
        written: api.service.journal().watch(),
        phases: api.phases.clone(),
        api,
        asker,
        after,
        until: Instant::now() + LONGEST,
        ended: false,
    };
    let batches = stream::unfold(reader, |mut reader| async move {
        let batch = reader.next().await?;
        Some((stream::iter(batch.into_iter().map(Ok)), reader))
    });
    Ok(Sse::new(batches.flatten()).keep_alive(KeepAlive::new().interval(SIGN_OF_LIFE)))
}

struct Reader {
    api: Arc<Api>,
    asker: Asker,
    written: Receiver<Entry>,
    phases: Phases,
    /// The last line that was read; none before the first.
    after: Option<u64>,
    until: Instant,
    ended: bool,
}

impl Reader {
    /// The next events, or nothing at the end of the stream.
    async fn next(&mut self) -> Option<Vec<Event>> {
        if self.ended {
            return None;
        }
        loop {
            if Instant::now() >= self.until {
                return Some(self.end("time to ask again, with Last-Event-ID"));
            }
            if let Some(after) = self.after {
                let Ok(entries) = self.api.service.reader().entries_after(after, BATCH).await else {
                    return Some(self.end("the journal cannot be read; ask again with Last-Event-ID"));
                };
                if let Some(last) = entries.last() {
                    self.after = Some(last.number);
                    let readable = entries.iter().filter(|entry| self.asker.caller.may_read(&entry.caller));
                    let events: Vec<_> = readable.map(|entry| self.event(entry)).collect();
                    if !events.is_empty() {
                        return Some(events);
                    }
                    continue;
                }
            }
            let written = tokio::select! {
                written = self.written.recv() => written,
                _ = self.phases.wait_for(|phase| *phase > Phase::Serving) => Err(RecvError::Closed),
                () = tokio::time::sleep_until(self.until) => continue,
            };
            match written {
                // The first line of a stream that begins now.
                Ok(entry) => self.after = self.after.or(Some(entry.number.saturating_sub(1))),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => {
                    return Some(self.end("the service is stopping; ask again with Last-Event-ID"));
                }
            }
        }
    }

    fn event(&self, entry: &Entry) -> Event {
        let document = EventDocument::of(entry, self.asker.operator);
        let data = serde_json::to_string(&document).unwrap_or_default();
        Event::default().id(entry.number.to_string()).event(entry.event.name()).data(data)
    }

    fn end(&mut self, why: &str) -> Vec<Event> {
        self.ended = true;
        vec![Event::default().comment(why)]
    }
}
