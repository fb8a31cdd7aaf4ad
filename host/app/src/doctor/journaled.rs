//! The recent operations of each connector, counted from the journal of a service.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use portcullis_journal::{Filter, JournalError, PageRequest, Reader, Record, State};

use super::recent::{Recent, RecentSummary};

/// How far back is looked.
const SPAN: Duration = Duration::from_secs(86_400);

/// The most operations that are counted: the newest.
const MOST: usize = 10_000;

impl Recent for HashMap<String, RecentSummary> {
    fn summary(&self, connector: &str) -> Option<RecentSummary> {
        self.get(connector).cloned()
    }
}

/// What the journal says of the last day, by connector.
///
/// # Errors
/// The journal cannot be read.
pub async fn summaries(journal: &Reader) -> Result<HashMap<String, RecentSummary>, JournalError> {
    let now = SystemTime::now();
    let filter = Filter { since: now.checked_sub(SPAN), ..Filter::default() };
    let mut all = HashMap::new();
    let mut request = PageRequest { limit: PageRequest::MAX, cursor: None };
    let mut counted = 0;
    loop {
        let page = journal.list(filter.clone(), request.clone()).await?;
        counted += page.records.len();
        for record in &page.records {
            let empty = || RecentSummary { span: SPAN, ..RecentSummary::default() };
            add(all.entry(record.connector.clone()).or_insert_with(empty), record, now);
        }
        match page.next {
            Some(next) if counted < MOST => request.cursor = Some(next),
            _ => return Ok(all),
        }
    }
}

/// Newest first, so the first fault that is seen is the last one.
fn add(summary: &mut RecentSummary, record: &Record, now: SystemTime) {
    match record.state {
        State::Done => summary.done += 1,
        State::Refused | State::Superseded | State::Cancelled => summary.refused += 1,
        State::Unknown => summary.unknown += 1,
        State::Waiting | State::Acting | State::InDoubt => {
            summary.open += 1;
            let waited = now.duration_since(record.accepted_at).unwrap_or_default();
            summary.oldest = Some(summary.oldest.map_or(waited, |oldest| oldest.max(waited)));
        }
    }
    if let (Some(code), None) = (record.fault, &summary.last_fault) {
        let at = record.ended_at.unwrap_or(record.accepted_at);
        summary.last_fault = Some((code, now.duration_since(at).unwrap_or_default()));
    }
}
